"""What somebody applied for on the dates of their month, and what one would apply for on one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hub.applications.bodies import ApplicationKind as Kind
from hub.applications.domain import Application, State
from hub.pages.views.timesheet_notes import Link
from hub.pages.words import Words
from hub.timesheets.domain import DaySheet

_GONE: Final = frozenset({State.WITHDRAWN, State.CANCELLED})
_ON_WORKDAYS: Final = (Kind.LEAVE, Kind.TRIP, Kind.TELEWORK)
_ON_DAYS_OFF: Final = (Kind.HOLIDAY_WORK, Kind.SWAP)


@dataclass(frozen=True, slots=True)
class Applied:
    """An application in a month's table."""

    path: str
    kind: str
    state: str


def applied_by_date(
    found: Iterable[Application], first: date, last: date, words: Words
) -> Mapping[str, tuple[Applied, ...]]:
    """Give applications by ISO date, on every date of `[first, last]` that they reach over; those
    that were taken back are left out."""
    by_date: dict[str, tuple[Applied, ...]] = {}
    for each in reversed(tuple(found)):
        if each.state in _GONE:
            continue
        line = Applied(
            path=f"/my/applications/{each.id}",
            kind=words.t(f"application.kind.{each.kind.value}"),
            state=words.t(f"application.state.{each.state.value}"),
        )
        day = max(each.first, first)
        while day <= min(each.last, last):
            by_date[day.isoformat()] = (*by_date.get(day.isoformat(), ()), line)
            day += timedelta(days=1)
    return by_date


def offers(sheet: DaySheet, words: Words) -> tuple[Link, ...]:
    """Give what one would apply for on a date: absences on workdays, work on days off, overtime
    before or after it, and corrections of punches once it has come."""
    day = sheet.result.work_date
    kinds: list[Kind] = list(_ON_WORKDAYS if sheet.plan.due_spans else _ON_DAYS_OFF)
    if sheet.plan.due_spans:
        kinds.insert(0, Kind.OVERTIME if day >= words.today else Kind.OVERTIME_AFTER)
    if day <= words.today:
        kinds.insert(0, Kind.PUNCH)
    return tuple(
        Link(
            f"/my/applications/new?kind={kind.value}&date={day.isoformat()}",
            words.t(f"application.kind.{kind.value}"),
        )
        for kind in kinds
    )
