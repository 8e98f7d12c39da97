"""Attendance: today's punches of everybody or oneself, and one's own month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.attendance.service import AttendanceService
from hub.pages.console import ConsolePages
from hub.pages.days import day_or
from hub.pages.frame import Speaking
from hub.pages.views.attendance import DayCard, MonthSheet, RefusedLine, day_card, month_sheet
from hub.pages.words import Words
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.pages import render
from hub.web.rights import Principal, Right

router = APIRouter(include_in_schema=False)
Service = Annotated[AttendanceService, provided(AttendanceService)]


@dataclass(frozen=True, slots=True)
class AttendanceSheet:
    """A day of the team, or one's own with the month around it."""

    heading: str
    day: str
    may_team: bool
    may_own: bool
    whose: str
    no_person: bool
    days: tuple[DayCard, ...]
    month: MonthSheet | None
    refused: tuple[RefusedLine, ...]


@router.get("/attendance")
def attendance(
    request: Request,
    words: Speaking,
    pages: Annotated[ConsolePages, provided(ConsolePages)],
    service: Service,
    who: Annotated[Principal, requires(Right.ATTENDANCE_OWN)],
    day: Annotated[str, Query(max_length=10)] = "",
    whose: Annotated[str, Query(max_length=8)] = "",
) -> Response:
    """The sheet of a day."""
    return render(
        request, "pages/attendance.html", sheet=_sheet(words, pages, service, who, day, whose)
    )


def _sheet(
    words: Words,
    pages: ConsolePages,
    service: AttendanceService,
    who: Principal,
    day: str,
    whose: str,
) -> AttendanceSheet:
    chosen = day_or(day, words.today)
    team = who.may(Right.ATTENDANCE_READ) and (whose != "me" or who.person_id is None)
    nobody = not team and who.person_id is None
    person = None if team else who.person_id
    days = () if nobody else service.days(who, chosen, chosen, person)
    names = pages.person_names(who, words, days)
    months = () if team or nobody else service.month(who, chosen.year, chosen.month, person)
    cards = (day_card(each, names.get(each.person_id, ""), words) for each in days)
    return AttendanceSheet(
        heading=words.day(chosen),
        day=chosen.isoformat(),
        may_team=who.may(Right.ATTENDANCE_READ),
        may_own=who.person_id is not None,
        whose="team" if team else "me",
        no_person=nobody,
        days=tuple(sorted(cards, key=lambda card: (card.tone != "warn", card.name))),
        month=month_sheet(months[0], words) if months else None,
        refused=() if nobody else pages.refused(who, words, chosen, person),
    )
