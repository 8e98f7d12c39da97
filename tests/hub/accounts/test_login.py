"""Logging in through the browser: cookies, CSRF, throttle, expiry."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from hub.accounts.domain import UserState
from hub.accounts.service import AccountsService
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.web.identity import SESSION_COOKIE
from hub.web.rights import SYSTEM, Role

PASSWORD = "correct horse battery"
ORIGIN = {"Origin": "https://doors.test"}


@pytest.fixture
def user_id(hub: Hub) -> str:
    """An auditor who logs in as hana."""
    accounts = hub.services.get(AccountsService)
    user = accounts.add_user(SYSTEM, login="Hana", name="花", password=PASSWORD, role=Role.AUDITOR)
    return user.id


def _csrf(client: TestClient) -> str:
    page = client.get("/login", headers={"Accept": "text/html"}).text
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def _log_in(client: TestClient, password: str = PASSWORD, login: str = "hana") -> int:
    form = {"csrf": _csrf(client), "login": login, "password": password, "next": "/today"}
    return client.post("/login", data=form, headers=ORIGIN).status_code


def test_a_login_gives_a_host_cookie_that_scripts_cannot_read(
    client: TestClient, user_id: str
) -> None:
    form = {"csrf": _csrf(client), "login": "HANA", "password": PASSWORD, "next": "/today"}
    answer = client.post("/login", data=form, headers=ORIGIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/today")
    cookie = next(c for c in answer.headers.get_list("Set-Cookie") if SESSION_COOKIE + "=" in c)
    for attribute in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert attribute.lower() in cookie.lower()
    assert "domain" not in cookie.lower()
    me = client.get("/api/v1/me").json()
    assert (me["kind"], me["id"], me["role"]) == ("session", user_id, "auditor")


def test_the_cookie_is_not_kept_in_the_database(client: TestClient, hub: Hub, user_id: str) -> None:
    assert _log_in(client) == 303
    cookie = client.cookies[SESSION_COOKIE]
    with hub.core.db.read() as scope:
        raw = scope.connection.exec_driver_sql("SELECT * FROM sessions").all()
        users = scope.connection.exec_driver_sql("SELECT * FROM users").all()
    assert len(raw) == 1
    assert cookie not in str(raw)
    assert PASSWORD not in str(users)
    assert "$argon2id$" in str(users)


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil", "", "x"])
def test_a_login_goes_on_to_this_hub_only(client: TestClient, user_id: str, target: str) -> None:
    form = {"csrf": _csrf(client), "login": "hana", "password": PASSWORD, "next": target}
    assert client.post("/login", data=form, headers=ORIGIN).headers["Location"] == "/"


def test_a_wrong_login_says_the_same_for_known_and_unknown_users(
    client: TestClient, user_id: str
) -> None:
    def wrong(login: str) -> tuple[int, str]:
        form = {"csrf": _csrf(client), "login": login, "password": "wrong wrong wrong"}
        answer = client.post("/login", data=form, headers=ORIGIN)
        return answer.status_code, answer.text.replace(login, "...")

    assert wrong("hana") == wrong("nobody")
    assert wrong("hana")[0] == 401


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}]
)
def test_a_form_from_elsewhere_is_refused(
    client: TestClient, user_id: str, headers: dict[str, str]
) -> None:
    form = {"csrf": _csrf(client), "login": "hana", "password": PASSWORD}
    answer = client.post("/login", data=form, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_refused")


def test_a_form_without_its_token_is_refused(client: TestClient, user_id: str) -> None:
    for token in ({}, {"csrf": "0" * 64}):
        form = {"login": "hana", "password": PASSWORD, **token}
        assert client.post("/login", data=form, headers=ORIGIN).status_code == 403


def test_a_session_needs_the_synchroniser_token_to_change_anything(
    app: FastAPI, client: TestClient, hub: Hub
) -> None:
    hub.services.get(AccountsService).add_user(
        SYSTEM, login="root", name="root", password=PASSWORD, role=Role.ADMIN
    )
    before_login = _csrf(client)
    assert _log_in(client, login="root") == 303
    body = {"name": "Gym"}
    assert client.post("/api/v1/sites", json=body).status_code == 403
    assert client.post("/api/v1/sites", json=body, headers=ORIGIN).status_code == 403
    old = {**ORIGIN, "X-CSRF-Token": before_login}
    assert client.post("/api/v1/sites", json=body, headers=old).status_code == 403
    good = {**ORIGIN, "X-CSRF-Token": _csrf(client)}
    assert client.post("/api/v1/sites", json=body, headers=good).status_code == 201


def test_a_logout_ends_the_session_in_the_database_too(client: TestClient, user_id: str) -> None:
    _log_in(client)
    cookie = client.cookies[SESSION_COOKIE]
    answer = client.post("/logout", data={"csrf": _csrf(client)}, headers=ORIGIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    client.cookies.set(SESSION_COOKIE, cookie, domain="doors.test")
    assert client.get("/api/v1/me").status_code == 401


def test_a_session_ends_when_idle_and_at_its_longest(
    client: TestClient, user_id: str, clock: HandMovedClock
) -> None:
    _log_in(client)
    for _ in range(20):
        clock.advance(timedelta(minutes=29))
        assert client.get("/api/v1/me").status_code == 200
    clock.advance(timedelta(minutes=31))
    assert client.get("/api/v1/me").status_code == 401
    _log_in(client)
    for _ in range(24):
        clock.advance(timedelta(minutes=29))
        client.get("/api/v1/me")
    clock.advance(timedelta(minutes=29))
    assert client.get("/api/v1/me").status_code == 401


def test_a_disabled_user_is_out_at_once(client: TestClient, hub: Hub, user_id: str) -> None:
    _log_in(client)
    accounts = hub.services.get(AccountsService)
    accounts.change_user(SYSTEM, user_id, {"state": UserState.DISABLED})
    assert client.get("/api/v1/me").status_code == 401
    assert _log_in(client) == 401


def test_a_person_without_a_session_is_sent_to_the_login(client: TestClient) -> None:
    answer = client.get("/metrics", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=%2Fmetrics")
