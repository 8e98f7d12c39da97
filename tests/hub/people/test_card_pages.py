"""The pages of cards and rights: enrolling, losing, reissuing, and who may open what."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.clock import HandMovedClock
from hub.people.card_profiles import SHIPPED
from hub.web.rights import Role
from tests.hub.people.test_enrolments import NUMBER, Desk

HTML = {"Accept": "text/html", "Origin": "https://doors.test"}


@pytest.fixture
def desk(hub: Hub, clock: HandMovedClock, admin: TestClient, gym: Any) -> Desk:
    return Desk(hub, clock, admin, gym)


def page(client: TestClient, path: str, language: str = "ja") -> str:
    path += f"{'&' if '?' in path else '?'}lang={language}"
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def send(client: TestClient, form: str, path: str, **data: str) -> Any:
    csrf = re.search(r'name="csrf" value="([^"]+)"', page(client, form))
    return client.post(path, data={**data, **({"csrf": csrf[1]} if csrf else {})}, headers=HTML)


def test_a_card_is_enrolled_lost_and_reissued_by_forms_alone(desk: Desk, hana: str) -> None:
    t, client, own = Translator(Language.JA), desk.client, f"/cards/people/{hana}"
    found = send(client, "/cards", "/cards/find", text="やまだ")
    assert found.status_code == 303
    assert "やまだ" not in unquote(found.headers["location"])
    text = page(client, found.headers["location"])
    assert "山田 花" in text
    assert 'value="やまだ"' in text
    nobody = send(client, "/cards", "/cards/find", text="だれも")
    assert t("cards.none_found") in page(client, nobody.headers["location"])
    begun = send(client, own, f"{own}/enrol", reader_id=desk.reader, label="職員証 1")
    assert begun.status_code == 303
    waits = begun.headers["location"]
    text = page(client, waits)
    assert t("enrolment.waiting") in text
    assert "data-follow" in text
    again = send(client, own, f"{own}/enrol", reader_id=desk.reader)
    assert (again.status_code, 'role="alert"' in again.text) == (422, True)
    enrolment = waits.rpartition("/")[2]
    desk.offer(enrolment)
    text = page(client, waits)
    assert t("enrolment.again") in text
    assert t("enrolment.kind_felica") in text
    assert t("enrolment.tail", digits="CDEF") in text
    assert t("card_profiles.risk_anybody_near") in text
    assert "data-follow" in text
    desk.offer(enrolment)
    text = page(client, waits)
    assert t("enrolment.done") in text
    assert t("card_profiles.risk_anybody_near") in text
    assert "data-follow" not in text
    card = desk.seen(enrolment)["card"]["id"]
    assert send(client, own, f"{own}/lost", card_id=card).status_code == 303
    assert t("cards.state_lost") in page(client, own)
    begun = send(client, own, f"{own}/enrol", reader_id=desk.reader, replaces_id=card)
    desk.offer_twice(begun.headers["location"].rpartition("/")[2], b"another card")
    text = page(client, own)
    assert t("cards.state_withdrawn") in text
    assert t("cards.state_active") in text


def test_a_known_card_says_whose_it_is_and_the_wait_can_be_ended(desk: Desk, hana: str) -> None:
    t, client = Translator(Language.JA), desk.client
    desk.add("cards", namespace="felica", identity=NUMBER.hex(), person_id=hana)
    other = desk.add("people", name="佐藤")
    enrolment = desk.started(person_id=other)
    desk.offer(enrolment)
    place = f"/cards/enrolments/{enrolment}"
    assert t("enrolment.known_whose", name="山田 花") in page(client, place)
    assert send(client, place, f"{place}/cancel").status_code == 303
    assert t("enrolment.cancelled") in page(client, place)


def test_two_cards_are_told_and_the_same_is_started_again_by_one_button(
    desk: Desk, hana: str
) -> None:
    t, client = Translator(Language.JA), desk.client
    enrolment = desk.started(person_id=hana, label="職員証 1")
    desk.offer(enrolment)
    desk.offer(enrolment, b"another1")
    place = f"/cards/enrolments/{enrolment}"
    text = page(client, place)
    assert t("enrolment.two_cards") in text
    assert t("enrolment.two_cards_more") in text
    begun = send(client, place, f"{place}/again")
    assert begun.status_code == 303
    anew = begun.headers["location"].rpartition("/")[2]
    assert anew != enrolment
    desk.offer_twice(anew)
    card = desk.seen(anew)["card"]
    assert (card["person_id"], card["label"]) == (hana, "職員証 1")


def _reader(desk: Desk) -> None:
    """Put a reader at the door."""
    controller = desk.client.get(f"/api/v1/doors/{desk.door}").json()["controller_id"]
    device = desk.add("devices", controller_id=controller, name="口", driver="virtual", port="p")
    desk.add("readers", device_id=device, door_id=desk.door, name="読取機", side="entry")


@pytest.mark.parametrize("language", list(Language))
def test_who_could_open_a_door_and_what_somebody_could_open_is_shown_with_why(
    desk: Desk, hana: str, language: Language
) -> None:
    t, client = Translator(language), desk.client
    _reader(desk)
    group = desk.add("groups", name="公民館職員")
    client.put(f"/api/v1/groups/{group}/members", json={"person_ids": [hana]})
    desk.add("cards", namespace="uid", identity="AA", person_id=hana, label="職員証 7")
    site = client.get(f"/api/v1/doors/{desk.door}").json()["site_id"]
    zone = desk.add("zones", site_id=site, name="ホール")
    client.patch(f"/api/v1/doors/{desk.door}", json={"zone_in": zone})
    desk.add("grants", zone_id=zone, group_id=group, needs_pin=True)
    for path in (f"/doors/{desk.door}/who", f"/cards/people/{hana}"):
        text = page(client, path, language)
        assert "職員証 7" in text
        assert t("rights.by_group", group="公民館職員") in text
        assert t("rights.by_zone", zone="ホール") in text
    matrix = page(client, "/rights", language)
    assert f'href="/doors/{desk.door}/who"' in matrix
    assert "公民館職員" in matrix
    assert t("rights.with_pin") in matrix
    assert t("rights.by_zone", zone="ホール") in matrix


def test_the_api_tells_when_over_a_time_and_refuses_what_is_too_long(
    desk: Desk, hana: str, clock: HandMovedClock
) -> None:
    _reader(desk)
    desk.add("cards", namespace="uid", identity="AA", person_id=hana)
    end = clock.now() + timedelta(days=2)
    desk.add("grants", door_id=desk.door, person_id=hana, end_at=end.isoformat())
    span = {"from": clock.now().isoformat(), "to": (clock.now() + timedelta(days=7)).isoformat()}
    for path in (f"doors/{desk.door}/access", f"people/{hana}/access"):
        (way,) = desk.client.get(f"/api/v1/{path}", params=span).json()
        assert way["door_id"] == desk.door
        (told,) = way["spans"]
        assert told["end"].startswith(end.isoformat()[:19])
        long = {**span, "to": (clock.now() + timedelta(days=32)).isoformat()}
        assert desk.client.get(f"/api/v1/{path}", params=long).status_code == 422
    only = desk.client.get(f"/api/v1/doors/{desk.door}/access", params={"from": span["from"]})
    assert only.status_code == 422
    assert desk.client.get("/api/v1/people/nobody/access", params=span).status_code == 404


def test_a_grant_is_to_one_place_and_an_exact_limit_to_a_door(desk: Desk, hana: str) -> None:
    site = desk.client.get(f"/api/v1/doors/{desk.door}").json()["site_id"]
    zone = desk.add("zones", site_id=site, name="ホール")
    for body, field in (
        ({"door_id": desk.door, "zone_id": zone}, "door_id"),
        ({}, "door_id"),
        ({"zone_id": zone, "max_uses": 3}, "soft"),
        ({"zone_id": "none"}, "zone_id"),
        ({"zone_id": zone, "escorts": ["nobody"]}, "escorts"),
    ):
        answer = desk.client.post("/api/v1/grants", json={"person_id": hana, **body})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, f"body.{field}")
    desk.add("grants", person_id=hana, zone_id=zone, max_uses=3, soft=True)


@pytest.mark.parametrize("role", [Role.STAFF, Role.VIEWER, Role.INTEGRATION])
def test_pages_of_people_s_cards_need_the_right(
    desk: Desk, hana: str, as_role: Callable[[Role], TestClient], role: Role
) -> None:
    client = as_role(role)
    for path in ("/cards", f"/cards/people/{hana}", "/rights", f"/doors/{desk.door}/who"):
        assert client.get(path, headers=HTML).status_code == 403


@pytest.mark.parametrize("language", list(Language))
def test_the_page_of_profiles_says_of_each_kind_who_could_copy_it(
    admin: TestClient, language: Language
) -> None:
    t = Translator(language)
    shown = unescape(page(admin, "/cards/profiles", language))
    for each in SHIPPED.values():
        assert t(f"card_profiles.title_{each.key}") in shown
        assert t(f"card_profiles.risk_{each.clone_risk}") in shown
        assert t(f"card_profiles.need_{each.key}") in shown
    assert "values.aid" in shown


def test_a_cards_page_says_what_kind_it_is_who_could_copy_it_and_which_key_it_has(
    desk: Desk, admin: TestClient, make: Any, hana: str
) -> None:
    """And a key can be chosen where a card is enrolled."""
    t = Translator(Language.JA)
    made = make("card-key-sets", {"name": "職員証", "profile": "desfire-ev2-aes"})
    number = {"namespace": "uid", "identity": "04782E21801D80"}
    make("cards", {**number, "person_id": hana, "key_set_id": made["id"]})
    make("cards", {"namespace": "felica", "identity": "01" * 8, "person_id": hana})
    shown = admin.get(f"/cards/people/{hana}", headers=HTML).text
    assert t("cards.shared") in shown
    assert t("card_profiles.risk_stolen_controller") in shown
    assert t("card_profiles.risk_anybody_near") in shown
    assert t("key_sets.of_card", name="職員証", version=1) in shown
    assert f'<option value="{made["id"]}">職員証</option>' in shown
    admin.post(f"/api/v1/card-key-sets/{made['id']}/master", json={})
    shown = admin.get(f"/cards/people/{hana}", headers=HTML).text
    assert t("key_sets.of_card_old", name="職員証", version=1) in shown


def test_a_door_that_takes_copyable_cards_says_so(admin: TestClient, gym: Any) -> None:
    t = Translator(Language.JA)
    page = f"/doors/{gym.door}"
    assert t("card_profiles.door_lets_copies") not in admin.get(page, headers=HTML).text
    admin.patch(f"/api/v1/doors/{gym.door}", json={"min_assurance": "identifier"})
    assert t("card_profiles.door_lets_copies") in admin.get(page, headers=HTML).text
