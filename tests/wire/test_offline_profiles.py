"""Every profile keeps its bound: counted by brute force, met by a blind guesser, refused beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import cache
from itertools import pairwise, product
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from wire.offline_profiles import (
    EPOCH,
    LIFETIME_S,
    MAX_BOUND,
    PROFILES,
    Profile,
    ProfileError,
    Shape,
    profile_numbered,
)
from wire.sealed_codes import (
    CodeKey,
    CodeVerdict,
    LockClock,
    SealedCode,
    code_of,
    judge_code,
    open_code,
    seal_code,
)

TOKYO = ZoneInfo("Asia/Tokyo")
KEY = CodeKey(bytes(range(32)))
ALL = list(PROFILES.values())
BY_NAME = pytest.mark.parametrize("profile", ALL, ids=lambda one: one.name)
BETRAYING = frozenset({CodeVerdict.VALID, CodeVerdict.EARLY})
"""What a blind guess must not come to: it opens, or spends no try."""


def widest(profile: Profile, middle_s: int) -> LockClock:
    return LockClock(middle_s - profile.drift_s, middle_s + profile.drift_s)


def near(profile: Profile, clock: LockClock) -> Iterator[SealedCode]:
    """Every window within a quarter of a day of the clock or around it: a superset of those that
    can be taken, by a margin that the test below checks on codes from anywhere."""
    margin_s = 6 * 3_600
    for number, shape in enumerate(profile.shapes):
        first = max((clock.earliest_s - shape.duration_s - margin_s) // shape.grid_s, 0)
        last = min((clock.latest_s + margin_s) // shape.grid_s, shape.slots - 1)
        for slot in range(first, last + 1):
            yield SealedCode(number, slot, 0, 0)


@dataclass(frozen=True)
class Taken:
    """What a lock takes or spares at a moment: these windows, in each of these generations, in
    every variant (a verdict asks for a variant only of a code that was used)."""

    profile: Profile
    windows: tuple[SealedCode, ...]
    generations: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.windows) * len(self.generations) * self.profile.variants

    def codes(self) -> Iterator[SealedCode]:
        for window, generation in product(self.windows, self.generations):
            for variant in range(self.profile.variants):
                yield replace(window, generation=generation, variant=variant)


def acceptable(profile: Profile, clock: LockClock, newest: int) -> Taken:
    """Count windows in the newest generation and generations with one window that is taken; that
    the two do not depend on each other is tested below."""
    windows = tuple(
        code
        for code in near(profile, clock)
        if judge_code(profile, replace(code, generation=newest), clock, newest) in BETRAYING
    )
    generations = tuple(
        generation
        for generation in range(profile.generations)
        if judge_code(profile, replace(windows[0], generation=generation), clock, newest)
        in BETRAYING
    )
    return Taken(profile, windows, generations)


@cache
def worst(profile: Profile) -> LockClock:
    """The moment among those about a midnight at which most codes are taken."""
    offsets = (-1, 0, 1, profile.drift_s, -profile.drift_s, 1 - profile.drift_s, 3_600)
    clocks = [widest(profile, 86_400 * 700 + offset) for offset in offsets]
    return max(clocks, key=lambda clock: len(acceptable(profile, clock, 0)))


# --- the bound -----------------------------------------------------------------------------------


@BY_NAME
def test_no_published_profile_passes_one_in_100_000(profile: Profile) -> None:
    assert profile.bound <= MAX_BOUND == Fraction(1, 100_000)


@BY_NAME
def test_the_bound_is_never_passed_and_is_reached(profile: Profile) -> None:
    """Counted about a midnight, where it is reached, and at random instants."""
    assert len(acceptable(profile, worst(profile), 0)) == profile.acceptable
    random = Random(profile.number)
    for _ in range(8):
        clock = widest(profile, random.randrange(86_400 * 370, LIFETIME_S))
        newest = random.randrange(profile.generations)
        assert len(acceptable(profile, clock, newest)) <= profile.acceptable


@BY_NAME
@settings(max_examples=4, deadline=None, phases=(Phase.generate,))  # counting again costs too much
@given(st.data())
def test_no_instant_passes_the_bound(profile: Profile, data: st.DataObject) -> None:
    middle_s = data.draw(st.integers(0, LIFETIME_S - 1))
    doubt_s = data.draw(st.integers(0, profile.drift_s))
    clock = LockClock(middle_s - doubt_s, middle_s + doubt_s)
    newest = data.draw(st.integers(0, profile.generations - 1))
    assert len(acceptable(profile, clock, newest)) <= profile.acceptable


@BY_NAME
@given(st.data())
def test_what_is_taken_lies_among_the_codes_that_are_counted(
    profile: Profile, data: st.DataObject
) -> None:
    """From anywhere in the payload: a code is valid or early only if its start lies in the
    half-open span of window, doubt and early hour."""
    code = code_of(profile, data.draw(st.integers(0, profile.capacity - 1)))
    assert code is not None
    start_s, end_s = code.window_s(profile)
    middle_s = data.draw(
        st.one_of(st.integers(start_s - 9_000, end_s + 9_000), st.integers(0, LIFETIME_S))
    )
    clock = widest(profile, middle_s)
    verdict = judge_code(profile, code, clock, code.generation)
    span = clock.earliest_s - (end_s - start_s) < start_s <= clock.latest_s + 3_600
    assert (verdict in BETRAYING) == span


@BY_NAME
@given(st.data())
def test_a_window_and_a_generation_are_judged_apart(profile: Profile, data: st.DataObject) -> None:
    """A code is taken or spared where its window is and its generation is, whatever its variant: so
    that windows may be counted once for all generations."""
    shape = data.draw(st.integers(0, len(profile.shapes) - 1))
    slot = data.draw(st.integers(0, profile.shapes[shape].slots - 1))
    generation = data.draw(st.integers(0, profile.generations - 1))
    code = SealedCode(shape, slot, generation, data.draw(st.integers(0, profile.variants - 1)))
    start_s, end_s = code.window_s(profile)
    edge_s = data.draw(st.sampled_from([start_s, end_s, start_s - 3_600]))
    clock = widest(profile, edge_s + data.draw(st.integers(-1_200, 1_200)))
    newest = data.draw(st.integers(0, profile.generations - 1))
    by_window = judge_code(profile, replace(code, generation=newest, variant=0), clock, newest)
    retired = (generation - newest) % profile.generations >= profile.ahead
    taken = judge_code(profile, code, clock, newest) in BETRAYING
    assert taken == (by_window in BETRAYING and not retired)


def test_a_small_profile_counted_over_every_payload_keeps_its_bound() -> None:
    """All 36,524 codes of a profile that is small enough to be counted whole."""
    small = Profile(200, "small", 6, (Shape(86_400, 86_400),), 4, 1, 1, 600)
    codes = [code_of(small, payload) for payload in range(small.capacity)]
    assert code_of(small, small.capacity) is None
    counts = []
    for middle_s in (86_400 * 300, 86_400 * 300 + 599, 86_400 * 300 - 600, 86_400 * 4_000 + 43_200):
        clock = widest(small, middle_s)
        verdicts = (judge_code(small, code, clock, 3) for code in codes)
        counts.append(sum(verdict in BETRAYING for verdict in verdicts))
    assert max(counts) == small.acceptable == 2


@BY_NAME
def test_a_million_blind_guesses_hit_no_more_than_the_bound_expects(profile: Profile) -> None:
    """Guesses are compared with the digits of the codes that the lock would take just then (of
    8,000 drawn from them, where they are more), which is what opening each of them comes to
    (below). Hits beyond 5 sigma would be no chance."""
    clock = worst(profile)
    random = Random(20_261_126)
    codes = list(acceptable(profile, clock, 0).codes())
    some = random.sample(codes, min(len(codes), 8_000))
    taken = {seal_code(profile, KEY, code) for code in some}
    assert len(taken) == len(some)
    top, form = 10**profile.digits, f"0{profile.digits}d"
    hits = sum(format(random.randrange(top), form) in taken for _ in range(1_000_000))
    expected = 1_000_000 * profile.bound * len(some) / len(codes)
    assert hits <= expected + 5 * float(expected) ** 0.5
    for digits in sorted(taken)[:200]:
        assert judge_code(profile, open_code(profile, KEY, digits), clock, 0) in BETRAYING
    if len(some) == len(codes):
        for digits in (format(random.randrange(top), form) for _ in range(2_000)):
            verdict = judge_code(profile, open_code(profile, KEY, digits), clock, 0)
            assert (verdict in BETRAYING) == (digits in taken)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@BY_NAME
def test_a_million_blind_guesses_opened_one_by_one_keep_the_bound(profile: Profile) -> None:
    random = Random(profile.number)
    hits, guesses = 0, 1_000_000
    top, form = 10**profile.digits, f"0{profile.digits}d"
    for number in range(guesses):
        clock = widest(profile, 86_400 * 700 + number)
        code = open_code(profile, KEY, format(random.randrange(top), form))
        hits += judge_code(profile, code, clock, 0) in BETRAYING
    expected = guesses * profile.bound
    assert hits <= expected + 5 * float(expected) ** 0.5


# --- what is refused -----------------------------------------------------------------------------


def test_one_digit_less_misses_the_bound_and_the_text_names_what_would_do() -> None:
    with pytest.raises(ProfileError, match="9 digits would do") as refused:
        replace(PROFILES["hour_8"], ahead=4)
    assert "1264 of 10^8 codes, more than 1 in 100,000" in str(refused.value)
    with pytest.raises(ProfileError, match=r"8 digits hold fewer codes than .* 9 digits would do"):
        replace(PROFILES["hour"], digits=8)
    with pytest.raises(ProfileError, match=r"hold fewer codes .* a coarser grid"):
        replace(PROFILES["quarter"], digits=9, variants=64, generations=64)


def test_a_free_window_of_a_quarters_grid_misses_the_bound_at_any_length() -> None:
    """Every duration of up to 14 days in quarters of an hour: the scheme that a blind try beats
    once in 1,100 at nine digits."""
    free = tuple(Shape(900, 900 * quarters) for quarters in range(1, 14 * 96 + 1))
    windows = sum(shape.duration_s // shape.grid_s for shape in free)
    assert 10**9 // windows == 1_106
    with pytest.raises(ProfileError, match="fewer or shorter windows"):
        Profile(201, "free", 10, free, 2, 1, 1, 0)


@pytest.mark.parametrize("digits", [0, 4, 5, 11])
def test_too_few_or_too_many_digits_are_refused(digits: int) -> None:
    with pytest.raises(ProfileError, match="6 to 10 digits"):
        replace(PROFILES["hour"], digits=digits)


@pytest.mark.parametrize(
    "change",
    [
        {"ahead": 0},
        {"ahead": 16},
        {"generations": 65},
        {"variants": 0},
        {"variants": 65},
        {"drift_s": -1},
        {"drift_s": 43_201},
        {"shapes": (Shape(3_600, 1_800),)},
        {"shapes": (Shape(7 * 3_600, 8 * 3_600),)},
        {"shapes": (Shape(30, 60),)},
        {"digits": 6},
    ],
)
def test_a_profile_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ProfileError):
        replace(PROFILES["hour"], **change)  # type: ignore[arg-type]


def test_a_number_names_one_profile_for_ever() -> None:
    assert {profile.number: name for name, profile in PROFILES.items()} == {
        1: "quarter",
        2: "hour",
        3: "hour_8",
        4: "stay",
    }
    assert all(profile_numbered(profile.number) is profile for profile in ALL)
    with pytest.raises(ProfileError, match="number 99"):
        profile_numbered(99)


# --- grids and calendars -------------------------------------------------------------------------


@BY_NAME
def test_payloads_of_the_shapes_follow_each_other_without_a_gap(profile: Profile) -> None:
    edges = [profile.first_payload(number) for number in range(len(profile.shapes) + 1)]
    assert edges[0] == 0
    assert edges[-1] == profile.capacity
    for number, (first, after) in enumerate(pairwise(edges)):
        below, last = code_of(profile, after - 1), code_of(profile, first)
        assert below is not None
        assert last is not None
        assert below.shape == last.shape == number


@pytest.mark.parametrize("year", [2028, 2032, 2048, 2049])
@BY_NAME
def test_a_days_code_is_a_day_in_japan_also_on_leap_days_and_at_years_ends(
    profile: Profile, year: int
) -> None:
    day = next(n for n, s in enumerate(profile.shapes) if s.grid_s == s.duration_s == 86_400)
    dates = [datetime(year, 12, 31, tzinfo=TOKYO), datetime(year, 1, 1, tzinfo=TOKYO)]
    if year % 4 == 0:
        dates += [datetime(year, 2, 29, tzinfo=TOKYO), datetime(year, 3, 1, tzinfo=TOKYO)]
    for date in dates:
        slot, rest = divmod(int((date - EPOCH).total_seconds()), 86_400)
        assert rest == 0
        start, end = SealedCode(day, slot, 0, 0).window(profile)
        assert start.astimezone(TOKYO) == date
        assert end.astimezone(TOKYO).hour == end.astimezone(TOKYO).minute == 0
        assert (end - start).total_seconds() == 86_400


@BY_NAME
def test_the_last_windows_begin_on_the_last_day_of_2049_in_japan(profile: Profile) -> None:
    for number, shape in enumerate(profile.shapes):
        start, _ = SealedCode(number, shape.slots - 1, 0, 0).window(profile)
        after = start.timestamp() + shape.grid_s
        assert datetime.fromtimestamp(after, TOKYO) == datetime(2050, 1, 1, tzinfo=TOKYO)
