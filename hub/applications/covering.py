"""What an application covers on each date, by the plan of the person. Pure.

Leave on a day off takes nothing and covers nothing. A whole day covers the date's regular hours,
which may run past midnight; half of it those before or after the regular break.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from hub.applications.bodies import (
    AwayBody,
    Body,
    DutyBody,
    LeaveBody,
    LeavePart,
    PunchBody,
    SwapBody,
    WorkBody,
    dates_of,
    spans_of,
)
from hub.applications.domain import DayClaim
from hub.worktime.domain import DayKind, DayPlan
from hub.worktime.minutes import Span, Spans, common, joined, total
from hub.worktime.swaps import part_of

Plans = Mapping[date, DayPlan]


def covered(body: Body, plans: Plans) -> tuple[DayClaim, ...]:
    """Give what a body covers, date by date; dates that it does not touch are left out. Of a swap
    it is the hours that leave its day off."""
    match body:
        case WorkBody() | DutyBody():
            spans = joined(spans_of(body.spans))
            return (_claim(body.work_date, spans),) if spans else ()
        case LeaveBody():
            claims = (_leave(body, day, plans) for day in dates_of(body))
            return tuple(each for each in claims if each is not None)
        case AwayBody():
            claims = (_away(body, day, plans) for day in dates_of(body))
            return tuple(each for each in claims if each is not None)
        case SwapBody():
            plan = plans.get(body.off_date)
            hours = joined(part_of(plan, body.part)[0]) if plan is not None else ()
            return (_claim(body.off_date, hours),) if hours else ()
        case PunchBody():
            return ()


def morning_and_afternoon(plan: DayPlan) -> tuple[Spans, Spans]:
    """Give a plan's regular hours before and after its break; without one, in two equal halves."""
    whole = joined(plan.spans)
    if not whole:
        return (), ()
    inner = [each for each in plan.breaks if whole[0].start < each.start < whole[-1].end]
    if inner:
        longest = max(inner, key=lambda each: (each.minutes, -each.start))
        at = longest.start
    else:
        at = _half_way(whole)
    everything = Span(min(0, whole[0].start), max(whole[-1].end, at + 1))
    before = common(whole, [Span(everything.start, at)]) if at > everything.start else ()
    return before, common(whole, [Span(at, everything.end)])


def _half_way(whole: Spans) -> int:
    left = total(whole) // 2
    for each in whole:
        if left <= each.minutes:
            return each.start + left
        left -= each.minutes
    return whole[-1].end


_NEXT_DAY: Final = Span(1_440, 2_880)


def _regular(day: date, plans: Plans) -> Spans:
    """The regular hours that somebody has to be there for: on a holiday none, but of a rostered
    shift those past midnight, if the next date is none."""
    plan = plans.get(day)
    if plan is None:
        return ()
    if plan.kind in (DayKind.WORKDAY, DayKind.DAY_OFF):
        return joined(plan.spans)
    after = plans.get(day + timedelta(days=1))
    runs_on = plan.rostered and after is not None and not after.holiday
    return common(plan.spans, (_NEXT_DAY,)) if runs_on else ()


def _leave(body: LeaveBody, day: date, plans: Plans) -> DayClaim | None:
    plan, regular = plans.get(day), _regular(day, plans)
    if plan is None or not regular:
        return None
    match body.part:
        case LeavePart.DAY:
            return _claim(day, regular, half_days=2)
        case LeavePart.MORNING:
            spans = common(morning_and_afternoon(plan)[0], regular)
            return _claim(day, spans, half_days=1) if spans else None
        case LeavePart.AFTERNOON:
            spans = common(morning_and_afternoon(plan)[1], regular)
            return _claim(day, spans, half_days=1) if spans else None
        case LeavePart.HOURS:
            spans = common(spans_of(body.spans), regular)
            return _claim(day, spans, minutes=total(spans)) if spans else None


def _away(body: AwayBody, day: date, plans: Plans) -> DayClaim | None:
    spans = joined(spans_of(body.spans)) if body.spans else _regular(day, plans)
    return _claim(day, spans) if spans else None


def _claim(day: date, spans: Spans, *, half_days: int = 0, minutes: int = 0) -> DayClaim:
    pairs = tuple((each.start, each.end) for each in spans)
    return DayClaim(work_date=day, spans=pairs, half_days=half_days, minutes=minutes)
