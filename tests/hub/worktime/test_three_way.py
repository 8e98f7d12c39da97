"""Orders, punches and doors held against each other: what differs markedly is asked about."""

from __future__ import annotations

import pytest

from hub.worktime.domain import DayFile, ExplainedKind
from hub.worktime.three_way import Divergence, DivergenceKind, Doors, compare, three_way_of
from tests.hub.worktime.november import minute, on, spans, worked

DAY = worked(2, "08:30-17:15")


def differs(day: DayFile, doors: Doors = Doors(), least: int = 30) -> list[tuple[str, int]]:  # noqa: B008
    found = compare(three_way_of(day, doors), least)
    assert all(each.work_date == day.work_date for each in found)
    return [(each.kind.value, each.minutes) for each in found]


def doors(first: str, last: str, **state: bool) -> Doors:
    return Doors(minute(first), minute(last), **state)


def test_a_regular_day_agrees() -> None:
    """Also with doors a few minutes either way, and in a regular break."""
    assert differs(DAY) == []
    assert differs(DAY, doors("08:10", "17:40", expected=True)) == []


@pytest.mark.parametrize(("out", "minutes"), [("17:44", 0), ("17:45", 30), ("19:15", 120)])
def test_present_longer_than_ordered(out: str, minutes: int) -> None:
    """From the threshold on."""
    expected = [("present_beyond_order", minutes)] if minutes else []
    assert differs(worked(2, f"08:30-{out}")) == expected


def test_ordered_longer_than_present() -> None:
    """Unless a punch is missing, for then nobody can tell."""
    assert differs(worked(2, "08:30-17:30", "17:15-18:00")) == [("order_beyond_presence", 30)]
    assert differs(worked(2, "", "17:15-18:00", missing=True)) == []


def test_leave_trips_and_duty_are_approved() -> None:
    """Presence in an hour of leave is asked about; in a duty it is not."""
    on_leave = {ExplainedKind.LEAVE: "13:00-17:15"}
    assert differs(worked(2, "08:30-17:15", explained=on_leave)) == [("present_beyond_order", 255)]
    assert differs(worked(2, "08:30-22:00", explained={ExplainedKind.DUTY: "17:15-22:00"})) == []
    assert differs(worked(2, explained={ExplainedKind.TRIP: "08:30-17:15"})) == []


def test_a_holidays_hours_are_approved_by_an_order_only() -> None:
    """Nobody was asked to come."""
    assert differs(worked(3, "08:30-12:00")) == [("present_beyond_order", 210)]
    assert differs(worked(3, "08:30-12:00", "08:30-12:00")) == []


def test_doors_wider_than_punches() -> None:
    """Somebody who punches out and stays, or comes long before."""
    assert differs(DAY, doors("07:30", "20:00")) == [
        ("door_before_in", 60),
        ("door_after_out", 165),
    ]


def test_punches_wider_than_doors_matter_where_doors_are_passed() -> None:
    """And where the readers were up; gaps are taken off."""
    seen = doors("09:30", "16:00", expected=True)
    assert differs(DAY, seen) == [("in_before_door", 60), ("out_after_door", 75)]
    assert differs(DAY, doors("09:30", "16:00")) == []
    blind = Doors(570, 960, expected=True, blind=spans("08:00-09:15"))
    assert differs(DAY, blind) == [("out_after_door", 75)]


def test_doors_alone_and_punches_alone() -> None:
    """Somebody held the door; a reader that was down proves nothing."""
    nobody = worked(2)
    assert differs(nobody, doors("08:20", "17:20")) == [("door_only", 0)]
    assert differs(worked(2, missing=True), doors("08:20", "17:20")) == []
    assert differs(DAY, Doors(expected=True)) == [("punch_without_door", 0)]
    assert differs(DAY, Doors(expected=False)) == []
    down = Doors(expected=True, blind=spans("08:00-09:00 17:00-18:00"))
    assert differs(DAY, down) == []


def test_coming_without_leaving_and_leaving_without_coming() -> None:
    """Not while somebody is still there."""
    assert differs(DAY, doors("08:20", "17:20", inside=True)) == [("entry_without_exit", 0)]
    assert differs(worked(2, open=True), doors("08:20", "12:00", inside=True)) == []
    assert differs(DAY, doors("08:20", "17:20", left_unseen=True)) == [("exit_without_entry", 0)]


def test_a_threshold_of_nothing_asks_about_every_minute() -> None:
    """But not about none."""
    assert compare(three_way_of(worked(2, "08:29-17:15"), Doors()), 0) == (
        Divergence(on(2), DivergenceKind.PRESENT_BEYOND_ORDER, 1),
    )
    assert differs(DAY, doors("08:30", "17:15", expected=True), 0) == []


def test_nothing_is_held_against_an_order_that_needs_no_punches() -> None:
    """Of overtime on a trip, where the ordinance takes it as ordered."""
    day = worked(2, "", "17:15-19:15")
    assert compare(three_way_of(day, Doors(), by_order=True), 30) == ()
    (found,) = compare(three_way_of(day, Doors()), 30)
    assert (found.kind, found.minutes) == (DivergenceKind.ORDER_BEYOND_PRESENCE, 120)
