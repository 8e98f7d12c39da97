"""16. Presence by doors alone, where somebody held the door; leaving without having entered."""

from __future__ import annotations

from tests.hub.worktime.cases.punches import IN, OUT, TAP, TUESDAY, month_of, presences, punch
from tests.hub.worktime.cases.staff_month import spans


def test_first_and_last_door_are_the_presence(reckon) -> None:
    """08:20, 12:05, 12:55 and 17:30: 10 and 15 minutes that nobody ordered."""
    taps = [punch(n, TAP, at) for n, at in enumerate(("08:20", "12:05", "12:55", "17:30"))]
    (monday,) = presences(*taps)
    assert (monday.spans, monday.breaks) == (spans("08:20-17:30"), ())
    line = reckon(month_of(*taps)).line(9)
    assert (line.regular, line.missing, line.extra) == (465, 0, 25)


def test_a_door_held_for_somebody_leaves_one_tap_and_no_presence(reckon) -> None:
    """Came in behind a colleague, tapped when leaving: one tap says nothing of how long."""
    (monday,) = presences(punch(1, TAP, "17:20"))
    assert (monday.spans, monday.missing) == ((), True)
    assert reckon(month_of(punch(1, TAP, "17:20"))).line(9).missing == 465


def test_doors_beside_a_terminal_are_not_the_presence() -> None:
    """In at 08:30 and out at 17:15 by the terminal, doors at 08:15 and 18:40: the terminal says."""
    (monday,) = presences(
        punch(1, TAP, "08:15"),
        punch(2, IN, "08:30"),
        punch(3, OUT, "17:15"),
        punch(4, TAP, "18:40"),
    )
    assert monday.spans == spans("08:30-17:15")


def test_leaving_without_having_entered_is_told_as_missing() -> None:
    """Out by the terminal on a day with no in; the door's tap in the morning is not made one."""
    (monday,) = presences(punch(1, TAP, "08:25"), punch(2, OUT, "17:15"))
    assert (monday.spans, monday.missing) == ((), True)


def test_a_door_after_midnight_belongs_to_the_evening_before() -> None:
    """08:25 and 00:40: a long evening, before the day starts at 05:00."""
    (monday,) = presences(punch(1, TAP, "08:25"), punch(2, TAP, "00:40", TUESDAY))
    assert monday.spans == spans("08:25-24:40")
