"""Schedules and holiday calendars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.people import repository
from hub.policy.tables import policy_dirty
from wire.policy_bodies import DateException, DaySpan, ScheduleBody, WeekSpan

Make = Callable[[str, dict[str, Any]], Any]

OFFICE: dict[str, Any] = {
    "name": "開庁時間",
    "week": [{"days": [0, 1, 2, 3, 4], "spans": [[510, 1035]]}],
    "exceptions": [{"day": "2026-04-01", "spans": []}],
}


def test_a_schedule_is_read_by_the_policy_as_the_edge_is_told(make: Make, hub: Hub) -> None:
    calendar = make("calendars", {"name": "町の休日"})["id"]
    made = make("schedules", {**OFFICE, "calendar_id": calendar, "holiday_spans": [[540, 600]]})
    assert made["week"] == OFFICE["week"]
    with hub.core.db.read() as scope:
        schedule = repository.schedule(scope, made["id"])
        assert schedule in repository.schedules_of_calendar(scope, calendar)
    assert schedule is not None
    assert schedule.body() == ScheduleBody(
        week=(WeekSpan((0, 1, 2, 3, 4), (DaySpan(510, 1035),)),),
        calendar=calendar,
        holiday_spans=(DaySpan(540, 600),),
        exceptions=(DateException(date(2026, 4, 1)),),
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tz": "Asia/Nowhere"}, "body.tz"),
        ({"week": [{"days": [0], "spans": [[600, 540]]}]}, "body.week"),
        ({"week": [{"days": [7], "spans": [[540, 600]]}]}, "body.week.0.days.0"),
        ({"holiday_spans": [[0, 1441]]}, "body.holiday_spans.0.1"),
        ({"calendar_id": "nothing"}, "body.calendar_id"),
        ({"exceptions": [{"day": "2026-04-01"}, {"day": "2026-04-01"}]}, "body.exceptions"),
    ],
)
def test_a_bad_schedule_names_its_field(
    admin: TestClient, change: dict[str, Any], field: str
) -> None:
    answer = admin.post("/api/v1/schedules", json={**OFFICE, **change})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_calendar_knows_the_national_holidays_and_the_turn_of_the_year(
    admin: TestClient, make: Make
) -> None:
    made = make(
        "calendars",
        {
            "name": "町の休日",
            "added": [{"day": "2026-10-10", "name": "町民の日"}],
            "removed": ["2026-05-04"],
        },
    )

    def dates(first: str, last: str) -> list[str]:
        params = {"first": first, "last": last}
        answer = admin.get(f"/api/v1/calendars/{made['id']}/dates", params=params)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["dates"])

    assert dates("2026-05-01", "2026-05-31") == ["2026-05-03", "2026-05-05", "2026-05-06"]
    assert dates("2026-12-25", "2027-01-05") == [
        "2026-12-29",
        "2026-12-30",
        "2026-12-31",
        "2027-01-01",
        "2027-01-02",
        "2027-01-03",
    ]
    assert dates("2026-10-09", "2026-10-12") == ["2026-10-10", "2026-10-12"]
    wrong = {"first": "2026-02-01", "last": "2026-01-01"}
    assert admin.get(f"/api/v1/calendars/{made['id']}/dates", params=wrong).status_code == 422


def test_a_changed_calendar_touches_its_schedules(admin: TestClient, make: Make, hub: Hub) -> None:
    calendar = make("calendars", {"name": "町の休日", "source": "none"})["id"]
    schedule = make("schedules", {**OFFICE, "calendar_id": calendar})["id"]
    hub.core.db.write(lambda s: s.delete(policy_dirty, policy_dirty.c.id.is_not(None)))
    days = {"added": [{"day": "2026-10-10", "name": "町民の日"}]}
    assert admin.patch(f"/api/v1/calendars/{calendar}", json=days).status_code == 200
    with hub.core.db.read() as scope:
        touched = {(str(row.kind), row.target) for row in scope.all(scope.select(policy_dirty))}
    assert touched == {("calendar", calendar), ("schedule", schedule)}
