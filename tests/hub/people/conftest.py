"""A door at a site, made over the API, for people to be granted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient


@dataclass(frozen=True)
class Place:
    """A site and its door."""

    site: str
    door: str


@pytest.fixture
def make(admin: TestClient) -> Callable[[str, dict[str, Any]], Any]:
    """`make("people", {...})` adds a row over the API and gives it."""

    def add(path: str, body: dict[str, Any]) -> Any:
        answer = admin.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return add


def _place(make: Callable[[str, dict[str, Any]], Any], name: str, controller: str) -> Place:
    site = make("sites", {"name": name})["id"]
    make("controllers", {"id": controller, "site_id": site, "name": "盤"})
    door = make("doors", {"site_id": site, "controller_id": controller, "name": "玄関"})["id"]
    return Place(site, door)


@pytest.fixture
def gym(make: Callable[[str, dict[str, Any]], Any]) -> Place:
    """The gym's front door."""
    return _place(make, "体育館", "gym0000000000001")


@pytest.fixture
def hall(make: Callable[[str, dict[str, Any]], Any]) -> Place:
    """The town hall's front door."""
    return _place(make, "役場", "hall000000000002")


@pytest.fixture
def hana(make: Callable[[str, dict[str, Any]], Any]) -> str:
    """The id of 山田 花, staff."""
    body = {"name": "山田 花", "name_kana": "やまだ はな", "staff_number": "0042"}
    return str(make("people", body)["id"])
