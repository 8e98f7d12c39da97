"""The register's pages: a day played at the desk by forms alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.catalogue import Language, Translator
from hub.clock import HandMovedClock
from tests.hub.visitors.test_visitors import Desk

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


@pytest.fixture
def desk(admin: TestClient, clock: HandMovedClock) -> Desk:
    return Desk(admin, clock)


def page(client: TestClient, path: str, language: str = "ja") -> str:
    answer = client.get(path, params={"lang": language}, headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def send(client: TestClient, form: str, path: str, **data: Any) -> Any:
    csrf = re.search(r'name="csrf" value="([^"]+)"', page(client, form))
    return client.post(path, data={**data, **({"csrf": csrf[1]} if csrf else {})}, headers=HTML)


def _given(desk: Desk, **more: Any) -> dict[str, Any]:
    return {
        "names": "佐藤 次郎\n鈴木 三郎\n",
        "organisation": "さくら電設",
        "site_id": desk.site,
        "host_id": desk.host,
        "starts_at": "2026-04-06T09:00",
        "ends_at": "2026-04-06T12:00",
        "opens": [f"zone:{desk.zone}"],
        "escort": "yes",
        **more,
    }


def test_a_visit_is_entered_received_and_seen_off(desk: Desk) -> None:
    t = Translator(Language.JA)
    client = desk.client
    form = page(client, "/visitors/new")
    assert 'value="2026-04-06T09:00"' in form
    assert f"zone:{desk.zone}" in form
    sent = send(client, "/visitors/new", "/visitors/new", **_given(desk))
    assert sent.status_code == 303, sent.text
    day = page(client, "/visitors")
    assert "佐藤 次郎" in day
    assert "鈴木 三郎" in day
    assert t("visitors.escorted") in day
    first, second = re.findall(r'action="/visitors/([^/"]+)/arrive"', day)
    arrived = send(client, "/visitors", f"/visitors/{first}/arrive", card_id=desk.cards[0])
    assert arrived.status_code == 303
    day = page(client, "/visitors")
    assert t("visitors.state_inside") in day
    assert t("visitors.has_card", label="来訪者 1") in day
    assert send(client, "/visitors", f"/visitors/{first}/leave", card="kept").status_code == 303
    day = page(client, "/visitors")
    assert t("visitors.overdue") in day
    assert send(client, "/visitors", f"/visitors/{first}/leave", card="back").status_code == 303
    day = page(client, "/visitors")
    assert t("visitors.overdue") not in day
    assert t("visitors.state_left") in day
    assert second


def test_a_form_that_cannot_be_kept_says_why_and_loses_nothing(desk: Desk) -> None:
    t = Translator(Language.JA)
    wrong = _given(desk, ends_at="2026-04-06T08:00")
    sent = send(desk.client, "/visitors/new", "/visitors/new", **wrong)
    assert sent.status_code == 422
    assert "佐藤 次郎" in sent.text
    assert 'role="alert"' in sent.text
    nonsense = _given(desk, starts_at="tomorrow")
    sent = send(desk.client, "/visitors/new", "/visitors/new", **nonsense)
    assert (sent.status_code, t("visitors.not_a_time") in sent.text) == (422, True)


@pytest.mark.parametrize("language", list(Language))
def test_the_register_speaks_every_language(desk: Desk, language: Language) -> None:
    t = Translator(language)
    desk.visit()
    day = page(desk.client, "/visitors", language)
    assert t("visitors.state_expected") in day
    assert t("visitors.badges_none") in day
    assert "佐藤 次郎" in day


def test_one_more_comes_along_and_the_visit_is_made_longer_then_ended(
    desk: Desk, clock: HandMovedClock
) -> None:
    t = Translator(Language.JA)
    visit = desk.visit()["id"]
    path = f"/visitors/visits/{visit}"
    assert send(desk.client, "/visitors", f"{path}/add", name="高橋 四郎").status_code == 303
    assert "高橋 四郎" in page(desk.client, "/visitors")
    before = desk.client.get(f"/api/v1/visits/{visit}").json()["ends_at"]
    longer = send(desk.client, "/visitors", f"{path}/until", ends_at="2026-04-06T18:00")
    assert longer.status_code == 303
    assert desk.client.get(f"/api/v1/visits/{visit}").json()["ends_at"] != before
    wrong = send(desk.client, "/visitors", f"{path}/until", ends_at="tomorrow")
    assert wrong.status_code == 422
    now = clock.advance(timedelta(hours=2))
    assert t("visitors.end_now") in page(desk.client, "/visitors")
    assert send(desk.client, "/visitors", f"{path}/until").status_code == 303
    ended = desk.client.get(f"/api/v1/visits/{visit}").json()["ends_at"]
    assert datetime.fromisoformat(ended) == now


def test_whoever_reads_the_roll_call_stands_in_the_audit_log(desk: Desk) -> None:
    desk.client.get("/api/v1/roll-call")
    page(desk.client, "/roll-call")
    log = desk.client.get("/api/v1/audit").json()["items"]
    assert [each["action"] for each in log].count("roll_call.read") == 2


def test_a_host_is_found_by_name_in_the_form_and_never_in_an_address(desk: Desk) -> None:
    t, client = Translator(Language.JA), desk.client
    other = desk.add("people", name="山田 太郎")
    asked = _given(desk, host_id="", host_name="山田", find="host")
    found = send(client, "/visitors/new", "/visitors/new", **asked)
    assert found.status_code == 200
    assert f'value="{desk.host}"' in found.text
    assert f'value="{other}"' in found.text
    assert "佐藤 次郎" in found.text, "nothing that was typed is lost"
    unsure = send(
        client, "/visitors/new", "/visitors/new", **_given(desk, host_id="", host_name="山田")
    )
    assert (unsure.status_code, t("visitors.choose_host") in unsure.text) == (422, True)
    kept = send(
        client, "/visitors/new", "/visitors/new", **_given(desk, host_id="", host_name="花子")
    )
    assert kept.status_code == 303
    assert "山田 花子" in page(client, "/visitors")
    assert "%E5" not in kept.headers["location"]


def test_a_visit_is_changed_as_a_whole_and_made_one_of_several_days(desk: Desk) -> None:
    visit = desk.visit()["id"]
    path = f"/visitors/visits/{visit}"
    form = page(desk.client, path)
    assert "さくら電設" in form
    changed = _given(desk, ends_at="2026-04-10T17:00", organisation="もみじ工業", daily="yes")
    sent = send(desk.client, path, path, **changed)
    assert (sent.status_code, sent.headers["location"]) == (303, path)
    told = desk.client.get(f"/api/v1/visits/{visit}").json()
    assert (told["daily"], told["organisation"]) == (True, "もみじ工業")
    wrong = send(desk.client, path, path, **{**changed, "ends_at": "2026-04-10T08:00"})
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)


@pytest.mark.parametrize("language", list(Language))
def test_the_pool_says_of_each_card_whether_it_is_there_lent_or_missing(
    desk: Desk, language: Language
) -> None:
    t, client = Translator(language), desk.client
    visit = desk.visit()
    desk.post(f"visitors/{visit['visitors'][0]['id']}/arrive", card_id=desk.cards[0])
    shown = page(client, "/visitors/cards", language)
    assert t("visitors.card_lent") in shown
    assert t("visitors.card_free") in shown
    sent = send(client, "/visitors/cards", "/visitors/cards/lost", card_id=desk.cards[0])
    assert sent.status_code == 303
    assert t("cards.state_lost") in page(client, "/visitors/cards", language)
    sent = send(client, "/visitors/cards", "/visitors/cards/remove", card_id=desk.cards[1])
    assert sent.status_code == 303
    assert t("visitors.card_free") not in page(client, "/visitors/cards", language)


def test_nobody_s_card_is_lost_at_the_desk_but_one_of_the_pool(desk: Desk) -> None:
    staff = desk.add("cards", namespace="uid", identity="04FF", person_id=desk.host)
    send(desk.client, "/visitors/cards", "/visitors/cards/lost", card_id=staff)
    assert desk.client.get(f"/api/v1/cards/{staff}").json()["state"] == "active"


def test_a_card_is_enrolled_for_the_pool_at_a_reader(desk: Desk) -> None:
    t, client = Translator(Language.JA), desk.client
    at = {"controller_id": "hall000000000002", "driver": "virtual", "port": "v"}
    device = desk.add("devices", name="板", **at)
    reader = desk.add("readers", device_id=device, door_id=desk.door, name="受付", side="entry")
    body = {"reader_id": reader, "label": "来訪者 9", "site_id": desk.site}
    sent = send(client, "/visitors/cards", "/visitors/cards/enrol", **body)
    assert sent.status_code == 303, sent.text
    assert t("enrolment.waiting") in page(client, sent.headers["location"])
    again = send(client, "/visitors/cards", "/visitors/cards/enrol", **body)
    assert (again.status_code, 'role="alert"' in again.text) == (422, True)
    card = desk.add("cards", namespace="uid", identity="04AB", label="来訪者 9")
    put = {"card_id": card, "site_id": desk.site}
    assert send(client, "/visitors/cards", "/visitors/cards/add", **put).status_code == 303
    assert "来訪者 9" in page(client, "/visitors/cards")
