"""The pages of card key sets: masters made, taken over and renewed, never shown; who holds keys;
and what becomes of cards that never come."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.catalogue import Language, Translator
from hub.people import repository
from hub.people.card_key_domain import set_row
from hub.policy import repository as policy
from hub.policy.repository import StoredEntry
from hub.web.rights import Role
from tests.hub.people.test_card_keys import MASTER, SECOND, UID
from tests.hub.people.test_card_pages import HTML, page, send
from wire.policy import EntryKey, EntryKind, encode_entry, entry_hash
from wire.policy_bodies import CardBody

T = Translator(Language.JA)
NEW = {"name": "職員証", "profile": "desfire-ev2-aes", "application": "4B474D"}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


def made(client: TestClient, **more: str) -> str:
    """Make a set by the form; give its page."""
    answer = send(client, "/cards/keys", "/cards/keys", **NEW, **more)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def _master(hub: Hub, place: str) -> bytes:
    set_id = place.rpartition("/")[2]
    with hub.core.db.read() as scope:
        found = repository.card_key_set(scope, set_id)
    assert found is not None
    return hub.core.keys.unseal(found.master, set_row(set_id))


def test_the_page_offers_each_kind_of_card_that_shares_a_key(admin: TestClient) -> None:
    shown = page(admin, "/cards/keys")
    for profile in ("desfire-ev2-aes", "iso7816-aes-cmac", "felica-lite-s"):
        assert f'value="{profile}"' in shown
        asked = {**NEW, "name": f"鍵 {profile}", "profile": profile}
        answer = send(admin, "/cards/keys", "/cards/keys", **asked)
        assert f"鍵 {profile}" in page(admin, answer.headers["location"])


def test_a_master_is_drawn_or_taken_over_and_never_shown_again(admin: TestClient, hub: Hub) -> None:
    drawn = made(admin)
    assert len(set(_master(hub, drawn))) > 4
    taken = send(admin, "/cards/keys", "/cards/keys", **{**NEW, "name": "鍵"}, master=f" {MASTER} ")
    place = taken.headers["location"]
    assert _master(hub, place) == bytes.fromhex(MASTER)
    assert MASTER not in place
    for where in ("/cards/keys", drawn, place):
        assert MASTER not in page(admin, where).lower()
    assert MASTER not in admin.get("/api/v1/audit").text.lower()
    assert "職員証" in page(admin, "/cards/keys")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"master": "00" * 16}, "weak"),
        ({"master": MASTER[:-1]}, "bad_master"),
        ({"application": "4B4"}, "bad_application"),
        ({"application": "00" * 25}, "too_long"),
        ({"name": " "}, "no_name"),
        ({"profile": "identifier"}, "form"),
    ],
)
def test_what_cannot_be_is_told_and_what_was_typed_as_master_is_not_put_back(
    admin: TestClient, more: dict[str, str], said: str
) -> None:
    answer = send(admin, "/cards/keys", "/cards/keys", **{**NEW, "master": MASTER, **more})
    assert answer.status_code == 422
    assert T(f"key_sets.error_{said}") in answer.text
    assert (more.get("master") or MASTER) not in answer.text
    assert T("key_sets.none_made") in page(admin, "/cards/keys")


def test_two_sets_do_not_share_a_name(admin: TestClient) -> None:
    made(admin)
    answer = send(admin, "/cards/keys", "/cards/keys", **NEW)
    assert (answer.status_code, T("key_sets.error_twice") in answer.text) == (422, True)


def test_cards_move_to_a_new_master_and_those_that_never_come_are_blocked(
    admin: TestClient, hub: Hub, make: Any, hana: str
) -> None:
    place = made(admin, master=MASTER)
    set_id = place.rpartition("/")[2]
    uids = (UID, "04782E21801D81", "04782E21801D82")
    same = {"namespace": "uid", "key_set_id": set_id, "person_id": hana}
    cards = [
        make("cards", {**same, "identity": uid, "label": label})["id"]
        for uid, label in zip(uids, ("一枚目", "二枚目", "古い"), strict=True)
    ]
    admin.post(f"/api/v1/cards/{cards[2]}/withdraw", json={})
    assert T("key_sets.progress", done=2, total=2) in page(admin, place)
    unsure = send(admin, place, f"{place}/master", master=SECOND)
    assert (unsure.status_code, T("key_sets.error_sure") in unsure.text) == (422, True)
    assert SECOND not in unsure.text
    assert _master(hub, place) == bytes.fromhex(MASTER)

    assert send(admin, place, f"{place}/master", master=SECOND, sure="yes").status_code == 303
    assert _master(hub, place) == bytes.fromhex(SECOND)
    shown = page(admin, place)
    assert T("key_sets.progress", done=0, total=2) in shown
    assert "一枚目" in shown
    assert "古い" not in shown, "a card that was withdrawn is not waited for"
    assert T("key_sets.moving", count=2) in page(admin, "/cards/keys")

    assert send(admin, place, f"{place}/rekey", card_id=cards[0]).status_code == 303
    shown = page(admin, place)
    assert T("key_sets.progress", done=1, total=2) in shown
    assert "一枚目" not in shown
    assert T("key_sets.finish_hint", count=1) in shown

    assert send(admin, place, f"{place}/finish").status_code == 422
    assert send(admin, place, f"{place}/finish", sure="yes").status_code == 303
    late = admin.get(f"/api/v1/cards/{cards[1]}").json()
    assert (late["state"], late["state_reason"]) == ("blocked", T("key_sets.never_came"))
    assert admin.get(f"/api/v1/cards/{cards[0]}").json()["state"] == "active"
    counted = admin.get(f"/api/v1/card-key-sets/{set_id}").json()
    assert (counted["cards"], counted["older_cards"], counted["older_active"]) == (1, 1, 0)
    shown = page(admin, place)
    assert "二枚目" in shown
    assert f"{place}/finish" not in shown
    actions = [each["action"] for each in admin.get("/api/v1/audit").json()["items"]]
    assert "card_key_set.finished" in actions

    admin.post(f"/api/v1/cards/{cards[1]}/unblock", json={})
    assert send(admin, place, f"{place}/rekey", card_id=cards[1]).status_code == 303
    assert T("key_sets.settled") in page(admin, place)


def test_a_move_is_ended_only_where_there_was_one(admin: TestClient, make: Any) -> None:
    set_id = make("card-key-sets", NEW)["id"]
    path = f"/api/v1/card-key-sets/{set_id}"
    assert admin.post(f"{path}/finish", json={}).status_code == 409
    assert admin.post("/api/v1/card-key-sets/none/finish", json={}).status_code == 404
    renewed = admin.post(f"{path}/master", json={}).json()
    assert renewed["renewed_at"] is not None
    assert admin.post(f"{path}/finish", json={"reason": "期限"}).json()["older_active"] == 0


def test_the_page_says_which_controller_holds_the_keys_of_whose_cards(
    admin: TestClient, hub: Hub, make: Any, gym: Any, hall: Any, hana: str
) -> None:
    place = made(admin)
    body = {"namespace": "uid", "key_set_id": place.rpartition("/")[2], "person_id": hana}
    card = make("cards", {**body, "identity": UID, "label": "職員証 1"})["id"]
    other = make("cards", {**body, "identity": "04782E21801D81", "label": "職員証 2"})["id"]

    def held(controller: str, card_id: str, sealed: str | None) -> None:
        told = CardBody(
            credential=card_id, namespace="uid", digest="0" * 64, person=hana, sealed=sealed
        )
        data = encode_entry(EntryKind.CREDENTIAL, card_id, 1, told)
        key = EntryKey(EntryKind.CREDENTIAL.value, card_id)
        entry = StoredEntry(key, 1, data, entry_hash(data), hana, None, None)
        hub.core.db.write(lambda scope: policy.put(scope, controller, [entry]))

    assert T("key_sets.exposed", controllers=0, count=0) in page(admin, place)
    held("gym0000000000001", card, "A" * 200)
    held("hall000000000002", card, None)
    held("hall000000000002", other, None)
    shown = page(admin, place)
    assert T("key_sets.exposed", controllers=1, count=1) in shown
    assert "体育館" in shown
    assert "役場" not in shown
    assert "山田 花 職員証 1" in shown
    assert "職員証 2" not in re.sub(r"(?s)<form.*?</form>", "", shown)


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR])
def test_who_only_reads_is_offered_no_form_and_changes_nothing(
    admin: TestClient, as_role: Any, role: Role
) -> None:
    place = made(admin)
    client = as_role(role)
    for where in ("/cards/keys", place):
        shown = client.get(where, headers=HTML)
        assert shown.status_code == 200
        assert 'name="master"' not in shown.text
    for path in ("/cards/keys", f"{place}/master", f"{place}/finish", f"{place}/rekey"):
        assert client.post(path, data={"sure": "yes", **NEW}, headers=HTML).status_code == 403
