"""Sets of card keys as people read them: what depends on a master, who holds its cards' keys, and
how far the cards have come to a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.pages.views.card import state_chip
from hub.pages.views.card_profile import profile_name
from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.people.card_key_domain import CardKeyCounts, CardKeySet
from hub.people.card_profiles import SHIPPED, Proof
from hub.people.domain import Card


@dataclass(frozen=True, slots=True)
class KeySetLine:
    """A set in the list."""

    id: str
    name: str
    profile: str
    counts: str
    chip: Chip


@dataclass(frozen=True, slots=True)
class Holder:
    """A controller that holds keys, the doors it opens, and whose cards they are."""

    name: str
    doors: str
    count: str
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LateCard:
    """A card that has not come yet."""

    id: str
    label: str
    person: str
    person_id: str
    version: str
    chip: Chip


@dataclass(frozen=True, slots=True)
class KeySetPage:
    """One set. `is_moving`: cards of an older master are left; `late` are the first of them."""

    id: str
    name: str
    profile: str
    application: str
    version: str
    since: str
    progress: str
    done: int
    total: int
    is_moving: bool
    still_open: int
    late: tuple[LateCard, ...]
    more: str
    holders: tuple[Holder, ...]
    exposed: str
    may_write: bool


def offered_profiles(words: Words) -> tuple[tuple[str, str], ...]:
    """Give the shipped profiles whose cards share a key, with their names."""
    return tuple(
        (each.id, profile_name(each.id, words))
        for each in SHIPPED.values()
        if each.proof is Proof.SHARED_KEY
    )


def key_set_line(found: CardKeySet, counts: CardKeyCounts, words: Words) -> KeySetLine:
    """Give a set as a line."""
    t = words.t
    if counts.older_cards:
        chip = Chip("warn", "clock", t("key_sets.moving", count=counts.older_cards))
    else:
        chip = Chip("good", "check", t("key_sets.settled"))
    total = counts.cards + counts.older_cards
    profile = profile_name(found.profile, words)
    return KeySetLine(found.id, found.name, profile, t("key_sets.cards", count=total), chip)


def late_cards(
    late: Sequence[Card], names: Mapping[str, str], words: Words
) -> tuple[LateCard, ...]:
    """Give cards of an older master: those that still open doors first."""
    lines = [
        LateCard(
            id=card.id,
            label=card.label or words.t("cards.no_label"),
            person=names.get(card.person_id or "", ""),
            person_id=card.person_id or "",
            version=words.t("key_sets.version", version=card.key_version or 0),
            chip=state_chip(card, words),
        )
        for card in late
    ]
    return tuple(lines)
