"""/api/v1/facilities and /api/v1/closures."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from hub.bookings.closure_schemas import ClosureIn, ClosureOut, Day
from hub.bookings.closures import ClosuresService
from hub.bookings.common_schemas import Id
from hub.bookings.facilities import FacilitiesService
from hub.bookings.facility_schemas import FacilityIn, FacilityOut, SlotOut
from hub.bookings.refusals import KINDS
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["bookings"], responses=refuses(*KINDS.values()))

Facilities = Annotated[FacilitiesService, provided(FacilitiesService)]
Closures = Annotated[ClosuresService, provided(ClosuresService)]
SitesReader = Annotated[Principal, requires(Right.SITES_READ)]
SitesWriter = Annotated[Principal, requires(Right.SITES_WRITE)]
Reader = Annotated[Principal, requires(Right.BOOKINGS_READ)]
Approver = Annotated[Principal, requires(Right.BOOKINGS_APPROVE)]


@router.get("/facilities", summary="List facilities")
def list_facilities(who: SitesReader, service: Facilities) -> list[FacilityOut]:
    """Every facility of the sites the caller may see."""
    return [FacilityOut.of(each) for each in service.listed(who)]


@router.post("/facilities", status_code=HTTPStatus.CREATED, summary="Add a facility")
def add_facility(who: SitesWriter, service: Facilities, given: FacilityIn) -> FacilityOut:
    """Refused with `digits_incompatible` where its doors share no PIN length."""
    return FacilityOut.of(service.create(who, given.facility()))


@router.get("/facilities/{facility_id}", summary="Read a facility")
def read_facility(who: SitesReader, service: Facilities, facility_id: Id) -> FacilityOut:
    """One facility."""
    return FacilityOut.of(service.get(facility_id, who))


@router.put("/facilities/{facility_id}", summary="Change a facility")
def change_facility(
    who: SitesWriter, service: Facilities, facility_id: Id, given: FacilityIn, active: bool = True
) -> FacilityOut:
    """Replaces it. Bookings that stand keep their windows, doors, margins and what they had to
    pay. What it excludes holds at once: refused (`exclusion_impossible`) while standing bookings of
    both overlap."""
    wanted = given.facility()
    names = ("site_id", "name_ja", "name_easy", "name_en", "doors", "key_boxes", "approval")
    more = ("rules", "phone", "duress", "payment", "holders_max", "steps", "calendar_id")
    changed = {name: getattr(wanted, name) for name in (*names, *more, "excludes")}
    return FacilityOut.of(service.change(who, facility_id, active=active, **changed))


@router.get("/facilities/{facility_id}/availability", summary="When is it free?")
def availability(
    who: SitesReader,
    service: Facilities,
    facility_id: Id,
    day: Annotated[
        Day,
        Query(
            alias="date", description="A date where the facility stands.", examples=["2026-04-10"]
        ),
    ],
) -> list[SlotOut]:
    """The slots of a day, each free, taken or past; none on a day on which it is closed."""
    service.get(facility_id, who)
    return [SlotOut.of(slot) for slot in service.availability(facility_id, day)]


@router.get("/closures", summary="List closed days")
def list_closures(
    who: Reader,
    service: Closures,
    since: Annotated[Day | None, Query(description="Those that end on that day or later.")] = None,
) -> list[ClosureOut]:
    """Each with the bookings that stand within it; the first 200."""
    wanted: date | None = since
    return [ClosureOut.of(each) for each in service.listed(who, wanted)]


@router.post("/closures", status_code=HTTPStatus.CREATED, summary="Close on some days")
def add_closure(who: Approver, service: Closures, given: ClosureIn) -> ClosureOut:
    """From then on a booking that touches one of these days is refused (`closed`). Bookings that
    stand there are listed in `standing` and stay: nothing is cancelled without a person."""
    return ClosureOut.of(service.create(who, given.closure()))


@router.delete("/closures/{closure_id}", status_code=HTTPStatus.NO_CONTENT, summary="Open again")
def lift_closure(who: Approver, service: Closures, closure_id: Id) -> Response:
    """Bookings are taken there again."""
    service.delete(who, closure_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)
