"""/api/v1/key_boxes, with tickets, visits and secrets, and doors' own sealed codes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from hub.audit.row_routes import RowShapes, offer_changing, offer_reading
from hub.bookings.refusals import KINDS as BOOKING_REFUSALS
from hub.bookings.refusals import Refusal
from hub.keyboxes import examples, schemas
from hub.keyboxes.backups import DoorBackups
from hub.keyboxes.domain import KeyBox
from hub.keyboxes.kinds import KEY_BOX
from hub.keyboxes.service import ALREADY_PROVISIONED, VISIT_FIRST, KeyBoxes
from hub.web.core import provided
from hub.web.identity import requires
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right
from wire.keybox_ticket import encode_ticket

CoveredMinutes = Annotated[
    int,
    Query(
        ge=0,
        le=1_000_000,
        description="Only profiles that cover a booking of so many minutes, margins included.",
        examples=[20_160],
    ),
]

router = APIRouter(prefix="/api/v1", tags=["key boxes"])

Service = Annotated[KeyBoxes, provided(KeyBoxes)]
Backups = Annotated[DoorBackups, provided(DoorBackups)]
Reader = Annotated[Principal, requires(Right.SITES_READ)]
Writer = Annotated[Principal, requires(Right.SITES_WRITE)]
Servicer = Annotated[Principal, requires(Right.KEY_BOXES_SERVICE)]

_SHAPES: RowShapes[KeyBox] = RowShapes(
    KEY_BOX,
    "/key_boxes",
    "a key box",
    "key boxes",
    Right.SITES_READ,
    Right.SITES_WRITE,
    schemas.KeyBoxIn,
    schemas.KeyBoxChange,
    schemas.KeyBoxOut,
    filters=("site_id", "state"),
)
offer_reading(router, _SHAPES)
offer_changing(router, _SHAPES)


@router.post("/key_boxes", status_code=HTTPStatus.CREATED, summary="Add a key box")
def add_key_box(who: Writer, service: Service, given: schemas.KeyBoxIn) -> schemas.KeyBoxOut:
    """Its id is the one its codes are made for; its secrets are drawn here."""
    return schemas.KeyBoxOut.model_validate(service.add(who, given.model_dump()))


@router.get("/key_box_profiles", summary="List the profiles of sealed codes")
def list_code_profiles(
    who: Reader,  # noqa: ARG001  # the right alone
    minutes: CoveredMinutes = 0,
) -> list[schemas.CodeProfileOut]:
    """The closed list, fewest digits first: no profile exists that a blind try hits more often than
    1 in 100,000. A box keeps its profile for good: ask with the longest booking it is to take."""
    return schemas.CodeProfileOut.every(minutes)


@router.get("/key_boxes/{key_box_id}/state", summary="A key box as last heard of")
def key_box_state(who: Reader, service: Service, key_box_id: str) -> schemas.KeyBoxStateOut:
    """Battery, clock and log as of the last visit, and when the next is due."""
    return schemas.KeyBoxStateOut.of(service.sheet(who, key_box_id))


@router.get("/key_boxes/{key_box_id}/visits", summary="Visits to a key box")
def key_box_visits(who: Reader, service: Service, key_box_id: str) -> list[schemas.VisitOut]:
    """Who brought records of it, and how far its clock was off; newest first."""
    return [schemas.VisitOut.of(each) for each in service.visits(who, key_box_id)]


@router.post(
    "/key_boxes/{key_box_id}/provisioning",
    summary="Give the bench secret of a blank key box",
    responses=refuses(ALREADY_PROVISIONED),
)
def provision_key_box(
    who: Writer,
    service: Service,
    key_box_id: str,
    response: Response,
    renew: Annotated[
        bool, Query(description="Draw another, where the bench lost it before the first visit.")
    ] = False,
) -> schemas.ProvisioningOut:
    """Given once, and written into the audit log. The box's own secrets come with a ticket."""
    response.headers["Cache-Control"] = "no-store"
    return schemas.ProvisioningOut.of(service.provision(who, key_box_id, renew=renew))


@router.post("/key_boxes/{key_box_id}/secrets", summary="Draw new secrets for a key box")
def draw_key_box_secrets(who: Writer, service: Service, key_box_id: str) -> schemas.KeyBoxStateOut:
    """The next ticket with the right `secret` carries them, sealed. Codes go on under the old ones
    until the box's log says that it took the new; then every living code is another."""
    return schemas.KeyBoxStateOut.of(service.draw_secrets(who, key_box_id))


@router.post(
    "/key_boxes/{key_box_id}/tickets",
    status_code=HTTPStatus.CREATED,
    summary="Make a ticket for a key box",
    response_class=Response,
    responses={
        201: {
            "content": {
                "application/json": {"schema": {"type": "object"}, "example": examples.TICKET}
            },
            "description": "The ticket file.",
        }
    },
)
def make_key_box_ticket(
    who: Servicer, service: Service, key_box_id: str, given: schemas.TicketIn
) -> Response:
    """A file for the laptop: good for this box on that day. It carries the receipt for what the hub
    holds of the box's log, and new secrets that wait. Written into the audit log."""
    made = service.ticket(
        who, key_box_id, given.day, given.bits, given.purpose, given.secret_version
    )
    return Response(
        encode_ticket(made),
        status_code=HTTPStatus.CREATED,
        media_type="application/json",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{key_box_id}-{given.day}.ticket"',
        },
    )


@router.get("/key_boxes/{key_box_id}/tickets", summary="Tickets made for a key box")
def list_key_box_tickets(
    who: Servicer, service: Service, key_box_id: str
) -> list[schemas.TicketMadeOut]:
    """By whom, for which day and with which rights; never what is in them. Newest first."""
    return [schemas.TicketMadeOut.of(each) for each in service.tickets(who, key_box_id)]


@router.post(
    "/key_boxes/{key_box_id}/retire",
    summary="Let every code of a key box die",
    responses=refuses(VISIT_FIRST, BOOKING_REFUSALS[Refusal.NO_CODE_LEFT]),
)
def retire_key_box_codes(
    who: Servicer,
    service: Service,
    key_box_id: str,
    given: schemas.RetireIn,
    dry_run: Annotated[bool, Query(description="Only name the bookings.")] = False,
) -> list[schemas.ConcernedOut]:
    """Raises the generation: each living booking gets a new code, and the first of them that is
    used at the box kills all before it. Until then the old ones open: nothing reaches a box from
    afar."""
    found = service.retire(who, key_box_id, given.reason, dry_run=dry_run)
    return [schemas.ConcernedOut.of(each) for each in found]


# --- networked doors -----------------------------------------------------------------------------


@router.get("/doors/{door_id}/backup_codes", summary="A door's backup codes")
def read_door_backup(who: Reader, service: Backups, door_id: str) -> schemas.DoorBackupOut:
    """Whether the door takes sealed codes while its controller has no hub, and of which profile."""
    return schemas.DoorBackupOut.of(service.get(who, door_id))


@router.put("/doors/{door_id}/backup_codes", summary="Set up a door's backup codes")
def set_door_backup(
    who: Writer, service: Backups, door_id: str, given: schemas.DoorBackupIn
) -> schemas.DoorBackupOut:
    """Draws the door's code secret and seals it to its controller. Doing it again draws another:
    every code given before dies as soon as the door knows. A door that moves to another controller
    takes none until this is done again."""
    made = service.set_up(who, door_id, given.profile, given.grace_s)
    return schemas.DoorBackupOut.of(made)


@router.delete(
    "/doors/{door_id}/backup_codes",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Take a door's backup codes away",
)
def drop_door_backup(who: Writer, service: Backups, door_id: str) -> None:
    """The door takes PINs and cards alone, as soon as it knows."""
    service.take_away(who, door_id)
