"""Swaps: regular hours change places between two dates, and what the week gains by it is paid.

docs/attendance-rules.md, "Swaps".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from hub.worktime.domain import DayKind, DayPlan, Swap, SwapKind, SwapPart
from hub.worktime.minutes import Span, Spans, common, either, total, within, without
from hub.worktime.ordinance import Ordinance

_HOLIDAYS = frozenset({DayKind.HOLIDAY, DayKind.YEAR_END})
_EVER = 1_000_000


def apply_swaps(plans: Mapping[date, DayPlan], swaps: Sequence[Swap]) -> dict[date, DayPlan]:
    """Give the plans with the swaps applied in the order of their ids. Of a swap one date of which
    is not among the plans, the other is changed all the same where that can be told."""
    swapped = dict(plans)
    for swap in sorted(swaps, key=lambda swap: swap.id):
        if swap.kind is SwapKind.COMPENSATORY:
            _compensate(swapped, swap)
        else:
            _move(swapped, swap)
    return swapped


def _move(plans: dict[date, DayPlan], swap: Swap) -> None:
    """Move regular hours. Where the day off lies outside the plans, nobody can tell which hours
    would come from there: whoever asks hands in both dates."""
    off = plans.get(swap.off_date)
    if off is None:
        return
    leaving, breaks = part_of(off, swap.part)
    stay = without(off.spans, leaving)
    kind = off.kind if stay else DayKind.DAY_OFF
    plans[swap.off_date] = _touched(off, swap, kind, stay, _between(off.breaks, stay))
    worked = plans.get(swap.worked_date)
    if worked is not None:
        spans = either(worked.spans, leaving)
        there = _between(either(worked.breaks, breaks), spans)
        plans[swap.worked_date] = _touched(worked, swap, worked.kind, spans, there)


def _compensate(plans: dict[date, DayPlan], swap: Swap) -> None:
    """A worked holiday becomes a workday with the hours it would have had; a workday a day off."""
    worked, off = plans.get(swap.worked_date), plans.get(swap.off_date)
    if worked is not None:
        kind = DayKind.WORKDAY if worked.kind in _HOLIDAYS else worked.kind
        plans[swap.worked_date] = _touched(worked, swap, kind, worked.spans, worked.breaks)
    if off is not None:
        plans[swap.off_date] = _touched(off, swap, DayKind.DAY_OFF, (), ())


def _touched(plan: DayPlan, swap: Swap, kind: DayKind, spans: Spans, breaks: Spans) -> DayPlan:
    return replace(
        plan,
        kind=kind,
        spans=spans,
        breaks=breaks,
        base_spans=plan.base_spans if plan.swap_id else plan.spans,
        swap_id=swap.id,
        swap_kind=swap.kind,
    )


def part_of(plan: DayPlan, part: SwapPart) -> tuple[Spans, Spans]:
    """Give the regular hours of a part of a day, and the breaks between them. Without a break there
    are no halves."""
    rest = _regular_break(plan)
    if part is SwapPart.WHOLE:
        spans = plan.spans
    elif rest is None:
        spans = ()
    elif part is SwapPart.MORNING:
        spans = within(plan.spans, 0, rest.start)
    else:
        spans = within(plan.spans, rest.end, _EVER)
    return spans, _between(plan.breaks, spans)


def _regular_break(plan: DayPlan) -> Span | None:
    """The break that parts morning and afternoon: the longest, of equal ones the first."""
    return max(plan.breaks, key=lambda span: (span.minutes, -span.start), default=None)


def _between(breaks: Spans, spans: Spans) -> Spans:
    """The breaks that lie between regular hours: one before or after them all is none."""
    if not spans:
        return ()
    return without(within(breaks, spans[0].end, spans[-1].start), spans)


class SwapProblem(StrEnum):
    """Why a swap cannot be."""

    SAME_DAY = "same_day"
    OUTSIDE_WINDOW = "outside_window"
    """The other date lies further from the worked one than `[swaps]` of the ordinance allows."""
    UNKNOWN_DATE = "unknown_date"
    """There is no plan for one of the dates."""
    NOT_A_WORKDAY = "not_a_workday"
    """Nothing to move: the date to be free is no workday, or has no regular hours in that part."""
    NOT_A_DAY_OFF = "not_a_day_off"
    """A swap is worked on a weekly day off."""
    NOT_A_HOLIDAY = "not_a_holiday"
    """A compensatory day stands for a worked holiday or day at the year's end."""
    WHOLE_DAYS_ONLY = "whole_days_only"
    """A compensatory day is a whole day."""
    OVERLAPS = "overlaps"
    """Some of the hours have been moved to that date already."""


def swap_problem(
    swap: Swap, plans: Mapping[date, DayPlan], ordinance: Ordinance
) -> SwapProblem | None:
    """Say why a swap cannot be; None where it can. `plans` have the swaps approved before it
    applied; `ordinance` is the one in force on the worked date."""
    if swap.worked_date == swap.off_date:
        return SwapProblem.SAME_DAY
    first, last = window(swap.kind, swap.worked_date, ordinance)
    if not first <= swap.off_date <= last:
        return SwapProblem.OUTSIDE_WINDOW
    worked, off = plans.get(swap.worked_date), plans.get(swap.off_date)
    if worked is None or off is None:
        return SwapProblem.UNKNOWN_DATE
    if off.kind is not DayKind.WORKDAY or not part_of(off, swap.part)[0]:
        return SwapProblem.NOT_A_WORKDAY
    if swap.kind is SwapKind.COMPENSATORY:
        if worked.kind not in _HOLIDAYS:
            return SwapProblem.NOT_A_HOLIDAY
        return None if swap.part is SwapPart.WHOLE else SwapProblem.WHOLE_DAYS_ONLY
    if worked.kind is not DayKind.DAY_OFF:
        return SwapProblem.NOT_A_DAY_OFF
    taken = common(worked.spans, part_of(off, swap.part)[0])
    return SwapProblem.OVERLAPS if taken else None


def window(kind: SwapKind, worked_date: date, ordinance: Ordinance) -> tuple[date, date]:
    """Give the first and last date on which the other day may lie: the last one is when the right
    to a compensatory day expires."""
    rules = ordinance.swaps
    if kind is SwapKind.COMPENSATORY:
        before, after = -1, rules.compensatory_after_days
    else:
        before, after = rules.swap_before_days, rules.swap_after_days
    return worked_date - timedelta(days=before), worked_date + timedelta(days=after)


# --- the week's excess --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Week:
    """Seven dates from the day on which weeks start."""

    first: date

    @property
    def days(self) -> tuple[date, ...]:
        """Its dates in order."""
        return tuple(self.first + timedelta(days=n) for n in range(7))


def week_of(day: date, week_starts: int) -> Week:
    """Give the week in which a date lies; `week_starts` is an ISO weekday."""
    return Week(day - timedelta(days=(day.isoweekday() - week_starts) % 7))


def swap_excess(
    days: Sequence[date], plans: Mapping[date, DayPlan], week_starts: int
) -> dict[date, int]:
    """Give for the swapped-in dates among `days` their share of their week's excess, in minutes.
    `plans` reach over both ends of `days` by a week; a date without a plan changes nothing."""
    shares: dict[date, int] = {}
    for day in days:
        moved_in = _moved_in(plans[day])
        if moved_in and day not in shares:
            shares |= _apportioned(week_of(day, week_starts), plans)
    wanted = set(days)
    return {day: share for day, share in shares.items() if day in wanted and share}


def _apportioned(week: Week, plans: Mapping[date, DayPlan]) -> dict[date, int]:
    known = [plans[day] for day in week.days if day in plans]
    left = max(0, sum(total(plan.spans) - total(_base(plan)) for plan in known))
    shares = {}
    for plan in known:
        shares[plan.work_date] = min(left, _moved_in(plan))
        left -= shares[plan.work_date]
    return shares


def _base(plan: DayPlan) -> Spans:
    """Regular hours before any swap: those of a plan that no swap touched are its own."""
    return plan.base_spans if plan.swap_id is not None else plan.spans


def _moved_in(plan: DayPlan) -> int:
    return total(without(plan.spans, _base(plan))) if plan.swap_id is not None else 0
