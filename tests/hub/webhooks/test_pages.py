"""The pages of webhooks: what is told to whom, what became of it, what came in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from standardwebhooks import Webhook

from hub.catalogue import Language, Translator, sentences
from hub.web.rights import Role
from hub.webhooks.domain import DeliveryState, EndpointState, Fault
from hub.webhooks.mapping import Misfit
from hub.webhooks.source_domain import ReceivedResult, SourceState

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}
LIST = "/joins/webhooks"


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What these tests say does not depend on the kind of database: once is enough."""
    return sqlite_at


def page(client: TestClient, path: str, language: str = "ja") -> str:
    joint = "&" if "?" in path else "?"
    answer = client.get(f"{path}{joint}lang={language}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def send(client: TestClient, path: str, action: str, **data: str) -> Any:
    """Send a form of a page as a browser does, with the page's own token."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', page(client, path))
    assert csrf is not None
    return client.post(action, data=data | {"csrf": csrf[1]}, headers=HTML)


@pytest.fixture
def joined(post: Any, receiver: Any, book: Any, admin: TestClient, clock: Any) -> dict[str, Any]:
    """One endpoint that takes everything, one that is failing, and a source."""
    post.add(receiver().url, "*", description="予約システム", include_contact=True)
    broken = receiver(lambda _: b"HTTP/1.1 503 x\r\nContent-Length: 11\r\n\r\nmaintenance")
    bad = post.add(broken.url + "/secret-path", "booking.*", "entry.denied")
    for number in range(4):
        book(f"R-{number}", 24 + 2 * number)
    for _ in range(9):
        post.run()
        post.later(hours=11)
    book("R-9", 200)
    post.run()
    source = admin.post("/api/v1/webhook_sources", json={"name": "公民館の予約"}).json()
    for number, body in enumerate(
        [
            {"type": "booking.cancelled", "data": {"reservation_key": "R-9"}},
            {"type": "booking.cancelled", "data": {"reservation_key": "R-77"}},
            {"type": "booking.created", "data": {"reservation_key": "R-78", "starts_at": "x"}},
        ]
    ):
        text, now = json.dumps(body), clock.now()
        signed = {
            "webhook-id": f"m{number}",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(source["secret"]).sign(f"m{number}", now, text),
        }
        admin.post(source["path"], content=text, headers=signed)
        post.later(minutes=1)
    return {"bad": bad, "source": source}


@pytest.mark.parametrize("language", list(Language))
def test_the_pages_tell_who_is_told_and_what_became_of_it(
    joined: dict[str, Any], admin: TestClient, language: Language
) -> None:
    t = Translator(language)
    listed = page(admin, LIST, language)
    assert t("webhook.state.failing") in listed
    assert t("webhook.with_contact") in listed
    assert "secret-path" not in listed
    one = page(admin, f"{LIST}/{joined['bad']['id']}", language)
    assert t("webhook.failing_title") in one
    assert t("webhook.fault.status") in one
    assert "maintenance" in one
    assert joined["bad"]["secret"] not in one
    failed = page(admin, f"{LIST}/{joined['bad']['id']}?state=failed", language)
    assert failed.count(t("webhook.tries", count=8)) == 4
    came = page(admin, f"{LIST}/sources/{joined['source']['id']}", language)
    for word in ("result.cancelled", "result.ignored", "result.refused", "why.no_time"):
        assert t(f"webhook.{word}") in came
    assert "starts_at" in came
    assert "R-78" in came


def test_forms_pause_resume_try_and_send_again(
    joined: dict[str, Any], post: Any, admin: TestClient
) -> None:
    one = f"{LIST}/{joined['bad']['id']}"
    assert send(admin, one, f"{one}/state", state="paused").status_code == 303
    assert post.state(joined["bad"]) == "paused"
    assert send(admin, one, f"{one}/state", state="active").status_code == 303
    assert post.state(joined["bad"]) == "active"
    assert send(admin, one, f"{one}/test").status_code == 303
    assert post.deliveries(joined["bad"])[0]["kind"] == "webhook.test"
    failed = post.deliveries(joined["bad"], state="failed")
    resent = f"{one}/deliveries/{failed[0]['id']}/resend"
    assert send(admin, one, resent).status_code == 303
    assert len(post.deliveries(joined["bad"], state="failed")) == len(failed) - 1
    assert send(admin, one, f"{one}/recover").status_code == 303
    assert post.deliveries(joined["bad"], state="failed") == []
    source = f"{LIST}/sources/{joined['source']['id']}"
    assert send(admin, source, f"{source}/state", state="paused").status_code == 303
    assert Translator(Language.JA)("webhook.source_paused") in page(admin, source)


def test_an_auditor_sees_and_has_nothing_to_press(
    joined: dict[str, Any], as_role: Callable[[Role], TestClient]
) -> None:
    auditor = as_role(Role.AUDITOR)
    text = page(auditor, f"{LIST}/{joined['bad']['id']}")
    assert "/resend" not in text
    assert 'id="state"' not in text
    assert as_role(Role.CLERK).get(LIST, headers=HTML).status_code == 403


def test_an_empty_list_says_so(admin: TestClient) -> None:
    text = page(admin, LIST)
    assert Translator(Language.JA)("webhook.none_out") in text
    assert Translator(Language.JA)("webhook.none_in") in text


def test_every_state_fault_and_result_has_its_words() -> None:
    wanted = [
        *(f"webhook.state.{each}" for each in EndpointState),
        *(f"webhook.source_state.{each}" for each in SourceState),
        *(f"webhook.delivery.{each}" for each in DeliveryState),
        *(f"webhook.fault.{each}" for each in Fault),
        *(f"webhook.result.{each}" for each in ReceivedResult),
        *(f"webhook.why.{each}" for each in Misfit),
        *(f"webhook.why.{each}" for each in ("stale", "kind", "unknown")),
    ]
    assert [key for key in wanted if key not in sentences()] == []


SECRET = re.compile(r'value="(whsec_[A-Za-z0-9+/=]+)"')


def test_an_endpoint_is_added_by_its_form_and_its_secret_shown_once(
    admin: TestClient, as_role: Any
) -> None:
    form = {"url": "https://other.example.jp/in", "description": "予約システム"}
    answer = admin.post("/joins/webhooks/new", data=form, headers=HTML)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    secret = SECRET.search(answer.text)
    assert secret is not None
    (row,) = admin.get("/api/v1/webhooks").json()
    assert (row["url"], row["kinds"], row["include_contact"]) == (form["url"], ["*"], False)
    page = f"/joins/webhooks/{row['id']}"
    assert secret[1] not in admin.get(page, headers=HTML).text
    other = SECRET.search(admin.post(f"{page}/rotate", headers=HTML).text)
    assert other is not None
    assert other[1] != secret[1]
    assert admin.get(f"{page}/rotate", headers=HTML).status_code in (404, 405)
    assert as_role(Role.VIEWER).post(f"{page}/rotate").status_code == 403


def test_a_bad_address_is_said_at_its_field_and_nothing_is_added(admin: TestClient) -> None:
    for url in ("http://other.example.jp/", "https://u:p@other.example.jp/", "nonsense"):
        answer = admin.post("/joins/webhooks/new", data={"url": url}, headers=HTML)
        assert answer.status_code == 422
        assert 'id="url-error"' in answer.text
    assert admin.get("/api/v1/webhooks").json() == []


def test_a_source_is_added_by_its_form_and_its_secret_shown_once(admin: TestClient) -> None:
    answer = admin.post(
        "/joins/webhooks/sources/new", data={"name": "決済", "preset": "payment"}, headers=HTML
    )
    assert SECRET.search(answer.text)
    (row,) = admin.get("/api/v1/webhook_sources").json()
    assert row["name"] == "決済"
    page = f"/joins/webhooks/sources/{row['id']}"
    assert SECRET.search(admin.post(f"{page}/rotate", headers=HTML).text)
    assert "whsec_" not in admin.get(page, headers=HTML).text
