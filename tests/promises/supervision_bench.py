"""A site with every kind of reader: eight OSDP boards on one line, two PC/SC readers, a lock on a
serial line; and the real agent that serves them. What is mute, hangs or dies is in the test's hand.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.agent import Agent
from edge.bootstrap import build
from edge.controller_files import Controller, load_controller
from edge.core.clock import Clock, ClockBounds
from edge.drivers.pcsc_api import PNP, ReaderState
from edge.journal.journal import open_journal
from edge.ports import NewEvent, PolicyChange
from edge.settings import Settings, load_settings
from firmware_bridge.keybox.codes import Kind
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.osdp.peripheral import PeripheralConfig
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort
from provisioning import enrolment
from provisioning.register import Register
from tests.edge.drivers.fake_pcsc import EMPTY, FakePcsc
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.events import ClockBody, Event, EventBody, EventKind, decode_event_body, decode_row
from wire.keybox_keys import MaintenanceSecret
from wire.pins import card_digest
from wire.policy import EntryKind, encode_entry
from wire.samples import sample_id
from wire.sealing import seal_context, seal_secret

NOW = datetime.now(UTC)
BOARDS = 8
CARD = b"\x04\xa1\xb2\xc3"
UID = bytes.fromhex("A1B2C3D4")
BOARD_IDS = [sample_id(100 + number) for number in range(BOARDS)]
DOOR_IDS = [sample_id(200 + number) for number in range(BOARDS)]
READER_IDS = [sample_id(300 + number) for number in range(BOARDS)]
DESK_IDS = [sample_id(400), sample_id(401)]
DESK_NAMES = ["Alpha reader 00 00", "Beta reader 01 00"]
LOCK, PERSON, BOARD_CARD, DESK_CARD = map(sample_id, range(500, 504))
SECRET = MaintenanceSecret(bytes(range(32)))


class TwoDesks(FakePcsc):
    """The card service in memory with two readers that can be pulled out."""

    def __init__(self) -> None:
        super().__init__()
        self.names = list(DESK_NAMES)
        self.uid = UID
        self.events = dict.fromkeys(DESK_NAMES, 0)
        self.going = threading.Event()
        self.going.set()

    def wait(self, context: int, known: dict[str, int], timeout_ms: int) -> list[ReaderState]:
        assert self.going.wait(60)
        if timeout_ms == 0:
            return super().wait(context, known, 0)
        try:
            change = self.changes.get(timeout=timeout_ms / 1_000)
        except queue.Empty:
            return []
        if isinstance(change, Exception):
            raise change
        return change

    def hang(self) -> None:
        """From now on no call comes back."""
        self.going.clear()

    def go_on(self) -> None:
        self.going.set()

    def plug(self, name: str, is_in: bool) -> None:
        self.names = sorted({*self.names, name} if is_in else set(self.names) - {name})
        self.changes.put([ReaderState(PNP, 0, len(self.names) << 16, b"")])

    def tap(self, name: str) -> None:
        self.events[name] += 2
        self.card(self.events[name], reader=name)
        self.changes.put([ReaderState(name, EMPTY, self.events[name] + 1, b"")])


def _policy(controller: Controller, keys: list[bytes]) -> tuple[bytes, ...]:
    public = controller.key.public_key()

    def sealed(device: str, key: bytes) -> str:
        return seal_secret(public, key, seal_context(controller.id, "device", device))

    bodies: list[tuple[EntryKind, str, pb.Body]] = []
    for number, device in enumerate(BOARD_IDS):
        door = pb.DoorBody(strike=pb.Point(device, 0))
        reader = pb.ReaderBody(
            device=device, door=DOOR_IDS[number], assurance=pb.Assurance.READER_VERIFIED
        )
        board = pb.DeviceBody(
            driver=pb.DeviceDriver.OSDP,
            port="bus0",
            address=number + 1,
            sealed=sealed(device, keys[number]),
        )
        grant = pb.GrantBody(door=DOOR_IDS[number], person=PERSON)
        bodies += [
            (EntryKind.DOOR, DOOR_IDS[number], door),
            (EntryKind.READER, READER_IDS[number], reader),
            (EntryKind.DEVICE, device, board),
            (EntryKind.GRANT, sample_id(600 + number), grant),
        ]
    for number, device in enumerate(DESK_IDS):
        desk = pb.DeviceBody(
            driver=pb.DeviceDriver.PCSC, port="desk", reader_name=DESK_NAMES[number].split()[0]
        )
        bodies.append((EntryKind.DEVICE, device, desk))
        terminal = pb.ReaderBody(
            device=device,
            assurance=pb.Assurance.IDENTIFIER,
            side=pb.Side.TERMINAL,
            punch=pb.PunchRule.IN,
        )
        bodies.append((EntryKind.READER, sample_id(700 + number), terminal))
    lock = pb.DeviceBody(
        driver=pb.DeviceDriver.SERIAL_LOCK, port="lock", sealed=sealed(LOCK, SECRET.link_key(LOCK))
    )
    bodies.append((EntryKind.DEVICE, LOCK, lock))
    for card, namespace, number_bytes in ((BOARD_CARD, "uid", CARD), (DESK_CARD, "uid", UID)):
        digest = card_digest(controller.pin, namespace, number_bytes)
        body = pb.CardBody(credential=card, namespace=namespace, digest=digest, person=PERSON)
        bodies.append((EntryKind.CREDENTIAL, card, body))
    return tuple(encode_entry(kind, entry_id, 1, body) for kind, entry_id, body in bodies)


def leave_policy(settings: Settings, entries: tuple[bytes, ...]) -> None:
    """What an earlier run left: a policy, and a moment that is certainly past."""
    clock = Clock("an earlier boot", None, ClockBounds())
    Path(settings.data_dir).mkdir(exist_ok=True)
    clock.welcome(NOW, 0, 0)
    now = clock.now(0, NOW)
    journal, store = open_journal(settings.journal_path, now, capacity=2_000)
    store.apply(PolicyChange(1, 1, entries, (), "0" * 64, snapshot=True))
    anchor = ClockBody(state=ClockState.TRUSTED, source="welcome")
    journal.append([NewEvent(EventKind.CLOCK_ANCHOR, anchor)], now)
    journal.close()


def until(holds: Callable[[], object], timeout_s: float = 20.0) -> None:
    """Wait for what must come."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "did not come to hold"
        time.sleep(0.01)


@dataclass
class Site:
    """The agent and everything it serves."""

    settings: Settings
    agent: Agent
    line: SimulatedLine
    desks: TwoDesks
    box: SimulatedBox
    tapped: dict[int, list[float]] = field(default_factory=dict)

    def rows(self) -> list[Event]:
        rows = [decode_row(data) for _, data in self.agent.tail(1_000)]
        return [row for row in rows if isinstance(row, Event)]

    def bodies(self, kind: EventKind) -> list[EventBody]:
        return [decode_event_body(row) for row in self.rows() if row.kind == kind]

    def offline(self) -> list[str]:
        return [body.device for body in self.bodies(EventKind.DEVICE_OFFLINE)]

    def is_online(self, device: str) -> bool:
        found = {one.id: one.online for one in self.agent.status().devices}
        return bool(found.get(device))

    def grants(self, number: int) -> int:
        granted = self.bodies(EventKind.ACCESS_GRANTED)
        return sum(body.door == DOOR_IDS[number] for body in granted)

    def present(self, number: int) -> float:
        """Present a card at a board; how long its decision took to be journaled, in seconds."""
        before, began = self.grants(number), time.monotonic()
        self.line.present_card(number + 1, 32, CARD)
        until(lambda: self.grants(number) > before)
        return time.monotonic() - began

    def present_again(self, number: int) -> None:
        """Present until it opens: the first tap after a board came back may count as stale."""
        before = self.grants(number)
        for _ in range(5):
            self.line.present_card(number + 1, 32, CARD)
            time.sleep(0.3)
            if self.grants(number) > before:
                return
        raise AssertionError("a board that is back does not serve")


@contextmanager
def whole_site(folder: Path) -> Iterator[Site]:
    """Everything plugged in, the agent serving, all devices online. The hub is away."""
    begun = NOW - timedelta(hours=1)
    register = Register.create(folder / "ca", "Town", begun, timedelta(days=3_650))
    enrolment.init_hub(register, folder / "hub", begun)
    enrolment.add_controller(register, folder / "hub", folder / "keys", begun)
    keys = [secrets.token_bytes(16) for _ in range(BOARDS)]
    box = VirtualBox(LOCK, Kind.SERIAL_LOCK, SECRET.secret)
    desks = TwoDesks()
    with ExitStack() as parts:
        bus_pty, lock_pty = parts.enter_context(PtyPort()), parts.enter_context(PtyPort())
        doors = [SimulatedDoor(PeripheralConfig(no, key)) for no, key in enumerate(keys, start=1)]
        line = parts.enter_context(SimulatedLine(bus_pty, doors))
        simulated = parts.enter_context(SimulatedBox(lock_pty, box))
        file = folder / "edge.toml"
        file.write_text(
            f'data_dir = "data"\njournal_events = 2000\n[identity]\ndirectory = "keys"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = 1\n'
            f'[ports.bus0]\ndriver = "osdp"\npath = "{bus_pty.far_path}"\nface = "whole"\n'
            f'[ports.desk]\ndriver = "pcsc"\nprofiles = ["identifier"]\n'
            f'[ports.lock]\ndriver = "serial_lock"\npath = "{lock_pty.far_path}"\n',
            encoding="utf-8",
        )
        settings = load_settings(file)
        leave_policy(settings, _policy(load_controller(settings), keys))
        agent = build(settings, open_pcsc=desks.opener)
        agent.start()
        parts.callback(agent.stop)
        site = Site(settings, agent, line, desks, simulated)
        everybody = [*BOARD_IDS, *DESK_IDS, LOCK]
        until(lambda: all(site.is_online(device) for device in everybody))
        yield site
