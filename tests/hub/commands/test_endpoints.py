"""Doors steered over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.catalogue import Language, sentences
from hub.commands import problems
from hub.link.tables import SessionState, controller_sessions
from hub.policy.outlet import Outlet
from hub.web.problems import ProblemKind
from hub.web.rights import Role
from wire.policy_bodies import Point
from wire.topics import Channel


class Line:
    """A link that takes everything."""

    def publish(self, controller: str, channel: Channel, body: bytes) -> bool:
        return True


@pytest.fixture
def door(hub_town: Any, hub: Any) -> str:
    site = hub_town.site()
    controller = hub_town.controller(site)
    made: str = hub_town.door(site, controller, strike=Point("device", 0))
    row = {
        "controller_id": controller,
        "number": 1,
        "session": "ab" * 16,
        "state": SessionState.CURRENT,
        "boot_id": "b",
        "agent": "test",
        "epoch": 1,
        "last_seq": 0,
        "hub_epoch": 1,
        "policy_version": 0,
        "clock_state": "trusted",
        "greeted_at": hub_town.clock.now(),
    }
    hub_town.db.write(lambda scope: scope.insert(controller_sessions, row))
    hub.services.get(Outlet).attach(Line())
    return made


def test_an_unlock_is_accepted_and_can_be_followed(
    admin: TestClient, door: str, hub_town: Any
) -> None:
    chosen = hub_town.ids.new()
    url, headers = f"/api/v1/doors/{door}/commands", {"Idempotency-Key": chosen}
    sent = admin.post(url, json={"action": "unlock", "reason": "鍵の忘れ物"}, headers=headers)
    assert sent.status_code == 202, sent.text
    assert sent.json()["id"] == chosen
    assert admin.get(f"/api/v1/commands/{chosen}").json()["state"] == "sent"
    assert admin.post(url, json={}, headers=headers).json()["id"] == chosen
    assert [each["id"] for each in admin.get(url).json()] == [chosen]


def test_a_controller_that_is_away_is_named(admin: TestClient, door: str, hub: Any) -> None:
    hub.services.get(Outlet).attach(Line(), lambda _controller: False)
    answer = admin.post(f"/api/v1/doors/{door}/commands", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "controller_offline")


def test_a_mode_is_put_read_and_taken_away(admin: TestClient, door: str, clock: Any) -> None:
    url = f"/api/v1/doors/{door}/mode"
    assert admin.put(url, json={"mode": "hold_open"}).json()["code"] == "mode_expiry_needed"
    until = (clock.now() + timedelta(hours=1)).isoformat()
    held = admin.put(url, json={"mode": "hold_open", "reason": "行事", "expires_at": until})
    assert held.json()["governing"]["mode"] == "hold_open"
    assert admin.get(url).json() == held.json()
    assert admin.put(url, json={"mode": "normal"}).json()["governing"] is None


def test_an_emergency_is_ordered_tracked_and_ended(admin: TestClient, door: str) -> None:
    made = admin.post("/api/v1/emergencies", json={"kind": "open", "reason": "地震"})
    assert made.status_code == 201, made.text
    url = f"/api/v1/emergencies/{made.json()['id']}"
    (tracked,) = admin.get(url).json()["doors"]
    assert (tracked["door_id"], tracked["track"]) == (door, "ordered")
    assert admin.get("/api/v1/emergencies").json()[0]["id"] == made.json()["id"]
    assert admin.delete(url).json()["ended_at"] is not None
    assert admin.get("/api/v1/emergencies").json() == []


def test_who_could_open_is_answered_now_and_for_a_time(
    admin: TestClient, door: str, hub_town: Any
) -> None:
    person = hub_town.person()
    card = hub_town.card(person)
    hub_town.grant(door, person_id=person)
    nobody = admin.get(f"/api/v1/doors/{door}/access").json()
    assert nobody == [], "a card opens no door that has no reader"
    controller = admin.get(f"/api/v1/doors/{door}").json()["controller_id"]
    hub_town.reader(controller, door)
    (way,) = admin.get(f"/api/v1/doors/{door}/access").json()
    assert (way["by"], way["credential_id"]) == ("card", card)
    at = {"at": "2030-01-01T00:00:00+09:00"}
    assert len(admin.get(f"/api/v1/doors/{door}/access", params=at).json()) == 1


def test_a_clerk_steers_doors_and_orders_no_emergency(
    as_role: Callable[[Role], TestClient], door: str
) -> None:
    clerk = as_role(Role.CLERK)
    assert clerk.post(f"/api/v1/doors/{door}/commands", json={}).status_code == 202
    body = {"kind": "open", "reason": "地震"}
    assert clerk.post("/api/v1/emergencies", json=body).status_code == 403


KINDS = [
    problems.CONTROLLER_OFFLINE,
    problems.NO_STRIKE,
    problems.COMMAND_ID_USED,
    *problems.REFUSED_MODES.values(),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_refusal_has_its_words_in_every_language(kind: ProblemKind) -> None:
    for part in ("title", "advice"):
        for language in Language:
            assert sentences()[f"problem.{kind.code}.{part}"][language]
