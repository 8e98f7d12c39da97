"""Enrolment at a reader, as frozen values: who waits for a card where, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from hub.keys import HubKeys
from hub.people.card_profiles import CloneRisk
from hub.people.domain import Card
from wire.policy_bodies import Assurance, EnrolmentBody

LIFE: Final = timedelta(seconds=60)
GRACE: Final = timedelta(seconds=3)
"""A card held to the reader in the last moment may be heard of this much later."""


class EnrolmentState(StrEnum):
    """Where an enrolment stands. At one reader at most one is open."""

    WAITING = "waiting"
    AGAIN = "again"
    """A card was read: the same one has to be held to the reader once more."""
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
    TWO_CARDS = "two_cards"
    """Two different cards were held up, and none was taken: the enrolment has ended."""


@dataclass(frozen=True, slots=True)
class EnrolmentWish:
    """What somebody wants of an enrolment: whose the card is to be (None: nobody's), or which card
    it takes the place of, and the key that it shares with us: made from `key_set_id`, or `key` (16
    bytes) under `profile`."""

    person_id: str | None = None
    label: str = ""
    valid_until: datetime | None = None
    replaces_id: str | None = None
    key_set_id: str | None = None
    profile: str | None = None
    key: bytes | None = field(default=None, repr=False)


class FirstRead(msgspec.Struct, frozen=True, kw_only=True):
    """What was read when a card was held up for the first time. `offer` is the offer it came in, so
    that the same hold told twice does not count twice; `tail` the last digits of its number, for
    whoever compares it with the card in their hand."""

    offer: str
    namespace: str
    profile: str | None
    assurance: Assurance
    tail: str

    def __repr__(self) -> str:
        return f"FirstRead(namespace={self.namespace!r}, profile={self.profile!r})"


@dataclass(frozen=True, slots=True)
class CardRead:
    """What a clerk is shown of a card: how its number is told, its last digits, and who could copy
    it."""

    namespace: str
    tail: str = field(repr=False)
    risk: CloneRisk


TAIL_DIGITS: Final = 4


def tail_of(identity: bytes) -> str:
    """Give the last digits of a card's number."""
    return identity.hex().upper()[-TAIL_DIGITS:]


def first_read_row(enrolment_id: str) -> str:
    """Name the row that a first reading is sealed for."""
    return f"card_enrolment_reads:{enrolment_id}"


def sealed_first_read(keys: HubKeys, enrolment_id: str, read: FirstRead) -> bytes:
    """Seal a first reading for its enrolment's row."""
    return keys.seal(msgspec.json.encode(read), first_read_row(enrolment_id))


def opened_first_read(keys: HubKeys, enrolment_id: str, sealed: bytes) -> FirstRead:
    """Give it back; raise `hub.keys.SealBrokenError` if the row was tampered with."""
    plain = keys.unseal(sealed, first_read_row(enrolment_id))
    return msgspec.json.decode(plain, type=FirstRead)


def taken_assurance(first: Assurance, second: Assurance) -> Assurance:
    """What is vouched for by both readings."""
    return first if first is second else Assurance.IDENTIFIER


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One enrolment. `private_key` is sealed, and gone once it has ended: whatever was sent to it
    can be opened no more. `first_index` is the blind index of the card that was held up once,
    `first_read` what was read of it (sealed), and `candidates` the keys, base64 joined by spaces,
    that its answer may come from. A card that shares a key with us has it from `key_set_id`, or
    `shared_key` (sealed, gone once it has ended) of `profile`."""

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
    first_index: str = field(repr=False)
    first_read: bytes | None = field(repr=False)
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


def clone_risk_of(card: Card) -> CloneRisk:
    """Who could copy a card, as far as is known."""
    if card.public_key is not None:
        return CloneRisk.NOBODY
    if card.has_key:
        return CloneRisk.STOLEN_CONTROLLER
    return risk_of_number(card.assurance)


def risk_of_number(assurance: Assurance | None) -> CloneRisk:
    """Who could copy a card of which we know a number alone."""
    if assurance in (None, Assurance.IDENTIFIER):
        return CloneRisk.ANYBODY_NEAR
    return CloneRisk.READER_KEYS


def is_copyable(card: Card) -> bool:
    """Whether anybody who was near the card for a second can copy it, as far as is known."""
    return clone_risk_of(card) is CloneRisk.ANYBODY_NEAR
