"""The whole agent with its threads on a Pi's pins: a Wiegand card, the REX button and the fire
panel move the relay; a restart in the middle of a fire twitches nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.bootstrap import build
from edge.controller_files import load_controller
from edge.core.clock import Clock
from edge.core.clock_anchors import ClockBounds
from edge.drivers.gpio import GpioDriver, GpioTimes
from edge.journal.journal import open_journal
from edge.ports import PolicyChange
from edge.settings import load_settings
from edge.settings_gpio import GpioPort
from firmware_bridge.wiegand import encode
from provisioning import enrolment
from provisioning.register import Register
from tests.edge.drivers.mock_pins import HandChip, bits_of
from wire import policy_bodies as pb
from wire.events import decode_row
from wire.identity import uuid7
from wire.pins import card_digest
from wire.policy import EntryKind, encode_entry

NOW = datetime.now(UTC)
RELAY, CONTACT, REX, FIRE, REST, D0, D1 = 17, 22, 23, 24, 25, 5, 6
CARD = encode(26, 12, 34_567)


def made_id(number: int) -> str:
    return uuid7(1_790_000_000_000 + number, number.to_bytes(10, "big"))


DOOR, READER, DEVICE, PERSON, CARD_ID = map(made_id, range(1, 6))

SETTINGS = f"""
data_dir = "data"
journal_events = 2000
[identity]
directory = "keys"
[mqtt]
host = "127.0.0.1"
port = 1
[ports.pins]
driver = "gpio"
[[ports.pins.boards]]
address = 2
outputs = [{{ pin = {RELAY}, active = "low" }}]
inputs = [
  {{ pin = {CONTACT} }}, {{ pin = {REX} }}, {{ pin = {FIRE} }}, {{ pin = {REST} }},
]
readers = [{{ d0 = {D0}, d1 = {D1} }}]
[fire_alarm]
device = "{DEVICE}"
channel = 2
supervised = {{ rest_channel = 3 }}
"""


def _policy(controller, **door) -> tuple[bytes, ...]:
    point = pb.Point
    body = pb.DoorBody(
        strike=point(DEVICE, 0), contact=point(DEVICE, 0), rex=point(DEVICE, 1), **door
    )
    identity = (CARD << 6).to_bytes(4, "big")
    bodies = [
        (EntryKind.DOOR, DOOR, body),
        (EntryKind.READER, READER, pb.ReaderBody(device=DEVICE, door=DOOR)),
        (
            EntryKind.DEVICE,
            DEVICE,
            pb.DeviceBody(driver=pb.DeviceDriver.GPIO, port="pins", address=2),
        ),
        (
            EntryKind.CREDENTIAL,
            CARD_ID,
            pb.CardBody(
                credential=CARD_ID,
                namespace="wiegand26",
                digest=card_digest(controller.pin, "wiegand26", identity),
                person=PERSON,
            ),
        ),
        (EntryKind.GRANT, made_id(10), pb.GrantBody(door=DOOR, person=PERSON)),
    ]
    return tuple(encode_entry(kind, entry_id, 1, one) for kind, entry_id, one in bodies)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "did not come to hold"
        time.sleep(0.01)


class Pi:
    """The pins, which outlive the agent as the kernel keeps them, and the agent of the moment."""

    def __init__(self, folder: Path) -> None:
        register = Register.create(
            folder / "ca", "Town", NOW - timedelta(hours=1), timedelta(days=3_650)
        )
        enrolment.init_hub(register, folder / "hub", NOW - timedelta(hours=1))
        enrolment.add_controller(
            register, folder / "hub", folder / "keys", NOW - timedelta(hours=1)
        )
        file = folder / "edge.toml"
        file.write_text(SETTINGS, encoding="utf-8")
        self.settings = load_settings(file)
        self.chip = HandChip()
        self.put(REST, closed=True)

    def begin(self, **door) -> Pi:
        """Leave a policy behind, and start the agent that finds it."""
        entries = _policy(load_controller(self.settings), **door)
        Path(self.settings.data_dir).mkdir()
        clock = Clock("an earlier boot", None, ClockBounds())
        clock.welcome(NOW, 0, 0)
        now = clock.now(0, NOW)
        journal, store = open_journal(self.settings.journal_path, now, capacity=2_000)
        store.apply(PolicyChange(1, 1, entries, (), "0" * 64, snapshot=True))
        journal.close()
        return self.start()

    def start(self) -> Pi:
        port = self.settings.ports["pins"]
        assert isinstance(port, GpioPort)
        times = GpioTimes(look_ms=20, retry_first_s=0.02, retry_most_s=0.05)
        driver = GpioDriver(port, {}, open_chip=lambda _number: self.chip, times=times)
        self.agent = build(self.settings, drivers={"pins": driver})
        self.driver = driver
        self.agent.start()
        _until(lambda: any(one.online for one in self.agent.status().devices))
        return self

    def put(self, pin: int, *, closed: bool) -> None:
        """Close or open a contact to ground."""
        self.chip.pin(pin).put(not closed)

    def tap(self) -> None:
        with self.driver._changed:
            self.chip.send_bits((D0, D1), [bits_of(CARD, 26)])

    @property
    def released(self) -> bool:
        relay = self.chip.pin(RELAY)
        return relay._function == "output" and relay._state is False

    def kinds(self) -> list[str]:
        return [decode_row(data).kind for _, data in self.agent.tail(200)]


@pytest.fixture
def pi(tmp_path):
    made = Pi(tmp_path)
    yield made
    made.agent.stop()


def test_a_wiegand_card_opens_a_door_that_takes_identifiers(pi):
    pi.begin(min_assurance=pb.Assurance.IDENTIFIER, unlock_ms=100)
    pi.tap()
    _until(lambda: "access_granted" in pi.kinds())
    _until(lambda: pi.chip.pin(RELAY).driven == [True, False, True])


def test_a_wiegand_card_opens_no_other_door(pi):
    """It can be played back by whoever reaches the wires."""
    pi.begin()
    pi.tap()
    _until(lambda: "access_denied" in pi.kinds())
    assert pi.chip.pin(RELAY).driven == [True]


def test_the_button_lets_out_and_the_contact_sees_it(pi):
    pi.put(CONTACT, closed=False)
    pi.begin()
    pi.put(REX, closed=True)
    _until(lambda: pi.released)
    pi.put(CONTACT, closed=True)  # this board's contact closes when the leaf opens
    _until(lambda: "door_opened" in pi.kinds())


def test_a_fire_holds_the_relay_through_a_restart_without_a_twitch(pi):
    pi.begin()
    pi.put(REST, closed=False)
    pi.put(FIRE, closed=True)
    _until(lambda: pi.released)
    _until(lambda: "fire_alarm" in pi.kinds())
    pi.agent.stop()
    assert pi.released
    pi.start()
    _until(lambda: pi.agent.status().fire_alarm.line == "alarm")
    assert pi.released
    assert pi.chip.pin(RELAY).driven.count(True) == 1  # idle once, at the very first claim
    pi.put(FIRE, closed=False)
    pi.put(REST, closed=True)
    _until(lambda: not pi.released)
    assert "fire_alarm_cleared" in pi.kinds()


def test_a_line_that_is_cut_is_told_and_releases(pi):
    pi.begin()
    _until(lambda: pi.agent.status().fire_alarm.line == "normal")
    pi.put(REST, closed=False)
    _until(lambda: pi.released)
    assert {"input_fault", "fire_alarm"} <= set(pi.kinds())


def test_starting_and_stopping_moves_nothing(pi):
    pi.begin()
    pi.agent.stop()
    pi.start()
    assert set(pi.chip.pin(RELAY).driven) == {True}
