"""Punches are read as docs/attendance-rules.md says, nights with an absence in between included."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.attendance.derivation import derive_days
from hub.attendance.domain import Day, DayProblem, Night, Nights, Punch, Rules
from hub.worktime.domain import DayKind
from hub.worktime.presence import presence_of
from tests.hub.worktime.cases.punches import (
    BACK,
    IN,
    LATER,
    MONDAY,
    OUT,
    REST,
    TUESDAY,
    punch,
    tokyo,
)
from tests.hub.worktime.cases.staff_month import Reckoner, StaffMonth, by_oracle, by_reckoning
from tests.hub.worktime.oracle.facts import minutes_in
from tests.hub.worktime.oracle.punching import There, read_slowly

NIGHT: Nights = {MONDAY: Night(tokyo(MONDAY, "17:00"), tokyo(MONDAY, "32:30"))}
"""Monday 17:00 to Tuesday 08:30."""


def read(*punches: Punch, nights: Nights = NIGHT, rules: Rules = Rules()) -> dict[date, Day]:  # noqa: B008
    """Days by date, by both readings."""
    days = derive_days(punches, rules, LATER, {"hanako": nights})
    presences = {day.work_date: presence_of(day) for day in days}
    ours = {
        on: There(set(minutes_in(one.spans)), set(minutes_in(one.breaks)), one.missing)
        for on, one in presences.items()
        if any(shift for day in days if day.work_date == on for shift in day.shifts)
    }
    assert ours == read_slowly(punches, rules, nights)
    return {day.work_date: day for day in days}


def spans_of(day: Day) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in presence_of(day).spans]


def test_out_and_in_again_in_a_rostered_night_is_one_work_date() -> None:
    """Out 01:00 to 02:00: an absence in between, and nothing of Tuesday's."""
    found = read(
        punch(1, IN, "17:00"), punch(2, OUT, "25:00"), punch(3, IN, "26:00"), punch(4, OUT, "32:30")
    )
    assert list(found) == [MONDAY]
    assert spans_of(found[MONDAY]) == [(1_020, 1_500), (1_560, 1_950)]
    assert found[MONDAY].problems == ()


def test_out_and_in_again_twice_in_a_night_is_one_work_date_too() -> None:
    found = read(
        *(punch(1, IN, "17:00"), punch(2, OUT, "23:30"), punch(3, IN, "24:10")),
        *(punch(4, OUT, "26:00"), punch(5, IN, "27:59"), punch(6, OUT, "32:30")),
    )
    assert spans_of(found[MONDAY]) == [(1_020, 1_410), (1_450, 1_560), (1_679, 1_950)]
    assert list(found) == [MONDAY]


@pytest.mark.parametrize(
    ("back", "belongs"), [("27:00:00", MONDAY), ("27:00:01", TUESDAY), ("27:01", TUESDAY)]
)
def test_whoever_is_out_longer_than_the_setting_begins_anew(back: str, belongs: date) -> None:
    """120 minutes and no second more."""
    found = read(
        punch(1, IN, "17:00"), punch(2, OUT, "25:00"), punch(3, IN, back), punch(4, OUT, "32:30")
    )
    assert max(found) == belongs


@pytest.mark.parametrize(("back", "belongs"), [("32:29", MONDAY), ("32:30", TUESDAY)])
def test_from_the_end_of_the_night_on_an_in_is_the_next_dates(back: str, belongs: date) -> None:
    """Straight on into the day: 08:30 is Tuesday's."""
    found = read(
        punch(1, IN, "17:00"), punch(2, OUT, "32:00"), punch(3, IN, back), punch(4, OUT, "41:00")
    )
    assert max(found) == belongs


def test_without_a_rostered_night_an_in_after_midnight_is_its_own_dates() -> None:
    """Called in at 01:00 after an evening until 23:30."""
    taps = (punch(1, IN, "08:30"), punch(2, OUT, "23:30"), punch(3, IN, "25:00"))
    found = read(*taps, punch(4, OUT, "27:00"), nights={})
    assert [spans_of(found[day]) for day in (MONDAY, TUESDAY)] == [[(510, 1_410)], [(60, 180)]]


def test_zero_minutes_join_nothing() -> None:
    taps = (punch(1, IN, "17:00"), punch(2, OUT, "25:00"), punch(3, IN, "25:01"))
    found = read(*taps, punch(4, OUT, "32:30"), rules=Rules(back_within_min=0))
    assert list(found) == [MONDAY, TUESDAY]


def test_a_missing_out_after_coming_back_is_the_nights() -> None:
    found = read(punch(1, IN, "17:00"), punch(2, OUT, "25:00"), punch(3, IN, "26:00"))
    assert found[MONDAY].problems == (DayProblem.MISSING_OUT,)
    assert list(found) == [MONDAY]


@pytest.mark.parametrize("reckon", [by_reckoning, by_oracle])
def test_the_absence_is_missing_unless_it_is_the_nights_regular_break(reckon: Reckoner) -> None:
    """Regular break 25:00 to 26:00. Out for it: nothing is missing; out at 27:00: an hour is."""
    for out, back, missing in (("25:00", "26:00", 0), ("27:00", "28:00", 60)):
        month = StaffMonth().plan(9, "17:00-25:00 26:00-32:30", "25:00-26:00", rostered=True)
        month.plan(10, "", kind=DayKind.DAY_OFF)
        found = read(
            punch(1, IN, "17:00"), punch(2, OUT, out), punch(3, IN, back), punch(4, OUT, "32:30")
        )
        month.presences = {on: presence_of(day) for on, day in found.items()}
        lines = reckon(month)
        assert (lines.line(9).missing, lines.line(9).regular) == (missing, 870 - missing)
        assert (lines.line(10).extra, lines.line(10).missing) == (0, 0)


@pytest.mark.parametrize(
    ("came", "belongs"),
    [("24:00", MONDAY), ("25:00", MONDAY), ("32:29", MONDAY), ("32:30", TUESDAY)],
)
def test_whoever_comes_after_midnight_only_is_late_for_the_night(came: str, belongs: date) -> None:
    """Nothing else was punched: the night was theirs until 08:30."""
    assert list(read(punch(1, IN, came), punch(2, OUT, "33:00"))) == [belongs]


def test_a_day_that_was_over_before_the_night_leaves_a_late_arrival_late() -> None:
    """A meeting from 13:00 to 14:00, then at 01:00 for the night from 17:00."""
    found = read(
        *(punch(1, IN, "13:00"), punch(2, OUT, "14:00")),
        *(punch(3, IN, "25:00"), punch(4, OUT, "32:30")),
    )
    assert list(found) == [MONDAY]
    assert spans_of(found[MONDAY]) == [(780, 840), (1_500, 1_950)]


def test_whoever_was_there_that_night_or_is_in_still_begins_anew() -> None:
    """Out at 22:00 for longer than the setting; in at 16:50 and never out."""
    left = read(*(punch(1, IN, "17:00"), punch(2, OUT, "22:00"), punch(3, IN, "25:00")))
    assert list(left) == [MONDAY, TUESDAY]
    assert list(read(punch(1, IN, "16:50"), punch(2, IN, "25:00"))) == [MONDAY, TUESDAY]


def test_a_tap_before_midnight_or_before_a_night_that_begins_later_is_its_own_dates() -> None:
    """A night from 02:00 on: at 01:30 somebody is there on Tuesday."""
    later: Nights = {MONDAY: Night(tokyo(MONDAY, "26:00"), tokyo(MONDAY, "34:00"))}
    for came, belongs in (("23:00", MONDAY), ("25:30", TUESDAY), ("26:00", MONDAY)):
        assert list(read(punch(1, IN, came), nights=later)) == [belongs]


@pytest.mark.parametrize(("came", "belongs"), [("31:29", MONDAY), ("31:30", TUESDAY)])
def test_whoever_comes_for_the_next_dates_own_hours_is_early_for_those(
    came: str, belongs: date
) -> None:
    """A night until 08:30 and a day from 08:30 on: from 07:30 on it is the day's."""
    nights: Nights = {
        MONDAY: Night(tokyo(MONDAY, "17:00"), tokyo(MONDAY, "32:30"), tokyo(MONDAY, "31:30"))
    }
    assert list(read(punch(1, IN, came), punch(2, OUT, "41:15"), nights=nights)) == [belongs]


@pytest.mark.parametrize("reckon", [by_reckoning, by_oracle])
def test_a_late_arrival_misses_the_night_until_then_and_nothing_of_the_next_date(
    reckon: Reckoner,
) -> None:
    month = StaffMonth().plan(9, "17:00-25:00 26:00-32:30", "25:00-26:00", rostered=True)
    month.plan(10, "", kind=DayKind.DAY_OFF)
    found = read(punch(1, IN, "26:00"), punch(2, OUT, "32:30"))
    month.presences = {on: presence_of(day) for on, day in found.items()}
    lines = reckon(month)
    assert (lines.line(9).missing, lines.line(9).regular) == (480, 390)
    assert (lines.line(10).extra, lines.line(10).missing) == (0, 0)


_EDGES = [0, 60, 3_600, 7_199, 7_200, 7_201, 28_800, 30_600]


@st.composite
def _nights(draw: st.DrawFn) -> tuple[list[Punch], Nights, Rules]:
    """Three dates of punches, in order or at random, with up to two rostered nights."""
    nights = {}
    for each in sorted(draw(st.sets(st.integers(0, 2), max_size=3))):
        day = MONDAY + timedelta(days=each)
        ends = tokyo(day, f"{draw(st.integers(25, 33))}:30")
        begins = draw(st.sampled_from(["17:00", "22:00", "24:00", "24:30"]))
        early = draw(st.none() | st.sampled_from(["31:30", "40:00", "25:00"]))
        nights[day] = Night(tokyo(day, begins), ends, tokyo(day, early) if early else None)
    begins = draw(st.sampled_from(["17:00", "12:00", "24:30", "32:00"]))
    at = tokyo(MONDAY, begins) + timedelta(seconds=draw(st.integers(0, 7_200)))
    steps = st.sampled_from(_EDGES) | st.integers(0, 40_000)
    ways = st.sampled_from([IN, OUT]) | st.sampled_from([IN, OUT, REST, BACK])
    expected = draw(st.booleans())
    made: list[Punch] = []
    for number in range(draw(st.integers(0, 12))):
        way = (IN, OUT)[number % 2] if expected else draw(ways)
        made.append(punch(number, way, "00:00", at=at, corrected_at=at, received_at=at))
        at += timedelta(seconds=draw(steps))
    return made, nights, Rules(back_within_min=draw(st.sampled_from([120, 0, 60])))


@settings(deadline=None, max_examples=300)
@given(_nights())
def test_whatever_is_punched_in_nights_is_read_alike(
    drawn: tuple[list[Punch], Nights, Rules],
) -> None:
    punches, nights, rules = drawn
    read(*punches, nights=nights, rules=rules)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@settings(deadline=None, max_examples=20_000)
@given(_nights())
def test_tens_of_thousands_of_nights_are_read_alike(
    drawn: tuple[list[Punch], Nights, Rules],
) -> None:
    punches, nights, rules = drawn
    read(*punches, nights=nights, rules=rules)
