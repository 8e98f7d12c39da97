"""A door with its agent in earnest, and a hub's link and ingest that send it a policy.

The agent is the product's own, with a virtual site; the hub's database, link and ingest too. Only
what the hub would compile is written here.
"""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from edge.bootstrap import build
from edge.drivers.virtual import VirtualDriver
from edge.settings import settings_from
from hub.clock import SystemClock
from hub.database.engine import open_database
from hub.ingest.assembly import HubLink
from hub.ingest.repository import watermark
from hub.link.keyring import FileLinkKeys
from hub.link.mqtt import BrokerAddress
from provisioning.controller_keys import load_identity
from provisioning.hub_keys import load_hub_epoch
from provisioning.keys import load_signing_key
from tests.system.delivery.runs import TOWN_ID, create_tables
from wire import policy_bodies as pb
from wire.identity import pin_policy_id
from wire.keys import HubSigner, PinKey
from wire.messages import HeldPolicy, PolicyChunk, encode
from wire.pins import card_digest, pin_digest
from wire.policy import EntryKind, PolicyDigest, encode_entry, entry_hash
from wire.samples import sample_id

DEVICE, READER, DOOR = map(sample_id, (101, 102, 103))
PEOPLE = {name: sample_id(200 + n) for n, name in enumerate(("staff", "blocked", "nobody"))}
CARDS = {name: bytes([n] * 7) for n, name in enumerate(("staff", "blocked", "nobody", "foreign"))}
PINS = {"now": "482915", "over": "739150", "to_come": "615283"}
WRONG_PIN = "907314"
PULSE_MS = 100


def policy_for(key: PinKey) -> list[bytes]:
    """A door with a card of staff, a card of somebody blocked, one without a grant, and PINs whose
    window is now, over, or still to come. The same for every controller, but for its digests."""
    now = datetime.now(UTC)
    day = timedelta(days=1)
    windows = {
        "now": (now - day, now + day),
        "over": (now - 2 * day, now - day),
        "to_come": (now + day, now + 2 * day),
    }
    made = [
        (
            EntryKind.DEVICE,
            DEVICE,
            pb.DeviceBody(driver=pb.DeviceDriver.VIRTUAL, port="site", address=1),
        ),
        (EntryKind.READER, READER, pb.ReaderBody(device=DEVICE, door=DOOR, keypad=True, tries=20)),
        (
            EntryKind.DOOR,
            DOOR,
            pb.DoorBody(
                strike=pb.Point(DEVICE, 0),
                contact=pb.Point(DEVICE, 0),
                unlock_ms=PULSE_MS,
                min_assurance=pb.Assurance.IDENTIFIER,
            ),
        ),
    ]
    for number, (name, digits) in enumerate(PINS.items()):
        credential = sample_id(300 + number)
        body = pb.PinBody(credential=credential, door=DOOR, digest=pin_digest(key, DOOR, digits))
        start, end = windows[name]
        grant = pb.GrantBody(door=DOOR, credential=credential, start=start, end=end)
        made.append((EntryKind.CREDENTIAL, pin_policy_id(credential, DOOR), body))
        made.append((EntryKind.GRANT, sample_id(400 + number), grant))
    for number, (name, person) in enumerate(PEOPLE.items()):
        card = pb.CardBody(
            credential=sample_id(500 + number),
            namespace="uid",
            digest=card_digest(key, "uid", CARDS[name]),
            person=person,
            state=pb.EntryState.BLOCKED if name == "blocked" else pb.EntryState.ACTIVE,
        )
        made.append((EntryKind.CREDENTIAL, card.credential, card))
        made.append((EntryKind.PERSON_FLAGS, person, pb.PersonFlagsBody()))
        if name != "nobody":
            grant = pb.GrantBody(door=DOOR, person=person)
            made.append((EntryKind.GRANT, sample_id(600 + number), grant))
    return [encode_entry(kind, entry, 1, body) for kind, entry, body in made]


class Site:
    """One controller's agent and the person at its door."""

    def __init__(self, town, controller: str, host: str, port: int, folder: Path) -> None:
        self.controller, self.folder = controller, folder
        keys = town.controllers[controller]
        self.pin_key = load_identity(keys / "identity.json").pin
        table = {
            "data_dir": str(folder),
            "identity": {"directory": str(keys)},
            "mqtt": {"host": host, "port": port, "keepalive_s": 5},
            "ports": {"site": {"driver": "virtual"}},
        }
        for name, source in (("ca.pem", town.ca), ("hub-signing.pem", town.hub / "signing.pem")):
            if not (keys / name).exists():
                (keys / name).write_bytes(source.read_bytes())
        self.settings = settings_from(table, "bench", folder)
        self.driver = VirtualDriver()
        self.agent = build(self.settings, drivers={"site": self.driver})

    def present(self, what: tuple[str, str]) -> None:
        """Hold a card to the reader, or type a PIN."""
        kind, name = what
        if kind == "card":
            self.driver.tap(DEVICE, "uid", CARDS[name])
        else:
            self.driver.press(DEVICE, f"{PINS.get(name, WRONG_PIN)}#")

    def rows(self) -> list[tuple[int, bytes]]:
        """The journal's rows (seq, body), once the agent has stopped."""
        with sqlite3.connect(self.settings.journal_path) as journal:
            found = journal.execute("SELECT row, body FROM events ORDER BY row").fetchall()
            epochs = journal.execute("SELECT epoch FROM epochs").fetchall()
        journal.close()
        assert len(epochs) == 1
        return found

    def events(self) -> list[dict]:
        return [msgspec.json.decode(body) for _, body in self.rows()]

    def decisions(self) -> list[tuple]:
        """What was decided, in order."""
        names = ("reason", "factor", "door", "credential", "grant", "person")
        return [
            (event["kind"], *(event["body"].get(name) for name in names))
            for event in self.events()
            if event["kind"].startswith("access_")
        ]

    def acts_without_a_grant(self) -> list[str]:
        """Acts on the strike that no journaled grant names."""
        granted = {
            event["body"].get("act")
            for event in self.events()
            if event["kind"] in ("access_granted", "access_duress")
        }
        return [act.act for act in self.driver.acts() if act.act not in granted]


WHATS = (
    *(("card", name) for name in CARDS),
    *(("card", "staff"),) * 3,
    *(("pin", name) for name in PINS),
    *(("pin", "now"),) * 2,
    ("pin", "wrong"),
)


def draw(chance: random.Random) -> tuple[str, str]:
    """What the next person does."""
    return chance.choice(WHATS)


class BenchHub:
    """The hub's database, link and ingest, with a policy for each controller. Fulfils
    `hub.link.ports.PolicyDesk`."""

    def __init__(self, town, host: str, port: int, folder: Path) -> None:
        path = folder / "hub.db"
        if not path.exists():
            create_tables(path)
        self.db = open_database(f"sqlite:///{path}", TOWN_ID)
        self.policies: dict[str, list[bytes]] = {}
        self.reports: dict[str, int] = {}
        self.link = HubLink(
            BrokerAddress(host, port, town.hub_context(), keepalive_s=5),
            self.db,
            SystemClock(),
            FileLinkKeys(town.hub / "link-keys.json"),
            HubSigner(load_signing_key(town.hub / "signing.key")),
            lambda: load_hub_epoch(town.hub / "hub-epoch.json"),
        )

    def start(self) -> None:
        self.link.start(self)

    def _digest(self, controller: str) -> str:
        return PolicyDigest(map(entry_hash, self.policies.get(controller, []))).hex

    def held(self, scope, controller):
        version = 1 if controller in self.policies else 0
        return HeldPolicy(version=version, digest=self._digest(controller))

    def wanted(self, scope, controller, want):
        if want.from_version is not None:
            return []
        chunk = PolicyChunk(
            hub_epoch=1,
            version=1,
            session=want.session,
            index=0,
            count=1,
            digest=self._digest(controller),
            entries=tuple(map(msgspec.Raw, self.policies[controller])),
        )
        return [encode(chunk)]

    def reported(self, scope, controller, reported):
        assert not reported.rejected, reported.rejected
        self.reports[controller] = reported.version
        return []

    def rows(self, controller: str) -> list[tuple[int, bytes]]:
        with self.db.read() as scope:
            found = scope.connection.exec_driver_sql(
                "SELECT seq, body FROM raw_events WHERE controller_id = ? ORDER BY epoch, seq",
                (controller,),
            ).all()
        return [(seq, bytes(body)) for seq, body in found]

    def through(self, controller: str, epoch: int) -> int:
        with self.db.read() as scope:
            return watermark(scope, controller, epoch)

    def stop(self) -> None:
        self.link.stop()
        self.db.close()
