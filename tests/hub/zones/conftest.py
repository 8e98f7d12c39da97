"""A hall behind two doors of one controller, people, and a journal of what they do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.link.sessions import confirm, greet
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.web.rights import SYSTEM
from hub.zones.domain import Occupancy
from hub.zones.projector import PROJECTOR as ZONES
from hub.zones.service import ZonesService
from wire import events as ev
from wire.clock import ClockReading, ClockState
from wire.events import ActOutcome, EventKind, Observed
from wire.messages import EdgePolicy, Hello
from wire.reasons import Reason

CONTROLLER = "k7w2m9x4c1t8z5qa"


class Hall:
    """The hall, and what happens at its doors. `front` has a contact and readers on both sides;
    `back` has neither contact nor a reader on the way out."""

    def __init__(self, hub: Hub, clock: HandMovedClock, client: TestClient) -> None:
        self.hub, self.clock, self.client = hub, clock, client
        self.journal = MemoryJournal(start=clock.now(), controller=CONTROLLER)
        self.acts = 0
        self.site = self.add("sites", name="体育館")
        self.add("controllers", id=CONTROLLER, site_id=self.site, name="盤")
        self.device = self.add(
            "devices", controller_id=CONTROLLER, name="板", driver="virtual", port="v"
        )
        self.zone = self.add("zones", site_id=self.site, name="ホール")
        there = {"site_id": self.site, "controller_id": CONTROLLER, "zone_in": self.zone}
        there["min_assurance"] = "identifier"
        contact = {"device": self.device, "channel": 1}
        self.front = self.add("doors", name="正面", contact=contact, **there)
        self.back = self.add("doors", name="裏", **there)
        self.readers = {
            (self.front, "entry"): self.reader(self.front, 0, "entry"),
            (self.front, "exit"): self.reader(self.front, 1, "exit"),
            (self.back, "entry"): self.reader(self.back, 2, "entry"),
        }
        self.ann = self.add("people", name="安藤")
        self.bob = self.add("people", name="坂東")

    def add(self, path: str, **body: Any) -> str:
        answer = self.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def change(self, path: str, row_id: str, **body: Any) -> None:
        answer = self.client.patch(f"/api/v1/{path}/{row_id}", json=body)
        assert answer.status_code == 200, answer.text

    def reader(self, door: str, channel: int, side: str) -> str:
        where = {"device_id": self.device, "door_id": door, "channel": channel, "side": side}
        return self.add("readers", name=f"{channel}", **where)

    # --- what happens ---

    @property
    def now_s(self) -> int:
        return int((self.clock.now() - self.journal.start).total_seconds())

    def let_in(
        self, person: str | None, door: str | None = None, side: str = "entry", **more: Any
    ) -> str:
        """Somebody presents a card and the lock releases."""
        self.acts += 1
        door = door or self.front
        body = {
            "reason": Reason.CARD_VALID,
            "factor": ev.Factor.CARD,
            "door": door,
            "reader": self.readers[door, side],
            "act": f"act{self.acts}",
            "person": person,
            "credential": f"card of {person}",
        }
        late = more.pop("late_s", 1)
        at_s = more.pop("at_s", self.now_s)
        kind = more.pop("kind", EventKind.ACCESS_GRANTED)
        clock = more.pop("clock", ClockState.TRUSTED)
        access = ev.AccessBody(**(body | more))
        self.journal.add(kind, access, at_s, late_s=late, clock=clock)
        done = ev.ActResultBody(
            act=str(body["act"]),
            door=door,
            outcome=ActOutcome.DONE,
            observed=Observed.OUTPUT_ON,
        )
        self.journal.add(EventKind.ACT_RESULT, done, at_s, late_s=late, clock=clock)
        return str(body["act"])

    def leaf(self, *, opens: bool, door: str | None = None, at_s: int | None = None) -> None:
        kind = EventKind.DOOR_OPENED if opens else EventKind.DOOR_CLOSED
        body = ev.DoorEventBody(door=door or self.front)
        self.journal.add(kind, body, self.now_s if at_s is None else at_s)

    def walks(self, person: str | None, side: str = "entry", **more: Any) -> None:
        """Somebody presents a card at the front door, opens it and lets it fall shut."""
        self.let_in(person, side=side, **more)
        self.leaf(opens=True)
        self.leaf(opens=False)
        self.clock.advance(timedelta(minutes=1))

    def connect(self) -> None:
        """The controller says hello and wants its policy."""
        now, db = self.clock.now(), self.hub.core.db
        hello = Hello(
            session="0" * 32,
            boot_id="boot",
            agent="0.1.0",
            epoch=1,
            last_seq=0,
            policy=EdgePolicy(hub_epoch=0, version=0, digest="0" * 64),
            clock=ClockReading(state=ClockState.TRUSTED, now=now),
        )
        db.write(lambda scope: greet(scope, CONTROLLER, hello, now))
        db.write(lambda scope: confirm(scope, CONTROLLER, hello.session, now))

    # --- what comes of it ---

    def occupancy(self) -> Occupancy:
        work = ProjectionWorker(self.hub.core.db, self.journal.after, [ENTRIES, ZONES])
        while work.step():
            continue
        return self.hub.services.get(ZonesService).occupancy(SYSTEM, self.zone)

    def inside(self) -> list[str]:
        return [each.person_id for each in self.occupancy().inside]


@pytest.fixture
def hall(hub: Hub, clock: HandMovedClock, admin: TestClient) -> Hall:
    """The hall, empty, its controller connected."""
    made = Hall(hub, clock, admin)
    made.connect()
    return made


@pytest.fixture
def forgive(admin: TestClient) -> Callable[..., Any]:
    """`forgive(path)` asks for it over the API."""

    def ask(path: str, reason: str = "閉館後の点検") -> Any:
        return admin.post(f"/api/v1/{path}/forgive", json={"reason": reason})

    return ask
