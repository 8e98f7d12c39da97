"""Who was there when, read from punches as docs/attendance-rules.md says: from punches to presence.

One punch after the other, with a plain record for what is going on; knows only trusted punches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from hub.attendance.domain import TOKYO, Nights, Punch, Rules
from wire.events import PunchDirection

IN, OUT = PunchDirection.IN, PunchDirection.OUT
START, END = PunchDirection.BREAK_START, PunchDirection.BREAK_END


@dataclass(slots=True)
class There:
    """A work date: minutes from 00:00 of it in which somebody was in, those of punched breaks, and
    whether anything could not be read."""

    minutes: set[int] = field(default_factory=set)
    breaks: set[int] = field(default_factory=set)
    unread: bool = False


@dataclass(slots=True)
class _Stay:
    day: date
    begun: datetime
    came: datetime | None
    left: datetime | None = None
    rest_since: datetime | None = None
    rests: list[tuple[datetime, datetime]] = field(default_factory=list)
    broken: bool = False


def read_slowly(punches: Iterable[Punch], rules: Rules, nights: Nights) -> dict[date, There]:
    """Read one person's in, out and breaks. All is long over."""
    stays: list[_Stay] = []
    counted: list[datetime] = []
    last: dict[PunchDirection, datetime] = {}
    for punch in sorted(punches, key=lambda one: (one.corrected_at, one.id)):
        at, way = punch.corrected_at, punch.direction
        if way in last and (at - last[way]).total_seconds() <= rules.duplicate_s:
            continue
        last[way] = at
        stay = stays[-1] if stays else None
        goes_on = (
            stay is not None
            and stay.left is None
            and (at - stay.begun).total_seconds() <= 60 * rules.shift_max_min
        )
        if way is IN or not goes_on:
            day = at.astimezone(TOKYO).date()
            if way is IN and stay is not None and _has_come_back(at, stay, rules, nights):
                day = stay.day
            elif way is IN and not goes_on and _comes_late(at, counted, nights):
                day -= timedelta(days=1)
            stay = _Stay(day, at, at if way is IN else None)
            stays.append(stay)
        assert stay is not None
        _take(stay, way, at)
        counted.append(at)
    found: dict[date, There] = {}
    for stay in stays:
        _add(found.setdefault(stay.day, There()), stay)
    return found


def _has_come_back(at: datetime, stay: _Stay, rules: Rules, nights: Nights) -> bool:
    """Whether somebody who went out in a rostered night is in again while it lasts."""
    if stay.left is None or stay.day not in nights:
        return False
    away_min = (at - stay.left).total_seconds() / 60
    return away_min <= rules.back_within_min and at < nights[stay.day].ends_at


def _comes_late(at: datetime, counted: Iterable[datetime], nights: Nights) -> bool:
    """Whether it is past the midnight of a rostered night in which nobody has punched yet."""
    night = nights.get(at.astimezone(TOKYO).date() - timedelta(days=1))
    if night is None or any(night.starts_at <= each for each in counted):
        return False
    too_late = [night.ends_at] if night.next_at is None else [night.ends_at, night.next_at]
    return night.starts_at <= at and all(at < each for each in too_late)


def _take(stay: _Stay, way: PunchDirection, at: datetime) -> None:
    if way is OUT:
        stay.left = at
    elif way is START:
        stay.broken = stay.broken or stay.rest_since is not None
        stay.rest_since = at
    elif way is END and stay.rest_since is not None:
        stay.rests.append((stay.rest_since, at))
        stay.rest_since = None
    elif way is END:
        stay.broken = True


def _add(there: There, stay: _Stay) -> None:
    if stay.came is None or stay.left is None or stay.broken or stay.rest_since is not None:
        there.unread = True
    if stay.came is None or stay.left is None:
        return
    midnight = datetime(stay.day.year, stay.day.month, stay.day.day, tzinfo=TOKYO)
    there.minutes |= _minutes(stay.came, stay.left, midnight)
    for begin, end in stay.rests:
        there.breaks |= _minutes(begin, end, midnight)


def _minutes(begin: datetime, end: datetime, midnight: datetime) -> set[int]:
    """Each minute from the one that the clock shows at one instant to that at the other."""
    shown = []
    for at in (begin, end):
        shown.append((at.replace(second=0, microsecond=0) - midnight) // timedelta(minutes=1))
    return set(range(*shown))
