"""/api/v1/doors/{id}/commands, mode and access; /api/v1/commands; /api/v1/emergencies."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.commands import examples
from hub.commands.access import AccessService
from hub.commands.mode_service import (
    Area,
    DoorModeView,
    DoorTrack,
    EmergencyView,
    ModesService,
    TrackedDoor,
)
from hub.commands.problems import (
    COMMAND_ID_USED,
    CONTROLLER_OFFLINE,
    NO_DOORS,
    NO_STRIKE,
    REFUSED_MODES,
)
from hub.commands.service import CommandsService, UnlockOrder
from hub.commands.states import CommandState
from hub.commands.tables import EmergencyKind
from hub.commands.ways import AccessBy
from hub.pins.placement import PlacementState
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.fields import BodyIn, Instant, shown
from hub.web.identity import requires
from hub.web.problems import NOT_FOUND, invalid
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right
from wire.events import Observed
from wire.policy_bodies import DoorMode, Side
from wire.reasons import Reason

router = APIRouter(prefix="/api/v1", tags=["commands"])

Commands = Annotated[CommandsService, provided(CommandsService)]
Modes = Annotated[ModesService, provided(ModesService)]
AccessAt = Annotated[AccessService, provided(AccessService)]
Reader = Annotated[Principal, requires(Right.DOORS_READ)]
Unlocker = Annotated[Principal, requires(Right.DOORS_UNLOCK)]
Steerer = Annotated[Principal, requires(Right.DOORS_MODE)]
GrantsReader = Annotated[Principal, requires(Right.GRANTS_READ)]
Commander = Annotated[Principal, requires(Right.EMERGENCIES)]

_UUID7 = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
CommandKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=_UUID7,
        description="A UUIDv7 chosen by the caller: it becomes the command's id.",
    ),
]
ReasonText = Annotated[str, Field(max_length=200)]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


# --- commands ------------------------------------------------------------------------------------


class CommandIn(BodyIn):
    """What to do at a door now."""

    model_config = shown(examples.COMMAND_IN)

    action: Literal["unlock"] = "unlock"
    reason: ReasonText = ""


class CommandOut(_Out):
    """A command and what is known of it."""

    model_config = shown(examples.COMMAND_OUT)

    id: str
    door_id: str
    state: CommandState
    observed: Observed | None = Field(description="What the bolt or the door contact saw.")
    cause: Reason | None
    reason: str
    actor: str
    sent_at: datetime
    expires_at: datetime
    received_at: datetime | None
    ended_at: datetime | None


@router.post(
    "/doors/{door_id}/commands",
    status_code=HTTPStatus.ACCEPTED,
    summary="Unlock a door now",
    responses=refuses(CONTROLLER_OFFLINE, NO_STRIKE, COMMAND_ID_USED),
)
def send_command(
    who: Unlocker,
    service: Commands,
    door_id: str,
    given: CommandIn,
    idempotency_key: CommandKey = None,
) -> CommandOut:
    """Sent to the controller's present session, good for ten seconds, never repeated. Follow it at
    `/api/v1/commands/{id}`."""
    order = UnlockOrder(door_id, given.reason, idempotency_key)
    return CommandOut.model_validate(service.unlock(who, order))


@router.get("/doors/{door_id}/commands", summary="A door's last commands")
def list_commands(who: Reader, service: Commands, door_id: str) -> list[CommandOut]:
    """The newest first."""
    return [CommandOut.model_validate(each) for each in service.of_door(who, door_id)]


@router.get("/commands/{command_id}", summary="What became of a command")
def read_command(who: Reader, service: Commands, command_id: str) -> CommandOut:
    """`done` means that the bolt or the door contact saw it."""
    return CommandOut.model_validate(service.get(who, command_id))


# --- modes ---------------------------------------------------------------------------------------


class ManualMode(StrEnum):
    """What a door may be put into by hand."""

    NORMAL = "normal"
    HOLD_OPEN = "hold_open"
    LOCKED = "locked"


class ModeIn(BodyIn):
    """A mode for a door."""

    model_config = shown(examples.MODE_IN)

    mode: ManualMode
    reason: ReasonText = ""
    expires_at: Instant | None = Field(
        None, description="When it ends by itself; `hold_open` must say."
    )


class OrderOut(_Out):
    """An order, and what the door reported of it."""

    model_config = shown(examples.ORDER_OUT)

    id: str
    order_no: int
    mode: DoorMode
    reason: str
    actor: str
    ordered_at: datetime
    expires_at: datetime | None
    emergency_id: str | None
    applied_at: datetime | None = Field(description="When the door said that it follows it.")
    ended_at: datetime | None


class DoorModeOut(BaseModel):
    """Which orders stand at a door; the governing one counts, none is `normal`."""

    model_config = shown(examples.DOOR_MODE_OUT)

    door_id: str
    governing: OrderOut | None
    standing: list[OrderOut]

    @classmethod
    def of(cls, view: DoorModeView) -> DoorModeOut:
        """Show a door's orders."""
        governing = OrderOut.model_validate(view.governing) if view.governing else None
        standing = [OrderOut.model_validate(row) for row in view.standing]
        return cls(door_id=view.door_id, governing=governing, standing=standing)


@router.get("/doors/{door_id}/mode", summary="A door's mode")
def read_mode(who: Reader, service: Modes, door_id: str) -> DoorModeOut:
    """The orders that stand at it."""
    return DoorModeOut.of(service.get(who, door_id))


@router.put(
    "/doors/{door_id}/mode",
    summary="Hold a door open, lock it, or neither",
    responses=refuses(*REFUSED_MODES.values()),
)
def set_mode(who: Steerer, service: Modes, door_id: str, given: ModeIn) -> DoorModeOut:
    """Applied as soon as its controller hears of it, kept while it is away."""
    mode = None if given.mode is ManualMode.NORMAL else DoorMode(given.mode.value)
    return DoorModeOut.of(service.set_mode(who, door_id, mode, given.reason, given.expires_at))


# --- emergencies ---------------------------------------------------------------------------------


class EmergencyIn(BodyIn):
    """An order to every door of a site, of an area, or of the town; to shelters alone."""

    model_config = shown(examples.EMERGENCY_IN)

    kind: EmergencyKind
    site_id: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    area: Annotated[str, Field(max_length=80, description="As its sites have it.")] = ""
    shelters_only: bool = Field(False, description="Only the doors that are a shelter's.")
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class TrackedDoorOut(BaseModel):
    """How far an emergency has come at a door."""

    door_id: str
    track: DoorTrack
    on_the_spot: bool = Field(
        description="Opened there, by the shelter's switch or somebody at the Pi."
    )
    order: OrderOut

    @classmethod
    def of(cls, door: TrackedDoor) -> TrackedDoorOut:
        """Show one door."""
        return cls(
            door_id=door.order.door_id,
            track=door.track,
            on_the_spot=door.on_the_spot,
            order=OrderOut.model_validate(door.order),
        )


class EmergencyOut(BaseModel):
    """An emergency, door by door."""

    model_config = shown(examples.EMERGENCY_OUT)

    id: str
    kind: EmergencyKind
    site_id: str | None
    area: str
    shelters_only: bool
    reason: str
    actor: str
    ordered_at: datetime
    ended_at: datetime | None
    doors: list[TrackedDoorOut]

    @classmethod
    def of(cls, view: EmergencyView) -> EmergencyOut:
        """Show an emergency."""
        found = view.emergency
        return cls(
            id=found.id,
            kind=found.kind,
            site_id=found.site_id,
            area=found.area,
            shelters_only=found.shelters_only,
            reason=found.reason,
            actor=found.actor,
            ordered_at=found.ordered_at,
            ended_at=found.ended_at,
            doors=[TrackedDoorOut.of(door) for door in view.doors],
        )


@router.post(
    "/emergencies",
    status_code=HTTPStatus.CREATED,
    summary="Open or lock down an area",
    responses=refuses(NOT_FOUND, NO_DOORS),
)
def order_emergency(who: Commander, service: Modes, given: EmergencyIn) -> EmergencyOut:
    """Every door is tracked until its controller has applied it, those that nothing reaches now as
    soon as they are back. It lasts until it is ended."""
    area = Area(given.site_id, given.area, given.shelters_only)
    return EmergencyOut.of(service.order_emergency(who, given.kind, area, given.reason))


@router.get("/emergencies", summary="Emergencies that are not over")
def list_emergencies(who: Reader, service: Modes) -> list[EmergencyOut]:
    """The newest first."""
    return [EmergencyOut.of(each) for each in service.open_emergencies(who)]


@router.get("/emergencies/{emergency_id}", summary="How far is an emergency?")
def read_emergency(who: Reader, service: Modes, emergency_id: str) -> EmergencyOut:
    """Door by door."""
    return EmergencyOut.of(service.emergency(who, emergency_id))


@router.delete("/emergencies/{emergency_id}", summary="End an emergency")
def end_emergency(who: Commander, service: Modes, emergency_id: str) -> EmergencyOut:
    """Doors go back to what governs them otherwise; none is opened by it."""
    return EmergencyOut.of(service.end_emergency(who, emergency_id))


# --- access --------------------------------------------------------------------------------------


class ConditionOut(_Out):
    """What may still refuse a way in."""

    reason: Reason = Field(description="The denial that would be told.")
    soft: bool = Field(description="True: they are let in, and it is reported.")


class SpanOut(_Out):
    """A time, half-open."""

    start: datetime
    end: datetime


class AccessOut(_Out):
    """One way in. A door that a schedule holds open has neither grant nor credential."""

    model_config = shown(examples.ACCESS_OUT)

    by: AccessBy
    door_id: str
    zone_id: str | None = Field(
        description="Granted by this zone, which the door leads into or out of."
    )
    grant_id: str | None
    credential_id: str | None
    person_id: str | None
    via_group: str | None
    schedule_id: str | None
    needs_pin: bool
    booking_id: str | None
    visit_id: str | None = Field(description="The visit for which a PIN was given.")
    placement: PlacementState | None = Field(description="How far a PIN is confirmed there.")
    first_person: bool = Field(description="They count as the first person the door waits for.")
    max_uses: int | None
    uses: int | None = Field(description="Of `max_uses`, as far as the log tells.")
    side: Side | None = Field(description="At that side alone; null: at every side with a reader.")
    conditions: list[ConditionOut] = Field(
        description="Rules of the door and its zone that may still refuse. Where people are is "
        "known of now alone: `at` leaves those out."
    )
    spans: list[SpanOut] | None = Field(
        description="When, in order; null where it was asked of one instant."
    )


@router.get("/doors/{door_id}/access", summary="Who could open a door?")
def list_access(
    who: GrantsReader,
    service: AccessAt,
    door_id: str,
    at: Annotated[Instant | None, Query(description="Now, where left out.")] = None,
    first: Annotated[
        Instant | None,
        Query(alias="from", description="With `to`: over a time of at most 31 days."),
    ] = None,
    last: Annotated[Instant | None, Query(alias="to")] = None,
) -> list[AccessOut]:
    """Every way in at that time, and why; or over a time, when and why."""
    if (first is None) != (last is None) or (at is not None and first is not None):
        raise invalid("to", "incomplete", "either `at`, or `from` and `to`")
    if first is not None and last is not None:
        found = service.over(who, door_id, first, last)
    else:
        found = service.at(who, door_id, at)
    return [AccessOut.model_validate(each) for each in found]


@router.get("/people/{person_id}/access", summary="What could somebody open?")
def list_access_of_person(
    who: GrantsReader,
    service: AccessAt,
    person_id: Annotated[str, Path(max_length=80, examples=[ids.PERSON])],
    first: Annotated[Instant, Query(alias="from", examples=["2026-04-06T00:00:00Z"])],
    last: Annotated[
        Instant,
        Query(alias="to", description="At most 31 days on.", examples=["2026-04-13T00:00:00Z"]),
    ],
) -> list[AccessOut]:
    """Every door within your reach that their cards and PINs open, when and why."""
    found = service.of_person(who, person_id, first, last)
    return [AccessOut.model_validate(each) for each in found]
