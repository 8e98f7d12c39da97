"""What goes over HTTP of facilities: their shapes in and out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, Field, model_validator

from hub.bookings.common_schemas import DoorIds, Id, Minutes, ShapeIn, Text, example
from hub.bookings.records import Facility
from hub.bookings.steps import STEPS_MAX, Step, StepMoment
from hub.bookings.tables import Approval, Handover, Payment
from hub.bookings.windows import BookingRules, OpenSpan, Slot, SlotState
from hub.web import example_ids as ids

LONGEST_MIN: Final = 367 * 24 * 60
"""A leap year and a day; codes of key boxes go so far."""

_HALL = ids.FACILITY
_HALF = ids.HALF
_SITE = ids.SITE
_DOOR = ids.DOOR
_BOX = ids.KEY_BOX
_OPEN = {"weekday": 4, "start_min": 540, "end_min": 1320}
_OPEN_TOO = {"weekday": 1, "start_min": 540, "end_min": 1320}
_STEPS = [
    {
        "moment": "arrive",
        "ja": "キーボックスを開けて鍵を取り、シャッターを開けます",
        "easy": "キーボックスを開けます。かぎを取ります。シャッターを開けます",
        "en": "Open the key box, take the key and open the shutter",
        "door_id": None,
        "key_box_id": _BOX,
    },
    {
        "moment": "leave",
        "ja": "鍵を戻し、キーボックスを閉めます",
        "easy": "かぎを戻します。キーボックスを閉めます",
        "en": "Put the key back and lock the box",
        "door_id": None,
        "key_box_id": _BOX,
    },
]
_FACILITY = {
    "site_id": _SITE,
    "name_ja": "大ホール",
    "name_easy": "おおきい ホール",
    "name_en": "Main hall",
    "doors": [_DOOR],
    "key_boxes": [_BOX],
    "approval": "automatic",
    "payment": "before_pin",
    "handover": "trim",
    "timezone": "Asia/Tokyo",
    "holders_max": 30,
    "steps": _STEPS,
    "calendar_id": None,
    "excludes": [_HALF],
    "margin_before_min": 10,
    "margin_after_min": 10,
    "slot_min": 30,
    "longest_min": 720,
    "ahead_days": 90,
    "opening": [_OPEN_TOO, _OPEN],
    "phone": "0123-45-6789",
    "duress": False,
}


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise ValueError("no such time zone: write one like Asia/Tokyo") from error
    return name


ZoneName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_known_zone)]


class OpenSpanIn(ShapeIn):
    """Opening hours on one weekday (0 = Monday), in minutes since midnight."""

    model_config = example(_OPEN)

    weekday: Annotated[int, Field(ge=0, le=6)]
    start_min: Annotated[int, Field(ge=0, le=1439)]
    end_min: Annotated[int, Field(ge=1, le=1440)]

    @model_validator(mode="after")
    def _forward(self) -> OpenSpanIn:
        if self.start_min >= self.end_min:
            raise ValueError("opening hours end after they start; over midnight takes two spans")
        return self


class StepIn(ShapeIn):
    """One instruction for arriving or leaving, in three languages; the Japanese stands in for what
    is left out. A leaving step with a key box says that its key is put back there."""

    model_config = example(_STEPS[0])

    moment: StepMoment
    ja: Annotated[str, Field(min_length=1, max_length=200)]
    easy: Annotated[str, Field(max_length=200)] = ""
    en: Annotated[str, Field(max_length=200)] = ""
    door_id: Id | None = None
    key_box_id: Id | None = None

    def step(self) -> Step:
        """The same as the service takes it."""
        return Step(**self.model_dump())

    @classmethod
    def of(cls, step: Step) -> StepIn:
        """Show a step."""
        return cls(
            moment=step.moment,
            ja=step.ja,
            easy=step.easy,
            en=step.en,
            door_id=step.door_id,
            key_box_id=step.key_box_id,
        )


class FacilityIn(ShapeIn):
    """A new facility."""

    model_config = example(_FACILITY)

    site_id: Id
    name_ja: Annotated[str, Field(min_length=1, max_length=120)]
    name_easy: Text = Field("", description="やさしい日本語; the Japanese name where left out.")
    name_en: Text = Field("", description="English; the Japanese name where left out.")
    doors: DoorIds = Field(default_factory=list)
    key_boxes: DoorIds = Field(default_factory=list)
    approval: Approval = Approval.REQUIRED
    payment: Payment = Field(
        Payment.NONE, description="What must be paid before a PIN is shown, placed or sent."
    )
    handover: Handover = Field(
        Handover.OVERLAP,
        description="`trim`: the next PIN does not open while the former one still does.",
    )
    timezone: ZoneName = Field("Asia/Tokyo", description="Opening hours and days are local to it.")
    holders_max: Annotated[int, Field(ge=1, le=100)] = Field(
        30, description="So many people of one booking can have a PIN of their own."
    )
    steps: Annotated[list[StepIn], Field(max_length=STEPS_MAX)] = Field(default_factory=list)
    calendar_id: Id | None = Field(None, description="A holiday calendar on whose days it closes.")
    excludes: DoorIds = Field(
        default_factory=list,
        description="Facilities of the same site that cannot be used at the same time.",
    )
    margin_before_min: Minutes = 10
    margin_after_min: Minutes = 10
    slot_min: Annotated[int, Field(ge=5, le=24 * 60)] = 30
    longest_min: Annotated[int, Field(ge=5, le=LONGEST_MIN)] = 12 * 60
    ahead_days: Annotated[int, Field(ge=1, le=800)] = 90
    opening: Annotated[list[OpenSpanIn], Field(max_length=70)] = Field(default_factory=list)
    phone: Annotated[str, Field(max_length=40)] = ""
    duress: bool = Field(
        False, description="Holders get a second PIN that opens and raises a silent alarm."
    )

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
                zone=ZoneInfo(self.timezone),
                handover=self.handover,
            ),
            phone=self.phone,
            payment=self.payment,
            holders_max=self.holders_max,
            steps=tuple(step.step() for step in self.steps),
            calendar_id=self.calendar_id,
            excludes=tuple(sorted(set(self.excludes))),
            duress=self.duress,
        )


class FacilityOut(BaseModel):
    """A facility."""

    model_config = example({"id": _HALL, **_FACILITY, "duress": False, "active": True})

    id: str
    site_id: str
    name_ja: str
    name_easy: str
    name_en: str
    doors: list[str]
    key_boxes: list[str]
    approval: Approval
    payment: Payment
    handover: Handover
    timezone: str
    holders_max: int
    steps: list[StepIn]
    calendar_id: str | None
    excludes: list[str]
    margin_before_min: int
    margin_after_min: int
    slot_min: int
    longest_min: int
    ahead_days: int
    opening: list[OpenSpanIn]
    phone: str
    duress: bool
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
            payment=found.payment,
            handover=rules.handover,
            timezone=rules.zone.key,
            holders_max=found.holders_max,
            steps=[StepIn.of(step) for step in found.steps],
            calendar_id=found.calendar_id,
            excludes=list(found.excludes),
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
            duress=found.duress,
            active=found.active,
        )


class SlotOut(BaseModel):
    """One slot of a facility's day."""

    model_config = example(
        {
            "starts_at": "2026-04-10T09:00:00Z",
            "ends_at": "2026-04-10T09:30:00Z",
            "state": "free",
        }
    )

    starts_at: datetime
    ends_at: datetime
    state: SlotState

    @classmethod
    def of(cls, slot: Slot) -> SlotOut:
        """Show a slot."""
        return cls(starts_at=slot.window.starts_at, ends_at=slot.window.ends_at, state=slot.state)
