"""Webhooks for staff: where messages go and what became of them, what came in, and sending again.
A secret is shown once, in the answer to the form that makes it."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from hub.pages.frame import Speaking, go_to
from hub.pages.views.webhook import source_line, source_page, webhook_line, webhook_page
from hub.pages.words import Words
from hub.web.core import core_of, provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import INVALID, Problem
from hub.web.rights import Principal, Right
from hub.webhooks.domain import DeliveryState, EndpointState
from hub.webhooks.mapping import PRESETS
from hub.webhooks.service import EndpointWish, WebhooksService
from hub.webhooks.source_domain import SourceState
from hub.webhooks.sources import SourcesService, SourceWish

router = APIRouter(include_in_schema=False, prefix="/joins/webhooks")
Webhooks = Annotated[WebhooksService, provided(WebhooksService)]
Sources = Annotated[SourcesService, provided(SourcesService)]
Reader = Annotated[Principal, requires(Right.WEBHOOKS_READ)]
Writer = Annotated[Principal, requires(Right.WEBHOOKS_WRITE)]
Cursor = Annotated[str | None, Query(max_length=500)]
Shown = Annotated[DeliveryState | None, Query()]
_AT_ONCE = 30
_GRACE: Final = timedelta(days=1)


@router.get("")
def webhook_list(
    request: Request, words: Speaking, webhooks: Webhooks, sources: Sources, who: Reader
) -> Response:
    """Everything that is told to others, and everybody who may tell."""
    return _list(request, words, webhooks, sources, who)


def _list(
    request: Request,
    words: Words,
    webhooks: WebhooksService,
    sources: SourcesService,
    who: Principal,
    *,
    form: dict[str, str] | None = None,
) -> Response:
    return render(
        request,
        "pages/webhooks.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if form else HTTPStatus.OK,
        webhooks=[webhook_line(each, words) for each in webhooks.listed(who)],
        sources=[source_line(each, words) for each in sources.listed(who)],
        may_write=who.may(Right.WEBHOOKS_WRITE),
        form=form or {"url": "", "description": "", "error": ""},
    )


def _secret(request: Request, secret: str, back: str) -> Response:
    """A secret as nobody will see it again; no address leads here."""
    response = render(request, "pages/webhook_secret.html", secret=secret, back=back)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/new")
def add(
    request: Request,
    words: Speaking,
    webhooks: Webhooks,
    sources: Sources,
    who: Writer,
    url: Annotated[str, Form(max_length=500)],
    description: Annotated[str, Form(max_length=200)] = "",
    include_contact: Annotated[str, Form(max_length=4)] = "",
) -> Response:
    """Tell one more system everything; which kinds, and to whom of which site, the API narrows."""
    wish = EndpointWish(
        url.strip(), ("*",), description.strip(), include_contact=bool(include_contact)
    )
    try:
        made = webhooks.create(who, wish)
    except Problem as problem:
        if problem.kind is not INVALID:
            raise
        form = {"url": url, "description": description, "error": words.t("webhook.bad_url")}
        return _list(request, words, webhooks, sources, who, form=form)
    return _secret(request, made.secret, f"/joins/webhooks/{made.row.id}")


@router.post("/sources/new")
def add_source(
    request: Request,
    sources: Sources,
    who: Writer,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    preset: Annotated[Literal["booking", "payment"], Form()] = "booking",
) -> Response:
    """Let one more system tell us, in one of the usual shapes."""
    made = sources.create(who, SourceWish(name.strip(), PRESETS[preset]))
    return _secret(request, made.secret, f"/joins/webhooks/sources/{made.row.id}")


@router.post("/sources/{source_id}/rotate")
def rotate_source(request: Request, sources: Sources, who: Writer, source_id: str) -> Response:
    """Another secret; the one before is taken for a day."""
    made = sources.rotate(who, source_id, _GRACE)
    return _secret(request, made.secret, f"/joins/webhooks/sources/{source_id}")


@router.get("/sources/{source_id}")
def one_source(
    request: Request,
    words: Speaking,
    sources: Sources,
    who: Reader,
    source_id: str,
    cursor: Cursor = None,
) -> Response:
    """What came from a source, and what became of it."""
    found = sources.get(who, source_id)
    page = sources.received(who, source_id, None, cursor, _AT_ONCE)
    may_write = who.may(Right.WEBHOOKS_WRITE)
    shown = source_page(found, page, words, may_write=may_write)
    return render(request, "pages/webhook_source.html", source=shown)


@router.post("/sources/{source_id}/state")
def set_source_state(
    sources: Sources, who: Writer, source_id: str, state: Annotated[SourceState, Form()]
) -> Response:
    """Pause or resume a source."""
    sources.change(who, source_id, {"state": state})
    return go_to(f"/joins/webhooks/sources/{source_id}")


@router.get("/{webhook_id}")
def one_webhook(
    request: Request,
    words: Speaking,
    webhooks: Webhooks,
    who: Reader,
    webhook_id: str,
    state: Shown = None,
    cursor: Cursor = None,
) -> Response:
    """An endpoint, and what became of each message."""
    found = webhooks.get(who, webhook_id)
    page = webhooks.deliveries(who, webhook_id, state, cursor, _AT_ONCE)
    may_write = who.may(Right.WEBHOOKS_WRITE)
    shown = webhook_page(found, page, words, may_write=may_write)
    states = [(each.value, f"webhook.delivery.{each.value}") for each in DeliveryState]
    return render(request, "pages/webhook.html", webhook=shown, state=state, states=states)


@router.post("/{webhook_id}/state")
def set_state(
    webhooks: Webhooks, who: Writer, webhook_id: str, state: Annotated[EndpointState, Form()]
) -> Response:
    """Pause or resume an endpoint."""
    webhooks.change(who, webhook_id, {"state": state})
    return go_to(f"/joins/webhooks/{webhook_id}")


@router.post("/{webhook_id}/rotate")
def rotate(request: Request, webhooks: Webhooks, who: Writer, webhook_id: str) -> Response:
    """Another secret; the one before signs too for a day."""
    made = webhooks.rotate(who, webhook_id, _GRACE)
    return _secret(request, made.secret, f"/joins/webhooks/{webhook_id}")


@router.post("/{webhook_id}/test")
def try_it(webhooks: Webhooks, who: Writer, webhook_id: str) -> Response:
    """Send a test message."""
    webhooks.test(who, webhook_id)
    return go_to(f"/joins/webhooks/{webhook_id}")


@router.post("/{webhook_id}/recover")
def recover(request: Request, webhooks: Webhooks, who: Writer, webhook_id: str) -> Response:
    """Send everything again that was given up and is still kept."""
    core = core_of(request)
    since = core.clock.now() - timedelta(days=core.settings.webhooks.keep_days)
    webhooks.recover(who, webhook_id, since)
    return go_to(f"/joins/webhooks/{webhook_id}")


@router.post("/{webhook_id}/deliveries/{delivery_id}/resend")
def resend(webhooks: Webhooks, who: Writer, webhook_id: str, delivery_id: str) -> Response:
    """Send one message again."""
    webhooks.resend(who, webhook_id, delivery_id)
    return go_to(f"/joins/webhooks/{webhook_id}")
