"""What a resident sees of a booking: what is missing, its number, its steps, a calendar file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bookings.numbers import read_number
from hub.web.rights import Role

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """One kind of database: nothing here depends on it."""
    return sqlite_at


@pytest.fixture
def facility(hub_town: Any, admin: TestClient) -> str:
    """A hall that has to be paid first, with steps."""
    site = hub_town.site()
    door = hub_town.door(site, hub_town.controller(site))
    body = {
        "site_id": site,
        "name_ja": "体育館",
        "doors": [door],
        "approval": "automatic",
        "payment": "before_pin",
        "steps": [
            {"moment": "arrive", "ja": "シャッターを上げます", "en": "Raise the shutter"},
            {"moment": "leave", "ja": "明かりを消します", "en": "Switch the lights off"},
        ],
    }
    made = admin.post("/api/v1/facilities", json=body)
    assert made.status_code == 201, made.text
    del admin.headers["Authorization"]
    return str(made.json()["id"])


def ask(client: TestClient, facility: str) -> str:
    page = client.get(f"/book/{facility}?day=2026-04-08", headers=HTML).text
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found
    form = {
        "csrf": found[1], "day": "2026-04-08", "start": "10:00", "end": "11:00",
        "name": "山田 花子", "phone": "0123-45-6789",
    }  # fmt: skip
    assert client.post(f"/book/{facility}", data=form, headers=HTML).headers["Location"] == "/pin"
    return page


def test_the_page_says_what_is_missing_and_what_to_do(
    client: TestClient, facility: str, as_role: Callable[[Role], TestClient]
) -> None:
    rules = ask(client, facility)
    assert "お支払いを確認してから" in rules
    assert "予約はすぐに決まります<" in rules
    assert "自動のメールは届きません" in rules
    page = client.get("/pin", headers=HTML)
    assert "お支払いの確認を待っています" in page.text
    assert page.headers["Refresh"] == "30"
    assert 'class="pin"' not in page.text
    order = [page.text.index(text) for text in ("シャッターを上げます", "明かりを消します")]
    assert order == sorted(order)
    assert "Raise the shutter" in client.get("/pin?lang=en", headers=HTML).text
    number = re.search(r'class="num nowrap">(B-\d{3}-\d{3})<', page.text)
    assert number
    clerk = as_role(Role.CLERK)
    (found,) = clerk.get("/api/v1/bookings", params={"number": number[1]}).json()["items"]
    assert found["number"] == read_number(number[1])
    clerk.put(f"/api/v1/bookings/{found['reservation_key']}", json={"paid": True})
    del client.headers["Authorization"]
    paid = client.get("/pin", headers=HTML).text
    assert 'class="pin"' in paid


def test_the_calendar_file_of_the_page_leads_back_to_it_without_the_pin(
    client: TestClient, facility: str
) -> None:
    ask(client, facility)
    page = client.get("/pin", headers=HTML).text
    link = re.search(r'href="(/pin/calendar\?booking=[0-9a-f-]+)"', page)
    assert link
    answer = client.get(link[1], headers=HTML)
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert "https://doors.test/pin?booking=" in answer.text.replace("\r\n ", "")
    assert "STATUS:TENTATIVE" in answer.text
    other = client.get("/pin/calendar?booking=none", headers=HTML)
    assert other.headers["Location"] == "/pin"


def test_a_clerk_finds_a_booking_by_the_number_said_on_the_telephone(
    client: TestClient, facility: str, as_role: Callable[[Role], TestClient]
) -> None:
    ask(client, facility)
    number = re.search(r">(B-\d{3}-\d{3})<", client.get("/pin", headers=HTML).text)
    assert number
    clerk = as_role(Role.CLERK)
    found = clerk.get("/bookings", params={"number": number[1]}, headers=HTML)
    assert found.status_code == 303
    page = clerk.get(found.headers["Location"], headers=HTML).text
    assert "支払い待ち" in page
    assert number[1] in page
    wrong = clerk.get("/bookings", params={"number": "123 123"}, headers=HTML)
    assert "その番号の予約はありません" in wrong.text
