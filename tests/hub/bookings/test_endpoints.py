"""Bookings over HTTP: statuses, problems by code, paging, and PINs that are never cached."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bookings.refusals import Refusal
from hub.catalogue import Language, sentences
from hub.web.rights import Role


@pytest.fixture
def facility(hub_town: Any, admin: TestClient) -> dict[str, Any]:
    site = hub_town.site()
    door = hub_town.door(site, hub_town.controller(site))
    body = {"site_id": site, "name_ja": "体育館", "doors": [door], "approval": "automatic"}
    answer = admin.post("/api/v1/facilities", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def window(clock: Any, start_h: float, hours: float = 2) -> dict[str, str]:
    start: datetime = clock.now() + timedelta(hours=start_h)
    return {
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=hours)).isoformat(),
    }


def test_opening_hours_that_end_before_they_start_are_refused_by_name(
    admin: TestClient, facility: dict[str, Any]
) -> None:
    for start, end in ((600, 600), (1320, 60)):
        body = {
            "site_id": facility["site_id"],
            "name_ja": "集会所",
            "doors": facility["doors"],
            "opening": [{"weekday": 0, "start_min": start, "end_min": end}],
        }
        answer = admin.post("/api/v1/facilities", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert "opening" in answer.text


def test_a_booking_is_made_read_changed_shown_and_cancelled(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    url = "/api/v1/bookings/R-2026:1"
    body = {"facility_id": facility["id"], "contact": {"name": "山田"}, **window(clock, 1)}
    made = admin.put(url, json=body)
    assert made.status_code == 201, made.text
    assert made.json()["readiness"] == "scheduled"
    assert made.json()["effective"]["starts_at"] < made.json()["booked"]["starts_at"]
    assert admin.put(url, json=body).status_code == 200
    assert admin.get(url).json() == made.json()
    pins = admin.get(f"{url}/pin")
    assert pins.headers["Cache-Control"] == "no-store"
    (pin,) = pins.json()
    assert len(pin["pin"]) == 6
    assert admin.post(f"{url}/pin/reissue").status_code == 200
    assert admin.get(f"{url}/pin").json() != pins.json()
    assert admin.post(f"{url}/pin/link").json()["path"].startswith("/p/")
    actions = [row["action"] for row in admin.get("/api/v1/audit").json()["items"]]
    assert {"pin.link_made", "pin.revealed"} <= set(actions)
    assert admin.delete(url).json()["state"] == "cancelled"
    assert admin.get(f"{url}/pin").json()["code"] == "no_pin"


def test_a_put_without_line_and_language_leaves_them(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    url = "/api/v1/bookings/k1"
    whole = {"name": "山田", "email": "y@example.jp", "phone": "", "line": "U1", "language": "en"}
    body = {"facility_id": facility["id"], **window(clock, 1)}
    made = admin.put(url, json={**body, "contact": whole}).json()
    assert made["contact"] == whole
    known = {"name": "山田 花子", "email": "h@example.jp"}
    assert admin.put(url, json={**body, "contact": known}).json()["contact"] == whole | known
    gone = admin.put(url, json={"contact": {"line": "", "language": None}}).json()["contact"]
    assert gone == whole | known | {"line": ""}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"facility_id": "none"}, 422, "facility_unknown"),
        ({"ends_at": None}, 422, "window_missing"),
        ({"starts_at": "2026-04-06T10:00"}, 422, "invalid"),
        ({"nonsense": 1}, 422, "invalid"),
        ({"digits": 3}, 422, "invalid"),
    ],
)
def test_a_refusal_is_a_problem_with_its_code(
    admin: TestClient,
    facility: dict[str, Any],
    clock: Any,
    change: dict[str, Any],
    status: int,
    code: str,
) -> None:
    body = {"facility_id": facility["id"], **window(clock, 1), **change}
    answer = admin.put("/api/v1/bookings/k", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"].startswith("application/problem+json")


def test_a_double_booking_is_a_conflict(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    body = {"facility_id": facility["id"], **window(clock, 1)}
    assert admin.put("/api/v1/bookings/a", json=body).status_code == 201
    answer = admin.put("/api/v1/bookings/b", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "double_booked")


def test_bookings_are_listed_by_their_beginning_page_by_page(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    for number in (3, 1, 2):
        body = {"facility_id": facility["id"], **window(clock, 3 * number)}
        admin.put(f"/api/v1/bookings/k{number}", json=body)
    seen, cursor = [], None
    while True:
        asked = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = admin.get("/api/v1/bookings", params=asked).json()
        seen += [item["reservation_key"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ["k1", "k2", "k3"]
    later = {"since": window(clock, 7)["starts_at"]}
    items = admin.get("/api/v1/bookings", params=later).json()["items"]
    assert [item["reservation_key"] for item in items] == ["k2", "k3"]


def test_a_viewer_sees_bookings_and_no_pin(
    as_role: Callable[[Role], TestClient], facility: dict[str, Any], clock: Any
) -> None:
    body = {"facility_id": facility["id"], **window(clock, 1)}
    as_role(Role.ADMIN).put("/api/v1/bookings/k", json=body)
    viewer = as_role(Role.VIEWER)
    assert viewer.get("/api/v1/bookings/k").status_code == 200
    assert viewer.get("/api/v1/bookings/k/pin").status_code == 403
    assert viewer.put("/api/v1/bookings/k", json=body).status_code == 403


def test_a_day_of_a_facility_shows_its_slots(
    admin: TestClient, facility: dict[str, Any], clock: Any
) -> None:
    body = {"facility_id": facility["id"], **window(clock, 24, 1)}
    admin.put("/api/v1/bookings/k", json=body)
    url = f"/api/v1/facilities/{facility['id']}/availability"
    slots = admin.get(url, params={"date": "2026-04-07"}).json()
    assert len(slots) == 48
    assert sum(slot["state"] == "taken" for slot in slots) == 2


@pytest.mark.parametrize("code", Refusal)
@pytest.mark.parametrize("language", Language)
def test_every_refusal_has_its_words_in_every_language(code: Refusal, language: Language) -> None:
    for part in ("title", "advice"):
        assert sentences()[f"problem.{code.value}.{part}"][language]
