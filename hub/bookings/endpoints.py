"""/api/v1/facilities and /api/v1/bookings."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from hub.bookings.backups import BookingBackups
from hub.bookings.facilities import FacilitiesService
from hub.bookings.facility_schemas import FacilityIn, FacilityOut, SlotOut
from hub.bookings.refusals import KINDS
from hub.bookings.residents import ResidentsService
from hub.bookings.schemas import (
    BackupCodeOut,
    BookingIn,
    BookingOut,
    DecisionIn,
    LinkOut,
    PinOut,
)
from hub.bookings.service import BookingFilter, BookingsService
from hub.bookings.tables import BookingState
from hub.web.core import provided
from hub.web.fields import CalendarDate, Instant
from hub.web.identity import requires
from hub.web.paging import Cursor, Limit, PageOf
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["bookings"], responses=refuses(*KINDS.values()))

Facilities = Annotated[FacilitiesService, provided(FacilitiesService)]
Bookings = Annotated[BookingsService, provided(BookingsService)]
Residents = Annotated[ResidentsService, provided(ResidentsService)]
Backups = Annotated[BookingBackups, provided(BookingBackups)]
SitesReader = Annotated[Principal, requires(Right.SITES_READ)]
SitesWriter = Annotated[Principal, requires(Right.SITES_WRITE)]
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


@router.get("/facilities", summary="List facilities")
def list_facilities(who: SitesReader, service: Facilities) -> list[FacilityOut]:
    """Every facility of the sites the caller may see."""
    return [FacilityOut.of(each) for each in service.listed(who)]


@router.post("/facilities", status_code=HTTPStatus.CREATED, summary="Add a facility")
def add_facility(who: SitesWriter, service: Facilities, given: FacilityIn) -> FacilityOut:
    """Refused with `digits_incompatible` where its doors share no PIN length."""
    return FacilityOut.of(service.create(who, given.facility()))


@router.get("/facilities/{facility_id}", summary="Read a facility")
def read_facility(who: SitesReader, service: Facilities, facility_id: str) -> FacilityOut:
    """One facility."""
    return FacilityOut.of(service.get(facility_id, who))


@router.put("/facilities/{facility_id}", summary="Change a facility")
def change_facility(
    who: SitesWriter, service: Facilities, facility_id: str, given: FacilityIn, active: bool = True
) -> FacilityOut:
    """Replaces it. Bookings that stand keep their windows and doors."""
    wanted = given.facility()
    names = ("site_id", "name_ja", "name_easy", "name_en", "doors", "key_boxes", "approval")
    changed = {name: getattr(wanted, name) for name in (*names, "rules", "phone")}
    return FacilityOut.of(service.change(who, facility_id, active=active, **changed))


@router.get("/facilities/{facility_id}/availability", summary="When is it free?")
def availability(
    who: SitesReader,
    service: Facilities,
    facility_id: str,
    day: Annotated[
        CalendarDate,
        Query(
            alias="date", description="A date where the facility stands.", examples=["2026-04-10"]
        ),
    ],
) -> list[SlotOut]:
    """The slots of a day, each free, taken or past."""
    service.get(facility_id, who)
    return [SlotOut.of(slot) for slot in service.availability(facility_id, day)]


class BookingQuery(BaseModel):
    """Which bookings are asked for."""

    since: Instant | None = None
    until: Instant | None = None
    facility_id: Annotated[str, Field(max_length=128)] | None = None
    state: BookingState | None = None


@router.get("/bookings", summary="List bookings")
def list_bookings(
    who: Reader,
    service: Bookings,
    asked: Annotated[BookingQuery, Query()],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PageOf[BookingOut]:
    """By their beginning; `since` and `until` give those that touch that span of time."""
    wanted = BookingFilter(asked.since, asked.until, asked.facility_id, asked.state)
    page = service.page(who, wanted, cursor, limit)
    return PageOf(items=[BookingOut.of(each) for each in page.items], next_cursor=page.next_cursor)


@router.put(
    "/bookings/{reservation_key}",
    summary="Make or change a booking",
    responses={201: {"model": BookingOut, "description": "It was made."}},
)
def put_booking(
    who: Writer,
    service: Bookings,
    reservation_key: ReservationKey,
    given: BookingIn,
    response: Response,
) -> BookingOut:
    """Idempotent: 201 when it was made, 200 after. What is left out stays as it is. A change of
    time keeps the PIN unless it would collide; then the problem `pin_changed` says so."""
    made, new = service.put(who, reservation_key, given.wish())
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return BookingOut.of(made)


@router.get("/bookings/{reservation_key}", summary="Read a booking")
def read_booking(who: Reader, service: Bookings, reservation_key: ReservationKey) -> BookingOut:
    """With booked and effective window, readiness and what each door has confirmed."""
    return BookingOut.of(service.get(who, reservation_key))


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
    holder_id: Annotated[str | None, Query(max_length=128)] = None,
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
    """Sealed codes for networked doors whose controller has no hub now: taken within `effective`,
    while it is away and for `grace_s` after. Asking again gives the same; each look-up is written
    into the audit log."""
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
