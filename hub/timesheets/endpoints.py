"""/api/v1/attendance/months: what was reckoned of punches, plans and claims; the team of today."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from hub.timesheets import schemas
from hub.timesheets.service import TimesheetsService
from hub.timesheets.unreckonable import KIND_UNKNOWN
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.fields import CalendarDate
from hub.web.identity import requires
from hub.web.problems import FORBIDDEN, NOT_FOUND
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month

router = APIRouter(prefix="/api/v1/attendance", tags=["attendance"])
Service = Annotated[TimesheetsService, provided(TimesheetsService)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Person = Annotated[str | None, Query(max_length=80, description="Nobody named: all whom one sees.")]
Department = Annotated[
    str | None, Query(max_length=80, description="With those below it; whom one may see.")
]


@router.get(
    "/months/{month}",
    responses=refuses(NOT_FOUND, FORBIDDEN, KIND_UNKNOWN),
    summary="A month as it is reckoned",
)
def read_month(
    who: Reader,
    service: Service,
    month: Annotated[str, Path(pattern=r"^2[01][0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-04"])],
    person: Person = None,
    department: Department = None,
) -> list[schemas.ReckonedMonthOut]:
    """By kana: each date with its minutes and why, totals of each pay class rounded once, counters
    and caps. A month that stands no longer is reckoned before it is given."""
    year, number = map(int, month.split("-"))
    found = service.month(who, Month(year, number), department, person)
    return [schemas.ReckonedMonthOut.of(sheet, service.today) for sheet in found]


@router.get(
    "/people/{person_id}/days/{day}",
    responses=refuses(NOT_FOUND, FORBIDDEN, KIND_UNKNOWN),
    summary="One date in full",
)
def read_day(
    who: Reader,
    service: Service,
    person_id: Annotated[str, Path(max_length=80, examples=[ids.PERSON])],
    day: Annotated[CalendarDate, Path(examples=["2026-04-03"])],
) -> schemas.DaySheetOut:
    """Plan, every punch with why it counts or not, orders, explanations, and what came of it."""
    return schemas.DaySheetOut.of(service.day(who, person_id, day), service.today)


@router.get("/team", responses=refuses(NOT_FOUND, FORBIDDEN), summary="A team today")
def read_team(who: Reader, service: Service, department: Department = None) -> schemas.TeamOut:
    """Who is in, who is out, on leave or late, and as of when that is known."""
    return schemas.TeamOut.of(service.team(who, department), service.today)
