"""The virtual box and the reference firmware live the same life, typed digit by digit, and write
the same log: what the demo and the quick tests show is what a device does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firmware_bridge.keybox.codes import Input, Kind, RecordKind, ResetCause
from firmware_bridge.keybox.firmware.build import build
from firmware_bridge.keybox.virtual_box import VirtualBox
from tests.firmware_bridge.keybox.firmware.conftest import (
    DEVICE_ID,
    MAINTENANCE,
    NOON,
    SECRET,
    Installed,
    Workshop,
)
from wire.keybox_keys import SecretBundle

MS = 1_000_000
TOLD = frozenset(
    {
        RecordKind.CODE_ACCEPTED,
        RecordKind.CODE_REFUSED,
        RecordKind.LOCKOUT,
        RecordKind.GENERATION_RETIRED,
    }
)
INPUTS = {
    "leaf": Input.LEAF,
    "rex": Input.REX,
    "key": Input.MECHANICAL_KEY,
    "tamper": Input.TAMPER,
    "absent": Input.KEY_ABSENT,
}
MOVED = frozenset(
    {
        RecordKind.OPENED,
        RecordKind.CLOSED,
        RecordKind.KEY_TAKEN,
        RecordKind.KEY_RETURNED,
        RecordKind.TAMPER,
        RecordKind.TAMPER_CLEARED,
        RecordKind.JAMMED,
        RecordKind.JAM_CLEARED,
        RecordKind.MECHANICAL_KEY,
        RecordKind.FORCED,
        RecordKind.HELD,
        RecordKind.REX,
    }
)
HOUR = 3_600
ONE_HOUR, ONCE = 0, 11


class Twins:
    """One life, twice."""

    def __init__(self, installed: Installed) -> None:
        self.installed, self.now_ns = installed, 0
        self.ours = VirtualBox(DEVICE_ID, Kind.KEY_BOX, MAINTENANCE)
        self.ours.clock.set(NOON, 1, 0)
        self.ours.install(SecretBundle(SECRET, MAINTENANCE, installed.profile.number), 1)
        self.go(10_000, told=False)

    def go(self, ms: int, *, told: bool = True) -> None:
        self.now_ns += ms * MS
        self.ours.advance(self.now_ns)
        if told:
            self.installed.box.say(f"advance {ms}")

    def type(self, keys: str) -> None:
        self.installed.box.say(f"keys {keys}")
        self.ours.press(keys, self.now_ns)

    def turn(self, name: str, on: bool) -> None:
        self.installed.box.say(f"input {name} {int(on)}")
        self.ours.set_input(INPUTS[name], on, self.now_ns)

    def stick(self, stuck: bool) -> None:
        self.installed.box.say(f"bolt {'stuck' if stuck else 'free'}")
        self.ours.stuck = stuck

    def cut(self) -> None:
        self.installed.box.say("power-cut")
        self.ours.start(ResetCause.POWER, self.now_ns)

    @property
    def time_s(self) -> int:
        return NOON + self.now_ns // 10**9

    def standing(self) -> tuple[dict, dict]:
        shown = self.installed.box.show()
        names = ("tries_left", "level", "generation", "uses", "released")
        ours = self.ours
        mine = (ours.budget.left, ours.budget.level, ours.secrets.newest, ours.uses)
        return (
            {name: shown[name] for name in names},
            dict(zip(names, (*mine, bool(ours.outputs)), strict=True)),
        )

    def logs(self, kinds: frozenset[RecordKind] = TOLD) -> tuple[list[tuple], list[tuple]]:
        host = self.installed.host
        host.open()
        theirs = [(kind, reason, data) for _, kind, reason, data in host.log() if kind in kinds]
        mine = [
            (one.kind, one.reason, one.data) for one in self.ours.log._records if one.kind in kinds
        ]
        return theirs, mine


def some_entry(twins: Twins, rng: random.Random) -> str:
    now_s, code = twins.time_s, twins.installed.code
    generation = twins.ours.secrets.newest
    ahead = (generation + rng.choice([1, 3, 4, 9, 15])) % 16
    choices: list[Callable[[], str]] = [
        lambda: code(ONE_HOUR, now_s, generation, rng.randrange(4)),
        lambda: code(ONE_HOUR, now_s + 1_800, generation),
        lambda: code(ONE_HOUR, now_s + 5 * HOUR, generation),
        lambda: code(ONE_HOUR, now_s - 3 * HOUR, generation),
        lambda: code(ONE_HOUR, now_s, ahead),
        lambda: code(ONCE, now_s, generation, rng.randrange(4)),
        lambda: code(ONCE, now_s, generation, 0),
        lambda: f"{rng.randrange(10**9):09d}",
        lambda: f"{rng.randrange(10**6):06d}",
        lambda: f"{rng.randrange(10**12):012d}",
        lambda: "12*" + code(ONE_HOUR, now_s, generation),
        lambda: "7" * 30 + "*" + code(ONE_HOUR, now_s, generation),
    ]
    return rng.choice(choices)() + "#"


@pytest.fixture(scope="session")
def programs() -> Path:
    return build("posix").parent


@pytest.fixture
def twins(programs: Path, tmp_path: Path) -> Iterator[Twins]:
    shop = Workshop(programs, tmp_path)
    yield Twins(shop.installed())
    for box in shop.running:
        box.close()


@pytest.mark.parametrize("seed", range(12))
def test_the_same_life_leaves_the_same_log(twins: Twins, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        twins.type(some_entry(twins, rng))
        theirs, mine = twins.standing()
        assert mine == theirs, twins.logs()
        twins.go(rng.choice([6_000, 6_000, 6_000, 20_000, 61_000, 310_000, 3_700_000]))
        if rng.random() < 0.05:
            twins.cut()
    theirs_log, my_log = twins.logs()
    assert my_log == theirs_log
    assert len(my_log) > 40


@pytest.mark.parametrize("seed", range(12))
def test_the_same_hands_leave_the_same_log(twins: Twins, seed: int) -> None:
    """Leaf, key, cover, cylinder and a bolt that sticks."""
    rng = random.Random(seed)
    inputs = dict.fromkeys(INPUTS, False)
    for _ in range(60):
        choice = rng.random()
        if choice < 0.3:
            twins.type(twins.installed.code(ONE_HOUR, twins.time_s) + "#")
        elif choice < 0.4:
            twins.stick(rng.random() < 0.5)
        else:
            name = rng.choice(list(INPUTS))
            inputs[name] = not inputs[name]
            twins.turn(name, inputs[name])
        twins.go(rng.choice([1_000, 3_000, 8_000, 20_000, 310_000]))
    theirs, mine = twins.logs(MOVED)
    assert mine == theirs
    assert len(mine) > 20
