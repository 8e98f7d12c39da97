"""Swaps applied to plans, minute by minute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from hub.worktime.domain import DayKind, DayPlan, Swap, SwapKind, SwapPart
from hub.worktime.minutes import Span
from tests.hub.worktime.oracle.facts import Minutes, minutes_in


@dataclass(slots=True)
class Hours:
    """Regular minutes and break minutes."""

    regular: Minutes
    breaks: Minutes


def swap_slowly(plans: Mapping[date, DayPlan], swaps: Sequence[Swap]) -> dict[date, DayPlan]:
    """Move regular hours from each `off_date` to its `worked_date`."""
    after = dict(plans)
    for swap in swaps:
        off, worked = after[swap.off_date], after[swap.worked_date]
        moved = _moved(off, swap.part)
        left = minutes_in(off.spans) - moved
        after[swap.off_date] = replace(
            off,
            kind=off.kind if left else DayKind.DAY_OFF,
            spans=runs(left),
            breaks=runs(_between(minutes_in(off.breaks), left)),
            swap_id=swap.id,
            swap_kind=swap.kind,
        )
        hours: Minutes = minutes_in(worked.spans)
        breaks: Minutes = minutes_in(worked.breaks)
        kind = worked.kind
        if swap.kind is SwapKind.COMPENSATORY:
            kind = DayKind.WORKDAY
        else:
            hours = hours | moved
            breaks = _between(breaks | minutes_in(off.breaks), hours)
        after[swap.worked_date] = replace(
            worked,
            kind=kind,
            spans=runs(hours),
            breaks=runs(breaks),
            swap_id=swap.id,
            swap_kind=swap.kind,
        )
    return after


def _moved(plan: DayPlan, part: SwapPart) -> Minutes:
    """All regular minutes, or those before or after the longest regular break."""
    hours = minutes_in(plan.spans)
    if part is SwapPart.WHOLE:
        return hours
    longest = max(span.minutes for span in plan.breaks)
    noon = min(span.start for span in plan.breaks if span.minutes == longest)
    morning = {minute for minute in hours if minute < noon}
    return morning if part is SwapPart.MORNING else hours - morning


def _between(breaks: Minutes, hours: Minutes) -> Minutes:
    """Break minutes with regular hours before and after them."""
    if not hours:
        return set()
    return {minute for minute in breaks if min(hours) < minute < max(hours)} - hours


def runs(minutes: Iterable[int]) -> tuple[Span, ...]:
    """Single minutes put together again."""
    spans: list[Span] = []
    for minute in sorted(minutes):
        if spans and spans[-1].end == minute:
            spans[-1] = Span(spans[-1].start, minute + 1)
        else:
            spans.append(Span(minute, minute + 1))
    return tuple(spans)
