"""Attendance of the demo's staff since the first of last month, so that it can be closed by hand.

Nobody tapped in the past: each punch is added by a correction whose cause says that it is a sample.
Last month holds one forgotten out, one evening of approved overtime and one day of approved leave,
and nobody has signed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.demo.api import Api
from hub.worktime.calendar import is_holiday

_TOKYO: Final = ZoneInfo("Asia/Tokyo")
_DAY: Final = timedelta(days=1)
_CAUSE: Final = "見本"
_SATURDAY: Final = 5
_FROM_MIN: Final = 1_035
_UNTIL_MIN: Final = 1_155
OVERTIME_MIN: Final = _UNTIL_MIN - _FROM_MIN
"""The evening is from 17:15 to 19:15."""
FORGETFUL: Final = "ichiro"
"""Whose out, evening and leave they are, by the plan's key."""


@dataclass(frozen=True, slots=True)
class SampleMonth:
    """Last month as the demo tells it: its working days, and three of them that are not plain."""

    first: date
    days: tuple[date, ...]

    @property
    def name(self) -> str:
        """As the API writes it: `2026-04`."""
        return f"{self.first:%Y-%m}"

    @property
    def overtime(self) -> date:
        """The evening of approved overtime."""
        return self.days[4]

    @property
    def forgotten(self) -> date:
        """Nobody clocked out."""
        return self.days[8]

    @property
    def leave(self) -> date:
        """The day of approved leave."""
        return self.days[12]


def last_month(today: date) -> SampleMonth:
    """Give the month before the one of a date."""
    end = today.replace(day=1)
    first = (end - _DAY).replace(day=1)
    return SampleMonth(first, tuple(_working_days(first, end)))


def fill_months(api: Api, people: dict[str, str], today: date) -> None:
    """Grant leave, have overtime and leave approved, and add the punches up to yesterday."""
    month = last_month(today)
    for year in sorted({month.first.year, today.year}):
        api.post("/api/v1/leave/grants", {"leave_kind": "annual", "year": year})
    _approved(api, people[FORGETFUL], month)
    for key, person in people.items():
        for day in _working_days(month.first, today):
            for at, direction in _punches(key, day, month):
                body = {"action": "add", "person_id": person, "direction": direction}
                body |= {"at": at.isoformat(), "cause": _CAUSE}
                api.post("/api/v1/attendance/corrections", body)


def _working_days(first: date, end: date) -> Iterator[date]:
    """The weekdays from one date until before another that are no holidays."""
    day = first
    while day < end:
        if day.weekday() < _SATURDAY and is_holiday(day) is None:
            yield day
        day += _DAY


def _punches(key: str, day: date, month: SampleMonth) -> Iterator[tuple[datetime, str]]:
    """When somebody came and went: some minutes before and after their hours."""
    own = key == FORGETFUL
    if own and day == month.leave:
        return
    # Not the same minute every day, yet the same at every start.
    yield _at(day, time(8, 14 + 7 * day.day % 13)), "in"
    if own and day == month.forgotten:
        return
    out = time(19, 18) if own and day == month.overtime else time(17, 16 + 5 * day.day % 11)
    yield _at(day, out), "out"


def _at(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, _TOKYO)


def _approved(api: Api, person: str, month: SampleMonth) -> None:
    """Overtime and leave, handed in and approved by personnel: the demo's token leads nobody. The
    rule that lets it goes again, and what visitors apply for is asked of the head."""
    rule = api.post(
        "/api/v1/approval_chains",
        {"name": _CAUSE, "position": 1, "steps": [{"approver": "personnel"}]},
    )
    spans = [{"start": _FROM_MIN, "end": _UNTIL_MIN}]
    work = {"work_date": month.overtime.isoformat(), "spans": spans, "reason": "文化祭の準備"}
    leave = {"leave_kind": "annual", "first": month.leave.isoformat()}
    leave["last"] = leave["first"]
    wanted: tuple[dict[str, Any], ...] = (
        {"kind": "overtime", "work": work},
        {"kind": "leave", "leave": leave},
    )
    for each in wanted:
        made = api.post("/api/v1/applications", {**each, "person_id": person, "submit": True})
        seen = {"version": made["version"], "step": made["step"], "comment": _CAUSE}
        api.post(f"/api/v1/applications/{made['id']}/approve", seen)
    api.delete(f"/api/v1/approval_chains/{rule['id']}")
