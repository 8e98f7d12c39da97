"""The whole round without a network: bench, ticket, visit, code at the keypad, log, receipt."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from edge.core.clock_now import ClockNow
from edge.core.model import NewEvent
from edge.keybox.orders import Errand, Journaled
from edge.keybox.visit import Visit
from edge.keybox.wants import (
    Ask,
    Commit,
    Look,
    OpenSession,
)
from firmware_bridge.keybox.box_requests import BoxRequests
from firmware_bridge.keybox.codes import Kind, Output
from firmware_bridge.keybox.opening import HelloAnswer
from firmware_bridge.keybox.virtual_box import VirtualBox
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.ingest.tables import raw_origins
from hub.keyboxes.projector import PROJECTOR as KEYBOXES
from hub.projection.worker import ProjectionWorker
from hub.web.rights import Role
from wire.clock import ClockState
from wire.keybox_keys import MaintenanceSecret
from wire.keybox_ticket import KeyboxTicket, decode_ticket


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


@dataclass
class Round:
    """A virtual box on its wall, and a laptop that visits it with the hub's tickets."""

    hut: Any
    box: VirtualBox
    journaled: dict[str, Journaled] = field(default_factory=dict)
    began: datetime | None = None

    @property
    def now_ns(self) -> int:
        """The box's running time: it stands still while the hub's clock does."""
        assert self.began is not None
        now: datetime = self.hut.hub.core.clock.now()
        return (now - self.began) // timedelta(microseconds=1) * 1_000

    def ticket(self) -> KeyboxTicket:
        """A ticket of the hub for today, opened as the box would."""
        today = (self.hut.hub.core.clock.now() + timedelta(hours=9)).date()
        rights = ["read", "clock", "clear", "secret"]
        made = self.hut.use(Role.CLERK).post(
            f"/api/v1/key_boxes/{self.hut.box}/tickets",
            json={"day": today.isoformat(), "purpose": "巡回", "rights": rights},
        )
        assert made.status_code == 201, made.text
        ticket = decode_ticket(made.content)
        assert self.box.secrets is not None
        own = self.box.secrets.maintenance.ticket(self.hut.box, ticket.day, ticket.right)
        assert ticket.key == own, "the box would refuse the ticket"
        return ticket

    def visit(self) -> KeyboxTicket:
        """Go there: what the laptop journals comes into the hub; give the ticket."""
        ticket = self.ticket()
        self.box.advance(self.now_ns)
        requests = BoxRequests(self.box)
        steps = Visit(Errand.SYNC, ticket).steps()
        answer: object = None
        while True:
            try:
                want = steps.send(answer)
            except StopIteration:
                break
            answer = self._fulfil(want, requests)
        work = ProjectionWorker(self.hut.hub.core.db, self.hut.journal.after, [ENTRIES, KEYBOXES])
        while work.step():
            continue
        return ticket

    def _fulfil(self, want: object, requests: BoxRequests) -> object:
        now = self.hut.hub.core.clock.now()
        match want:
            case OpenSession():
                device = uuid.UUID(self.hut.box).bytes
                return HelloAnswer(device, Kind.KEY_BOX, self.box.firmware, 1, bytes(16), 0)
            case Ask():
                return requests.carry_out(want.request)
            case Look():
                clock = ClockNow("laptop", 1, now, ClockState.TRUSTED, 50, now)
                return clock, self.journaled.get(want.device)
            case Commit():
                for event in want.events:
                    self._journal(event)
                for name, value in want.state.items():
                    assert value is not None
                    found = msgspec.json.decode(value, type=Journaled)
                    self.journaled[name.partition("/")[2]] = found
        return None

    def _journal(self, event: NewEvent) -> None:
        """Journal as the agent does, and let ingest keep the origin."""
        journal, stamp = self.hut.journal, event.stamp
        now_s = int((self.hut.hub.core.clock.now() - journal.start).total_seconds())
        if stamp is None:
            journal.add(event.kind, event.body, now_s, late_s=60)
            return
        number = journal.add(
            event.kind,
            event.body,
            now_s,
            late_s=60,
            shown=stamp.at,
            clock=stamp.clock,
            boot=stamp.boot,
            error_ms=stamp.error_ms,
            origin=stamp.origin,
        )
        row = {
            "device_id": stamp.origin.device,
            "log_epoch": stamp.origin.log_epoch,
            "log_index": stamp.origin.index,
            "raw_id": number,
        }
        self.hut.hub.core.db.write(lambda scope: scope.upsert_ignore(raw_origins, row))

    def type(self, digits: str) -> bool:
        """Type digits and #; tell whether the bolt was driven."""
        self.box.advance(self.now_ns)
        self.box.press(f"{digits}#", self.now_ns)
        return bool(self.box.outputs & Output.RELEASED)


@pytest.fixture
def there(hut: Any) -> Round:
    """The hut's box, fresh from the bench."""
    made = hut.use(Role.ADMIN).post(f"/api/v1/key_boxes/{hut.box}/provisioning").json()
    box = VirtualBox(log_epoch=77)
    box.provision(made["device"], Kind(made["kind"]), base64.b64decode(made["maintenance_secret"]))
    found = Round(hut, box)
    found.began = hut.hub.core.clock.now()
    return found


def test_a_code_given_before_the_first_visit_opens_the_box_after_it(
    there: Round, clock: Any
) -> None:
    hut = there.hut
    hut.put("k1", start_h=3, hours=2)
    digits = hut.digits("k1")
    assert not there.type(digits)
    there.visit()
    assert hut.booking("k1")["problems"] == []
    clock.advance(timedelta(hours=1))
    assert not there.type(digits)
    clock.advance(timedelta(hours=2))
    assert there.type(digits)
    clock.advance(timedelta(days=1))
    assert not there.type(digits)


def test_the_log_comes_home_with_booking_and_holder_and_is_cleared_by_the_next_receipt(
    there: Round, clock: Any
) -> None:
    hut = there.hut
    hut.put("k1", start_h=3, hours=2)
    there.visit()
    clock.advance(timedelta(hours=3))
    assert there.type(hut.digits("k1"))
    clock.advance(timedelta(days=1))
    there.visit()
    entries = hut.use(Role.VIEWER).get("/api/v1/entries", params={"door": hut.box}).json()["items"]
    (opened,) = [each for each in entries if each["reason"] == "sealed_code_valid"]
    assert opened["booking_id"] == hut.booking("k1")["id"]
    assert opened["occurred_at"][:16] == "2026-04-06T03:00"
    state = hut.use(Role.VIEWER).get(f"/api/v1/key_boxes/{hut.box}/state").json()
    assert state["told"]["battery_mv"] == 6_000
    assert state["told"]["clock_set_at"] is not None
    assert state["log_through"] == state["told"]["next_index"] - 1
    oldest = there.box.log.oldest
    ticket = there.visit()
    assert ticket.receipt is not None
    assert there.box.log.oldest > oldest
    alarms = hut.use(Role.VIEWER).get("/api/v1/alarms").json()
    assert [each["kind"] for each in alarms] == []


def test_new_secrets_kill_the_old_digits_at_the_box_and_the_hub_shows_the_new(
    there: Round, clock: Any
) -> None:
    hut = there.hut
    there.visit()
    hut.put("k1", start_h=3, hours=2)
    old = hut.digits("k1")
    hut.use(Role.ADMIN).post(f"/api/v1/key_boxes/{hut.box}/secrets")
    assert hut.digits("k1") == old
    there.visit()
    fresh = hut.digits("k1")
    clock.advance(timedelta(hours=3))
    assert not there.type(old)
    assert there.type(fresh)
    assert there.visit().envelope is None
    assert there.box.secrets is not None
    assert isinstance(there.box.secrets.maintenance, MaintenanceSecret)


def test_after_retiring_the_first_new_code_used_kills_the_leaked_one(
    there: Round, clock: Any
) -> None:
    hut = there.hut
    there.visit()
    hut.put("k1", start_h=3, hours=2)
    leaked = hut.digits("k1")
    retire = f"/api/v1/key_boxes/{hut.box}/retire"
    hut.use(Role.CLERK).post(retire, json={"reason": "番号が漏れた"})
    clock.advance(timedelta(hours=3))
    assert there.type(leaked)
    clock.advance(timedelta(minutes=1))
    assert there.type(hut.digits("k1"))
    clock.advance(timedelta(minutes=1))
    assert not there.type(leaked)
    assert len(hut.booking("k1")["still_opens"]) == 1
    there.visit()
    assert hut.booking("k1")["still_opens"] == []


def test_three_generations_ahead_still_open_and_a_visit_with_new_secrets_gives_room_again(
    there: Round, clock: Any
) -> None:
    hut = there.hut
    there.visit()
    hut.put("k1", start_h=3, hours=2)
    retire = f"/api/v1/key_boxes/{hut.box}/retire"
    why = {"reason": "試験"}
    statuses = [hut.use(Role.CLERK).post(retire, json=why).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 409]
    hut.use(Role.ADMIN).post(f"/api/v1/key_boxes/{hut.box}/secrets")
    there.visit()
    assert hut.use(Role.CLERK).post(retire, json=why).status_code == 200
    clock.advance(timedelta(hours=3))
    assert there.type(hut.digits("k1"))
