"""/api/v1/readers/{id}/enrolment and /api/v1/enrolments: a card is somebody's once it was held to a
reader."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from hub.people import examples
from hub.people.card_profiles import CloneRisk
from hub.people.card_schemas import CardOut, KeySetId, SecretKey, keyed
from hub.people.enrolment_domain import (
    CardRead,
    Enrolment,
    EnrolmentState,
    EnrolmentWish,
    Refusal,
    is_copyable,
)
from hub.people.enrolment_service import EnrolmentSeen, EnrolmentService
from hub.people.person_schemas import Id
from hub.web.core import provided
from hub.web.fields import BodyIn, Instant, shown
from hub.web.identity import requires
from hub.web.problems import CONFLICT
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["people"])
Service = Annotated[EnrolmentService, provided(EnrolmentService)]
Reader = Annotated[Principal, requires(Right.PEOPLE_READ)]
Writer = Annotated[Principal, requires(Right.PEOPLE_WRITE)]


class EnrolmentIn(BodyIn):
    """Whose the next unknown card at the reader is to be; nobody's where `person_id` is left out.
    With `replaces_id` it takes the place of that card, with its holder and its rights."""

    model_config = shown(examples.ENROLMENT_IN)

    person_id: Id | None = None
    label: Annotated[str, Field(max_length=100, description="Printed on it, or a note.")] = ""
    valid_until: Annotated[Instant | None, Field(description="The card opens nothing after.")] = (
        None
    )
    replaces_id: Annotated[Id | None, Field(description="The card that is withdrawn for it.")] = (
        None
    )
    key_set_id: KeySetId = None
    profile: Annotated[
        Id | None, Field(description="With `key`: the profile that asks for it.")
    ] = None
    key: SecretKey | None = None


class CardReadOut(BaseModel):
    """What a clerk may compare with the card in their hand."""

    model_config = shown(examples.CARD_READ_OUT)

    namespace: str
    ends_with: str = Field(description="The last four digits of its number.")
    clone_risk: CloneRisk

    @classmethod
    def of(cls, read: CardRead) -> CardReadOut:
        """Show it."""
        return cls(namespace=read.namespace, ends_with=read.tail, clone_risk=read.risk)


class EnrolmentOut(BaseModel):
    """How an enrolment stands. `again`: a card was read (`read` says which) and is to be held to
    the reader once more; two different cards end the enrolment, and none is taken up."""

    model_config = shown(examples.ENROLMENT_OUT)

    id: str
    reader_id: str
    person_id: str | None
    label: str
    replaces_id: str | None
    key_set_id: str | None
    state: EnrolmentState
    started_at: datetime
    until: datetime
    card: CardOut | None = Field(description="The card that was taken up.")
    copyable: bool | None = Field(
        description="Whether its number is all that it shows, so that it can be copied; null while "
        "there is none."
    )
    read: CardReadOut | None = Field(description="The card that was held up.")
    refusal: Refusal = Field(description="Why the last card that was held there was refused.")
    refused_card_id: str | None = Field(description="That card, where it may be known.")
    refused_person_id: str | None = Field(description="Whose it is, where that may be known.")

    @classmethod
    def of(cls, seen: EnrolmentSeen) -> EnrolmentOut:
        """Show it."""
        found: Enrolment = seen.enrolment
        card, refused = seen.card, seen.refused
        return cls(
            id=found.id,
            reader_id=found.reader_id,
            person_id=found.person_id,
            label=found.label,
            replaces_id=found.replaces_id,
            key_set_id=found.key_set_id,
            state=seen.state,
            started_at=found.started_at,
            until=found.until,
            card=CardOut.model_validate(card) if card is not None else None,
            copyable=is_copyable(card) if card is not None else None,
            read=CardReadOut.of(seen.read) if seen.read is not None else None,
            refusal=found.refusal,
            refused_card_id=refused.id if refused is not None else None,
            refused_person_id=refused.person_id if refused is not None else None,
        )


@router.post(
    "/readers/{reader_id}/enrolment",
    status_code=HTTPStatus.CREATED,
    summary="Enrol the next card at a reader",
    responses=refuses(CONFLICT),
)
def start_enrolment(
    who: Writer, service: Service, reader_id: str, body: EnrolmentIn
) -> EnrolmentOut:
    """For a minute: the next unknown card that is held to this reader twice is taken up and opens
    its doors at once. Known cards go on opening the door. One enrolment at a reader at a time."""
    started = service.start(who, reader_id, EnrolmentWish(**keyed(body.model_dump())))
    return EnrolmentOut.of(service.seen(who, started.id))


@router.get("/enrolments/{enrolment_id}", summary="How an enrolment stands")
def read_enrolment(who: Reader, service: Service, enrolment_id: str) -> EnrolmentOut:
    """Ask again each second while it is `waiting` or `again`."""
    return EnrolmentOut.of(service.seen(who, enrolment_id))


@router.post("/enrolments/{enrolment_id}/cancel", summary="Cancel an enrolment")
def cancel_enrolment(who: Writer, service: Service, enrolment_id: str) -> EnrolmentOut:
    """The reader goes back to what it was; one that has ended stays as it is."""
    return EnrolmentOut.of(service.cancel(who, enrolment_id))
