"""A hut with a key box and no network, in the database of the hub that the client talks to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.keyboxes import repository
from hub.keyboxes.domain import KeyBox, Lock
from hub.keyboxes.locks import Locks
from hub.keyboxes.projector import PROJECTOR as KEYBOXES
from hub.projection.domain import ProjectedEvent, read_row
from hub.projection.memory_journal import MemoryJournal
from hub.web.rights import Role
from wire.events import EventBody, EventKind, Origin

LOG_EPOCH = 77


@dataclass
class Hut:
    """A ground with a hut, its key box, and what a clerk does over the API."""

    hub: Hub
    client: TestClient
    town: Any
    use: Callable[[Role], TestClient]
    site: str
    box: str
    facility: str
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    index: int = 0

    def at(self, hours: float) -> datetime:
        """An instant so many hours from now."""
        return self.hub.core.clock.now() + timedelta(hours=hours)

    def put(self, key: str, start_h: float = 1, hours: float = 2, **more: Any) -> Any:
        """Make or move a booking; give the answer."""
        body = {
            "facility_id": self.facility,
            "starts_at": self.at(start_h).isoformat(),
            "ends_at": self.at(start_h + hours).isoformat(),
            **more,
        }
        return self.use(Role.CLERK).put(f"/api/v1/bookings/{key}", json=body)

    def booking(self, key: str) -> Any:
        """A booking as the API gives it."""
        return self.use(Role.CLERK).get(f"/api/v1/bookings/{key}").json()

    def shown(self, key: str) -> list[dict[str, Any]]:
        """The codes of a booking with one holder, looked up."""
        answer = self.use(Role.CLERK).get(f"/api/v1/bookings/{key}/pin")
        assert answer.status_code == 200, answer.text
        (holder,) = answer.json()
        return list(holder["codes"])

    def digits(self, key: str) -> str:
        """The digits of a booking with one holder at one box."""
        (code,) = self.shown(key)
        return str(code["digits"])

    def lock(self) -> Lock:
        """The box's own view: its profile and the secret that codes are made under."""
        with self.hub.core.db.read() as scope:
            box = repository.key_box(scope, self.box)
            assert box is not None
            return Locks(self.hub.core.keys).of_box(scope, box)

    def kept(self) -> KeyBox:
        """The box as it is kept."""
        with self.hub.core.db.read() as scope:
            found = repository.key_box(scope, self.box)
        assert found is not None
        return found

    def tell(
        self,
        kind: EventKind,
        body: EventBody,
        *,
        index: int | None = None,
        late_s: int = 3600,
        visitor: bool = False,
        **more: Any,
    ) -> ProjectedEvent:
        """Let the box's log come in through a controller, or what its `visitor` says in its own
        name; give the event as projected."""
        origin = None
        if not visitor:
            self.index = self.index if index is None else index
            origin = Origin(device=self.box, log_epoch=LOG_EPOCH, index=self.index)
            self.index += 1
        at_s = int((self.hub.core.clock.now() - self.journal.start).total_seconds())
        self.journal.add(kind, body, at_s, late_s=late_s, origin=origin, **more)
        event = read_row(self.journal.rows[-1])
        assert isinstance(event, ProjectedEvent)
        self.hub.core.db.write(lambda scope: KEYBOXES.project(scope, event))
        return event


def _hut(
    hub: Hub,
    hub_town: Any,
    client: TestClient,
    as_role: Callable[[Role], TestClient],
    longest_days: int,
    **box_fields: Any,
) -> Hut:
    site = hub_town.site()
    admin = as_role(Role.ADMIN)
    body = {"site_id": site, "name": "グラウンド小屋", "name_en": "Hut box", **box_fields}
    box = admin.post("/api/v1/key_boxes", json=body)
    assert box.status_code == 201, box.text
    facility = admin.post(
        "/api/v1/facilities",
        json={
            "site_id": site,
            "name_ja": "町民グラウンド",
            "key_boxes": [box.json()["id"]],
            "approval": "automatic",
            "longest_min": longest_days * 24 * 60,
        },
    )
    assert facility.status_code == 201, facility.text
    return Hut(hub, client, hub_town, as_role, site, box.json()["id"], facility.json()["id"])


@pytest.fixture
def hut(hub: Hub, hub_town: Any, client: TestClient, as_role: Callable[[Role], TestClient]) -> Hut:
    """The hut."""
    return _hut(hub, hub_town, client, as_role, 31)


@pytest.fixture
def cottage(
    hub: Hub, hub_town: Any, client: TestClient, as_role: Callable[[Role], TestClient]
) -> Hut:
    """A house that people stay in for up to a year, with a key box for stays."""
    return _hut(hub, hub_town, client, as_role, 367, profile="stay")
