"""/api/v1/bookings; facilities, closures and series come in from files of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel

from hub.bookings import facility_endpoints, series_endpoints
from hub.bookings.backups import BookingBackups
from hub.bookings.batch import put_all
from hub.bookings.batch_schemas import BatchIn, BatchOut, HistoryLineOut
from hub.bookings.common_schemas import Id, Instant
from hub.bookings.facilities import FacilitiesService
from hub.bookings.history import HistoryService
from hub.bookings.ics import MEDIA_TYPE, file_name, ics_of
from hub.bookings.members import MembersService
from hub.bookings.numbers import MAX_CHARS, NumberMistypedError, read_number
from hub.bookings.pin_schemas import BackupCodeOut, LinkOut, PinOut
from hub.bookings.records import Booking
from hub.bookings.refusals import KINDS, Refusal, refused
from hub.bookings.residents import ResidentsService
from hub.bookings.schemas import CALENDAR_FILE, BookingIn, BookingOut, DecisionIn, HolderIn
from hub.bookings.service import BookingFilter, BookingsService
from hub.bookings.tables import BookingState
from hub.web import example_ids as ids
from hub.web.core import core_of, provided
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.problems import CHANGED_MEANWHILE
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["bookings"], responses=refuses(*KINDS.values()))
router.routes.extend([*facility_endpoints.router.routes, *series_endpoints.router.routes])

Facilities = Annotated[FacilitiesService, provided(FacilitiesService)]
Members = Annotated[MembersService, provided(MembersService)]
History = Annotated[HistoryService, provided(HistoryService)]
Bookings = Annotated[BookingsService, provided(BookingsService)]
Residents = Annotated[ResidentsService, provided(ResidentsService)]
Backups = Annotated[BookingBackups, provided(BookingBackups)]
Reader = Annotated[Principal, requires(Right.BOOKINGS_READ)]
Writer = Annotated[Principal, requires(Right.BOOKINGS_WRITE)]
Approver = Annotated[Principal, requires(Right.BOOKINGS_APPROVE)]
Revealer = Annotated[Principal, requires(Right.PINS_REVEAL)]
ReservationKey = Annotated[
    str,
    Path(
        max_length=128,
        pattern=r"^[A-Za-z0-9._:~-]+$",
        description="The caller's own key of the booking; the same key is the same booking.",
    ),
]

HolderId = Annotated[Id, Path(examples=[ids.HOLDER])]
IfMatch = Annotated[
    str | None,
    Header(
        max_length=64,
        description="The `ETag` of the booking as it was read: refused (412) if it changed since.",
    ),
]
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TAG_DIGITS: Final = 18
_NEVER: Final = _EPOCH


def _tag(booking: Booking) -> str:
    """The ETag of a booking: when it was changed last; what its doors confirm does not count."""
    return f'"{(booking.changed_at - _EPOCH) // _MICROSECOND}"'


def _tagged(tag: str | None) -> datetime | None:
    """The instant that an `If-Match` names; one that no booking has for a tag of another kind."""
    if tag is None:
        return None
    digits = tag.strip().removeprefix("W/").strip('"')
    known = digits.isascii() and digits.isdigit() and len(digits) <= _TAG_DIGITS
    try:
        return _EPOCH + int(digits) * _MICROSECOND if known else _NEVER
    except OverflowError:
        return _NEVER


class BookingQuery(BaseModel):
    """Which bookings are asked for."""

    since: Instant | None = None
    until: Instant | None = None
    facility_id: Id | None = None
    state: BookingState | None = None


@router.get("/bookings", summary="List bookings")
def list_bookings(
    who: Reader,
    service: Bookings,
    asked: Annotated[BookingQuery, Query()],
    number: Annotated[
        str | None,
        Query(max_length=MAX_CHARS, description="A booking number as it was said."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[BookingOut]:
    """By their beginning; `since` and `until` give those that touch that span of time. A `number`
    whose check digit does not fit is refused with `number_mistyped`."""
    try:
        wanted_number = None if number is None else read_number(number)
    except NumberMistypedError as error:
        raise refused(Refusal.NUMBER_MISTYPED, str(error)) from error
    wanted = BookingFilter(
        asked.since, asked.until, asked.facility_id, asked.state, number=wanted_number
    )
    page = service.page(who, wanted, cursor, limit)
    return PageOf(items=[BookingOut.of(each) for each in page.items], next_cursor=page.next_cursor)


@router.post(
    "/bookings/batch",
    status_code=HTTPStatus.MULTI_STATUS,
    summary="Make or change several bookings",
)
def put_bookings(who: Writer, service: Bookings, given: BatchIn) -> BatchOut:
    """Each is a transaction of its own and has its own answer; `ok` is true only if none was
    refused. Sent again, the whole of it changes nothing that was done."""
    items = [(each.reservation_key, each.booking.wish()) for each in given.items]
    return BatchOut.of(put_all(service, who, items))


@router.put(
    "/bookings/{reservation_key}",
    summary="Make or change a booking",
    responses={
        201: {"model": BookingOut, "description": "It was made."},
        **refuses(CHANGED_MEANWHILE),
    },
)
def put_booking(
    who: Writer,
    service: Bookings,
    reservation_key: ReservationKey,
    given: BookingIn,
    response: Response,
    if_match: IfMatch = None,
) -> BookingOut:
    """Idempotent: 201 when it was made, 200 after. What is left out stays as it is. A change of
    time keeps the PIN unless it would collide; then the problem `pin_changed` says so. One that was
    cancelled stands again, with other PINs, if the request names its `state`."""
    made, new = service.put(
        who, reservation_key, given.wish(), if_unchanged_since=_tagged(if_match)
    )
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    response.headers["ETag"] = _tag(made.booking)
    return BookingOut.of(made)


@router.get("/bookings/{reservation_key}", summary="Read a booking")
def read_booking(
    who: Reader, service: Bookings, reservation_key: ReservationKey, response: Response
) -> BookingOut:
    """With booked and effective window, readiness, what each door has confirmed, and what became of
    it."""
    found = service.get(who, reservation_key)
    response.headers["ETag"] = _tag(found.booking)
    return BookingOut.of(found)


@router.get("/bookings/{reservation_key}/history", summary="Read a booking's history")
def read_history(
    who: Reader,
    service: History,
    reservation_key: ReservationKey,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[HistoryLineOut]:
    """The oldest first: every step of every PIN at every door with its cause, what was told of the
    booking, and what was done about it."""
    page = service.page(who, reservation_key, cursor, limit)
    items = [HistoryLineOut.of(each) for each in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@router.get(
    "/bookings/{reservation_key}/calendar",
    summary="Download a booking for a calendar",
    response_class=Response,
    responses={
        200: {
            "content": {"text/calendar": {"schema": {"type": "string"}, "example": CALENDAR_FILE}}
        }
    },
)
def read_calendar(
    request: Request,
    who: Reader,
    service: Bookings,
    facilities: Facilities,
    reservation_key: ReservationKey,
) -> Response:
    """An iCalendar file, without any PIN: the same entry as its holder gets by mail."""
    booking = service.get(who, reservation_key).booking
    facility = facilities.get(booking.facility_id, who) if booking.facility_id else None
    host = core_of(request).settings.public_host
    content = ics_of(booking, facility, organizer_host=host, language=booking.contact.language)
    name = f'attachment; filename="{file_name(booking)}"'
    return Response(content, media_type=MEDIA_TYPE, headers={"Content-Disposition": name})


@router.post(
    "/bookings/{reservation_key}/holders",
    status_code=HTTPStatus.CREATED,
    summary="Give one more person a PIN",
)
def add_holder(
    who: Writer, service: Members, reservation_key: ReservationKey, given: HolderIn
) -> BookingOut:
    """Nobody else's PIN changes, and the entry log shows each holder under their own name. Somebody
    of that name and person who is there already is the same: asking again adds nobody."""
    member = replace(given.wish(), id=None)
    return BookingOut.of(service.add(who, reservation_key, member))


@router.delete(
    "/bookings/{reservation_key}/holders/{holder_id}", summary="Take one person's PIN away"
)
def remove_holder(
    who: Writer, service: Members, reservation_key: ReservationKey, holder_id: HolderId
) -> BookingOut:
    """Nobody else's PIN changes. The last holder stays: cancel the booking instead."""
    return BookingOut.of(service.remove(who, reservation_key, holder_id))


@router.delete("/bookings/{reservation_key}", summary="Cancel a booking")
def cancel_booking(who: Writer, service: Bookings, reservation_key: ReservationKey) -> BookingOut:
    """Takes its PINs from every door at once. Cancelling again changes nothing. A key box's code
    that was shown cannot be revoked from afar: `still_opens` says which, and until when."""
    return BookingOut.of(service.cancel(who, reservation_key))


@router.post("/bookings/{reservation_key}/approve", summary="Approve a request")
def approve_booking(
    who: Approver, service: Bookings, reservation_key: ReservationKey, given: DecisionIn
) -> BookingOut:
    """Lets its PINs reach the doors."""
    return BookingOut.of(service.decide(who, reservation_key, approve=True, reason=given.reason))


@router.post("/bookings/{reservation_key}/reject", summary="Reject a request")
def reject_booking(
    who: Approver, service: Bookings, reservation_key: ReservationKey, given: DecisionIn
) -> BookingOut:
    """Ends it; the reason is shown to whoever asked."""
    return BookingOut.of(service.decide(who, reservation_key, approve=False, reason=given.reason))


@router.get("/bookings/{reservation_key}/pin", summary="Look up the PINs")
def read_pin(
    who: Revealer, service: Bookings, reservation_key: ReservationKey, response: Response
) -> list[PinOut]:
    """Each holder's digits: of the doors, and of each key box. The look-up is written into the
    audit log. A key box's code that was shown cannot be revoked from afar."""
    response.headers["Cache-Control"] = "no-store"
    return [PinOut.of(each) for each in service.reveal(who, reservation_key)]


@router.post("/bookings/{reservation_key}/pin/reissue", summary="Give other PINs")
def reissue_pin(
    who: Revealer,
    service: Bookings,
    reservation_key: ReservationKey,
    holder_id: Id | None = None,
) -> BookingOut:
    """For every holder, or for one. The old digits die as soon as each door has the new ones; a
    key box takes the old ones as `still_opens` says, unless its codes are retired."""
    return BookingOut.of(service.reissue(who, reservation_key, holder_id))


@router.post(
    "/bookings/{reservation_key}/backup_codes", summary="Give codes for doors that are away"
)
def give_backup_codes(
    who: Revealer, service: Backups, reservation_key: ReservationKey, response: Response
) -> list[BackupCodeOut]:
    """Codes for networked doors whose controller has no hub now: standing ones of the door's pool,
    else sealed ones, taken within `effective` while it is away and for `grace_s` after. Asking
    again gives the same; each look-up is written into the audit log."""
    response.headers["Cache-Control"] = "no-store"
    return [BackupCodeOut.of(each) for each in service.issue(who, reservation_key)]


@router.post(
    "/bookings/{reservation_key}/pin/link",
    status_code=HTTPStatus.CREATED,
    summary="Make a link that shows the PIN",
)
def make_link(
    who: Revealer, service: Residents, reservation_key: ReservationKey, response: Response
) -> LinkOut:
    """To be sent to the contact. It works once and dies with the booking."""
    response.headers["Cache-Control"] = "no-store"
    return LinkOut(path=f"/p/{service.new_link(who, reservation_key)}")
