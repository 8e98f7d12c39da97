"""Backup codes: taken while the hub is away, within their window, once where once; never told of
where a guess would seem to be somebody's code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.core.backup import NEAR_S, DoorCodes, KeptCodes, judge_backup, newest_of
from edge.core.budget import most_tries
from edge.core.clock_now import ClockNow
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.events import EventKind
from wire.offline_profiles import EPOCH, PROFILES
from wire.reasons import Reason
from wire.sealed_codes import CodeKey, SealedCode, cover, open_code, seal_code

NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MS = timedelta(milliseconds=1)
QUARTER, STAY = PROFILES["quarter"], PROFILES["stay"]
KEY = CodeKey(bytes(range(32)))
BODY = pb.BackupCodes(profile="quarter", sealed="-", generation=3, grace_s=7_200)
AWAY, NEVER_AWAY = 0, None


def door_codes(**changes) -> DoorCodes:
    return replace(DoorCodes.of(QUARTER, KEY, BODY, None), **changes)


def code_at(start, length=HOUR, generation=3, variant=0, once=False) -> SealedCode:
    shape, slot = cover(QUARTER, start, start + length, once=once)
    return SealedCode(shape, slot, generation, variant)


def digits_of(code: SealedCode) -> str:
    return seal_code(QUARTER, KEY, code)


@pytest.fixture
def cut_off(world):
    """A door with backup codes whose controller has no hub."""
    world.codes = door_codes()
    world.away_ns = AWAY
    return world


# --- taking --------------------------------------------------------------------------------------


def test_a_code_in_its_window_opens_while_the_hub_is_away(cut_off):
    code = code_at(cut_off.NOON)
    decision = cut_off.pin(digits_of(code))
    assert decision.reason is Reason.SEALED_CODE_VALID
    assert decision.kind is EventKind.ACCESS_GRANTED
    assert (decision.release_ms, decision.spends_try) == (5_000, False)
    assert decision.takes_code
    body = decision.body("act")
    assert body.code == code.tag
    assert (body.credential, body.person, body.digits) == (None, None, 9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    shape=st.integers(0, len(QUARTER.shapes) - 1),
    edge=st.sampled_from(["start", "end"]),
    off_ms=st.one_of(st.integers(-4_000, 4_000), st.integers(-9_000_000, 9_000_000)),
    error_ms=st.integers(0, 60_000),
    floor_ms=st.integers(0, 120_000),
)
def test_a_code_opens_exactly_where_its_window_and_the_clocks_error_meet(
    cut_off, shape, edge, off_ms, error_ms, floor_ms
):
    slot = int((cut_off.NOON - EPOCH).total_seconds()) // QUARTER.shapes[shape].grid_s
    code = SealedCode(shape, slot, 3, 1)
    start, end = code.window(QUARTER)
    cut_off.at = (start if edge == "start" else end) + off_ms * MS
    cut_off.error_ms, cut_off.floor = error_ms, cut_off.at - floor_ms * MS
    earliest = max(cut_off.at - error_ms * MS, cut_off.floor)
    opens = start <= cut_off.at + error_ms * MS and earliest < end
    decision = cut_off.pin(digits_of(code))
    assert decision.granted == opens
    if not opens:
        ahead = start - max(cut_off.at + error_ms * MS, cut_off.floor)
        before = ahead > timedelta(0)
        assert decision.reason is (Reason.NOT_YET_VALID if before else Reason.EXPIRED)
        assert decision.spends_try == (not before or ahead > HOUR)


@pytest.mark.parametrize("shape", range(0, len(STAY.shapes), 5))
def test_a_code_for_a_stay_opens_from_the_first_to_the_last_millisecond(cut_off, shape):
    cut_off.codes = DoorCodes.of(
        STAY, KEY, msgspec.structs.replace(BODY, profile="stay", generation=31), None
    )
    slot = int((cut_off.NOON - EPOCH).total_seconds()) // STAY.shapes[shape].grid_s
    code = SealedCode(shape, slot, 1, 3)  # two generations on, over the end of the circle
    start, end = code.window(STAY)
    for at, opens in ((start - MS, False), (start, True), (end - MS, True), (end, False)):
        cut_off.at, cut_off.error_ms, cut_off.floor = at, 0, start - 10 * HOUR
        decision = cut_off.pin(seal_code(STAY, KEY, code))
        assert decision.granted == opens, (at, decision.reason)


def test_a_code_whose_window_ends_below_the_floor_is_dead_whatever_the_clock_says(cut_off):
    code = code_at(cut_off.NOON)
    cut_off.floor = code.window(QUARTER)[1]
    assert cut_off.pin(digits_of(code)).reason is Reason.EXPIRED


def test_an_untrusted_clock_denies_every_code_and_a_guess_costs_its_try(cut_off):
    cut_off.state = ClockState.UNTRUSTED
    decision = cut_off.pin(digits_of(code_at(cut_off.NOON)))
    assert (decision.reason, decision.spends_try) == (Reason.CLOCK_UNTRUSTED, True)
    far = cut_off.pin(digits_of(code_at(cut_off.NOON + 1_000 * HOUR)))
    assert (far.reason, far.spends_try) == (Reason.UNKNOWN_PIN, True)


# --- the hub -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("away_ns", "opens"),
    [
        (AWAY, True),
        (1, True),
        (7_200 * 10**9 - 1, True),
        (7_200 * 10**9, False),
        (NEVER_AWAY, False),
    ],
)
def test_codes_are_taken_while_the_hub_is_away_and_for_the_grace_after(cut_off, away_ns, opens):
    cut_off.away_ns = away_ns
    decision = cut_off.pin(digits_of(code_at(cut_off.NOON)))
    expected = Reason.SEALED_CODE_VALID if opens else Reason.BACKUP_NOT_NEEDED
    assert decision.reason is expected
    assert decision.granted == decision.takes_code == opens
    assert not decision.spends_try


@given(st.integers(0, 604_800), st.one_of(st.none(), st.integers(0, 10**15)))
def test_a_grace_ends_to_the_nanosecond(grace_s, away_ns):
    now = ClockNow("boot", 10**12, NOON, ClockState.TRUSTED, 5, NOON)
    code = code_at(NOON)
    codes = door_codes(grace_s=grace_s)
    judged = judge_backup(codes, 9, lambda _profile, _key: code, now, away_ns)
    needed = away_ns == 0 or (away_ns is not None and away_ns < grace_s * 10**9)
    assert (judged.reason is Reason.SEALED_CODE_VALID) == needed


def test_without_a_grace_codes_are_taken_only_while_the_hub_is_away(cut_off):
    cut_off.codes = door_codes(grace_s=0)
    digits = digits_of(code_at(cut_off.NOON))
    assert cut_off.pin(digits).granted
    cut_off.away_ns = 1
    assert cut_off.pin(digits).reason is Reason.BACKUP_NOT_NEEDED


# --- what else was typed -------------------------------------------------------------------------


def test_a_pin_of_the_door_is_a_pin_even_where_its_digits_are_a_code(cut_off):
    digits = digits_of(code_at(cut_off.NOON))
    cut_off.add_pin(digits)
    cut_off.add_grant(credential=cut_off.id("pin"))
    assert cut_off.pin(digits).reason is Reason.PIN_VALID
    cut_off.add_pin(digits, state=pb.EntryState.BLOCKED)
    assert cut_off.pin(digits).reason is Reason.CREDENTIAL_BLOCKED


def test_pins_of_other_lengths_go_on_beside_the_codes(cut_off):
    cut_off.add_pin("482915")
    cut_off.add_grant(credential=cut_off.id("pin"))
    assert cut_off.pin("482915").reason is Reason.PIN_VALID
    assert cut_off.pin("482916").reason is Reason.UNKNOWN_PIN
    assert cut_off.pin("4829150000").reason is Reason.UNKNOWN_PIN


def test_a_door_that_asks_for_longer_pins_still_takes_its_codes(cut_off):
    cut_off.add_door(min_digits=10)
    assert cut_off.pin(digits_of(code_at(cut_off.NOON))).granted
    assert cut_off.pin("48291500").reason is Reason.PIN_TOO_SHORT


def test_another_doors_code_is_unknown_and_costs_a_try(cut_off):
    other = seal_code(QUARTER, CodeKey(bytes(32)), code_at(cut_off.NOON))
    decision = cut_off.pin(other)
    assert (decision.reason, decision.spends_try) == (Reason.UNKNOWN_PIN, True)


def test_a_throttled_reader_opens_no_code(cut_off):
    cut_off.throttled = True

    def never(_profile, _key):
        raise AssertionError("opened")

    decision = cut_off.pin(digits_of(code_at(cut_off.NOON)), opened=never)
    assert (decision.reason, decision.spends_try) == (Reason.THROTTLED, False)


@pytest.mark.parametrize("digits", ["123456789", "12345678", "1234567", "1234567890"])
def test_a_wrong_entry_costs_the_same_work_whether_or_not_the_door_has_codes(world, digits):
    """Opened once under some key in both cases, and through the permutation for the same lengths:
    the time it takes tells nothing of which doors have codes."""

    def work() -> list[tuple[int, bool]]:
        asked = []

        def opened(profile, key):
            asked.append((len(digits), profile.digits == len(digits)))
            return open_code(profile, key, digits)

        decision = world.pin(digits, opened=opened)
        assert (decision.reason, decision.spends_try) == (Reason.UNKNOWN_PIN, True)
        assert decision.code is None
        return asked

    without = work()
    world.codes, world.away_ns = door_codes(), AWAY
    assert work() == without
    assert len(without) == 1


# --- what is told --------------------------------------------------------------------------------


def test_a_code_is_named_only_within_48_hours_of_its_window(cut_off):
    for start, reason in (
        (cut_off.NOON + 47 * HOUR, Reason.NOT_YET_VALID),
        (cut_off.NOON + 49 * HOUR, Reason.UNKNOWN_PIN),
        (cut_off.NOON - 48 * HOUR, Reason.EXPIRED),
        (cut_off.NOON - 50 * HOUR, Reason.UNKNOWN_PIN),
    ):
        code = code_at(start)
        decision = cut_off.pin(digits_of(code))
        assert (decision.reason, decision.spends_try) == (reason, True)
        assert decision.code == (None if reason is Reason.UNKNOWN_PIN else code)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda one: one.name)
def test_a_blind_guess_is_named_as_a_code_less_than_once_in_2_000(profile):
    spans = (
        -(-(shape.duration_s + 2 * NEAR_S + 2 * 60) // shape.grid_s) for shape in profile.shapes
    )
    named = sum(spans) * profile.generations * profile.variants
    assert 2_000 * named < 10**profile.digits


def test_an_early_code_costs_no_try_and_one_beyond_the_hour_does(cut_off):
    cut_off.error_ms = 0
    code = code_at(cut_off.NOON + 2 * HOUR)
    cut_off.at = cut_off.NOON + HOUR
    early = cut_off.pin(digits_of(code))
    assert (early.reason, early.spends_try) == (Reason.NOT_YET_VALID, False)
    cut_off.at -= MS
    assert cut_off.pin(digits_of(code)).spends_try


# --- generations and single use ------------------------------------------------------------------


def test_codes_of_earlier_generations_are_retired(cut_off):
    for generation in range(16):
        decision = cut_off.pin(digits_of(code_at(cut_off.NOON, generation=generation)))
        assert decision.granted == (generation in (3, 4, 5, 6))
        if not decision.granted:
            assert (decision.reason, decision.spends_try) == (Reason.CODE_RETIRED, True)


def test_a_code_that_was_taken_makes_its_generation_the_newest(cut_off):
    later = code_at(cut_off.NOON, generation=5)
    codes = cut_off.codes.taken(later, cut_off.floor)
    assert codes.newest == 5
    cut_off.codes = codes
    assert cut_off.pin(digits_of(code_at(cut_off.NOON))).reason is Reason.CODE_RETIRED


def test_a_one_time_code_is_used_up_by_its_use_until_its_window_is_certainly_past(cut_off):
    once = code_at(cut_off.NOON, once=True)
    again = code_at(cut_off.NOON, once=True, variant=1)
    assert cut_off.pin(digits_of(once)).granted
    cut_off.codes = cut_off.codes.taken(once, cut_off.floor)
    used = cut_off.pin(digits_of(once))
    assert (used.reason, used.spends_try, used.code) == (Reason.USED_UP, True, once)
    assert cut_off.pin(digits_of(again)).granted
    end = once.window(QUARTER)[1]
    assert once in cut_off.codes.taken(again, end - timedelta(seconds=1)).used
    assert once not in cut_off.codes.taken(again, end).used


def test_other_codes_are_not_remembered(cut_off):
    assert not cut_off.codes.taken(code_at(cut_off.NOON), cut_off.floor).used


@pytest.mark.parametrize(
    ("kept_told", "kept_newest", "told", "newest"),
    [
        (3, 3, 3, 3),  # nothing changed
        (3, 6, 3, 6),  # codes ahead of the policy were used meanwhile
        (3, 9, 3, 9),  # and again
        (3, 3, 4, 4),  # the policy moves on
        (3, 6, 4, 6),  # an older word than the codes that were used
        (3, 3, 14, 14),  # a controller that was away for long
        (3, 9, 14, 14),
        (14, 15, 1, 1),  # round the circle
        (15, 1, 0, 1),
    ],
)
def test_the_newest_generation_is_the_policys_or_that_of_codes_used_meanwhile(
    kept_told, kept_newest, told, newest
):
    assert newest_of(QUARTER, KeptCodes("-", kept_told, kept_newest), told) == newest


def test_what_is_kept_comes_back_under_the_same_secret_alone(cut_off):
    once = code_at(cut_off.NOON, once=True, generation=4)
    codes = cut_off.codes.taken(once, cut_off.floor)
    kept = KeptCodes.load(codes.kept.save())
    assert DoorCodes.of(QUARTER, KEY, BODY, kept) == codes
    fresh = DoorCodes.of(QUARTER, CodeKey(bytes(32)), BODY, kept)
    assert (fresh.newest, dict(fresh.used)) == (3, {})


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"of":"-","told":1,"newest":1,"used":{"a":1}}']
)
def test_bytes_that_are_no_kept_codes_are_refused(data):
    with pytest.raises(ValueError):
        KeptCodes.load(data)


def test_neither_key_nor_digits_show_in_what_is_kept_or_printed(cut_off):
    once = code_at(cut_off.NOON, once=True)
    codes = cut_off.codes.taken(once, cut_off.floor)
    shown = repr(codes) + codes.kept.save().decode() + repr(cut_off.pin(digits_of(once)))
    shown += msgspec.json.encode(cut_off.pin(digits_of(once)).body()).decode()
    assert KEY.secret.hex() not in shown
    assert repr(KEY.secret) not in shown
    assert digits_of(once) not in shown


# --- modes and fire ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (pb.DoorMode.LOCKED, Reason.DOOR_LOCKED),
        (pb.DoorMode.LOCKDOWN, Reason.LOCKDOWN),
        (pb.DoorMode.HOLD_OPEN, Reason.HELD_OPEN),
        (pb.DoorMode.EMERGENCY_OPEN, Reason.EMERGENCY_OPEN),
    ],
)
def test_a_mode_stands_above_a_code_which_is_not_used_by_it(cut_off, mode, reason):
    cut_off.add_mode(mode, 1)
    decision = cut_off.pin(digits_of(code_at(cut_off.NOON, once=True)))
    assert (decision.reason, decision.release_ms) == (reason, None)
    assert not decision.takes_code


def test_a_fire_alarm_stands_above_a_code_which_is_not_used_by_it(cut_off):
    cut_off.fire = True
    decision = cut_off.pin(digits_of(code_at(cut_off.NOON, once=True)))
    assert decision.reason is Reason.FIRE_ALARM
    assert not decision.takes_code


@pytest.mark.parametrize("mode", [pb.DoorMode.LOCKED, pb.DoorMode.HOLD_OPEN])
def test_a_retired_code_is_told_so_at_a_locked_or_held_door(cut_off, mode):
    cut_off.add_mode(mode, 1)
    decision = cut_off.pin(digits_of(code_at(cut_off.NOON, generation=2)))
    assert (decision.reason, decision.spends_try) == (Reason.CODE_RETIRED, True)


def test_a_code_that_is_not_needed_walks_in_at_a_door_that_is_held_open(cut_off):
    cut_off.add_mode(pb.DoorMode.HOLD_OPEN, 1)
    cut_off.away_ns = NEVER_AWAY
    assert cut_off.pin(digits_of(code_at(cut_off.NOON))).reason is Reason.HELD_OPEN


@pytest.mark.parametrize("mode", [pb.DoorMode.LOCKED, pb.DoorMode.HOLD_OPEN])
def test_a_wrong_guess_costs_its_try_whatever_the_mode(cut_off, mode):
    cut_off.add_mode(mode, 1)
    wrong = seal_code(QUARTER, CodeKey(bytes(32)), code_at(cut_off.NOON))
    assert cut_off.pin(wrong).spends_try
    expired = digits_of(code_at(cut_off.NOON - 3 * HOUR))
    assert cut_off.pin(expired).spends_try


# --- the page ------------------------------------------------------------------------------------


def test_what_the_page_says_of_a_guesser_at_a_door_is_what_its_budget_allows():
    page = (Path(__file__).parents[3] / "docs" / "offline-pin.md").read_text(encoding="utf-8")
    tries = most_tries(pb.ReaderBody(device="-"), 86_400)
    chance = tries * QUARTER.bound
    assert f"at most {tries} tries a day" in page
    assert f"1 in {chance.denominator // chance.numerator:,} for each day of an outage" in page
    stays = tries * STAY.bound
    assert f"for `stay` 1 in {stays.denominator // stays.numerator:,}" in page
    assert f"only within {NEAR_S // 3_600} h of its window" in page
    assert pb.BackupCodes.__struct_defaults__[-1] == 86_400  # "default a day"
