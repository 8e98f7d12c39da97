"""What goes over HTTP of facilities: their shapes in and out, and what all shapes here share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from hub.bookings.records import (
    Facility,
)
from hub.bookings.tables import Approval
from hub.bookings.windows import BookingRules, OpenSpan, Slot, SlotState
from hub.web.fields import BodyIn

Id = Annotated[str, Field(min_length=1, max_length=80)]
Text = Annotated[str, Field(max_length=120)]
Minutes = Annotated[int, Field(ge=0, le=12 * 60)]
DoorIds = Annotated[list[Id], Field(max_length=50)]


class ShapeIn(BodyIn):
    """What all that comes in here shares."""


class OpenSpanIn(ShapeIn):
    """Opening hours on one weekday (0 = Monday), in minutes since midnight."""

    weekday: Annotated[int, Field(ge=0, le=6)]
    start_min: Annotated[int, Field(ge=0, le=1439)]
    end_min: Annotated[int, Field(ge=1, le=1440)]

    @model_validator(mode="after")
    def _forward(self) -> OpenSpanIn:
        if self.start_min >= self.end_min:
            raise ValueError("opening hours end after they start; over midnight takes two spans")
        return self


class FacilityIn(ShapeIn):
    """A new facility."""

    site_id: Id
    name_ja: Annotated[str, Field(min_length=1, max_length=120)]
    name_easy: Text = Field("", description="やさしい日本語; the Japanese name where left out.")
    name_en: Text = Field("", description="English; the Japanese name where left out.")
    doors: DoorIds = Field(default_factory=list)
    key_boxes: DoorIds = Field(default_factory=list)
    approval: Approval = Approval.REQUIRED
    margin_before_min: Minutes = 10
    margin_after_min: Minutes = 10
    slot_min: Annotated[int, Field(ge=5, le=24 * 60)] = 30
    longest_min: Annotated[int, Field(ge=5, le=31 * 24 * 60)] = 12 * 60
    ahead_days: Annotated[int, Field(ge=1, le=800)] = 90
    opening: Annotated[list[OpenSpanIn], Field(max_length=70)] = Field(default_factory=list)
    phone: Annotated[str, Field(max_length=40)] = ""

    def facility(self) -> Facility:
        """The facility, its id still to be made."""
        return Facility(
            id="",
            site_id=self.site_id,
            name_ja=self.name_ja,
            name_easy=self.name_easy or self.name_ja,
            name_en=self.name_en or self.name_ja,
            doors=tuple(self.doors),
            key_boxes=tuple(self.key_boxes),
            approval=self.approval,
            rules=BookingRules(
                margin_before_min=self.margin_before_min,
                margin_after_min=self.margin_after_min,
                slot_min=self.slot_min,
                longest_min=self.longest_min,
                ahead_days=self.ahead_days,
                opening=tuple(OpenSpan(s.weekday, s.start_min, s.end_min) for s in self.opening),
            ),
            phone=self.phone,
        )


class FacilityOut(BaseModel):
    """A facility."""

    id: str
    site_id: str
    name_ja: str
    name_easy: str
    name_en: str
    doors: list[str]
    key_boxes: list[str]
    approval: Approval
    margin_before_min: int
    margin_after_min: int
    slot_min: int
    longest_min: int
    ahead_days: int
    opening: list[OpenSpanIn]
    phone: str
    active: bool

    @classmethod
    def of(cls, found: Facility) -> FacilityOut:
        """Show a facility."""
        rules = found.rules
        return cls(
            id=found.id,
            site_id=found.site_id,
            name_ja=found.name_ja,
            name_easy=found.name_easy,
            name_en=found.name_en,
            doors=list(found.doors),
            key_boxes=list(found.key_boxes),
            approval=found.approval,
            margin_before_min=rules.margin_before_min,
            margin_after_min=rules.margin_after_min,
            slot_min=rules.slot_min,
            longest_min=rules.longest_min,
            ahead_days=rules.ahead_days,
            opening=[
                OpenSpanIn(weekday=s.weekday, start_min=s.start_min, end_min=s.end_min)
                for s in rules.opening
            ],
            phone=found.phone,
            active=found.active,
        )


class SlotOut(BaseModel):
    """One slot of a facility's day."""

    starts_at: datetime
    ends_at: datetime
    state: SlotState

    @classmethod
    def of(cls, slot: Slot) -> SlotOut:
        """Show a slot."""
        return cls(starts_at=slot.window.starts_at, ends_at=slot.window.ends_at, state=slot.state)
