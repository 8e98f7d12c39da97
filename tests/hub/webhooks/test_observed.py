"""Entries and alarms are told to whoever wants them: once, however often they are projected."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.entries.alarms import AlarmKind
from hub.entries.projector import PROJECTOR
from hub.entries.service import EntriesService
from hub.link.losses import all_losses, find, lose
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.web.rights import SYSTEM
from hub.webhooks.observed import ALARMS_EVERY
from hub.webhooks.tables import webhook_marks
from wire import events as ev
from wire.clock import ClockState
from wire.events import EventKind, Factor
from wire.reasons import Reason


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


class Log:
    """A door, and a journal of what happens at it."""

    def __init__(self, hub: Hub, town: Any) -> None:
        self.hub = hub
        self.site = town.site()
        self.controller = town.controller(self.site)
        self.door = town.door(self.site, self.controller)
        self.journal = MemoryJournal(start=town.clock.now(), controller=self.controller)
        self.worker = ProjectionWorker(hub.core.db, self.journal.after, [PROJECTOR])

    def project(self) -> None:
        while self.worker.step():
            continue

    def access(self, reason: Reason, kind: EventKind, **more: Any) -> None:
        """Somebody comes to the door."""
        late = {name: more.pop(name) for name in ("clock", "shown") if name in more}
        body = {"reason": reason, "factor": Factor.PIN, "door": self.door} | more
        self.journal.add(kind, ev.AccessBody(**body), len(self.journal.rows), **late)

    def granted(self, **more: Any) -> None:
        self.access(Reason.PIN_VALID, EventKind.ACCESS_GRANTED, **more)

    def denied(self, reason: Reason = Reason.EXPIRED, **more: Any) -> None:
        self.access(reason, EventKind.ACCESS_DENIED, **more)

    def door_event(self, kind: EventKind) -> None:
        self.journal.add(kind, ev.DoorEventBody(door=self.door), len(self.journal.rows))


@pytest.fixture
def log(hub: Hub, hub_town: Any) -> Log:
    return Log(hub, hub_town)


def test_a_denial_is_told_with_its_reason_and_its_corrected_time(
    post: Any, receiver: Any, log: Log, book: Any
) -> None:
    taker = receiver()
    post.add(taker.url, "entry.*")
    booking = book("R-1")
    log.denied(booking=booking["id"])
    log.granted(booking=booking["id"])
    log.project()
    post.run()
    by_kind = {each.told["type"]: each.told for each in taker.got}
    denied = by_kind["entry.denied"]["data"]
    assert denied["reason"] == "expired"
    assert denied["door_id"] == log.door
    assert denied["reservation_key"] == "R-1"
    assert denied["site_id"] == log.site
    assert denied["occurred_at"] == denied["noted_at"]
    assert denied["time_is_sure"] is True
    assert "holder" not in denied
    assert by_kind["entry.granted"]["data"]["reason"] is None


def test_names_go_along_only_where_they_are_asked_for(
    post: Any, receiver: Any, log: Log, book: Any
) -> None:
    taker = receiver()
    post.add(taker.url, "entry.granted", include_contact=True)
    log.granted(booking=book("R-1")["id"])
    log.project()
    post.run()
    assert taker.got[0].told["data"]["holder"] == "山田 花子"


def test_an_opening_under_duress_looks_like_any_other(post: Any, receiver: Any, log: Log) -> None:
    taker = receiver()
    post.add(taker.url, "entry.*")
    log.granted()
    log.access(Reason.DURESS_PIN, EventKind.ACCESS_DURESS)
    log.project()
    post.run()
    plain, forced = sorted((each.told for each in taker.got), key=lambda told: told["seq"])
    assert plain["type"] == forced["type"] == "entry.granted"
    differ = {name for name, value in plain["data"].items() if forced["data"][name] != value}
    assert differ <= {"entry_id", "occurred_at", "noted_at", "received_at"}
    assert "duress" not in str(forced)


def test_a_replay_tells_nothing_twice_and_what_follows_it_once(
    post: Any, receiver: Any, log: Log
) -> None:
    taker = receiver()
    post.add(taker.url, "entry.*", "alarm.*")
    log.denied()
    log.door_event(EventKind.DOOR_FORCED)
    log.project()
    post.later(seconds=6)
    post.run()
    told = len(taker.got)
    assert told == 2
    log.worker._database.write(log.worker._forget)  # in the middle of a replay
    post.later(seconds=10)
    post.run()
    assert len(taker.got) == told
    log.project()
    post.later(seconds=10)
    post.run()
    assert len(taker.got) == told
    log.denied()
    log.project()
    post.run()
    assert len(taker.got) == told + 1


def test_even_without_its_mark_an_entry_keeps_its_id(
    post: Any, receiver: Any, log: Log, hub: Hub
) -> None:
    """A mark that is lost brings entries again, and the outbox knows them."""
    taker = receiver()
    post.add(taker.url, "entry.*")
    log.denied()
    log.project()
    post.run()
    behind = {"through": 0}
    hub.core.db.write(lambda scope: scope.update(webhook_marks, behind, sa.true()))
    post.run()
    assert len(taker.got) == 1


def test_who_begins_to_listen_begins_at_the_present(post: Any, receiver: Any, log: Log) -> None:
    log.denied()
    log.door_event(EventKind.DOOR_FORCED)
    log.project()
    taker = receiver()
    post.add(taker.url, "entry.*", "alarm.*")
    post.later(seconds=10)
    post.run()
    assert taker.got == []
    log.denied()
    log.project()
    post.run()
    assert [each.told["type"] for each in taker.got] == ["entry.denied"]


def test_nothing_is_looked_at_while_nobody_listens(post: Any, receiver: Any, hub: Hub) -> None:
    webhook = post.add(receiver().url, "entry.*")
    with hub.core.db.read() as scope:
        assert scope.all(sa.select(webhook_marks))
    post.admin.delete(f"/api/v1/webhooks/{webhook['id']}")
    post.run()
    with hub.core.db.read() as scope:
        assert scope.all(sa.select(webhook_marks)) == []


def test_more_than_a_batch_of_entries_is_told_whole(post: Any, receiver: Any, log: Log) -> None:
    taker = receiver()
    webhook = post.add(taker.url, "entry.denied")
    for _ in range(450):
        log.denied()
    log.project()
    post.job._observer.look()
    assert post.admin.get(f"/api/v1/webhooks/{webhook['id']}").json()["pending"] == 450


def test_another_sites_entries_are_not_told(
    post: Any, receiver: Any, log: Log, hub_town: Any
) -> None:
    here, there = receiver(), receiver()
    post.add(here.url, "entry.*", sites=[log.site])
    post.add(there.url, "entry.*", sites=[hub_town.site()])
    log.denied()
    log.project()
    post.run()
    assert (len(here.got), len(there.got)) == (1, 0)


def test_an_alarm_is_told_when_it_is_raised_and_when_it_is_over(
    post: Any, receiver: Any, log: Log
) -> None:
    taker = receiver()
    post.add(taker.url, "alarm.*")
    log.door_event(EventKind.DOOR_FORCED)
    log.project()
    post.later(seconds=ALARMS_EVERY.total_seconds())
    post.run()
    assert [each.told["type"] for each in taker.got] == ["alarm.raised"]
    raised = taker.got[0].told["data"]
    assert (raised["alarm"], raised["critical"]) == ("door_forced", True)
    assert (raised["door_id"], raised["site_id"]) == (log.door, log.site)
    log.door_event(EventKind.DOOR_CLOSED)
    log.project()
    for _ in range(2):
        post.later(seconds=ALARMS_EVERY.total_seconds())
        post.run()
    assert [each.told["type"] for each in taker.got] == ["alarm.raised", "alarm.cleared"]
    assert taker.got[1].told["data"]["cleared_at"]


def test_acknowledged_or_not_the_end_of_an_alarm_is_told_once(
    post: Any, receiver: Any, log: Log, hub: Hub
) -> None:
    taker = receiver()
    post.add(taker.url, "alarm.*")
    log.door_event(EventKind.DOOR_HELD)
    log.project()
    post.later(seconds=6)
    post.run()
    entries = hub.services.get(EntriesService)
    entries.acknowledge(SYSTEM, entries.alarms(SYSTEM)[0].id)
    post.later(seconds=6)
    post.run()
    log.door_event(EventKind.DOOR_CLOSED)
    log.project()
    for _ in range(2):
        post.later(seconds=6)
        post.run()
    assert [each.told["type"] for each in taker.got] == ["alarm.raised", "alarm.cleared"]


def test_a_controller_that_is_lost_and_found_is_told_each_time(
    post: Any, receiver: Any, log: Log, hub: Hub, clock: HandMovedClock
) -> None:
    """Such alarms come from no journal, and have one number for ever."""
    taker = receiver()
    post.add(taker.url, "alarm.*")
    db = hub.core.db
    for _ in range(2):
        now = clock.now()

        def gone(scope: Any, at: Any = now) -> None:
            lose(scope, all_losses(scope).get(log.controller), log.controller, at)

        db.write(gone)
        post.later(seconds=6)
        post.run()
        entries = hub.services.get(EntriesService)
        entries.acknowledge(SYSTEM, entries.alarms(SYSTEM)[0].id)
        post.later(seconds=6)
        post.run()
        found_at = clock.now()
        db.write(lambda scope, at=found_at: find(scope, log.controller, at))
        post.later(seconds=6)
        post.run()
    kinds = [each.told["type"] for each in taker.got]
    assert kinds == ["alarm.raised", "alarm.cleared"] * 2
    assert taker.got[0].told["data"]["alarm"] == AlarmKind.CONTROLLER_LOST
    assert len({each.id for each in taker.got}) == 4


def test_a_time_that_is_not_sure_is_told_as_such(post: Any, receiver: Any, log: Log) -> None:
    taker = receiver()
    post.add(taker.url, "entry.*")
    shown = log.journal.start - timedelta(days=20_000)
    log.denied(clock=ClockState.UNTRUSTED, shown=shown)
    log.project()
    post.run()
    assert taker.got[0].told["data"]["time_is_sure"] is False


@pytest.mark.postgres
class TestOnPostgresql:
    @pytest.fixture
    def database_at(self, postgresql_at: str) -> str:
        return postgresql_at

    def test_entries_and_alarms_are_told_alike(self, post: Any, receiver: Any, log: Log) -> None:
        taker = receiver()
        post.add(taker.url, "entry.*", "alarm.*")
        log.denied()
        log.door_event(EventKind.DOOR_FORCED)
        log.project()
        post.later(seconds=6)
        post.run()
        log.door_event(EventKind.DOOR_CLOSED)
        log.project()
        log.worker.replay()
        post.later(seconds=6)
        post.run()
        kinds = [each.told["type"] for each in taker.got]
        assert sorted(kinds) == ["alarm.cleared", "alarm.raised", "entry.denied"]
