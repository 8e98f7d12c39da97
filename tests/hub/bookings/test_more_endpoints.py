"""Batches, ETags, numbers, calendars, histories, closed days and series over HTTP; and examples."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar
from pydantic import BaseModel

import hub.bookings
from hub.web.rights import Role

SCHEMAS = sorted(path.stem for path in Path(hub.bookings.__file__).parent.glob("*schemas.py"))


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """One kind of database: nothing here depends on it but the history, see below."""
    return sqlite_at


@pytest.fixture
def facility(hub_town: Any, admin: TestClient) -> dict[str, Any]:
    site = hub_town.site()
    door = hub_town.door(site, hub_town.controller(site))
    body = {
        "site_id": site,
        "name_ja": "体育館",
        "name_en": "Gym",
        "doors": [door],
        "approval": "automatic",
        "phone": "0123-45-6789",
    }
    answer = admin.post("/api/v1/facilities", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def wish(clock: Any, facility: dict[str, Any], start_h: float, **more: Any) -> dict[str, Any]:
    start: datetime = clock.now() + timedelta(hours=start_h)
    return {
        "facility_id": facility["id"],
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=2)).isoformat(),
        **more,
    }


def models() -> list[type[BaseModel]]:
    found = {}
    for name in SCHEMAS:
        module = import_module(f"hub.bookings.{name}")
        for _, one in inspect.getmembers(module, inspect.isclass):
            ours = one.__module__.startswith("hub.bookings")
            if ours and issubclass(one, BaseModel) and one.__name__.endswith(("In", "Out")):
                found[one.__name__] = one
    return list(found.values())


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_shape_has_an_example_that_is_one_of_it(model: type[BaseModel]) -> None:
    if model.__name__ == "ShapeIn":
        return
    extra = model.model_config.get("json_schema_extra")
    assert isinstance(extra, dict)
    (example,) = extra["examples"]
    read = model.model_validate(example)
    if model.__name__.endswith("Out"):
        assert read.model_dump(mode="json").keys() == example.keys()


def test_a_batch_answers_for_each_and_is_ok_only_if_all_are(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    items = [
        {"reservation_key": "a", "booking": wish(clock, facility, 1)},
        {"reservation_key": "b", "booking": wish(clock, facility, 2)},
        {"reservation_key": "c", "booking": wish(clock, facility, 5)},
    ]
    answer = admin.post("/api/v1/bookings/batch", json={"items": items})
    assert answer.status_code == 207, answer.text
    body = answer.json()
    assert (body["ok"], body["made"], body["refused"]) == (False, 2, 1)
    assert [each["result"] for each in body["items"]] == ["made", "refused", "made"]
    assert body["items"][1]["problem"]["code"] == "double_booked"
    assert body["items"][1]["booking"] is None
    again = admin.post("/api/v1/bookings/batch", json={"items": items[::2]}).json()
    assert (again["ok"], again["changed"]) == (True, 2)
    bad = admin.post("/api/v1/bookings/batch", json={"items": [{"reservation_key": "x y"}]})
    assert bad.status_code == 422


def test_a_change_of_what_changed_meanwhile_is_refused(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    url = "/api/v1/bookings/k"
    first = admin.put(url, json=wish(clock, facility, 1)).headers["ETag"]
    assert admin.get(url).headers["ETag"] == first
    clock.advance(timedelta(seconds=1))
    second = admin.put(url, json={"purpose": "卓球"}, headers={"If-Match": first})
    assert second.status_code == 200
    for tag in (first, '"x"', "*", '"99999999999999999999"', '"٣"'.encode()):
        stale = admin.put(url, json={"purpose": "x"}, headers={"If-Match": tag})
        assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    same = admin.put(url, json={"purpose": "卓球"}, headers={"If-Match": second.headers["ETag"]})
    assert same.headers["ETag"] == second.headers["ETag"]
    absent = admin.put("/api/v1/bookings/none", json={}, headers={"If-Match": first})
    assert absent.status_code == 412


def test_a_number_finds_its_booking_and_a_misheard_one_is_noticed(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    number = admin.put("/api/v1/bookings/k", json=wish(clock, facility, 1)).json()["number"]
    spoken = f"{number[:3]} {number[3:]}"
    (found,) = admin.get("/api/v1/bookings", params={"number": spoken}).json()["items"]
    assert found["reservation_key"] == "k"
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    answer = admin.get("/api/v1/bookings", params={"number": wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "number_mistyped")


def test_the_calendar_file_says_where_and_when_and_never_the_pin(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    contact = {"name": "山田 花子", "language": "en"}
    body = wish(clock, facility, 1, contact=contact)
    number = admin.put("/api/v1/bookings/k", json=body).json()["number"]
    pin = admin.get("/api/v1/bookings/k/pin").json()[0]["pin"]
    answer = admin.get("/api/v1/bookings/k/calendar")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert pin not in answer.text
    assert "山田" not in answer.text
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["SUMMARY"] == "Gym"
    assert number in event["DESCRIPTION"]
    assert event.decoded("DTSTART") == clock.now() + timedelta(hours=1)
    clock.advance(timedelta(minutes=1))
    admin.delete("/api/v1/bookings/k")
    cancelled = Calendar.from_ical(admin.get("/api/v1/bookings/k/calendar").content)
    (gone,) = cancelled.walk("VEVENT")
    assert (gone["STATUS"], gone["UID"]) == ("CANCELLED", event["UID"])
    assert gone["SEQUENCE"] > event["SEQUENCE"]
    assert cancelled["METHOD"] == "CANCEL"


def test_members_join_and_leave(admin: TestClient, facility: dict[str, Any], clock: Any) -> None:
    admin.put("/api/v1/bookings/k", json=wish(clock, facility, 1, contact={"name": "青木"}))
    joined = admin.post("/api/v1/bookings/k/holders", json={"name": "伊藤"})
    assert joined.status_code == 201, joined.text
    holders = {each["holder"]: each["holder_id"] for each in joined.json()["credentials"]}
    assert holders.keys() == {"青木", "伊藤"}
    left = admin.delete(f"/api/v1/bookings/k/holders/{holders['青木']}")
    assert [each["holder"] for each in left.json()["credentials"]] == ["伊藤"]
    last = admin.delete(f"/api/v1/bookings/k/holders/{holders['伊藤']}")
    assert (last.status_code, last.json()["code"]) == (409, "last_holder")


def test_closed_days_are_set_listed_and_lifted(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    admin.put("/api/v1/bookings/k", json=wish(clock, facility, 25))
    body = {
        "site_id": facility["site_id"],
        "first_day": "2026-04-07",
        "last_day": "2026-04-08",
        "reason_ja": "床の点検",
    }
    made = admin.post("/api/v1/closures", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["standing"] == ["k"]
    assert admin.get("/api/v1/closures", params={"since": "2026-04-09"}).json() == []
    assert len(admin.get("/api/v1/closures").json()) == 1
    refused = admin.put("/api/v1/bookings/n", json=wish(clock, facility, 30))
    assert (refused.status_code, refused.json()["code"]) == (422, "closed")
    assert refused.json()["closed_on"] == ["2026-04-07"]
    forced = wish(clock, facility, 30, override_closed=True)
    assert admin.put("/api/v1/bookings/n", json=forced).status_code == 201
    url = f"/api/v1/closures/{made.json()['id']}"
    assert admin.delete(url).status_code == 204
    assert admin.delete(url).status_code == 404
    inverted = admin.post("/api/v1/closures", json={**body, "last_day": "2026-04-06"})
    assert inverted.status_code == 422


def test_a_series_is_made_read_and_cancelled(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    body = {
        "facility_id": facility["id"],
        "rule": "FREQ=WEEKLY;COUNT=3",
        "first_start": "2026-04-07T18:00:00",
        "first_end": "2026-04-07T20:00:00",
        "contact": {"name": "庭球クラブ"},
    }
    url = "/api/v1/booking_series/club"
    made = admin.put(url, json=body)
    assert made.status_code == 201, made.text
    assert made.json()["ok"]
    assert made.json()["occurrences"][0]["window"]["starts_at"] == "2026-04-07T09:00:00Z"
    one = admin.get("/api/v1/bookings/club:2026-04-14").json()
    assert (one["occurs_on"], one["series_id"]) == ("2026-04-14", made.json()["id"])
    assert len(admin.get(url).json()["occurrences"]) == 3
    with_offset = {**body, "first_start": "2026-04-07T18:00:00+09:00"}
    assert admin.put(url, json=with_offset).status_code == 422
    bad = admin.put(url, json={**body, "rule": "FREQ=YEARLY;COUNT=2"})
    assert (bad.status_code, bad.json()["code"]) == (422, "rule_invalid")
    gone = admin.delete(url).json()
    assert {each["result"] for each in gone["occurrences"]} == {"cancelled"}


def test_steps_are_kept_in_order_and_name_locks_of_the_facility(
    admin: TestClient, facility: dict[str, Any]
) -> None:
    steps = [
        {"moment": "arrive", "ja": "シャッターを開けます", "door_id": facility["doors"][0]},
        {
            "moment": "leave",
            "ja": "窓を閉めます",
            "easy": "窓を閉めます",
            "en": "Close the windows",
        },
    ]
    names = ("site_id", "name_ja", "doors", "approval")
    body = {name: facility[name] for name in names} | {"steps": steps}
    url = f"/api/v1/facilities/{facility['id']}"
    kept = admin.put(url, json=body).json()["steps"]
    assert [step["ja"] for step in kept] == ["シャッターを開けます", "窓を閉めます"]
    steps[0]["door_id"] = "elsewhere"
    answer = admin.put(url, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "step_lock_unknown")


def test_who_may_not_read_the_audit_learns_what_was_done_and_not_by_whom(
    as_role: Callable[[Role], TestClient], facility: dict[str, Any], clock: Any
) -> None:
    admin = as_role(Role.ADMIN)
    admin.put("/api/v1/bookings/k", json=wish(clock, facility, 1))
    url = "/api/v1/bookings/k/history"
    known = admin.get(url).json()["items"]
    assert {each["source"] for each in known} == {"action", "happening", "placement"}
    assert any(each["cause"].startswith("token:") for each in known if each["source"] == "action")
    seen = as_role(Role.VIEWER).get(url).json()["items"]
    assert [each["what"] for each in seen] == [each["what"] for each in known]
    assert {each["cause"] for each in seen if each["source"] == "action"} == {""}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/bookings/k", {"starts_at": "0001-01-01T00:00:00Z"}),
        ("/api/v1/bookings/k", {"ends_at": "9999-12-31T23:59:59Z"}),
        ("/api/v1/bookings/k", {"purpose": "a\x00b"}),
        ("/api/v1/booking_series/k", {"first_start": "9999-12-31T23:59:59"}),
    ],
)
def test_what_makes_no_sense_is_refused_with_422(
    admin: TestClient, facility: dict[str, Any], path: str, body: dict[str, str]
) -> None:
    rule = {"rule": "FREQ=DAILY;COUNT=1", "first_end": "2026-04-07T20:00:00"}
    whole = {"facility_id": facility["id"], **(rule if "series" in path else {}), **body}
    assert admin.put(path, json=whole).status_code == 422
