"""A digest and a revocation that meet: neither overwrites what the other one wrote."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import text

from hub.pins import confirmation, placements
from hub.pins.placement import PlacementState
from hub.policy import repository as policy_rows

pytestmark = pytest.mark.postgres

_WAITERS = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


# On SQLite there is one writer.
@pytest.fixture
def database_at(postgresql_at: str) -> str:
    return postgresql_at


def _beside(town: Any, work: Any) -> threading.Thread:
    """Begin another transaction; come back once it is committed or waits for ours."""
    thread = threading.Thread(target=lambda: town.db.write(work))
    thread.start()
    while thread.is_alive():
        with town.db.read() as watching:
            if watching.connection.execute(_WAITERS).scalar():
                break
        thread.join(0.01)
    return thread


def test_a_pin_revoked_while_its_digest_is_taken_stays_revoked(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the digest proves was read before the revocation: written after it, the PIN would be
    called placed, and nobody would wait for its door to drop it."""
    site = town.site()
    controller = town.controller(site)
    door = town.door(site, controller)
    credential = town.pin(door)
    town.compile()
    with town.db.read() as scope:
        version = policy_rows.held(scope, controller).version
    change_all, beside = placements.change_all, list[threading.Thread]()

    def slow(*given: Any) -> Any:
        if not beside:
            revoke = lambda scope: town.pins.revoke(scope, credential, "lost")  # noqa: E731
            beside.append(threading.Thread())
            beside[0] = _beside(town, revoke)
        return change_all(*given)

    monkeypatch.setattr(placements, "change_all", slow)
    now = town.clock.now()
    town.db.write(lambda scope: confirmation.confirm(scope, controller, version, (), now))
    beside[0].join()
    with town.db.read() as scope:
        (found,) = placements.of_credentials(scope, [credential])
    assert found.state is PlacementState.REVOKING
