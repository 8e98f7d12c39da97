"""A card that is rekeyed at the very moment at which the move to a new master is ended is not
blocked."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.people import card_keys
from hub.people.card_keys import CardKeys
from hub.web.rights import SYSTEM

pytestmark = pytest.mark.postgres


# On SQLite there is one writer.
@pytest.fixture
def database_at(postgresql_at: str) -> str:
    return postgresql_at


def test_a_card_that_comes_while_the_move_is_ended_stays_good(
    hub: Any, admin: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body: dict[str, Any] = {"name": "職員証", "profile": "desfire-ev2-aes"}
    key_set = admin.post("/api/v1/card-key-sets", json=body).json()["id"]
    body = {"namespace": "uid", "identity": "04A1B2C3D4E5F6", "key_set_id": key_set}
    card = admin.post("/api/v1/cards", json=body).json()["id"]
    assert admin.post(f"/api/v1/card-key-sets/{key_set}/master", json={}).status_code == 200
    keys, older = hub.services.get(CardKeys), card_keys.repository.older_cards_of_key_set

    def slow(*given: Any) -> Any:
        found = older(*given)
        rekey = lambda: keys.rekey(SYSTEM, card, key_set_id=None, key=None)  # noqa: E731
        thread = threading.Thread(target=rekey)
        thread.start()
        thread.join()
        return found

    monkeypatch.setattr(card_keys.repository, "older_cards_of_key_set", slow)
    _, blocked = keys.finish(SYSTEM, key_set, "期限")
    assert blocked == 0
    seen = admin.get(f"/api/v1/cards/{card}").json()
    assert (seen["state"], seen["key_version"]) == ("active", 2)
