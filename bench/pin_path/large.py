"""A large policy at one controller: half of its grants let people with a card in, half PINs.

Written row by row as the services leave them, without drawing and reserving PINs one by one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hub.clock import Ids
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.people.domain import CardState
from hub.people.identities import identity_index, seal_identity
from hub.people.tables import cards, grants, people
from hub.pins.placement import PlacementState
from hub.pins.tables import PinVariant, pin_credentials, pin_placements
from hub.policy.touch import touch_controller
from wire.policy_bodies import EntryState

_THEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_WRITTEN: Final = {"created_at": _THEN, "updated_at": _THEN}
_WORDS: Final = ("name_kana", "name_en", "organisation")
_AT_ONCE: Final = 2_000


def fill(
    scope: Scope,
    keys: HubKeys,
    ids: Ids,
    controller: str,
    doors: Sequence[str],
    many: int,
    now: datetime,
) -> None:
    """Give a controller so many grants more, and mark it."""
    persons = [_person(ids) for _ in range(many // 2)]
    holders = [each["id"] for each in persons]
    _insert(scope, people, persons)
    _insert(scope, cards, [_card(keys, ids, each) for each in holders])
    places = [doors[number % len(doors)] for number in range(many)]
    _insert(scope, grants, [_grant(ids, *each) for each in zip(places, holders, strict=False)])
    pins = [_pin(keys, ids, number, now) for number in range(many - many // 2)]
    _insert(scope, pin_credentials, pins)
    _insert(
        scope,
        pin_placements,
        [_placement(ids, pin["id"], place, now) for pin, place in zip(pins, places, strict=False)],
    )
    touch_controller(scope, controller)


def _insert(scope: Scope, table: Any, rows: list[dict[str, Any]]) -> None:
    for at in range(0, len(rows), _AT_ONCE):
        scope.insert(table, rows[at : at + _AT_ONCE])


def _person(ids: Ids) -> dict[str, Any]:
    return {
        "id": ids.new(),
        "name": "山田 花子",
        **dict.fromkeys(_WORDS, ""),
        "state": EntryState.ACTIVE,
        "anti_passback_exempt": False,
        "long_unlock": False,
        "forgiven": 0,
        **_WRITTEN,
    }


def _card(keys: HubKeys, ids: Ids, person: str) -> dict[str, Any]:
    card, identity = ids.new(), secrets.token_bytes(8)
    return {
        "id": card,
        "person_id": person,
        "namespace": "uid",
        "identity": seal_identity(keys, card, identity),
        "identity_index": identity_index(keys, "uid", identity),
        "label": "",
        "state": CardState.ACTIVE,
        "state_reason": "",
        "state_changed_at": _THEN,
        **_WRITTEN,
    }


def _grant(ids: Ids, door: str, person: str) -> dict[str, Any]:
    return {
        "id": ids.new(),
        "door_id": door,
        "person_id": person,
        "needs_pin": False,
        "first_person": False,
        "soft": False,
        "escorts": (),
        "escort_s": 30,
        "state": EntryState.ACTIVE,
        "note": "",
        **_WRITTEN,
    }


def _pin(keys: HubKeys, ids: Ids, number: int, now: datetime) -> dict[str, Any]:
    credential = ids.new()
    return {
        "id": credential,
        "booking_id": ids.new(),
        "holder_id": ids.new(),
        "variant": PinVariant.ORDINARY,
        "escorts": (),
        "escort_s": 30,
        "daily": False,
        "sealed": keys.seal(f"{number:06d}".encode(), f"pins:{credential}"),
        "digits": 6,
        "created_at": now,
        "changed_at": now,
    }


def _placement(ids: Ids, credential: str, door: str, now: datetime) -> dict[str, Any]:
    start = now + timedelta(hours=3)
    return {
        "credential_id": credential,
        "door_id": door,
        "grant_id": ids.new(),
        "starts_at": start,
        "ends_at": start + timedelta(hours=48),
        "state": PlacementState.SCHEDULED,
        "problems": [],
        "changed_at": now,
    }
