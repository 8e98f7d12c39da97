"""What the API takes and gives of devices and readers."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated, Final

from pydantic import Base64Bytes, BaseModel, Field

from hub.sites import examples
from hub.sites.domain import SiteState
from hub.sites.schemas import Id
from hub.web.fields import BodyIn, ChangeIn, Name, RowOut, clearable, shown
from wire.policy_bodies import Assurance, DeviceDriver, PunchRule, Side


class DeviceIn(BodyIn):
    """A new device on a port of a controller."""

    model_config = shown(examples.DEVICE_IN)

    controller_id: Id
    name: Name
    driver: DeviceDriver
    port: Annotated[str, Field(min_length=1, max_length=64, description="As the agent names it.")]
    address: Annotated[int, Field(ge=0, le=126)] = 0
    reader_name: Annotated[str, Field(max_length=128)] | None = None


class DeviceChange(ChangeIn):
    """What to change of a device."""

    model_config = shown(examples.DEVICE_CHANGE)

    state: SiteState | None = None
    name: Name | None = None
    port: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    address: Annotated[int, Field(ge=0, le=126)] | None = None
    reader_name: Annotated[str, Field(max_length=128)] | None = clearable()


class DeviceOut(RowOut):
    """A device. Its secret is never given."""

    model_config = shown(examples.DEVICE_OUT)

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

    model_config = shown(examples.DEVICE_SECRET_IN)

    secret: Annotated[Base64Bytes, Field(description="16 to 64 bytes in base64.")]


class LockProvisioningOut(BaseModel):
    """What the bench writes into a blank serial lock: given once."""

    model_config = shown(examples.LOCK_PROVISIONING_OUT)

    device: str
    kind: int = Field(2, description="A serial lock, as the maintenance link counts kinds.")
    maintenance_secret: str = Field(description="K_maint, 32 bytes in base64.")

    @classmethod
    def of(cls, device_id: str, secret: bytes) -> LockProvisioningOut:
        """Show it."""
        text = base64.b64encode(secret).decode()
        return cls(device=device_id, kind=2, maintenance_secret=text)


_MIN_ASSURANCE: Final = Field(
    description="What a tap needs to be a punch. A weaker card is told so and recorded as refused."
)


class ReaderIn(BodyIn):
    """A new reader or keypad; without a door it is an attendance terminal."""

    model_config = shown(examples.READER_IN)

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
    min_assurance: Annotated[Assurance, _MIN_ASSURANCE] = Assurance.IDENTIFIER
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

    model_config = shown(examples.READER_CHANGE)

    door_id: Id | None = clearable()
    state: SiteState | None = None
    name: Name | None = None
    side: Side | None = None
    keypad: bool | None = None
    cards: bool | None = None
    profiles: Annotated[tuple[Id, ...], Field(max_length=8)] | None = None
    assurance: Assurance | None = None
    punch: PunchRule | None = None
    min_assurance: Annotated[Assurance | None, _MIN_ASSURANCE] = None
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

    model_config = shown(examples.READER_OUT)

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
    min_assurance: Annotated[Assurance, _MIN_ASSURANCE]
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
