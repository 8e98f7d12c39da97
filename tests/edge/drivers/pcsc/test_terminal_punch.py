"""A card held to the reader of an attendance terminal: the whole agent with its threads, its
journal and its page, on the real card service with its virtual reader."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edge.bootstrap import build
from edge.core.model import PunchChosen
from edge.running_clock import running_ns
from edge.settings import load_settings
from tests.edge.terminal.installation import Installation, held_by_pcsc
from wire.events import PunchDirection
from wire.policy_bodies import Assurance

pytestmark = pytest.mark.pcsc

NUMBER = "00112233445566778899AABBCCDDEEFF"
ECDSA = ("--ecdsa", NUMBER, "12345")
SUICA = ("--uid", "felica", "0114B34D2A0B1C3D")
UID = ("--uid", "mifare-1k", "04A1B2C3D4E5F6")


@dataclass
class Page:
    """The terminal's page as a kiosk hears it."""

    port: int
    views: list[dict[str, Any]] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> Page:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", "/views")
        stream = connection.getresponse()
        threading.Thread(target=self._hear, args=(stream,), daemon=True).start()
        return self

    def _hear(self, stream: http.client.HTTPResponse) -> None:
        for line in stream:
            if line.startswith(b"data: {"):
                with self._news:
                    self.views.append(json.loads(line.removeprefix(b"data: "))["view"])
                    self._news.notify_all()

    def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a view, from the newest on."""
        with self._news:
            there = self._news.wait_for(lambda: bool(self.views) and holds(self.views[-1]), 10)
            assert there, f"not shown; the last was {self.views[-1:]}"
            return self.views[-1]

    def result(self, kind: str) -> dict[str, Any]:
        """Wait for a result of a kind, and give it."""

        def shows(view: dict[str, Any]) -> bool:
            return view["result"] is not None and view["result"]["kind"] == kind

        found: dict[str, Any] = self.until(shows)["result"]
        return found


@dataclass
class Kiosk:
    """A running terminal."""

    installation: Installation
    agent: Any
    page: Page

    def press(self, direction: PunchDirection) -> None:
        self.agent.put(PunchChosen(direction, running_ns()))
        self.page.until(lambda view: view["chosen"] == direction.value)

    @property
    def punched(self) -> list[tuple[str, str | None]]:
        """What the journal holds once the agent has ended."""
        self.agent.stop()
        return [(one.direction.value, one.assurance) for one in self.installation.punches()]


@pytest.fixture
def make_kiosk(service, tmp_path: Path) -> Iterator[Callable[..., Kiosk]]:
    running = []

    def make(min_assurance: Assurance = Assurance.IDENTIFIER) -> Kiosk:
        cards = {"felica": SUICA[2], "p256": NUMBER, "uid": UID[2]}
        installation = held_by_pcsc(tmp_path, "*00 00", cards, 12345, min_assurance)
        agent = build(load_settings(installation.file))
        agent.start()
        running.append(agent)
        assert agent._page is not None
        assert agent._page.listening.wait(10)
        kiosk = Kiosk(installation, agent, Page(installation.port).listen())
        kiosk.page.until(lambda view: view["keys"] and "reader_away" not in view["notices"])
        return kiosk

    yield make
    for agent in running:
        agent.stop()


def test_a_card_held_to_the_terminal_is_a_punch_also_after_the_card_service_was_restarted(
    service, make_kiosk
) -> None:
    kiosk = make_kiosk()
    kiosk.press(PunchDirection.IN)
    service.put(0, *SUICA)
    shown = kiosk.page.result("recorded")
    assert (shown["name"], shown["direction"]) == ("山田", "in")
    service.take(0)
    service.stop()
    kiosk.page.until(lambda view: "reader_away" in view["notices"])
    service.start()
    kiosk.page.until(lambda view: "reader_away" not in view["notices"])
    kiosk.press(PunchDirection.OUT)
    service.put(0, *SUICA)
    kiosk.page.until(lambda view: (view["result"] or {}).get("direction") == "out")
    assert kiosk.punched == [("in", Assurance.IDENTIFIER), ("out", Assurance.IDENTIFIER)]


def test_where_a_card_must_prove_itself_a_copied_number_is_told_so_and_the_right_card_counts(
    service, make_kiosk
) -> None:
    kiosk = make_kiosk(Assurance.CHALLENGE)
    kiosk.press(PunchDirection.IN)
    service.put(0, *UID)
    assert kiosk.page.result("denied")["reason"] == "assurance_too_low"
    service.take(0)
    service.put(0, *ECDSA)
    assert kiosk.page.result("recorded")["name"] == "鈴木"
    assert kiosk.punched == [("in", Assurance.CHALLENGE)]
