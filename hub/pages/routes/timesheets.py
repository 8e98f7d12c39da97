"""Months as they are reckoned: one's own, a department's, one date in full; the team of today."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.pages.console import ConsolePages
from hub.pages.frame import Speaking
from hub.pages.views.timesheet import (
    Link,
    MonthPage,
    PersonLine,
    day_page,
    month_page,
    person_line,
    team_page,
)
from hub.pages.words import Words
from hub.staff.domain import Department
from hub.timesheets.service import TimesheetsService
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month, month_of

router = APIRouter(include_in_schema=False)
Service = Annotated[TimesheetsService, provided(TimesheetsService)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Chosen = Annotated[str, Query(alias="month", max_length=7)]
Department_ = Annotated[str, Query(alias="department", max_length=80)]

_MONTH = re.compile(r"(2[01][0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Choice:
    """A department to choose."""

    id: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """A department's month."""

    heading: str
    month: str
    before: Link
    after: Link | None
    department: str
    choices: tuple[Choice, ...]
    people: tuple[PersonLine, ...]
    asks: int


@router.get("/my/month")
def my_month(
    request: Request, words: Speaking, service: Service, who: Reader, chosen: Chosen = ""
) -> Response:
    """One's own month."""
    if who.person_id is None:
        return render(request, "pages/timesheet.html", sheet=None, mine=True)
    sheet = _month_page(service, who, who.person_id, _month(chosen, words), words, "/my/month")
    return render(request, "pages/timesheet.html", sheet=sheet, mine=True)


@router.get("/attendance/people/{person_id}")
def somebodys_month(
    request: Request,
    words: Speaking,
    service: Service,
    who: Reader,
    person_id: str,
    chosen: Chosen = "",
) -> Response:
    """Somebody's month."""
    base = f"/attendance/people/{person_id}"
    sheet = _month_page(service, who, person_id, _month(chosen, words), words, base)
    return render(request, "pages/timesheet.html", sheet=sheet, mine=person_id == who.person_id)


@router.get("/attendance/people/{person_id}/{day}")
def one_day(
    request: Request,
    words: Speaking,
    service: Service,
    pages: Annotated[ConsolePages, provided(ConsolePages)],
    who: Reader,
    person_id: str,
    day: str,
) -> Response:
    """One date of somebody in full."""
    try:
        found = date.fromisoformat(day)
    except ValueError as error:
        raise Problem(NOT_FOUND, "no such date") from error
    mine = person_id == who.person_id
    base = "/my/month" if mine else f"/attendance/people/{person_id}"
    page = day_page(service.day(who, person_id, found), words, f"{base}?month={month_of(found)}")
    told = mine or who.may(Right.ATTENDANCE_READ)
    refused = pages.refused(who, words, found, person_id) if told else ()
    return render(request, "pages/timesheet_day.html", day=page, mine=mine, refused=refused)


@router.get("/attendance/months")
def this_month(
    request: Request,
    words: Speaking,
    service: Service,
    who: Reader,
    department: Department_ = "",
    chosen: Chosen = "",
) -> Response:
    """A department's month: the present one, or one that is chosen."""
    return _overview(request, words, service, who, _month(chosen, words), department)


@router.get("/attendance/months/{month}")
def departments_month(
    request: Request,
    words: Speaking,
    service: Service,
    who: Reader,
    month: str,
    department: Department_ = "",
) -> Response:
    """A department's month."""
    return _overview(request, words, service, who, _month(month, words), department)


@router.get("/attendance/team")
def team_today(
    request: Request, words: Speaking, service: Service, who: Reader, department: Department_ = ""
) -> Response:
    """Who is in, who is out, on leave or late."""
    page = team_page(service.team(who, department or None), words)
    choices = _choices(service.departments(who), department, words)
    return render(request, "pages/team.html", team=page, choices=choices)


def _month_page(
    service: TimesheetsService,
    who: Principal,
    person_id: str,
    month: Month,
    words: Words,
    base: str,
) -> MonthPage:
    (sheet,) = service.month(who, month, person_id=person_id)
    return month_page(sheet, words, base, service.divergence_min(month))


def _overview(
    request: Request,
    words: Words,
    service: TimesheetsService,
    who: Principal,
    month: Month,
    department: str,
) -> Response:
    sheets = service.month(who, month, department or None)
    people = tuple(person_line(sheet, words) for sheet in sheets)
    later = month.plus(1)
    page = Overview(
        heading=words.month(month.first),
        month=str(month),
        before=_link(month.plus(-1), department, words),
        after=_link(later, department, words) if later.first <= words.today else None,
        department=department,
        choices=_choices(service.departments(who), department, words),
        people=people,
        asks=sum(line.asks for line in people),
    )
    return render(request, "pages/timesheet_months.html", page=page)


def _link(month: Month, department: str, words: Words) -> Link:
    path = f"/attendance/months/{month}?department={quote(department)}"
    return Link(path, words.month(month.first))


def _choices(listed: tuple[Department, ...], department: str, words: Words) -> tuple[Choice, ...]:
    return tuple(
        Choice(each.id, words.name(each.name, each.name_en), each.id == department)
        for each in listed
    )


def _month(text: str, words: Words) -> Month:
    """Read a month as addresses carry it; the present one where there is none."""
    read = _MONTH.fullmatch(text)
    return Month(int(read[1]), int(read[2])) if read else month_of(words.today)
