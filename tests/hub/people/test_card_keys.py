"""Card key sets: made, never read back, cards' keys made from them, and moved to a new master."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import hub as hub_package
from hub.bootstrap import Hub
from hub.people import repository
from hub.people.card_key_domain import card_key_row
from hub.people.card_profiles import SHIPPED, CloneRisk, Proof
from hub.people.kinds import CARD_KEY_SET
from hub.web.rights import Role
from wire.card_keys import diversified_key

UID = "04782E21801D80"
IDM = "0120220427678116"
MASTER = "a7b1c2d3e4f5061728394a5b6c7d8e92"
SECOND = "3911f2337455a67788996abb2cddee0f"
APPLICATION = "4B474D"


def key_of(master: str = MASTER, uid: str = UID) -> bytes:
    return diversified_key(bytes.fromhex(master), bytes.fromhex(uid), bytes.fromhex(APPLICATION))


@pytest.fixture
def key_set(make: Callable[[str, dict[str, Any]], Any]) -> Any:
    body = {
        "name": "職員証",
        "profile": "desfire-ev2-aes",
        "application": APPLICATION,
        "master": MASTER,
    }
    return make("card-key-sets", body)


def _card(client: TestClient, **more: Any) -> Any:
    return client.post("/api/v1/cards", json={"namespace": "uid", "identity": UID, **more})


def _stored(hub: Hub, card_id: str) -> bytes | None:
    with hub.core.db.read() as scope:
        card = repository.card(scope, card_id)
    assert card is not None
    if card.shared_key is None:
        return None
    return hub.core.keys.unseal(card.shared_key, card_key_row(card_id))


def test_a_master_is_given_once_and_lies_nowhere_in_clear(
    admin: TestClient, hub: Hub, key_set: Any
) -> None:
    assert (key_set["version"], key_set["cards"], key_set["older_cards"]) == (1, 0, 0)
    told = [key_set, admin.get("/api/v1/card-key-sets").json(), admin.get("/api/v1/audit").json()]
    told.append(admin.get(f"/api/v1/card-key-sets/{key_set['id']}").json())
    assert MASTER not in str(told).lower()
    assert "master" not in str(told)
    with hub.core.db.read() as scope:
        found = repository.card_key_set(scope, key_set["id"])
    assert found is not None
    assert bytes.fromhex(MASTER) not in found.master
    assert "master" not in repr(found)
    assert "master" in CARD_KEY_SET.hidden


def test_a_drawn_master_makes_keys_that_nobody_gave(
    admin: TestClient, make: Callable[[str, dict[str, Any]], Any]
) -> None:
    sets = [make("card-key-sets", {"name": n, "profile": "desfire-ev2-aes"})["id"] for n in "ab"]
    paths = [f"/api/v1/card-key-sets/{one}/diversify" for one in sets]
    keys = {admin.post(path, json={"identity": UID}).json()["key"] for path in paths}
    assert len(keys) == 2


def test_a_card_of_a_set_has_the_key_of_its_number_sealed(
    admin: TestClient, hub: Hub, key_set: Any
) -> None:
    made = _card(admin, key_set_id=key_set["id"])
    assert made.status_code == 201, made.text
    card = made.json()
    assert card["profile"] == "desfire-ev2-aes"
    assert (card["has_key"], card["key_set_id"], card["key_version"]) == (True, key_set["id"], 1)
    assert _stored(hub, card["id"]) == key_of()
    assert key_of().hex() not in made.text + admin.get("/api/v1/audit").text
    with hub.core.db.read() as scope:
        rows = str(scope.connection.exec_driver_sql("SELECT * FROM cards").all())
        found = repository.card(scope, card["id"])
    assert key_of().hex() not in rows
    assert repr(key_of()) not in rows
    assert "shared_key" not in repr(found)


def test_a_felica_card_of_a_set_has_the_key_that_its_station_is_told(
    admin: TestClient, hub: Hub, make: Callable[[str, dict[str, Any]], Any]
) -> None:
    body = {"name": "職員証", "profile": "felica-lite-s", "application": APPLICATION}
    made = make("card-key-sets", body | {"master": MASTER})
    path = f"/api/v1/card-key-sets/{made['id']}/diversify"
    told = admin.post(path, json={"identity": IDM})
    assert told.json()["key"] == key_of(uid=IDM).hex()
    for number in (UID, IDM + "00"):
        refused = admin.post(path, json={"identity": number})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "other_kind")
    given = {"namespace": "felica", "identity": IDM, "key_set_id": made["id"]}
    card = admin.post("/api/v1/cards", json=given).json()
    assert (card["profile"], card["has_key"], card["key_version"]) == ("felica-lite-s", True, 1)
    assert _stored(hub, card["id"]) == key_of(uid=IDM)


def test_a_card_may_have_a_key_of_its_own_that_is_never_given_back(
    admin: TestClient, hub: Hub
) -> None:
    made = _card(admin, key=SECOND, profile="desfire-ev2-aes")
    assert (made.status_code, made.json()["has_key"]) == (201, True)
    assert SECOND not in made.text
    assert _stored(hub, made.json()["id"]) == bytes.fromhex(SECOND)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"key": "00" * 16, "profile": "desfire-ev2-aes"}, "body.key"),
        ({"key": SECOND}, "body.profile"),
        ({"key": SECOND, "profile": "identifier"}, "body.profile"),
        ({"key": SECOND, "profile": "iso7816-ecdsa-p256"}, "body.profile"),
        ({"key": SECOND, "profile": "iso7816-aes-cmac"}, "body.identity"),
        ({"key_set_id": "nothing"}, "body.key_set_id"),
        ({"key": "12"}, "body.key"),
        ({"key": SECOND[:16] * 2, "profile": "desfire-ev2-aes"}, "body.key"),
        ({"key": SECOND[:16] + "3810f3327554a676", "profile": "desfire-ev2-aes"}, "body.key"),
        ({"key": SECOND, "profile": "felica-lite-s"}, "body.identity"),
    ],
)
def test_a_key_that_cannot_be_meant_names_its_field(
    admin: TestClient, body: dict[str, Any], field: str
) -> None:
    answer = _card(admin, **body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"identity": "0102030405"}, "body.identity"),
        ({"namespace": "felica"}, "body.identity"),
        ({"profile": "iso7816-aes-cmac"}, "body.profile"),
        ({"key": SECOND}, "body.key"),
    ],
)
def test_a_card_of_another_kind_is_none_of_a_set(
    admin: TestClient, key_set: Any, more: dict[str, Any], field: str
) -> None:
    answer = _card(admin, key_set_id=key_set["id"], **more)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"profile": "identifier"}, "body.profile"),
        ({"profile": "iso7816-ecdsa-p256"}, "body.profile"),
        ({"master": "ff" * 16}, "body.master"),
        ({"application": "00" * 25}, "body.application"),
        ({"application": "0"}, "body.application"),
    ],
)
def test_a_set_that_cannot_be_meant_names_its_field(
    admin: TestClient, more: dict[str, Any], field: str
) -> None:
    body = {"name": "x", "profile": "desfire-ev2-aes", **more}
    answer = admin.post("/api/v1/card-key-sets", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_station_is_given_the_key_of_one_number_and_the_log_says_so(
    admin: TestClient, key_set: Any
) -> None:
    path = f"/api/v1/card-key-sets/{key_set['id']}/diversify"
    made = admin.post(path, json={"identity": UID})
    assert made.json() == {
        "key": key_of().hex(),
        "version": 1,
        "card_id": None,
        "current_key": None,
    }
    log = admin.get("/api/v1/audit").json()["items"]
    assert [each["action"] for each in log].count("card_key_set.diversified") == 1
    assert UID.lower() not in str(log).lower()
    assert key_of().hex() not in str(log)
    wrong = admin.post(path, json={"identity": "0102"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "body.identity")
    assert (
        admin.post("/api/v1/card-key-sets/x/diversify", json={"identity": UID}).status_code == 404
    )


def test_cards_move_to_a_new_master_one_by_one(admin: TestClient, hub: Hub, key_set: Any) -> None:
    path = f"/api/v1/card-key-sets/{key_set['id']}"
    first = _card(admin, key_set_id=key_set["id"]).json()["id"]
    other = "04782E21801D81"
    _card(admin, key_set_id=key_set["id"], identity=other)
    renewed = admin.post(f"{path}/master", json={"master": SECOND}).json()
    assert (renewed["version"], renewed["cards"], renewed["older_cards"]) == (2, 0, 2)
    assert _stored(hub, first) == key_of(), "nothing changes until the card itself was written"

    told = admin.post(f"{path}/diversify", json={"identity": UID}).json()
    assert (told["key"], told["current_key"]) == (key_of(SECOND).hex(), key_of().hex())
    assert told["card_id"] == first

    moved = admin.post(f"/api/v1/cards/{first}/rekey", json={}).json()
    assert moved["key_version"] == 2
    assert _stored(hub, first) == key_of(SECOND)
    counted = admin.get(path).json()
    assert (counted["cards"], counted["older_cards"]) == (1, 1)
    again = admin.post(f"{path}/diversify", json={"identity": UID}).json()
    assert again["current_key"] is None
    same = admin.post(f"{path}/master", json={"master": SECOND}).json()
    assert same["version"] == 2, "the same master is no new one"


def test_a_card_without_a_key_is_given_one_of_a_set_or_its_own(
    admin: TestClient, hub: Hub, key_set: Any
) -> None:
    card = _card(admin).json()
    assert (card["has_key"], card["profile"]) == (False, None)
    path = f"/api/v1/cards/{card['id']}/rekey"
    nothing = admin.post(path, json={})
    assert (nothing.status_code, nothing.json()["errors"][0]["field"]) == (422, "body.key_set_id")
    assert admin.post(path, json={"key_set_id": key_set["id"]}).json()["has_key"] is True
    own = admin.post(path, json={"key": SECOND}).json()
    assert (own["key_set_id"], own["key_version"]) == (None, None)
    assert _stored(hub, card["id"]) == bytes.fromhex(SECOND)
    admin.post(f"/api/v1/cards/{card['id']}/withdraw", json={})
    assert admin.post(path, json={"key": MASTER}).status_code == 422


def test_only_who_reaches_the_whole_town_and_writes_people_has_to_do_with_masters(
    admin: TestClient, key_set: Any, gym: Any, tokens: Any
) -> None:
    path = f"/api/v1/card-key-sets/{key_set['id']}"
    made = {"role": "admin", "name": "gym", "sites": [gym.site]}
    token = admin.post("/api/v1/tokens", json=made)
    assert token.status_code == 201, token.text
    admin.headers["Authorization"] = f"Bearer {token.json()['token']}"
    for call in ("diversify", "master"):
        body = {"identity": UID} if call == "diversify" else {}
        assert admin.post(f"{path}/{call}", json=body).status_code == 403
    new = {"name": "y", "profile": "desfire-ev2-aes"}
    assert admin.post("/api/v1/card-key-sets", json=new).status_code == 403
    for role in (Role.CLERK, Role.AUDITOR, Role.VIEWER, Role.INTEGRATION, Role.STAFF):
        admin.headers["Authorization"] = f"Bearer {tokens[role]}"
        assert admin.post(f"{path}/diversify", json={"identity": UID}).status_code == 403
        assert admin.post(f"{path}/master", json={}).status_code == 403


# --- profiles ------------------------------------------------------------------------------------

_FILES = Path(hub_package.__file__).parents[1] / "edge" / "cards" / "profiles"
_PROOFS = {
    None: Proof.NONE,
    "ecdsa-p256-sha256": Proof.SIGNATURE,
    "aes-128-cmac": Proof.SHARED_KEY,
    "desfire-ev2-aes-128": Proof.SHARED_KEY,
    "felica-lite-s-mac-a": Proof.SHARED_KEY,
}


def _file(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_the_hub_knows_of_each_shipped_profile_what_its_file_says() -> None:
    files = {made["id"]: (path, made) for path in _FILES.iterdir() for made in [_file(path)]}
    assert set(files) == set(SHIPPED)
    for name, (path, made) in files.items():
        known = SHIPPED[name]
        assert known.namespaces == frozenset(made["namespaces"].values()), name
        assert known.proof is _PROOFS[made.get("challenge", {}).get("scheme")], name
        number = next(step for step in made["step"] if step.get("keep") == "number")
        assert known.number_bytes == (number["min_bytes"], number["max_bytes"]), name
        gaps = {f"values.{k}" for k, v in made.get("values", {}).items() if v == "FILL-IN"}
        assert set(known.fill_in) == gaps, name
        assert bool(gaps) == (path.suffix == ".template"), name


def test_every_profile_is_told_with_its_class_and_who_could_copy_it(admin: TestClient) -> None:
    told = admin.get("/api/v1/card-profiles").json()
    assert [each["id"] for each in told] == list(SHIPPED)
    by_id = {each["id"]: each for each in told}
    assert by_id["identifier"]["clone_risk"] == CloneRisk.ANYBODY_NEAR
    assert by_id["identifier"]["assurance"] == "identifier"
    assert by_id["desfire-ev2-aes"]["clone_risk"] == CloneRisk.STOLEN_CONTROLLER
    assert by_id["felica-lite-s"]["clone_risk"] == CloneRisk.STOLEN_CONTROLLER
    assert by_id["felica-lite-s"]["assurance"] == "challenge"
    assert by_id["iso7816-ecdsa-p256"]["clone_risk"] == CloneRisk.NOBODY
    assert by_id["my-number-card-application"]["fill_in"] == ["values.aid"]
    assert all(each["title"] and each["proven"] and each["who_could_copy"] for each in told)
    english = admin.get("/api/v1/card-profiles", params={"lang": "en"}).json()
    assert english[0]["title"] != told[0]["title"]
