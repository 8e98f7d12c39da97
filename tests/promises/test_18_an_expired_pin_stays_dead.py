"""Row 18: an expired PIN stays dead, whatever becomes of the clocks.

The time is trusted, held over within its stated error, or untrusted; what is certainly past never
comes back; a clock that nobody vouches for opens no PIN's door, unless the door's setting says so.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge.ports import KernelClock
from tests.promises.clock_bench import BEGIN, DAY, HOUR, Pin, PoweredDoor, World, install
from wire.clock import ClockState, utc
from wire.events import EventKind
from wire.reasons import Reason

SEQUENCES = 60
SEQUENCES_SOAK = 1_500
STEPS = 25
MORNING = Pin("482915", BEGIN + 9 * HOUR, BEGIN + 11 * HOUR)
EVENING = Pin("736194", BEGIN + 21 * HOUR, BEGIN + 23 * HOUR)
DENIALS = {Reason.BELOW_FLOOR, Reason.EXPIRED, Reason.CLOCK_UNTRUSTED}
NTP = KernelClock(synchronised=True, error_ms=50)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One installation for all doors."""
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture
def at_ten(settings: Path, tmp_path: Path) -> PoweredDoor:
    """A door at 10:00, its time from the hub."""
    return _at_ten(settings, tmp_path)


def _at_ten(settings: Path, tmp_path: Path, *, has_rtc: bool = False) -> PoweredDoor:
    world = World(random.Random(18), true=BEGIN + 9 * HOUR + HOUR / 2, has_rtc=has_rtc)
    door = PoweredDoor(settings, tmp_path / "data", world, [MORNING, EVENING])
    door.policy()
    door.welcome()
    door.go(HOUR / 2)
    assert door.press(MORNING)[1].reason is Reason.PIN_VALID
    door.go(timedelta(seconds=30))
    return door


@pytest.mark.parametrize("step", [-DAY, 365 * DAY], ids=["back a day", "ahead a year"])
@pytest.mark.parametrize("ntp", [False, True], ids=["alone", "NTP says so"])
@pytest.mark.parametrize("reboot", [False, True], ids=["running", "rebooted"])
def test_an_expired_pin_stays_dead_when_the_clock_steps(
    at_ten: PoweredDoor, step: timedelta, ntp: bool, reboot: bool
) -> None:
    """The system's clock is set, by hand or by an NTP server that lies; with and without a reboot
    that has no RTC."""
    door = at_ten
    door.go(2 * HOUR)
    assert door.press(MORNING)[1].reason is Reason.EXPIRED
    door.world.wall_off = step
    if reboot:
        door.cut()
        door.power_on()
    if ntp:
        door.world.ntp = NTP
    for _ in range(3):
        door.go(timedelta(seconds=20))
        assert door.press(MORNING)[1].reason in DENIALS
        assert not door.released


def test_an_expired_pin_stays_dead_when_power_was_out_and_the_clock_looks_well(
    at_ten: PoweredDoor,
) -> None:
    """Cut at 10:00, back at 22:00 without network or RTC: systemd or fake-hwclock say 10:00. That
    the evening's PIN opens nothing either is the price; cards go on."""
    door = at_ten
    door.cut()
    door.world.true += 12 * HOUR
    door.world.wall_off = -12 * HOUR
    door.power_on()
    for pin in (MORNING, EVENING):
        event, body = door.press(pin)
        assert (body.reason, event.clock) == (Reason.CLOCK_UNTRUSTED, ClockState.UNTRUSTED)
        assert not door.released
    assert door.tap()[1].reason is Reason.CARD_VALID
    assert door.released
    door.go(timedelta(seconds=20))
    door.welcome()
    assert door.press(MORNING)[1].reason is Reason.EXPIRED
    assert door.press(EVENING)[1].reason is Reason.PIN_VALID


def test_a_door_that_says_so_takes_pins_by_the_floor_alone(at_ten: PoweredDoor) -> None:
    """Shown as a risk: the morning's PIN still opens, but only until its end is certainly past; the
    evening's has not certainly begun."""
    door = at_ten
    door.policy(floor_in_window=True)
    door.cut()
    door.world.true += 12 * HOUR
    door.world.wall_off = -12 * HOUR
    door.power_on()
    assert door.press(EVENING)[1].reason is Reason.CLOCK_UNTRUSTED
    assert door.press(MORNING)[1].reason is Reason.FLOOR_IN_WINDOW
    for _ in range(61):
        door.go(timedelta(minutes=1))
    assert door.press(MORNING)[1].reason is Reason.BELOW_FLOOR
    door.cut()
    door.power_on()
    assert door.press(MORNING)[1].reason is Reason.BELOW_FLOOR


def test_with_an_rtc_the_evenings_pin_opens_and_the_mornings_stays_dead(
    settings: Path, tmp_path: Path
) -> None:
    """However wrong the RTC was set: it was compared while the time was trusted."""
    door = _at_ten(settings, tmp_path, has_rtc=True)
    door.cut()
    door.world.true += 12 * HOUR
    door.world.wall_off = -12 * HOUR
    door.power_on()
    event, body = door.press(EVENING)
    assert (body.reason, event.clock) == (Reason.PIN_VALID, ClockState.HOLDOVER)
    assert event.error_ms is not None
    assert event.error_ms < 10_000
    assert door.press(MORNING)[1].reason is Reason.EXPIRED


@pytest.mark.parametrize("has_rtc", [False, True])
def test_an_expired_pin_stays_dead_when_yesterdays_image_is_put_back(
    settings: Path, tmp_path: Path, has_rtc: bool
) -> None:
    """The image knows the PIN and no later floor. Without network nobody vouches for its clock; an
    RTC or the hub does, and to either the PIN is expired."""
    door = _at_ten(settings, tmp_path, has_rtc=has_rtc)
    door.image(tmp_path / "image")
    door.go(23 * HOUR)
    assert door.press(MORNING)[1].reason is Reason.EXPIRED
    door.cut()
    door.put_image(tmp_path / "image")
    door.world.true += HOUR
    door.world.wall_off = -DAY
    door.power_on()
    expected = Reason.EXPIRED if has_rtc else Reason.CLOCK_UNTRUSTED
    assert door.press(MORNING)[1].reason is expected
    door.go(timedelta(seconds=20))
    door.welcome()
    assert door.press(MORNING)[1].reason is Reason.EXPIRED


def test_an_expired_pin_stays_dead_in_any_sequence(settings: Path, tmp_path: Path) -> None:
    """Of steps, reboots, restarts, NTP, RTC and welcomes, against the true time."""
    counts: Counter[str] = Counter()
    for seed in range(SEQUENCES):
        _live(settings, tmp_path, seed, counts)
    _enough(counts)


@pytest.mark.soak
def test_an_expired_pin_stays_dead_in_any_sequence_for_long(settings: Path, tmp_path: Path) -> None:
    """The same, over and over."""
    counts: Counter[str] = Counter()
    for seed in range(SEQUENCES, SEQUENCES + SEQUENCES_SOAK):
        _live(settings, tmp_path, seed, counts)
    _enough(counts)
    counts["sequences"] = SEQUENCES_SOAK
    print(json.dumps({"soak": "clock", **dict(sorted(counts.items()))}))


def _enough(counts: Counter[str]) -> None:
    """Every sort of thing was tried."""
    for what in ("opened", "opened_holdover", "expired", "below_floor", "clock_untrusted", "cards"):
        assert counts[what], what


def _pins() -> list[Pin]:
    windows = [(day, hour) for day in range(8) for hour in (1, 9, 21)]
    return [
        Pin(f"{482_915 + 7_919 * number:06d}", BEGIN + day * DAY + hour * HOUR, end)
        for number, (day, hour) in enumerate(windows)
        for end in [BEGIN + day * DAY + (hour + 4) * HOUR]
    ]


def _live(settings: Path, tmp_path: Path, seed: int, counts: Counter[str]) -> None:
    """One sequence. The oracle knows the true time, and what was certainly past when."""
    chance = random.Random(seed)
    world = World(chance, has_rtc=chance.random() < 0.4)
    world.rtc_off = timedelta(seconds=chance.choice([0, -3 * 3_600, 86_400 * 200]))
    door = PoweredDoor(settings, tmp_path / f"data-{seed}", world, _pins())
    by_floor = chance.random() < 0.3
    door.policy(floor_in_window=by_floor)
    floor = BEGIN - DAY
    for _ in range(STEPS):
        match chance.randrange(8):
            case 0 | 1:
                door.welcome(chance.choice([4, 300, 9_000]))
                floor = max(floor, world.true - timedelta(seconds=9))
            case 2:
                _step(world)
            case 3:
                door.cut()
                world.true += timedelta(seconds=chance.choice([1, 600, 40_000, 90_000]))
                _step(world)
                door.power_on()
                counts["cuts"] += 1
            case 4:
                door.restart_agent()
            case 5:
                world.ntp = NTP
                world.wall_off = timedelta(milliseconds=chance.uniform(-50, 50))
            case _:
                door.go(timedelta(seconds=chance.choice([1, 11, 1_800, 30_000])))
        for pin in chance.sample(door.pins, 4):
            floor = max(floor, _try(door, pin, floor, by_floor, counts, seed))
        door.go(timedelta(minutes=61))  # a try budget that is spent is whole again
    if door.tap()[1].reason is Reason.CARD_VALID:
        counts["cards"] += 1
    door.cut()
    shutil.rmtree(door.data)


def _step(world: World) -> None:
    """The system's clock is set, and NTP knows nothing of it."""
    world.ntp = KernelClock(synchronised=False, error_ms=16_000)
    world.wall_off = world.chance.choice([-DAY, -HOUR, HOUR, 365 * DAY, BEGIN - world.true])


def _try(
    door: PoweredDoor, pin: Pin, floor: datetime, by_floor: bool, counts: Counter[str], seed: int
) -> datetime:
    event, body = door.press(pin)
    true, told = door.world.true, (seed, pin, door.world.true, event, body)
    error = timedelta(milliseconds=event.error_ms or 0)
    relied_on = event.clock is not ClockState.UNTRUSTED
    opened = event.kind == EventKind.ACCESS_GRANTED
    counts[body.reason.value] += 1
    counts["tries"] += 1
    if relied_on:
        assert abs(utc(event.at) - true) <= error, told
    if opened:
        counts["opened"] += 1
        counts[f"opened_{event.clock.value}"] += 1
        assert pin.end > floor, told
        if relied_on:
            assert pin.start - error <= true < pin.end + error, told
        else:
            assert by_floor, told
            assert body.reason is Reason.FLOOR_IN_WINDOW, told
    elif relied_on and body.reason is not Reason.THROTTLED:
        assert not pin.start + 2 * error <= true < pin.end - 2 * error, told
    return utc(event.at) - error if relied_on else floor
