"""What is refused when an application is handed in, and what is only said. Pure.

Each refusal and each warning has its sentence in the catalogue (`application.refusal.<value>`,
`application.warning.<value>`). Caps are never a ground to refuse: what was worked may be reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from hub.applications.bodies import (
    DAYS_MAX,
    ApplicationKind,
    AwayBody,
    Body,
    DutyBody,
    LeaveBody,
    LeavePart,
    PunchBody,
    PunchChange,
    SwapBody,
    WorkBody,
    first_and_last,
    given_spans,
    spans_of,
)
from hub.applications.collisions import PARTS, Part, collisions
from hub.applications.domain import Application, DayClaim
from hub.attendance.domain import start_of
from hub.leave.domain import LeaveKind, LeaveUnit
from hub.leave.kind_files import in_season
from hub.staff.domain import Employment
from hub.worktime.domain import DayKind, DayPlan
from hub.worktime.minutes import common, total
from wire.events import PunchDirection


class Refusal(StrEnum):
    """Why an application cannot be handed in as it is."""

    NOT_EMPLOYED = "not_employed"
    DATES_REVERSED = "dates_reversed"
    TOO_MANY_DAYS = "too_many_days"
    SPANS_MISSING = "spans_missing"
    SPANS_REVERSED = "spans_reversed"
    SPANS_OVERLAP = "spans_overlap"
    REASON_MISSING = "reason_missing"
    OVERLAPS_OTHER = "overlaps_other"
    DAY_FREED = "day_freed"
    """A swap or a compensatory day has taken the regular hours of that date away, or asks to."""
    OFF_DAY_TAKEN = "off_day_taken"
    """The day to be free is one of leave, a trip or the like."""
    WORKED_DAY_ORDERED = "worked_day_ordered"
    """The hours to be moved there are ordered as overtime or duty."""
    RESTS_ON_SWAP = "rests_on_swap"
    """Leave or a trip lies in the hours that a swap brought: the swap cannot go before it."""
    ALREADY_REGULAR = "already_regular"
    NOT_A_DAY_OFF = "not_a_day_off"
    NOT_YET_DONE = "not_yet_done"
    NOTHING_TO_MOVE = "nothing_to_move"
    ALREADY_WORKED = "already_worked"
    SAME_DATE = "same_date"
    OUTSIDE_WINDOW = "outside_window"
    NO_HOLIDAY_WORKED = "no_holiday_worked"
    NO_PLAN = "no_plan"
    WHOLE_DAYS_ONLY = "whole_days_only"
    MOVED_ALREADY = "moved_already"
    LEAVE_KIND_UNKNOWN = "leave_kind_unknown"
    LEAVE_UNIT = "leave_unit"
    LEAVE_HOUR_UNIT = "leave_hour_unit"
    LEAVE_EVIDENCE = "leave_evidence"
    LEAVE_SHORT = "leave_short"
    LEAVE_SEASON = "leave_season"
    LEAVE_ONCE = "leave_once"
    NO_REGULAR_HOURS = "no_regular_hours"
    PLACE_MISSING = "place_missing"
    PUNCH_TIME_MISSING = "punch_time_missing"
    PUNCH_DIRECTION_MISSING = "punch_direction_missing"
    PUNCH_NOT_NAMED = "punch_not_named"
    PUNCH_UNKNOWN = "punch_unknown"
    PUNCH_IN_FUTURE = "punch_in_future"
    PUNCH_VOID = "punch_void"
    PUNCH_SAME = "punch_same"


class Caution(StrEnum):
    """What the applicant and whoever approves should know."""

    OVER_CAP = "over_cap"
    NEAR_CAP = "near_cap"
    AFTER_THE_FACT = "after_the_fact"
    MONTH_CLOSED = "month_closed"
    """It becomes an adjustment."""
    LEAVE_BELOW_ZERO = "leave_below_zero"
    PARTLY_REGULAR = "partly_regular"
    """Some of what is asked for lies in regular hours, and counts as those."""
    REST_DUE = "rest_due"
    """A compensatory day has to be taken within its weeks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is refused or said, and the date it is about."""

    what: Refusal | Caution
    day: date | None = None


@dataclass(frozen=True, slots=True)
class CapFacts:
    """A month's minutes that count towards the cap, and the cap; None where there is none.
    `alerts_min` are the thresholds on the way there."""

    counted_min: int
    cap_min: int | None
    alerts_min: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a body is checked against. `plans` cover its dates, swaps applied; `others` are the
    person's other applications that are active; `short`: on which dates there is not enough leave,
    `uses_up`: that nothing of the balance is left after it; `swap_problem` asks the ordinance,
    `punch_problem` the punches; `caps` are by the first
    of the month."""

    today: date
    now: datetime
    employments: Sequence[Employment]
    plans: Mapping[date, DayPlan]
    others: Sequence[Application] = ()
    leave_kind: LeaveKind | None = None
    short: Sequence[date] = ()
    uses_up: bool = False
    swap_problem: Callable[[SwapBody], Refusal | None] = lambda _: None
    punch_problem: Callable[[PunchBody], Refusal | None] = lambda _: None
    closed: Callable[[date], bool] = lambda _: False
    caps: Mapping[date, CapFacts] = field(default_factory=dict)


K, R, W = ApplicationKind, Refusal, Caution


def shape_problems(kind: ApplicationKind, body: Body) -> list[Finding]:
    """Give what is wrong with a body by itself, whoever hands it in."""
    first, last = first_and_last(body)
    if last < first:
        return [Finding(R.DATES_REVERSED, first)]
    if (last - first).days >= DAYS_MAX:
        return [Finding(R.TOO_MANY_DAYS, first)]
    return [*_span_problems(body), *_text_problems(kind, body)]


def findings(
    kind: ApplicationKind, body: Body, claims: Sequence[DayClaim], facts: Facts
) -> list[Finding]:
    """Give what is refused and said of a body whose shape is right; `claims` are what it covers."""
    found = [*_employment(body, facts), *collision_findings(kind, body, claims, facts.others)]
    match body:
        case WorkBody():
            found += _work(kind, body, facts)
        case SwapBody():
            problem = facts.swap_problem(body)
            found += [Finding(problem, body.off_date)] if problem else []
        case LeaveBody():
            found += _leave(body, claims, facts)
        case AwayBody() | DutyBody():
            found += [] if claims else [_uncovered(body, facts)]
        case PunchBody():
            problem = facts.punch_problem(body)
            found += [Finding(problem, body.work_date)] if problem else []
    first, last = first_and_last(body)
    if facts.closed(first) or facts.closed(last):
        found.append(Finding(W.MONTH_CLOSED, first))
    return found


def refusals(found: Sequence[Finding]) -> list[Finding]:
    """Give those that refuse."""
    return [each for each in found if isinstance(each.what, Refusal)]


def warnings(found: Sequence[Finding]) -> list[Finding]:
    """Give those that only warn."""
    return [each for each in found if isinstance(each.what, Caution)]


# --- by itself -----------------------------------------------------------------------------------


def _span_problems(body: Body) -> Iterator[Finding]:
    spans, day = given_spans(body), first_and_last(body)[0]
    needed = isinstance(body, WorkBody | DutyBody) or (
        isinstance(body, LeaveBody) and body.part is LeavePart.HOURS
    )
    if needed and not spans:
        yield Finding(R.SPANS_MISSING, day)
    if any(not each.is_one for each in spans):
        yield Finding(R.SPANS_REVERSED, day)
        return
    ordered = sorted(spans_of(spans))
    if any(after.start < before.end for before, after in pairwise(ordered)):
        yield Finding(R.SPANS_OVERLAP, day)


def _text_problems(kind: ApplicationKind, body: Body) -> Iterator[Finding]:
    day = first_and_last(body)[0]
    if isinstance(body, WorkBody | SwapBody | PunchBody) and not body.reason.strip():
        yield Finding(R.REASON_MISSING, day)
    if kind in (K.TRIP, K.TRAINING) and isinstance(body, AwayBody) and not body.place.strip():
        yield Finding(R.PLACE_MISSING, day)
    if isinstance(body, SwapBody) and body.worked_date == body.off_date:
        yield Finding(R.SAME_DATE, day)
    if isinstance(body, PunchBody):
        if body.change in _TIMED and body.minute is None:
            yield Finding(R.PUNCH_TIME_MISSING, day)
        if body.change in _DIRECTED and body.direction in (None, PunchDirection.INFERRED):
            yield Finding(R.PUNCH_DIRECTION_MISSING, day)
        if body.change is not PunchChange.ADD and body.punch_id is None:
            yield Finding(R.PUNCH_NOT_NAMED, day)


_TIMED: Final = frozenset({PunchChange.ADD, PunchChange.MOVE})
_DIRECTED: Final = frozenset({PunchChange.ADD, PunchChange.TURN})
"""What is inferred at a door nobody can state."""


# --- against what is known ----------------------------------------------------------------------


def _employment(body: Body, facts: Facts) -> Iterator[Finding]:
    for day in sorted(set(first_and_last(body))):
        if not any(each.holds(day) for each in facts.employments):
            yield Finding(R.NOT_EMPLOYED, day)
            return


def collision_findings(
    kind: ApplicationKind, body: Body, claims: Sequence[DayClaim], others: Sequence[Application]
) -> list[Finding]:
    """Give the first contradiction with each kind of refusal: with others that wait or count."""
    found: dict[Refusal, Finding] = {}
    for each in collisions(kind, body, claims, others):
        what = _COLLIDES.get((each.mine, each.theirs), R.OVERLAPS_OTHER)
        found.setdefault(what, Finding(what, each.day))
    return list(found.values())


_COLLIDES: Final = {
    (Part.LEAVE, Part.FREED): Refusal.DAY_FREED,
    (Part.AWAY, Part.FREED): Refusal.DAY_FREED,
    (Part.FREED, Part.LEAVE): Refusal.OFF_DAY_TAKEN,
    (Part.FREED, Part.AWAY): Refusal.OFF_DAY_TAKEN,
    (Part.FILLED, Part.ORDER): Refusal.WORKED_DAY_ORDERED,
    (Part.FILLED, Part.DUTY): Refusal.WORKED_DAY_ORDERED,
}
"""How it is said where 'another covers the same time' would not say it."""


def resting_on(found: Application, others: Sequence[Application]) -> Finding | None:
    """Tell what keeps a swap from being cancelled: leave, a trip or the like in the hours that it
    brought to the day that is worked."""
    if found.kind is not K.SWAP or not isinstance(found.body, SwapBody):
        return None
    day = found.body.worked_date
    hours = [span for each in found.claims for span in each.spans]
    for other in others:
        if PARTS.get(other.kind) not in (Part.LEAVE, Part.AWAY):
            continue
        theirs = [span for each in other.claims if each.work_date == day for span in each.spans]
        if any(a < d and c < b for a, b in hours for c, d in theirs):
            return Finding(R.RESTS_ON_SWAP, day)
    return None


def _uncovered(body: LeaveBody | AwayBody | DutyBody, facts: Facts) -> Finding:
    """Why nothing is covered: a swap freed the date, or it has no regular hours anyhow."""
    first, last = first_and_last(body)
    for other in facts.others:
        if isinstance(other.body, SwapBody) and first <= other.body.off_date <= last:
            return Finding(R.DAY_FREED, other.body.off_date)
    return Finding(R.NO_REGULAR_HOURS, first)


def _work(kind: ApplicationKind, body: WorkBody, facts: Facts) -> Iterator[Finding]:
    plan, spans = facts.plans.get(body.work_date), spans_of(body.spans)
    free = plan is not None and plan.kind in (DayKind.HOLIDAY, DayKind.YEAR_END)
    regular = () if plan is None or free else common(spans, plan.spans)
    if kind is K.HOLIDAY_WORK and plan is not None and plan.kind is DayKind.WORKDAY:
        yield Finding(R.NOT_A_DAY_OFF, body.work_date)
    elif spans and total(regular) == total(spans):
        yield Finding(R.ALREADY_REGULAR, body.work_date)
    elif regular:
        yield Finding(W.PARTLY_REGULAR, body.work_date)
    last = start_of(body.work_date) + timedelta(minutes=max((s.end for s in spans), default=0))
    if kind is K.OVERTIME_AFTER and last > facts.now:
        yield Finding(R.NOT_YET_DONE, body.work_date)
    if kind in (K.OVERTIME, K.HOLIDAY_WORK) and body.work_date < facts.today:
        yield Finding(W.AFTER_THE_FACT, body.work_date)
    if body.rest_later:
        yield Finding(W.REST_DUE, body.work_date)
    yield from _cap(body.work_date, total(spans) - total(regular), facts)


def _cap(day: date, minutes: int, facts: Facts) -> Iterator[Finding]:
    cap = facts.caps.get(day.replace(day=1))
    if cap is None or cap.cap_min is None:
        return
    after = cap.counted_min + minutes
    if after > cap.cap_min:
        yield Finding(W.OVER_CAP, day)
    elif 10 * after >= 9 * cap.cap_min:
        yield Finding(W.NEAR_CAP, day)


def _leave(body: LeaveBody, claims: Sequence[DayClaim], facts: Facts) -> Iterator[Finding]:
    kind = facts.leave_kind
    if kind is None:
        yield Finding(R.LEAVE_KIND_UNKNOWN, body.first)
        return
    if _UNIT[body.part] not in kind.units:
        yield Finding(R.LEAVE_UNIT, body.first)
    if kind.needs_reason and not body.reason.strip():
        yield Finding(R.REASON_MISSING, body.first)
    if kind.needs_evidence and not body.evidence.strip():
        yield Finding(R.LEAVE_EVIDENCE, body.first)
    if not claims:
        yield _uncovered(body, facts)
    outside = [each.work_date for each in claims if not in_season(kind, each.work_date)]
    if outside:
        yield Finding(R.LEAVE_SEASON, outside[0])
    taken = sum(each.half_days * kind.day_min + 2 * each.minutes for each in claims)
    if kind.once_half_days is not None and taken > kind.once_half_days * kind.day_min:
        yield Finding(R.LEAVE_ONCE, body.first)
    broken = any(each.minutes % kind.hour_unit_min for each in claims)
    if body.part is LeavePart.HOURS and broken and not facts.uses_up:
        yield Finding(R.LEAVE_HOUR_UNIT, body.first)
    if facts.short:
        yield Finding(W.LEAVE_BELOW_ZERO if kind.below_zero else R.LEAVE_SHORT, facts.short[0])


_UNIT: Final = {
    LeavePart.DAY: LeaveUnit.DAY,
    LeavePart.MORNING: LeaveUnit.HALF_DAY,
    LeavePart.AFTERNOON: LeaveUnit.HALF_DAY,
    LeavePart.HOURS: LeaveUnit.HOUR,
}
