"""Schedules by forms alone: made, changed, refused beside the field, and where they are used."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.pages.views.schedule import SpansError, by_day, spans_of, spans_text, week_of
from hub.policy.tables import policy_dirty
from hub.web.rights import Role
from tests.hub.people.test_card_pages import HTML, page, send
from tests.hub.people.test_granting_pages import only_at
from wire.policy_bodies import DaySpan

T = Translator(Language.JA)
NEW = "/rights/schedules/new"
OFFICE = {f"day{n}": "8:30-17:15" for n in range(5)}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def test_a_schedule_is_made_with_japan_s_holidays_and_changed(
    admin: TestClient, hub: Hub, make: Any, gym: Any, hana: str
) -> None:
    dates = "2026-12-28 8:30-12:00\n2027/1/4"
    sent = {**OFFICE, "day5": "１０：００～１２：００、13:00〜24:00", "calendar_id": "new"}
    made = send(admin, NEW, NEW, name="平日", exceptions=dates, holiday="9:00-12:00", **sent)
    assert made.status_code == 303, made.text
    place = made.headers["location"]
    row = admin.get(f"/api/v1/schedules/{place.rpartition('/')[2]}").json()
    assert row["week"] == [
        {"days": [0, 1, 2, 3, 4], "spans": [[510, 1035]]},
        {"days": [5], "spans": [[600, 720], [780, 1440]]},
    ]
    assert row["holiday_spans"] == [[540, 720]]
    assert [(one["day"], one["spans"]) for one in row["exceptions"]] == [
        ("2026-12-28", [[510, 720]]),
        ("2027-01-04", []),
    ]
    assert admin.get(f"/api/v1/calendars/{row['calendar_id']}").json()["source"] == "japan"
    assert T("schedules.new_calendar") not in page(admin, NEW)
    grant = make("grants", {"door_id": gym.door, "person_id": hana, "schedule_id": row["id"]})
    admin.patch(f"/api/v1/doors/{gym.door}", json={"hold_schedule": row["id"]})
    shown = page(admin, place)
    assert f"/rights/given/{grant['id']}" in shown
    assert T("schedules.held") in shown
    assert T("schedules.used", rights=1, doors=1) in page(admin, "/rights/schedules")
    hub.core.db.write(lambda scope: scope.delete(policy_dirty, policy_dirty.c.id.is_not(None)))
    kept = {**sent, "calendar_id": row["calendar_id"], "day0": ""}
    assert send(admin, place, place, name="平日昼間", **kept).status_code == 303
    after = admin.get(f"/api/v1/schedules/{row['id']}").json()
    assert (after["name"], after["week"][0]["days"]) == ("平日昼間", [1, 2, 3, 4])
    assert (after["exceptions"], after["holiday_spans"], after["tz"]) == ([], [], "Asia/Tokyo")
    with hub.core.db.read() as scope:
        marks = {(str(one.kind), one.target) for one in scope.all(scope.select(policy_dirty))}
    assert marks == {("schedule", row["id"])}


def test_a_week_that_is_not_touched_stays_as_it_is_written(admin: TestClient, make: Any) -> None:
    week = [{"days": [1], "spans": [[60, 120]]}, {"days": [0], "spans": [[60, 120]]}]
    row = make("schedules", {"name": "朝", "week": week})
    place = f"/rights/schedules/{row['id']}"
    sent = {"day0": "1:00-2:00", "day1": "1:00-2:00"}
    assert send(admin, place, place, name="早朝", **sent).status_code == 303
    assert admin.get(f"/api/v1{place.removeprefix('/rights')}").json()["week"] == week


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"name": " "}, "name", "groups.no_name"),
        ({"name": "夜間"}, "name", "groups.twice"),
        ({"day1": "8時から"}, "day1", "schedules.error.spans"),
        ({"day1": "8:30-24:01"}, "day1", "schedules.error.spans"),
        ({"day6": "22:00-6:00"}, "day6", "schedules.error.midnight"),
        ({"day6": " ".join(f"{n}:00-{n}:30" for n in range(21))}, "day6", "schedules.error.many"),
        ({"holiday": "9:00-12:00"}, "calendar_id", "schedules.error.calendar"),
        ({"calendar_id": "none"}, "calendar_id", "granting.error.unknown"),
        ({"calendar_id": "a\x00b"}, "calendar_id", "granting.error.unknown"),
        ({"exceptions": "2026-02-30"}, "exceptions", "schedules.error.date"),
        ({"exceptions": "1999-12-31"}, "exceptions", "schedules.error.date"),
        (
            {"exceptions": "2026-12-28\n2026-12-28 9:00-10:00"},
            "exceptions",
            "schedules.error.twice",
        ),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(
    admin: TestClient, make: Any, changed: dict[str, str], field: str, said: str
) -> None:
    make("schedules", {"name": "夜間", "week": []})
    answer = send(admin, NEW, NEW, **{"name": "平日", "name_en": "Weekdays", **OFFICE, **changed})
    beside = re.search(rf'id="{field}-error">.*?<span>([^<]+)', answer.text)
    assert (answer.status_code, beside and beside[1]) == (422, T(said))
    assert "Weekdays" in answer.text
    assert len(admin.get("/api/v1/schedules").json()["items"]) == 1


def test_who_reads_or_has_one_site_sees_the_hours_and_changes_nothing(
    admin: TestClient, hub: Hub, make: Any, hall: Any, as_role: Any
) -> None:
    week = [{"days": [0], "spans": [[510, 1035]]}]
    row = make("schedules", {"name": "平日", "week": week})
    place = f"/rights/schedules/{row['id']}"
    clerk = as_role(Role.CLERK)
    assert "8:30-17:15" in page(clerk, place)
    assert f'action="{place}"' not in page(clerk, place)
    assert clerk.post(place, data={"name": "x"}, headers=HTML).status_code == 403
    only_at(hub, admin, hall.site)
    assert f'action="{place}"' not in page(admin, place)
    assert NEW not in page(admin, "/rights/schedules")
    for path in (place, NEW):
        assert admin.post(path, data={"name": "x"}, headers=HTML).status_code == 403
    assert admin.get(NEW, headers=HTML).status_code == 403


_MINUTES = st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(lambda one: one[0] < one[1])
_SPANS = st.sets(_MINUTES, max_size=20).map(
    lambda found: tuple(DaySpan(*one) for one in sorted(found))
)


@given(st.lists(_SPANS, min_size=7, max_size=7))
def test_what_is_shown_of_a_week_reads_back_as_the_same_week(days: list[Any]) -> None:
    read = tuple(spans_of(spans_text(spans)) for spans in days)
    assert read == tuple(days)
    assert by_day(week_of(read)) == read


@given(st.text(max_size=40))
def test_any_text_is_spans_or_a_named_error(text: str) -> None:
    try:
        assert all(0 <= one.start_min < one.end_min <= 1440 for one in spans_of(text))
    except SpansError as error:
        assert T.has(f"schedules.error.{error.code}")
