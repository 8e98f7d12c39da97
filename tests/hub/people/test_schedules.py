"""Schedules and holiday calendars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.people import repository
from hub.people.domain import Calendar, CalendarSource, NamedDay
from hub.people.holiday_dates import dates_of
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


def _calendar(source: CalendarSource, **changed: Any) -> Calendar:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    plain = Calendar("c", "", "", source, (), (), then, then)
    return replace(plain, **changed)


def test_substitute_holidays_and_days_between_two_holidays_are_holidays() -> None:
    """Dates announced by the Cabinet Office, of two years that have both kinds."""
    found = set(dates_of(_calendar(CalendarSource.NATIONAL), date(2026, 1, 1), date(2027, 12, 31)))
    assert date(2026, 5, 6) in found  # for Sunday 3 May, after two more holidays
    assert date(2026, 9, 22) in found  # between Respect for the Aged Day and the equinox
    assert date(2027, 3, 22) in found  # for the equinox on a Sunday
    assert len(found) == 18 + 17
    assert not {date(2026, 12, 29), date(2026, 12, 31), date(2027, 1, 2)} & found


@pytest.mark.parametrize("year", range(2024, 2051))
def test_every_year_keeps_the_laws_two_rules(year: int) -> None:
    """国民の祝日に関する法律, 3条 2項 and 3項: a Sunday's holiday is made up for on the next day
    that is none, and a day between two holidays is one."""
    found = set(dates_of(_calendar(CalendarSource.NATIONAL), date(year, 1, 1), date(year, 12, 31)))
    assert 16 <= len(found) <= 22
    day = timedelta(days=1)
    for holiday in found:
        if holiday.weekday() == 6:
            after = holiday + day
            while after in found:
                after += day
            assert after - holiday > day  # the next day at least
        if holiday + 2 * day in found:
            assert holiday + day in found or (holiday + day).weekday() == 6


def test_the_turn_of_the_year_is_closed_or_added_or_left_out_day_by_day() -> None:
    span = date(2026, 12, 28), date(2027, 1, 4)
    offices = dates_of(_calendar(CalendarSource.JAPAN), *span)
    assert [day.isoformat()[5:] for day in offices] == [
        "12-29", "12-30", "12-31", "01-01", "01-02", "01-03",
    ]  # fmt: skip
    park = _calendar(CalendarSource.JAPAN, removed=(date(2027, 1, 3),))
    assert dates_of(park, *span) == offices[:-1]
    added = tuple(NamedDay(day, "年末年始") for day in offices)
    assert dates_of(_calendar(CalendarSource.NATIONAL, added=added), *span) == offices
    assert dates_of(_calendar(CalendarSource.NATIONAL), *span) == (date(2027, 1, 1),)
