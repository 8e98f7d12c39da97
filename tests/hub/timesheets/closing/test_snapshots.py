"""A kept month is the month, to the last piece; figures add up, and equal ones are equal."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.timesheets.figures import ZERO, Amount, Figures, Line, figures_of, loaded, stored
from hub.timesheets.snapshots import SnapshotError, fingerprint_of_all, result_of, text_of
from hub.worktime.domain import (
    Bucket,
    BucketTotal,
    CapFinding,
    CapKind,
    CapLevel,
    CapType,
    DayKind,
    DayNote,
    DayResult,
    ExplainedKind,
    Month,
    MonthResult,
    MonthTally,
    PayClass,
    Piece,
    Terms,
)

minutes = st.integers(0, 50_000)
classes = st.sampled_from(list(PayClass))
buckets = st.builds(Bucket, classes, st.booleans())
pieces = st.builds(
    lambda start, more, bucket, kind, order: Piece(start, start + more, bucket, kind, order),
    st.integers(0, 2_000),
    st.integers(1, 600),
    buckets,
    classes,
    st.none() | st.just("o1"),
)
explained = st.dictionaries(st.sampled_from(list(ExplainedKind)), minutes, max_size=3)
days = st.builds(
    DayResult,
    work_date=st.dates(date(2026, 4, 1), date(2026, 4, 30)),
    kind=st.sampled_from(list(DayKind)),
    terms=st.none() | st.builds(Terms, st.just("課"), st.sampled_from(list(CapType)), st.just("k")),
    present_min=minutes,
    break_min=minutes,
    regular_min=minutes,
    explained_min=explained,
    missing_min=minutes,
    extra_min=minutes,
    unmet_order_min=minutes,
    credited_min=minutes,
    over_full_day_min=minutes,
    statutory_min=minutes,
    pieces=st.lists(pieces, max_size=3).map(tuple),
    notes=st.lists(st.sampled_from(list(DayNote)), max_size=3).map(tuple),
)
results = st.builds(
    MonthResult,
    person_id=st.just("花子"),
    month=st.just(Month(2026, 4)),
    days=st.lists(days, max_size=4).map(tuple),
    totals=st.dictionaries(
        buckets, st.builds(BucketTotal, minutes, minutes, st.integers(0, 200), st.booleans())
    ),
    regular_min=minutes,
    missing_min=minutes,
    explained_min=explained,
    days_worked=st.integers(0, 31),
    counted_60h_min=minutes,
    over_full_day_min=minutes,
    statutory_min=minutes,
    caps=st.lists(
        st.builds(
            CapFinding,
            st.sampled_from(list(CapKind)),
            st.sampled_from(list(CapLevel)),
            minutes,
            minutes,
        ),
        max_size=2,
    ).map(tuple),
    tally=st.none() | st.just(MonthTally(Month(2026, 4), CapType.ORDINARY, 100, 90)),
)


@given(results)
def test_a_month_is_kept_to_the_last_piece(result: MonthResult) -> None:
    assert result_of(text_of(result)) == result
    assert text_of(result_of(text_of(result))) == text_of(result)


@given(results, results)
def test_figures_are_sums(one: MonthResult, other: MonthResult) -> None:
    first, second = figures_of(one), figures_of(other)
    change = second.minus(first)
    assert first.plus(change) == second
    assert change.is_zero is (first == second)
    assert first.minus(first) == ZERO
    assert loaded(stored(change)) == change
    assert ZERO.summed([first, change]) == second


def test_minutes_at_another_rate_are_another_line() -> None:
    at = {rate: Line(Bucket(PayClass.OVERTIME), rate, True) for rate in (125, 130)}
    change = Figures({at[130]: Amount(60, 60)}).minus(Figures({at[125]: Amount(60, 60)}))
    assert change.lines == {at[125]: Amount(-60, -60), at[130]: Amount(60, 60)}


@pytest.mark.parametrize("text", ["", "{}", "null", '{"version": 99}', "\ud800"])
def test_what_is_no_kept_month_is_refused_by_name(text: str) -> None:
    with pytest.raises(SnapshotError):
        result_of(text)


def test_the_fingerprint_of_all_does_not_depend_on_their_order() -> None:
    one, other = {"a": "1", "b": "2"}, {"b": "2", "a": "1"}
    assert fingerprint_of_all(one) == fingerprint_of_all(other)
    assert fingerprint_of_all(one) != fingerprint_of_all({"a": "2", "b": "1"})
