"""A department whose staff punch, whose month is closed, and of which files go out."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Any

from fastapi.testclient import TestClient

from hub.attendance.domain import start_of
from hub.attendance.tables import punches
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.timesheets.closing_service import ClosingService
from hub.web.rights import SYSTEM
from hub.worktime.domain import Month, Order
from wire.events import PunchDirection

APRIL = Month(2026, 4)
MONDAY = date(2026, 4, 6)


class Office:
    """A department, over the API; what they punch is written as ingest would."""

    def __init__(self, hub: Hub, client: TestClient, clock: HandMovedClock) -> None:
        self.hub, self.client, self.clock = hub, client, clock
        self.orders: dict[str, tuple[Order, ...]] = {}
        self.last = 0
        self.department = self.add("staff/departments", code="0101", name="総務課")

    def add(self, path: str, **body: object) -> str:
        answer = self.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def hire(self, name: str, kana: str, number: str) -> str:
        person = self.add("people", name=name, name_kana=kana, staff_number=number)
        place = {"department_id": self.department, "kind": "regular", "post": "主事"}
        self.add(f"staff/people/{person}/employments", starts_on="2026-04-01", **place)
        return person

    def worked(self, person: str, day: date, start: int = 510, end: int = 1035) -> None:
        self.tap(person, day, start, PunchDirection.IN)
        self.tap(person, day, end, PunchDirection.OUT)

    def tap(self, person: str, day: date, minute: int, direction: PunchDirection) -> int:
        """One tap at a minute of a date; give its id."""
        self.last += 1
        at = start_of(day).astimezone(UTC) + timedelta(minutes=minute)
        row = {"id": self.last, "person_id": person, "reader_id": "r", "door_id": None}
        row |= {"credential_id": "c", "controller_id": "k7m2q9x4w8e3r6t1", "boot": "b"}
        row |= {"direction": direction, "at": at, "corrected_at": at, "received_at": at}
        row |= {"trusted": True, "time_error_ms": 0, "mono_ns": 0}
        self.write(row)
        return self.last

    def write(self, row: dict[str, Any]) -> None:
        self.hub.core.db.write(lambda scope: scope.insert(punches, row))

    def close(self) -> None:
        self.clock.advance(timedelta(days=30))
        closing = self.hub.services.get(ClosingService)
        closing.close(SYSTEM, self.department, APRIL, "試験のため")
