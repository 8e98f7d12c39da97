"""Visits, visitors and their PINs as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.pins.placement import Readiness
from hub.visitors import examples
from hub.visitors.domain import VisitState
from hub.visitors.service import VisitSeen
from hub.web.fields import BodyIn, ChangeIn, Instant, Name, OptionalName, clearable, shown

Id = Annotated[str, Field(min_length=1, max_length=80)]
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
