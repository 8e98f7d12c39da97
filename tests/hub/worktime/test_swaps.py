"""Regular hours change places; what the week gains by it is paid as an add-on."""

from __future__ import annotations

import random
from datetime import date

import pytest

from hub.worktime.domain import DayKind, DayPlan, Swap, SwapKind, SwapPart
from hub.worktime.swaps import SwapProblem, apply_swaps, swap_excess, swap_problem, window
from tests.hub.worktime.november import (
    REGULAR,
    STANDARD,
    on,
    pieces,
    plans,
    reckoned,
    spans,
    worked,
)


def swap(worked_day: int, off_day: int, part: SwapPart = SwapPart.WHOLE, name: str = "s") -> Swap:
    return Swap(name, SwapKind.SWAP, on(worked_day), on(off_day), part)


def compensatory(worked_day: int, off_day: int, part: SwapPart = SwapPart.WHOLE) -> Swap:
    return Swap("c", SwapKind.COMPENSATORY, on(worked_day), on(off_day), part)


def swapped(*swaps: Swap) -> dict[date, DayPlan]:
    return apply_swaps(plans(), swaps)


def excess(*swaps: Swap) -> dict[int, int]:
    found = swap_excess([on(day) for day in range(1, 31)], swapped(*swaps), 7)
    return {day.day: minutes for day, minutes in found.items()}


def test_a_whole_day_changes_places() -> None:
    """The day off has the hours and the break, and stays a day off outside them; the workday is
    one."""
    found = swapped(swap(7, 10))
    saturday, tuesday = found[on(7)], found[on(10)]
    assert (saturday.kind, saturday.spans) == (DayKind.DAY_OFF, spans(REGULAR))
    assert saturday.breaks == spans("12:00-13:00")
    assert (tuesday.kind, tuesday.spans, tuesday.breaks) == (DayKind.DAY_OFF, (), ())
    assert (saturday.base_spans, tuesday.base_spans) == ((), spans(REGULAR))
    assert saturday.swap_id == tuesday.swap_id == "s"


@pytest.mark.parametrize(
    ("part", "moved", "left"),
    [
        (SwapPart.MORNING, "08:30-12:00", "13:00-17:15"),
        (SwapPart.AFTERNOON, "13:00-17:15", "08:30-12:00"),
    ],
)
def test_half_a_day_leaves_a_working_day(part: SwapPart, moved: str, left: str) -> None:
    """Neither half has a break any more."""
    found = swapped(swap(7, 10, part))
    assert (found[on(7)].spans, found[on(7)].breaks) == (spans(moved), ())
    tuesday = found[on(10)]
    assert (tuesday.kind, tuesday.spans, tuesday.breaks) == (DayKind.WORKDAY, spans(left), ())


def test_two_halves_make_a_whole() -> None:
    """Halves of two days come together on one day off, with the break between them."""
    found = swapped(swap(7, 10, SwapPart.MORNING, "s1"), swap(7, 12, SwapPart.AFTERNOON, "s2"))
    assert (found[on(7)].spans, found[on(7)].base_spans) == (spans(REGULAR), ())


def test_a_worked_holiday_becomes_a_workday() -> None:
    """Its hours stay; the compensatory day has none."""
    found = swapped(compensatory(3, 10))
    assert (found[on(3)].kind, found[on(3)].spans) == (DayKind.WORKDAY, spans(REGULAR))
    assert (found[on(10)].kind, found[on(10)].spans) == (DayKind.DAY_OFF, ())


def test_swaps_are_applied_in_the_order_of_their_ids() -> None:
    """Whatever the order in which they are handed in; the first base is kept."""
    chain = [swap(7, 10, name="s1"), Swap("s2", SwapKind.SWAP, on(8), on(7))]
    expected = swapped(*chain)
    assert expected[on(8)].spans == spans(REGULAR)
    assert (expected[on(7)].spans, expected[on(7)].base_spans) == ((), ())
    random.Random(1).shuffle(chain)
    assert swapped(*reversed(chain)) == expected


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (swap(7, 10), None),
        (swap(7, 7), SwapProblem.SAME_DAY),
        (swap(3, 10), SwapProblem.NOT_A_DAY_OFF),
        (swap(7, 8), SwapProblem.NOT_A_WORKDAY),
        (swap(7, 3), SwapProblem.NOT_A_WORKDAY),
        (compensatory(3, 10), None),
        (compensatory(3, 2), SwapProblem.OUTSIDE_WINDOW),
        (compensatory(7, 10), SwapProblem.NOT_A_HOLIDAY),
        (compensatory(3, 10, SwapPart.MORNING), SwapProblem.WHOLE_DAYS_ONLY),
        (compensatory(3, 50), SwapProblem.UNKNOWN_DATE),
    ],
)
def test_what_cannot_be_is_said(asked: Swap, problem: SwapProblem | None) -> None:
    """Nothing to move, the wrong kind of day, outside the window, unknown."""
    assert swap_problem(asked, plans(), STANDARD) is problem


def test_hours_move_to_a_day_once() -> None:
    """A second whole day does not fit on the same day off; the other half does."""
    after_morning = swapped(swap(7, 10, SwapPart.MORNING))
    assert swap_problem(swap(7, 12), after_morning, STANDARD) is SwapProblem.OVERLAPS
    assert swap_problem(swap(7, 12, SwapPart.AFTERNOON), after_morning, STANDARD) is None


def test_windows_are_four_weeks_before_and_eight_after() -> None:
    """A compensatory day lies after the holiday, and expires after eight weeks."""
    day = on(7)
    assert window(SwapKind.SWAP, day, STANDARD) == (date(2026, 10, 10), date(2027, 1, 2))
    assert window(SwapKind.COMPENSATORY, day, STANDARD) == (date(2026, 11, 8), date(2027, 1, 2))


def test_a_swap_within_the_week_costs_nothing() -> None:
    """Sunday to Saturday: the 8th and the 14th are in one week, the 7th and the 8th are not."""
    assert excess(swap(8, 10)) == {}
    assert excess(swap(14, 10)) == {}
    assert excess(swap(7, 10)) == {7: 465}


def test_a_worked_holiday_in_the_same_week_changes_nothing() -> None:
    """Its hours are in both sums; so are those of a compensated one."""
    assert excess(swap(7, 10), compensatory(3, 12)) == {7: 465}


def test_the_excess_goes_to_the_first_date_first() -> None:
    """A week that also gives hours away keeps what is left."""
    given = (swap(1, 10, name="s1"), swap(7, 4, name="s2"))
    assert excess(*given) == {1: 465}
    halves = (swap(1, 4, SwapPart.MORNING, "s1"), swap(7, 10, SwapPart.MORNING, "s2"))
    assert excess(*halves) == {1: 210}


def test_weeks_reach_over_the_months_ends() -> None:
    """A swap from 30 November to 5 December is within one week, and one from 31 October to
    4 November is not."""
    assert excess(swap(35, 30)) == {}
    found = swap_excess([on(0)], swapped(swap(0, 4)), 7)
    assert found == {on(0): 465}


def test_the_excess_is_an_add_on_to_regular_work() -> None:
    """From the first regular minute worked on; who came late has less."""
    planned = swapped(swap(7, 10))
    result = reckoned(worked(7, "09:30-17:15"), planned=planned)
    assert pieces(result, 7) == ["09:30-12:00 swap_excess", "13:00-17:15 swap_excess"]
    assert result.days[6].regular_min == 405
    assert result.counted_60h_min == 0
