"""The worker wakes at once, tells the controller, and goes on after a failure."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from hub.link.tables import SessionState, controller_sessions
from hub.people.tables import group_members, people
from hub.policy import hub_epoch
from hub.policy.desk import PolicyCounter
from hub.policy.exchange import PolicyExchange
from hub.policy.worker import PolicyWorker
from hub.sites.tables import doors
from wire.messages import EpochProof, PolicyChunk, PolicyDelta, Reported, Want, decode_policy
from wire.policy_bodies import EntryState
from wire.topics import Channel

SESSION = "0123456789abcdef0123456789abcdef"


class Wire:
    """Keeps what was published."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, PolicyDelta | PolicyChunk]] = []
        self.arrived = threading.Event()

    def publish(self, controller: str, channel: Channel, body: bytes) -> bool:
        assert channel is Channel.POLICY
        self.sent.append((controller, decode_policy(body)))
        self.arrived.set()
        return True


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def counter(town: Any, wire: Wire) -> PolicyCounter:
    proof = EpochProof(hub_epoch=1, opened_at=town.clock.now(), signature="AA==")
    town.db.write(lambda scope: hub_epoch.ensure(scope, proof))
    return PolicyCounter(town.db, PolicyExchange(town.clock, town.ids), wire)


@pytest.fixture
def worker(town: Any, counter: PolicyCounter) -> Iterator[PolicyWorker]:
    made = PolicyWorker(town.db, town.compiler, counter, [town.sweep])
    yield made
    made.stop()


@pytest.fixture
def controller(town: Any) -> str:
    site = town.site()
    made: str = town.controller(site)
    town.door(site, made)
    town.db.write(
        lambda scope: scope.insert(
            controller_sessions,
            {
                "controller_id": made,
                "number": 1,
                "session": SESSION,
                "state": SessionState.CURRENT,
                "boot_id": "b",
                "agent": "test",
                "epoch": 1,
                "last_seq": 0,
                "hub_epoch": 1,
                "policy_version": 0,
                "clock_state": "trusted",
                "greeted_at": town.clock.now(),
            },
        )
    )
    return made


def test_a_commit_wakes_the_worker_long_before_its_poll(
    town: Any,
    worker: PolicyWorker,
    wire: Wire,
    controller: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hub.policy.worker.POLL_S", 60.0)
    worker.work()
    wire.sent.clear()
    worker.start()
    with town.db.read() as scope:
        door = scope.scalar(scope.select(doors.c.id))
    for _ in range(3):
        wire.arrived.clear()
        town.pin(door)
        assert wire.arrived.wait(10)
    versions = [message.to_version for _, message in wire.sent if isinstance(message, PolicyDelta)]
    assert versions == sorted(versions)


def test_the_first_version_goes_out_as_a_snapshot_to_the_present_session(
    worker: PolicyWorker, wire: Wire, controller: str
) -> None:
    worker.work()
    ((to, chunk),) = wire.sent
    assert to == controller
    assert isinstance(chunk, PolicyChunk)
    assert chunk.session == SESSION


def test_a_want_from_the_present_version_is_answered_by_nothing(
    town: Any, worker: PolicyWorker, counter: PolicyCounter, controller: str
) -> None:
    worker.work()
    with town.db.read() as scope:
        held = counter.held(scope, controller)
        present = Want(session=SESSION, from_version=held.version)
        assert counter.wanted(scope, controller, present) == []
        assert len(counter.wanted(scope, controller, Want(session=SESSION, from_version=None))) == 1


def test_a_wrong_report_is_answered_by_a_snapshot(
    town: Any, worker: PolicyWorker, counter: PolicyCounter, controller: str
) -> None:
    worker.work()
    wrong = Reported(session=SESSION, hub_epoch=1, version=1, digest="00" * 32)
    (body,) = town.db.write(lambda scope: counter.reported(scope, controller, wrong))
    chunk = decode_policy(body)
    assert isinstance(chunk, PolicyChunk)
    assert chunk.session == SESSION


def test_a_change_too_large_for_one_message_goes_out_as_a_snapshot(
    town: Any, worker: PolicyWorker, wire: Wire, controller: str
) -> None:
    worker.work()
    wire.sent.clear()
    group = town.group()
    with town.db.read() as scope:
        door = scope.scalar(scope.select(doors.c.id))

    now = town.clock.now()
    crowd = [town.ids.new() for _ in range(2600)]

    def enter(scope: Any) -> None:
        rows = [
            {
                "id": each,
                "name": each,
                **dict.fromkeys(("name_kana", "name_en", "organisation"), ""),
                "state": EntryState.ACTIVE,
                "anti_passback_exempt": False,
                "long_unlock": False,
                "starts_at": None,
                "ends_at": None,
                "forgiven": 0,
                "created_at": now,
                "updated_at": now,
            }
            for each in crowd
        ]
        scope.insert(people, rows)
        scope.insert(group_members, [{"group_id": group, "person_id": each} for each in crowd])

    town.db.write(enter)
    town.grant(door, group_id=group)
    worker.work()
    chunks = [message for _, message in wire.sent]
    assert len(chunks) > 1
    assert all(isinstance(chunk, PolicyChunk) for chunk in chunks)


def test_the_worker_goes_on_after_the_database_was_away(
    town: Any, worker: PolicyWorker, wire: Wire, controller: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, failures = town.compiler.compile_marks, []

    def fail_once(scope: Any, **more: Any) -> Any:
        if not failures:
            failures.append(1)
            raise ConnectionError("away")
        return whole(scope, **more)

    monkeypatch.setattr(town.compiler, "compile_marks", fail_once)
    worker.start()
    assert wire.arrived.wait(10)
    assert failures


def test_a_chore_that_fails_holds_up_none_of_the_others_and_is_tried_again(
    town: Any, counter: PolicyCounter
) -> None:
    done: list[str] = []

    class Chore:
        def __init__(self, name: str, fails: str = "") -> None:
            self.name, self.fails = name, fails

        def is_due(self, _scope: Any) -> bool:
            done.append(f"{self.name} looked")
            if self.fails == "is_due":
                raise RuntimeError("broken")
            return True

        def run(self, _scope: Any) -> None:
            if self.fails == "run":
                raise RuntimeError("broken")
            done.append(f"{self.name} ran")

    chores = [Chore("first", "is_due"), Chore("second", "run"), Chore("third")]
    worker = PolicyWorker(town.db, town.compiler, counter, chores)
    for _ in range(2):
        worker.chores()
        assert done == ["first looked", "second looked", "third looked", "third ran"]
        done.clear()
