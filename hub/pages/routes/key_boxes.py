"""Key boxes for staff: the list, one box, a ticket for a visit, letting its codes die."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from hub.keyboxes.service import KeyBoxes
from hub.pages.days import day_or
from hub.pages.frame import Speaking, go_to
from hub.pages.key_box_pages import KeyBoxPages
from hub.pages.words import Words
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal, Right
from wire.keybox_keys import Right as TicketRight
from wire.keybox_ticket import encode_ticket

router = APIRouter(include_in_schema=False)
Pages = Annotated[KeyBoxPages, provided(KeyBoxPages)]
Boxes = Annotated[KeyBoxes, provided(KeyBoxes)]
Reader = Annotated[Principal, requires(Right.SITES_READ)]
Servicer = Annotated[Principal, requires(Right.KEY_BOXES_SERVICE)]
VISIT = TicketRight.READ | TicketRight.CLOCK | TicketRight.CLEAR | TicketRight.SECRET
"""What a visit does: collect, set the clock, clear what was collected, bring new secrets."""


@router.get("/key_boxes")
def key_box_list(request: Request, words: Speaking, pages: Pages, who: Reader) -> Response:
    """Every box, what asks for somebody first."""
    return render(request, "pages/key_boxes.html", boxes=pages.lines(who, words))


@router.get("/key_boxes/{box_id}")
def one_key_box(
    request: Request, words: Speaking, pages: Pages, who: Reader, box_id: str
) -> Response:
    """One box."""
    page = pages.page(who, box_id, words)
    return render(request, "pages/key_box.html", box=page, error="")


@router.get("/key_boxes/{box_id}/live")
def live_key_box(
    request: Request, words: Speaking, pages: Pages, who: Reader, box_id: str
) -> Response:
    """The page's living part alone."""
    return render(request, "pages/_key_box.html", box=pages.page(who, box_id, words))


@router.post("/key_boxes/{box_id}/ticket")
def make_ticket(
    request: Request,
    words: Speaking,
    pages: Pages,
    boxes: Boxes,
    who: Servicer,
    box_id: str,
    purpose: Annotated[str, Form(min_length=1, max_length=200)],
    day: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Give the ticket file; that it was made is in the audit log."""
    chosen = day_or(day, words.today)
    try:
        made = boxes.ticket(who, box_id, chosen, VISIT, purpose.strip())
    except Problem as problem:
        if problem.kind is NOT_FOUND:
            raise
        return render(
            request,
            "pages/key_box.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            box=pages.page(who, box_id, words),
            error=words.t("key_box.ticket_refused"),
        )
    name = f"{box_id}-{chosen.isoformat()}.ticket"
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return Response(encode_ticket(made), media_type="application/json", headers=headers)


@router.get("/key_boxes/{box_id}/retire")
def retire_form(
    request: Request, words: Speaking, pages: Pages, boxes: Boxes, who: Servicer, box_id: str
) -> Response:
    """Name the bookings that would get new codes, and ask why."""
    return _retire(request, words, pages, boxes, who, box_id)


@router.post("/key_boxes/{box_id}/retire")
def retire(
    request: Request,
    words: Speaking,
    pages: Pages,
    boxes: Boxes,
    who: Servicer,
    box_id: str,
    reason: Annotated[str, Form(max_length=200)] = "",
    sure: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Let every code of the box die, once a reason is given and the tick is set."""
    error = "" if reason.strip() else words.t("unlock.reason_missing")
    if not error and sure != "yes":
        error = words.t("unlock.sure_missing")
    if not error:
        boxes.retire(who, box_id, reason.strip())
        return go_to(f"/key_boxes/{box_id}")
    return _retire(request, words, pages, boxes, who, box_id, reason, error)


def _retire(
    request: Request,
    words: Words,
    pages: KeyBoxPages,
    boxes: KeyBoxes,
    who: Principal,
    box_id: str,
    reason: str = "",
    error: str = "",
) -> Response:
    found = boxes.retire(who, box_id, reason, dry_run=True)
    return render(
        request,
        "pages/key_box_retire.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        box=pages.page(who, box_id, words),
        concerned=pages.concerned(who, found, words),
        reason=reason,
        error=error,
    )
