"""10. A missing in, a missing out with the next day's in after it, an out alone."""

from __future__ import annotations

from tests.hub.worktime.cases.punches import (
    BACK,
    IN,
    MONDAY,
    OUT,
    REST,
    TUESDAY,
    month_of,
    presences,
    punch,
    tokyo,
)
from tests.hub.worktime.cases.staff_month import spans


def test_a_missing_out_does_not_invert_the_next_day(reckon) -> None:
    """Monday in, forgotten; Tuesday in and out: Monday cannot be read, Tuesday is whole."""
    taps = (
        punch(1, IN, "08:30"),
        punch(2, IN, "08:30", TUESDAY),
        punch(3, OUT, "17:15", TUESDAY),
    )
    monday, tuesday = presences(*taps)
    assert (monday.spans, monday.missing, monday.open) == ((), True, False)
    assert (tuesday.spans, tuesday.missing) == (spans("08:30-17:15"), False)
    sheet = reckon(month_of(*taps))
    assert (sheet.line(9).missing, sheet.line(10).missing) == (465, 0)


def test_an_out_alone_is_a_missing_in() -> None:
    (monday,) = presences(punch(1, OUT, "17:15"))
    assert (monday.work_date, monday.spans, monday.missing) == (MONDAY, (), True)


def test_a_missing_in_before_a_whole_stretch_leaves_that_stretch(reckon) -> None:
    """Out at 12:00 without an in; 13:00 to 17:15 is read: 255 minutes, the morning is missing."""
    taps = (punch(1, OUT, "12:00"), punch(2, IN, "13:00"), punch(3, OUT, "17:15"))
    (monday,) = presences(*taps)
    assert (monday.spans, monday.missing) == (spans("13:00-17:15"), True)
    line = reckon(month_of(*taps)).line(9)
    assert (line.regular, line.missing) == (255, 210)


def test_who_is_still_in_is_open_and_not_missing() -> None:
    (monday,) = presences(punch(1, IN, "08:30"), now=tokyo(MONDAY, "15:00"))
    assert (monday.spans, monday.open, monday.missing) == ((), True, False)


def test_an_out_past_midnight_belongs_to_the_evening_before() -> None:
    (monday,) = presences(punch(1, IN, "17:00"), punch(2, OUT, "08:30", TUESDAY))
    assert (monday.work_date, monday.spans) == (MONDAY, spans("17:00-32:30"))


def test_punched_breaks_are_read_and_half_of_one_is_not(reckon) -> None:
    """12:10 to 12:50 is a break; a return alone at 15:00 is none, and something is missing."""
    taps = (
        punch(1, IN, "08:30"),
        punch(2, REST, "12:10"),
        punch(3, BACK, "12:50"),
        punch(4, BACK, "15:00"),
        punch(5, OUT, "17:15"),
    )
    (monday,) = presences(*taps)
    assert monday.breaks == spans("12:10-12:50")
    line = reckon(month_of(*taps)).line(9)
    assert line.regular == 465
    assert line.extra == 20  # 12:00 to 12:10 and 12:50 to 13:00: there, and not at rest
