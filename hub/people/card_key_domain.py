"""Card key sets, as frozen values: a master from which the keys of many cards are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from wire.card_keys import diversified_key


@dataclass(frozen=True, slots=True)
class CardKeySet:
    """A master and what its cards are: of `profile`, in the use that `application` (hexadecimal)
    sets apart. `master` is sealed for the set's row; `version` counts the masters it has had,
    `renewed_at` is when the present one came in the place of another."""

    id: str
    name: str
    profile: str
    application: str
    master: bytes = field(repr=False)
    version: int
    renewed_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CardKeyCounts:
    """How far the cards of a set are, those that were withdrawn left out: under the present master,
    under an older one, and how many of these still open doors."""

    cards: int
    older_cards: int
    older_active: int


@dataclass(frozen=True, slots=True)
class CardKey:
    """A card's own key (16 bytes), and the set and the version of the master that it comes from:
    None for one that was given by itself."""

    key: bytes = field(repr=False)
    profile: str
    key_set_id: str | None
    version: int | None


@dataclass(frozen=True, slots=True)
class Diversified:
    """What a personalisation station writes to a card: `key` of the set's present master.
    `current` is what the card has now as far as the hub knows, where that is another."""

    key: bytes = field(repr=False)
    version: int
    card_id: str | None
    current: bytes | None = field(repr=False)


def set_row(key_set_id: str) -> str:
    """Name the row that a set's master is sealed for."""
    return f"card_key_sets:{key_set_id}"


def card_key_row(card_id: str) -> str:
    """Name the row that a card's own key is sealed for."""
    return f"card_keys:{card_id}"


def enrolled_key_row(enrolment_id: str) -> str:
    """Name the row that a key is sealed for until the card of an enrolment is there."""
    return f"enrolled_card_keys:{enrolment_id}"


def key_of(found: CardKeySet, master: bytes, identity: bytes) -> bytes:
    """Make the key of a card of a set; raise `ValueError` for a number that is too long."""
    return diversified_key(master, identity, bytes.fromhex(found.application))
