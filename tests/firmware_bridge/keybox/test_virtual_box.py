"""A virtual box takes sealed codes under the rules of a lock."""

from __future__ import annotations

import pytest

from firmware_bridge.keybox.code_entry import ONE_TIME_CAPACITY
from firmware_bridge.keybox.codes import CodeReason, Input, Kind, Output, RecordKind, ResetCause
from firmware_bridge.keybox.host_events import (
    MS,
)
from firmware_bridge.keybox.records import LogRecord
from firmware_bridge.keybox.virtual_box import VirtualBox
from wire.offline_profiles import PROFILES
from wire.sealed_codes import CodeKey, SealedCode, open_code, seal_code

from .conftest import CODE_SECRET, DEVICE, TIME_S, make_box

SECOND = 1_000 * MS
HOUR = 3_600
PROFILE = PROFILES["quarter"]
KEY = CodeKey.of(CODE_SECRET, DEVICE)
ONE_HOUR, THREE_HOURS_ONCE = 0, 11
NO_CODE = next(
    text
    for text in (f"{number:09d}" for number in range(1_000))
    if open_code(PROFILE, KEY, text) is None
)


def digits(
    start_s: int = TIME_S, shape: int = ONE_HOUR, generation: int = 0, variant: int = 0
) -> str:
    slot = start_s // PROFILE.shapes[shape].grid_s
    return seal_code(PROFILE, KEY, SealedCode(shape, slot, generation, variant))


class Standing:
    """Somebody before a box, and the time."""

    def __init__(self, box: VirtualBox | None = None) -> None:
        self.box = box or make_box()
        self.now_ns = 0

    def enter(self, code: str) -> LogRecord | None:
        """Type a code; give the newest record of a decision on it."""
        mark = self.box.log.next
        self.box.press(code + "#", self.now_ns)
        kinds = (RecordKind.CODE_ACCEPTED, RecordKind.CODE_REFUSED, RecordKind.LIST_PIN_ACCEPTED)
        found = [one for one in self.since(mark) if one.kind in kinds]
        return found[-1] if found else None

    def reason(self, code: str) -> int:
        record = self.enter(code)
        assert record is not None
        return record.reason

    def since(self, mark: int) -> list[LogRecord]:
        return [one for one in self.box.log._records if one.index >= mark]

    def go(self, seconds: float) -> None:
        self.now_ns += round(seconds * SECOND)
        self.box.advance(self.now_ns)


@pytest.fixture
def standing() -> Standing:
    return Standing()


def test_a_code_of_now_opens_for_five_seconds_and_is_named(standing):
    record = standing.enter(digits(variant=2))
    assert record.kind == RecordKind.CODE_ACCEPTED
    assert record.code == (ONE_HOUR, TIME_S // 900, 0, 2)
    assert standing.box.outputs == Output.RELEASED
    standing.go(4.9)
    assert standing.box.outputs
    standing.go(0.2)
    assert not standing.box.outputs
    assert standing.box.uses == 1


@pytest.mark.parametrize(
    ("code", "reason", "left"),
    [
        (digits(TIME_S + 900), CodeReason.EARLY, 5),
        (digits(TIME_S + 5 * HOUR), CodeReason.NOT_YET, 4),
        (digits(TIME_S - 5 * HOUR), CodeReason.EXPIRED, 4),
        (digits(generation=9), CodeReason.RETIRED, 4),
        ("12345", CodeReason.NOT_A_CODE, 4),
        (digits() + "1", CodeReason.NOT_A_CODE, 4),
        (NO_CODE, CodeReason.NOT_A_CODE, 4),
    ],
)
def test_a_code_that_does_not_hold_is_refused_by_its_reason(standing, code, reason, left):
    assert standing.reason(code) == reason
    assert not standing.box.outputs
    assert standing.box.budget.left == left


def test_a_one_time_code_opens_once(standing):
    code = digits(shape=THREE_HOURS_ONCE - 0)
    assert standing.reason(code) == CodeReason.VALID
    assert standing.reason(code) == CodeReason.USED


def test_one_time_codes_beyond_what_can_be_remembered_wait_and_spend_no_try(standing):
    used = {SealedCode(11, n, 0, 0): TIME_S + HOUR for n in range(ONE_TIME_CAPACITY)}
    standing.box.secrets.used.update(used)
    assert standing.reason(digits(shape=THREE_HOURS_ONCE)) == CodeReason.ONE_TIME_FULL
    assert standing.box.budget.left == 5
    standing.go(HOUR + 700)
    later = digits(TIME_S + HOUR, shape=THREE_HOURS_ONCE)
    assert standing.reason(later) == CodeReason.VALID


def test_a_code_of_a_newer_generation_kills_the_older_ones(standing):
    assert standing.reason(digits(generation=2)) == CodeReason.VALID
    assert standing.reason(digits(generation=1)) == CodeReason.RETIRED
    assert RecordKind.GENERATION_RETIRED in [one.kind for one in standing.since(0)]


def test_a_box_without_the_time_or_without_a_secret_spends_no_try(standing):
    standing.box.clock.forget()
    assert standing.reason(digits()) == CodeReason.CLOCK_UNKNOWN
    assert standing.box.budget.left == 5
    fresh = Standing(VirtualBox(DEVICE, Kind.KEY_BOX, bytes(32)))
    fresh.box.clock.set(TIME_S, 1, 0)
    assert fresh.reason(digits()) == CodeReason.NO_SECRET


def test_five_wrong_codes_lock_out_and_nothing_is_compared_meanwhile(standing):
    for _ in range(5):
        standing.enter(NO_CODE)
    assert standing.since(0)[-1].kind == RecordKind.LOCKOUT
    assert standing.since(0)[-1].number == 300
    mark = standing.box.log.next
    for _ in range(10):
        standing.enter(digits())
        standing.go(3)
    told = standing.since(mark)
    assert [one.reason for one in told] == [CodeReason.THROTTLED]
    assert not standing.box.outputs
    standing.go(271)
    assert standing.reason(digits()) == CodeReason.VALID


def test_lockouts_double_and_a_calm_day_takes_one_level_back(standing):
    def lock_out() -> int:
        for _ in range(5):
            standing.enter(NO_CODE)
        seconds = standing.box.budget.lockout_s(standing.now_ns)
        standing.go(seconds + 1)
        return seconds

    assert [lock_out() for _ in range(3)] == [300, 600, 1_200]
    standing.go(86_400)
    assert standing.box.budget.level == 2
    assert lock_out() == 1_200
    for _ in range(10):
        longest = lock_out()
    assert longest == 86_400


def test_a_success_gives_no_try_back(standing):
    for _ in range(4):
        standing.enter(NO_CODE)
    standing.enter(digits())
    assert standing.box.budget.left == 1


def test_pulling_the_battery_never_shortens_a_lockout(standing):
    for _ in range(5):
        standing.enter(NO_CODE)
    standing.go(100)
    standing.box.start(ResetCause.POWER, standing.now_ns)
    assert standing.box.budget.lockout_s(standing.now_ns) == 240
    for _ in range(20):
        standing.go(50)
        standing.box.start(ResetCause.POWER, standing.now_ns)
    assert standing.box.budget.lockout_s(standing.now_ns) == 240


@pytest.mark.parametrize(
    ("keys", "opens"),
    [
        ("*" + digits(), True),
        ("12*" + digits(), True),
        ("12" + digits(), False),
        ("1" * 40 + "*" + digits(), True),
    ],
)
def test_star_clears_and_there_is_no_sliding_window(standing, keys, opens):
    standing.enter(keys)
    assert bool(standing.box.outputs) is opens


def test_ten_seconds_without_a_key_forget_what_stood_there(standing):
    standing.box.press("123", standing.now_ns)
    standing.go(10.5)
    assert standing.reason(digits()) == CodeReason.VALID


def test_a_code_taken_narrows_what_the_clock_may_be(standing):
    standing.go(200 * 86_400)
    wide = standing.box.clock.interval(standing.now_ns)
    assert wide.latest_s - wide.earliest_s == pytest.approx(2 * (1 + 200 * 86_400 * 20e-6), abs=3)
    now_s = TIME_S + 200 * 86_400
    start_s = now_s // 900 * 900
    assert standing.reason(digits(start_s)) == CodeReason.VALID
    narrow = standing.box.clock.interval(standing.now_ns)
    assert narrow.earliest_s >= max(wide.earliest_s, start_s)
    assert narrow.latest_s <= wide.latest_s


def test_doubt_never_passes_the_profiles_drift(standing):
    standing.go(3_000 * 86_400)
    interval = standing.box.clock.interval(standing.now_ns)
    assert interval.latest_s - interval.earliest_s <= 2 * PROFILE.drift_s + 1


def test_a_leaf_without_a_release_is_forced_and_one_left_open_is_held(standing):
    standing.go(60)
    standing.box.set_input(Input.LEAF, True, standing.now_ns)
    assert standing.since(0)[-1].kind == RecordKind.FORCED
    standing.go(301)
    assert standing.since(0)[-1].kind == RecordKind.HELD
    standing.box.set_input(Input.LEAF, False, standing.now_ns)
    standing.enter(digits())
    standing.box.set_input(Input.LEAF, True, standing.now_ns)
    assert RecordKind.FORCED not in [one.kind for one in standing.since(0)[-3:]]


def test_a_bolt_that_does_not_follow_is_jammed(standing):
    standing.box.stuck = True
    standing.enter(digits())
    standing.go(1.4)
    assert not standing.box.inputs & Input.JAMMED
    standing.go(0.2)
    assert standing.since(0)[-1].kind == RecordKind.JAMMED


def test_taking_the_key_is_told(standing):
    standing.box.set_input(Input.KEY_ABSENT, True, 0)
    standing.box.set_input(Input.KEY_ABSENT, False, 0)
    kinds = [one.kind for one in standing.since(0)[-2:]]
    assert kinds == [RecordKind.KEY_TAKEN, RecordKind.KEY_RETURNED]
