"""The kinds of cards as people read of them: what each proves, and who could copy it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.people.card_key_domain import CardKeySet
from hub.people.card_profiles import SHIPPED, CardProfile, CloneRisk
from hub.people.domain import Card
from hub.people.enrolment_domain import CardRead, clone_risk_of

_TONES = {
    CloneRisk.NOBODY: ("good", "shield"),
    CloneRisk.STOLEN_CONTROLLER: ("good", "shield"),
    CloneRisk.READER_KEYS: ("good", "shield"),
    CloneRisk.ANYBODY_NEAR: ("warn", "copy"),
}
_NAMED = frozenset({"uid", "felica", "iso15693", "p256", "cmac", "mynumber-app"})
"""Namespaces of numbers that the catalogue has a name for."""


@dataclass(frozen=True, slots=True)
class ProfileLine:
    """A kind of card."""

    id: str
    title: str
    chip: Chip
    proven: str
    who_could_copy: str
    fit_for: str
    to_do: str
    fill_in: tuple[str, ...]


def profile_lines(words: Words) -> tuple[ProfileLine, ...]:
    """Give the shipped kinds of cards, the safest first."""
    return tuple(_line(each, words) for each in SHIPPED.values())


def _line(profile: CardProfile, words: Words) -> ProfileLine:
    t = words.t
    tone, icon = _TONES[profile.clone_risk]
    return ProfileLine(
        id=profile.id,
        title=t(f"card_profiles.title_{profile.key}"),
        chip=Chip(tone, icon, t(f"card_profiles.class_{profile.assurance}")),
        proven=t(f"card_profiles.proof_{profile.proof}"),
        who_could_copy=t(f"card_profiles.risk_{profile.clone_risk}"),
        fit_for=t(f"card_profiles.fit_{profile.proof}"),
        to_do=t(f"card_profiles.need_{profile.key}"),
        fill_in=profile.fill_in,
    )


def profile_name(profile_id: str, words: Words) -> str:
    """Name a profile; a town's own by its id."""
    known = SHIPPED.get(profile_id)
    if known is None:
        return words.t("card_profiles.own_profile", profile=profile_id)
    return words.t(f"card_profiles.title_{known.key}")


def kind_of(card: Card, words: Words) -> str:
    """Say what kind of card it is, and who could copy such a one."""
    profile = card.profile or ("identifier" if card.public_key is None else "")
    known = SHIPPED.get(profile)
    if known is None:
        return profile_name(profile, words) if profile else ""
    who = words.t(f"card_profiles.risk_{clone_risk_of(card)}")
    return words.t("card_profiles.of_card", kind=profile_name(profile, words), who=who)


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A card that was held up: what kind it seems to be, its last digits, and who could copy it."""

    kind: str
    tail: str
    chip: Chip


def read_line(read: CardRead, words: Words) -> ReadLine:
    """Say what was read of a card."""
    first, _, _ = read.namespace.partition(".")
    name = first.replace("-", "_")
    kind = words.t(f"enrolment.kind_{name}") if first in _NAMED else read.namespace
    tone, icon = _TONES[read.risk]
    risk = words.t(f"card_profiles.risk_{read.risk}")
    told = words.t("enrolment.copied_by", who=risk)
    return ReadLine(kind, words.t("enrolment.tail", digits=read.tail), Chip(tone, icon, told))


def key_of(card: Card, sets: Mapping[str, CardKeySet], words: Words) -> str:
    """Say which key a card shares with us."""
    if not card.has_key:
        return ""
    found = sets.get(card.key_set_id or "")
    if found is None:
        return words.t("key_sets.own_key")
    which = "of_card" if card.key_version == found.version else "of_card_old"
    return words.t(f"key_sets.{which}", name=found.name, version=card.key_version or 0)
