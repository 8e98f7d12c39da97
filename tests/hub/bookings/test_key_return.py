"""A key box's key that is not put back: said once the box's own log was brought, not before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bookings.outcomes import SettleOutcomes
from hub.bootstrap import Hub
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.happenings import repository as happenings
from hub.keyboxes.projector import PROJECTOR as KEY_BOXES
from hub.projection.domain import ProjectedEvent, read_row
from hub.projection.memory_journal import MemoryJournal
from wire.event_bodies import DeviceEventBody
from wire.events import EventKind, Origin


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """One kind of database: nothing here depends on it."""
    return sqlite_at


class Box:
    """A hut's key box: its log comes in when somebody visits."""

    def __init__(self, hub: Hub, box: str) -> None:
        self._hub = hub
        self._box = box
        self._journal = MemoryJournal()
        self._index = 0

    def brings(self, kind: EventKind, minutes_ago: float) -> None:
        """A visit now brings a record of something that happened before."""
        now = self._hub.core.clock.now()
        at = now - timedelta(minutes=minutes_ago)
        at_s = int((at - self._journal.start).total_seconds())
        origin = Origin(device=self._box, log_epoch=1, index=self._index)
        self._index += 1
        body = DeviceEventBody(device=self._box)
        self._journal.add(kind, body, at_s, late_s=int(minutes_ago * 60), origin=origin)
        event = read_row(self._journal.rows[-1])
        assert isinstance(event, ProjectedEvent)

        def project(scope: Any) -> None:
            ENTRIES.project(scope, event)
            KEY_BOXES.project(scope, event)

        self._hub.core.db.write(project)


@pytest.mark.parametrize("returned", [True, False])
def test_a_key_that_did_not_come_back_is_told_once_the_log_is_here(
    hub: Hub, hub_town: Any, admin: TestClient, clock: Any, *, returned: bool
) -> None:
    site = hub_town.site()
    box = admin.post("/api/v1/key_boxes", json={"site_id": site, "name": "小屋"}).json()["id"]
    step = {"moment": "leave", "ja": "鍵を戻します", "key_box_id": box}
    body = {"site_id": site, "name_ja": "小屋", "key_boxes": [box], "steps": [step]}
    facility = admin.post("/api/v1/facilities", json={**body, "approval": "automatic"}).json()
    start = clock.now() + timedelta(hours=1)
    end = start + timedelta(hours=2)
    wish = {
        "facility_id": facility["id"],
        "starts_at": start.isoformat(),
        "ends_at": end.isoformat(),
    }
    booking = admin.put("/api/v1/bookings/k", json=wish).json()
    log, chore = Box(hub, box), SettleOutcomes(clock)

    def look() -> dict[str, Any]:
        clock.advance(timedelta(seconds=31))
        with hub.core.db.read() as scope:
            due = chore.is_due(scope)
        if due:
            hub.core.db.write(chore.run)
        found: dict[str, Any] = admin.get("/api/v1/bookings/k").json()["happened"]
        return found

    clock.advance(timedelta(hours=4))
    found = look()
    assert (found["attendance"], found["unheard"]) == ("unknown", [box])
    assert found["keys_missing"] == []
    log.brings(EventKind.KEY_TAKEN, minutes_ago=170)
    if returned:
        log.brings(EventKind.KEY_RETURNED, minutes_ago=70)
    log.brings(EventKind.DEVICE_STARTED, minutes_ago=1)
    assert look()["keys_missing"] == ([] if returned else [box])
    look()
    with hub.core.db.read() as scope:
        told = [each.kind.value for each in happenings.of_booking(scope, booking["id"])]
    assert told.count("booking.key_missing") == (0 if returned else 1)
