"""Alarms about the wire: forged, replayed, cloned, and policies that do not match."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.entries.alarms import CRITICAL, MOMENTARY, WIRE, AlarmKind
from hub.entries.service import EntriesService
from hub.link.alarms import write_alarms
from hub.link.tables import LinkAlarm
from hub.link.tables import link_alarms as link_rows
from hub.policy.failures import clear_failure, raise_failure
from hub.policy.reports import Report, keep
from hub.policy.tables import policy_alarms
from hub.web.rights import SYSTEM, Principal, PrincipalKind, Role

CONTROLLER = "k7w2m9x4c1t8z5qa"
HTML = {"Accept": "text/html"}


@pytest.fixture
def door(admin: TestClient) -> str:
    """A door of a controller."""
    site = admin.post("/api/v1/sites", json={"name": "体育館"}).json()["id"]
    body = {"id": CONTROLLER, "site_id": site, "name": "体育館の制御装置"}
    assert admin.post("/api/v1/controllers", json=body).status_code == 201
    body = {"site_id": site, "controller_id": CONTROLLER, "name": "玄関"}
    return str(admin.post("/api/v1/doors", json=body).json()["id"])


def refused(hub: Hub, alarm: LinkAlarm, count: int = 1, controller: str = CONTROLLER) -> None:
    """Let the link write what it refused."""
    now = hub.core.clock.now()
    noted = Counter({(controller, alarm, "up/events", "tag"): count})
    hub.core.db.write(lambda scope: write_alarms(scope, noted, now))


def reported(hub: Hub, *, matches: bool) -> None:
    """Let the controller report its policy; a mismatch is noted as the policy does."""
    now = hub.core.clock.now()
    report = Report(1, 7, "0" * 64, matches, 0 if matches else 1, now, 7)
    row = {"id": hub.core.ids.new(), "controller_id": CONTROLLER, "version": 7, "at": now}

    def work(scope: Any) -> None:
        keep(scope, CONTROLLER, report)
        if not matches:
            scope.insert(policy_alarms, {**row, "expected": "1" * 64, "reported": "0" * 64})

    hub.core.db.write(work)


def test_every_alarm_of_the_link_is_one_that_people_see() -> None:
    """None can be added to the link without words and a gravity."""
    assert {each.value for each in LinkAlarm} <= {each.value for each in WIRE}
    assert {AlarmKind.FORGED_MESSAGE, AlarmKind.CLONED_CONTROLLER} <= CRITICAL
    lasting = {
        AlarmKind.CONTROLLER_LOST,
        AlarmKind.POLICY_MISMATCH,
        AlarmKind.POLICY_NOT_COMPILED,
        AlarmKind.BOOKING_LATE,
    }
    assert lasting == WIRE - MOMENTARY


def test_what_was_refused_is_one_alarm_a_kind_however_often(
    hub: Hub, clock: HandMovedClock, door: str
) -> None:
    """Counted over the hours; one that came once has the time at which it came."""
    clock.advance(timedelta(minutes=20))
    refused(hub, LinkAlarm.CLONED_CONTROLLER)
    once = clock.now()
    refused(hub, LinkAlarm.FORGED_MESSAGE, 3)
    clock.advance(timedelta(hours=2))
    refused(hub, LinkAlarm.FORGED_MESSAGE, 4)
    found = {alarm.kind: alarm for alarm in hub.services.get(EntriesService).alarms(SYSTEM)}
    assert found[AlarmKind.FORGED_MESSAGE].times == 7
    assert found[AlarmKind.FORGED_MESSAGE].last_at == clock.now()
    assert found[AlarmKind.CLONED_CONTROLLER].raised_at == once


def test_an_alarm_of_the_wire_goes_once_acknowledged_and_comes_again(
    hub: Hub, clock: HandMovedClock, door: str, admin: TestClient
) -> None:
    """Over the same route as the others, and audited."""
    refused(hub, LinkAlarm.FORGED_MESSAGE, 2)
    (alarm,) = admin.get("/api/v1/alarms").json()
    assert (alarm["kind"], alarm["is_critical"], alarm["times"]) == ("forged_message", True, 2)
    clock.advance(timedelta(minutes=1))
    path = f"/api/v1/alarms/{alarm['id']}/acknowledge"
    assert admin.post(path, json={"note": "調査中"}).status_code == 204
    assert admin.get("/api/v1/alarms").json() == []
    assert admin.post(path, json={}).status_code == 404
    clock.advance(timedelta(hours=3))
    refused(hub, LinkAlarm.FORGED_MESSAGE, 5)
    (again,) = admin.get("/api/v1/alarms").json()
    assert (again["id"], again["times"], again["note"]) == (alarm["id"], 5, "調査中")
    assert "alarm.acknowledged" in admin.get("/api/v1/audit").text


def test_a_mismatch_stands_until_it_is_over_and_acknowledged(
    hub: Hub, clock: HandMovedClock, door: str
) -> None:
    """Who saw it stays beside it while the controller still holds something else."""
    service = hub.services.get(EntriesService)
    reported(hub, matches=False)
    (alarm,) = service.alarms(SYSTEM)
    assert (alarm.kind, alarm.cleared_at) == (AlarmKind.POLICY_MISMATCH, None)
    clock.advance(timedelta(minutes=1))
    service.acknowledge(SYSTEM, alarm.id)
    (seen,) = service.alarms(SYSTEM)
    assert seen.acknowledged_at == clock.now()
    reported(hub, matches=True)
    assert service.alarms(SYSTEM) == []
    clock.advance(timedelta(minutes=1))
    reported(hub, matches=False)
    assert [each.times for each in service.alarms(SYSTEM)] == [1]


def test_a_policy_that_cannot_be_made_stands_until_it_can_and_somebody_knows(
    hub: Hub, clock: HandMovedClock, door: str
) -> None:
    service = hub.services.get(EntriesService)

    def fails(cause: str | None) -> None:
        now = clock.now()
        if cause is None:
            hub.core.db.write(lambda scope: clear_failure(scope, CONTROLLER, now))
        else:
            hub.core.db.write(lambda scope: raise_failure(scope, CONTROLLER, cause, now))

    fails("seal_broken")
    (alarm,) = service.alarms(SYSTEM)
    assert (alarm.kind, alarm.controller_id) == (AlarmKind.POLICY_NOT_COMPILED, CONTROLLER)
    clock.advance(timedelta(minutes=1))
    service.acknowledge(SYSTEM, alarm.id)
    assert len(service.alarms(SYSTEM)) == 1
    fails(None)
    assert service.alarms(SYSTEM) == []
    clock.advance(timedelta(minutes=1))
    fails("KeyFileError")
    (again,) = service.alarms(SYSTEM)
    assert (again.id, again.raised_at, again.cleared_at) == (alarm.id, clock.now(), None)


def test_messages_of_nobody_concern_the_whole_town_only(hub: Hub, door: str) -> None:
    """A clerk of one site sees the alarms of its controllers, no others."""
    refused(hub, LinkAlarm.UNKNOWN_CONTROLLER, controller="")
    refused(hub, LinkAlarm.REPLAYED_HELLO)
    service = hub.services.get(EntriesService)
    assert len(service.alarms(SYSTEM)) == 2
    with hub.core.db.read() as scope:
        from hub.sites.repository import controller

        held = controller(scope, CONTROLLER)
    assert held is not None
    clerk = Principal(PrincipalKind.TOKEN, "c", "c", Role.CLERK, frozenset({held.site_id}))
    assert [each.kind for each in service.alarms(clerk)] == [AlarmKind.REPLAYED_HELLO]


def test_board_and_door_page_show_what_is_red_first(
    hub: Hub, door: str, as_role: Callable[[Role], TestClient]
) -> None:
    """With the controller's name; acknowledging on the door's page leads back to it."""
    refused(hub, LinkAlarm.STALE_REPORT)
    refused(hub, LinkAlarm.FORGED_MESSAGE, 3)
    client = as_role(Role.ADMIN)
    for path in ("/", f"/doors/{door}"):
        page = client.get(path, headers=HTML).text
        told = re.findall(r'<li class="alarm(?: critical)?">.*?</h3>', page, re.DOTALL)
        assert ["偽の通信" in told[0], "古い設定の報告" in told[1]] == [True, True]
        assert all("体育館の制御装置" in each for each in told)
        assert "critical" in told[0]
    viewer = as_role(Role.VIEWER).get(f"/doors/{door}", headers=HTML).text
    assert "偽の通信" in viewer
    assert "/acknowledge" not in viewer


def test_the_stream_says_that_the_wire_alarmed(hub: Hub, door: str) -> None:
    """No raw event tells of it, so it has an event of its own."""
    import asyncio

    from hub.entries.live import Live
    from hub.entries.stream import news_stream

    service, live = hub.services.get(EntriesService), Live()

    async def listen() -> list[str]:
        told: list[str] = []
        async for text in news_stream(service, live, SYSTEM, 0, lasts_s=8):
            told.append(text)
            if len(told) == 1:
                asyncio.get_running_loop().call_soon(alarm)
            if "event: alarm" in text:
                live.stop()
        return told

    def alarm() -> None:
        refused(hub, LinkAlarm.FORGED_MESSAGE)
        live.ring()

    assert asyncio.run(asyncio.wait_for(listen(), 20))[1:] == ["event: alarm\ndata: {}\n\n"]


def test_the_board_asks_for_all_sessions_at_once(hub: Hub, admin: TestClient, door: str) -> None:
    """However many controllers there are, one query."""
    site = admin.get("/api/v1/sites").json()["items"][0]["id"]
    for number in range(5):
        name = f"{number}" * 16
        body = {"id": name, "site_id": site, "name": name}
        assert admin.post("/api/v1/controllers", json=body).status_code == 201
        body = {"site_id": site, "controller_id": name, "name": name}
        assert admin.post("/api/v1/doors", json=body).status_code == 201
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert admin.get("/", headers=HTML).status_code == 200
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len([each for each in asked if "FROM controller_sessions" in each]) == 1
    assert link_rows.name in " ".join(asked)
