"""Where a door's PINs have something to fear of a clock, its state and its page say so."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.catalogue import Language, Translator

NO_RTC, BY_FLOOR = "no_rtc", "floor_in_window"


def make_door(admin: TestClient, *, keypad: bool, has_rtc: bool, **changes: Any) -> str:
    """A door of a site of its own, with one reader."""
    post = admin.post
    site = post("/api/v1/sites", json={"name": "体育館"}).json()["id"]
    box = {"id": "k7w2m9x4c1t8z5qa", "site_id": site, "name": "盤", "has_rtc": has_rtc}
    controller = post("/api/v1/controllers", json=box).json()["id"]
    bus = {"controller_id": controller, "name": "読取", "driver": "virtual", "port": "site"}
    device = post("/api/v1/devices", json=bus | {"address": 1}).json()["id"]
    wanted = {"site_id": site, "controller_id": controller, "name": "玄関"} | changes
    door: str = post("/api/v1/doors", json=wanted).json()["id"]
    reader = {"device_id": device, "door_id": door, "name": "外", "keypad": keypad}
    answer = post("/api/v1/readers", json=reader)
    assert answer.status_code == 201, answer.text
    return door


@pytest.mark.parametrize(
    ("keypad", "has_rtc", "setting", "risks"),
    [
        (True, True, "deny", []),
        (True, False, "deny", [NO_RTC]),
        (True, True, "floor_in_window", [BY_FLOOR]),
        (True, False, "floor_in_window", [NO_RTC, BY_FLOOR]),
        (False, False, "floor_in_window", []),
    ],
)
def test_a_door_with_pins_says_what_its_clock_lacks(
    admin: TestClient, keypad: bool, has_rtc: bool, setting: str, risks: list[str]
) -> None:
    door = make_door(admin, keypad=keypad, has_rtc=has_rtc, on_untrusted_clock=setting)
    assert admin.get(f"/api/v1/doors/{door}/state").json()["clock_risks"] == risks
    page = admin.get(f"/doors/{door}", headers={"Accept": "text/html"}).text
    words = Translator(Language.JA)
    for risk in (NO_RTC, BY_FLOOR):
        assert (words(f"clock_risk.{risk}") in page) == (risk in risks)
