"""What other systems are told of closings, adjustments and exports: ids and the month, nobody's
name."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from fastapi.testclient import TestClient

from hub.attendance.touched import touch
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.happenings.readers import read_on
from hub.timesheets.touched_chore import SettleTouched
from hub.webhooks.outbox import READER, Outbox
from hub.webhooks.tables import webhook_deliveries
from tests.hub.payroll.offices import MONDAY, Office


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    return sqlite_at


def test_another_system_hears_of_closing_export_and_adjustment_without_a_name(
    hub: Hub, admin: TestClient, clock: HandMovedClock
) -> None:
    """Not even the one that asks for contacts is told a name."""
    wish = {"url": "https://localhost:9/hook", "kinds": ["attendance.*", "payroll.*"]}
    made = admin.post("/api/v1/webhooks", json=wish | {"include_contact": True})
    assert made.status_code == 201, made.text
    take = Outbox(clock, hub.core.ids).take
    read_on(hub.core.db, READER, take)  # a reader begins with the present
    office = Office(hub, admin, clock)
    hanako = office.hire("山田 花子", "やまだ はなこ", "10427")
    office.worked(hanako, MONDAY)
    office.close()
    file = admin.get("/api/v1/payroll/months/2026-04/files/class-lines")
    assert file.status_code == 200, file.text
    day = MONDAY + timedelta(days=2)
    office.worked(hanako, day)
    hub.core.db.write(lambda scope: touch(scope, hanako, day, day, clock.now()))
    chore = SettleTouched(clock, hub.services)
    for _ in range(2):  # it derives the day, and then settles the month
        hub.core.db.write(chore.run)
    read_on(hub.core.db, READER, take)
    with hub.core.db.read() as scope:
        bodies = [each.payload for each in scope.all(scope.select(webhook_deliveries))]
    told = {(said := json.loads(each))["type"]: said["data"] for each in bodies}
    closed, out = told["attendance.month_closed"], told["payroll.handed_out"]
    adjusted = told["attendance.adjusted"]
    assert closed["details"] == {
        "department_id": office.department,
        "month": "2026-04",
        "round": 1,
        "people": 1,
    }
    assert out["details"] == {
        "what": "class-lines",
        "month": "2026-04",
        "sha256": sha256(file.content).hexdigest(),
        "people": 1,
        "draft": False,
    }
    assert adjusted["details"] == {
        "person_id": hanako,
        "month": "2026-04",
        "work_dates": [day.isoformat()],
        "causes": ["late_punch"],
    }
    kept = admin.get("/api/v1/payroll/handovers").json()["items"]
    assert out["other_id"] == kept[0]["id"]
    assert closed["other_id"]
    assert adjusted["other_id"]
    for body in bodies:
        assert not [each for each in ("山田", "花子", "やまだ", "10427", "主事") if each in body]
