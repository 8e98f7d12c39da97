"""The OSDP driver: every word of the bus in the loop's own, and keys or nothing."""

from __future__ import annotations

import queue
import secrets

import pytest

from edge.cards.profile_files import load_faces
from edge.core.model import (
    Act,
    ActFinished,
    BusAttack,
    CardFailed,
    CardPresented,
    DeviceFault,
    DeviceKeyChanged,
    DeviceOffline,
    DeviceOnline,
    Feedback,
    InputChanged,
    InstallBegan,
    InstallEnded,
    OutputMode,
    Source,
    TamperChanged,
)
from edge.drivers.osdp import OsdpDriver
from edge.drivers.osdp_words import BusWords, command_for, feedback_for, finished_act
from edge.ports import Installer, InstallError
from edge.running_clock import running_ns
from firmware_bridge import osdp as bus
from firmware_bridge.osdp import (
    AttackKind,
    AttackSeen,
    Buzz,
    BytesDropped,
    CardRead,
    CommandFinished,
    InputReport,
    LocalStatus,
    Offline,
    OfflineReason,
    Outcome,
    PortLost,
    ReaderStatus,
    SetOutput,
)
from firmware_bridge.osdp.codes import Malformed, OutputControl
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort, SerialSettings
from wire.events import ActOutcome
from wire.policy_bodies import Assurance, DeviceBody, DeviceDriver

BODY = DeviceBody(driver=DeviceDriver.OSDP, port="bus0", address=1)


@pytest.fixture
def words() -> BusWords:
    one = BusWords()
    one.follow({1: "a", 2: "b"})
    return one


def test_a_card_without_a_face_is_its_bits(words):
    (card,) = words.hear(CardRead(1, 0, 26, b"\x12\x34\x56\x40", stale=False), 5)
    assert isinstance(card, CardPresented)
    assert (card.namespace, card.identity) == ("wiegand26", b"\x12\x34\x56\x40")
    assert card.assurance is Assurance.READER_VERIFIED


def test_a_card_with_a_face_is_the_card_every_other_reader_sees():
    words = BusWords(load_faces()["whole-reversed"])
    words.follow({1: "a"})
    (card,) = words.hear(CardRead(1, 0, 32, b"\x04\x03\x02\x01", stale=False), 5)
    assert (card.namespace, card.identity) == ("uid", b"\x01\x02\x03\x04")
    (failed,) = words.hear(CardRead(1, 0, 13, b"\x04\x03", stale=False), 5)
    assert isinstance(failed, CardFailed)


def test_what_a_bus_marks_stale_stays_stale(words):
    (card,) = words.hear(CardRead(1, 0, 32, b"\x04\x03\x02\x01", stale=True), 5)
    assert card.stale


def test_inputs_are_a_state_at_first_and_then_happenings(words):
    first = words.hear(InputReport(1, (True, False), stale=False), 5)
    assert [(one.source.channel, one.active, one.initial) for one in first] == [
        (0, True, True),
        (1, False, True),
    ]
    (changed,) = words.hear(InputReport(1, (True, True), stale=False), 6)
    assert (changed.source, changed.active, changed.initial) == (Source("a", 1), True, False)
    assert words.hear(InputReport(1, (True, True), stale=False), 7) == []


def test_a_stale_input_is_a_state_and_no_happening(words):
    words.hear(InputReport(1, (False,), stale=False), 5)
    (stale,) = words.hear(InputReport(1, (True,), stale=True), 6)
    assert isinstance(stale, InputChanged)
    assert stale.initial


def test_tamper_is_told_when_it_changes(words):
    closed = LocalStatus(1, tamper=False, power_failure=False, stale=False)
    opened = LocalStatus(1, tamper=True, power_failure=False, stale=False)
    told = [words.hear(one, 5) for one in (closed, opened, opened, closed)]
    assert told == [[], [TamperChanged("a", True, 5)], [], [TamperChanged("a", False, 5)]]
    assert words.hear(ReaderStatus(1, (0, 2), stale=False), 6) == [TamperChanged("a", True, 6)]


def test_a_lost_port_is_told_of_every_device_and_noise_of_the_first(words):
    lost = words.hear(PortLost("/dev/ttyUSB0", "gone"), 5)
    assert [one.device for one in lost] == ["a", "b"]
    dropped = words.hear(BytesDropped(((Malformed.PAYLOAD, 4),)), 5)
    assert dropped == [DeviceFault("a", f"bytes_{Malformed.PAYLOAD.value}", 5, 4, noise=True)]


def test_an_address_nobody_knows_is_nothing(words):
    assert words.hear(Offline(9, OfflineReason.NO_REPLY, was_online=True), 5) == []


@pytest.mark.parametrize(
    ("mode", "pulse_ms", "command"),
    [
        (OutputMode.PULSE, 5_000, SetOutput(3, OutputControl.ON_TIMED, 50)),
        (OutputMode.PULSE, 101, SetOutput(3, OutputControl.ON_TIMED, 2)),
        (OutputMode.ON, 0, SetOutput(3, OutputControl.ON_NOW)),
        (OutputMode.OFF, 0, SetOutput(3, OutputControl.OFF_NOW)),
    ],
)
def test_acts_become_out_commands(mode, pulse_ms, command):
    assert command_for(Act("x", Source("a", 3), mode, 0, pulse_ms)) == command


@pytest.mark.parametrize(
    ("outcome", "sent", "expected"),
    [
        (Outcome.DONE, True, ActOutcome.DONE),
        (Outcome.NAK, True, ActOutcome.FAILED),
        (Outcome.REFUSED, False, ActOutcome.FAILED),
        (Outcome.EXPIRED, False, ActOutcome.EXPIRED),
        (Outcome.EXPIRED, True, ActOutcome.OUTCOME_UNKNOWN),
        (Outcome.LINK_LOST, False, ActOutcome.FAILED),
        (Outcome.LINK_LOST, True, ActOutcome.OUTCOME_UNKNOWN),
    ],
)
def test_what_was_on_the_wire_and_not_answered_is_unknown(outcome, sent, expected):
    act = Act("x", Source("a", 0), OutputMode.PULSE, 0, 100)
    done = CommandFinished(1, 7, SetOutput(0, OutputControl.ON_TIMED, 1), outcome, sent)
    assert finished_act(act, done, 5).outcome is expected


def test_every_feedback_differs_from_every_other_by_more_than_colour():
    rhythms = {}
    for feedback in (Feedback.GRANTED, Feedback.DENIED, Feedback.LOCKED_OUT, Feedback.KEY):
        beeps = [one for one in feedback_for(0, feedback) if isinstance(one, Buzz)]
        rhythms[feedback] = [(one.on_100ms, one.count) for one in beeps]
    assert len({str(rhythm) for rhythm in rhythms.values()}) == len(rhythms)


@pytest.fixture
def absent():
    """A driver of a line that is not there."""
    driver = OsdpDriver(SerialSettings("/dev/does-not-exist", 9_600))
    heard: queue.Queue = queue.Queue()
    yield driver, heard
    driver.stop()


def test_a_port_that_is_missing_is_told_and_an_act_fails(absent):
    driver, heard = absent
    driver.configure({"a": BODY}, {"a": secrets.token_bytes(16)})
    driver.start(heard.put)
    assert heard.get(timeout=5).cause == "port_lost"
    life = running_ns() + 200_000_000
    driver.act(Act("x", Source("a", 0), OutputMode.ON, life))
    items = [heard.get(timeout=5)]
    while not isinstance(items[-1], ActFinished):
        items.append(heard.get(timeout=5))
    assert items[-1].outcome in {ActOutcome.FAILED, ActOutcome.EXPIRED}
    assert not [one for one in items if isinstance(one, DeviceOnline)]


@pytest.mark.parametrize(
    ("key", "cause"),
    [(None, "no_key"), (bytes(16), "bad_key_or_address"), (b"short", "bad_key_or_address")],
)
def test_a_device_without_a_good_key_of_its_own_is_not_served(absent, key, cause):
    driver, heard = absent
    driver.configure({"a": BODY}, {} if key is None else {"a": key})
    driver.start(heard.put)
    told = heard.get(timeout=5)
    assert isinstance(told, DeviceOffline)
    assert told.cause == cause


def test_two_devices_at_one_address_are_not_both_served(absent):
    driver, heard = absent
    keys = {"a": secrets.token_bytes(16), "b": secrets.token_bytes(16)}
    driver.configure({"a": BODY, "b": BODY}, keys)
    driver.start(heard.put)
    assert heard.get(timeout=5) == DeviceOffline("b", "address_taken", pytest.approx(0, abs=1e18))


@pytest.mark.parametrize(("address", "device"), [(2, "b"), (77, "a")])
def test_an_attack_is_told_of_the_device_whose_address_was_claimed(words, address, device):
    """Under an address that nobody has it is told of the line's first device."""
    told = words.hear(AttackSeen(address, AttackKind.FORGED_REPLY, 3), 5)
    assert told == [BusAttack(device, "forged_reply", 5, 3)]


def test_an_installation_and_a_new_key_are_told(words):
    told = [
        *words.hear(bus.InstallBegan(1, 60_000_000_005), 5),
        *words.hear(bus.InstallEnded(1, installed=True), 6),
        *words.hear(bus.KeyChanged(1), 7),
    ]
    assert told == [
        InstallBegan("a", 60, 5),
        InstallEnded("a", installed=True, at_ns=6),
        DeviceKeyChanged("a", 7),
    ]


def test_a_board_that_refuses_its_new_key_is_a_fault(words):
    refused = CommandFinished(1, 0, bus.KeySet(secrets.token_bytes(16)), Outcome.NAK, sent=True)
    assert words.hear(refused, 5) == [DeviceFault("a", "key_refused", 5)]


def test_what_cannot_be_installed_is_refused_by_name(absent):
    driver, _ = absent
    assert isinstance(driver, Installer)
    driver.configure({"a": BODY}, {})
    with pytest.raises(InstallError, match="no_key"):
        driver.begin_install("a", 60)
    driver.configure({"a": BODY}, {"a": secrets.token_bytes(16)})
    with pytest.raises(InstallError, match="default key"):
        driver.change_key("a", bytes(16))


@pytest.fixture
def line():
    """A board in installation mode on a line, its driver, and what the driver tells."""
    heard: queue.Queue = queue.Queue()
    door = SimulatedDoor(PeripheralConfig(1, secrets.token_bytes(16), install_mode=True))
    with PtyPort() as pty, SimulatedLine(pty, [door]):
        driver = OsdpDriver(SerialSettings(pty.far_path, 115_200))
        driver.start(heard.put)
        yield driver, door, heard
        driver.stop()


def _wait_for(heard, kind):
    while not isinstance(item := heard.get(timeout=5), kind):
        pass
    return item


def test_a_device_is_installed_and_then_follows_the_policys_keys(line):
    driver, door, heard = line
    first, second = secrets.token_bytes(16), secrets.token_bytes(16)
    driver.configure({"a": BODY}, {"a": first})
    assert _wait_for(heard, DeviceOffline).cause in {"security_refused", "wrong_key"}
    driver.begin_install("a", 30)
    assert _wait_for(heard, InstallBegan).seconds == 30
    assert _wait_for(heard, InstallEnded).installed
    _wait_for(heard, DeviceOnline)
    assert door.session.config.scbk == first
    driver.configure({"a": BODY}, {"a": second})
    assert _wait_for(heard, DeviceKeyChanged).device == "a"
    _wait_for(heard, DeviceOnline)
    assert door.session.config.scbk == second


def test_a_key_that_changed_while_the_agent_was_away_is_still_followed(line):
    driver, door, heard = line
    new = secrets.token_bytes(16)
    driver.remember_keys({"a": (door.session.config.scbk,)})
    driver.configure({"a": BODY}, {"a": new})
    assert _wait_for(heard, DeviceKeyChanged).device == "a"
    assert door.session.config.scbk == new
