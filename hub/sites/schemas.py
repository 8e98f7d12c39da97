"""What the API takes and gives of sites and what stands at them."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Any

import msgspec
from pydantic import Base64Bytes, BaseModel, Field

from hub.sites.domain import SiteState
from hub.web.fields import BodyIn, ChangeIn, Name, OptionalName, RowOut, clearable
from wire.policy_bodies import (
    AntiPassback,
    Assurance,
    DeviceDriver,
    FailMode,
    OnJournalFailure,
    OnUntrustedClock,
    Point,
    PunchRule,
    Side,
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
Settings = Annotated[
    dict[str, bool | int | str], Field(max_length=50, description="Settings of the agent.")
]


class PointShape(BaseModel):
    """An input or output of a device."""

    device: Id
    channel: Annotated[int, Field(ge=0, le=63)] = 0
    inverted: bool = False


# --- sites, controllers, zones -----------------------------------------------------------------


class SiteIn(BodyIn):
    """A new site: a building or a ground."""

    name: Name
    name_en: OptionalName = ""
    name_kana: OptionalName = ""
    address: Annotated[str, Field(max_length=200)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    horizon_hours: Hours = 72
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class SiteChange(ChangeIn):
    """What to change of a site."""

    name: Name | None = None
    name_en: OptionalName | None = None
    name_kana: OptionalName | None = None
    address: Annotated[str, Field(max_length=200)] | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    horizon_hours: Hours | None = None
    latitude: Latitude | None = clearable()
    longitude: Longitude | None = clearable()


class SiteOut(RowOut):
    """A site."""

    id: str
    name: str
    name_en: str
    name_kana: str
    address: str
    phone: str
    horizon_hours: int
    latitude: float | None
    longitude: float | None
    created_at: datetime
    updated_at: datetime


class ControllerIn(BodyIn):
    """A new controller, by the id that its enrolment gave it."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]{16}$", description="As in its certificate.")]
    site_id: Id
    name: Name
    name_en: OptionalName = ""
    has_rtc: Annotated[bool, Field(description="A battery clock: doors with PINs need one.")] = True
    settings: Settings = Field(default_factory=dict)


class ControllerChange(ChangeIn):
    """What to change of a controller."""

    site_id: Id | None = None
    name: Name | None = None
    name_en: OptionalName | None = None
    state: SiteState | None = None
    has_rtc: bool | None = None
    settings: Settings | None = None


class ControllerOut(RowOut):
    """A controller: one edge agent."""

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

    site_id: Id
    name: Name
    name_en: OptionalName = ""
    anti_passback: AntiPassback = AntiPassback.NONE
    occupancy_max: Annotated[int, Field(ge=1, le=100_000)] | None = None


class ZoneChange(ChangeIn):
    """What to change of a zone."""

    name: Name | None = None
    name_en: OptionalName | None = None
    anti_passback: AntiPassback | None = None
    occupancy_max: Annotated[int, Field(ge=1, le=100_000)] | None = clearable()


class ZoneOut(RowOut):
    """A zone."""

    id: str
    site_id: str
    name: str
    name_en: str
    anti_passback: AntiPassback
    occupancy_max: int | None
    created_at: datetime
    updated_at: datetime


# --- doors -------------------------------------------------------------------------------------


class DoorIn(BodyIn):
    """A new door, with how it is driven and watched."""

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
    fail: FailMode = FailMode.SECURE
    on_untrusted_clock: OnUntrustedClock = OnUntrustedClock.DENY
    on_journal_failure: OnJournalFailure = OnJournalFailure.DENY
    zone_in: Id | None = None
    zone_out: Id | None = None


class DoorChange(ChangeIn):
    """What to change of a door."""

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
    fail: FailMode | None = None
    on_untrusted_clock: OnUntrustedClock | None = None
    on_journal_failure: OnJournalFailure | None = None
    zone_in: Id | None = clearable()
    zone_out: Id | None = clearable()


class DoorOut(RowOut):
    """A door."""

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
    fail: FailMode
    on_untrusted_clock: OnUntrustedClock
    on_journal_failure: OnJournalFailure
    zone_in: str | None
    zone_out: str | None
    created_at: datetime
    updated_at: datetime


def door_columns(values: dict[str, Any]) -> dict[str, Any]:
    """Turn points as sent into the wire's points."""
    points = ("strike", "contact", "bolt", "rex", "mechanical_key")
    made = {
        name: msgspec.convert(values[name], Point)
        for name in points
        if values.get(name) is not None
    }
    return {**values, **made}


# --- devices and readers -----------------------------------------------------------------------


class DeviceIn(BodyIn):
    """A new device on a port of a controller."""

    controller_id: Id
    name: Name
    driver: DeviceDriver
    port: Annotated[str, Field(min_length=1, max_length=64, description="As the agent names it.")]
    address: Annotated[int, Field(ge=0, le=126)] = 0
    reader_name: Annotated[str, Field(max_length=128)] | None = None


class DeviceChange(ChangeIn):
    """What to change of a device."""

    state: SiteState | None = None
    name: Name | None = None
    port: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    address: Annotated[int, Field(ge=0, le=126)] | None = None
    reader_name: Annotated[str, Field(max_length=128)] | None = clearable()


class DeviceOut(RowOut):
    """A device. Its secret is never given."""

    id: str
    controller_id: str
    state: SiteState
    name: str
    driver: DeviceDriver
    port: str
    address: int
    reader_name: str | None
    created_at: datetime
    updated_at: datetime


class DeviceSecretIn(BodyIn):
    """A device's secret, such as an OSDP secure channel base key."""

    secret: Annotated[Base64Bytes, Field(description="16 to 64 bytes in base64.")]


class LockProvisioningOut(BaseModel):
    """What the bench writes into a blank serial lock: given once."""

    device: str
    kind: int = Field(2, description="A serial lock, as the maintenance link counts kinds.")
    maintenance_secret: str = Field(description="K_maint, 32 bytes in base64.")

    @classmethod
    def of(cls, device_id: str, secret: bytes) -> LockProvisioningOut:
        """Show it."""
        text = base64.b64encode(secret).decode()
        return cls(device=device_id, kind=2, maintenance_secret=text)


class ReaderIn(BodyIn):
    """A new reader or keypad; without a door it is an attendance terminal."""

    device_id: Id
    door_id: Id | None = None
    name: Name
    channel: Annotated[int, Field(ge=0, le=15)] = 0
    side: Side = Side.ENTRY
    keypad: bool = False
    cards: bool = True
    profiles: Annotated[tuple[Id, ...], Field(max_length=8)] = ()
    assurance: Assurance = Assurance.IDENTIFIER
    punch: PunchRule = PunchRule.NONE
    key_timeout_ms: Annotated[int, Field(ge=1_000, le=60_000)] = 10_000
    max_keys: Annotated[int, Field(ge=4, le=10)] = 10
    tries: Annotated[int, Field(ge=1, le=20)] = 5
    budget_window_s: Annotated[int, Field(ge=60, le=3_600)] = 300
    lockout_s: Annotated[int, Field(ge=60, le=3_600)] = 300
    lockout_max_s: Annotated[int, Field(ge=60, le=86_400)] = 3_600
    card_tries: Annotated[int, Field(ge=0, le=60)] = 30
    card_window_s: Annotated[int, Field(ge=10, le=3_600)] = 60
    card_lockout_s: Annotated[int, Field(ge=10, le=3_600)] = 60
    card_lockout_max_s: Annotated[int, Field(ge=300, le=3_600)] = 600


class ReaderChange(ChangeIn):
    """What to change of a reader."""

    door_id: Id | None = clearable()
    state: SiteState | None = None
    name: Name | None = None
    side: Side | None = None
    keypad: bool | None = None
    cards: bool | None = None
    profiles: Annotated[tuple[Id, ...], Field(max_length=8)] | None = None
    assurance: Assurance | None = None
    punch: PunchRule | None = None
    key_timeout_ms: Annotated[int, Field(ge=1_000, le=60_000)] | None = None
    max_keys: Annotated[int, Field(ge=4, le=10)] | None = None
    tries: Annotated[int, Field(ge=1, le=20)] | None = None
    budget_window_s: Annotated[int, Field(ge=60, le=3_600)] | None = None
    lockout_s: Annotated[int, Field(ge=60, le=3_600)] | None = None
    lockout_max_s: Annotated[int, Field(ge=60, le=86_400)] | None = None
    card_tries: Annotated[int, Field(ge=0, le=60)] | None = None
    card_window_s: Annotated[int, Field(ge=10, le=3_600)] | None = None
    card_lockout_s: Annotated[int, Field(ge=10, le=3_600)] | None = None
    card_lockout_max_s: Annotated[int, Field(ge=300, le=3_600)] | None = None


class ReaderOut(RowOut):
    """A reader or keypad."""

    id: str
    device_id: str
    door_id: str | None
    state: SiteState
    name: str
    channel: int
    side: Side
    keypad: bool
    cards: bool
    profiles: list[str]
    assurance: Assurance
    punch: PunchRule
    key_timeout_ms: int
    max_keys: int
    tries: int
    budget_window_s: int
    lockout_s: int
    lockout_max_s: int
    card_tries: int
    card_window_s: int
    card_lockout_s: int
    card_lockout_max_s: int
    created_at: datetime
    updated_at: datetime
