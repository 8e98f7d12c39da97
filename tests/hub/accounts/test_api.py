"""Users and tokens over the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.web.rights import Role

USER: dict[str, Any] = {
    "login": "Taro",
    "name": "太郎",
    "password": "correct horse battery",
    "role": "clerk",
}


def test_a_user_is_made_listed_and_changed_and_the_password_never_comes_back(
    admin: TestClient,
) -> None:
    made = admin.post("/api/v1/users", json=USER)
    assert made.status_code == 201
    assert made.json()["login"] == "taro"
    assert "password" not in made.text
    changed = admin.patch(f"/api/v1/users/{made.json()['id']}", json={"role": "viewer"})
    assert (changed.status_code, changed.json()["role"]) == (200, "viewer")
    assert [user["login"] for user in admin.get("/api/v1/users").json()["items"]] == ["taro"]


def test_a_login_exists_once_whatever_its_case(admin: TestClient) -> None:
    admin.post("/api/v1/users", json=USER)
    again = admin.post("/api/v1/users", json={**USER, "login": "tARO"})
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    assert again.json()["errors"][0]["field"] == "body.login"


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "x" * 201])
def test_a_weak_password_is_refused_and_not_repeated(admin: TestClient, password: str) -> None:
    answer = admin.post("/api/v1/users", json={**USER, "password": password})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.password"
    assert password not in answer.text


def test_a_reach_names_sites_and_people_that_exist(admin: TestClient) -> None:
    for extra in ({"sites": ["nowhere"]}, {"person_id": "nobody"}):
        answer = admin.post("/api/v1/users", json={**USER, **extra})
        assert answer.status_code == 422, extra
        assert answer.json()["errors"][0]["field"] == f"body.{next(iter(extra))}"


def test_a_token_shows_its_text_once_and_is_kept_as_a_hash(admin: TestClient, hub: Hub) -> None:
    made = admin.post("/api/v1/tokens", json={"name": "booking", "role": "integration"}).json()
    text = made["token"]
    assert text.startswith("kgm_")
    assert text not in admin.get("/api/v1/tokens").text
    with hub.core.db.read() as scope:
        kept = str(scope.connection.exec_driver_sql("SELECT * FROM api_tokens").all())
    assert text not in kept
    me = admin.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).json()
    assert (me["kind"], me["role"], me["id"]) == ("token", "integration", made["id"])
    assert "bookings:write" in me["rights"]


def test_a_token_ends_when_it_expires_or_is_revoked(
    admin: TestClient, clock: HandMovedClock
) -> None:
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    body = {"name": "short", "role": "viewer", "expires_at": soon}
    short = admin.post("/api/v1/tokens", json=body).json()
    lasting = admin.post("/api/v1/tokens", json={"name": "long", "role": "viewer"}).json()

    def status(token: dict[str, Any]) -> int:
        header = {"Authorization": f"Bearer {token['token']}"}
        return admin.get("/api/v1/me", headers=header).status_code

    assert (status(short), status(lasting)) == (200, 200)
    clock.advance(timedelta(hours=1))
    assert (status(short), status(lasting)) == (401, 200)
    for _ in range(2):
        assert admin.delete(f"/api/v1/tokens/{lasting['id']}").json()["revoked_at"]
    assert status(lasting) == 401
    assert admin.post("/api/v1/tokens", json=body).status_code == 422
    assert admin.delete("/api/v1/tokens/none").status_code == 404


def test_lists_are_paged_by_a_cursor_that_survives_new_rows(
    admin: TestClient, clock: HandMovedClock
) -> None:
    for n in range(5):
        clock.advance(timedelta(seconds=1))
        admin.post("/api/v1/sites", json={"name": f"site{n}"})
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = admin.get("/api/v1/sites", params=params).json()
        seen += [site["name"] for site in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        clock.advance(timedelta(seconds=1))
        if len(seen) == 2:
            admin.post("/api/v1/sites", json={"name": "late"})
    assert seen == ["site0", "site1", "site2", "site3", "site4", "late"]


@pytest.mark.parametrize("cursor", ["x", "W10", "WzFd", "bnVsbA", "%00"])
def test_a_cursor_of_another_list_is_a_problem(admin: TestClient, cursor: str) -> None:
    answer = admin.get("/api/v1/users", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "query.cursor")


def test_everybody_known_sees_their_own_rights(
    as_role: Callable[[Role], TestClient],
) -> None:
    for role in Role:
        assert as_role(role).get("/api/v1/me").json()["role"] == role.value
