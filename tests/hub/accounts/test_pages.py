"""Logins on the console: made, changed, disabled; a password that is shown once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.accounts.login import LoginService
from hub.accounts.passwords import made_password
from hub.accounts.service import AccountsService, check_password
from hub.bootstrap import Hub
from hub.web.rights import SYSTEM, Role

HTML = {"Accept": "text/html"}
TARO = {"login": "Taro", "name": "田中 太郎", "role": "clerk", "town": "yes"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def page(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status, answer.text[:500]
    return str(answer.text)


def send(client: TestClient, path: str, status: int = 303, /, **data: Any) -> Any:
    answer = client.post(path, data=data, headers=HTML)
    assert answer.status_code == status, answer.text[:2000]
    return answer


def shown(answer: Any) -> str:
    found = re.search(r'id="password"[^>]* value="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def taro(client: TestClient) -> dict[str, Any]:
    users = client.get("/api/v1/users").json()["items"]
    found: dict[str, Any] = next(each for each in users if each["login"] == "taro")
    return found


def logs_in(hub: Hub, password: str) -> bool:
    return hub.services.get(LoginService).log_in("taro", password, "127.0.0.1") is not None


def test_a_made_password_is_one_that_the_hub_takes() -> None:
    made = {made_password() for _ in range(50)}
    assert len(made) == 50
    for each in made:
        check_password(each)
        assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", each)


def test_a_login_is_made_and_its_password_works_and_is_shown_once(
    admin: TestClient, hub: Hub, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 'href="/accounts/new"' in page(admin, "/accounts")
    answer = send(admin, "/accounts/new", 200, **TARO)
    assert answer.headers["cache-control"] == "no-store"
    password = shown(answer)
    made = taro(admin)
    assert (made["role"], made["sites"], made["last_login_at"]) == ("clerk", None, None)
    here = f"/accounts/{made['id']}"
    assert "まだありません" in page(admin, "/accounts")
    assert logs_in(hub, password)
    assert taro(admin)["last_login_at"] is not None
    assert "まだありません" not in page(admin, "/accounts")
    for path in ("/accounts", here):
        assert password not in page(admin, path)
    another = shown(send(admin, f"{here}/password", 200))
    assert not logs_in(hub, password)
    assert logs_in(hub, another)
    out = capfd.readouterr()
    for secret in (password, another):
        assert secret not in out.out + out.err
        assert secret not in admin.get("/api/v1/audit").text


def test_a_login_is_a_person_by_their_staff_number_or_from_their_page(admin: TestClient) -> None:
    body = {"name": "山田 花子", "staff_number": "10427"}
    person = admin.post("/api/v1/people", json=body).json()["id"]
    make = f"/accounts/new?person={person}"
    assert f'href="{make}"' in page(admin, f"/staff/people/{person}")
    assert 'value="山田 花子"' in page(admin, make)
    send(admin, "/accounts/new", 200, **TARO, number="10427")
    assert taro(admin)["person_id"] == person
    here = f"/accounts/{taro(admin)['id']}"
    assert f'href="{here}"' in page(admin, f"/staff/people/{person}")
    send(admin, here, **TARO, person=person, unlink="yes")
    assert taro(admin)["person_id"] is None
    send(admin, here, **TARO, person=person)
    assert taro(admin)["person_id"] == person
    assert "山田 花子" in page(admin, "/accounts")


def test_role_sites_and_state_are_changed_by_forms(admin: TestClient, hub: Hub) -> None:
    site = admin.post("/api/v1/sites", json={"name": "公民館"}).json()["id"]
    password = shown(send(admin, "/accounts/new", 200, **TARO))
    here = f"/accounts/{taro(admin)['id']}"
    send(admin, here, name="田中", role="viewer", sites=[site])
    changed = taro(admin)
    assert (changed["name"], changed["role"], changed["sites"]) == ("田中", "viewer", [site])
    assert "公民館" in page(admin, "/accounts")
    unsaid = send(admin, here, 422, name="田中", role="viewer").text
    assert "どちらか一方" in unsaid
    send(admin, here, name="田中", role="viewer", town="yes")
    assert taro(admin)["sites"] is None
    send(admin, f"{here}/state", state="disabled")
    assert "また有効にする" in page(admin, here)
    assert not logs_in(hub, password)
    send(admin, f"{here}/state", state="active")
    assert logs_in(hub, password)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"login": "ta ro"}, "空白とコロン以外"),
        ({"login": ""}, "空白とコロン以外"),
        ({"login": "ta\x00ro"}, "空白とコロン以外"),
        ({"login": "JIRO"}, "もう使われています"),
        ({"name": ""}, "表示名を"),
        ({"name": "a\x00"}, "表示名を"),
        ({"number": "9"}, "この職員番号の人はいません"),
        ({"number": "\x00"}, "この職員番号の人はいません"),
        ({"person": "nobody"}, "入力を確かめてください"),
        ({"town": ""}, "どちらか一方"),
        ({"sites": "nowhere"}, "どちらか一方"),
        ({"town": "", "sites": "nowhere"}, "入力を確かめてください"),
        ({"town": "", "sites": "\x00"}, "入力を確かめてください"),
    ],
)
def test_what_is_refused_is_said_and_makes_no_login(
    admin: TestClient, wrong: dict[str, str], said: str
) -> None:
    send(admin, "/accounts/new", 200, **(TARO | {"login": "jiro"}))
    assert said in send(admin, "/accounts/new", 422, **(TARO | wrong)).text
    assert [each["login"] for each in admin.get("/api/v1/users").json()["items"]] == ["jiro"]


@pytest.mark.parametrize("language", ["ja", "ja-easy", "en"])
def test_nobody_takes_the_last_administrator_of_the_town_away(
    admin: TestClient, hub: Hub, language: str
) -> None:
    """Not by the page, and not by the API."""
    said = {"ja": "最後の管理者", "ja-easy": "最後（さいご）の", "en": "The last administrator"}
    site = admin.post("/api/v1/sites", json={"name": "公民館"}).json()["id"]
    send(admin, "/accounts/new", 200, login="taro", name="太郎", role="admin", town="yes")
    local = {"login": "hall", "name": "館長", "role": "admin", "sites": [site]}
    send(admin, "/accounts/new", 200, **local)
    here = f"/accounts/{taro(admin)['id']}"
    asked = f"?lang={language}"
    for path, data in (
        (here, {"name": "太郎", "role": "clerk", "town": "yes"}),
        (here, {"name": "太郎", "role": "admin", "sites": [site]}),
        (f"{here}/state", {"state": "disabled"}),
    ):
        assert said[language] in send(admin, f"{path}{asked}", 422, **data).text
    answer = admin.patch(f"/api/v1/users/{taro(admin)['id']}", json={"role": "viewer"})
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")
    assert (taro(admin)["role"], taro(admin)["state"]) == ("admin", "active")
    send(admin, "/accounts/new", 200, login="jiro", name="次郎", role="admin", town="yes")
    send(admin, here, name="太郎", role="clerk", town="yes")
    assert taro(admin)["role"] == "clerk"


def test_auditors_read_and_nobody_else_sees_logins(
    as_role: Callable[[Role], TestClient], tokens: Mapping[Role, str]
) -> None:
    send(as_role(Role.ADMIN), "/accounts/new", 200, **TARO)
    here = f"/accounts/{taro(as_role(Role.ADMIN))['id']}"
    forms = ("/accounts/new", here, f"{here}/state", f"{here}/password")
    for role in tokens:
        client = as_role(role)
        if role is Role.ADMIN:
            continue
        reads = 200 if role is Role.AUDITOR else 403
        for path in ("/accounts", here):
            assert "<form class" not in page(client, path, reads)
        page(client, "/accounts/new", 403)
        for path in forms:
            send(client, path, 403, **TARO, state="disabled")


def test_who_is_limited_to_a_site_gives_nobody_more_than_that(admin: TestClient, hub: Hub) -> None:
    site = admin.post("/api/v1/sites", json={"name": "公民館"}).json()["id"]
    send(admin, "/accounts/new", 200, **TARO)
    here = taro(admin)["id"]
    accounts = hub.services.get(AccountsService)
    _, token = accounts.create_token(SYSTEM, name="hall", role=Role.ADMIN, sites=[site])
    admin.headers["Authorization"] = f"Bearer {token}"
    assert 'href="/accounts/new"' not in page(admin, "/accounts")
    send(admin, "/accounts/new", 403, login="x", name="x", role="admin", town="yes")
    send(admin, f"/accounts/{here}/password", 403)
    user = {"login": "x", "name": "x", "password": "correct horse battery", "role": "admin"}
    assert admin.post("/api/v1/users", json=user).status_code == 403
    assert admin.patch(f"/api/v1/users/{here}", json={"role": "admin"}).status_code == 403
    asked = {"name": "everywhere", "role": "admin"}
    assert admin.post("/api/v1/tokens", json=asked).status_code == 403
    assert admin.post("/api/v1/tokens", json={**asked, "sites": [site]}).status_code == 201


def test_an_unknown_login_is_not_found(admin: TestClient) -> None:
    page(admin, "/accounts/nobody", 404)
    for form in ("", "/password", "/state"):
        send(admin, f"/accounts/nobody{form}", 404, **TARO, state="active")


@pytest.mark.parametrize("language", ["ja-easy", "en"])
def test_the_pages_speak_every_language(admin: TestClient, language: str) -> None:
    send(admin, "/accounts/new", 200, **TARO)
    here = f"/accounts/{taro(admin)['id']}"
    texts = [
        page(admin, f"{path}?lang={language}") for path in ("/accounts", "/accounts/new", here)
    ]
    texts.append(send(admin, f"{here}/password?lang={language}", 200).text)
    for text in texts:
        words = re.sub(r"<[^>]*>", "", text)
        assert "accounts." not in words
        assert "account_role." not in words
