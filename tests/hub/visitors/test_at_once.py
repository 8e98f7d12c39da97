"""Two desks at the same moment: what one of them ends, the other does not give back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from hub.clock import HandMovedClock
from hub.visitors import service
from hub.visitors.service import VisitorsService
from hub.web.rights import SYSTEM
from tests.hub.visitors.test_visitors import Desk

pytestmark = pytest.mark.postgres

_WAITERS = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


# On SQLite there is one writer.
@pytest.fixture
def database_at(postgresql_at: str) -> str:
    return postgresql_at


@pytest.fixture
def desk(admin: TestClient, clock: HandMovedClock) -> Desk:
    made = Desk(admin, clock)
    at = {"controller_id": "hall000000000002", "driver": "virtual", "port": "v"}
    device = made.add("devices", name="板", **at)
    made.add("readers", device_id=device, door_id=made.door, name="玄関", side="entry", keypad=True)
    return made


def _beside(db: Any, work: Any) -> threading.Thread:
    """Begin another transaction; come back once it is committed or waits for ours."""
    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        with db.read() as watching:
            if watching.connection.execute(_WAITERS).scalar():
                break
        thread.join(0.01)
    return thread


def test_a_card_that_comes_back_while_its_visit_is_changed_opens_nothing(
    desk: Desk, hub: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = desk.visit()
    visitor = visit["visitors"][0]["id"]
    desk.post(f"visitors/{visitor}/arrive", card_id=desk.cards[0])
    desk.post(f"visitors/{visitor}/pin")
    register, revoke_in = hub.services.get(VisitorsService), service.revoke_in
    beside: list[threading.Thread] = []

    def slow(*given: Any) -> None:
        if not beside:
            leave = lambda: register.leave(SYSTEM, visitor, card_returned=True)  # noqa: E731
            beside.append(threading.Thread())
            beside[0] = _beside(hub.core.db, leave)
        revoke_in(*given)

    monkeypatch.setattr(service, "revoke_in", slow)
    register.change(SYSTEM, visit["id"], {"escort_s": visit["escort_s"]})
    beside[0].join()
    seen = register.seen(SYSTEM, visit["id"])
    assert (seen.visitors[0].card_id, seen.pins) == (None, ())
    assert desk.grants(desk.cards[0]) == []
