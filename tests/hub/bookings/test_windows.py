"""Windows: half-open, widened by margins, judged against what a facility admits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.bookings.refusals import Refusal
from hub.bookings.windows import (
    JAPAN,
    BookedWindow,
    BookingRules,
    Margins,
    OpenSpan,
    SlotState,
    check_residents_window,
    check_window,
    local_day,
    slots_of,
)
from hub.web.problems import Problem

NOW = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)  # a Sunday, 09:00 in Japan
RULES = BookingRules(
    slot_min=30,
    longest_min=600,
    ahead_days=90,
    opening=tuple(OpenSpan(day, 9 * 60, 21 * 60) for day in range(7)),
)


def japan(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=JAPAN)


def refused(booked: BookedWindow, rules: BookingRules = RULES) -> Refusal:
    with pytest.raises(Problem) as caught:
        check_residents_window(booked, rules, NOW)
    return Refusal(caught.value.kind.code)


instants = st.integers(0, 10_000).map(lambda minute: NOW + timedelta(minutes=minute))
windows = st.tuples(instants, st.integers(1, 1_000)).map(
    lambda pair: BookedWindow(pair[0], pair[0] + timedelta(minutes=pair[1]))
)


@given(one=windows, other=windows)
def test_two_windows_overlap_when_some_minute_lies_in_both(
    one: BookedWindow, other: BookedWindow
) -> None:
    latest_start = max(one.starts_at, other.starts_at)
    shared = latest_start < min(one.ends_at, other.ends_at)
    assert one.overlaps(other) == other.overlaps(one) == shared


@given(window=windows)
def test_a_window_does_not_overlap_the_one_that_begins_at_its_end(window: BookedWindow) -> None:
    next_one = BookedWindow(window.ends_at, window.ends_at + timedelta(minutes=1))
    assert not window.overlaps(next_one)


@given(window=windows, before=st.integers(0, 720), after=st.integers(0, 720))
def test_the_effective_window_is_wider_by_exactly_its_margins(
    window: BookedWindow, before: int, after: int
) -> None:
    rules = BookingRules(margin_before_min=before, margin_after_min=after)
    effective = rules.effective(window)
    assert window.starts_at - effective.starts_at == timedelta(minutes=before)
    assert effective.ends_at - window.ends_at == timedelta(minutes=after)


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (japan(23, 12), japan(23, 10), Refusal.WINDOW_INVERTED),
        (japan(23, 12), japan(23, 12), Refusal.WINDOW_INVERTED),
        (japan(21, 10), japan(21, 12), Refusal.IN_THE_PAST),
        (japan(22, 8), japan(22, 12), Refusal.IN_THE_PAST),
        (japan(23, 9), japan(23, 20), Refusal.TOO_LONG),
        (japan(23, 10, 10), japan(23, 12), Refusal.OFF_THE_GRID),
        (japan(23, 7), japan(23, 10), Refusal.CLOSED),
        (japan(23, 20), japan(23, 22), Refusal.CLOSED),
        (
            datetime(2027, 6, 1, 10, tzinfo=JAPAN),
            datetime(2027, 6, 1, 11, tzinfo=JAPAN),
            Refusal.TOO_FAR_AHEAD,
        ),
    ],
)
def test_a_window_that_a_resident_may_not_book_is_refused_by_name(
    start: datetime, end: datetime, code: Refusal
) -> None:
    assert refused(BookedWindow(start, end)) is code


def test_a_clerk_may_book_a_window_that_has_begun_off_the_grid_and_at_night() -> None:
    check_window(BookedWindow(japan(22, 3, 7), japan(22, 9, 11)), RULES, NOW)


def test_a_facility_without_hours_can_be_booked_over_midnight() -> None:
    overnight = BookedWindow(japan(23, 22), japan(24, 2))
    check_residents_window(overnight, BookingRules(longest_min=600), NOW)


def test_the_days_slots_say_what_is_past_taken_and_free() -> None:
    taken = [BookedWindow(japan(22, 10), japan(22, 11))]
    slots = slots_of(date(2026, 11, 22), RULES, taken, NOW + timedelta(minutes=1))
    assert len(slots) == 24
    assert [slot.state for slot in slots[:5]] == [
        SlotState.PAST,
        SlotState.FREE,
        SlotState.TAKEN,
        SlotState.TAKEN,
        SlotState.FREE,
    ]


def test_a_closed_day_has_no_slots() -> None:
    weekdays = BookingRules(opening=tuple(OpenSpan(day, 540, 1020) for day in range(5)))
    assert slots_of(date(2026, 11, 22), weekdays, [], NOW) == []


def test_adjoining_hours_are_one() -> None:
    rules = BookingRules(opening=(OpenSpan(0, 540, 720), OpenSpan(0, 720, 1440)))
    check_residents_window(BookedWindow(japan(23, 11), japan(23, 13)), rules, NOW)
    assert len(slots_of(date(2026, 11, 23), rules, [], NOW)) == 30


def test_a_local_day_begins_at_three_in_the_afternoon_utc_of_the_day_before() -> None:
    day = local_day(date(2026, 11, 23))
    assert day.starts_at == datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert day.ends_at - day.starts_at == timedelta(hours=24)


@pytest.mark.parametrize("span", [(7, 0, 60), (0, 60, 60), (0, -1, 60), (0, 0, 1441)])
def test_hours_that_cannot_be_are_refused(span: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="opening hours"):
        OpenSpan(*span)


BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
zones = st.sampled_from([JAPAN, BERLIN, NEW_YORK])
days = st.dates(date(2024, 1, 1), date(2032, 12, 31))


@given(
    start=st.datetimes(datetime(2024, 2, 27), datetime(2032, 3, 2), timezones=zones),  # noqa: DTZ001
    lasts_s=st.integers(1, 14 * 86_400),
    before=st.integers(0, 720),
    after=st.integers(0, 720),
)
def test_seconds_are_never_truncated_and_margins_are_exact_over_a_change_of_clocks(
    start: datetime, lasts_s: int, before: int, after: int
) -> None:
    """A margin is so many minutes of time, not of the wall clock."""
    begin = start.astimezone(UTC)
    booked = BookedWindow(begin, begin + timedelta(seconds=lasts_s))
    effective = Margins(before, after).widen(booked)
    assert effective.contains(booked)
    assert booked.starts_at - effective.starts_at == timedelta(minutes=before)
    assert effective.ends_at - booked.ends_at == timedelta(minutes=after)
    assert effective.starts_at.second == booked.starts_at.second
    assert effective.starts_at.microsecond == booked.starts_at.microsecond


@given(day=days, zone=zones)
def test_local_days_adjoin_and_last_23_24_or_25_hours(day: date, zone: ZoneInfo) -> None:
    one, following = local_day(day, zone), local_day(day + timedelta(days=1), zone)
    assert one.ends_at == following.starts_at
    assert one.ends_at - one.starts_at in [timedelta(hours=hours) for hours in (23, 24, 25)]


@given(day=days, zone=zones, slot_min=st.sampled_from([15, 30, 60]))
def test_the_slots_of_any_day_lie_end_to_end_within_its_opening_hours(
    day: date, zone: ZoneInfo, slot_min: int
) -> None:
    """Leap days and days with a change of clocks among them."""
    opening = tuple(OpenSpan(weekday, 0, 1440) for weekday in range(7))
    rules = BookingRules(slot_min=slot_min, opening=opening, zone=zone)
    early = local_day(day, zone).starts_at - timedelta(days=1)
    slots = slots_of(day, rules, [], early)
    whole = local_day(day, zone)
    assert slots[0].window.starts_at == whole.starts_at
    assert slots[-1].window.ends_at == whole.ends_at
    for one, following in pairwise(slots):
        assert one.window.ends_at == following.window.starts_at
    for slot in slots:
        check_residents_window(slot.window, rules, early)
