"""The whole agent with its threads on a real serial line: a card and a PIN on an OSDP board move
its bolt. The hub has been here before and is gone."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.bootstrap import build
from edge.cli import main
from edge.controller_files import load_controller
from edge.core.clock import Clock
from edge.core.clock_anchors import ClockBounds
from edge.core.model import BusAttack
from edge.journal.journal import open_journal
from edge.ports import NewEvent, PolicyChange
from edge.settings import load_settings
from firmware_bridge.osdp.device import OutputChanged
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort
from provisioning import enrolment
from provisioning.register import Register
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.events import ClockBody, EventKind, decode_event_body, decode_row
from wire.identity import pin_policy_id, uuid7
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKind, encode_entry
from wire.sealing import seal_context, seal_secret

NOW = datetime.now(UTC)
CARD = b"\x04\xa1\xb2\xc3"


def made_id(number: int) -> str:
    return uuid7(1_790_000_000_000 + number, number.to_bytes(10, "big"))


DOOR, READER, DEVICE, PERSON, PIN_ID, CARD_ID = map(made_id, range(1, 7))


def _policy(controller, key: bytes) -> tuple[bytes, ...]:
    sealed = seal_secret(
        controller.key.public_key(), key, seal_context(controller.id, "device", DEVICE)
    )
    bodies = [
        (
            EntryKind.DOOR,
            DOOR,
            pb.DoorBody(
                strike=pb.Point(DEVICE, 0),
                bolt=pb.Point(DEVICE, 1),
                on_untrusted_clock=pb.OnUntrustedClock.FLOOR_IN_WINDOW,
            ),
        ),
        (
            EntryKind.READER,
            READER,
            pb.ReaderBody(
                device=DEVICE, door=DOOR, keypad=True, assurance=pb.Assurance.READER_VERIFIED
            ),
        ),
        (
            EntryKind.DEVICE,
            DEVICE,
            pb.DeviceBody(driver=pb.DeviceDriver.OSDP, port="bus0", address=1, sealed=sealed),
        ),
        (
            EntryKind.CREDENTIAL,
            pin_policy_id(PIN_ID, DOOR),
            pb.PinBody(
                credential=PIN_ID, door=DOOR, digest=pin_digest(controller.pin, DOOR, "482915")
            ),
        ),
        (
            EntryKind.CREDENTIAL,
            CARD_ID,
            pb.CardBody(
                credential=CARD_ID,
                namespace="uid",
                digest=card_digest(controller.pin, "uid", CARD),
                person=PERSON,
            ),
        ),
        (EntryKind.GRANT, made_id(10), pb.GrantBody(door=DOOR, person=PERSON)),
        (
            EntryKind.GRANT,
            made_id(11),
            pb.GrantBody(
                door=DOOR,
                credential=PIN_ID,
                start=NOW - timedelta(hours=1),
                end=NOW + timedelta(hours=1),
            ),
        ),
    ]
    return tuple(encode_entry(kind, entry_id, 1, body) for kind, entry_id, body in bodies)


def _leave_policy(settings, entries: tuple[bytes, ...]) -> None:
    """What an earlier run left: a policy, and a moment that is certainly past."""
    clock = Clock("an earlier boot", None, ClockBounds())
    Path(settings.data_dir).mkdir()
    clock.welcome(NOW, 0, 0)
    now = clock.now(0, NOW)
    journal, store = open_journal(settings.journal_path, now, capacity=2_000)
    store.apply(PolicyChange(1, 1, entries, (), "0" * 64, snapshot=True))
    anchor = ClockBody(state=ClockState.TRUSTED, source="welcome")
    journal.append([NewEvent(EventKind.CLOCK_ANCHOR, anchor)], now)
    journal.close()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline, "did not come to hold"
        time.sleep(0.01)


@pytest.fixture
def board(tmp_path):
    """A board on a line, and the agent that serves it: (line, agent, how often the bolt moved)."""
    register = Register.create(
        tmp_path / "ca", "Town", NOW - timedelta(hours=1), timedelta(days=3_650)
    )
    enrolment.init_hub(register, tmp_path / "hub", NOW - timedelta(hours=1))
    enrolment.add_controller(
        register, tmp_path / "hub", tmp_path / "keys", NOW - timedelta(hours=1)
    )
    key = secrets.token_bytes(16)
    releases: list[int] = []
    with PtyPort() as pty:
        file = tmp_path / "edge.toml"
        file.write_text(
            f'data_dir = "data"\njournal_events = 2000\n[identity]\ndirectory = "keys"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
            f'[ports.bus0]\ndriver = "osdp"\npath = "{pty.far_path}"\nface = "whole"\n',
            encoding="utf-8",
        )
        settings = load_settings(file)
        _leave_policy(settings, _policy(load_controller(settings), key))

        def changed(_address, change, _now_ns) -> None:
            if isinstance(change, OutputChanged) and change.output_no == 0:
                line.set_input(1, 1, change.is_on)
                releases.extend([1] * change.is_on)

        line = SimulatedLine(pty, [SimulatedDoor(PeripheralConfig(1, key))], changed)
        agent = build(settings)
        with line:
            agent.start()
            _until(lambda: any(one.online for one in agent.status().devices))
            _until(lambda: agent.status().doors[0].bolt_retracted is not None)
            yield line, agent, releases
            agent.stop()


def _kinds(agent) -> list[str]:
    return [decode_row(data).kind for _, data in agent.tail(100)]


def test_a_card_and_a_pin_move_the_bolt(board):
    line, agent, releases = board
    line.present_card(1, 32, CARD)
    _until(lambda: len(releases) == 1)
    _until(lambda: "act_result" in _kinds(agent))
    line.press(1, "482915#")
    _until(lambda: len(releases) == 1 and _kinds(agent).count("access_granted") == 2)
    results = [
        decode_event_body(row)
        for row in (decode_row(data) for _, data in agent.tail(100))
        if row.kind == "access_granted"
    ]
    assert [one.reason.value for one in results] == ["card_valid", "floor_in_window"]


def test_a_wrong_pin_moves_nothing(board):
    line, agent, releases = board
    line.press(1, "111111#")
    _until(lambda: "access_denied" in _kinds(agent))
    assert releases == []


def _bodies(agent, kind: str) -> list:
    rows = (decode_row(data) for _, data in agent.tail(100))
    return [decode_event_body(row) for row in rows if row.kind == kind]


def _bring_key(agent, controller, key: bytes) -> None:
    """A policy of the hub with another key for the board."""
    change = PolicyChange(1, 2, _policy(controller, key), (), "0" * 64, snapshot=True)
    agent._ask(lambda parts, now: parts.policies.apply(change, now))


def test_a_new_key_in_the_policy_is_given_to_the_board_and_journaled(board, tmp_path):
    line, agent, _ = board
    key = secrets.token_bytes(16)
    _bring_key(agent, load_controller(load_settings(tmp_path / "edge.toml")), key)
    _until(lambda: len(_bodies(agent, "device_key_changed")) == 1)
    assert line._doors[0].session.config.scbk == key
    _until(lambda: bool(agent.status().devices[0].online))
    assert agent._ask(lambda parts, _now: parts.recorder.journal.state("former_key/")) == {}


def test_a_new_key_for_a_board_that_is_away_waits_over_a_restart_of_the_agent(board, tmp_path):
    line, agent, _ = board
    settings = load_settings(tmp_path / "edge.toml")
    key = secrets.token_bytes(16)
    line.set_mute(1, True)
    _until(lambda: agent.status().devices[0].online is False)
    _bring_key(agent, load_controller(settings), key)
    agent.stop()
    line.set_mute(1, False)
    second = build(settings)
    second.start()
    try:
        _until(lambda: len(_bodies(second, "device_key_changed")) == 1)
        assert line._doors[0].session.config.scbk == key
    finally:
        second.stop()


def test_a_technician_installs_and_rekeys_at_the_controllers_own_socket(board, tmp_path, capsys):
    line, agent, _ = board
    settings = ["--settings", str(tmp_path / "edge.toml")]
    door = line._doors[0].session.config
    own, door.scbk, door.install_mode = door.scbk, secrets.token_bytes(16), True
    line.set_mute(1, True)
    _until(lambda: agent.status().devices[0].online is False)
    line.set_mute(1, False)
    assert main(["osdp", "install", DEVICE, "--seconds", "30", *settings]) == 0
    assert "installation mode" in capsys.readouterr().out
    _until(lambda: len(_bodies(agent, "install_ended")) == 1)
    (began,), (ended,) = _bodies(agent, "install_began"), _bodies(agent, "install_ended")
    assert (began.device, began.count) == (DEVICE, 30)
    assert (ended.device, ended.cause) == (DEVICE, "installed")
    assert door.scbk == own
    assert main(["osdp", "rekey", DEVICE, "--json", *settings]) == 0
    assert DEVICE in capsys.readouterr().out
    assert own.hex() not in str(agent.tail(100))


def test_a_board_that_the_fire_alarm_needs_is_rekeyed_by_a_technician(board, tmp_path, capsys):
    """It is served under its old key as long as it answers; the new one comes over that line."""
    line, agent, _ = board
    agent.stop()
    file = tmp_path / "edge.toml"
    with file.open("a", encoding="utf-8") as settings_file:
        settings_file.write(f'[fire_alarm]\ndevice = "{DEVICE}"\nchannel = 5\n')
    settings, old = load_settings(file), line._doors[0].session.config.scbk
    second = build(settings)
    second.start()
    key = secrets.token_bytes(16)
    try:
        _until(lambda: bool(second.status().devices[0].online))
        _bring_key(second, load_controller(settings), key)
        assert second.status().fire_alarm.cause == "changed_by_policy"
        assert line._doors[0].session.config.scbk == old
    finally:
        second.stop()
    third = build(settings)  # finds the board under its old key, and takes that for no new one
    third.start()
    try:
        _until(lambda: bool(third.status().devices[0].online))
        assert _bodies(third, "device_key_changed") == []
        assert main(["osdp", "rekey", DEVICE, "--settings", str(file)]) == 0
        _until(lambda: line._doors[0].session.config.scbk == key)
        _until(lambda: third.status().fire_alarm.cause == "")
        _until(lambda: bool(third.status().devices[0].online))
        assert len(_bodies(third, "device_key_changed")) == 1
    finally:
        third.stop()
    fourth = build(settings)
    fourth.start()
    try:
        _until(lambda: bool(fourth.status().devices[0].online))
    finally:
        fourth.stop()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["install", "nobody"], "not in the policy"),
        (["install", DEVICE, "--seconds", "5"], "10 to 600"),
        (["install", DEVICE, "--seconds", "86400"], "10 to 600"),
        (["rekey", "nobody"], "not in the policy"),
    ],
)
def test_what_a_technician_cannot_have_is_said(board, tmp_path, capsys, arguments, text):
    settings = ["--settings", str(tmp_path / "edge.toml")]
    assert main(["osdp", *arguments, *settings]) == 1
    assert text in capsys.readouterr().err


def test_an_attack_on_the_bus_is_a_security_alarm(board):
    _, agent, _ = board
    agent.put(BusAttack(DEVICE, "forged_reply", 5, 7))
    _until(lambda: len(_bodies(agent, "security_alarm")) == 1)
    (alarm,) = _bodies(agent, "security_alarm")
    told = (alarm.alarm.value, alarm.device, alarm.cause, alarm.count)
    assert told == ("bus_attack", DEVICE, "forged_reply", 7)


def test_starting_stopping_and_unplugging_moves_nothing(board):
    line, agent, releases = board
    line.set_mute(1, True)
    _until(lambda: not agent.status().devices[0].online)
    line.set_mute(1, False)
    _until(lambda: bool(agent.status().devices[0].online))
    agent.stop()
    assert releases == []
