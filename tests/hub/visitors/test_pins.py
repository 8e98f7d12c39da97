"""Visitors' PINs: good in the visit's window alone, after the host where one is asked for, and
gone when they leave."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.clock import HandMovedClock
from hub.pins import confirmation
from hub.pins.placement import LIVE
from hub.pins.tables import pin_credentials, pin_placements
from tests.hub.visitors.test_pages import page, send
from tests.hub.visitors.test_visitors import Desk


@pytest.fixture
def desk(admin: TestClient, clock: HandMovedClock) -> Desk:
    made = Desk(admin, clock)
    at = {"controller_id": "hall000000000002", "driver": "virtual", "port": "v"}
    device = made.add("devices", name="板", **at)
    made.add("readers", device_id=device, door_id=made.door, name="玄関", side="entry", keypad=True)
    return made


def _visitor(visit: Any) -> str:
    return str(visit["visitors"][0]["id"])


def _placement(hub: Any, credential: str) -> Any:
    with hub.core.db.read() as scope:
        t = pin_placements
        return scope.one(scope.select(t).where(t.c.credential_id == credential))


def _digits(desk: Desk, visitor: str) -> str:
    return str(desk.post(f"visitors/{visitor}/pin/reveal")["pin"])


def test_a_visitor_s_pin_is_placed_at_the_keypads_of_the_visit_in_its_window(
    desk: Desk, hub: Any
) -> None:
    visit = desk.visit()
    given = desk.post(f"visitors/{_visitor(visit)}/pin")
    assert (given["doors"], given["readiness"]) == ([desk.door], "scheduled")
    assert (given["starts_at"], given["ends_at"]) == (visit["starts_at"], visit["ends_at"])
    assert desk.post(f"visitors/{_visitor(visit)}/pin") == given, "the same when asked again"
    digits = _digits(desk, _visitor(visit))
    assert re.fullmatch(r"\d{6,10}", digits)
    seen = desk.client.get(f"/api/v1/visits/{visit['id']}").text
    assert given["credential_id"] in seen
    assert digits not in seen
    audit = desk.client.get("/api/v1/audit").text
    assert "pin.revealed" in audit
    assert digits not in audit


def test_with_an_escort_the_pin_s_grant_asks_for_the_host_first(
    desk: Desk, hub_town: Any, hub: Any
) -> None:
    visit = desk.visit(escort_required=True, escort_s=20)
    given = desk.post(f"visitors/{_visitor(visit)}/pin")
    with hub.core.db.read() as scope:
        row = scope.one(
            scope.select(pin_credentials).where(pin_credentials.c.id == given["credential_id"])
        )
    assert (row.escorts, row.escort_s) == ((desk.host,), 20)
    ways = desk.client.get(f"/api/v1/doors/{desk.door}/access").json()
    (way,) = [each for each in ways if each["by"] == "pin"]
    assert (way["visit_id"], way["person_id"]) == (visit["id"], None)
    assert [each["reason"] for each in way["conditions"]] == ["escort_missing"]
    desk.client.patch(f"/api/v1/visits/{visit['id']}", json={"escort_required": False})
    ways = desk.client.get(f"/api/v1/doors/{desk.door}/access").json()
    (way,) = [each for each in ways if each["by"] == "pin"]
    assert way["conditions"] == []


def test_it_follows_the_visit_and_ends_when_they_leave_or_nobody_comes(
    desk: Desk, hub: Any
) -> None:
    visit = desk.visit(visitors=[{"name": "佐藤"}, {"name": "鈴木"}])
    first, second = (each["id"] for each in visit["visitors"])
    one, two = (desk.post(f"visitors/{each}/pin") for each in (first, second))
    assert _digits(desk, first) != _digits(desk, second)
    later = desk.clock.now() + timedelta(hours=5)
    changed = desk.client.patch(
        f"/api/v1/visits/{visit['id']}", json={"ends_at": later.isoformat()}
    )
    assert {each["ends_at"] for each in changed.json()["pins"]} == {changed.json()["ends_at"]}
    assert _placement(hub, one["credential_id"]).ends_at == later
    desk.post(f"visitors/{first}/arrive")
    desk.post(f"visitors/{first}/leave")
    desk.post(f"visitors/{first}/pin/reveal", 404)
    assert _placement(hub, one["credential_id"]).state == "revoked"
    assert _placement(hub, two["credential_id"]).state == "scheduled"
    desk.post(f"visits/{visit['id']}/cancel")
    assert _placement(hub, two["credential_id"]).state == "revoked"
    desk.post(f"visitors/{second}/pin", 409)


def test_a_visit_without_a_keypad_or_without_its_doors_has_no_pin(desk: Desk, hub: Any) -> None:
    visit = desk.visit(zones=[])
    refused = desk.post(f"visitors/{_visitor(visit)}/pin", 422)
    assert refused["errors"][0]["code"] == "no_keypad"
    visit = desk.visit()
    given = desk.post(f"visitors/{_visitor(visit)}/pin")
    desk.client.patch(f"/api/v1/visits/{visit['id']}", json={"zones": []})
    assert _placement(hub, given["credential_id"]).state == "revoked"
    taken = desk.visit()
    given = desk.post(f"visitors/{_visitor(taken)}/pin")
    assert desk.client.delete(f"/api/v1/visitors/{_visitor(taken)}/pin").status_code == 204
    assert _placement(hub, given["credential_id"]).state == "revoked"


def test_work_of_several_days_opens_in_each_day_s_hours_alone(desk: Desk, hub: Any) -> None:
    visit = desk.visit(hours=24 * 3 + 3, daily=True)
    visitor, card = _visitor(visit), desk.cards[0]
    desk.post(f"visitors/{visitor}/arrive", card_id=card)
    given = desk.post(f"visitors/{visitor}/pin")
    (grant,) = desk.grants(card)
    assert (grant["start_at"], given["starts_at"]) == (visit["starts_at"], visit["starts_at"])
    assert grant["end_at"] == given["ends_at"]
    assert grant["end_at"] < visit["ends_at"]
    desk.post(f"visitors/{visitor}/leave", card_returned=False)
    assert not desk.pool()[card]["overdue"], "they come again tomorrow"
    assert desk.grants(card) == []
    desk.clock.advance(timedelta(hours=4))
    desk.post(f"visitors/{visitor}/arrive", 409)
    desk.clock.advance(timedelta(hours=21))
    came = desk.post(f"visitors/{visitor}/arrive")
    assert came["card_id"] == card
    (again,) = desk.grants(card)
    assert again["start_at"][:10] > grant["start_at"][:10]
    desk.clock.advance(timedelta(days=3))
    assert desk.pool()[card]["overdue"]
    wrong = desk.client.post(
        "/api/v1/visits",
        json={
            "site_id": desk.site,
            "starts_at": "2026-04-20T08:00:00Z",
            "ends_at": "2026-04-22T01:00:00Z",
            "daily": True,
        },
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "hours")


def _tick(hub: Any, controller: str = "hall000000000002") -> None:
    """Let the hub notice which windows began and ended."""
    now = hub.core.clock.now()
    hub.core.db.write(lambda scope: confirmation.tick(scope, now))


def test_a_pin_whose_hours_are_over_comes_back_with_no_change_of_the_visit(
    desk: Desk, hub: Any
) -> None:
    """Yesterday's PIN is yesterday's: whoever still knows it must not find it good again because
    somebody corrected the visit."""
    visit = desk.visit(hours=24 * 3 + 3, daily=True)
    visitor = _visitor(visit)
    old = desk.post(f"visitors/{visitor}/pin")
    desk.clock.advance(timedelta(hours=24))
    _tick(hub)
    today = desk.post(f"visitors/{visitor}/pin")
    assert today["credential_id"] != old["credential_id"]
    changed = desk.client.patch(f"/api/v1/visits/{visit['id']}", json={"escort_s": 40})
    assert [each["credential_id"] for each in changed.json()["pins"]] == [today["credential_id"]]
    assert _placement(hub, old["credential_id"]).state not in LIVE


def test_a_visit_that_is_prolonged_after_its_end_revives_no_pin(desk: Desk, hub: Any) -> None:
    visit = desk.visit(hours=1)
    given = desk.post(f"visitors/{_visitor(visit)}/pin")
    desk.clock.advance(timedelta(hours=2))
    _tick(hub)
    later = (desk.clock.now() + timedelta(hours=5)).isoformat()
    changed = desk.client.patch(f"/api/v1/visits/{visit['id']}", json={"ends_at": later})
    assert changed.json()["pins"] == []
    assert _placement(hub, given["credential_id"]).state not in LIVE
    again = desk.post(f"visitors/{_visitor(visit)}/pin")
    assert again["credential_id"] != given["credential_id"]


def test_the_digits_stand_on_the_sheet_alone_and_nowhere_in_an_address(desk: Desk) -> None:
    visit = desk.visit(escort_required=True)
    visitor = _visitor(visit)
    where = f"/visitors/visits/{visit['id']}"
    sent = send(desk.client, where, f"/visitors/{visitor}/pin")
    assert (sent.status_code, sent.headers["location"]) == (303, where)
    digits = _digits(desk, visitor)
    assert digits not in page(desk.client, where)
    assert desk.client.get(f"/visitors/{visitor}/sheet").status_code in (404, 405)
    sheet = send(desk.client, where, f"/visitors/{visitor}/sheet")
    assert sheet.status_code == 200
    assert "".join(re.findall(r"<span>(\d+)</span>", sheet.text)) == digits
    assert "no-store" in sheet.headers["cache-control"]
