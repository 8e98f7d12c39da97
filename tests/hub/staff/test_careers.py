"""Careers: whatever is done to one, no two stints overlap, and what a file says holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.staff.careers import (
    Career,
    CareerCode,
    CareerError,
    Stint,
    Wish,
    as_filed,
    checked,
    corrected,
    hired,
    holding,
    retired,
    steps,
    transferred,
)
from hub.staff.domain import Place

DAY = timedelta(days=1)
ORIGIN = date(2026, 1, 1)
HALL, GYM = Place("hall", "regular", "", False), Place("gym", "regular", "主査", True)
DAYS = st.integers(0, 60).map(lambda n: ORIGIN + n * DAY)
PLACES = st.sampled_from([HALL, GYM, Place("hall", "short_time", "", False)])


def on(day: int) -> date:
    return ORIGIN + day * DAY


@st.composite
def careers(draw: st.DrawFn) -> Career:
    """Up to four stints with ids, in order, some with gaps between, the last perhaps open."""
    cuts = sorted(draw(st.sets(st.integers(0, 60), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    stints = [
        Stint(on(first), on(last - 1), draw(PLACES), f"e{index}")
        for index, (first, last) in enumerate(pairs)
    ]
    last_is_open: bool = draw(st.booleans())
    if stints and last_is_open:
        stints[-1] = Stint(stints[-1].starts_on, None, stints[-1].place, stints[-1].id)
    return checked(stints)


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    says_end = draw(st.booleans())
    return Wish(
        draw(PLACES),
        draw(st.none() | DAYS),
        says_end,
        draw(st.none() | DAYS) if says_end else None,
    )


def days_of(career: Career) -> dict[date, Place]:
    """Who holds what on each day, by looking at each: and never two."""
    found = {}
    for number in range(-5, 90):
        held = [each for each in career if each.holds(on(number))]
        assert len(held) <= 1
        if held:
            found[on(number)] = held[0].place
    return found


@given(careers(), wishes(), DAYS)
def test_the_same_file_again_changes_nothing(career: Career, wish: Wish, effective: date) -> None:
    try:
        once = as_filed(career, wish, effective)
    except CareerError:
        return
    assert as_filed(once, wish, effective) == once


@given(careers(), wishes(), DAYS)
def test_what_a_file_says_holds_from_its_day_on(
    career: Career, wish: Wish, effective: date
) -> None:
    try:
        after = as_filed(career, wish, effective)
    except CareerError:
        return
    days_of(after)
    at = max(wish.starts_on or effective, effective)
    now = holding(after, at)
    if wish.says_end and wish.ends_on is not None and wish.ends_on < effective:
        assert holding(after, wish.ends_on + DAY) in (None, holding(career, wish.ends_on + DAY))
        return
    assert now is not None
    assert now.place == wish.place
    if wish.starts_on is not None and wish.starts_on >= effective:
        assert now.starts_on <= wish.starts_on
    if wish.says_end and wish.ends_on is not None:
        assert now.ends_on == wish.ends_on


@given(careers(), wishes(), DAYS)
def test_a_file_leaves_what_lies_before_and_what_was_planned(
    career: Career, wish: Wish, effective: date
) -> None:
    try:
        after = as_filed(career, wish, effective)
    except CareerError:
        return
    start = min(wish.starts_on or effective, effective)
    before, now = days_of(career), days_of(after)
    if wish.ends_on is None or wish.ends_on >= effective:
        held = {day: place for day, place in before.items() if day < start}
        assert {day: now.get(day) for day in held} == held
    later = [
        each for each in career if each.starts_on > max(wish.starts_on or effective, effective)
    ]
    assert set(later) <= set(after)


@given(careers(), DAYS, PLACES)
def test_a_transfer_leaves_no_day_without_a_place(career: Career, day: date, place: Place) -> None:
    try:
        after = transferred(career, day, place)
    except CareerError as error:
        assert error.code in (CareerCode.NOT_EMPLOYED, CareerCode.STARTS_THAT_DAY)
        return
    before, now = days_of(career), days_of(after)
    moved = holding(career, day)
    assert moved is not None
    assert before.keys() == now.keys()
    assert all(now[each] == place for each in before if each >= day and moved.holds(each))
    assert all(now[each] == before[each] for each in before if each < day)


@given(careers(), careers())
def test_writing_step_by_step_never_overlaps_on_the_way(before: Career, after: Career) -> None:
    """As databases check it: row by row."""
    named = {each.id for each in before}
    target = tuple(
        each if each.id in named else Stint(each.starts_on, each.ends_on, each.place)
        for each in after
    )
    way = steps(before, target)
    rows = {each.id: each for each in before}
    for gone in way.removed:
        del rows[gone]
    for each in (*way.shortened, *way.moved, *way.added):
        rows[each.id or f"new {each.starts_on}"] = each
        assert checked(rows.values())
    assert {(each.starts_on, each.ends_on, each.place) for each in rows.values()} == {
        (each.starts_on, each.ends_on, each.place) for each in target
    }


def test_nobody_is_hired_twice_for_one_day() -> None:
    career = hired((), Stint(on(0), on(9), HALL, "a"))
    assert hired(career, Stint(on(10), None, GYM)) == (*career, Stint(on(10), None, GYM))
    with pytest.raises(CareerError) as refused:
        hired(career, Stint(on(9), None, GYM))
    assert refused.value.code is CareerCode.OVERLAPS


def test_who_retires_has_nothing_planned_for_later() -> None:
    career = hired((), Stint(on(0), None, HALL, "a"))
    assert retired(career, on(9)) == (Stint(on(0), on(9), HALL, "a"),)
    planned = transferred(career, on(20), GYM)
    with pytest.raises(CareerError) as refused:
        retired(planned, on(9))
    assert refused.value.code is CareerCode.LATER


def test_a_corrected_date_may_not_reach_into_another_employment() -> None:
    career = transferred(hired((), Stint(on(0), None, HALL, "a")), on(10), GYM)
    earlier = Stint(on(0), on(5), HALL, "a")
    assert corrected(career, earlier)[0] == earlier
    with pytest.raises(CareerError):
        corrected(career, Stint(on(0), on(10), HALL, "a"))
    with pytest.raises(CareerError) as refused:
        corrected(career, Stint(on(3), on(2), HALL, "a"))
    assert refused.value.code is CareerCode.INVERTED
