"""/api/v1/attendance: punches as they came, and the days derived from them. Corrections are in
`correction_endpoints`, months in `hub.timesheets`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.attendance import examples
from hub.attendance.domain import BreakSource, Day, DayProblem, Flag, Ignored
from hub.attendance.service import AttendanceService
from hub.web.core import provided
from hub.web.fields import CalendarDate, shown
from hub.web.identity import requires
from hub.web.rights import Principal, Right
from wire.events import PunchDirection
from wire.policy_bodies import Assurance
from wire.reasons import Reason

router = APIRouter(prefix="/api/v1/attendance", tags=["attendance"])
Service = Annotated[AttendanceService, provided(AttendanceService)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
First = Annotated[
    CalendarDate, Query(alias="from", description="The first work date.", examples=["2026-04-01"])
]
Last = Annotated[
    CalendarDate, Query(alias="to", description="The last work date.", examples=["2026-04-30"])
]
Person = Annotated[str | None, Query(max_length=128, description="Nobody named: whom one may see.")]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PunchOut(_Out):
    """A tap as it was journaled, which is never changed, and how it counts after corrections."""

    model_config = shown(examples.PUNCH_OUT)

    id: int
    person_id: str
    reader_id: str
    door_id: str | None
    direction: PunchDirection
    corrected_at: datetime = Field(description="The instant to reckon with.")
    at: datetime = Field(description="What the reader's clock showed.")
    trusted: bool = Field(description="False: it waits for an anchor, or for a person's word.")
    time_error_ms: int | None = Field(
        description="How far off `corrected_at` may be; null where nothing is known."
    )
    received_at: datetime
    corrected_by: str | None = Field(description="The last correction in force, if any.")
    original_at: datetime | None = Field(
        description="When it counted before any correction; null where none was made, and for a "
        "punch that a correction added."
    )
    original_direction: PunchDirection | None
    added: bool = Field(description="Nobody tapped: a correction says so. Its `id` is negative.")
    voided: bool = Field(description="A correction says that it does not count.")


class RefusedPunchOut(_Out):
    """A tap at a reader that takes punches, which is none: nothing is derived from it."""

    model_config = shown(examples.REFUSED_PUNCH_OUT)

    id: int
    person_id: str | None = Field(description="Null: nobody knows whose it was.")
    reader_id: str
    door_id: str | None
    reason: Reason = Field(description="Why it is no punch; the door may have opened.")
    assurance: Assurance | None
    corrected_at: datetime = Field(description="The instant to reckon with.")
    at: datetime = Field(description="What the reader's clock showed.")
    trusted: bool
    received_at: datetime


class ReadPunchOut(_Out):
    """A punch with what was made of it."""

    punch: PunchOut
    ignored: Ignored | None = Field(description="Why it does not count.")
    flags: list[Flag]


class ShiftOut(_Out):
    """One stretch of work, in whole minutes."""

    model_config = shown(examples.SHIFT_OUT)

    starts_at: datetime | None
    ends_at: datetime | None
    open: bool
    present_min: int
    break_min: int
    break_source: BreakSource
    worked_min: int


class DayOut(_Out):
    """One person's work date."""

    model_config = shown(examples.DAY_OUT)

    person_id: str
    work_date: date
    first_in: datetime | None
    last_out: datetime | None
    is_in: bool
    present_min: int
    break_min: int
    worked_min: int
    problems: list[DayProblem]
    shifts: list[ShiftOut]
    punches: list[ReadPunchOut]


def _day(day: Day) -> DayOut:
    return DayOut.model_validate(day)


@router.get("/punches", summary="Punches as they came")
def list_punches(
    who: Reader, service: Service, first: First, last: Last, person: Person = None
) -> list[PunchOut]:
    """The punches of at most two months, oldest first."""
    return [PunchOut.model_validate(one) for one in service.punches(who, first, last, person)]


@router.get("/refused", summary="Taps that were refused as punches")
def list_refused(
    who: Reader, service: Service, first: First, last: Last, person: Person = None
) -> list[RefusedPunchOut]:
    """With why, oldest first, at most 2000: whoever lost a punch so can apply for a correction."""
    found = service.refused(who, first, last, person)
    return [RefusedPunchOut.model_validate(one) for one in found]


@router.get("/days", summary="Days derived from punches")
def list_days(
    who: Reader, service: Service, first: First, last: Last, person: Person = None
) -> list[DayOut]:
    """Shifts, totals, what is missing, and every punch with why it counts or not."""
    return [_day(day) for day in service.days(who, first, last, person)]
