"""What the doors saw of somebody, date by date: pure.

A passage belongs to the work date of the shift around it, with some time before and after, so that
a night shift's way home is not the next day's first event; else to its own date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from hub.attendance.domain import Day, start_of, work_date_of
from wire.policy_bodies import Side

AROUND: Final = timedelta(hours=3)
"""So long before the first in and after the last out of a shift a passage is still that shift's."""


class Passed(NamedTuple):
    """That somebody was let in at a reader of a door."""

    at: datetime
    door_id: str | None
    side: Side | None


@dataclass(frozen=True, slots=True)
class SeenAtDoors:
    """The first and the last passage of a work date. `inside`: the last one led in, at a door that
    is read on the way out as well; `left_unseen`: the first one led out. `expected`: this person
    passes read doors on most days they work, so that silence means something. `blind`: spans in
    which a reader they use was down."""

    first_at: datetime | None = None
    last_at: datetime | None = None
    inside: bool = False
    left_unseen: bool = False
    expected: bool = False
    blind: tuple[tuple[datetime, datetime], ...] = ()

    def minutes(self, work_date: date) -> tuple[int | None, int | None]:
        """Give first and last as minutes of a work date."""
        midnight = start_of(work_date)
        found = tuple(
            None if each is None else (each - midnight) // timedelta(minutes=1)
            for each in (self.first_at, self.last_at)
        )
        return found[0], found[1]


def seen_by_date(
    passed: Iterable[Passed],
    days: Mapping[date, Day],
    read_both_ways: Collection[str],
    blind: Iterable[tuple[datetime, datetime]] = (),
) -> dict[date, SeenAtDoors]:
    """Give what the doors saw by work date. `read_both_ways` are the doors with readers on both
    sides: of others nobody knows who left."""
    by_date: dict[date, list[Passed]] = defaultdict(list)
    for each in sorted(passed, key=lambda one: one.at):
        by_date[_date_of(each.at, days)].append(each)
    worked = [day for day, found in days.items() if found.shifts]
    often = sum(1 for day in worked if by_date.get(day))
    expected = bool(worked) and often * 2 > len(worked)
    gaps = tuple(blind)
    dates = sorted({*by_date, *worked})
    return {
        day: _seen(day, by_date.get(day, []), read_both_ways, gaps, expected=expected)
        for day in dates
    }


def _seen(
    day: date,
    found: list[Passed],
    read_both_ways: Collection[str],
    gaps: tuple[tuple[datetime, datetime], ...],
    *,
    expected: bool,
) -> SeenAtDoors:
    begins, ends = start_of(day), start_of(day) + timedelta(days=2)
    blind = tuple(gap for gap in gaps if gap[0] < ends and gap[1] > begins)
    sure = [each for each in found if each.door_id in read_both_ways]
    return SeenAtDoors(
        first_at=found[0].at if found else None,
        last_at=found[-1].at if found else None,
        inside=bool(sure) and sure[-1] is found[-1] and sure[-1].side is Side.ENTRY,
        left_unseen=bool(sure) and sure[0] is found[0] and sure[0].side is Side.EXIT,
        expected=expected,
        blind=blind,
    )


def _date_of(at: datetime, days: Mapping[date, Day]) -> date:
    """The date of the shift around it, which may have begun the day before; else its own."""
    own = work_date_of(at)
    for day in (own - timedelta(days=1), own):
        found = days.get(day)
        for shift in found.shifts if found else ():
            start, end = shift.starts_at or shift.ends_at, shift.ends_at or shift.starts_at
            if start is None or end is None:
                continue
            reaches = day == own or work_date_of(end) > day
            if reaches and start - AROUND <= at <= end + AROUND:
                return day
    return own
