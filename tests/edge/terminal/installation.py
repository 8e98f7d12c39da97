"""An enrolled controller with a terminal, its policy in its store, on a real disk."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.cards.virtual_card import EcdsaCard
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

Entry = tuple[EntryKind, str, pb.Body]
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
        made = cls.enrolled(folder, "virtual", terminal)
        made._give_policy(people)
        return made

    @classmethod
    def enrolled(cls, folder: Path, driver: str, terminal: str = "") -> Installation:
        """Enrol it, without a policy; its readers hang on a port `site` of that driver."""
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
            f'[mqtt]\nhost = "127.0.0.1"\nport = {ports[1]}\n[ports.site]\ndriver = "{driver}"\n'
            f"[terminal]\nport = {ports[0]}\n{terminal}",
            encoding="utf-8",
        )
        return cls(file, ports[0])

    def _give_policy(self, people: int) -> None:
        controller = load_controller(load_settings(self.file))
        names = NameKey.of(controller.id, controller.link)
        bodies: list[Entry] = [
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
        self.give(bodies)

    def give(self, bodies: list[Entry]) -> None:
        """Put a policy into its store, and a journal that knows the time beside it."""
        settings = load_settings(self.file)
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


def held_by_pcsc(
    folder: Path,
    reader_name: str,
    cards: dict[str, str],
    scalar: int,
    min_assurance: pb.Assurance,
) -> Installation:
    """One with a reader of the card service; each person has a card, by namespace and number. That
    of `p256` proves itself under the key of `scalar`."""
    made = Installation.enrolled(folder, "pcsc")
    controller = load_controller(load_settings(made.file))
    names = NameKey.of(controller.id, controller.link)
    bodies: list[Entry] = [
        (
            EntryKind.DEVICE,
            DEVICE,
            pb.DeviceBody(driver=pb.DeviceDriver.PCSC, port="site", reader_name=reader_name),
        ),
        (
            EntryKind.READER,
            READER,
            pb.ReaderBody(
                device=DEVICE,
                side=pb.Side.TERMINAL,
                punch=pb.PunchRule.CHOSEN,
                min_assurance=min_assurance,
            ),
        ),
    ]
    for number, (namespace, tells) in enumerate(cards.items()):
        card, person = sample_id(10_000 + number), sample_id(20_000 + number)
        identity = bytes.fromhex(tells)
        key = EcdsaCard.with_scalar(identity, scalar).public_key if namespace == "p256" else None
        holder = pb.CardBody(
            credential=card,
            namespace=namespace,
            digest=card_digest(controller.pin, namespace, identity),
            person=person,
            public_key=key,
        )
        flags = pb.PersonFlagsBody(name=names.seal(person, NAMES[number]))
        bodies += [(EntryKind.PERSON_FLAGS, person, flags), (EntryKind.CREDENTIAL, card, holder)]
    made.give(bodies)
    return made
