"""Batteries over HTTP and through the projection: each reading once, low and unknown, changes,
routes, and who may do what."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from hub.batteries.service import BatteriesService
from hub.batteries.tables import battery_readings
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.web.problems import Problem
from hub.web.rights import Principal, PrincipalKind, Role
from wire.clock import ClockState
from wire.events import ClockBody, EventKind, Origin

NOW = datetime(2026, 4, 6, tzinfo=UTC)
DAY = timedelta(days=1)
ALKALINE = {"chemistry": "alkaline", "cells": 4, "cutoff_mv": 4300}
Keypad = Callable[..., tuple[str, str]]


def used(days: float, life_days: float) -> int:
    """What a pack of four shows after some days, as alkaline cells do."""
    gone = days / life_days
    cell = 1580 - 120 * (1 - math.exp(-9 * gone)) - 260 * gone + 55 * math.log(1 - gone * 0.97)
    return round(4 * cell)


@pytest.fixture
def device(keypad: Keypad, admin: TestClient) -> tuple[str, str]:
    """Controller and device of a keypad on four alkaline cells."""
    controller, device = keypad()
    answer = admin.put(f"/api/v1/devices/{device}/battery", json=ALKALINE)
    assert answer.status_code == 200, answer.text
    return controller, device


def history(told: Any, device: tuple[str, str], days: int, life_days: float) -> None:
    """A reading each third day until now, from new cells."""
    for n in range(days % 3, days + 1, 3):
        told.tell(*device, used(n, life_days), NOW - DAY * (days - n), uses=1000 + 9 * n)


def one(client: TestClient, device: tuple[str, str]) -> dict[str, Any]:
    answer = client.get(f"/api/v1/devices/{device[1]}/battery")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def low_alarms(client: TestClient) -> list[dict[str, Any]]:
    return [each for each in client.get("/api/v1/alarms").json() if each["kind"] == "battery_low"]


# --- readings ----------------------------------------------------------------------------------


def test_a_replay_changes_nothing(told: Any, device: tuple[str, str], admin: TestClient) -> None:
    """Readings, forecast, state and inferred changes are the same again."""
    history(told, device, 120, 200)
    for n in range(1, 40, 4):
        told.tell(*device, used(n, 80), NOW - DAY * 160 + DAY * n)  # earlier cells, unrecorded
    told.project()
    before = one(admin, device)
    told.project(replay=True)
    assert one(admin, device) == before
    assert len(before["readings"]) == 41
    (found,) = before["changes"]
    assert found["inferred"]
    assert found["at"].startswith("2025-12-07")


def test_readings_behind_an_offline_box_are_in_order_whenever_they_come(
    told: Any, device: tuple[str, str], admin: TestClient
) -> None:
    """A log collected at a visit, newest first: the level is the newest, as of its own time."""
    for n in (3, 2, 1):
        origin = Origin(device=device[1], log_epoch=1, index=n)
        told.tell(*device, 6000 - n * 10, NOW - DAY * 10 + DAY * n, received=NOW, origin=origin)
    told.project()
    found = one(admin, device)
    assert (found["millivolts"], found["age_days"]) == (5970, 7)
    assert [each["millivolts"] for each in found["readings"]] == [5990, 5980, 5970]


def test_a_controller_says_nothing_of_anothers_batteries(
    told: Any, keypad: Keypad, device: tuple[str, str], admin: TestClient
) -> None:
    other, _ = keypad()
    told.tell(other, device[1], 4000, NOW - DAY)
    told.project()
    assert one(admin, device)["millivolts"] is None


def test_an_untrusted_time_waits_for_its_anchor_and_none_is_later_than_its_arrival(
    told: Any, device: tuple[str, str], hub: Hub, admin: TestClient
) -> None:
    """A clock of 1970 gives no reading; the anchor gives it its place. A clock that runs ahead
    cannot keep a level known for ever."""
    controller = device[0]
    dawn = datetime(1970, 1, 1, tzinfo=UTC)
    untrusted = {"clock": ClockState.UNTRUSTED, "shown": dawn}
    told.tell(*device, 6000, NOW - DAY * 3, received=NOW - DAY, **untrusted)
    told.project()
    assert one(admin, device)["millivolts"] is None
    anchor = ClockBody(state=ClockState.TRUSTED, error_ms=5)
    told.happen(EventKind.CLOCK_ANCHOR, controller, anchor, NOW - DAY)
    told.tell(*device, 5900, NOW, shown=NOW + DAY * 900)
    told.project()
    with hub.core.db.read() as scope:
        rows = scope.all(select(battery_readings).order_by(battery_readings.c.id))
    assert [row.at for row in rows] == [NOW - DAY * 3, NOW + timedelta(seconds=1)]


# --- unknown, never good -----------------------------------------------------------------------


def test_what_is_silent_is_unknown_and_keeps_its_forecast_with_a_wider_range(
    told: Any, device: tuple[str, str], admin: TestClient, clock: HandMovedClock
) -> None:
    """After two and a half heartbeats; since when it was heard of."""
    history(told, device, 150, 400)
    told.project()
    fresh = one(admin, device)
    assert (fresh["state"], fresh["why_unknown"]) == ("good", None)
    clock.advance(timedelta(days=2.4))
    assert one(admin, device)["state"] == "good"
    clock.advance(timedelta(days=40))
    silent = one(admin, device)
    assert (silent["state"], silent["why_unknown"]) == ("unknown", "silent")
    assert silent["unknown_since"] == fresh["as_of"]
    assert silent["age_days"] == 42
    assert silent["forecast"]["median"] == fresh["forecast"]["median"]
    assert silent["forecast"]["earliest"] < fresh["forecast"]["earliest"]
    assert silent["forecast"]["latest"] > fresh["forecast"]["latest"]


def test_a_box_heard_of_at_visits_has_their_rhythm(
    told: Any, device: tuple[str, str], admin: TestClient, clock: HandMovedClock
) -> None:
    monthly = {**ALKALINE, "heartbeat_s": 30 * 86400, "heard_by": "visits"}
    admin.put(f"/api/v1/devices/{device[1]}/battery", json=monthly)
    history(told, device, 150, 400)
    told.project()
    clock.advance(timedelta(days=60))
    assert one(admin, device)["state"] in ("good", "soon")
    clock.advance(timedelta(days=20))
    assert one(admin, device)["state"] == "unknown"


def test_a_key_box_tells_its_battery_whoever_visits_it(
    told: Any, hub_town: Any, admin: TestClient, hub: Hub
) -> None:
    site, there = hub_town.site(), hub_town.site()
    made = admin.post("/api/v1/key_boxes", json={"site_id": site, "name": "小屋のキーボックス"})
    box = ("", str(made.json()["id"]))
    visits = {**ALKALINE, "heartbeat_s": 120 * 86400, "heard_by": "visits"}
    assert admin.put(f"/api/v1/devices/{box[1]}/battery", json=visits).status_code == 200
    visitors = [hub_town.controller(site), hub_town.controller(there)]
    for n in range(0, 151, 3):
        origin = Origin(device=box[1], log_epoch=7, index=n)
        at = NOW - DAY * (150 - n)
        told.tell(visitors[n % 2], box[1], used(n, 400), at, uses=100 + n, origin=origin)
    told.project()
    found = one(admin, box)
    assert (found["name"], found["site_id"]) == ("小屋のキーボックス", site)
    assert found["state"] in ("good", "soon")
    assert len(found["readings"]) == 51
    [listed] = admin.get("/api/v1/batteries").json()["items"]
    assert listed["device_id"] == box[1]
    elsewhere = Principal(PrincipalKind.SESSION, "u", "u", Role.CLERK, frozenset({there}))
    assert hub.services.get(BatteriesService).every(elsewhere) == ()
    assert admin.post(f"/api/v1/devices/{box[1]}/battery-changes", json={}).status_code == 201


def test_without_a_profile_or_a_reading_nothing_is_good(
    told: Any, keypad: Keypad, device: tuple[str, str], admin: TestClient
) -> None:
    assert one(admin, device)["why_unknown"] == "never_heard"
    bare = keypad()
    assert admin.get(f"/api/v1/devices/{bare[1]}/battery").status_code == 404
    told.tell(*bare, 6000, NOW - timedelta(hours=1))
    told.project()
    found = one(admin, bare)
    assert (found["state"], found["why_unknown"]) == ("unknown", "no_profile")
    assert found["forecast"]["why_not"] == "no_profile"


# --- low ---------------------------------------------------------------------------------------


def test_low_cells_raise_one_alarm_and_new_cells_clear_it(
    told: Any, device: tuple[str, str], admin: TestClient, clock: HandMovedClock
) -> None:
    """A wild reading raises none; further low ones do not raise it again; acknowledged and
    replaced it is gone, and stays gone in a replay."""
    for n in range(6):
        told.tell(*device, 5600, NOW - DAY * 9 + timedelta(hours=n))
    told.tell(*device, 2000, NOW - DAY * 8)
    told.project()
    assert low_alarms(admin) == []
    for n in range(5):
        told.tell(*device, 4350 - n, NOW - DAY * 7 + timedelta(hours=n))
    told.project()
    (alarm,) = low_alarms(admin)
    assert (alarm["times"], alarm["device_id"], alarm["is_critical"]) == (1, device[1], False)
    assert one(admin, device)["state"] == "low"
    admin.post(f"/api/v1/alarms/{alarm['id']}/acknowledge", json={})
    assert len(low_alarms(admin)) == 1
    made = admin.post(f"/api/v1/devices/{device[1]}/battery-changes", json={"note": "4 x AA"})
    assert made.status_code == 201
    for replay in (False, True):
        told.project(replay=replay)
        assert low_alarms(admin) == []
        assert one(admin, device)["state"] != "low"


def test_a_good_level_clears_it_without_a_record(
    told: Any, device: tuple[str, str], admin: TestClient
) -> None:
    """Two good readings of three; the change is inferred, and the forecast starts anew."""
    for n in range(8):
        told.tell(*device, 4300, NOW - DAY * 9 + timedelta(hours=n))
    told.project()
    (alarm,) = low_alarms(admin)
    told.tell(*device, 6250, NOW - DAY * 8)
    told.project()
    assert low_alarms(admin)[0]["cleared_at"] is None
    told.tell(*device, 6240, NOW - DAY * 7)
    told.tell(*device, 6240, NOW - DAY * 6)
    told.project()
    (over,) = low_alarms(admin)
    assert over["id"] == alarm["id"]
    assert over["cleared_at"] is not None
    found = one(admin, device)
    assert [each["inferred"] for each in found["changes"]] == [True]
    assert found["forecast"]["why_not"] == "too_few"


def test_a_forecast_that_fails_stops_no_other(
    told: Any,
    keypad: Keypad,
    device: tuple[str, str],
    admin: TestClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says so, and is made again with the next reading."""
    from hub.batteries import reckoning

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    history(told, device, 90, 200)
    monkeypatch.setattr(reckoning, "forecast", fails)
    told.project()
    assert one(admin, device)["forecast"]["why_not"] == "failed"
    monkeypatch.undo()
    told.tell(*device, used(90, 200), NOW + timedelta(minutes=1))
    told.project()
    assert one(admin, device)["forecast"]["why_not"] is None


# --- lists and routes --------------------------------------------------------------------------


def test_pages_and_filters_give_each_battery_once(
    told: Any, keypad: Keypad, admin: TestClient
) -> None:
    made = [keypad() for _ in range(5)]
    for n, each in enumerate(made):
        admin.put(f"/api/v1/devices/{each[1]}/battery", json=ALKALINE)
        for hour in range(3):
            told.tell(*each, 4200 if n == 2 else 6100, NOW - timedelta(hours=hour + 1))
    told.project()
    seen, cursor = [], None
    while True:
        page = admin.get(
            "/api/v1/batteries", params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2}
        ).json()
        seen += [each["device_id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(each[1] for each in made)
    low = admin.get("/api/v1/batteries", params={"state": "low"}).json()["items"]
    assert [each["device_id"] for each in low] == [made[2][1]]
    due = admin.get("/api/v1/batteries", params={"due_before": "2026-05-01T00:00:00Z"}).json()
    assert [each["device_id"] for each in due["items"]] == [made[2][1]]
    assert admin.get("/api/v1/batteries", params={"cursor": "x"}).status_code == 422


def test_a_route_goes_by_way_of_the_map_and_names_the_cells(
    told: Any, keypad: Keypad, admin: TestClient
) -> None:
    """Along a valley whose sites were entered in any order; those without a place come last."""
    places = [32.90, 32.99, 32.93, None, 32.96]
    ids = []
    for n, latitude in enumerate(places):
        site = {"name": f"site {n}", "address": f"{n}"}
        if latitude is not None:
            site |= {"latitude": latitude, "longitude": 131.08}
        ids.append(admin.post("/api/v1/sites", json=site).json()["id"])
        box = keypad(ids[-1])
        admin.put(f"/api/v1/devices/{box[1]}/battery", json=ALKALINE)
        for hour in range(3):
            told.tell(*box, 4250, NOW - timedelta(hours=hour + 1))
    told.project()
    asked = {"before": "2026-05-01", "start": ids[1]}
    route = admin.get("/api/v1/batteries/route", params=asked).json()
    assert [stop["site_id"] for stop in route["stops"]] == [ids[n] for n in (1, 4, 2, 0, 3)]
    assert route["length_km"] == pytest.approx(10.0, abs=0.2)
    assert route["cells"] == {"alkaline": 20}
    assert all(each["state"] == "low" for stop in route["stops"] for each in stop["batteries"])
    free = admin.get("/api/v1/batteries/route", params={"before": "2026-05-01"}).json()
    assert [stop["site_id"] for stop in free["stops"]][-1] == ids[3]
    for wrong in ({"before": "9999-12-31"}, {**asked, "start": "nowhere"}, {"before": "soon"}):
        assert admin.get("/api/v1/batteries/route", params=wrong).status_code == 422


def test_half_a_place_is_none(admin: TestClient) -> None:
    answer = admin.post("/api/v1/sites", json={"name": "half", "latitude": 33.0})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.longitude"


# --- who may -----------------------------------------------------------------------------------


def test_nobody_sees_or_changes_what_stands_at_others_sites(
    told: Any, device: tuple[str, str], hub: Hub, keypad: Keypad, hub_town: Any
) -> None:
    service = hub.services.get(BatteriesService)
    there = hub_town.site()
    clerk = Principal(PrincipalKind.SESSION, "u", "u", Role.CLERK, frozenset({there}))
    assert service.every(clerk) == ()
    for act in (
        lambda: service.sheet(clerk, device[1]),
        lambda: service.record_change(clerk, device[1]),
    ):
        with pytest.raises(Problem, match="not_found"):
            act()
    mine = keypad(there)
    told.tell(*mine, 6000, NOW - DAY)
    told.project()
    assert [each.holder.id for each in service.every(clerk)] == [mine[1]]


def test_changes_and_profiles_are_audited_and_no_change_lies_ahead(
    device: tuple[str, str], admin: TestClient
) -> None:
    path = f"/api/v1/devices/{device[1]}/battery-changes"
    assert admin.post(path, json={"at": "2026-04-07T00:00:00Z"}).status_code == 422
    assert admin.post(path, json={"chemistry": "nickel_metal_hydride"}).status_code == 201
    assert admin.post(path, json={}).status_code == 409  # at the same instant
    assert one(admin, device)["profile"]["chemistry"] == "nickel_metal_hydride"
    actions = [each["action"] for each in admin.get("/api/v1/audit").json()["items"]]
    assert actions.count("battery.changed") == 1
    assert actions.count("battery.profile_set") == 1
