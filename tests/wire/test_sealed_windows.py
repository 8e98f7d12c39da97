"""Windows: the shortest that covers is found, and a lock's clock only ever learns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire.offline_profiles import EARLY_S, EPOCH, LIFETIME_S, PROFILES, Profile
from wire.sealed_codes import (
    CodeError,
    CodeVerdict,
    LockClock,
    SealedCode,
    cover,
    judge_code,
)

TOKYO = ZoneInfo("Asia/Tokyo")
QUARTER, HOUR = PROFILES["quarter"], PROFILES["hour"]
profiles = st.sampled_from(list(PROFILES.values()))
PPM = 20
US = 1_000_000


# --- covering ------------------------------------------------------------------------------------


def by_brute_force(
    profile: Profile, start_s: float, end_s: float, once: bool
) -> tuple[int, int, int] | None:
    """Try every slot that could cover: the shortest window, of equal ones the latest."""
    best: tuple[int, int, int] | None = None
    for number, shape in enumerate(profile.shapes):
        if shape.once != once:
            continue
        first = max(int(start_s - shape.duration_s) // shape.grid_s - 1, 0)
        for slot in range(first, min(int(start_s) // shape.grid_s + 2, shape.slots)):
            begins, ends = slot * shape.grid_s, slot * shape.grid_s + shape.duration_s
            if begins <= start_s and end_s <= ends:
                found = (shape.duration_s, -begins, number)
                best = found if best is None else min(best, found)
    return best


@settings(max_examples=60, deadline=None)
@given(
    profiles,
    st.integers(0, LIFETIME_S - 1),
    st.one_of(st.integers(1, 86_400), st.integers(1, 100 * 86_400), st.integers(1, 380 * 86_400)),
    st.sampled_from([0, 0, 1, 999_999]),
    st.booleans(),
)
def test_cover_finds_what_trying_every_window_finds(
    profile: Profile, start_s: int, length_s: int, micro: int, once: bool
) -> None:
    start = EPOCH + timedelta(seconds=start_s, microseconds=micro)
    end = start + timedelta(seconds=length_s)
    best = by_brute_force(profile, start_s + micro / 1e6, start_s + length_s + micro / 1e6, once)
    if best is None:
        with pytest.raises(CodeError, match="no window that covers"):
            cover(profile, start, end, once=once)
        return
    shape, slot = cover(profile, start, end, once=once)
    duration_s, grid_s = profile.shapes[shape].duration_s, profile.shapes[shape].grid_s
    assert (duration_s, -slot * grid_s, shape) == best
    window = SealedCode(shape, slot, 0, 0).window(profile)
    assert window[0] <= start
    assert end <= window[1]


def test_a_window_on_the_grid_is_covered_exactly() -> None:
    start = datetime(2026, 11, 28, 18, 30, tzinfo=TOKYO)
    shape, slot = cover(QUARTER, start, start + timedelta(hours=2))
    assert SealedCode(shape, slot, 0, 0).window(QUARTER) == (start, start + timedelta(hours=2))


def test_a_window_over_a_midnight_a_leap_day_and_a_years_end_is_covered_exactly() -> None:
    for start in (
        datetime(2028, 2, 28, 23, 0, tzinfo=TOKYO),
        datetime(2028, 2, 29, 23, 0, tzinfo=TOKYO),
        datetime(2027, 12, 31, 23, 0, tzinfo=TOKYO),
    ):
        shape, slot = cover(HOUR, start, start + timedelta(hours=2))
        assert SealedCode(shape, slot, 0, 0).window(HOUR) == (start, start + timedelta(hours=2))


@pytest.mark.parametrize(
    ("start", "length_s"),
    [
        (EPOCH - timedelta(microseconds=1), 3_600),
        (EPOCH, 0),
        (EPOCH, -1),
        (datetime(2049, 12, 31, 15, tzinfo=UTC), 3_600),
        (EPOCH, 93 * 86_400),
    ],
)
def test_what_no_window_covers_is_refused(start: datetime, length_s: int) -> None:
    with pytest.raises(CodeError):
        cover(HOUR, start, start + timedelta(seconds=length_s))


# --- one verdict ---------------------------------------------------------------------------------


@given(profiles, st.data())
def test_a_code_is_valid_where_its_window_and_the_doubt_meet(
    profile: Profile, data: st.DataObject
) -> None:
    """With a clock that is known to the second: exactly in [start, end)."""
    shape = data.draw(st.integers(0, len(profile.shapes) - 1))
    code = SealedCode(shape, data.draw(st.integers(0, profile.shapes[shape].slots - 1)), 0, 0)
    start_s, end_s = code.window_s(profile)
    at_s = data.draw(st.integers(start_s - 2 * EARLY_S, end_s + EARLY_S))
    verdict = judge_code(profile, code, LockClock(at_s, at_s), 0)
    assert (verdict is CodeVerdict.VALID) == (start_s <= at_s < end_s)
    assert (verdict is CodeVerdict.EXPIRED) == (at_s >= end_s)
    doubt_s = data.draw(st.integers(0, profile.drift_s))
    clock = LockClock(at_s - doubt_s, at_s + doubt_s)
    some = any(start_s <= each < end_s for each in (clock.earliest_s, clock.latest_s)) or (
        clock.earliest_s < start_s and clock.latest_s >= end_s
    )
    assert (judge_code(profile, code, clock, 0) is CodeVerdict.VALID) == some


# --- the clock of a lock -------------------------------------------------------------------------


@given(
    st.integers(0, 10**9),
    st.integers(0, 100_000),
    st.integers(-100_000, 100_000),
    st.integers(60, 200_000),
)
def test_a_valid_code_never_takes_the_clock_out_of_what_was_possible(
    earliest_s: int, doubt_s: int, offset_s: int, duration_s: int
) -> None:
    clock = LockClock(earliest_s, earliest_s + doubt_s)
    start_s = earliest_s + offset_s
    end_s = start_s + duration_s
    if start_s > clock.latest_s or clock.earliest_s >= end_s:
        return  # not valid: the lock learns nothing
    after = clock.narrowed(start_s, end_s)
    assert clock.earliest_s <= after.earliest_s <= after.latest_s <= clock.latest_s
    for at_s in (earliest_s, clock.latest_s, start_s, end_s - 1):
        if clock.earliest_s <= at_s <= clock.latest_s and start_s <= at_s < end_s:
            assert after.earliest_s <= at_s <= after.latest_s


@dataclass(frozen=True)
class Doubt:
    """A lock's clock as docs/offline-pin.md has it, both ends in microseconds from the RTC: fine
    enough that the envelope holds without being asked for. Each end moves outward by 20 ppm, and
    they are never further apart than twice the drift."""

    low_us: int
    high_us: int

    def after(self, elapsed_s: int, drift_s: int) -> Doubt:
        low_us, high_us = self.low_us - PPM * elapsed_s, self.high_us + PPM * elapsed_s
        beyond_us = high_us - low_us - 2 * drift_s * US
        if beyond_us > 0:
            low_us, high_us = low_us + -(-beyond_us // 2), high_us - -(-beyond_us // 2)
        return Doubt(low_us, high_us)

    def clock(self, rtc_s: int) -> LockClock:
        """In whole seconds for judging, rounded so that it is not wider than the profile's."""
        return LockClock(rtc_s + -(-self.low_us // US), rtc_s + self.high_us // US)

    def taught(self, rtc_s: int, clock: LockClock) -> Doubt:
        low_us = max(self.low_us, (clock.earliest_s - rtc_s) * US)
        return Doubt(low_us, min(self.high_us, (clock.latest_s - rtc_s) * US + US - 1))


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("every_s", [1_800, 7_200, 86_400, 30 * 86_400])
def test_a_holder_who_always_types_at_the_locks_edge_stays_within_the_envelope(
    every_s: int, early: bool
) -> None:
    """Ten years of codes, each typed as early (or as late) as the lock lets him: the interval is
    pushed to one side, and never beyond what 20 ppm since the clock was last set allow."""
    profile = QUARTER
    error_s, rtc_s = 5, 86_400 * 600
    doubt = Doubt(-error_s * US, error_s * US)
    elapsed_s = 0
    for _ in range(min(10 * 365 * 86_400 // every_s, 4_000)):
        rtc_s, elapsed_s = rtc_s + every_s, elapsed_s + every_s
        doubt = doubt.after(every_s, profile.drift_s)
        clock = doubt.clock(rtc_s)
        grid_s, duration_s = profile.shapes[0].grid_s, profile.shapes[0].duration_s
        if early:
            slot = clock.latest_s // grid_s  # the last start that is possible already
        else:
            slot = -(-(clock.earliest_s + 1 - duration_s) // grid_s)  # the first that is not over
        code = SealedCode(0, slot, 0, 0)
        assert judge_code(profile, code, clock, 0) is CodeVerdict.VALID
        doubt = doubt.taught(rtc_s, clock.narrowed(*code.window_s(profile)))
        envelope_us = error_s * US + PPM * elapsed_s
        assert -envelope_us <= doubt.low_us <= doubt.high_us <= envelope_us
        assert doubt.high_us - doubt.low_us <= 2 * profile.drift_s * US


@given(
    st.lists(
        st.tuples(st.integers(1, 90 * 86_400), st.floats(0, 1), st.integers(0, 12)), max_size=40
    ),
    st.integers(-PPM, PPM),
)
def test_the_true_time_stays_within_the_doubt_of_honest_holders(
    uses: list[tuple[int, float, int]], drift_ppm: int
) -> None:
    """Codes typed within their windows, a crystal within 20 ppm and a box that is used before its
    doubt meets the cap: the true time is never excluded."""
    profile = HOUR
    error_s, rtc_s, elapsed_s = 5, 86_400 * 600, 0
    doubt = Doubt(-error_s * US, error_s * US)
    for pause_s, place, shape in uses:
        if elapsed_s + pause_s > 300 * 86_400:
            break  # the widest that 20 ppm bring stays below the cap
        rtc_s, elapsed_s = rtc_s + pause_s, elapsed_s + pause_s
        doubt = doubt.after(pause_s, profile.drift_s)
        off_us = drift_ppm * elapsed_s
        assert doubt.low_us <= off_us <= doubt.high_us
        true_s = rtc_s + off_us // US
        one = profile.shapes[shape]
        slot = (true_s - int(place * (one.duration_s - 1))) // one.grid_s
        code = SealedCode(shape, max(slot, 0), 0, 0)
        start_s, end_s = code.window_s(profile)
        if not start_s <= true_s < end_s:
            continue
        clock = doubt.clock(rtc_s)
        if judge_code(profile, code, clock, 0) is CodeVerdict.VALID:
            doubt = doubt.taught(rtc_s, clock.narrowed(start_s, end_s))


@given(st.integers(0, 400 * 86_400))
def test_a_code_of_the_widest_doubt_is_still_judged_within_the_bound(elapsed_s: int) -> None:
    """Rounding to whole seconds never makes the doubt wider than the bound was counted with."""
    doubt = Doubt(-5 * US, 5 * US).after(elapsed_s, QUARTER.drift_s)
    clock = doubt.clock(86_400 * 600)
    assert clock.latest_s - clock.earliest_s <= 2 * QUARTER.drift_s


# --- generations ---------------------------------------------------------------------------------


@given(profiles, st.data())
def test_of_every_newest_generation_exactly_those_ahead_are_taken(
    profile: Profile, data: st.DataObject
) -> None:
    newest = data.draw(st.integers(0, profile.generations - 1))
    code = SealedCode(0, 5_000, 0, 0)
    start_s, _ = code.window_s(profile)
    clock = LockClock(start_s, start_s)
    taken = [
        generation
        for generation in range(profile.generations)
        if judge_code(profile, replace(code, generation=generation), clock, newest)
        is CodeVerdict.VALID
    ]
    ahead = {(newest + step) % profile.generations for step in range(profile.ahead)}
    assert set(taken) == ahead
