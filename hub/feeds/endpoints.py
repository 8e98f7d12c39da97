"""/api/v1/feeds."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from hub.feeds.run_schemas import (
    FeedEventOut,
    FeedRunOut,
    ShrinkAnswerIn,
    ShrinkAnswerOut,
    ShrinkOut,
    TrialOut,
)
from hub.feeds.schemas import FeedChangeIn, FeedIn, FeedOut, FeedRemovedOut
from hub.feeds.service import Afterwards, FeedsService, Which
from hub.feeds.trying import DryRun
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.problems import CHANGED_MEANWHILE, CONFLICT, NOT_FOUND, Problem
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["feeds"], responses=refuses(CONFLICT))
Service = Annotated[FeedsService, provided(FeedsService)]
Trier = Annotated[DryRun, provided(DryRun)]
FeedId = Annotated[str, Path(max_length=80, pattern=r"^[0-9A-Za-z-]+$")]
Importer = Annotated[Principal, requires(Right.BOOKINGS_IMPORT)]


@router.get("/feeds", summary="List calendar feeds")
def list_feeds(who: Importer, service: Service) -> list[FeedOut]:
    """By name, each with its last good fetch and how many bookings it keeps."""
    return [FeedOut.of(each) for each in service.listed(who)]


@router.post("/feeds", status_code=HTTPStatus.CREATED, summary="Add a calendar feed")
def add_feed(who: Importer, service: Service, given: FeedIn) -> FeedOut:
    """It is polled within seconds. Try it first: `POST /feeds/try` writes nothing."""
    return FeedOut.of(service.create(who, given.wish(), given.secrets()))


@router.post("/feeds/try", summary="Try a calendar feed")
def try_feed(who: Importer, service: Service, trier: Trier, given: FeedIn) -> TrialOut:
    """Fetches the calendar and lists what would be booked, refused or left out. Nothing is
    written."""
    wish, secret = given.wish(), given.secrets()
    return TrialOut.of(trier.run(service.proposed(who, wish, secret), secret))


@router.get("/feeds/{feed_id}", summary="Read a calendar feed")
def read_feed(who: Importer, service: Service, feed_id: FeedId) -> FeedOut:
    """Its settings, how it stands, and what of its calendar could not be read."""
    return FeedOut.of(service.get(who, feed_id))


@router.patch("/feeds/{feed_id}", summary="Change a calendar feed")
def change_feed(who: Importer, service: Service, feed_id: FeedId, given: FeedChangeIn) -> FeedOut:
    """What is left out stays; address and secrets too. It is polled soon after."""
    changes, secrets = given.wanted()
    return FeedOut.of(service.change(who, feed_id, changes, secrets))


@router.delete("/feeds/{feed_id}", summary="Remove a calendar feed")
def remove_feed(
    who: Importer,
    service: Service,
    feed_id: FeedId,
    bookings: Annotated[
        Afterwards,
        Query(description="What becomes of its bookings that have not begun.", examples=["keep"]),
    ],
) -> FeedRemovedOut:
    """`keep` leaves its bookings as they are; `cancel` cancels those that have not begun."""
    return FeedRemovedOut(cancelled=service.remove(who, feed_id, bookings))


@router.post("/feeds/{feed_id}/poll", summary="Poll a calendar feed now")
def poll_feed(who: Importer, service: Service, feed_id: FeedId) -> FeedRunOut:
    """Fetches the calendar and follows it, and gives what came of it; `409 conflict` while it is
    being polled. A fetch that failed is an answer too: `result` says so."""
    return FeedRunOut.of(service.poll(who, feed_id))


@router.get("/feeds/{feed_id}/runs", summary="List a feed's fetches")
def list_runs(
    who: Importer, service: Service, feed_id: FeedId, limit: Limit = 50, cursor: Cursor = None
) -> PageOf[FeedRunOut]:
    """Every fetch of the last 14 days with its result, the newest first."""
    page = service.runs(who, feed_id, cursor, limit)
    return PageOf(items=[FeedRunOut.of(each) for each in page.items], next_cursor=page.next_cursor)


@router.get("/feeds/{feed_id}/events", summary="List a feed's events")
def list_events(
    who: Importer,
    service: Service,
    feed_id: FeedId,
    which: Which = Which.ALL,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[FeedEventOut]:
    """Those that are not over, by their beginning, with the reservation key of their booking."""
    page = service.events(who, feed_id, which, cursor, limit)
    items = [FeedEventOut.of(each) for each in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.get("/feeds/{feed_id}/shrink", summary="What vanished at once from a calendar?")
def read_shrink(who: Importer, service: Service, feed_id: FeedId) -> ShrinkOut:
    """What would be cancelled if staff confirm it; `404 not_found` while nothing is asked."""
    found = service.shrink(who, feed_id)
    if found is None:
        raise Problem(NOT_FOUND, "nothing is asked about this feed now")
    return ShrinkOut.of(found)


@router.post(
    "/feeds/{feed_id}/confirm_shrink",
    summary="Cancel what vanished from a calendar",
    responses=refuses(CHANGED_MEANWHILE),
)
def confirm_shrink(
    who: Importer, service: Service, feed_id: FeedId, given: ShrinkAnswerIn
) -> ShrinkAnswerOut:
    """Cancels exactly what `token` stands for; `412 changed_meanwhile` where other events are
    absent by now."""
    cancelled = service.confirm_shrink(who, feed_id, given.token)
    return ShrinkAnswerOut(cancelled=cancelled, kept=0)


@router.post(
    "/feeds/{feed_id}/dismiss_shrink",
    summary="Keep what vanished from a calendar",
    responses=refuses(CHANGED_MEANWHILE),
)
def dismiss_shrink(
    who: Importer, service: Service, feed_id: FeedId, given: ShrinkAnswerIn
) -> ShrinkAnswerOut:
    """Its bookings stay until it is seen again or somebody cancels them; the rest of the calendar
    is followed from now on."""
    return ShrinkAnswerOut(cancelled=0, kept=service.dismiss_shrink(who, feed_id, given.token))
