"""Every length that people book is covered: hours from 1 to 672, days from 1 to 367; the code opens
in the window that is told, and not a second outside."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire.offline_profiles import EPOCH, LIFETIME_S, MAX_BOUND, PROFILES, Profile
from wire.sealed_codes import (
    CodeError,
    CodeKey,
    CodeVerdict,
    LockClock,
    SealedCode,
    cover,
    judge_code,
    open_code,
    seal_code,
)

STAY = PROFILES["stay"]
KEY = CodeKey(bytes(range(32)))
TOKYO = ZoneInfo("Asia/Tokyo")
MIDNIGHT = datetime(2027, 6, 1, tzinfo=TOKYO)
CHECK_IN = datetime(2027, 6, 1, 15, tzinfo=TOKYO)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARGIN_H = 12
"""The widest margin that a facility has, at either end."""
BOOKED = [timedelta(hours=hours) for hours in range(1, 673)]
BOOKED += [timedelta(days=days) for days in range(1, 368)]


def told(start: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """The window of the code that a booking gets."""
    return SealedCode(*cover(STAY, start, start + length), 0, 0).window(STAY)


# --- what is covered -----------------------------------------------------------------------------


def test_every_hour_to_672_and_every_day_to_367_is_covered_from_noon_and_from_midnight() -> None:
    for start in (MIDNIGHT, CHECK_IN):
        for length in BOOKED:
            begins, ends = told(start, length)
            assert begins <= start < start + length <= ends


def test_hours_are_exact_to_a_day_and_days_to_a_month() -> None:
    for hours in range(1, 25):
        assert told(CHECK_IN, hours * HOUR) == (CHECK_IN, CHECK_IN + hours * HOUR)
    for days in range(1, 32):
        assert told(MIDNIGHT, days * DAY) == (MIDNIGHT, MIDNIGHT + days * DAY)


def test_nights_from_an_afternoon_to_a_morning_begin_when_they_begin_for_a_fortnight() -> None:
    """From 15:00 to 10:00, with ten minutes before and after: a week starts at the hour before, a
    fortnight within three hours; both are over by the next evening."""
    early = timedelta(minutes=10)
    for nights in range(1, 15):
        begins, ends = told(CHECK_IN - early, nights * DAY - 5 * HOUR + 2 * early)
        assert CHECK_IN - begins <= (1 if nights <= 7 else 3) * HOUR
        assert ends <= CHECK_IN - 5 * HOUR + nights * DAY + 11 * HOUR


def test_a_window_is_at_most_7_percent_longer_than_the_days_beyond_a_month() -> None:
    ratios = []
    for days in range(32, 368):
        begins, ends = told(MIDNIGHT, days * DAY)
        assert begins == MIDNIGHT
        ratios.append((ends - begins) / (days * DAY))
    assert 1.06 < max(ratios) <= 1.07


def test_half_a_day_of_margin_at_either_end_of_a_year_fits_from_any_instant() -> None:
    assert timedelta(seconds=STAY.always_s) >= 367 * DAY + 2 * MARGIN_H * HOUR
    assert timedelta(seconds=STAY.longest_s) == 369 * DAY


@given(
    st.integers(MARGIN_H * 3_600, LIFETIME_S - 1),
    st.sampled_from([0, 0, 1, 999_999]),
    st.sampled_from(BOOKED),
    st.integers(0, MARGIN_H * 60),
    st.integers(0, MARGIN_H * 60),
)
@settings(max_examples=200)
def test_any_booking_with_its_margins_gets_the_shortest_window_that_holds_it(
    start_s: int, micro: int, length: timedelta, before_min: int, after_min: int
) -> None:
    booked = EPOCH + timedelta(seconds=start_s, microseconds=micro)
    start = booked - timedelta(minutes=before_min)
    end = booked + length + timedelta(minutes=after_min)
    shape, slot = cover(STAY, start, end)
    begins, ends = SealedCode(shape, slot, 0, 0).window(STAY)
    assert begins <= start
    assert end <= ends
    for one in STAY.shapes:
        if one.once or one.duration_s >= STAY.shapes[shape].duration_s:
            continue
        latest = EPOCH + (start - EPOCH) // timedelta(seconds=one.grid_s) * timedelta(
            seconds=one.grid_s
        )
        assert latest + timedelta(seconds=one.duration_s) < end


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
@given(st.integers(0, LIFETIME_S - 1), st.sampled_from([0, 1, 999_999]), st.data())
@settings(max_examples=40)
def test_a_profile_covers_from_any_instant_what_it_says(
    profile: Profile, start_s: int, micro: int, data: st.DataObject
) -> None:
    start = EPOCH + timedelta(seconds=start_s, microseconds=micro)
    length_s = data.draw(st.integers(1, profile.always_s))
    cover(profile, start, start + timedelta(seconds=length_s))
    with pytest.raises(CodeError):
        cover(profile, start, start + timedelta(seconds=profile.longest_s + 1))


# --- what opens ----------------------------------------------------------------------------------


@given(
    st.integers(0, LIFETIME_S - 1),
    st.sampled_from(BOOKED),
    st.integers(0, STAY.generations - 1),
    st.integers(0, STAY.variants - 1),
)
def test_the_code_of_any_length_opens_in_its_window_exactly(
    start_s: int, length: timedelta, generation: int, variant: int
) -> None:
    start = EPOCH + timedelta(seconds=start_s)
    shape, slot = cover(STAY, start, start + length)
    digits = seal_code(STAY, KEY, SealedCode(shape, slot, generation, variant))
    assert len(digits) == 10
    code = open_code(STAY, KEY, digits)
    assert code == SealedCode(shape, slot, generation, variant)
    begins_s, ends_s = code.window_s(STAY)

    def verdict(at_s: int) -> CodeVerdict:
        return judge_code(STAY, code, LockClock(at_s, at_s), generation)

    assert verdict(begins_s - 3_601) is CodeVerdict.NOT_YET
    assert verdict(begins_s - 1) is CodeVerdict.EARLY
    assert verdict(begins_s) is verdict(start_s) is CodeVerdict.VALID
    assert verdict(ends_s - 1) is CodeVerdict.VALID
    assert verdict(ends_s) is CodeVerdict.EXPIRED


def test_a_blind_try_at_a_box_for_stays_hits_less_than_once_in_100_000() -> None:
    """Counted here from the page's formula, not from the profile's own property."""
    starts = sum(-(-(one.duration_s + 2 * 600 + 3_600) // one.grid_s) for one in STAY.shapes)
    assert starts * 3 * 4 == STAY.acceptable
    assert STAY.acceptable / 10**10 <= MAX_BOUND
    assert (STAY.ahead, STAY.variants, STAY.drift_s, STAY.digits) == (3, 4, 600, 10)
