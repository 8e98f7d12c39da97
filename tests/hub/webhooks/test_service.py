"""Endpoints over HTTP: secrets shown once, contacts only where asked for, sites kept apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from hub.accounts.service import AccountsService
from hub.bootstrap import Hub
from hub.catalogue import Language, sentences
from hub.web.rights import SYSTEM, Role
from hub.webhooks import payloads, receiving, service
from hub.webhooks.signatures import secret_of
from hub.webhooks.tables import webhook_endpoints

URL = "/api/v1/webhooks"
HOOK = {"url": "https://hooks.example.jp/kagimori", "kinds": ["booking.*"]}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


def test_a_secret_is_shown_once_and_sealed_at_rest(admin: TestClient, hub: Hub) -> None:
    made = admin.post(URL, json=HOOK)
    assert made.status_code == 201, made.text
    assert made.headers["Cache-Control"] == "no-store"
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    one = f"{URL}/{made.json()['id']}"
    assert "secret" not in admin.get(one).json()
    assert secret not in admin.get(URL).text + admin.get("/api/v1/audit").text
    with hub.core.db.read() as scope:
        row = scope.one(sa.select(webhook_endpoints))
    assert row is not None
    assert secret_of(secret) not in row.secret
    again = admin.post(f"{one}/rotate", json={"grace_h": 0}).json()
    assert again["secret"] != secret
    assert again["previous_secret_until"] is None
    assert admin.post(f"{one}/rotate", json={"grace_h": 2}).json()["previous_secret_until"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"url": "http://hooks.example.jp/"}, "body.url"),
        ({"url": "https://user:word@hooks.example.jp/"}, "body.url"),
        ({"url": "ftp://hooks.example.jp/"}, "body.url"),
        ({"kinds": ["booking.eaten"]}, "body.kinds"),
        ({"kinds": []}, "body.kinds"),
        ({"description": "a\x00b"}, "body"),
        ({"nonsense": 1}, "body.nonsense"),
    ],
)
def test_what_is_wrong_is_named(admin: TestClient, changed: dict[str, Any], field: str) -> None:
    answer = admin.post(URL, json=HOOK | changed)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["field"] == field


def test_it_is_changed_paused_switched_off_and_removed(admin: TestClient) -> None:
    one = f"{URL}/{admin.post(URL, json=HOOK).json()['id']}"
    changed = admin.patch(one, json={"description": "予約", "kinds": ["*", "*"]}).json()
    assert (changed["description"], changed["kinds"]) == ("予約", ["*"])
    assert admin.patch(one, json={"state": "failing"}).status_code == 422
    assert admin.patch(one, json={"kinds": None}).status_code == 422
    assert admin.patch(one, json={"url": "http://far.example.jp/"}).status_code == 422
    assert admin.patch(one, json={"state": "disabled"}).json()["state"] == "disabled"
    assert admin.post(f"{one}/test").json()["code"] == "webhook_off"
    assert admin.delete(one).status_code == 204
    assert admin.get(one).status_code == 404
    assert admin.get(f"{one}/deliveries").status_code == 404


def test_contacts_leave_the_hub_only_where_it_is_asked_for_and_that_is_audited(
    post: Any, receiver: Any, book: Any, facility: Any
) -> None:
    plain, knowing = receiver(), receiver()
    post.add(plain.url)
    post.add(knowing.url, include_contact=True)
    book("R-1")
    post.run()
    told = plain.got[0].told["data"]["booking"]
    assert not {"contact", "purpose", "decision_reason"} & told.keys()
    for personal in ("山田", "y@example.jp", "0123-45-6789", "卓球"):
        assert personal not in plain.got[0].body.decode()
        assert personal in knowing.got[0].body.decode()
    details = [row["details"] for row in post.admin.get("/api/v1/audit").json()["items"]]
    assert {each["include_contact"] for each in details if "include_contact" in each} == {
        False,
        True,
    }


def test_no_message_holds_a_pin(post: Any, receiver: Any, book: Any, admin: TestClient) -> None:
    taker = receiver()
    post.add(taker.url, "*", include_contact=True)
    book("R-1")
    first = admin.get("/api/v1/bookings/R-1/pin").json()[0]["pin"]
    admin.post("/api/v1/bookings/R-1/pin/reissue")
    second = admin.get("/api/v1/bookings/R-1/pin").json()[0]["pin"]
    admin.delete("/api/v1/bookings/R-1")
    post.run()
    kinds = {each.told["type"] for each in taker.got}
    assert {"booking.confirmed", "pin.changed", "booking.cancelled"} <= kinds
    for each in taker.got:
        # An id may hold any digits: what is looked for is a value of its own.
        assert f'"{first}"' not in each.body.decode()
        assert f'"{second}"' not in each.body.decode()


def test_a_body_is_bounded_and_then_names_the_booking_alone(
    post: Any, receiver: Any, book: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many holders at many doors are many placements."""
    monkeypatch.setattr(payloads, "PAYLOAD_MAX", 1_500)
    taker = receiver()
    post.add(taker.url, include_contact=True)
    book("R-1", holders=[{"name": f"山田 {number}"} for number in range(5)])
    post.run()
    (got,) = taker.got
    assert len(got.body) < 1_500
    assert got.told["data"]["booking"]["truncated"] is True
    assert got.told["data"]["booking"]["reservation_key"] == "R-1"


def test_who_has_some_sites_gives_away_no_others(
    hub: Hub, hub_town: Any, client: TestClient, admin: TestClient, facility: Any
) -> None:
    theirs, other = facility["site_id"], hub_town.site()
    accounts = hub.services.get(AccountsService)
    _, token = accounts.create_token(SYSTEM, name="here", role=Role.ADMIN, sites=[theirs])
    whole = admin.post(URL, json=HOOK).json()
    elsewhere = admin.post(URL, json=HOOK | {"sites": [other]}).json()
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.post(URL, json=HOOK).json()["sites"] == [theirs]
    assert client.post(URL, json=HOOK | {"sites": [other]}).json()["code"] == "forbidden"
    assert len(client.get(URL).json()) == 1
    for foreign in (whole, elsewhere):
        assert client.get(f"{URL}/{foreign['id']}").status_code == 404
        assert client.delete(f"{URL}/{foreign['id']}").status_code == 404


def test_what_happens_at_another_site_is_not_told(
    post: Any, receiver: Any, book: Any, hub_town: Any, facility: Any
) -> None:
    here, there = receiver(), receiver()
    post.add(here.url, sites=[facility["site_id"]])
    post.add(there.url, sites=[hub_town.site()])
    book("R-1")
    post.run()
    assert len(here.got) == 1
    assert there.got == []


def test_the_audit_log_says_where_to_and_not_the_path(admin: TestClient) -> None:
    """It may hold a token of the other side."""
    made = admin.post(URL, json=HOOK | {"url": "https://hooks.example.jp/services/T0KEN"}).json()
    admin.patch(f"{URL}/{made['id']}", json={"url": "https://hooks.example.jp/services/T0KEN2"})
    rows = admin.get("/api/v1/audit", params={"target_kind": "webhook"}).json()["items"]
    assert [row["details"]["url"] for row in rows] == ["https://hooks.example.jp"] * 2
    assert "T0KEN" not in admin.get("/api/v1/audit").text


def test_an_auditor_reads_and_changes_nothing(as_role: Callable[[Role], TestClient]) -> None:
    one = as_role(Role.ADMIN).post(URL, json=HOOK).json()["id"]
    auditor = as_role(Role.AUDITOR)
    assert auditor.get(f"{URL}/{one}").status_code == 200
    assert auditor.post(f"{URL}/{one}/test").status_code == 403
    assert as_role(Role.CLERK).get(URL).status_code == 403


def test_deliveries_are_paged(post: Any, nobody: str, admin: TestClient) -> None:
    one = f"{URL}/{post.add(nobody)['id']}"
    for _ in range(3):
        admin.post(f"{one}/test")
    page = admin.get(f"{one}/deliveries", params={"limit": 2}).json()
    assert [each["seq"] for each in page["items"]] == [3, 2]
    more = {"limit": 2, "cursor": page["next_cursor"]}
    assert [
        each["seq"] for each in admin.get(f"{one}/deliveries", params=more).json()["items"]
    ] == [1]
    assert admin.get(f"{one}/deliveries", params={"cursor": "%%"}).status_code == 422


def test_every_problem_of_webhooks_has_its_sentences() -> None:
    kinds = (
        service.WEBHOOK_OFF,
        receiving.BAD_SIGNATURE,
        receiving.ID_REUSED,
        receiving.NOT_UNDERSTOOD,
    )
    for kind in kinds:
        for part in ("title", "advice"):
            assert set(sentences()[f"problem.{kind.code}.{part}"]) == set(Language)
