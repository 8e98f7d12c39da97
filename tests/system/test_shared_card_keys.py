"""The key of a DESFire and of a FeliCa Lite-S card, from the hub's master to the door: the card
opens a door that asks for a proof, its number alone does not, and nor does the card once withdrawn.

The hub and the agent as they are built for production, a real broker between them, the agent's real
PC/SC driver at a card service of software.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from edge.cards.virtual_card import DesfireCard, VirtualCard
from edge.cards.virtual_felica import FelicaLiteSCard
from edge.drivers.pcsc_api import CardHandle, ReaderState
from tests.edge.drivers.fake_pcsc import EMPTY, PRESENT, READER, FakePcsc
from tests.system.test_cards import System

pytestmark = pytest.mark.mosquitto
UID = bytes.fromhex("04782e21801d80")
IDM = bytes.fromhex("0120220427678116")
PROFILES = ("desfire-ev2-aes", "felica-lite-s", "identifier")


class Reader(FakePcsc):
    """A reader on which a card of software is laid and taken away again."""

    def __init__(self) -> None:
        super().__init__()
        self.held: VirtualCard | None = None
        self.asked: list[bytes] = []
        self.events = 0
        self.told = threading.Event()

    def hold(self, card: VirtualCard) -> None:
        card.reset()
        self.held = card
        self.told.clear()
        self._change(PRESENT, card.atr)

    def take(self) -> None:
        self._change(EMPTY, b"")

    def _change(self, flags: int, atr: bytes) -> None:
        self.events += 1
        self.changes.put([ReaderState(READER, flags, self.events, atr)])

    def connect(self, context: int, reader: str) -> CardHandle:
        assert self.held is not None
        return CardHandle(1, 2, self.held.atr)

    def transmit(self, card: CardHandle, command: bytes) -> bytes:
        assert self.held is not None
        self.asked.append(command)
        return self.held.answer(command) or b""


class KeyedSystem(System):
    """With a door that asks for a proof, at a PC/SC reader."""

    def __init__(self, town: Any, port: int) -> None:
        self.reader = Reader()
        super().__init__(town, port, self.reader.opener, PROFILES)
        before = self.version
        device = self.made(
            "devices",
            controller_id=self.controller,
            name="読取機",
            driver="pcsc",
            port="cards",
            reader_name=READER,
        )
        changed = self.client.patch(
            f"/api/v1/doors/{self.door}", json={"min_assurance": "challenge"}
        )
        assert changed.status_code == 200, changed.text
        self.made("readers", device_id=device, door_id=self.door, name="扉", channel=0)
        self.wait(lambda: self.holds(before))

    def opens_to(self, card: VirtualCard) -> bool:
        """Whether a card held to the reader drives the strike."""
        before = len(self.site.acts())
        self.reader.hold(card)
        deadline = time.monotonic() + 0.6
        while time.monotonic() < deadline and len(self.site.acts()) == before:
            time.sleep(0.005)
        self.reader.take()
        return len(self.site.acts()) > before


@pytest.fixture
def system(town, mosquitto):
    made = KeyedSystem(town, mosquitto().port)
    yield made
    made.stop()


KINDS = [
    ("desfire-ev2-aes", "uid", UID, DesfireCard),
    ("felica-lite-s", "felica", IDM, FelicaLiteSCard),
]


def test_the_hubs_key_opens_the_door_for_the_card_that_knows_it_and_for_no_copy(system):
    for profile, namespace, number, kind in KINDS:
        key_set = system.made("card-key-sets", name=profile, profile=profile, application="4B474D")
        written = system.post(f"card-key-sets/{key_set}/diversify", identity=number.hex())
        card, copy = kind(number, bytes.fromhex(written["key"])), kind(number, bytes(16))
        before = system.version
        issued = system.made(
            "cards",
            namespace=namespace,
            identity=number.hex(),
            person_id=system.person,
            key_set_id=key_set,
        )
        system.wait(lambda before=before: system.holds(before))
        system.wait(lambda card=card: system.opens_to(card), within_s=8)

        assert not system.opens_to(copy), f"{profile}: its number alone opened the door"
        assert system.opens_to(card)

        before = system.version
        system.post(f"cards/{issued}/withdraw", reason="返却")
        system.wait(lambda before=before: system.holds(before))
        assert not system.opens_to(card), f"{profile}: a withdrawn card opened the door"
