"""Every refusal happens, and has its sentence; caps refuse nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.applications.bodies import (
    BODY_OF,
    ApplicationKind,
    AwayBody,
    Body,
    DutyBody,
    LeaveBody,
    LeavePart,
    PunchBody,
    PunchCause,
    PunchChange,
    SpanBody,
    SwapBody,
    WorkBody,
)
from hub.applications.checks import (
    CapFacts,
    Caution,
    Facts,
    Refusal,
    findings,
    refusals,
    shape_problems,
    warnings,
)
from hub.applications.covering import covered, morning_and_afternoon
from hub.applications.domain import Application, DayClaim, State, Told
from hub.catalogue import Language, Translator
from hub.leave.kind_files import load_kinds
from hub.staff.domain import Employment
from hub.worktime.domain import DayKind, DayPlan
from hub.worktime.minutes import Span, common, joined, total
from wire.events import PunchDirection

K, R, W = ApplicationKind, Refusal, Caution
MONDAY, SATURDAY = date(2026, 4, 6), date(2026, 4, 11)
HOLIDAY = date(2026, 4, 29)
NOW = datetime(2026, 4, 6, 0, 0, tzinfo=UTC)
THEN = datetime(2020, 1, 1, tzinfo=UTC)
REGULAR = (Span(510, 720), Span(780, 1_035))
NOON = (Span(720, 780),)
EVENING = (SpanBody(1_035, 1_155),)
KINDS = load_kinds()


def plan(day: date) -> DayPlan:
    if day == HOLIDAY:
        return DayPlan(day, DayKind.HOLIDAY, REGULAR, NOON, REGULAR, holiday=True)
    if day.weekday() >= 5:
        return DayPlan(day, DayKind.DAY_OFF)
    return DayPlan(day, DayKind.WORKDAY, REGULAR, NOON, REGULAR)


PLANS = {d: plan(d) for d in (date(2026, 1, 1) + timedelta(days=n) for n in range(365))}


def facts(**changed: Any) -> Facts:
    job = Employment("e", "p", date(2020, 4, 1), None, "d", "regular", "", False, THEN, THEN)
    values: dict[str, Any] = {"today": MONDAY, "now": NOW, "employments": [job], "plans": PLANS}
    return Facts(**(values | changed))


def said(kind: ApplicationKind, body: Body, **changed: Any) -> set[str]:
    """What is refused and said, from the shape to the facts."""
    shape = shape_problems(kind, body)
    if shape:
        return {each.what.value for each in shape}
    leave = KINDS.get(body.leave_kind) if isinstance(body, LeaveBody) else None
    known = facts(**({"leave_kind": leave} | changed))
    return {each.what.value for each in findings(kind, body, covered(body, PLANS), known)}


def work(spans: tuple[SpanBody, ...] = EVENING, day: date = MONDAY, **more: Any) -> WorkBody:
    return WorkBody(**({"work_date": day, "spans": spans, "reason": "議会"} | more))


def swap(worked: date = SATURDAY, off: date = date(2026, 4, 13), **more: Any) -> SwapBody:
    return SwapBody(**({"worked_date": worked, "off_date": off, "reason": "選挙"} | more))


def leave(first: date = MONDAY, last: date | None = None, **more: Any) -> LeaveBody:
    values = {"leave_kind": "annual", "first": first, "last": last or first}
    return LeaveBody(**(values | more))


def away(**more: Any) -> AwayBody:
    return AwayBody(**({"first": MONDAY, "last": MONDAY, "place": "県庁"} | more))


def punch(**more: Any) -> PunchBody:
    values = {
        "change": PunchChange.ADD,
        "work_date": date(2026, 4, 3),
        "cause": PunchCause.FORGOTTEN,
        "direction": PunchDirection.OUT,
        "minute": 1_035,
        "reason": "押し忘れ",
    }
    return PunchBody(**(values | more))


def other(body: Body, kind: ApplicationKind = K.OVERTIME) -> Application:
    return Application(
        id="o",
        person_id="p",
        kind=kind,
        body=body,
        state=State.APPROVED,
        version=1,
        steps=(),
        step=0,
        department_id=None,
        first=MONDAY,
        last=MONDAY,
        claims=covered(body, PLANS),
        warnings=(),
        submitted_at=None,
        waiting_since=None,
        decided_at=None,
        created_by="",
        created_at=THEN,
        updated_at=THEN,
    )


SUMMER = leave(leave_kind="summer")
CASES: list[tuple[str, ApplicationKind, Body, dict[str, Any]]] = [
    (R.NOT_EMPLOYED, K.OVERTIME, work(), {"employments": []}),
    (R.DATES_REVERSED, K.LEAVE, leave(MONDAY, date(2026, 4, 5)), {}),
    (R.TOO_MANY_DAYS, K.LEAVE, leave(MONDAY, date(2028, 4, 5)), {}),
    (R.SPANS_MISSING, K.OVERTIME, work(()), {}),
    (R.SPANS_MISSING, K.LEAVE, leave(part=LeavePart.HOURS), {}),
    (R.SPANS_REVERSED, K.OVERTIME, work((SpanBody(1_100, 1_100),)), {}),
    (R.SPANS_OVERLAP, K.OVERTIME, work((SpanBody(1_035, 1_100), SpanBody(1_099, 1_200))), {}),
    (R.REASON_MISSING, K.OVERTIME, work(reason=" "), {}),
    (R.REASON_MISSING, K.LEAVE, leave(leave_kind="special"), {}),
    (R.OVERLAPS_OTHER, K.OVERTIME, work(), {"others": [other(work())]}),
    (R.OVERLAPS_OTHER, K.SWAP, swap(), {"others": [other(swap(), K.SWAP)]}),
    (R.ALREADY_REGULAR, K.OVERTIME, work((SpanBody(540, 600),)), {}),
    (R.NOT_A_DAY_OFF, K.HOLIDAY_WORK, work(), {}),
    (R.NOT_YET_DONE, K.OVERTIME_AFTER, work(), {}),
    (R.DAY_FREED, K.LEAVE, leave(), {"others": [other(swap(off=MONDAY), K.SWAP)]}),
    (R.OFF_DAY_TAKEN, K.SWAP, swap(off=MONDAY), {"others": [other(leave(), K.LEAVE)]}),
    (
        R.WORKED_DAY_ORDERED,
        K.SWAP,
        swap(),
        {"others": [other(work((SpanBody(600, 700),), SATURDAY), K.HOLIDAY_WORK)]},
    ),
    (R.SAME_DATE, K.SWAP, swap(off=SATURDAY), {}),
    (R.NOTHING_TO_MOVE, K.SWAP, swap(), {"swap_problem": lambda _: R.NOTHING_TO_MOVE}),
    (R.ALREADY_WORKED, K.SWAP, swap(), {"swap_problem": lambda _: R.ALREADY_WORKED}),
    (R.OUTSIDE_WINDOW, K.SWAP, swap(), {"swap_problem": lambda _: R.OUTSIDE_WINDOW}),
    (R.NO_HOLIDAY_WORKED, K.COMPENSATORY, swap(), {"swap_problem": lambda _: R.NO_HOLIDAY_WORKED}),
    (R.NO_PLAN, K.SWAP, swap(), {"swap_problem": lambda _: R.NO_PLAN}),
    (R.WHOLE_DAYS_ONLY, K.COMPENSATORY, swap(), {"swap_problem": lambda _: R.WHOLE_DAYS_ONLY}),
    (R.MOVED_ALREADY, K.SWAP, swap(), {"swap_problem": lambda _: R.MOVED_ALREADY}),
    (R.LEAVE_KIND_UNKNOWN, K.LEAVE, leave(leave_kind="none"), {}),
    (R.LEAVE_UNIT, K.LEAVE, leave(leave_kind="marriage", part=LeavePart.MORNING, reason="x"), {}),
    (
        R.LEAVE_HOUR_UNIT,
        K.LEAVE,
        leave(part=LeavePart.HOURS, spans=(SpanBody(510, 545),)),
        {},
    ),
    (R.LEAVE_EVIDENCE, K.LEAVE, leave(leave_kind="sick", reason="風邪"), {}),
    (R.LEAVE_SHORT, K.LEAVE, leave(), {"short": [MONDAY]}),
    (R.LEAVE_SEASON, K.LEAVE, SUMMER, {}),
    (
        R.LEAVE_ONCE,
        K.LEAVE,
        leave(MONDAY, date(2026, 4, 17), leave_kind="marriage", reason="x"),
        {},
    ),
    (R.NO_REGULAR_HOURS, K.LEAVE, leave(SATURDAY), {}),
    (R.NO_REGULAR_HOURS, K.TELEWORK, away(first=SATURDAY, last=SATURDAY), {}),
    (R.PLACE_MISSING, K.TRIP, away(place=""), {}),
    (R.PUNCH_TIME_MISSING, K.PUNCH, punch(minute=None), {}),
    (R.PUNCH_DIRECTION_MISSING, K.PUNCH, punch(direction=None), {}),
    (R.PUNCH_DIRECTION_MISSING, K.PUNCH, punch(direction=PunchDirection.INFERRED), {}),
    (R.PUNCH_DIRECTION_MISSING, K.PUNCH, punch(change=PunchChange.TURN, direction=None), {}),
    (R.PUNCH_NOT_NAMED, K.PUNCH, punch(change=PunchChange.VOID), {}),
    *(
        (what, K.PUNCH, punch(), {"punch_problem": lambda _, what=what: what})
        for what in (R.PUNCH_UNKNOWN, R.PUNCH_IN_FUTURE, R.PUNCH_VOID, R.PUNCH_SAME)
    ),
    (W.OVER_CAP, K.OVERTIME, work(), {"caps": {date(2026, 4, 1): CapFacts(2_600, 2_700)}}),
    (W.NEAR_CAP, K.OVERTIME, work(), {"caps": {date(2026, 4, 1): CapFacts(2_400, 2_700)}}),
    (W.AFTER_THE_FACT, K.OVERTIME, work(day=date(2026, 4, 3)), {}),
    (W.MONTH_CLOSED, K.OVERTIME, work(), {"closed": lambda _: True}),
    (W.PARTLY_REGULAR, K.OVERTIME, work((SpanBody(1_000, 1_100),)), {}),
    (W.REST_DUE, K.HOLIDAY_WORK, work((SpanBody(510, 600),), HOLIDAY, rest_later=True), {}),
]


@pytest.mark.parametrize(("what", "kind", "body", "changed"), CASES)
def test_each_is_found_and_named(
    what: str, kind: ApplicationKind, body: Body, changed: dict[str, Any]
) -> None:
    assert what in said(kind, body, **changed)


def test_no_refusal_and_no_warning_is_left_out_of_the_cases() -> None:
    tried = {str(what) for what, *_ in CASES} | {W.LEAVE_BELOW_ZERO, R.RESTS_ON_SWAP}
    assert tried == {*map(str, Refusal), *map(str, Caution)}


@pytest.mark.parametrize("language", list(Language))
def test_every_refusal_warning_kind_state_and_act_has_its_sentence(language: Language) -> None:
    say = Translator(language)
    for group, members in (
        ("refusal", Refusal),
        ("warning", Caution),
        ("kind", ApplicationKind),
        ("state", State),
        ("told", Told),
        ("leave_part", LeavePart),
        ("punch", PunchChange),
        ("cause", PunchCause),
        ("direction", PunchDirection),
    ):
        for each in members:
            assert say(f"application.{group}.{each.value}")


@given(st.integers(0, 100_000), st.integers(1, 1_000))
def test_no_cap_refuses_what_was_worked(counted: int, cap: int) -> None:
    """'No cap may be put on what is reported' (ministry guideline, 2017-01-20)."""
    body = work(day=date(2026, 4, 3))
    known = facts(caps={date(2026, 4, 1): CapFacts(counted, cap)})
    found = findings(K.OVERTIME_AFTER, body, covered(body, PLANS), known)
    assert refusals(found) == []
    assert (W.OVER_CAP in {each.what for each in warnings(found)}) == (counted + 120 > cap)


def test_a_kind_that_may_go_below_zero_only_warns() -> None:
    from msgspec.structs import replace

    lax = replace(KINDS["annual"], below_zero=True)
    found = said(K.LEAVE, leave(), leave_kind=lax, short=[MONDAY])
    assert found == {W.LEAVE_BELOW_ZERO}


def test_the_last_minutes_of_a_balance_are_taken_below_the_unit() -> None:
    body = leave(part=LeavePart.HOURS, spans=(SpanBody(510, 545),))
    assert said(K.LEAVE, body, uses_up=True) == set()


def test_the_same_minutes_of_another_date_do_not_overlap() -> None:
    tuesday = work(day=date(2026, 4, 7))
    assert R.OVERLAPS_OTHER not in said(K.OVERTIME, tuesday, others=[other(work())])
    assert R.OVERLAPS_OTHER not in said(K.OVERTIME, work(), others=[other(leave(), K.LEAVE)])


# --- covering ------------------------------------------------------------------------------------

MINUTES = st.integers(0, 2_880)
SPANS = st.lists(st.tuples(MINUTES, MINUTES), max_size=4).map(
    lambda pairs: joined(Span(a, b) for a, b in pairs if a < b)
)


@given(SPANS, SPANS)
def test_the_two_halves_of_a_day_are_the_whole_of_it(spans: Any, breaks: Any) -> None:
    day = DayPlan(MONDAY, DayKind.WORKDAY, spans, breaks, spans)
    before, after = morning_and_afternoon(day)
    assert total(before) + total(after) == total(spans)
    assert joined([*before, *after]) == joined(spans)
    assert common(before, after) == ()


def test_leave_covers_the_working_days_of_its_range_alone() -> None:
    week = leave(date(2026, 4, 27), date(2026, 5, 3))  # the 29th is a holiday
    days = [each.work_date.day for each in covered(week, PLANS)]
    assert days == [27, 28, 30, 1]
    assert {each.half_days for each in covered(week, PLANS)} == {2}


def test_half_a_day_ends_and_begins_at_the_break() -> None:
    (morning,) = covered(leave(part=LeavePart.MORNING), PLANS)
    assert morning == DayClaim(work_date=MONDAY, spans=((510, 720),), half_days=1)
    (afternoon,) = covered(leave(part=LeavePart.AFTERNOON), PLANS)
    assert afternoon.spans == ((780, 1_035),)


def test_every_kind_has_a_body() -> None:
    assert set(BODY_OF) == set(ApplicationKind)
    night = DutyBody(work_date=MONDAY, spans=(SpanBody(1_035, 1_950),))
    assert covered(night, PLANS)[0].spans == ((1_035, 1_950),)
