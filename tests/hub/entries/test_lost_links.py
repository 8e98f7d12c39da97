"""A controller that is not heard is one alarm on the board, over once it is heard again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.entries.alarms import AlarmKind
from hub.entries.lost_links import LostLinks
from hub.entries.service import EntriesService
from hub.ingest.repository import store
from hub.ingest.rows import read_rows
from hub.link import presence
from hub.link.losses import is_lost
from hub.link.sessions import confirm, greet
from hub.web.rights import SYSTEM
from wire.clock import ClockReading, ClockState
from wire.events import EventKind, encode_event
from wire.messages import EdgePolicy, Events, Hello
from wire.samples import sample_event

CONTROLLER = "k7w2m9x4c1t8z5qa"
MINUTE = timedelta(minutes=1)


class Bench:
    """A hub with a link, and a controller whose link comes and goes."""

    def __init__(self, hub: Hub, clock: HandMovedClock) -> None:
        self.hub, self.clock, self.chore = hub, clock, LostLinks(clock)
        self.has_link, self.sessions, self.seq = True, 0, 0

    def connect(self) -> None:
        """Hello, welcome, want."""
        self.sessions += 1
        now, db = self.clock.now(), self.hub.core.db
        hello = Hello(
            session=f"{self.sessions:032x}",
            boot_id="boot",
            agent="0.1.0",
            epoch=1,
            last_seq=0,
            policy=EdgePolicy(hub_epoch=0, version=0, digest="0" * 64),
            clock=ClockReading(state=ClockState.TRUSTED, now=now),
        )
        db.write(lambda scope: greet(scope, CONTROLLER, hello, now))
        db.write(lambda scope: confirm(scope, CONTROLLER, hello.session, now))

    def status(self, *, online: bool) -> None:
        now = self.clock.now()
        self.hub.core.db.write(
            lambda scope: presence.keep_presence(scope, CONTROLLER, online=online, now=now)
        )

    def report(self) -> None:
        """Its telemetry comes in."""
        self.seq += 1
        raw = msgspec.Raw(encode_event(sample_event(EventKind.TELEMETRY)))
        rows = read_rows(CONTROLLER, Events(epoch=1, first_seq=self.seq, events=(raw,)))
        now = self.clock.now()
        self.hub.core.db.write(lambda scope: store(scope, [rows], now))

    def pass_time(self, by: timedelta) -> None:
        """A second at a time would be long: twenty seconds, as the hub's own beat."""
        end = self.clock.now() + by
        while self.clock.now() < end:
            self.clock.advance(min(timedelta(seconds=20), end - self.clock.now()))
            now, db = self.clock.now(), self.hub.core.db
            if self.has_link:
                db.write(lambda scope, now=now: presence.beat(scope, now))
            with db.read() as scope:
                due = self.chore.is_due(scope)
            if due:
                db.write(self.chore.run)

    @property
    def alarms(self) -> list[Any]:
        found = self.hub.services.get(EntriesService).alarms(SYSTEM)
        return [alarm for alarm in found if alarm.kind is AlarmKind.CONTROLLER_LOST]


@pytest.fixture
def bench(hub: Hub, clock: HandMovedClock, admin: TestClient) -> Bench:
    """The controller is on, and its link stands."""
    site = admin.post("/api/v1/sites", json={"name": "体育館"}).json()["id"]
    body = {"id": CONTROLLER, "site_id": site, "name": "体育館の制御装置"}
    assert admin.post("/api/v1/controllers", json=body).status_code == 201
    made = Bench(hub, clock)
    made.connect()
    made.pass_time(MINUTE)
    return made


def test_a_controller_that_reports_is_never_lost(bench: Bench) -> None:
    for _ in range(12):
        bench.report()
        bench.pass_time(5 * MINUTE)
    assert bench.alarms == []


def test_one_that_is_silent_is_lost_after_two_missed_reports_and_over_once_heard(
    bench: Bench,
) -> None:
    bench.pass_time(9 * MINUTE)
    assert bench.alarms == []
    bench.pass_time(2 * MINUTE)
    (alarm,) = bench.alarms
    assert (alarm.controller_id, alarm.cleared_at, alarm.times) == (CONTROLLER, None, 1)
    assert alarm.is_critical is False
    bench.report()
    bench.pass_time(MINUTE)
    (alarm,) = bench.alarms
    assert alarm.cleared_at is not None
    bench.hub.services.get(EntriesService).acknowledge(SYSTEM, alarm.id)
    assert bench.alarms == []


def test_one_whose_status_says_that_it_is_away_is_lost_within_a_minute_or_so(bench: Bench) -> None:
    """A will tells early; one that was heard after it is not lost, whatever a broker kept."""
    bench.status(online=False)
    bench.pass_time(timedelta(seconds=40))
    assert bench.alarms == []
    bench.pass_time(timedelta(seconds=40))
    assert len(bench.alarms) == 1
    bench.report()
    bench.pass_time(timedelta(seconds=20))
    assert bench.alarms[0].cleared_at is not None


def test_a_link_that_comes_and_goes_is_one_alarm_that_counts(bench: Bench) -> None:
    first = None
    for round_ in range(1, 6):
        bench.status(online=False)
        bench.pass_time(2 * MINUTE)
        (alarm,) = bench.alarms
        first = first or alarm.raised_at
        assert (alarm.times, alarm.raised_at, alarm.cleared_at) == (round_, first, None)
        bench.status(online=True)
        bench.connect()
        bench.pass_time(MINUTE)
    bench.pass_time(4 * MINUTE)
    for _ in range(14):
        bench.report()
        bench.pass_time(5 * MINUTE)
    bench.status(online=False)
    bench.pass_time(2 * MINUTE)
    assert bench.alarms[0].times == 1  # hours later it is another loss


def test_an_acknowledged_loss_that_comes_again_asks_again(bench: Bench) -> None:
    service = bench.hub.services.get(EntriesService)
    bench.pass_time(11 * MINUTE)
    service.acknowledge(SYSTEM, bench.alarms[0].id)
    bench.connect()
    bench.pass_time(MINUTE)
    assert bench.alarms == []
    bench.pass_time(11 * MINUTE)
    (alarm,) = bench.alarms
    assert alarm.acknowledged_at is not None
    assert alarm.acknowledged_at < alarm.last_received_at


def test_while_the_hub_has_no_link_itself_nobody_is_missed_nor_at_once_when_it_is_back(
    bench: Bench,
) -> None:
    bench.has_link = False
    bench.pass_time(30 * MINUTE)
    assert bench.alarms == []
    bench.has_link = True
    bench.pass_time(9 * MINUTE)
    assert bench.alarms == []
    bench.pass_time(3 * MINUTE)
    assert len(bench.alarms) == 1


def test_a_controller_that_is_removed_is_missed_by_nobody(bench: Bench, admin: TestClient) -> None:
    bench.pass_time(11 * MINUTE)
    path = f"/api/v1/controllers/{CONTROLLER}"
    assert admin.patch(path, json={"state": "removed"}).status_code == 200
    bench.pass_time(MINUTE)
    assert bench.alarms[0].cleared_at is not None


def test_an_agent_that_reports_seldom_is_missed_later(bench: Bench, admin: TestClient) -> None:
    settings = {"settings": {"telemetry_s": 1800}}
    admin.patch(f"/api/v1/controllers/{CONTROLLER}", json=settings)
    bench.pass_time(59 * MINUTE)
    assert bench.alarms == []
    bench.pass_time(3 * MINUTE)
    assert len(bench.alarms) == 1


def test_the_alarm_stands_on_the_board_by_the_controllers_name(
    bench: Bench, admin: TestClient
) -> None:
    bench.pass_time(11 * MINUTE)
    page = admin.get("/", headers={"Accept": "text/html"}).text
    assert "体育館の制御装置" in page
    assert "制御装置から応答がありません" in page


THEN = datetime(2026, 4, 6, tzinfo=UTC)
SPAN = st.integers(0, 4_000).map(lambda s: timedelta(seconds=s))


@given(SPAN, SPAN, SPAN, st.none() | SPAN)
def test_who_was_heard_lately_is_never_lost_and_silence_never_lasts_unnoticed(
    heard: timedelta, up: timedelta, passed: timedelta, off: timedelta | None
) -> None:
    now = THEN + max(heard, up, off or heard) + passed
    every = timedelta(minutes=5)
    lost = is_lost(now, THEN + heard, THEN + up, every, None if off is None else THEN + off)
    silence = now - (THEN + max(heard, up))
    assert not lost or now - (THEN + heard) >= timedelta(seconds=60)
    assert not lost or now - (THEN + up) >= timedelta(seconds=60)
    if off is None or off < heard:
        assert lost == (silence >= timedelta(minutes=11))
