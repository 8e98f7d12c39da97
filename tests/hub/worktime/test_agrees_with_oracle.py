"""The reckoning and the oracle agree on every figure of every month, to the minute."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub.worktime.domain import DayPlan, MonthFile, MonthResult, PayClass, Swap
from hub.worktime.ordinance import Ordinances, TripOvertime
from hub.worktime.reckoning import reckon_month
from hub.worktime.swaps import apply_swaps
from tests.hub.worktime.cases.staff_month import sheet_of, sheet_of_oracle
from tests.hub.worktime.months import MONTHS, files, planned, swaps
from tests.hub.worktime.oracle.month import MonthFigures, Paid, reckon_slowly
from tests.hub.worktime.oracle.swapping import swap_slowly

SOAK_EXAMPLES = 20_000
_QUICK = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    # a month holds much: whole ones often overrun what may be drawn, and are drawn again
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


def minutes_paid(result: MonthResult) -> list[Paid]:
    """Every single minute of every piece."""
    return [
        (day.work_date, minute, piece.bucket, piece.from_class)
        for day in result.days
        for piece in day.pieces
        for minute in range(piece.start, piece.end)
    ]


def agree(file: MonthFile, rules: Ordinances) -> MonthFigures:
    """Hold one month against the other; gives the oracle's figures."""
    figures, result = reckon_slowly(file, rules.at), reckon_month(file, rules)
    paid = minutes_paid(result)
    assert sorted(paid) == sorted(figures.paid)
    theirs, ours = sheet_of(result), sheet_of_oracle(figures, rules.at(file.month.last))
    for on, line in ours.days.items():
        assert (on, theirs.days[on]) == (on, line)
    assert theirs == ours
    assert result.regular_min == figures.regular_min
    assert result.missing_min == figures.missing_min
    assert {k: v for k, v in result.explained_min.items() if v} == dict(figures.explained_min)
    for day, told in zip(file.days, result.days, strict=True):
        starts = [(piece.start, piece.bucket) for piece in told.pieces]
        assert starts == sorted(starts, key=lambda one: one[0])
        if day.terms is not None:
            assert told.present_min == sum(span.minutes for span in day.presence.spans)
    return figures


@settings(_QUICK, max_examples=160)
@given(files())
def test_a_month_is_the_same_to_the_minute(drawn: tuple[MonthFile, Ordinances]) -> None:
    """Five lively dates at most, of all kinds."""
    agree(*drawn)


@settings(_QUICK, max_examples=12)
@given(files(most_lively=31))
def test_a_full_month_is_the_same_to_the_minute(drawn: tuple[MonthFile, Ordinances]) -> None:
    """Something happens on almost every date."""
    agree(*drawn)


@st.composite
def _swapped(draw: st.DrawFn) -> tuple[dict[date, DayPlan], tuple[Swap, ...]]:
    plans = draw(planned(draw(st.sampled_from(MONTHS))))
    return plans, draw(swaps(plans))


@settings(_QUICK, max_examples=60)
@given(_swapped())
def test_swaps_move_the_same_minutes(
    drawn: tuple[Mapping[date, DayPlan], tuple[Swap, ...]],
) -> None:
    """Plans before and after, minute by minute."""
    plans, wanted = drawn
    before = dict(plans)
    assert apply_swaps(plans, wanted) == swap_slowly(plans, wanted)
    assert plans == before


@settings(_QUICK, max_examples=20)
@given(files())
def test_reckoning_again_gives_the_same(drawn: tuple[MonthFile, Ordinances]) -> None:
    """No figure depends on anything that was not handed in."""
    file, rules = drawn
    assert reckon_month(file, rules) == reckon_month(file, rules)


@settings(_QUICK, max_examples=30)
@given(files())
def test_paid_minutes_were_ordered_and_present_or_regular(
    drawn: tuple[MonthFile, Ordinances],
) -> None:
    """Seen from afar: whatever is paid lies in presence, or in regular hours done elsewhere, or in
    an order that needs no punches."""
    file, rules = drawn
    for day, told in zip(file.days, reckon_month(file, rules).days, strict=True):
        by_order = rules.at(day.work_date).elsewhere.trip_overtime is TripOvertime.AS_ORDERED
        elsewhere = any(claim.kind.is_work for claim in day.explained)
        for piece in told.pieces:
            if by_order and elsewhere and not day.presence.spans:
                continue
            for minute in range(piece.start, piece.end):
                present = any(span.start <= minute < span.end for span in day.presence.spans)
                regular = any(span.start <= minute < span.end for span in day.plan.spans)
                assert present or regular


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_tens_of_thousands_of_months_agree() -> None:
    """The long form; ends with a line of counts, of which each class has many."""
    counts: Counter[str] = Counter()
    classes: Counter[PayClass] = Counter()

    def count(figures: MonthFigures) -> None:
        counts["months"] += 1
        counts["dates"] += len(figures.days)
        counts["paid_minutes"] += len(figures.paid)
        counts["caps"] += len(figures.caps)
        classes.update({bucket.pay_class for bucket in figures.raw})

    @settings(_QUICK, max_examples=SOAK_EXAMPLES)
    @given(files())
    def sparse(drawn: tuple[MonthFile, Ordinances]) -> None:
        count(agree(*drawn))

    @settings(_QUICK, max_examples=SOAK_EXAMPLES // 10)
    @given(files(most_lively=31))
    def full(drawn: tuple[MonthFile, Ordinances]) -> None:
        count(agree(*drawn))

    sparse()
    full()
    line = {"soak": "worktime_oracle", "disagreements": 0, **counts}
    print(json.dumps(line | {"months_with": {one.value: classes[one] for one in PayClass}}))
    assert all(classes[one] for one in PayClass), "a class never came up"
