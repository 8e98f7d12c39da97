"""One date sorted out: which of its minutes are regular, paid, extra, or missing.

docs/attendance-rules.md, "Which minutes are regular" and "Which minutes are paid beyond that".
Every minute of presence comes out once: as a break, regular, paid, duty, extra, or handed on to
the next date, whose regular hours the end of a long night has reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from hub.worktime.domain import (
    DayFile,
    DayKind,
    DayPlan,
    Explained,
    ExplainedKind,
    Order,
    Presence,
)
from hub.worktime.minutes import (
    DAY_MIN,
    Span,
    Spans,
    common,
    either,
    joined,
    moved,
    total,
    within,
    without,
)
from hub.worktime.ordinance import TripOvertime

FREE = frozenset({DayKind.HOLIDAY, DayKind.YEAR_END})
"""Kinds of dates on whose regular hours nobody needs to be there."""
_NEXT_DAY = Span(DAY_MIN, 2 * DAY_MIN)
_EVER = 1_000_000


@dataclass(frozen=True, slots=True)
class Around:
    """What of the neighbouring dates one date is reckoned with. `plan_at` gives the plan of any
    calendar date that a minute may lie on. `hands_on`: the next date's regular hours are reckoned
    on that date, because the person is employed then."""

    plan_at: Callable[[date], DayPlan]
    before_plan: DayPlan | None = None
    before_presence: Presence | None = None
    before_orders: tuple[Order, ...] = ()
    after_plan: DayPlan | None = None
    hands_on: bool = True


@dataclass(frozen=True, slots=True)
class DayMinutes:
    """A date's minutes, sorted. `due`: regular hours somebody has to be there in; `worked`: those
    present in; `regular`: with those done elsewhere. `paid`: ordered and present outside regular
    hours; `holiday`: likewise in the regular hours of a holiday. `run_on`: regular minutes of a
    rostered shift past midnight that lie on a holiday."""

    present: Spans
    rest: Spans
    due: Spans
    worked: Spans
    regular: Spans
    explained: Mapping[ExplainedKind, int]
    missing: Spans
    paid: Spans
    holiday: Spans
    run_on: Spans
    extra: Spans
    unmet: Spans


def sort_minutes(
    file: DayFile, around: Around, trip_overtime: TripOvertime = TripOvertime.NEEDS_PUNCHES
) -> DayMinutes:
    """Sort the minutes of a date on which the person is employed. `trip_overtime`: what shows that
    overtime ordered on a date of work elsewhere was done."""
    plan, presence = file.plan, file.presence
    own = joined(plan.spans)
    due, free = _due_and_free(plan, own, around)
    present = joined(presence.spans)
    awake, at_work, rest = _breaks_taken(present, presence, plan)
    there = either(at_work, _arriving(own, around)) if own else ()
    handed_on = _handed_on(own, around) if _runs_on(file) else ()
    outside_of = either(own, handed_on)
    duty = _spans_of(file.explained, ExplainedKind.DUTY)
    orders = joined(span for order in file.orders for span in order.spans)

    vouched = orders if goes_by_order(file, trip_overtime) else ()

    worked = common(due, there)
    regular, explained, missing = _accounted(due, worked, file.explained)
    if duty and (minutes := total(without(duty, either(due, handed_on)))):
        explained[ExplainedKind.DUTY] = minutes

    outside = without(orders, outside_of)
    done = either(awake, vouched)
    paid = without(common(outside, done), duty)
    unmet = without(outside, done)
    extra = without(without(at_work, outside_of), either(orders, duty))
    holiday: Spans = ()
    if free:
        ordered = common(free, either(orders, _orders_before(around)))
        allowed = free if plan.rostered else ordered
        done = either(there, vouched)
        holiday = without(common(allowed, done), duty)
        unmet = either(unmet, without(ordered, done))
        extra = either(extra, without(common(free, there), either(allowed, duty)))
    return DayMinutes(
        present=present,
        rest=without(rest, paid),
        due=due,
        worked=worked,
        regular=regular,
        explained=explained,
        missing=missing,
        paid=paid,
        holiday=holiday,
        run_on=_run_on(worked, plan, around),
        extra=extra,
        unmet=unmet,
    )


def goes_by_order(file: DayFile, trip_overtime: TripOvertime) -> bool:
    """Whether a date's orders need no punches: somebody worked elsewhere, nobody punched, and the
    ordinance takes them at their word."""
    presence = file.presence
    if trip_overtime is not TripOvertime.AS_ORDERED or presence.spans:
        return False
    elsewhere = any(claim.kind.is_work for claim in file.explained)
    return elsewhere and not (presence.open or presence.missing)


def _breaks_taken(present: Spans, presence: Presence, plan: DayPlan) -> tuple[Spans, Spans, Spans]:
    """Give presence less punched breaks, less all breaks, and the breaks in it. Punched breaks
    stand for the regular ones of that date."""
    if presence.breaks:
        awake = without(present, presence.breaks)
        return awake, awake, common(present, presence.breaks)
    return present, without(present, plan.breaks), common(present, plan.breaks)


def _due_and_free(plan: DayPlan, own: Spans, around: Around) -> tuple[Spans, Spans]:
    """Part regular hours into those that have to be worked and those of a holiday. A rostered shift
    that leaves its holiday at midnight is regular work from then on."""
    if plan.kind not in FREE:
        return own, ()
    beyond = common(own, (_NEXT_DAY,)) if plan.rostered else ()
    if not beyond or around.plan_at(_next(plan.work_date)).holiday:
        return (), own
    return beyond, without(own, beyond)


def _next(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _arriving(own: Spans, around: Around) -> Spans:
    """The end of the shift of the date before that reaches this date's regular hours."""
    presence = around.before_presence
    if presence is None or all(span.end <= DAY_MIN for span in presence.spans):
        return ()
    plan = around.before_plan
    taken = presence.breaks or (plan.breaks if plan else ())
    night = without(common(presence.spans, (_NEXT_DAY,)), (*taken, *(plan.spans if plan else ())))
    return common(moved(night, -DAY_MIN), within(own, 0, DAY_MIN))


def _runs_on(file: DayFile) -> bool:
    """Whether anything of a date lies past midnight, as on most it does not."""
    stretches = [*file.presence.spans]
    for order in file.orders:
        stretches += order.spans
    for claim in file.explained:
        stretches += claim.spans
    return any(span.end > DAY_MIN for span in stretches)


def _handed_on(own: Spans, around: Around) -> Spans:
    """The next date's regular hours, in minutes of this one: reckoned there, not here."""
    if around.after_plan is None or not around.hands_on or not around.after_plan.spans:
        return ()
    return without(moved(within(around.after_plan.spans, 0, DAY_MIN), DAY_MIN), own)


def _orders_before(around: Around) -> Spans:
    """Orders of the date before, as far as they reach this one."""
    orders = joined(span for order in around.before_orders for span in order.spans)
    return moved(common(orders, (_NEXT_DAY,)), -DAY_MIN)


def _accounted(
    due: Spans, worked: Spans, claims: tuple[Explained, ...]
) -> tuple[Spans, dict[ExplainedKind, int], Spans]:
    """Give regular work with what was done elsewhere, what is explained otherwise by kind, and what
    is missing. A minute explained twice counts for the kind named first in `ExplainedKind`."""
    if not claims:
        return worked, {}, without(due, worked)
    elsewhere = joined(span for claim in claims if claim.kind.is_work for span in claim.spans)
    regular = either(worked, common(due, elsewhere))
    missing = without(due, regular)
    explained: dict[ExplainedKind, int] = {}
    for kind in ExplainedKind:
        if kind.is_work or kind is ExplainedKind.DUTY:
            continue
        away = common(missing, _spans_of(claims, kind))
        if away:
            explained[kind] = total(away)
            missing = without(missing, away)
    return regular, explained, missing


def _spans_of(claims: tuple[Explained, ...], kind: ExplainedKind) -> Spans:
    return joined(span for claim in claims if claim.kind is kind for span in claim.spans)


def _run_on(worked: Spans, plan: DayPlan, around: Around) -> Spans:
    if not plan.rostered or not worked or worked[-1].end <= DAY_MIN:
        return ()
    after = around.plan_at(_next(plan.work_date))
    return common(worked, (_NEXT_DAY,)) if after.holiday else ()
