"""Cards: numbers sealed and found, states moved by the table, the policy told."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.keys import SealBrokenError
from hub.people import repository
from hub.people.domain import CardState
from hub.people.identities import open_identity
from hub.people.service import CARD_MOVES
from hub.people.tables import cards
from hub.policy.tables import policy_dirty
from hub.web.rights import Role
from wire.policy_bodies import EntryState

NUMBER = "0123456789ABCDEF"


def _issue(client: TestClient, **extra: Any) -> Any:
    body = {"namespace": "felica", "identity": NUMBER, **extra}
    return client.post("/api/v1/cards", json=body)


def _kinds_touched(hub: Hub) -> set[tuple[str, str]]:
    def work(scope: Any) -> set[tuple[str, str]]:
        found = {(str(row.kind), row.target) for row in scope.all(scope.select(policy_dirty))}
        scope.delete(policy_dirty, policy_dirty.c.id.is_not(None))
        return found

    return hub.core.db.write(work)


def test_a_cards_number_is_sealed_found_and_never_given_back(
    admin: TestClient, hub: Hub, hana: str
) -> None:
    made = _issue(admin, person_id=hana, label="職員証 12")
    assert made.status_code == 201
    card_id = made.json()["id"]
    assert NUMBER.lower() not in made.text.lower()
    with hub.core.db.read() as scope:
        card = repository.card(scope, card_id)
        raw = str(scope.connection.exec_driver_sql("SELECT * FROM cards").all())
    assert card is not None
    assert open_identity(hub.core.keys, card_id, card.identity) == bytes.fromhex(NUMBER)
    assert bytes.fromhex(NUMBER) not in card.identity
    assert NUMBER.lower() not in raw.lower()
    look = {"namespace": "felica", "identity": NUMBER.lower()}
    assert admin.post("/api/v1/cards/lookup", json=look).json()["id"] == card_id
    other = {**look, "namespace": "uid"}
    assert admin.post("/api/v1/cards/lookup", json=other).status_code == 404
    assert NUMBER.lower() not in admin.get("/api/v1/audit").text.lower()


def test_a_sealed_number_moved_to_another_row_is_noticed(admin: TestClient, hub: Hub) -> None:
    first = _issue(admin).json()["id"]
    second = _issue(admin, identity="AA").json()["id"]
    with hub.core.db.read() as scope:
        stolen = repository.card(scope, first)
    assert stolen is not None
    swap = {"identity": stolen.identity}
    hub.core.db.write(lambda scope: scope.update(cards, swap, cards.c.id == second))
    with hub.core.db.read() as scope:
        moved = repository.card(scope, second)
    assert moved is not None
    with pytest.raises(SealBrokenError):
        open_identity(hub.core.keys, second, moved.identity)


def test_a_card_is_known_once(admin: TestClient) -> None:
    assert _issue(admin).status_code == 201
    again = _issue(admin)
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    assert _issue(admin, namespace="uid").status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"identity": "xyz"}, "body.identity"),
        ({"identity": ""}, "body.identity"),
        ({"identity": "0" * 258}, "body.identity"),
        ({"namespace": "UID"}, "body.namespace"),
        ({"person_id": "nobody"}, "body.person_id"),
        ({"public_key": "AAAA", "profile": "p"}, "body.public_key"),
    ],
)
def test_a_bad_card_names_its_field(admin: TestClient, body: dict[str, Any], field: str) -> None:
    answer = _issue(admin, **body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_card_with_a_key_names_the_profile_that_asks_for_it(admin: TestClient) -> None:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key = base64.b64encode(raw).decode()
    assert _issue(admin, public_key=key).json()["errors"][0]["field"] == "body.profile"
    assert _issue(admin, public_key=key, profile="town-card").status_code == 201


def test_a_lost_card_is_blocked_at_once_and_the_policy_is_told(
    admin: TestClient, hub: Hub, hana: str
) -> None:
    card_id = _issue(admin, person_id=hana).json()["id"]
    _kinds_touched(hub)
    lost = admin.post(f"/api/v1/cards/{card_id}/lost", json={"reason": "電車に忘れた"})
    assert (lost.status_code, lost.json()["state"]) == (200, "lost")
    assert ("card", card_id) in _kinds_touched(hub)
    with hub.core.db.read() as scope:
        card = repository.card(scope, card_id)
    assert card is not None
    assert card.state.entry_state is EntryState.BLOCKED
    again = admin.post(f"/api/v1/cards/{card_id}/lost", json={})
    assert (again.status_code, again.json()["state_reason"]) == (200, "電車に忘れた")
    assert _kinds_touched(hub) == set()
    found = admin.post(f"/api/v1/cards/{card_id}/unblock", json={"reason": "見つかった"})
    assert found.json()["state"] == "active"


def test_a_withdrawn_card_stays_withdrawn(admin: TestClient) -> None:
    card_id = _issue(admin).json()["id"]
    assert admin.post(f"/api/v1/cards/{card_id}/withdraw", json={}).status_code == 200
    for move in ("unblock", "lost", "block"):
        answer = admin.post(f"/api/v1/cards/{card_id}/{move}", json={})
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), move
    assert set(CARD_MOVES) == set(CardState)


def test_a_clerk_blocks_cards_and_only_an_administrator_unblocks(
    admin: TestClient, as_role: Callable[[Role], TestClient]
) -> None:
    card_id = _issue(admin).json()["id"]
    clerk = as_role(Role.CLERK)
    assert clerk.post(f"/api/v1/cards/{card_id}/block", json={}).status_code == 200
    assert clerk.post(f"/api/v1/cards/{card_id}/unblock", json={}).status_code == 403
