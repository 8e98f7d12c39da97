"""What the hub knows of the card profiles that every agent has: what each proves, and who could
copy such a card.

The files themselves are the edge's (`edge/cards/profiles/`), which the hub does not import: a test
holds this list to them. A town's own profile is known here by its id alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wire.policy_bodies import Assurance

NUMBER_MAX: Final = 31
"""The bytes that a card's number and what sets the use apart have together, at most (AN10922)."""


class Proof(StrEnum):
    """What a card shows beside its number."""

    NONE = "none"
    SIGNATURE = "signature"
    """It signs with a private key; controllers hold the public half alone."""
    SHARED_KEY = "shared_key"
    """It knows a secret key that the controllers where it is granted know too."""


class CloneRisk(StrEnum):
    """Who could make a card that passes for another."""

    ANYBODY_NEAR = "anybody_near"
    """Whoever was near the card for a second."""
    STOLEN_CONTROLLER = "stolen_controller"
    """Whoever takes a controller where the card is granted, or the hub with its data keys."""
    READER_KEYS = "reader_keys"
    """Whoever has the keys of the reader that authenticated it."""
    NOBODY = "nobody"
    """Nobody without the card itself."""


@dataclass(frozen=True, slots=True)
class CardProfile:
    """A profile. `namespaces` are those of the numbers that it reads, `number_bytes` how long they
    are (least, most). With `fill_in` it is a template: the names of what a town has to write."""

    id: str
    namespaces: frozenset[str]
    number_bytes: tuple[int, int]
    proof: Proof = Proof.NONE
    fill_in: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name among the catalogue's sentences."""
        return self.id.replace("-", "_")

    @property
    def assurance(self) -> Assurance:
        """What a door may rest on such a card."""
        return Assurance.IDENTIFIER if self.proof is Proof.NONE else Assurance.CHALLENGE

    @property
    def clone_risk(self) -> CloneRisk:
        """Who could copy such a card."""
        return _RISKS[self.proof]

    def reads(self, namespace: str, identity: bytes) -> bool:
        """Whether it tells such numbers."""
        least, most = self.number_bytes
        return namespace in self.namespaces and least <= len(identity) <= most


_RISKS: Final = {
    Proof.NONE: CloneRisk.ANYBODY_NEAR,
    Proof.SIGNATURE: CloneRisk.NOBODY,
    Proof.SHARED_KEY: CloneRisk.STOLEN_CONTROLLER,
}


def _by_id(*profiles: CardProfile) -> Mapping[str, CardProfile]:
    return {each.id: each for each in profiles}


SHIPPED: Final = _by_id(
    CardProfile("iso7816-ecdsa-p256", frozenset({"p256"}), (8, 16), Proof.SIGNATURE),
    CardProfile(
        "my-number-card-application",
        frozenset({"mynumber-app"}),
        (8, 16),
        Proof.SIGNATURE,
        fill_in=("values.aid",),
    ),
    CardProfile("desfire-ev2-aes", frozenset({"uid"}), (7, 7), Proof.SHARED_KEY),
    CardProfile("iso7816-aes-cmac", frozenset({"cmac"}), (8, 16), Proof.SHARED_KEY),
    CardProfile("felica-lite-s", frozenset({"felica"}), (8, 8), Proof.SHARED_KEY),
    CardProfile("identifier", frozenset({"uid", "felica", "iso15693"}), (4, 10)),
)
"""The safest first."""


def shares_key(profile_id: str) -> bool:
    """Whether cards of a profile may share a key with us: of a town's own, as it says."""
    known = SHIPPED.get(profile_id)
    return known is None or known.proof is Proof.SHARED_KEY


def fits(profile_id: str, namespace: str, identity: bytes) -> bool:
    """Whether a profile reads such a number: of a town's own profile only the length is known."""
    known = SHIPPED.get(profile_id)
    return known.reads(namespace, identity) if known is not None else len(identity) <= NUMBER_MAX


def longest_number(profile_id: str) -> int:
    """How many bytes a profile's numbers have at most; of a town's own it is taken to be 16."""
    known = SHIPPED.get(profile_id)
    return known.number_bytes[1] if known is not None else 16


def namespaces_of(profile_id: str) -> tuple[str, ...]:
    """The namespaces of a profile's numbers, sorted; none of a town's own."""
    known = SHIPPED.get(profile_id)
    return tuple(sorted(known.namespaces)) if known is not None else ()
