"""From punches to days: pure, deterministic, and indifferent to the order punches arrived in.

Three steps: set aside what does not count (duplicates, untrusted times), fold explicit in, out
and breaks into shifts, and read door taps as first in, last out on days without explicit ones.
A shift belongs to the date on which it started, however far past midnight it runs; and so does
what goes on with it within rostered hours, after an out and an in again. Whoever comes to such
hours only after midnight is late for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from hub.attendance.domain import (
    BreakSource,
    Day,
    DayProblem,
    Flag,
    Ignored,
    Nights,
    Punch,
    ReadPunch,
    Rules,
    Shift,
    start_of,
    whole_minutes,
    work_date_of,
)
from wire.events import PunchDirection

_BREAKS = frozenset({PunchDirection.BREAK_START, PunchDirection.BREAK_END})
_NO_NIGHTS: Final[Nights] = {}


def derive_days(
    punches: Iterable[Punch],
    rules: Rules,
    now: datetime,
    nights: Mapping[str, Nights] | None = None,
) -> tuple[Day, ...]:
    """Give every day that the punches touch, by person and date. `now` only tells a shift that
    goes on from one whose `out` is missing; `nights` are people's rostered ones."""
    by_person: dict[str, list[Punch]] = defaultdict(list)
    for punch in punches:
        by_person[punch.person_id].append(punch)
    days: list[Day] = []
    for person_id in sorted(by_person):
        theirs = (nights or {}).get(person_id, _NO_NIGHTS)
        days += _person_days(person_id, by_person[person_id], rules, now, theirs)
    return tuple(days)


def set_aside(punches: Sequence[Punch], rules: Rules) -> dict[int, Ignored]:
    """Say which of one person's punches (in time order) do not count before any day is looked at:
    voided ones, untrusted or future times that nobody corrected, and repeats within `duplicate_s`
    of the last one kept."""
    aside: dict[int, Ignored] = {}
    kept: dict[PunchDirection, datetime] = {}
    ahead, near = timedelta(seconds=rules.ahead_s), timedelta(seconds=rules.duplicate_s)
    for punch in punches:
        last = kept.get(punch.direction)
        if punch.voided:
            aside[punch.id] = Ignored.VOIDED
        elif not punch.trusted:
            aside[punch.id] = Ignored.CLOCK_UNTRUSTED
        elif punch.corrected_by is None and punch.corrected_at > punch.received_at + ahead:
            aside[punch.id] = Ignored.CLOCK_AHEAD
        elif last is not None and punch.corrected_at - last <= near:
            aside[punch.id] = Ignored.DUPLICATE
        else:
            kept[punch.direction] = punch.corrected_at
    return aside


@dataclass(slots=True)
class _Open:
    """A shift while punches are folded into it."""

    starts_at: datetime | None
    ends_at: datetime | None = None
    breaks: list[tuple[datetime | None, datetime | None]] = field(default_factory=list)
    punches: list[Punch] = field(default_factory=list)
    inferred: bool = False
    night_of: date | None = None

    @property
    def work_date(self) -> date:
        return self.night_of or work_date_of(self.punches[0].corrected_at)

    def is_over(self, at: datetime, rules: Rules) -> bool:
        """Whether a punch at that time can no longer belong here."""
        begun = self.starts_at or self.punches[0].corrected_at
        too_late = at - begun > timedelta(minutes=rules.shift_max_min)
        return self.ends_at is not None or too_late


def _person_days(
    person_id: str, punches: Sequence[Punch], rules: Rules, now: datetime, nights: Nights
) -> list[Day]:
    ordered = sorted(punches, key=lambda punch: (punch.corrected_at, punch.id))
    ignored = set_aside(ordered, rules)
    counted = [punch for punch in ordered if punch.id not in ignored]
    explicit = [p for p in counted if p.direction is not PunchDirection.INFERRED]
    taps = [p for p in counted if p.direction is PunchDirection.INFERRED]
    shifts = _fold(explicit, rules)
    if nights:
        _place_in_nights(shifts, rules, nights)
    explicit_dates = {shift.work_date for shift in shifts}
    placed = {p.id: shift.work_date for shift in shifts for p in shift.punches}
    for day, group in _tap_days(taps, shifts, rules).items():
        placed |= {tap.id: day for tap in group}
        if day in explicit_dates:
            ignored |= {tap.id: Ignored.PRESENCE_ONLY for tap in group}
        else:
            ignored |= {tap.id: Ignored.BETWEEN for tap in group[1:-1]}
            shifts.append(_inferred(group))
    return _days(person_id, ordered, shifts, placed, ignored, rules, now)


def _fold(punches: Sequence[Punch], rules: Rules) -> list[_Open]:
    """Fold explicit punches into shifts. An `in` always opens one; an `out` closes the open one;
    whatever finds no open shift opens one whose `in` is missing."""
    shifts: list[_Open] = []
    for punch in punches:
        at, direction = punch.corrected_at, punch.direction
        current = shifts[-1] if shifts and not shifts[-1].is_over(at, rules) else None
        if current is None or direction is PunchDirection.IN:
            current = _Open(starts_at=at if direction is PunchDirection.IN else None)
            shifts.append(current)
        current.punches.append(punch)
        if direction is PunchDirection.OUT:
            current.ends_at = at
        elif direction in _BREAKS:
            _fold_break(current, punch)
    return shifts


def _place_in_nights(shifts: Sequence[_Open], rules: Rules, nights: Nights) -> None:
    """Give a shift that began past the midnight of rostered hours their work date: if it goes on
    with the one before it, for whoever was out for a while has not ended the night; or if it is
    the first there, for whoever comes after midnight only is late for the night."""
    before: _Open | None = None
    for shift in shifts:
        if shift.starts_at is not None:
            if before is not None and _goes_on(before, shift.starts_at, rules, nights):
                shift.night_of = before.work_date
            else:
                shift.night_of = _late_for(before, shift.starts_at, rules, nights)
        before = shift


def _goes_on(before: _Open, at: datetime, rules: Rules, nights: Nights) -> bool:
    night = nights.get(before.work_date)
    if before.ends_at is None or night is None:
        return False
    return at - before.ends_at <= timedelta(minutes=rules.back_within_min) and at < night.ends_at


def _late_for(before: _Open | None, at: datetime, rules: Rules, nights: Nights) -> date | None:
    """The date before, if its night still lasts, nobody punched since that began, and nothing is
    open from before."""
    eve = work_date_of(at) - timedelta(days=1)
    night = nights.get(eve)
    if night is None or not night.starts_at <= at < (night.next_at or night.ends_at):
        return None
    if at >= night.ends_at:
        return None
    if before is None:
        return eve
    idle = before.is_over(at, rules) and before.punches[-1].corrected_at < night.starts_at
    return eve if idle else None


def _fold_break(shift: _Open, punch: Punch) -> None:
    pending = bool(shift.breaks) and shift.breaks[-1][1] is None
    if punch.direction is PunchDirection.BREAK_START:
        shift.breaks.append((punch.corrected_at, None))
    elif pending:
        shift.breaks[-1] = (shift.breaks[-1][0], punch.corrected_at)
    else:
        shift.breaks.append((None, punch.corrected_at))


def _tap_days(
    taps: Sequence[Punch], shifts: Sequence[_Open], rules: Rules
) -> dict[date, list[Punch]]:
    """Give each door tap its work date: that of the explicit shift it falls into; else, before
    `day_starts_min`, the day before if the person tapped then; else its own."""
    days: dict[date, list[Punch]] = defaultdict(list)
    for tap in taps:
        at = tap.corrected_at
        day = work_date_of(at)
        around = next((s for s in shifts if s.starts_at and s.starts_at <= at <= _end(s)), None)
        yesterday = day - timedelta(days=1)
        early = at - start_of(day) < timedelta(minutes=rules.day_starts_min)
        if around is not None:
            day = around.work_date
        elif early and days.get(yesterday):
            day = yesterday
        days[day].append(tap)
    return days


def _end(shift: _Open) -> datetime:
    return shift.ends_at or shift.punches[-1].corrected_at


def _inferred(group: list[Punch]) -> _Open:
    shift = _Open(starts_at=group[0].corrected_at, punches=[group[0]], inferred=True)
    if len(group) > 1:
        shift.ends_at = group[-1].corrected_at
        shift.punches.append(group[-1])
    return shift


def _days(
    person_id: str,
    ordered: Sequence[Punch],
    shifts: Sequence[_Open],
    placed: dict[int, date],
    ignored: dict[int, Ignored],
    rules: Rules,
    now: datetime,
) -> list[Day]:
    by_date: dict[date, list[_Open]] = defaultdict(list)
    for shift in sorted(shifts, key=lambda s: s.punches[0].corrected_at):
        by_date[shift.work_date if not shift.inferred else placed[shift.punches[0].id]].append(
            shift
        )
    read: dict[date, list[ReadPunch]] = defaultdict(list)
    late_after = timedelta(seconds=rules.late_after_s)
    for punch in ordered:
        day = placed.get(punch.id) or work_date_of(punch.corrected_at)
        read[day].append(ReadPunch(punch, ignored.get(punch.id), _flags(punch, late_after)))
    return [
        Day(
            person_id=person_id,
            work_date=day,
            shifts=tuple(_close(shift, rules, now) for shift in by_date[day]),
            punches=tuple(read[day]),
            problems=_problems(by_date[day], read[day], rules, now),
        )
        for day in sorted(read)
    ]


def _flags(punch: Punch, late_after: timedelta) -> tuple[Flag, ...]:
    at = punch.corrected_at
    flags: tuple[Flag, ...] = ()
    if at != punch.at and punch.corrected_by is None:
        flags += (Flag.CORRECTED,)
    if punch.received_at - at > late_after and not punch.added:
        flags += (Flag.LATE,)
    if punch.direction is PunchDirection.INFERRED:
        flags += (Flag.INFERRED,)
    return flags if punch.corrected_by is None else flags + _by_hand(punch)


def _by_hand(punch: Punch) -> tuple[Flag, ...]:
    """What a person's word changed."""
    found = (
        (Flag.ADDED, punch.added),
        (Flag.MOVED, punch.original_at not in (None, punch.corrected_at)),
        (Flag.TURNED, punch.original_direction not in (None, punch.direction)),
    )
    return tuple(flag for flag, holds in found if holds)


def _is_open(shift: _Open, rules: Rules, now: datetime) -> bool:
    return shift.ends_at is None and not shift.is_over(now, rules)


def _close(shift: _Open, rules: Rules, now: datetime) -> Shift:
    start, end = shift.starts_at, shift.ends_at
    present = whole_minutes(start, end) if start and end else 0
    break_min, source = (0, BreakSource.NONE)
    if start and end:
        break_min, source = _break(shift, start, end, rules)
    return Shift(
        starts_at=start,
        ends_at=end,
        open=_is_open(shift, rules, now),
        present_min=present,
        break_min=break_min,
        break_source=source,
        worked_min=max(0, present - break_min),
        breaks=_whole_breaks(shift) if start and end else (),
    )


def _break(shift: _Open, start: datetime, end: datetime, rules: Rules) -> tuple[int, BreakSource]:
    if shift.breaks:
        return sum(whole_minutes(*pair) for pair in _whole_breaks(shift)), BreakSource.PUNCHED
    midnight = start_of(work_date_of(start))
    begin = max(start, midnight + timedelta(minutes=rules.break_from_min))
    finish = min(end, midnight + timedelta(minutes=rules.break_to_min))
    minutes = whole_minutes(begin, finish)
    return minutes, BreakSource.REGULAR if minutes else BreakSource.NONE


def _whole_breaks(shift: _Open) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((begin, finish) for begin, finish in shift.breaks if begin and finish)


def _problems(
    shifts: Sequence[_Open], read: Sequence[ReadPunch], rules: Rules, now: datetime
) -> tuple[DayProblem, ...]:
    waiting = {Ignored.CLOCK_UNTRUSTED, Ignored.CLOCK_AHEAD}
    found: set[DayProblem] = set()
    for shift in shifts:
        running = _is_open(shift, rules, now)
        ended = shift.breaks[:-1] if running else shift.breaks
        checks = (
            (DayProblem.MISSING_IN, shift.starts_at is None),
            (DayProblem.MISSING_OUT, shift.ends_at is None and not running),
            (DayProblem.MISSING_BREAK_START, any(begin is None for begin, _ in shift.breaks)),
            (DayProblem.MISSING_BREAK_END, any(end is None for _, end in ended)),
        )
        found |= {problem for problem, holds in checks if holds}
    if any(item.ignored in waiting for item in read):
        found.add(DayProblem.WAITING)
    return tuple(problem for problem in DayProblem if problem in found)
