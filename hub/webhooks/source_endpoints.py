"""/api/v1/webhook_sources, and /api/v1/hooks/{id}, where sources send to."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from hub.bookings.refusals import KINDS
from hub.bookings.schemas import BOOKING_IN
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.identity import public_proven, requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.problems import TOO_LARGE, TOO_MANY_TRIES
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right
from hub.webhooks.receiving import BAD_SIGNATURE, ID_REUSED, NOT_UNDERSTOOD, ReceivingService
from hub.webhooks.source_domain import ReceivedResult
from hub.webhooks.source_schemas import (
    HookOut,
    ReceivedOut,
    SourceChangeIn,
    SourceIn,
    SourceOut,
    SourceRotateIn,
    SourceWithSecretOut,
)
from hub.webhooks.sources import SourcesService

router = APIRouter(prefix="/api/v1", tags=["webhooks"])
Sources = Annotated[SourcesService, provided(SourcesService)]
Receiving = Annotated[ReceivingService, provided(ReceivingService)]
Reader = Annotated[Principal, requires(Right.WEBHOOKS_READ)]
Writer = Annotated[Principal, requires(Right.WEBHOOKS_WRITE)]
Id = Annotated[str, Path(max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
HookId = Annotated[
    str,
    Path(max_length=80, pattern=r"^[0-9A-Za-z-]+$", examples=[ids.WEBHOOK_SOURCE]),
]

_SIGNED: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": name,
            "in": "header",
            "required": True,
            "schema": {"type": "string", "maxLength": 2000},
            "description": said,
            "example": example,
        }
        for name, said, example in (
            ("webhook-id", "The message's own id: taken once.", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"),
            (
                "webhook-timestamp",
                "Seconds since 1970, at most five minutes from now.",
                "1775433600",
            ),
            (
                "webhook-signature",
                "`v1,<base64>`, several apart by spaces.",
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        )
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {
                    "type": "booking.confirmed",
                    "timestamp": "2026-04-06T00:00:00Z",
                    "data": {
                        "reservation_key": ids.RESERVATION_KEY,
                        **BOOKING_IN,
                        "state": "confirmed",
                        "updated_at": "2026-04-06T00:00:00Z",
                    },
                },
            }
        },
        "description": "As the source's profile says.",
    },
}


@router.get("/webhook_sources", summary="List sources")
def list_sources(who: Reader, service: Sources) -> list[SourceOut]:
    """The systems that may tell of bookings, within the caller's sites."""
    return [SourceOut.of(each) for each in service.listed(who)]


@router.post("/webhook_sources", status_code=HTTPStatus.CREATED, summary="Add a source")
def add_source(
    who: Writer, service: Sources, given: SourceIn, response: Response
) -> SourceWithSecretOut:
    """It books with the rights of an integration. The secret is shown this once."""
    response.headers["Cache-Control"] = "no-store"
    return SourceWithSecretOut.showing(service.create(who, given.wish()))


@router.get("/webhook_sources/{source_id}", summary="Read a source")
def read_source(who: Reader, service: Sources, source_id: Id) -> SourceOut:
    """One source, with its profile."""
    return SourceOut.of(service.get(who, source_id))


@router.patch("/webhook_sources/{source_id}", summary="Change, pause or resume a source")
def change_source(who: Writer, service: Sources, source_id: Id, given: SourceChangeIn) -> SourceOut:
    """What is left out stays. While it is paused, senders are told to come again."""
    return SourceOut.of(service.change(who, source_id, given.wanted()))


@router.delete(
    "/webhook_sources/{source_id}", status_code=HTTPStatus.NO_CONTENT, summary="Remove a source"
)
def remove_source(who: Writer, service: Sources, source_id: Id) -> None:
    """With its log; what it booked stays booked."""
    service.delete(who, source_id)


@router.post("/webhook_sources/{source_id}/rotate", summary="Give a source another secret")
def rotate_source(
    who: Writer, service: Sources, source_id: Id, given: SourceRotateIn, response: Response
) -> SourceWithSecretOut:
    """For `grace_h` hours both secrets are taken."""
    response.headers["Cache-Control"] = "no-store"
    grace = timedelta(hours=given.grace_h)
    return SourceWithSecretOut.showing(service.rotate(who, source_id, grace, given.secret))


@router.get("/webhook_sources/{source_id}/received", summary="What came from a source?")
def list_received(
    who: Reader,
    service: Sources,
    source_id: Id,
    result: Annotated[ReceivedResult | None, Query(description="Only these.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[ReceivedOut]:
    """The newest first, with what became of each and, of what was refused, why."""
    page = service.received(who, source_id, result, cursor, limit)
    return PageOf(items=[ReceivedOut.of(each) for each in page.items], next_cursor=page.next_cursor)


@router.post(
    "/hooks/{source_id}",
    summary="Tell of a booking",
    dependencies=[public_proven("webhook-signature")],
    openapi_extra=_SIGNED,
    responses=refuses(
        BAD_SIGNATURE, ID_REUSED, NOT_UNDERSTOOD, TOO_LARGE, TOO_MANY_TRIES, *KINDS.values()
    ),
)
async def take_hook(request: Request, service: Receiving, source_id: HookId) -> HookOut:
    """For systems that are registered as a source: signed by the Standard Webhooks specification.
    200 says what came of it; the same message again gets the same answer."""
    body = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    return HookOut.of(await run_in_threadpool(service.receive, source_id, headers, body))
