"""Months as they are reckoned: one's own, a department's, one date in full; the team of today."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.applications.service import ApplicationsService, Wanted
from hub.pages.closing_pages import ClosingPages
from hub.pages.console import ConsolePages
from hub.pages.frame import Speaking
from hub.pages.views.team import team_page
from hub.pages.views.timesheet import PersonLine, month_page, person_line
from hub.pages.views.timesheet_applications import Applied, applied_by_date, offers
from hub.pages.views.timesheet_day import day_page
from hub.pages.views.timesheet_notes import Link
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
Closings = Annotated[ClosingPages, provided(ClosingPages)]
Applications = Annotated[ApplicationsService, provided(ApplicationsService)]
Reader = Annotated[Principal, requires(Right.ATTENDANCE_OWN)]
Chosen = Annotated[str, Query(alias="month", max_length=7)]
Department_ = Annotated[str, Query(alias="department", max_length=80)]

_APPLICATIONS = 200
"""Of a month at most; the page of applications has the rest."""
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
    request: Request,
    words: Speaking,
    service: Service,
    closings: Closings,
    applications: Applications,
    who: Reader,
    chosen: Chosen = "",
) -> Response:
    """One's own month."""
    if who.person_id is None:
        return render(request, "pages/timesheet.html", sheet=None, mine=True)
    month = _month(chosen, words)
    applied = _applied(applications, who, month.first, month.last, words)
    return _show(request, words, service, closings, who, who.person_id, month, "/my/month", applied)


@router.get("/attendance/people/{person_id}")
def somebodys_month(
    request: Request,
    words: Speaking,
    service: Service,
    closings: Closings,
    applications: Applications,
    who: Reader,
    person_id: str,
    chosen: Chosen = "",
) -> Response:
    """Somebody's month."""
    base, month = f"/attendance/people/{person_id}", _month(chosen, words)
    mine = person_id == who.person_id
    applied = _applied(applications, who, month.first, month.last, words) if mine else {}
    return _show(request, words, service, closings, who, person_id, month, base, applied)


@router.get("/attendance/people/{person_id}/{day}")
def one_day(
    request: Request,
    words: Speaking,
    service: Service,
    closings: Closings,
    applications: Applications,
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
    sheet = service.day(who, person_id, found)
    applied = _applied(applications, who, found, found, words) if mine else {}
    told = mine or who.may(Right.ATTENDANCE_READ)
    return render(
        request,
        "pages/timesheet_day.html",
        day=day_page(sheet, words, f"{base}?month={month_of(found)}"),
        mine=mine,
        applied=applied.get(found.isoformat(), ()),
        offers=offers(sheet, words),
        adjustments=closings.adjustment_lines(who, sheet.adjustments, words),
        refused=pages.refused(who, words, found, person_id) if told else (),
    )


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


def _show(
    request: Request,
    words: Words,
    service: TimesheetsService,
    closings: ClosingPages,
    who: Principal,
    person_id: str,
    month: Month,
    base: str,
    applied: Mapping[str, tuple[Applied, ...]],
) -> Response:
    (sheet,) = service.month(who, month, person_id=person_id)
    return render(
        request,
        "pages/timesheet.html",
        sheet=month_page(sheet, words, base, service.divergence_min(month)),
        mine=person_id == who.person_id,
        applied=applied,
        adjustments=closings.adjustment_lines(who, sheet.adjustments, words),
    )


def _applied(
    applications: ApplicationsService, who: Principal, first: date, last: date, words: Words
) -> Mapping[str, tuple[Applied, ...]]:
    """One's own applications of a span, by date."""
    wanted = Wanted(person_id=who.person_id, first=first, last=last)
    found = applications.page(who, wanted, None, _APPLICATIONS).items
    return applied_by_date(found, first, last, words)


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
