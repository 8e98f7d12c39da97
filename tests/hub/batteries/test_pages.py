"""The pages of batteries: who sees them, what they say, and the two forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from hub.batteries.domain import ChemistryKind, Forecast, Profile
from hub.catalogue import Language, Translator
from hub.clock import HandMovedClock
from hub.pages.views.battery_chart import chart
from hub.pages.words import Words
from hub.web.rights import Role

NOW = datetime(2026, 4, 6, tzinfo=UTC)
DAY = timedelta(days=1)
HTML = {"Accept": "text/html"}
ALKALINE = {"chemistry": "alkaline", "cells": 4, "cutoff_mv": 4300}
FORM = {"chemistry": "alkaline", "cells": "4", "cutoff": "4.3", "heartbeat": "86400"}
Keypad = Callable[..., tuple[str, str]]


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What pages show does not depend on the kind of database."""
    return sqlite_at


@pytest.fixture
def low(told: Any, keypad: Keypad, admin: TestClient) -> str:
    """A device whose cells are at their end."""
    controller, device = keypad()
    admin.put(f"/api/v1/devices/{device}/battery", json=ALKALINE)
    for n in range(30):
        told.tell(controller, device, 5200 - n * 30, NOW - DAY * (30 - n))
    told.project()
    return device


@pytest.mark.parametrize("role", list(Role))
def test_every_role_gets_a_page_or_a_plain_no(
    low: str, as_role: Callable[[Role], TestClient], role: Role
) -> None:
    """Staff and integrations see none; only who may record changes sees the forms."""
    client = as_role(role)
    sees = role not in (Role.STAFF, Role.INTEGRATION)
    for path in ("/batteries", f"/batteries/{low}"):
        assert client.get(path, headers=HTML).status_code == (200 if sees else 403)
    page = client.get(f"/batteries/{low}", headers=HTML).text
    assert ("/changes" in page) is (role in (Role.ADMIN, Role.CLERK))


@pytest.mark.parametrize("lang", ["ja", "ja-easy", "en"])
def test_the_list_names_what_is_low_and_the_board_counts_it(
    low: str, admin: TestClient, lang: str
) -> None:
    """In every language, and for strange filters too."""
    say = Translator(Language(lang))
    page = admin.get(f"/batteries?lang={lang}", headers=HTML).text
    assert say("battery_state.low") in page
    assert say("batteries.now") in page
    assert f'href="/batteries/{low}"' in page
    board = admin.get(f"/?lang={lang}", headers=HTML).text
    assert say("batteries.board", count=1) in board
    assert say("alarm.battery_low") in board
    for strange in ("before=0001-01-01", "before=x", "start=x", "state=x", "state=good"):
        assert admin.get(f"/batteries?{strange}", headers=HTML).status_code == 200


def test_what_is_silent_says_since_when_and_nothing_says_good(
    low: str, told: Any, keypad: Keypad, admin: TestClient, clock: HandMovedClock
) -> None:
    controller, device = keypad()
    admin.put(f"/api/v1/devices/{device}/battery", json=ALKALINE)
    told.tell(controller, device, 6200, NOW - DAY)
    told.project()
    clock.advance(DAY * 20)
    page = admin.get("/batteries", headers=HTML).text
    assert re.search(r"4月5日（日） から不明", page)
    assert "chip good" not in page


def test_new_cells_are_recorded_by_a_form(
    low: str, admin: TestClient, clock: HandMovedClock
) -> None:
    """Today is now, another day its noon; no day, one ahead, and the same again are refused with
    a sentence."""
    path = f"/batteries/{low}/changes"
    for day in ("", "2026-04-07", "nonsense"):
        answer = admin.post(path, data={"day": day}, headers=HTML)
        assert (answer.status_code, "今日までの日付" in answer.text) == (422, True)
    assert admin.post(path, data={"day": "2026-04-01", "note": " 2 本目 "}).status_code == 303
    again = admin.post(path, data={"day": "2026-04-01"}, headers=HTML)
    assert (again.status_code, "もう記録されています" in again.text) == (422, True)
    assert admin.post(path, data={"day": "2026-04-06"}).headers["Location"] == f"/batteries/{low}"
    found = admin.get(f"/api/v1/devices/{low}/battery").json()
    assert [(each["at"][:16], each["note"]) for each in found["changes"]] == [
        ("2026-04-01T03:00", "2 本目"),
        ("2026-04-06T00:00", ""),
    ]
    assert found["state"] != "low"


def test_what_a_device_runs_on_is_said_by_a_form(low: str, admin: TestClient) -> None:
    path = f"/batteries/{low}/profile"
    assert admin.post(path, data={**FORM, "heard_by": "visits"}).status_code == 303
    profile = admin.get(f"/api/v1/devices/{low}/battery").json()["profile"]
    assert (profile["cutoff_mv"], profile["heard_by"]) == (4300, "visits")
    for wrong in ({"cells": "0"}, {"cutoff": "-1"}, {"chemistry": "coal"}, {"heartbeat": "x"}):
        given = {**FORM, "heard_by": "visits", **wrong}
        assert admin.post(path, data=given, headers=HTML).status_code == 422


def test_a_chart_says_in_words_what_it_draws_and_stays_in_its_frame() -> None:
    """A range of years leaves the readings room; a single point is no chart."""
    words = Words(Translator(Language.EN), ZoneInfo("Asia/Tokyo"), NOW)
    start = int((NOW - DAY * 30).timestamp())
    course = [(start + 86400 * n, 6000 - 10 * n) for n in range(30)]
    made = Forecast(NOW, None, 30, NOW + DAY * 400, NOW + DAY * 300, NOW + DAY * 4000, 0.8)
    profile = Profile("d", ChemistryKind.ALKALINE, 4, 4300, 86400)
    found = chart(course, made, profile, words)
    assert found is not None
    assert "6.00 V" in found.text
    assert "5.71 V" in found.text
    assert "used up between" in found.text
    points = [tuple(map(float, each.split(","))) for each in found.line.split()]
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in points)
    assert points[-1][0] > 20
    assert found.range_x is not None
    assert found.range_width is not None
    assert found.range_x + found.range_width <= 101
    assert chart(course[:1], made, profile, words) is None
