"""Somebody limited to a site sees and changes that site's things, and learns of no others."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.accounts.service import AccountsService
from hub.bootstrap import Hub
from hub.web.rights import SYSTEM, Role

KINDS = {"sites": "site", "controllers": "controller", "devices": "device", "doors": "door"}


@pytest.fixture
def limited(hub: Hub, client: TestClient, gym: Any, hall: Any) -> TestClient:
    """The client with an administrator's token for the hall alone."""
    accounts = hub.services.get(AccountsService)
    _, text = accounts.create_token(SYSTEM, name="hall", role=Role.ADMIN, sites=[hall.site])
    client.headers["Authorization"] = f"Bearer {text}"
    return client


def test_lists_hold_the_own_site_only(limited: TestClient, gym: Any, hall: Any) -> None:
    for path, kind in KINDS.items():
        shown = [row["id"] for row in limited.get(f"/api/v1/{path}").json()["items"]]
        assert shown == [value for value in [getattr(hall, kind)] if value], path
    assert limited.get("/api/v1/readers").json()["items"] == []


def test_what_lies_elsewhere_cannot_be_told_from_what_does_not_exist(
    limited: TestClient, gym: Any
) -> None:
    for path, kind in {**KINDS, "readers": "reader"}.items():
        there = limited.get(f"/api/v1/{path}/{getattr(gym, kind)}")
        nowhere = limited.get(f"/api/v1/{path}/nothing")
        assert there.status_code == nowhere.status_code == 404
        assert there.json()["detail"] == nowhere.json()["detail"]
        assert (
            limited.patch(f"/api/v1/{path}/{getattr(gym, kind)}", json={"name": "x"}).status_code
            == 404
        )


def test_nothing_can_be_put_at_another_site_or_moved_there(
    limited: TestClient, gym: Any, hall: Any
) -> None:
    new = {"id": "evil000000000001", "site_id": gym.site, "name": "x"}
    assert limited.post("/api/v1/controllers", json=new).status_code == 422
    move = limited.patch(f"/api/v1/controllers/{hall.controller}", json={"site_id": gym.site})
    assert move.status_code == 422
    assert limited.post("/api/v1/sites", json={"name": "new"}).status_code == 403
    door = {"site_id": hall.site, "controller_id": gym.controller, "name": "x"}
    assert limited.post("/api/v1/doors", json=door).status_code == 422
    wired = {
        "site_id": hall.site,
        "controller_id": hall.controller,
        "name": "x",
        "strike": {"device": gym.device},
    }
    assert limited.post("/api/v1/doors", json=wired).status_code == 422


def test_the_own_site_can_be_changed(limited: TestClient, hall: Any) -> None:
    body = {"site_id": hall.site, "controller_id": hall.controller, "name": "正面"}
    assert limited.post("/api/v1/doors", json=body).status_code == 201
    assert limited.patch(f"/api/v1/sites/{hall.site}", json={"phone": "1"}).status_code == 200
