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


def test_a_phone_number_can_be_called(client: TestClient, facility: str) -> None:
    """Nine digits or more, and nothing but what stands in a number; the banner leads there."""
    for wrong in ("1", "090-9999", "call me 090-1234-5678"):
        answer = ask(client, facility, DAYS[0], phone=wrong)
        assert answer.status_code == 422
        assert '<a href="#phone">電話番号は' in answer.text
        assert '<a href="#start">' not in answer.text
    assert ask(client, facility, DAYS[0], phone="０９６７ (22) 3111").status_code == 303


def test_the_banner_names_each_field_that_is_wrong(client: TestClient, facility: str) -> None:
    """In the order of the form, and no other."""
    answer = ask(client, facility, DAYS[0], start="x", name="", phone="")
    assert re.findall(r'<a href="#(start|end|name|phone)"', answer.text) == [
        "start",
        "name",
        "phone",
    ]
    backwards = ask(client, facility, DAYS[0], start="11:00", end="10:00")
    assert re.findall(r'<a href="#(start|end|name|phone)"', backwards.text) == ["end"]


def test_a_resident_finds_back_to_the_pin_page(client: TestClient, facility: str) -> None:
    """Only a browser that holds a booking is led there; a request is looked at again by itself."""
    assert 'href="/pin"' not in client.get("/book", headers=HTML).text
    assert ask(client, facility, DAYS[0]).status_code == 303
    assert 'href="/pin"' in client.get("/book", headers=HTML).text
    page = client.get("/pin", headers=HTML)
    assert page.headers["Refresh"] == "30"
    client.cookies.clear()
    client.cookies.set("__Host-kagimori-pin", "guess")
    assert 'href="/pin"' not in client.get("/book", headers=HTML).text


def test_staff_approve_and_are_told_so(
    client: TestClient, facility: str, as_role: Callable[[Role], TestClient]
) -> None:
    """The notice, the living part, and no more asking again on the holder's page."""
    ask(client, facility, DAYS[0])
    clerk = as_role(Role.CLERK)
    (booking,) = clerk.get("/api/v1/bookings").json()["items"]
    place = f"/bookings/{booking['id']}"
    assert "承認しました" not in clerk.get(f"{place}?done=approved", headers=HTML).text
    done = clerk.post(f"{place}/approve", headers=HTML)
    page = clerk.get(done.headers["Location"], headers=HTML).text
    assert "承認しました" in page
    assert f'data-live="{place}/live"' in page
    assert "錠への登録" in clerk.get(f"{place}/live", headers=HTML).text
    assert "Refresh" not in clerk.get("/pin", headers=HTML).headers


def test_a_clerk_takes_the_money_gives_a_new_pin_and_prints_it(
    client: TestClient,
    facility: str,
    as_role: Callable[[Role], TestClient],
) -> None:
    """From the booking's own page, and only as far as the reader's rights go."""
    admin = as_role(Role.ADMIN)
    own = admin.get(f"/api/v1/facilities/{facility}").json()
    for name in ("id", "active"):
        del own[name]
    changed = own | {"payment": "before_pin", "approval": "automatic"}
    assert admin.put(f"/api/v1/facilities/{facility}", json=changed).status_code == 200
    del client.headers["Authorization"]
    ask(client, facility, DAYS[0])
    clerk = as_role(Role.CLERK)
    (booking,) = clerk.get("/api/v1/bookings").json()["items"]
    place, key = f"/bookings/{booking['id']}", booking["reservation_key"]
    page = clerk.get(place, headers=HTML).text
    assert f'action="{place}/paid"' in page
    assert f'href="{place}/notices"' in page
    assert f"{place}/reissue" not in page
    assert f"{place}/sheet" not in page
    viewed = as_role(Role.VIEWER).get(place, headers=HTML).text
    assert f"{place}/paid" not in viewed
    assert client.post(f"{place}/paid", headers=HTML).status_code == 403
    clerk = as_role(Role.CLERK)
    paid = clerk.post(f"{place}/paid", headers=HTML)
    page = clerk.get(paid.headers["Location"], headers=HTML).text
    assert "支払い済みにしました" in page
    assert f"{place}/paid" not in page
    assert f'href="{place}/sheet"' in page
    before = clerk.get(f"/api/v1/bookings/{key}/pin").json()[0]["pin"]
    done = clerk.post(f"{place}/reissue", headers=HTML)
    assert "新しい暗証番号にしました" in clerk.get(done.headers["Location"], headers=HTML).text
    assert clerk.get(f"/api/v1/bookings/{key}/pin").json()[0]["pin"] != before
    assert as_role(Role.VIEWER).post(f"{place}/reissue", headers=HTML).status_code == 403


def test_staff_make_a_new_link_that_works_once(
    client: TestClient, facility: str, as_role: Callable[[Role], TestClient]
) -> None:
    """Shown in the answer to the form alone; whoever may not see the PIN may not make it."""
    ask(client, facility, DAYS[0])
    clerk = as_role(Role.CLERK)
    (booking,) = clerk.get("/api/v1/bookings").json()["items"]
    place = f"/bookings/{booking['id']}"
    made = clerk.post(f"{place}/link", headers=HTML)
    found = re.search(r'value="https://doors.test(/p/[A-Za-z0-9_-]+)"', made.text)
    assert found
    assert made.headers["Cache-Control"] == "no-store"
    assert found[1] not in clerk.get(place, headers=HTML).text
    assert as_role(Role.VIEWER).post(f"{place}/link", headers=HTML).status_code == 403
    del client.headers["Authorization"]
    client.cookies.clear()
    page = client.get(found[1], headers=HTML).text
    csrf = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert csrf
    opened = client.post(found[1], data={"csrf": csrf[1]}, headers=HTML)
    assert opened.headers["Location"] == "/pin"
    assert "会議室" in client.get("/pin", headers=HTML).text


@pytest.mark.parametrize(
    ("day", "told"), [("2026-04-01", "過ぎた日です"), ("2027-12-31", "まだ予約できません")]
)
def test_a_day_that_cannot_be_booked_says_why(
    client: TestClient, facility: str, day: str, told: str
) -> None:
    """Past, or beyond what can be booked: neither is closed nor fully booked."""
    page = client.get(f"/book?day={day}", headers=HTML).text
    assert told in page
    assert "休館" not in page
    assert "空きなし" not in page
