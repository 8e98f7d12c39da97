"""/api/v1/visits, visitors and visitor-cards."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from hub.people.domain import CardState
from hub.pins.placement import Readiness
from hub.visitors import examples
from hub.visitors.domain import VisitState
from hub.visitors.roll_call import Doubt, Known, RollCallService
from hub.visitors.service import VisitorsService, VisitSeen
from hub.web import example_ids as ids
from hub.web.core import provided
from hub.web.fields import BodyIn, ChangeIn, Instant, Name, OptionalName, clearable, shown
from hub.web.identity import requires
from hub.web.problems import CONFLICT, NOT_FOUND
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

router = APIRouter(prefix="/api/v1", tags=["visitors"])
Service = Annotated[VisitorsService, provided(VisitorsService)]
Reader = Annotated[Principal, requires(Right.VISITORS_READ)]
Writer = Annotated[Principal, requires(Right.VISITORS_WRITE)]
Id = Annotated[str, Field(min_length=1, max_length=80)]
VisitorId = Annotated[str, Path(max_length=80, examples=[ids.VISITOR])]
Ids = Annotated[list[Id], Field(max_length=20)]
Purpose = Annotated[str, Field(max_length=200)]
Note = Annotated[str, Field(max_length=500)]
EscortSeconds = Annotated[int, Field(ge=1, le=300, description="For so long after the escort.")]


class VisitorIn(BodyIn):
    """Who comes."""

    model_config = shown(examples.VISITOR_IN)

    name: Name
    name_kana: OptionalName = ""


class VisitPlanIn(BodyIn):
    """A visit. A card that is lent for it opens its doors, and every door into its zones, within
    its window; with `escort_required` only after the host or one of `escorts` went first."""

    model_config = shown(examples.VISIT_IN)

    site_id: Id
    organisation: OptionalName = ""
    host_id: Annotated[Id | None, Field(description="The person whom they visit.")] = None
    purpose: Purpose = ""
    starts_at: Instant
    ends_at: Annotated[Instant, Field(description="The window is half-open.")]
    daily: Annotated[bool, Field(description="Each day between the hours of both ends.")] = False
    doors: Ids = Field(default_factory=list)
    zones: Ids = Field(default_factory=list)
    escort_required: bool = False
    escort_s: EscortSeconds = 30
    escorts: Annotated[Ids, Field(description="Persons or groups beside the host.")] = Field(
        default_factory=list
    )
    note: Note = ""
    visitors: Annotated[list[VisitorIn], Field(max_length=100)] = Field(default_factory=list)


class VisitPlanChange(ChangeIn):
    """What to change of a visit; cards that are lent follow at once."""

    model_config = shown(examples.VISIT_CHANGE)

    organisation: OptionalName | None = None
    host_id: Id | None = clearable()
    purpose: Purpose | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    daily: bool | None = None
    doors: Ids | None = None
    zones: Ids | None = None
    escort_required: bool | None = None
    escort_s: EscortSeconds | None = None
    escorts: Ids | None = None
    note: Note | None = None


class VisitorOut(BaseModel):
    """A visitor; without a name once it was forgotten."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [examples.VISITOR_OUT]}
    )

    id: str
    visit_id: str
    name: str
    name_kana: str
    arrived_at: datetime | None
    left_at: datetime | None
    card_id: str | None = Field(description="The card that they have now.")
    card_given_at: datetime | None
    card_returned_at: datetime | None
    created_at: datetime
    updated_at: datetime


class VisitorPinOut(BaseModel):
    """A visitor's PIN, without its digits: how far its doors have confirmed it."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [examples.PIN_OUT]}
    )

    visitor_id: str
    credential_id: str
    readiness: Readiness
    starts_at: datetime
    ends_at: datetime
    pin_changed: bool = Field(description="The digits are others now: tell the visitor.")
    doors: list[str]


class VisitorDigitsOut(BaseModel):
    """What a visitor types."""

    model_config = shown(examples.DIGITS_OUT)

    visitor_id: str
    pin: str


class VisitPlanOut(BaseModel):
    """A visit and its visitors."""

    model_config = shown(examples.VISIT_OUT)

    id: str
    site_id: str
    state: VisitState
    organisation: str
    host_id: str | None
    purpose: str
    starts_at: datetime
    ends_at: datetime
    daily: bool
    doors: list[str]
    zones: list[str]
    escort_required: bool
    escort_s: int
    escorts: list[str]
    note: str
    forgotten_at: datetime | None = Field(description="When its names were forgotten.")
    visitors: list[VisitorOut]
    pins: list[VisitorPinOut] = Field(description="The visitors' PINs; never their digits.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, seen: VisitSeen) -> VisitPlanOut:
        """Show one."""
        visit = seen.visit
        own = cls.model_fields.keys() - {"visitors", "pins"}
        fields = {name: getattr(visit, name) for name in own}
        guests = [VisitorOut.model_validate(each) for each in seen.visitors]
        pins = [VisitorPinOut.model_validate(each) for each in seen.pins]
        lists = {name: list(fields[name]) for name in ("doors", "zones", "escorts")}
        return cls(**{**fields, **lists, "visitors": guests, "pins": pins})


class ArriveIn(BodyIn):
    """Somebody comes; `card_id` is the card of the pool that is lent to them, if any."""

    model_config = shown(examples.ARRIVE_IN)

    card_id: Id | None = None


class LeaveIn(BodyIn):
    """Somebody goes."""

    model_config = shown(examples.LEAVE_IN)

    card_returned: Annotated[
        bool, Field(description="False: the card stays on the list of those that are out.")
    ] = True


class PoolCardOut(BaseModel):
    """A card that is lent to visitors."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [examples.POOL_CARD_OUT]}
    )

    card_id: str
    label: str
    state: CardState
    site_id: str | None = Field(description="The desk at which it lies; null: any.")
    visitor_id: str | None = Field(description="Who has it.")
    visit_id: str | None
    given_at: datetime | None
    overdue: bool = Field(description="They left, or their visit is over, and it is not back.")


class VisitorCardIn(BodyIn):
    """At which desk a card of the pool lies."""

    model_config = shown(examples.POOL_IN)

    site_id: Id | None = None


@router.get("/visits", summary="List visits")
def list_visits(
    who: Reader,
    service: Service,
    first: Annotated[Instant, Query(alias="from", examples=["2026-04-06T00:00:00Z"])],
    last: Annotated[Instant, Query(alias="to", examples=["2026-04-07T00:00:00Z"])],
) -> list[VisitPlanOut]:
    """The visits that touch a time, the earliest first; at most 1,000."""
    return [VisitPlanOut.of(each) for each in service.between(who, first, last)]


@router.post("/visits", status_code=HTTPStatus.CREATED, summary="Plan a visit")
def plan_visit(who: Writer, service: Service, body: VisitPlanIn) -> VisitPlanOut:
    """Enter who comes, when, to whom and what they may open."""
    values = body.model_dump(exclude={"visitors"})
    names = [(each.name, each.name_kana) for each in body.visitors]
    return VisitPlanOut.of(service.plan(who, _columns(values), names))


@router.get("/visits/{visit_id}", summary="Get a visit")
def get_visit(who: Reader, service: Service, visit_id: str) -> VisitPlanOut:
    """A visit and its visitors."""
    return VisitPlanOut.of(service.seen(who, visit_id))


@router.patch("/visits/{visit_id}", summary="Change a visit", responses=refuses(CONFLICT))
def change_visit(
    who: Writer, service: Service, visit_id: str, body: VisitPlanChange
) -> VisitPlanOut:
    """What is left out stays as it is; cards that are lent follow at once."""
    return VisitPlanOut.of(service.change(who, visit_id, _columns(body.changes())))


@router.post("/visits/{visit_id}/cancel", summary="Cancel a visit")
def cancel_visit(who: Writer, service: Service, visit_id: str) -> VisitPlanOut:
    """Cards that are lent for it open nothing from now on."""
    return VisitPlanOut.of(service.cancel(who, visit_id))


@router.post("/visits/{visit_id}/visitors", status_code=HTTPStatus.CREATED, summary="Add a visitor")
def add_visitor(who: Writer, service: Service, visit_id: str, body: VisitorIn) -> VisitorOut:
    """One more comes along."""
    made = service.add_visitor(who, visit_id, body.name, body.name_kana)
    return VisitorOut.model_validate(made)


@router.post(
    "/visitors/{visitor_id}/arrive", summary="A visitor comes", responses=refuses(CONFLICT)
)
def visitor_arrives(
    who: Writer, service: Service, visitor_id: VisitorId, body: ArriveIn
) -> VisitorOut:
    """Note that they came, and lend them a card. Again for somebody inside: lend one later."""
    return VisitorOut.model_validate(service.arrive(who, visitor_id, body.card_id))


@router.post("/visitors/{visitor_id}/leave", summary="A visitor goes")
def visitor_leaves(
    who: Writer, service: Service, visitor_id: VisitorId, body: LeaveIn
) -> VisitorOut:
    """Note that they went. What their card opened ends now, given back or not."""
    gone = service.leave(who, visitor_id, card_returned=body.card_returned)
    return VisitorOut.model_validate(gone)


@router.post(
    "/visitors/{visitor_id}/pin", summary="Give a visitor a PIN", responses=refuses(CONFLICT)
)
def give_pin(who: Writer, service: Service, visitor_id: VisitorId) -> VisitorPinOut:
    """At the visit's doors that have a keypad, in its window alone; the one they have where they
    have one. With an escort it opens only after the host went first."""
    return VisitorPinOut.model_validate(service.give_pin(who, visitor_id))


@router.post(
    "/visitors/{visitor_id}/pin/reveal",
    summary="Tell a visitor's PIN",
    responses=refuses(CONFLICT, NOT_FOUND),
)
def reveal_pin(
    who: Annotated[Principal, requires(Right.PINS_REVEAL)], service: Service, visitor_id: VisitorId
) -> VisitorDigitsOut:
    """The digits; that somebody looked is in the audit log."""
    pin = service.show_pin(who, visitor_id).pin
    return VisitorDigitsOut(visitor_id=visitor_id, pin=pin)


@router.delete(
    "/visitors/{visitor_id}/pin",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Take a visitor's PIN away",
)
def take_pin(who: Writer, service: Service, visitor_id: VisitorId) -> None:
    """It opens nothing from now on."""
    service.take_pin(who, visitor_id)


@router.get("/visitor-cards", summary="List the cards for visitors")
def list_pool(who: Reader, service: Service) -> list[PoolCardOut]:
    """By label, with who has each and whether it should be back."""
    return [PoolCardOut.model_validate(each) for each in service.pool(who)]


@router.put(
    "/visitor-cards/{card_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Lend a card to visitors",
    responses=refuses(CONFLICT),
)
def add_to_pool(who: Writer, service: Service, card_id: str, body: VisitorCardIn) -> None:
    """The card is nobody's and opens nothing by itself."""
    service.add_to_pool(who, card_id, body.site_id)


@router.delete(
    "/visitor-cards/{card_id}",
    status_code=HTTPStatus.NO_CONTENT,
    summary="Lend a card no more",
    responses=refuses(CONFLICT),
)
def remove_from_pool(who: Writer, service: Service, card_id: str) -> None:
    """Not while somebody has it."""
    service.remove_from_pool(who, card_id)


class RollLineOut(BaseModel):
    """Somebody to be looked for."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"examples": [examples.ROLL_CALL_OUT["lines"][0]]},
    )

    known_by: Known = Field(
        description="`zone`: let in by a door and not seen to leave. `attendance`: at work today, "
        "where is not known. `register`: a visitor who was not signed out."
    )
    person_id: str | None
    visitor_id: str | None
    name: str
    name_kana: str
    department: str = Field(description="Of a visitor: their organisation.")
    zone_id: str | None
    zone: str
    since: datetime
    door: str = Field(description="By which they went in.")
    site_id: str | None


class UncertaintyOut(BaseModel):
    """Why the list may be wrong."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={"examples": [examples.ROLL_CALL_OUT["doubts"][0]]},
    )

    doubt: Doubt
    name: str = Field(description="The door or controller it is about.")
    since: datetime | None


class RollCallOut(BaseModel):
    """Who is inside, as far as is known."""

    model_config = shown(examples.ROLL_CALL_OUT)

    at: datetime
    site_id: str | None
    sure: bool = Field(description="False: `doubts` says why.")
    count: int
    lines: list[RollLineOut]
    doubts: list[UncertaintyOut]


@router.get("/roll-call", summary="Who is inside?", responses=refuses(NOT_FOUND))
def call_roll(
    who: Annotated[Principal, requires(Right.ROLL_CALL)],
    service: Annotated[RollCallService, provided(RollCallService)],
    site_id: Annotated[
        str | None, Query(max_length=80, description="One site; all within reach if left out.")
    ] = None,
) -> RollCallOut:
    """Everybody to be looked for in an evacuation, by zone, and how sure that is."""
    found = service.call(who, site_id)
    return RollCallOut(
        at=found.at,
        site_id=found.site.id if found.site is not None else None,
        sure=found.is_sure,
        count=len(found.lines),
        lines=[RollLineOut.model_validate(each) for each in found.lines],
        doubts=[UncertaintyOut.model_validate(each) for each in found.doubts],
    )


def _columns(values: dict[str, object]) -> dict[str, object]:
    """Turn lists as sent into the row's tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
