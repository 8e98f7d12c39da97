"""/api/v1/card-key-sets, /api/v1/cards/{id}/rekey and /api/v1/card-profiles."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from hub.audit.row_routes import Rows, RowShapes, offer_changing, offer_reading
from hub.catalogue import Translator
from hub.database.scope import Scope
from hub.people import examples, repository
from hub.people.card_key_domain import CardKeySet
from hub.people.card_keys import CardKeys
from hub.people.card_profiles import SHIPPED, CardProfile, CloneRisk, Proof
from hub.people.card_schemas import CardMove, CardOut, Identity, KeySetId, SecretKey
from hub.people.kinds import CARD_KEY_SET
from hub.people.person_schemas import Id
from hub.web.core import provided
from hub.web.fields import BodyIn, ChangeIn, Name, RowOut, shown
from hub.web.identity import requires
from hub.web.problems import CONFLICT
from hub.web.refusals import refuses
from hub.web.responses import language_of
from hub.web.rights import Principal, Right
from wire.policy_bodies import Assurance

router = APIRouter(prefix="/api/v1", tags=["people"])
Service = Annotated[CardKeys, provided(CardKeys)]
Reader = Annotated[Principal, requires(Right.PEOPLE_READ)]
Writer = Annotated[Principal, requires(Right.PEOPLE_WRITE)]
Profile = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,63}$",
        description="The card profile: `desfire-ev2-aes`, `iso7816-aes-cmac`, `felica-lite-s`, "
        "or a town's own.",
    ),
]
Application = Annotated[
    str,
    Field(
        pattern=r"^([0-9A-Fa-f]{2}){0,30}$",
        description="Sets this use apart: the application's AID and a system identifier, "
        "hexadecimal, as the station diversifies by them (NXP AN10922).",
    ),
]
Master = Annotated[SecretKey | None, Field(description="Left out: one is drawn.")]


class CardKeySetIn(BodyIn):
    """A new set of card keys."""

    model_config = shown(examples.CARD_KEY_SET_IN)

    name: Name
    profile: Profile
    application: Application = ""
    master: Master = None


class CardKeySetChange(ChangeIn):
    """What to change of a set. Its master has a route of its own; profile and application stay:
    another use is another set."""

    model_config = shown(examples.CARD_KEY_SET_CHANGE)

    name: Name | None = None


class CardKeySetOut(RowOut):
    """A set of card keys. Its master is never given."""

    model_config = shown(examples.CARD_KEY_SET_OUT)

    id: str
    name: str
    profile: str
    application: str
    version: int = Field(description="Counts its masters.")
    cards: int = Field(description="Cards whose key is of the present master.")
    older_cards: int = Field(description="Cards whose key is of an older one: `rekey` each.")
    older_active: int = Field(description="Those of them that still open doors.")
    renewed_at: datetime | None = Field(description="When the present master came.")
    created_at: datetime
    updated_at: datetime


class MasterIn(BodyIn):
    """A new master."""

    model_config = shown(examples.MASTER_IN)

    master: Master = None


class DiversifyIn(BodyIn):
    """A card as the station reads it: in a body, for a number does not belong into an address."""

    model_config = shown(examples.DIVERSIFY_IN)

    identity: Identity


class DiversifiedOut(BaseModel):
    """What the station writes to the card."""

    model_config = shown(examples.DIVERSIFIED_OUT)

    key: str = Field(description="The card's key under the present master, hexadecimal.")
    version: int = Field(description="Of the master.")
    card_id: str | None = Field(description="The card, where the hub knows it.")
    current_key: str | None = Field(
        description="The key that the card has now, where the hub knows another: a card takes a "
        "new key only from who knows that one."
    )


class RekeyIn(BodyIn):
    """Which key the card has now: of a set (left out: of its own set), or its own."""

    model_config = shown(examples.REKEY_IN)

    key_set_id: KeySetId = None
    key: SecretKey | None = None


class CardProfileOut(BaseModel):
    """A profile that every agent has: what such a card proves, and who could copy it."""

    model_config = shown(examples.CARD_PROFILE_OUT)

    id: Id
    title: str
    namespaces: list[str] = Field(description="Of the numbers that it reads.")
    assurance: Assurance
    proof: Proof
    clone_risk: CloneRisk
    proven: str = Field(description="What such a card proves, in the asked language.")
    who_could_copy: str = Field(description="Who could copy it, in the asked language.")
    fill_in: list[str] = Field(description="What a town has to write into its profile file.")

    @classmethod
    def of(cls, profile: CardProfile, t: Translator) -> CardProfileOut:
        """Show one."""
        return cls(
            id=profile.id,
            title=t(f"card_profiles.title_{profile.key}"),
            namespaces=sorted(profile.namespaces),
            assurance=profile.assurance,
            proof=profile.proof,
            clone_risk=profile.clone_risk,
            proven=t(f"card_profiles.proof_{profile.proof}"),
            who_could_copy=t(f"card_profiles.risk_{profile.clone_risk}"),
            fill_in=list(profile.fill_in),
        )


def _counts(scope: Scope, found: CardKeySet) -> dict[str, int]:
    return asdict(repository.cards_of_key_set(scope, found.id, found.version))


_SETS = RowShapes(
    CARD_KEY_SET,
    "/card-key-sets",
    "a card key set",
    "card key sets",
    Right.PEOPLE_READ,
    Right.PEOPLE_WRITE,
    CardKeySetIn,
    CardKeySetChange,
    CardKeySetOut,
    filters=("profile",),
    also=_counts,
)
offer_reading(router, _SETS)
offer_changing(router, _SETS)


@router.post("/card-key-sets", status_code=HTTPStatus.CREATED, summary="Add a card key set")
def add_key_set(who: Writer, service: Service, rows: Rows, body: CardKeySetIn) -> CardKeySetOut:
    """A master for many cards, given once or drawn; nobody reads it back. Each card's key is made
    from it and the card's number (NXP AN10922)."""
    made = service.add_set(
        who,
        name=body.name,
        profile=body.profile,
        application=bytes.fromhex(body.application),
        master=_bytes(body.master),
    )
    return _out(rows, made)


@router.post("/card-key-sets/{set_id}/master", summary="Give a card key set a new master")
def renew_master(
    who: Writer, service: Service, rows: Rows, set_id: str, body: MasterIn
) -> CardKeySetOut:
    """Given once or drawn. Cards keep the keys that they have: write each one's new key to it
    (`diversify`), then say so (`rekey`)."""
    return _out(rows, service.renew(who, set_id, _bytes(body.master)))


@router.post(
    "/card-key-sets/{set_id}/finish",
    summary="End the move to a new master",
    responses=refuses(CONFLICT),
)
def finish_renewal(
    who: Writer, service: Service, rows: Rows, set_id: str, body: CardMove
) -> CardKeySetOut:
    """Cards that never came are blocked, and their keys leave the controllers. Whoever still comes
    is unblocked, and the card is written and `rekey` said as of any other."""
    found, _ = service.finish(who, set_id, body.reason)
    return _out(rows, found)


@router.post("/card-key-sets/{set_id}/diversify", summary="Make a card's key for its maker")
def diversify(who: Writer, service: Service, set_id: str, body: DiversifyIn) -> DiversifiedOut:
    """For the station that writes keys to cards: the key that belongs to this number. Each is in
    the audit log."""
    made = service.diversify(who, set_id, bytes.fromhex(body.identity))
    return DiversifiedOut(
        key=made.key.hex(),
        version=made.version,
        card_id=made.card_id,
        current_key=made.current.hex() if made.current is not None else None,
    )


@router.post("/cards/{card_id}/rekey", summary="Say which key a card has now")
def rekey_card(who: Writer, service: Service, card_id: str, body: RekeyIn) -> CardOut:
    """Its doors ask for that key from now on: of its set's present master, of another set, or its
    own."""
    made = service.rekey(who, card_id, key_set_id=body.key_set_id, key=_bytes(body.key))
    return CardOut.model_validate(made)


@router.get("/card-profiles", summary="List the card profiles")
def list_profiles(_who: Reader, request: Request) -> list[CardProfileOut]:
    """What each kind of card proves, and who could copy it: the safest first."""
    t = Translator(language_of(request))
    return [CardProfileOut.of(each, t) for each in SHIPPED.values()]


def _out(rows: Rows, found: CardKeySet) -> CardKeySetOut:
    counts = rows.look(lambda scope: _counts(scope, found))
    return CardKeySetOut(
        id=found.id,
        name=found.name,
        profile=found.profile,
        application=found.application,
        version=found.version,
        renewed_at=found.renewed_at,
        created_at=found.created_at,
        updated_at=found.updated_at,
        **counts,
    )


def _bytes(given: str | None) -> bytes | None:
    return bytes.fromhex(given) if given is not None else None
