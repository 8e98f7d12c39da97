"""A PIN that a door may still hold is never called gone before the door has proven it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.pins import placements
from hub.pins.placement import PlacementState
from hub.pins.reservations import Reservations
from hub.pins.tables import pin_reservations
from wire.identity import uuid_bytes


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The same on both: one is enough."""
    return sqlite_at


@pytest.fixture
def door(town: Any, agent: Callable[..., Any]) -> Any:
    """A door, and its agent."""
    site = town.site()
    controller = town.controller(site)
    found = agent(town, controller)
    found.door = town.door(site, controller)
    town.reader(controller, found.door)
    return found


def state_of(door: Any, credential: str) -> PlacementState:
    with door.town.db.read() as scope:
        (found,) = placements.of_credentials(scope, [credential])
    state: PlacementState = found.state
    return state


def later(door: Any, days: int) -> tuple[datetime, datetime]:
    start = door.town.clock.now() + timedelta(days=days)
    return start, start + timedelta(hours=2)


def test_one_that_was_moved_beyond_the_horizon_is_revoked_only_once_its_door_says_so(
    door: Any,
) -> None:
    town = door.town
    credential = town.pin(door.door, starts_h=-0.5, hours=24)
    digits = town.db.write(lambda scope: town.pins.reveal(scope, credential))
    door.prove()
    window = later(door, 30)
    town.db.write(lambda scope: town.pins.move(scope, credential, window, "test"))
    town.compile()  # the door hears of nothing
    assert state_of(door, credential) is PlacementState.SCHEDULED
    town.db.write(lambda scope: town.pins.revoke(scope, credential, "test"))
    assert door.type(digits, door.door).granted
    assert state_of(door, credential) is PlacementState.REVOKING
    door.prove()
    assert not door.type(digits, door.door).granted
    assert state_of(door, credential) is PlacementState.REVOKED


def test_once_the_door_has_dropped_it_nothing_is_waited_for(door: Any) -> None:
    town = door.town
    credential = town.pin(door.door, starts_h=1, hours=2)
    door.prove()
    window = later(door, 30)
    town.db.write(lambda scope: town.pins.move(scope, credential, window, "test"))
    door.prove()
    town.db.write(lambda scope: town.pins.revoke(scope, credential, "test"))
    assert state_of(door, credential) is PlacementState.REVOKED


@pytest.mark.parametrize("compiled", [False, True])
def test_one_that_was_held_back_and_given_again_is_revoked_only_once_its_door_says_so(
    door: Any, compiled: bool
) -> None:
    town = door.town
    credential = town.pin(door.door, starts_h=-0.5, hours=24)
    digits = town.db.write(lambda scope: town.pins.reveal(scope, credential))
    door.prove()
    town.db.write(lambda scope: town.pins.withdraw(scope, credential, "not paid"))
    if compiled:
        town.compile()
    window = later(door, 30)

    def again(scope: Any) -> None:
        doors = [door.door]
        town.pins.set_doors(scope, credential, doors, window, approved=True, cause="paid")

    town.db.write(again)
    town.compile()
    town.db.write(lambda scope: town.pins.revoke(scope, credential, "test"))
    assert door.type(digits, door.door).granted
    assert state_of(door, credential) is PlacementState.REVOKING
    door.prove()
    assert state_of(door, credential) is PlacementState.REVOKED


def test_digits_that_cannot_come_back_rest_at_the_door_all_the_same(door: Any) -> None:
    """They were shown to somebody: nobody else gets them for 30 days."""
    town = door.town
    credential = town.pin(door.door, starts_h=1, hours=2)
    digits = town.db.write(lambda scope: town.pins.reveal(scope, credential))
    door.prove()
    town.db.write(lambda scope: town.pins.withdraw(scope, credential, "not paid"))
    other = town.pin(door.door, starts_h=24 * 40, hours=2)
    blind = town.keys.blind("pin", uuid_bytes(door.door), digits.encode())
    rows = pin_reservations
    town.db.write(lambda scope: scope.update(rows, {"blind": blind}, rows.c.credential_id == other))
    window = later(door, 39)

    def again(scope: Any) -> Any:
        doors = [door.door]
        return town.pins.set_doors(scope, credential, doors, window, approved=True, cause="paid")

    assert town.db.write(again), "it got other digits"
    start = town.clock.now() + timedelta(hours=4)
    with town.db.read() as scope:
        reservations = Reservations(town.ids, town.keys)
        soon = start, start + timedelta(hours=1)
        assert reservations.is_taken(scope, [door.door], digits, soon)
