"""The whole agent with its threads and a lock on a serial line: a PIN on the lock's own keypad
opens it; when the agent is dead the lock's list opens it, and that is collected afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from edge.agent import Agent
from edge.bootstrap import build
from edge.controller_files import load_controller
from edge.core.clock import Clock
from edge.core.clock_anchors import ClockBounds
from edge.doctor import examine
from edge.journal.journal import open_journal
from edge.ports import NewEvent, PolicyChange, TimeSample
from edge.settings import SerialLockPort, Settings, load_settings
from firmware_bridge.keybox.codes import Kind, Output
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.serial_link import PtyPort
from provisioning import enrolment
from provisioning.register import Register
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.events import ClockBody, Event, EventKind, decode_event_body, decode_row
from wire.identity import pin_policy_id
from wire.keybox_keys import MaintenanceSecret
from wire.lock_list import lock_pin_digest
from wire.pins import pin_digest
from wire.policy import EntryKind, encode_entry
from wire.samples import sample_id
from wire.sealing import seal_context, seal_secret

NOW = datetime.now(UTC)
DOOR, READER, LOCK, PIN_ID, GRANT = map(sample_id, range(71, 76))
SECRET = MaintenanceSecret(bytes(range(32)))
PIN = "482915"


def _policy(controller) -> tuple[bytes, ...]:
    context = seal_context(controller.id, "device", LOCK)
    sealed = seal_secret(controller.key.public_key(), SECRET.link_key(LOCK), context)
    digest = pin_digest(controller.pin, DOOR, PIN)
    at_lock = lock_pin_digest(SECRET.list_key(LOCK), LOCK, PIN)
    window = {"start": NOW - timedelta(hours=1), "end": NOW + timedelta(hours=1)}
    bodies = [
        (
            EntryKind.DOOR,
            DOOR,
            pb.DoorBody(
                strike=pb.Point(LOCK, 0), contact=pb.Point(LOCK, 0), bolt=pb.Point(LOCK, 1)
            ),
        ),
        (EntryKind.READER, READER, pb.ReaderBody(device=LOCK, door=DOOR, keypad=True)),
        (
            EntryKind.DEVICE,
            LOCK,
            pb.DeviceBody(driver=pb.DeviceDriver.SERIAL_LOCK, port="lock", sealed=sealed),
        ),
        (
            EntryKind.CREDENTIAL,
            pin_policy_id(PIN_ID, DOOR),
            pb.PinBody(credential=PIN_ID, door=DOOR, digest=digest, at_lock=at_lock),
        ),
        (EntryKind.GRANT, GRANT, pb.GrantBody(door=DOOR, credential=PIN_ID, **window)),
    ]
    return tuple(encode_entry(kind, entry_id, 1, body) for kind, entry_id, body in bodies)


def _leave_policy(settings: Settings, entries: tuple[bytes, ...]) -> None:
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


def _until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 8
    while not holds():
        assert time.monotonic() < deadline, "did not come to hold"
        time.sleep(0.01)


class Site:
    """A lock on its line, and the agent that comes and goes."""

    def __init__(self, file: Path, simulated: SimulatedBox) -> None:
        self.settings = load_settings(file)
        self.simulated = simulated
        self.agent: Agent | None = None

    @property
    def box(self) -> VirtualBox:
        return self.simulated.box

    def start(self) -> None:
        self.agent = build(self.settings)
        self.agent.start()
        self.agent._ask(
            lambda parts, now: parts.uplinks._perform(
                [TimeSample(datetime.now(UTC), now.mono_ns - 10_000_000, now.mono_ns)], now
            )
        )
        _until(lambda: self.agent.status().devices and self.agent.status().devices[0].online)

    def stop(self) -> None:
        if self.agent is not None:
            self.agent.stop()
            self.agent = None

    def events(self, kind: EventKind) -> list[Event]:
        rows = [decode_row(data) for _, data in self.agent.tail(500)]
        return [row for row in rows if isinstance(row, Event) and row.kind == kind]


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    begun = NOW - timedelta(hours=1)
    register = Register.create(tmp_path / "ca", "Town", begun, timedelta(days=3_650))
    enrolment.init_hub(register, tmp_path / "hub", begun)
    enrolment.add_controller(register, tmp_path / "hub", tmp_path / "keys", begun)
    box = VirtualBox(LOCK, Kind.SERIAL_LOCK, SECRET.secret)
    with PtyPort() as pty, SimulatedBox(pty, box) as simulated:
        file = tmp_path / "edge.toml"
        file.write_text(
            f'data_dir = "data"\njournal_events = 2000\n[identity]\ndirectory = "keys"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
            f'[ports.lock]\ndriver = "serial_lock"\npath = "{pty.far_path}"\n',
            encoding="utf-8",
        )
        made = Site(file, simulated)
        _leave_policy(made.settings, _policy(load_controller(made.settings)))
        yield made
        made.stop()


def test_a_pin_on_the_locks_keypad_opens_it_and_the_bolt_proves_it(site):
    site.start()
    site.simulated.press(PIN + "#")
    _until(lambda: site.box.outputs == Output.RELEASED)
    _until(lambda: site.events(EventKind.ACT_RESULT))
    result = decode_event_body(site.events(EventKind.ACT_RESULT)[-1])
    assert (result.door, result.outcome, result.observed) == (DOOR, "done", "bolt_retracted")
    granted = decode_event_body(site.events(EventKind.ACCESS_GRANTED)[-1])
    assert granted.code is None


def test_a_dead_agents_lock_opens_by_its_own_list_and_that_is_collected(site):
    site.start()
    _until(lambda: len(site.box.entries) == 1)
    _until(lambda: site.box.clock.known)
    _until(lambda: site.events(EventKind.LOCK_LIST_PLACED))
    site.stop()
    site.simulated.do(lambda box, now_ns: box.link_ended(now_ns - 11_000_000_000))
    _until(lambda: not site.box.linked)
    site.simulated.do(lambda box, now_ns: box.press("*" + PIN + "#", now_ns))
    _until(lambda: site.box.outputs == Output.RELEASED)
    site.start()

    def collected() -> list[Event]:
        found = site.events(EventKind.ACCESS_GRANTED)
        return [one for one in found if one.origin is not None]

    _until(collected)
    (event,) = collected()
    body = decode_event_body(event)
    reference = lock_pin_digest(SECRET.list_key(LOCK), LOCK, PIN)[:16]
    assert (body.door, body.reason, body.code) == (DOOR, "pin_valid", reference)
    assert abs(event.at - datetime.now(UTC)) < timedelta(seconds=30)
    assert event.origin.device == LOCK


def test_doctor_looks_at_its_port(site, tmp_path):
    (well,) = [one for one in examine(site.settings) if one.check == "port lock"]
    assert well.ok
    ports = {"lock": SerialLockPort(path=str(tmp_path / "unplugged"))}
    gone = structs.replace(site.settings, ports=ports)
    (missing,) = [one for one in examine(gone) if one.check == "port lock"]
    assert not missing.ok
    assert "ports.lock.path" in missing.remedy
