"""A card that is taken up, whoever takes it up: typed in, at a reader, or from a file.

`columns_of` is the one place that knows all columns of a card.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.keys import HubKeys
from hub.people.card_key_domain import CardKey, card_key_row
from hub.people.domain import CardState
from hub.people.identities import identity_index, seal_identity
from wire.policy_bodies import Assurance


@dataclass(frozen=True, slots=True)
class NewCard:
    """What is known of a card that is taken up. `identity` is what the reader tells (1 to 128
    bytes) in `namespace`; `assurance` what that reader (`reader_id`) vouches for, None for a card
    that is typed in."""

    namespace: str
    identity: bytes = field(repr=False)
    person_id: str | None = None
    label: str = ""
    profile: str | None = None
    public_key: str | None = None
    valid_until: datetime | None = None
    assurance: Assurance | None = None
    reader_id: str | None = None


def columns_of(
    keys: HubKeys, card_id: str, card: NewCard, now: datetime, shared: CardKey | None = None
) -> dict[str, Any]:
    """Give a new card's columns; `shared` is the key that it shares with us, with the profile that
    asks for it."""
    return {
        "id": card_id,
        "person_id": card.person_id,
        "namespace": card.namespace,
        "identity": seal_identity(keys, card_id, card.identity),
        "identity_index": identity_index(keys, card.namespace, card.identity),
        "label": card.label,
        "profile": shared.profile if shared is not None else card.profile,
        "public_key": card.public_key,
        "state": CardState.ACTIVE,
        "state_reason": "",
        "state_changed_at": now,
        "valid_until": card.valid_until,
        "replaces_id": None,
        "assurance": card.assurance,
        "reader_id": card.reader_id,
        **key_columns(keys, card_id, shared),
    }


def key_columns(keys: HubKeys, card_id: str, shared: CardKey | None) -> dict[str, Any]:
    """Give a card's columns for its key."""
    if shared is None:
        return dict.fromkeys(("key_set_id", "key_version", "shared_key"))
    return {
        "key_set_id": shared.key_set_id,
        "key_version": shared.version,
        "shared_key": keys.seal(shared.key, card_key_row(card_id)),
    }
