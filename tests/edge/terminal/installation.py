"""An enrolled controller with a terminal, its policy in its store, on a real disk."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.controller_files import load_controller
from edge.core.clock import Clock
from edge.core.clock_anchors import ClockBounds
from edge.core.clock_now import ClockNow
from edge.journal.journal import open_journal
from edge.ports import NewEvent, PolicyChange
from edge.settings import load_settings
from provisioning import enrolment
from provisioning.register import Register
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.events import ClockBody, Event, EventKind, PunchBody, decode_event_body, decode_row
from wire.pins import card_digest
from wire.policy import EntryKind, encode_entry
from wire.samples import sample_id
from wire.sealed_names import NameKey

DEVICE, READER = sample_id(2_000), sample_id(3_000)
NAMES = ("山田", "鈴木", "佐藤")


def card_number(number: int) -> bytes:
    """What the card of the person of a number tells."""
    return number.to_bytes(7, "big")


def _now() -> ClockNow:
    clock = Clock("an earlier boot", None, ClockBounds())
    clock.welcome(datetime.now(UTC), 0, 0)
    return clock.now(0, datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Installation:
    """Its settings file and the port of its page."""

    file: Path
    port: int

    @classmethod
    def make(cls, folder: Path, people: int = 3, terminal: str = "") -> Installation:
        """Enrol it, and give it a policy for so many people with a card each."""
        began = datetime.now(UTC) - timedelta(hours=1)
        register = Register.create(folder / "ca", "Town", began, timedelta(days=3_650))
        enrolment.init_hub(register, folder / "hub", began)
        enrolment.add_controller(register, folder / "hub", folder / "keys", began)
        nowhere = "127.0.0.1", 0
        with socket.create_server(nowhere) as page, socket.create_server(nowhere) as broker:
            ports = page.getsockname()[1], broker.getsockname()[1]
        file = folder / "edge.toml"
        file.write_text(
            f'data_dir = "data"\njournal_events = 2000\n[identity]\ndirectory = "keys"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = {ports[1]}\n[ports.site]\ndriver = "virtual"\n'
            f"[terminal]\nport = {ports[0]}\n{terminal}",
            encoding="utf-8",
        )
        made = cls(file, ports[0])
        made._give_policy(people)
        return made

    def _give_policy(self, people: int) -> None:
        settings = load_settings(self.file)
        controller = load_controller(settings)
        names = NameKey.of(controller.id, controller.link)
        bodies: list[tuple[EntryKind, str, pb.Body]] = [
            (
                EntryKind.DEVICE,
                DEVICE,
                pb.DeviceBody(driver=pb.DeviceDriver.VIRTUAL, port="site", address=1),
            ),
            (
                EntryKind.READER,
                READER,
                pb.ReaderBody(device=DEVICE, side=pb.Side.TERMINAL, punch=pb.PunchRule.CHOSEN),
            ),
        ]
        for number in range(people):
            card, person = sample_id(10_000 + number), sample_id(20_000 + number)
            name = names.seal(person, NAMES[number % len(NAMES)])
            digest = card_digest(controller.pin, "uid", card_number(number))
            holder = pb.CardBody(credential=card, namespace="uid", digest=digest, person=person)
            bodies += [
                (EntryKind.PERSON_FLAGS, person, pb.PersonFlagsBody(name=name)),
                (EntryKind.CREDENTIAL, card, holder),
            ]
        Path(settings.data_dir).mkdir(exist_ok=True)
        journal, store = open_journal(settings.journal_path, _now(), capacity=2_000)
        entries = tuple(encode_entry(kind, one, 1, body) for kind, one, body in bodies)
        store.apply(PolicyChange(1, 1, entries, (), "0" * 64, snapshot=True))
        anchor = ClockBody(state=ClockState.TRUSTED, source="welcome")
        journal.append([NewEvent(EventKind.CLOCK_ANCHOR, anchor)], _now())
        journal.close()

    def punches(self) -> list[PunchBody]:
        """What the journal holds, oldest first; the agent has ended."""
        journal, _ = open_journal(load_settings(self.file).journal_path, _now(), capacity=2_000)
        try:
            rows = [decode_row(data) for _, data in journal.tail(1_000)]
        finally:
            journal.close()
        bodies = [decode_event_body(row) for row in rows if isinstance(row, Event)]
        return [body for body in bodies if isinstance(body, PunchBody)]
