"""What the API takes and gives of sites and what stands at them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator, Field

from hub.sites import examples
from hub.sites.domain import TERMINAL_NAMES, NameForm, SiteState
from hub.web.fields import BodyIn, ChangeIn, Name, OptionalName, RowOut, clearable, shown
from wire.policy_bodies import (
    AntiPassback,
    Assurance,
    FailMode,
    FirstPerson,
    OnJournalFailure,
    OnUntrustedClock,
    Point,
)

Id = Annotated[str, Field(min_length=1, max_length=80)]
UnlockMs = Annotated[int, Field(ge=100, le=300_000, description="How long the strike releases.")]
HeldMs = Annotated[int, Field(ge=0, le=86_400_000, description="Open longer is held; 0 is never.")]
Digits = Annotated[int, Field(ge=4, le=10, description="A PIN here has at least so many digits.")]
KeyHolder = Annotated[str, Field(max_length=200, description="Who holds the physical key.")]
Egress = Annotated[str, Field(max_length=2000, description="How one gets out, always.")]
Latitude = Annotated[float, Field(ge=-90, le=90, description="Degrees of WGS 84, for routes.")]
Longitude = Annotated[float, Field(ge=-180, le=180, description="Degrees of WGS 84, for routes.")]
Hours = Annotated[int, Field(ge=1, le=336, description="How far ahead its edges hold PINs.")]
OccupancyMax = Annotated[
    int, Field(ge=1, le=100_000, description="So many persons are let in at most.")
]
ForgetAfter = Annotated[
    int, Field(ge=60, le=604_800, description="Seconds after which somebody inside is forgotten.")
]
ResetMin = Annotated[
    int,
    Field(
        ge=0,
        le=1_439,
        description="When everybody is forgotten each day, minutes since midnight; null is never.",
    ),
]
Soft = Annotated[
    bool,
    Field(
        description="Where the zone's doors are on several controllers its rules are reported, not "
        "enforced; without this such a limit is refused."
    ),
]
HoldSchedule = Annotated[
    Id | None, Field(description="The door stands open while this schedule holds.")
]
SecondPersonMs = Annotated[
    int, Field(ge=5_000, le=120_000, description="How long the second of two persons may take.")
]


def _known_values(settings: dict[str, bool | int | str]) -> dict[str, bool | int | str]:
    """Refuse a form of names that nobody knows: it would show none, or more than was meant."""
    form = settings.get(TERMINAL_NAMES)
    if form is not None and form not in set(NameForm):
        raise ValueError(f"{TERMINAL_NAMES} is one of {', '.join(NameForm)}")
    return settings


Settings = Annotated[
    dict[str, bool | int | str],
    Field(
        max_length=50,
        description="Settings of the agent. `terminal_names` says what an attendance terminal "
        "shows of a name: `family` (the default), `full`, `kana`, `staff_number` or `none`.",
    ),
    AfterValidator(_known_values),
]


class PointShape(BodyIn):
    """An input or output of a device."""

    device: Id
    channel: Annotated[int, Field(ge=0, le=63)] = 0
    inverted: bool = False


# --- sites, controllers, zones -----------------------------------------------------------------


Area = Annotated[
    str, Field(max_length=80, description="The part of the town, for emergencies of an area.")
]
Shelter = Annotated[bool, Field(description="Opened with the shelter, by an order or on the spot.")]

Interlock = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=64,
        description="A name: of the doors that have it, on one controller and with contacts, "
        "at most one is open or released.",
    ),
]


class SiteIn(BodyIn):
    """A new site: a building or a ground."""

    model_config = shown(examples.SITE_IN)

    name: Name
    name_en: OptionalName = ""
    name_kana: OptionalName = ""
    address: Annotated[str, Field(max_length=200)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    horizon_hours: Hours = 72
    area: Area = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class SiteChange(ChangeIn):
    """What to change of a site."""

    model_config = shown(examples.SITE_CHANGE)

    name: Name | None = None
    name_en: OptionalName | None = None
    name_kana: OptionalName | None = None
    address: Annotated[str, Field(max_length=200)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    horizon_hours: Hours | None = None
    area: Area | None = None
    latitude: Latitude | None = clearable()
    longitude: Longitude | None = clearable()


class SiteOut(RowOut):
    """A site."""

    model_config = shown(examples.SITE_OUT)

    id: str
    name: str
    name_en: str
    name_kana: str
    address: str
    phone: str
    horizon_hours: int
    area: str
    latitude: float | None
    longitude: float | None
    created_at: datetime
    updated_at: datetime


class ControllerIn(BodyIn):
    """A new controller, by the id that its enrolment gave it."""

    model_config = shown(examples.CONTROLLER_IN)

    id: Annotated[str, Field(pattern=r"^[a-z0-9]{16}$", description="As in its certificate.")]
    site_id: Id
    name: Name
    name_en: OptionalName = ""
    has_rtc: Annotated[bool, Field(description="A battery clock: doors with PINs need one.")] = True
    settings: Settings = Field(default_factory=dict)


class ControllerChange(ChangeIn):
    """What to change of a controller."""

    model_config = shown(examples.CONTROLLER_CHANGE)

    site_id: Id | None = None
    name: Name | None = None
    name_en: OptionalName | None = None
    state: SiteState | None = None
    has_rtc: bool | None = None
    settings: Settings | None = None


class ControllerOut(RowOut):
    """A controller: one edge agent."""

    model_config = shown(examples.CONTROLLER_OUT)

    id: str
    site_id: str
    name: str
    name_en: str
    state: SiteState
    has_rtc: bool
    settings: dict[str, bool | int | str]
    created_at: datetime
    updated_at: datetime


class ZoneIn(BodyIn):
    """A new zone: an area behind doors."""

    model_config = shown(examples.ZONE_IN)

    site_id: Id
    name: Name
    name_en: OptionalName = ""
    anti_passback: AntiPassback = AntiPassback.NONE
    occupancy_max: OccupancyMax | None = None
    soft: Soft = False
    forget_after_s: ForgetAfter | None = None
    reset_min: ResetMin | None = 240
    tz: Annotated[str, Field(max_length=64)] = "Asia/Tokyo"


class ZoneChange(ChangeIn):
    """What to change of a zone."""

    model_config = shown(examples.ZONE_CHANGE)

    name: Name | None = None
    name_en: OptionalName | None = None
    anti_passback: AntiPassback | None = None
    occupancy_max: OccupancyMax | None = clearable()
    soft: Soft | None = None
    forget_after_s: ForgetAfter | None = clearable()
    reset_min: ResetMin | None = clearable()
    tz: Annotated[str, Field(max_length=64)] | None = None


class ZoneOut(RowOut):
    """A zone."""

    model_config = shown(examples.ZONE_OUT)

    id: str
    site_id: str
    name: str
    name_en: str
    anti_passback: AntiPassback
    occupancy_max: int | None
    soft: bool
    spans: bool = Field(description="Its doors are on several controllers: see `soft`.")
    forget_after_s: int | None
    reset_min: int | None
    tz: str
    forgiven: int = Field(description="How often everybody in it was forgotten.")
    forgiven_at: datetime | None
    created_at: datetime
    updated_at: datetime


# --- doors -------------------------------------------------------------------------------------


class DoorIn(BodyIn):
    """A new door, with how it is driven and watched."""

    model_config = shown(examples.DOOR_IN)

    site_id: Id
    controller_id: Id
    name: Name
    name_en: OptionalName = ""
    name_kana: OptionalName = ""
    key_holder: KeyHolder = ""
    egress: Egress = ""
    unlock_ms: UnlockMs = 5_000
    held_after_ms: HeldMs = 60_000
    detect_forced: bool = True
    min_assurance: Assurance = Assurance.READER_VERIFIED
    min_digits: Digits = 6
    strike: PointShape | None = None
    contact: PointShape | None = None
    bolt: PointShape | None = None
    rex: PointShape | None = None
    mechanical_key: PointShape | None = None
    bell: PointShape | None = None
    fail: FailMode = FailMode.SECURE
    on_untrusted_clock: OnUntrustedClock = OnUntrustedClock.DENY
    on_journal_failure: OnJournalFailure = OnJournalFailure.DENY
    zone_in: Id | None = None
    zone_out: Id | None = None
    hold_schedule: HoldSchedule = None
    first_person: FirstPerson = FirstPerson.NONE
    two_person: bool = False
    second_person_ms: SecondPersonMs = 30_000
    shelter: Shelter = False
    interlock: Interlock = None


class DoorChange(ChangeIn):
    """What to change of a door."""

    model_config = shown(examples.DOOR_CHANGE)

    controller_id: Id | None = None
    state: SiteState | None = None
    name: Name | None = None
    name_en: OptionalName | None = None
    name_kana: OptionalName | None = None
    key_holder: KeyHolder | None = None
    egress: Egress | None = None
    unlock_ms: UnlockMs | None = None
    held_after_ms: HeldMs | None = None
    detect_forced: bool | None = None
    min_assurance: Assurance | None = None
    min_digits: Digits | None = None
    strike: PointShape | None = clearable()
    contact: PointShape | None = clearable()
    bolt: PointShape | None = clearable()
    rex: PointShape | None = clearable()
    mechanical_key: PointShape | None = clearable()
    bell: PointShape | None = clearable()
    fail: FailMode | None = None
    on_untrusted_clock: OnUntrustedClock | None = None
    on_journal_failure: OnJournalFailure | None = None
    zone_in: Id | None = clearable()
    zone_out: Id | None = clearable()
    hold_schedule: HoldSchedule = clearable()
    first_person: FirstPerson | None = None
    two_person: bool | None = None
    second_person_ms: SecondPersonMs | None = None
    shelter: Shelter | None = None
    interlock: Interlock = clearable()


class DoorOut(RowOut):
    """A door."""

    model_config = shown(examples.DOOR_OUT)

    id: str
    site_id: str
    controller_id: str
    state: SiteState
    name: str
    name_en: str
    name_kana: str
    key_holder: str
    egress: str
    unlock_ms: int
    held_after_ms: int
    detect_forced: bool
    min_assurance: Assurance
    min_digits: int
    strike: PointShape | None
    contact: PointShape | None
    bolt: PointShape | None
    rex: PointShape | None
    mechanical_key: PointShape | None
    bell: PointShape | None
    fail: FailMode
    on_untrusted_clock: OnUntrustedClock
    on_journal_failure: OnJournalFailure
    zone_in: str | None
    zone_out: str | None
    hold_schedule: str | None
    first_person: FirstPerson
    two_person: bool
    second_person_ms: int
    shelter: bool
    interlock: str | None
    created_at: datetime
    updated_at: datetime


def door_columns(values: dict[str, Any]) -> dict[str, Any]:
    """Turn points as sent into the wire's points."""
    points = ("strike", "contact", "bolt", "rex", "mechanical_key", "bell")
    made = {
        name: msgspec.convert(values[name], Point)
        for name in points
        if values.get(name) is not None
    }
    return {**values, **made}
