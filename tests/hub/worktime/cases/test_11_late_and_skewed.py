"""11. A late offline batch, a replayed one, out of order, a skewed clock, the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.hub.worktime.cases.punches import (
    BACK,
    IN,
    OUT,
    REST,
    TUESDAY,
    month_of,
    presences,
    punch,
    tokyo,
)
from tests.hub.worktime.cases.staff_month import spans

TWO_DAYS = (
    punch(1, IN, "08:30"),
    punch(2, REST, "12:00"),
    punch(3, BACK, "13:00"),
    punch(4, OUT, "19:15"),
    punch(5, IN, "08:31", TUESDAY),
    punch(6, OUT, "17:14", TUESDAY),
)


def test_a_batch_that_comes_two_days_late_is_the_same_presence(reckon) -> None:
    """120 minutes after hours on Monday, two missing on Tuesday."""
    late = tuple(replace(one, received_at=one.at + timedelta(days=2)) for one in TWO_DAYS)
    assert presences(*late) == presences(*TWO_DAYS)
    sheet = reckon(month_of(*late).order(9, "17:15-19:15"))
    assert sheet.raw == {"overtime": 120}
    assert (sheet.line(10).regular, sheet.line(10).missing) == (463, 2)


@given(st.permutations(TWO_DAYS))
def test_the_order_of_arrival_does_not_matter(shuffled) -> None:
    assert presences(*shuffled) == presences(*TWO_DAYS)


def test_a_replayed_batch_changes_nothing() -> None:
    """The same taps under new numbers are duplicates of themselves."""
    again = tuple(replace(one, id=one.id + 100) for one in TWO_DAYS)
    assert presences(*TWO_DAYS, *again) == presences(*TWO_DAYS)


def test_a_skewed_clock_is_reckoned_with_the_corrected_instant() -> None:
    """The reader showed 09:30 for what was 08:30."""
    skewed = replace(TWO_DAYS[0], at=TWO_DAYS[0].at + timedelta(hours=1))
    assert presences(skewed, *TWO_DAYS[1:]) == presences(*TWO_DAYS)


def test_a_punch_from_the_future_waits_and_is_no_presence() -> None:
    """An out that claims to come from an hour ahead of its arrival: the day has no out."""
    ahead = punch(2, OUT, "17:15", received_at=tokyo(TWO_DAYS[0].at.date(), "16:15"))
    (monday,) = presences(punch(1, IN, "08:30"), ahead)
    assert (monday.spans, monday.missing) == ((), True)


def test_a_punch_without_trusted_time_waits_too() -> None:
    (monday,) = presences(
        punch(1, IN, "08:30"), punch(2, OUT, "17:15"), punch(3, OUT, "18:15", trusted=False)
    )
    assert monday.spans == spans("08:30-17:15")
