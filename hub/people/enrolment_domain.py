"""Enrolment at a reader, as frozen values: who waits for a card where, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.people.domain import Card
from wire.policy_bodies import Assurance, EnrolmentBody

LIFE: Final = timedelta(seconds=60)
GRACE: Final = timedelta(seconds=3)
"""A card held to the reader in the last moment may be heard of this much later."""


class EnrolmentState(StrEnum):
    """Where an enrolment stands. At one reader at most one is open."""

    WAITING = "waiting"
    AGAIN = "again"
    """The card answers a challenge: it has to be held to the reader once more."""
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN: Final = frozenset({EnrolmentState.WAITING, EnrolmentState.AGAIN})


class Refusal(StrEnum):
    """Why a card that was held there was not taken up; the enrolment goes on."""

    NONE = "none"
    KNOWN = "known"
    """It is somebody's, or was taken up already."""
    WITHDRAWN = "withdrawn"
    """It was withdrawn, and never becomes active again."""
    BAD_ANSWER = "bad_answer"
    """Its two answers do not come from one key."""
    OTHER_KIND = "other_kind"
    """It is no card of the kind that the key is for."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One enrolment. `private_key` is sealed, and gone once it has ended: whatever was sent to it
    can be opened no more. `candidates` are the keys, base64 joined by spaces, that the first answer
    of the card with the blind index `candidate_index` may come from. A card that shares a key with
    us has it from `key_set_id`, or `shared_key` (sealed, gone once it has ended) of `profile`."""

    id: str
    reader_id: str
    controller_id: str
    person_id: str | None
    label: str
    valid_until: datetime | None
    replaces_id: str | None
    state: EnrolmentState
    public_key: str
    private_key: bytes | None = field(repr=False)
    started_at: datetime
    until: datetime
    ended_at: datetime | None
    actor_kind: str
    actor_id: str
    actor_name: str
    card_id: str | None
    refusal: Refusal
    refused_card_id: str | None
    candidate_index: str = field(repr=False)
    candidates: str = field(repr=False)
    key_set_id: str | None
    profile: str | None
    shared_key: bytes | None = field(repr=False)

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a card."""
        return self.state in OPEN

    def body(self) -> EnrolmentBody:
        """What the edge is told."""
        return EnrolmentBody(reader=self.reader_id, recipient=self.public_key, until=self.until)

    def seen_at(self, now: datetime) -> EnrolmentState:
        """How it stands to whoever looks: one whose time is over waits no more."""
        return EnrolmentState.EXPIRED if self.is_open and now >= self.until else self.state


@dataclass(frozen=True, slots=True)
class Offered:
    """A card that a controller told of, still sealed."""

    id: str
    enrolment_id: str
    controller_id: str
    sealed: str = field(repr=False)
    assurance: Assurance
    received_at: datetime


def is_copyable(card: Card) -> bool:
    """Whether anybody who was near the card for a second can copy it, as far as is known."""
    if card.public_key is not None or card.has_key:
        return False
    return card.assurance in (None, Assurance.IDENTIFIER)
