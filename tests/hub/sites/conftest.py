"""A gym with a controller, an OSDP board and a door, made over the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

CONTROLLER = "gym0000000000001"
OTHER_CONTROLLER = "hall000000000002"


@dataclass(frozen=True)
class Gym:
    """Ids of what stands at the gym."""

    site: str
    controller: str
    device: str
    door: str
    reader: str


def _made(client: TestClient, path: str, body: dict[str, Any]) -> Any:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def gym(admin: TestClient) -> Gym:
    """The gym, complete."""
    site = _made(admin, "sites", {"name": "体育館", "name_en": "Gym", "name_kana": "たいいくかん"})
    controller = _made(
        admin, "controllers", {"id": CONTROLLER, "site_id": site["id"], "name": "玄関盤"}
    )
    device = _made(
        admin,
        "devices",
        {"controller_id": CONTROLLER, "name": "板", "driver": "osdp", "port": "bus0", "address": 1},
    )
    points = {
        "strike": {"device": device["id"], "channel": 0},
        "contact": {"device": device["id"], "channel": 0},
        "bolt": {"device": device["id"], "channel": 1, "inverted": True},
    }
    door = _made(
        admin,
        "doors",
        {"site_id": site["id"], "controller_id": CONTROLLER, "name": "玄関", **points},
    )
    reader = _made(
        admin,
        "readers",
        {"device_id": device["id"], "door_id": door["id"], "name": "鍵盤", "keypad": True},
    )
    return Gym(site["id"], controller["id"], device["id"], door["id"], reader["id"])


@pytest.fixture
def hall(admin: TestClient) -> Gym:
    """A second site with a controller and a device, without a door."""
    site = _made(admin, "sites", {"name": "役場"})
    _made(admin, "controllers", {"id": OTHER_CONTROLLER, "site_id": site["id"], "name": "盤"})
    device = _made(
        admin,
        "devices",
        {"controller_id": OTHER_CONTROLLER, "name": "板", "driver": "virtual", "port": "v"},
    )
    return Gym(site["id"], OTHER_CONTROLLER, device["id"], "", "")
