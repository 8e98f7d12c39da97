"""Booking as residents and staff see it, from the form to the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from hub.web.rights import Role

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}
DAYS = ("2026-04-08", "2026-04-09")


@pytest.fixture
def facility(hub_town: Any, admin: TestClient) -> str:
    """A room that wants approval, with one door."""
    site = hub_town.site()
    door = hub_town.door(site, hub_town.controller(site))
    body = {"site_id": site, "name_ja": "会議室", "doors": [door], "approval": "required"}
    made = admin.post("/api/v1/facilities", json=body)
    assert made.status_code == 201, made.text
    del admin.headers["Authorization"]
    return str(made.json()["id"])


def ask(client: TestClient, facility: str, day: str, **changed: str) -> Response:
    """Send the resident's form."""
    page = client.get(f"/book/{facility}?day={day}", headers=HTML).text
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found
    form = {
        "csrf": found[1], "day": day, "start": "10:00", "end": "11:00", "name": "山田 花子",
        "phone": "090-1234-5678", **changed,
    }  # fmt: skip
    return client.post(f"/book/{facility}", data=form, headers=HTML)


def test_requests_stand_under_their_days(
    client: TestClient, facility: str, as_role: Callable[[Role], TestClient]
) -> None:
    """No day is chosen there, so none is before or after it."""
    for day in DAYS:
        assert ask(client, facility, day).headers["Location"] == "/pin"
    page = as_role(Role.CLERK).get("/bookings?state=requested", headers=HTML).text
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["4月8日（水）", "4月9日（木）"]
    assert page.count("山田 花子") == 2
    assert 'name="day" value=""' in page
    assert 'rel="next"' not in page


def test_the_day_before_and_after_keep_the_state(as_role: Callable[[Role], TestClient]) -> None:
    """A filter stands until it is taken away."""
    client = as_role(Role.CLERK)
    page = client.get("/bookings?day=2026-04-08&state=requested", headers=HTML).text
    assert 'href="/bookings?day=2026-04-07&amp;state=requested"' in page
    assert 'href="/bookings?day=2026-04-09&amp;state=requested"' in page
    plain = client.get("/bookings?day=2026-04-08", headers=HTML).text
    assert 'href="/bookings?day=2026-04-09"' in plain


def test_the_login_below_residents_pages_is_named_for_staff(client: TestClient) -> None:
    """Residents need none, and are not led to think so."""
    foot = client.get("/book", headers=HTML).text.split("<footer")[1]
    assert '<a class="link-button" href="/login">職員ログイン</a>' in foot
