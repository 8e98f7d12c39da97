"""What the API takes and gives of cards."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from hub.people import examples
from hub.people.domain import CardState
from hub.people.new_card import NewCard
from hub.people.person_schemas import Id
from hub.web.fields import BodyIn, ChangeIn, Instant, RowOut, clearable, shown
from wire.policy_bodies import Assurance

Namespace = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,31}$",
        description="How the number is read: `uid`, `felica`, `p256`, ...",
    ),
]
Identity = Annotated[
    str,
    Field(
        pattern=r"^([0-9A-Fa-f]{2}){1,128}$",
        description="The card's number, hexadecimal. Kept sealed, never given back.",
    ),
]
KeySetId = Annotated[Id | None, Field(description="The card key set that its key is made from.")]
SecretKey = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Fa-f]{32}$",
        description="A secret key of 16 bytes, hexadecimal. Kept sealed, never given back.",
        json_schema_extra={"writeOnly": True},
    ),
]
CardEnd = Annotated[Instant, Field(description="From then on the card opens nothing.")]
Reason = Annotated[str, Field(max_length=200, description="For the audit log.")]


class CardIn(BodyIn):
    """A new card."""

    model_config = shown(examples.CARD_IN)

    namespace: Namespace
    identity: Identity
    person_id: Id | None = None
    label: Annotated[str, Field(max_length=100, description="Printed on it, or a note.")] = ""
    profile: Annotated[Id | None, Field(description="The profile that challenges it.")] = None
    public_key: Annotated[
        str | None, Field(max_length=200, description="Uncompressed P-256 point, base64.")
    ] = None
    key_set_id: KeySetId = None
    key: SecretKey | None = None
    valid_until: CardEnd | None = None

    def card(self) -> NewCard:
        """Give the card as it is taken up."""
        return _card(self, self.person_id)


class CardReissueIn(BodyIn):
    """The card that takes another's place; label and end are that one's where they are left
    out."""

    model_config = shown(examples.CARD_REISSUE)

    namespace: Namespace
    identity: Identity
    label: Annotated[str, Field(max_length=100)] = ""
    profile: Id | None = None
    public_key: Annotated[str | None, Field(max_length=200)] = None
    key_set_id: KeySetId = None
    key: SecretKey | None = None
    valid_until: CardEnd | None = None
    reason: Reason = ""

    def card(self) -> NewCard:
        """Give the card as it is taken up; its holder is the other's."""
        return _card(self, None)


class CardChange(ChangeIn):
    """What to change of a card; its state has routes of its own."""

    model_config = shown(examples.CARD_CHANGE)

    person_id: Id | None = clearable()
    label: Annotated[str, Field(max_length=100)] | None = None
    valid_until: CardEnd | None = clearable()


class CardOut(RowOut):
    """A card. Its number is never given."""

    model_config = shown(examples.CARD_OUT)

    id: str
    person_id: str | None
    namespace: str
    label: str
    profile: str | None
    state: CardState
    state_reason: str
    state_changed_at: datetime
    valid_until: datetime | None = Field(description="From then on it opens nothing.")
    replaces_id: str | None = Field(description="The card in whose place it came.")
    assurance: Assurance | None = Field(
        description="What the reader vouched for at which it was enrolled; null: typed in."
    )
    reader_id: str | None = Field(description="The reader at which it was enrolled.")
    has_key: bool = Field(description="Whether it shares a key with us: that key is never given.")
    key_set_id: str | None = Field(description="The set that its key was made from.")
    key_version: int | None = Field(description="The version of that set's master.")
    created_at: datetime
    updated_at: datetime


class CardLookup(BodyIn):
    """A card as a reader tells it: in a body, for a number does not belong into an address."""

    model_config = shown(examples.CARD_LOOKUP)

    namespace: Namespace
    identity: Identity


class CardMove(BodyIn):
    """Why a card's state changes."""

    model_config = shown(examples.CARD_MOVE)

    reason: Reason = ""


def keyed(values: dict[str, Any]) -> dict[str, Any]:
    """Turn a card's key as sent into bytes."""
    key = values.get("key")
    return values if key is None else {**values, "key": bytes.fromhex(key)}


def _card(body: CardIn | CardReissueIn, person_id: str | None) -> NewCard:
    return NewCard(
        body.namespace,
        bytes.fromhex(body.identity),
        person_id=person_id,
        label=body.label,
        profile=body.profile,
        public_key=body.public_key,
        valid_until=body.valid_until,
    )
