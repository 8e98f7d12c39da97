"""Notices over HTTP: the API, the console's pages, the sheet, stopping messages."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel

from hub.accounts.service import AccountsService
from hub.audit.service import AuditFilter, AuditService
from hub.notices import schemas
from hub.notices.domain import Outcome, Sent
from hub.web.rights import SYSTEM, Role

HTML = {"Accept": "text/html"}
OURS = {"Origin": "https://doors.test", **HTML}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is tested here does not depend on the kind of database."""
    return sqlite_at


def csrf_of(text: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def test_a_bookings_notices_are_listed_masked_with_their_tries(
    desk: Any, admin: TestClient
) -> None:
    desk.put()
    desk.mail.answers = [Sent(Outcome.DEFERRED, "451")]
    desk.settle()
    desk.skip(minutes=2)
    (shown,) = admin.get("/api/v1/bookings/b1/notices").json()
    assert (shown["kind"], shown["state"], shown["to"]) == ("confirmed", "sent", "h***@example.jp")
    assert [each["outcome"] for each in shown["attempts"]] == ["deferred", "sent"]
    assert "hanako" not in str(shown)
    page = admin.get("/api/v1/notices", params={"state": "sent", "channel": "email"}).json()
    assert [each["id"] for each in page["items"]] == [shown["id"]]
    assert admin.get("/api/v1/notices", params={"state": "failed"}).json()["items"] == []


def test_the_form_says_that_mails_come_and_how_long_an_address_is_kept(
    desk: Any, client: TestClient
) -> None:
    page = client.get(f"/book/{desk.facility}", headers=HTML).text
    assert "予約の確定と暗証番号をメールでお知らせします" in page
    assert "30 日で送信の記録から消します" in page
    assert "自動のメールは届きません" not in page


def test_a_notice_is_sent_again_when_it_is_true(desk: Any, admin: TestClient) -> None:
    desk.put()
    answer = admin.post("/api/v1/bookings/b1/notices", json={"kind": "confirmed"})
    assert answer.status_code == 202
    assert answer.json()["asked_by"].startswith("token:")
    refused = admin.post("/api/v1/bookings/b1/notices", json={"kind": "cancelled"})
    assert (refused.status_code, refused.json()["code"]) == (409, "notice_not_now")
    none = admin.post("/api/v1/bookings/b1/notices", json={"channel": "line"})
    assert (none.status_code, none.json()["code"]) == (409, "notice_not_now")
    assert admin.post("/api/v1/bookings/nobody/notices", json={}).status_code == 404
    desk.run()
    assert "confirmed" in desk.kinds()


def test_somebody_of_another_site_sees_nothing(desk: Any, admin: TestClient, hub: Any) -> None:
    desk.put()
    desk.settle()
    elsewhere = desk.town.site()
    _, token = hub.services.get(AccountsService).create_token(
        SYSTEM, name="far", role=Role.CLERK, sites=(elsewhere,)
    )
    admin.headers["Authorization"] = f"Bearer {token}"
    assert admin.get("/api/v1/notices").json()["items"] == []
    assert admin.get("/api/v1/bookings/b1/notices").status_code == 404
    assert admin.get(f"/api/v1/facilities/{desk.facility}/notice_rule").status_code == 404


def test_rules_are_laid_over_one_another(desk: Any, admin: TestClient) -> None:
    facility = f"/api/v1/facilities/{desk.facility}/notice_rule"
    assert admin.get(facility).json()["in_force"] == {
        "reminder_hours": 24,
        "pin_in_notice": "reminder",
    }
    site = admin.get(f"/api/v1/facilities/{desk.facility}").json()["site_id"]
    admin.put(f"/api/v1/sites/{site}/notice_rule", json={"reminder_hours": 48})
    admin.put(facility, json={"pin_in_notice": "never"})
    assert admin.get(facility).json()["in_force"] == {
        "reminder_hours": 48,
        "pin_in_notice": "never",
    }
    assert admin.put(facility, json={"reminder_hours": 10**30}).status_code == 422
    assert admin.put(facility, json={"closing_ja": "\x00"}).status_code == 422
    assert admin.put("/api/v1/sites/x/notice_rule", json={}).status_code == 404


def test_every_example_is_valid() -> None:
    for name in dir(schemas):
        model = getattr(schemas, name)
        if (
            isinstance(model, type)
            and issubclass(model, BaseModel)
            and name.endswith(("In", "Out"))
        ):
            extra = model.model_config.get("json_schema_extra")
            if isinstance(extra, dict):
                for example in extra["examples"]:  # type: ignore[union-attr]
                    model.model_validate(example)


# --- stopping ------------------------------------------------------------------------------------


def test_one_click_stops_messages_to_an_address_and_a_page_brings_them_back(
    desk: Any, client: TestClient
) -> None:
    """RFC 8058: a POST without cookie or token of ours, as the header of the mail says."""
    desk.put()
    desk.settle()
    link = desk.mail.sent[0].stop_link
    path = link.removeprefix("https://doors.test")
    assert client.get(path, headers=HTML).status_code == 200
    desk.put("b2", start_h=60)
    desk.settle()
    assert len(desk.mail.sent) == 2  # looking stops nothing
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    desk.put("b3", start_h=72)
    desk.settle()
    assert len(desk.mail.sent) == 2
    page = client.get(path, headers=HTML)
    assert "お知らせを止めました" in page.text
    client.post(f"{path}/resume", data={"csrf": csrf_of(page.text)}, headers=OURS)
    desk.put("b4", start_h=84)
    desk.settle()
    assert len(desk.mail.sent) == 3
    assert desk.mail.sent[2].stop_link == link
    page = client.get(path, headers=HTML)
    client.post(f"{path}/stop", data={"csrf": csrf_of(page.text)}, headers=OURS)
    assert "お知らせを止めました" in client.get(path, headers=HTML).text


def test_a_link_of_nobody_stops_nothing(client: TestClient) -> None:
    assert client.post("/u/" + "0" * 32).status_code == 404
    assert client.post("/u/" + "0" * 31).status_code == 404
    assert client.post("/u/x/stop", data={}).status_code == 403
    assert client.get("/u/" + "0" * 32, headers=HTML).status_code == 200
    assert client.get("/u/" + "a" * 100, headers=HTML).status_code == 422


# --- pages ---------------------------------------------------------------------------------------


def test_the_page_shows_whom_to_call_and_forgets_them_once_told(
    desk: Any, admin: TestClient
) -> None:
    desk.put()
    desk.mail.answers = [Sent(Outcome.REFUSED, "550")]
    desk.settle()
    desk.put("b2", start_h=72)
    desk.run()
    page = admin.get("/notices", headers=HTML)
    assert "山田 花子" in page.text
    assert "tel:0123456789" in page.text
    assert "hanako@" not in page.text
    handled = re.search(r'action="(/notices/[^"]+/handled)"', page.text)
    assert handled is not None
    assert admin.post(handled[1]).status_code == 303
    assert 'tel:0123456789">' not in admin.get("/notices", headers=HTML).text.split("</section>")[0]


@pytest.mark.parametrize("lang", ["ja", "ja-easy", "en"])
def test_the_wording_of_every_kind_can_be_read(admin: TestClient, lang: str) -> None:
    page = admin.get("/notices/templates", params={"lang": lang}, headers=HTML)
    assert page.status_code == 200
    assert page.text.count('<pre class="mail">') == 9
    assert "48 27 16" in page.text


def test_a_bookings_page_of_notices_sends_again(desk: Any, admin: TestClient) -> None:
    booking = desk.put()
    desk.settle()
    page = admin.get(f"/bookings/{booking}/notices", headers=HTML)
    assert "h***@example.jp" in page.text
    answer = admin.post(f"/bookings/{booking}/notices", data={"kind": "reminder"})
    assert answer.status_code == 303
    desk.run()
    assert desk.kinds() == ["confirmed", "reminder"]


@pytest.mark.parametrize("lang", ["ja", "ja-easy", "en"])
def test_the_sheet_has_the_digits_and_making_it_is_in_the_audit_log(
    desk: Any, admin: TestClient, lang: str
) -> None:
    booking = desk.put()
    ask = admin.get(f"/bookings/{booking}/sheet", headers=HTML)
    groups = re.findall(r"\d\d", desk.digits())
    assert "".join(f"<span>{g}</span>" for g in groups) not in ask.text
    sheet = admin.post(f"/bookings/{booking}/sheet", data={"language": lang}, headers=HTML)
    assert sheet.status_code == 200
    assert "".join(f"<span>{g}</span>" for g in groups) in sheet.text
    assert sheet.headers["Cache-Control"] == "no-store"
    assert {"ja": "体育館", "ja-easy": "たいいくかん", "en": "Gym"}[lang] in sheet.text
    audit = desk.hub.services.get(AuditService).page(AuditFilter(action="pin.revealed"), None, 10)
    assert [each.details.get("by") for each in audit.items] == ["paper", None]


def test_the_sheet_is_for_those_who_may_see_the_pin(
    desk: Any, as_role: Callable[[Role], TestClient]
) -> None:
    booking = desk.put()
    for role in (Role.VIEWER, Role.AUDITOR, Role.STAFF):
        assert as_role(role).post(f"/bookings/{booking}/sheet").status_code == 403
        assert as_role(role).get(f"/bookings/{booking}/sheet").status_code == 403


def test_no_address_and_no_digits_in_what_is_measured(desk: Any, app: FastAPI) -> None:
    desk.put()
    desk.settle()
    assert app.title == "Kagimori"
    registry = desk.sender._meters._rows.collect()
    told = str(list(registry))
    assert "hanako" not in told
    rows = {(s.labels["channel"], s.labels["state"]): s.value for m in registry for s in m.samples}
    assert rows[("email", "sent")] == 1
