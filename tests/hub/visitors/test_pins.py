"""Visitors' PINs: good in the visit's window alone, after the host where one is asked for, and
gone when they leave."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.clock import HandMovedClock
from hub.pins import confirmation
from hub.pins.placement import LIVE
from hub.pins.tables import pin_credentials, pin_placements
from hub.visitors.chores import FollowKeypads
from hub.visitors.pins import VisitorPins
from tests.hub.pins.conftest import AtTheDoor
from tests.hub.visitors.test_pages import page, send
from tests.hub.visitors.test_visitors import Desk
from wire.reasons import Reason


@pytest.fixture
def agent() -> Callable[..., AtTheDoor]:
    return AtTheDoor


@pytest.fixture
def desk(admin: TestClient, clock: HandMovedClock, enrolled: Any) -> Desk:
    enrolled("hall000000000002")
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
    assert grant["start_at"] == visit["starts_at"]
    assert grant["end_at"] < visit["ends_at"]
    assert (given["starts_at"], given["ends_at"]) == (visit["starts_at"], visit["ends_at"])
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


def test_a_daily_visit_s_pin_keeps_its_digits_for_all_days_and_opens_in_their_hours_alone(
    desk: Desk, hub_town: Any, agent: Any
) -> None:
    """Whoever leaves opens nothing before the next morning, and then the same PIN opens again; the
    door knows so on the evening before."""
    visit = desk.visit(hours=24 * 2 + 3, daily=True)
    visitor = _visitor(visit)
    desk.post(f"visitors/{visitor}/arrive")
    desk.post(f"visitors/{visitor}/pin")
    digits = _digits(desk, visitor)
    began = desk.clock.now()
    span = {"from": began.isoformat(), "to": (began + timedelta(days=4)).isoformat()}

    def opens() -> list[list[str]]:
        path = f"/api/v1/doors/{desk.door}/access"
        ways = desk.client.get(path, params=span).json()
        return [
            [each[end] for end in ("start", "end")]
            for way in ways
            if way["by"] == "pin"
            for each in way["spans"]
        ]

    hours = [began + timedelta(days=n) for n in range(3)]
    wanted = [[_z(start), _z(start + timedelta(hours=3))] for start in hours]
    assert opens() == wanted
    at_door = agent(hub_town, "hall000000000002")

    def type_it() -> Reason:
        return at_door.type(digits, desk.door).reason

    at_door.prove()
    desk.clock.advance(timedelta(hours=1))
    assert type_it() is Reason.PIN_VALID
    desk.post(f"visitors/{visitor}/leave")
    assert opens() == wanted[1:]
    at_door.prove()
    assert type_it() is Reason.NOT_YET_VALID
    desk.post(f"visitors/{visitor}/arrive")
    assert opens() == wanted, "they came back the same day"
    at_door.prove()
    assert type_it() is Reason.PIN_VALID
    desk.post(f"visitors/{visitor}/leave")
    at_door.prove()  # the last that the door hears before the next morning
    desk.clock.advance(timedelta(hours=22))
    assert type_it() is Reason.NOT_YET_VALID
    desk.clock.advance(timedelta(hours=2))
    assert type_it() is Reason.PIN_VALID
    desk.post(f"visitors/{visitor}/arrive")
    assert _digits(desk, visitor) == digits
    at_door.prove()
    assert type_it() is Reason.PIN_VALID
    desk.clock.advance(timedelta(hours=2))
    assert type_it() is Reason.OUTSIDE_SCHEDULE
    desk.clock.advance(timedelta(hours=22))
    desk.post(f"visitors/{visitor}/leave")
    at_door.prove()
    assert type_it() is not Reason.PIN_VALID, "it was the last day"
    desk.post(f"visitors/{visitor}/pin/reveal", 404)


def test_a_keypad_that_is_fitted_later_takes_the_pins_of_visits_by_itself(
    desk: Desk, hub: Any
) -> None:
    visit = desk.visit()
    given = desk.post(f"visitors/{_visitor(visit)}/pin")
    chore = FollowKeypads(hub.core.clock, hub.services.get(VisitorPins))

    def followed() -> list[str]:
        with hub.core.db.read() as scope:
            due = chore.is_due(scope)
        hub.core.db.write(chore.run)
        with hub.core.db.read() as scope:
            assert not chore.is_due(scope)
        (pin,) = desk.client.get(f"/api/v1/visits/{visit['id']}").json()["pins"]
        assert pin["credential_id"] == given["credential_id"]
        return [*pin["doors"], "due"] if due else pin["doors"]

    assert followed() == [desk.door]
    at = {"site_id": desk.site, "controller_id": "hall000000000002"}
    second = desk.add("doors", name="書庫", zone_in=desk.zone, **at)
    assert followed() == [desk.door], "it has no keypad"
    (device,) = desk.client.get("/api/v1/devices").json()["items"]
    reader = {
        "device_id": device["id"],
        "door_id": second,
        "name": "書庫",
        "side": "entry",
        "channel": 1,
    }
    desk.add("readers", **reader, keypad=True)
    assert followed() == [*sorted([desk.door, second]), "due"]
    desk.client.patch(f"/api/v1/doors/{second}", json={"zone_in": None})
    assert followed() == [desk.door, "due"]


def test_a_keypad_that_cannot_take_a_visit_s_pin_is_logged_once_and_takes_nothing_away(
    desk: Desk, hub: Any
) -> None:
    visit = desk.visit()
    digits = desk.post(f"visitors/{_visitor(visit)}/pin") and _digits(desk, _visitor(visit))
    at = {"site_id": desk.site, "controller_id": "hall000000000002"}
    short = desk.add("doors", name="書庫", zone_in=desk.zone, min_digits=4, **at)
    (device,) = desk.client.get("/api/v1/devices").json()["items"]
    keys = {"keypad": True, "max_keys": len(digits) - 1}
    reader = {
        "device_id": device["id"],
        "door_id": short,
        "name": "書庫",
        "side": "entry",
        "channel": 1,
    }
    desk.add("readers", **reader, **keys)
    chore = FollowKeypads(hub.core.clock, hub.services.get(VisitorPins))
    with hub.core.db.read() as scope:
        assert chore.is_due(scope)
    hub.core.db.write(chore.run)
    with hub.core.db.read() as scope:
        assert not chore.is_due(scope)
    (pin,) = desk.client.get(f"/api/v1/visits/{visit['id']}").json()["pins"]
    assert pin["doors"] == [desk.door]


def _z(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


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
