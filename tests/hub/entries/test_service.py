"""The log over HTTP: who sees what, the stream from where one stood, alarms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.entries.live import Live
from hub.entries.projector import PROJECTOR
from hub.entries.service import EntriesService
from hub.entries.stream import news_stream
from hub.projection import repository
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.web.rights import SYSTEM, Principal, PrincipalKind, Role
from wire import events as ev
from wire import samples
from wire.events import EventKind

ELSEWHERE = Principal(
    PrincipalKind.TOKEN, "clerk", "clerk", Role.CLERK, frozenset({samples.sample_id(99)})
)


@pytest.fixture
def journal(hub: Hub) -> MemoryJournal:
    """Three things that happened, projected."""
    made = MemoryJournal()
    made.add(EventKind.REX, ev.DoorEventBody(door=samples.DOOR), 0)
    made.add(EventKind.DOOR_OPENED, ev.DoorEventBody(door=samples.DOOR), 1)
    made.add(EventKind.TAMPER, ev.DeviceEventBody(device=samples.DEVICE), 2)
    project(hub, made)
    return made


def project(hub: Hub, journal: MemoryJournal) -> None:
    work = ProjectionWorker(hub.core.db, journal.after, [PROJECTOR], hub.services.get(Live).ring)
    while work.step():
        continue


def test_the_log_is_listed_newest_first_and_paged(
    journal: MemoryJournal, as_role: Callable[[Role], TestClient]
) -> None:
    """Two pages give every entry once."""
    client = as_role(Role.VIEWER)
    first = client.get("/api/v1/entries", params={"limit": 2}).json()
    rest = client.get("/api/v1/entries", params={"cursor": first["next_cursor"]}).json()
    assert [entry["id"] for entry in first["items"] + rest["items"]] == [3, 2, 1]
    assert rest["next_cursor"] is None
    start = (journal.start + timedelta(seconds=1)).isoformat()
    found = client.get("/api/v1/entries", params={"from": start, "kind": "door"}).json()
    assert [entry["kind"] for entry in found["items"]] == ["door_opened"]


@pytest.mark.parametrize(
    ("name", "value"), [("cursor", "nonsense"), ("kind", "teleport"), ("from", "yesterday")]
)
def test_a_filter_that_is_none_is_named(
    as_role: Callable[[Role], TestClient], name: str, value: str
) -> None:
    """A 422 that says which."""
    answer = as_role(Role.VIEWER).get("/api/v1/entries", params={name: value})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith(name)


def test_a_clerk_of_another_site_sees_nothing(hub: Hub, journal: MemoryJournal) -> None:
    """Neither doors, nor devices, nor their alarms, nor the stream of them."""
    service = hub.services.get(EntriesService)
    from hub.entries.search import Filters

    assert len(service.search(SYSTEM, Filters(), None, 50).items) == 3
    assert service.search(ELSEWHERE, Filters(), None, 50).items == ()
    assert [alarm.id for alarm in service.alarms(SYSTEM)] == [3]
    assert service.alarms(ELSEWHERE) == []
    assert service.news(ELSEWHERE, 0).items == ()
    assert service.news(ELSEWHERE, 0).through == 3


def test_an_alarm_is_acknowledged_over_http_and_audited(
    journal: MemoryJournal, as_role: Callable[[Role], TestClient]
) -> None:
    """A viewer may not; a clerk's note stands beside it; what does not stand is not found."""
    body = {"note": "業者に連絡"}
    assert as_role(Role.VIEWER).post("/api/v1/alarms/3/acknowledge", json=body).status_code == 403
    assert as_role(Role.ADMIN).post("/api/v1/alarms/3/acknowledge", json=body).status_code == 204
    client = as_role(Role.ADMIN)
    (alarm,) = client.get("/api/v1/alarms").json()
    assert (alarm["kind"], alarm["note"]) == ("tamper", "業者に連絡")
    assert client.post("/api/v1/alarms/9/acknowledge", json={}).status_code == 404
    audit = client.get("/api/v1/audit").text
    assert "alarm.acknowledged" in audit


def test_a_door_that_does_not_exist_has_no_state(admin: TestClient) -> None:
    """A 404, not a made-up unknown."""
    assert admin.get(f"/api/v1/doors/{samples.DOOR}/state").status_code == 404


def events_of(text: str) -> list[tuple[str, str]]:
    """The `(event, id)` of what a stream sent."""
    blocks = [
        dict(line.split(": ", 1) for line in b.split("\n") if ": " in line)
        for b in text.split("\n\n")
    ]
    return [(block["event"], block["id"]) for block in blocks if "event" in block]


def test_the_stream_goes_on_where_the_reader_stood(hub: Hub, journal: MemoryJournal) -> None:
    """What came meanwhile is sent first, in order; what comes while it listens follows at once."""
    service, live = hub.services.get(EntriesService), Live()

    async def listen() -> str:
        told: list[str] = []
        async for text in news_stream(service, live, SYSTEM, 1):
            told.append(text)
            if "id: 3\nevent" in text:
                journal.add(EventKind.DOOR_CLOSED, ev.DoorEventBody(door=samples.DOOR), 9)
                await asyncio.to_thread(project, hub, journal)
                live.ring()
            if "id: 4\nevent: door" in text:
                live.stop()
        return "".join(told)

    told = asyncio.run(asyncio.wait_for(listen(), 20))
    assert told.startswith("retry: 1000\nid: 1\n\n")
    assert sorted(events_of(told)) == sorted(
        [("entry", "2"), ("door", "2"), ("entry", "3"), ("entry", "4"), ("door", "4")]
    )
    assert live.listeners == 0


def test_a_stream_ends_by_itself_so_that_the_reader_is_asked_again(hub: Hub) -> None:
    """After its time; the browser comes back with Last-Event-ID."""

    async def listen() -> list[str]:
        service = hub.services.get(EntriesService)
        return [text async for text in news_stream(service, Live(), SYSTEM, 0, lasts_s=0.5)]

    assert asyncio.run(asyncio.wait_for(listen(), 20)) == ["retry: 1000\nid: 0\n\n"]


def test_the_stream_over_http_takes_last_event_id(
    hub: Hub, journal: MemoryJournal, clock: HandMovedClock, admin: TestClient
) -> None:
    """Beside a strange one, which counts as none."""
    hub.services.get(Live).stop()
    for given, begins in (("2", "id: 2"), ("x", "id: 3"), ("9" * 40, f"id: {2**62}")):
        answer = admin.get("/api/v1/events/stream", headers={"Last-Event-ID": given})
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.text.split("\n")[1] == begins


def test_a_controller_says_nothing_of_anothers_door(hub: Hub, admin: TestClient) -> None:
    """What a stolen one claims stands in the log under its own name, and moves no state."""
    site = admin.post("/api/v1/sites", json={"name": "体育館"}).json()["id"]
    for name in ("a" * 16, "b" * 16):
        body = {"id": name, "site_id": site, "name": name}
        assert admin.post("/api/v1/controllers", json=body).status_code == 201
    body = {"site_id": site, "controller_id": "a" * 16, "name": "玄関"}
    door = admin.post("/api/v1/doors", json=body).json()["id"]
    for name, kind in (("a" * 16, EventKind.DOOR_CLOSED), ("b" * 16, EventKind.DOOR_OPENED)):
        made = MemoryJournal(controller=name)
        made.add(kind, ev.DoorEventBody(door=door))
        hub.core.db.write(lambda scope: repository.move_watermark(scope, 0))
        project(hub, made)
    assert admin.get(f"/api/v1/doors/{door}/state").json()["leaf"] == "closed"
