"""A hall with two doors at one enrolled controller, whose digests the test gives by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.happenings.domain import Happening, HappeningKind
from hub.happenings.repository import after
from hub.link.sessions import confirm, greet
from hub.pins import confirmation
from hub.policy import repository as policy
from hub.readiness.service import ReadinessService
from hub.readiness.watch import ReadinessWatch
from hub.readiness.wiring import readiness_watch
from wire.clock import ClockReading, ClockState
from wire.messages import EdgePolicy, Hello

RECALLED = (HappeningKind.BOOKING_READY, HappeningKind.BOOKING_LATE)


@dataclass
class Hall:
    """The hub's API, the chore, and a controller."""

    hub: Hub
    town: Any
    clock: HandMovedClock
    client: TestClient
    registry: CollectorRegistry
    watch: ReadinessWatch
    site: str
    controller: str
    doors: tuple[str, ...]
    readers: tuple[str, ...]
    sessions: int = field(default=0)

    @property
    def service(self) -> ReadinessService:
        return self.hub.services.get(ReadinessService)

    def at(self, hours: float) -> datetime:
        return self.clock.now() + timedelta(hours=hours)

    def book(self, key: str = "k1", start_h: float = 9, hours: float = 2, **more: Any) -> str:
        """Put a booking of both doors, or change it; its id."""
        body = {
            "doors": list(self.doors),
            "starts_at": self.at(start_h).isoformat(),
            "ends_at": self.at(start_h + hours).isoformat(),
            "contact": {"name": "山田 花子"},
        }
        answer = self.client.put(f"/api/v1/bookings/{key}", json=body | more)
        assert answer.status_code in (200, 201), answer.text
        self.town.compile()
        return str(answer.json()["id"])

    def prove(self, controller: str | None = None, rejected: Sequence[Any] = ()) -> None:
        """The controller proves the newest version."""
        of = controller or self.controller

        def work(scope: Any) -> None:
            version = policy.held(scope, of).version
            confirmation.confirm(scope, of, version, rejected, self.clock.now())

        self.hub.core.db.write(work)

    def connect(self, clock: ClockState = ClockState.TRUSTED) -> None:
        """The controller says hello and is welcomed."""
        self.sessions += 1
        now, db = self.clock.now(), self.hub.core.db
        hello = Hello(
            session=f"{self.sessions:032x}",
            boot_id="boot",
            agent="0.1.0",
            epoch=1,
            last_seq=0,
            policy=EdgePolicy(hub_epoch=0, version=0, digest="0" * 64),
            clock=ClockReading(state=clock, now=now),
        )
        db.write(lambda scope: greet(scope, self.controller, hello, now))
        db.write(lambda scope: confirm(scope, self.controller, hello.session, now))

    def look(self, *, fresh: bool = False) -> None:
        """The chore, as the worker runs it; `fresh`: that of a hub started anew."""
        if fresh:
            self.watch = readiness_watch(self.hub.core, self.hub.services, CollectorRegistry())
        with self.hub.core.db.read() as scope:
            due = self.watch.is_due(scope)
        if due:
            self.hub.core.db.write(self.watch.run)

    def pass_time(self, **by: float) -> None:
        """Let time pass, half an hour at a time at most."""
        end = self.clock.now() + timedelta(**by)
        while self.clock.now() < end:
            self.clock.advance(min(timedelta(minutes=30), end - self.clock.now()))
            self.hub.core.db.write(self.town.sweep.run)
            self.town.compile()
            self.look()

    def told(self) -> list[Happening]:
        """What was told of bookings that are ready or late."""
        with self.hub.core.db.read() as scope:
            return [each for each in after(scope, 0, 10_000) if each.kind in RECALLED]

    def words(self) -> list[tuple[str, int | None]]:
        """The same in short: kind and step."""
        return [(str(each.kind), each.details.get("step")) for each in self.told()]  # type: ignore[misc]

    def readiness(self, key: str = "k1") -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/bookings/{key}/readiness")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def codes(self, key: str = "k1", door: int = 0) -> dict[str, str]:
        """The findings at a door, with their severity."""
        locks = {lock["lock_id"]: lock for lock in self.readiness(key)["locks"]}
        return {each["code"]: each["severity"] for each in locks[self.doors[door]]["findings"]}


@pytest.fixture
def hall(
    hub: Hub,
    hub_town: Any,
    clock: HandMovedClock,
    admin: TestClient,
    enrolled: Callable[[str], Any],
) -> Hall:
    """The hall: two doors with a keypad each, a controller that is connected."""
    site = hub_town.site()
    controller = hub_town.controller(site, enrolled=False)
    enrolled(controller)
    doors = tuple(sorted(hub_town.door(site, controller) for _ in range(2)))
    readers = tuple(hub_town.reader(controller, door) for door in doors)
    registry = CollectorRegistry()
    watch = readiness_watch(hub.core, hub.services, registry)
    made = Hall(hub, hub_town, clock, admin, registry, watch, site, controller, doors, readers)
    made.connect()
    hub_town.compile()
    made.look()
    return made
