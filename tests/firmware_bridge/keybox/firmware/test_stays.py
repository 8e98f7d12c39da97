"""A box for stays: codes of hours, weeks and a year, at the firmware and at the virtual box."""

from __future__ import annotations

from typing import Any, Protocol

import pytest

from firmware_bridge.keybox.codes import CodeReason, Kind, RecordKind
from firmware_bridge.keybox.virtual_box import VirtualBox
from tests.firmware_bridge.keybox.firmware.conftest import (
    DEVICE_ID,
    MAINTENANCE,
    NOON,
    SECRET,
)
from wire.keybox_keys import SecretBundle
from wire.offline_profiles import PROFILES
from wire.sealed_codes import CodeKey, SealedCode, seal_code

STAY = PROFILES["stay"]
KEY = CodeKey.of(SECRET, DEVICE_ID)
SHAPES = range(len(STAY.shapes))
GRANTED = "feedback granted"


class Box(Protocol):
    """Something that takes digits; it is NOON, a little past."""

    def opens(self, digits: str) -> bool:
        """Whether they open it."""

    def reason(self, digits: str) -> int:
        """What the log says of them."""


class Simulated:
    """The firmware."""

    def __init__(self, workshop: Any) -> None:
        self.installed = workshop.installed(profile="stay")

    def opens(self, digits: str) -> bool:
        told = self.installed.box.enter(digits)
        self.installed.box.say("advance 8000")
        return GRANTED in told

    def reason(self, digits: str) -> int:
        self.opens(digits)
        self.installed.host.open()
        told = [reason for _, kind, reason, _ in self.installed.host.log() if kind in (2, 3)]
        self.installed.box.say("advance 20000")  # the visit is over
        return int(told[-1])


class Virtual:
    """The device in Python."""

    def __init__(self) -> None:
        self.box, self.now_ns = VirtualBox(DEVICE_ID, Kind.KEY_BOX, MAINTENANCE), 0
        self.box.install(SecretBundle(SECRET, MAINTENANCE, STAY.number), 1)
        self.box.clock.set(NOON, 1, 0)

    def opens(self, digits: str) -> bool:
        return self.reason(digits) == CodeReason.VALID

    def reason(self, digits: str) -> int:
        mark = self.box.log.next
        self.box.press(digits + "#", self.now_ns)
        kinds = (RecordKind.CODE_ACCEPTED, RecordKind.CODE_REFUSED)
        told = [one for one in self.box.log._records if one.index >= mark and one.kind in kinds]
        self.now_ns += 8 * 10**9
        self.box.advance(self.now_ns)
        return told[-1].reason


@pytest.fixture(params=["firmware", "virtual"])
def box(request: pytest.FixtureRequest, workshop: Any) -> Box:
    return Simulated(workshop) if request.param == "firmware" else Virtual()


def digits_of(shape: int, slot: int, generation: int = 0, variant: int = 0) -> str:
    return seal_code(STAY, KEY, SealedCode(shape, slot, generation, variant))


def test_a_code_of_every_shape_opens_from_its_first_to_its_last_slot_that_holds_now(
    box: Box,
) -> None:
    """Those that end within a step of their grid after the test, and those that began last."""
    for shape in SHAPES:
        one = STAY.shapes[shape]
        newest = NOON // one.grid_s
        oldest = -(-(NOON + 3_600 - one.duration_s) // one.grid_s)
        for variant, slot in enumerate(sorted({oldest, newest})):
            assert box.opens(digits_of(shape, slot, variant=variant)), (shape, slot)


@pytest.mark.parametrize("shape", [0, 34, 45, 60, 61, 91, 124, 125])
def test_a_code_is_refused_before_and_after_its_window(box: Box, shape: int) -> None:
    one = STAY.shapes[shape]
    over = (NOON - 1 - one.duration_s) // one.grid_s
    to_come = (NOON + 3_600 + 600) // one.grid_s + 1
    assert box.reason(digits_of(shape, over)) == CodeReason.EXPIRED
    assert box.reason(digits_of(shape, to_come)) == CodeReason.NOT_YET
    assert box.reason(digits_of(shape, NOON // one.grid_s, 2)) == CodeReason.VALID
    assert box.reason(digits_of(shape, NOON // one.grid_s, 1)) == CodeReason.RETIRED


def test_of_32_generations_three_are_taken(box: Box) -> None:
    slot = NOON // 86_400
    year = SHAPES[-1]
    assert box.reason(digits_of(year, slot, 3)) == CodeReason.RETIRED
    assert box.reason(digits_of(year, slot, 31)) == CodeReason.RETIRED
    assert box.reason(digits_of(year, slot, 2)) == CodeReason.VALID
    assert box.reason(digits_of(year, slot, 4)) == CodeReason.VALID
    assert box.reason(digits_of(year, slot, 2)) == CodeReason.RETIRED


def test_nine_digits_and_eleven_are_no_code(box: Box) -> None:
    right = digits_of(0, NOON // 3_600)
    assert box.reason(right[:9]) == CodeReason.NOT_A_CODE
    assert box.reason(right + "0") == CodeReason.NOT_A_CODE
    assert box.reason(right) == CodeReason.VALID
