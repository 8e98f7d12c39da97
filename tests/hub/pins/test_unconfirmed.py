"""Unconfirmed is not failed: whatever a door says, or fails to say, of a PIN, it stays wanted and
goes on opening; and what fails for good is told once and not tried for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.happenings import repository as happenings
from hub.happenings.domain import HappeningKind
from hub.pins import placements
from hub.pins.confirmation import confirm, mismatch
from hub.pins.placement import LIVE, PlacementState, Problem
from hub.pins.tables import pin_reservations
from hub.policy import hub_epoch, repository
from hub.policy.exchange import MAX_REPAIRS, PolicyExchange
from wire.identity import pin_policy_id, uuid_bytes
from wire.messages import EpochProof, Reported
from wire.policy import EntryKey, EntryKind

SESSION = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The same on both: one is enough."""
    return sqlite_at


@pytest.fixture
def door(town: Any, agent: Callable[..., Any]) -> Any:
    """A door with a PIN that lasts a week, and its agent."""
    site = town.site()
    controller = town.controller(site)
    found = agent(town, controller)
    found.door = town.door(site, controller)
    town.reader(controller, found.door)
    proof = EpochProof(hub_epoch=1, opened_at=town.clock.now(), signature="AA==")
    town.db.write(lambda scope: hub_epoch.ensure(scope, proof))
    return found


def entry_of(door: Any, credential: str) -> bytes | None:
    key = EntryKey(EntryKind.CREDENTIAL.value, pin_policy_id(credential, door.door))
    held: bytes | None = door.town.held(door.controller).get(key)
    return held


def placement_of(door: Any, credential: str) -> Any:
    with door.town.db.read() as scope:
        (found,) = placements.of_credentials(scope, [credential])
    return found


def told(door: Any, kind: HappeningKind) -> int:
    with door.town.db.read() as scope:
        return sum(each.kind is kind for each in happenings.after(scope, 0, 10_000))


ACTS = ("silence", "mismatch", "old digest", "rejects another", "rejects it", "hour", "proves")


@settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(st.sampled_from(ACTS), max_size=9))
def test_no_silence_no_wrong_digest_and_no_rejection_takes_a_pin_from_a_door(
    door: Any, acts: list[str]
) -> None:
    town = door.town
    credential = town.pin(door.door, starts_h=-0.5, hours=24 * 7)
    digits = town.db.write(lambda scope: town.pins.reveal(scope, credential))
    door.prove()
    before = entry_of(door, credential)
    assert before is not None
    assert door.type(digits, door.door).granted
    for act in acts:
        held = _held(door)
        if act == "silence":
            town.pass_time(minutes=10)
        elif act == "hour":
            town.pass_time(hours=1)
        elif act == "mismatch":
            town.db.write(lambda scope: mismatch(scope, door.controller))
        elif act == "old digest":
            town.db.write(
                lambda scope, v=held.version: confirm(
                    scope, door.controller, max(0, v - 1), (), town.clock.now()
                )
            )
        elif act == "rejects it":
            key = EntryKey(EntryKind.CREDENTIAL.value, pin_policy_id(credential, door.door))
            town.db.write(
                lambda scope, v=held.version, k=key: confirm(
                    scope, door.controller, v, (k,), town.clock.now()
                )
            )
        elif act == "rejects another":
            key = EntryKey(EntryKind.ZONE.value, town.ids.new())
            town.db.write(
                lambda scope, v=held.version, k=key: confirm(
                    scope, door.controller, v, (k,), town.clock.now()
                )
            )
        else:
            door.prove()
        town.compile()
        assert entry_of(door, credential) == before, "what the door should hold is as it was"
        assert placement_of(door, credential).state in LIVE
        door.learn()
        assert door.type(digits, door.door).granted
    door.prove()
    after = placement_of(door, credential)
    assert after.state is PlacementState.ACTIVE
    assert after.problems == frozenset()
    town.db.write(lambda scope: town.pins.revoke(scope, credential, "the next example"))
    town.pass_time(days=8)
    door.prove()


def _held(door: Any) -> Any:
    with door.town.db.read() as scope:
        return repository.held(scope, door.controller)


def test_what_a_door_rejects_is_told_once_and_makes_no_new_version(door: Any) -> None:
    town = door.town
    credential = town.pin(door.door, hours=24 * 7)
    door.learn()
    version = _held(door).version
    key = EntryKey(EntryKind.CREDENTIAL.value, pin_policy_id(credential, door.door))
    for _ in range(10):
        town.db.write(
            lambda scope: confirm(scope, door.controller, version, (key,), town.clock.now())
        )
        town.pass_time(minutes=5)
    assert told(door, HappeningKind.PIN_FAILED) == 1
    assert _held(door).version == version
    found = placement_of(door, credential)
    assert found.state is PlacementState.PLACING
    assert Problem.REJECTED in found.problems
    town.db.write(lambda scope: confirm(scope, door.controller, version, (), town.clock.now()))
    assert placement_of(door, credential).problems == frozenset()


def test_a_door_that_cannot_be_repaired_is_sent_no_more_and_keeps_its_pin(door: Any) -> None:
    """The digest stays wrong however often the snapshot is sent: somebody has to look."""
    town = door.town
    credential = town.pin(door.door, starts_h=-0.5, hours=24)
    digits = town.db.write(lambda scope: town.pins.reveal(scope, credential))
    door.prove()
    exchange, held = PolicyExchange(town.clock, town.ids), _held(door)
    sent = 0
    for _ in range(MAX_REPAIRS * 4):
        wrong = Reported(
            session=SESSION, hub_epoch=1, version=held.version, digest="f" * 64, rejected=()
        )
        sent += bool(
            town.db.write(
                lambda scope, w=wrong: exchange.on_reported(scope, door.controller, w, SESSION)
            )
        )
        town.pass_time(minutes=1)
    assert sent == MAX_REPAIRS
    found = placement_of(door, credential)
    assert found.state is PlacementState.ACTIVE
    assert found.problems == {Problem.DIGEST_MISMATCH}
    assert door.type(digits, door.door).granted
    right = Reported(
        session=SESSION, hub_epoch=1, version=held.version, digest=held.digest, rejected=()
    )
    town.db.write(lambda scope: exchange.on_reported(scope, door.controller, right, SESSION))
    assert placement_of(door, credential).problems == frozenset()


def test_a_window_that_begins_unconfirmed_is_named_so_and_not_taken_away(door: Any) -> None:
    town = door.town
    credential = town.pin(door.door, starts_h=1, hours=3)
    digits = town.db.write(lambda scope: town.pins.reveal(scope, credential))
    door.learn()  # the door has it; its report is lost
    town.pass_time(hours=1, minutes=1)
    found = placement_of(door, credential)
    assert found.state is PlacementState.PLACING
    assert found.problems == {Problem.NOT_CONFIRMED}
    door.learn()
    assert door.type(digits, door.door).granted
    town.pass_time(hours=1)
    door.prove()
    assert placement_of(door, credential).state is PlacementState.ACTIVE


def test_a_move_is_not_proven_by_the_digest_of_a_version_before_it(door: Any) -> None:
    town = door.town
    credential = town.pin(door.door, starts_h=1, hours=2)
    town.compile()
    version = _held(door).version
    start = town.clock.now() + timedelta(hours=5)
    window = start, start + timedelta(hours=1)
    town.db.write(lambda scope: town.pins.move(scope, credential, window, "test"))
    town.db.write(lambda scope: confirm(scope, door.controller, version, (), town.clock.now()))
    found = placement_of(door, credential)
    assert found.state is PlacementState.PLACING
    assert found.held_until is not None, "the door may hold the former window"
    assert told(door, HappeningKind.PIN_PLACED) == 0
    door.prove()
    found = placement_of(door, credential)
    assert (found.state, found.held_until) == (PlacementState.PLACED, None)
    assert told(door, HappeningKind.PIN_PLACED) == 1


def test_a_move_there_and_back_is_proven_by_what_the_door_holds(door: Any) -> None:
    town = door.town
    credential = town.pin(door.door, starts_h=1, hours=2)
    town.compile()
    before = placement_of(door, credential)
    for hours in (3, 0):
        window = tuple(at + timedelta(hours=hours) for at in (before.starts_at, before.ends_at))
        town.db.write(lambda scope, w=window: town.pins.move(scope, credential, w, "test"))
    door.prove()
    found = placement_of(door, credential)
    assert (found.state, found.held_until) == (PlacementState.PLACED, None)


def test_digits_that_a_move_changes_are_not_proven_by_a_version_before_it(door: Any) -> None:
    """The other PIN has the same digits later: moved there, this one gets others."""
    town = door.town
    credential = town.pin(door.door, starts_h=1, hours=2)
    other = town.pin(door.door, starts_h=24 * 40, hours=2)
    door.prove()
    digits = town.db.write(lambda scope: town.pins.reveal(scope, credential))
    blind = town.keys.blind("pin", uuid_bytes(door.door), digits.encode())
    rows = pin_reservations
    town.db.write(lambda scope: scope.update(rows, {"blind": blind}, rows.c.credential_id == other))
    start = town.clock.now() + timedelta(days=40)
    window = start, start + timedelta(hours=2)
    assert town.db.write(lambda scope: town.pins.move(scope, credential, window, "test"))
    found = placement_of(door, credential)
    assert found.old_digits_since == town.clock.now()
    assert found.wanted_version is None
