"""What the entry log's routes answer."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from hub.entries import examples
from hub.entries.devices import Contact
from hub.entries.domain import Result, Topic
from hub.entries.doors import Bolt, Leaf
from hub.sites.clock_risks import ClockRisk
from hub.web.fields import BodyIn, shown
from wire.clock import ClockState
from wire.events import ActOutcome, Factor, Observed
from wire.policy_bodies import DoorMode
from wire.reasons import Reason


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class EntryOut(_Out):
    """One happening, with what followed it."""

    model_config = shown(examples.ENTRY_OUT)

    id: int
    kind: str = Field(description="An event kind, or `gap` for records an edge lost.")
    topic: Topic
    occurred_at: datetime = Field(description="The best time known.")
    at: datetime = Field(description="What the clock of whoever wrote it showed.")
    is_time_sure: bool = Field(
        description="False: the clock was untrusted, and no anchor says the time within a minute."
    )
    time_error_ms: int | None = Field(
        description="How far off `occurred_at` may be; null where nothing is known."
    )
    earliest_at: datetime | None = Field(description="`occurred_at` less its error.")
    latest_at: datetime | None = Field(description="`occurred_at` and its error.")
    clock: ClockState
    received_at: datetime
    controller_id: str
    door_id: str | None
    reader_id: str | None
    device_id: str | None
    result: Result | None
    reason: Reason | None
    factor: Factor | None
    person_id: str | None
    credential_id: str | None
    grant_id: str | None
    booking_id: str | None
    actor_id: str | None = Field(description="Who gave the command.")
    command_id: str | None
    outcome: ActOutcome | None = Field(description="What became of the opening.")
    observed: Observed | None = Field(description="What bolt or door contact saw.")
    opened_at: datetime | None = Field(description="When the leaf opened after it.")
    card_namespace: str | None
    card_digest: str | None = Field(description="Of an unknown card, for enrolling it.")
    code: str | None = Field(description="The tag of a sealed code; no digits follow from it.")
    holder_id: str | None = Field(description="Whose sealed code it was.")
    soft: Reason | None = Field(
        description="The rule that was broken and is only reported: it would have been a denial."
    )
    partner_id: str | None = Field(
        description="The credential of the other of two persons who opened together."
    )
    partner_person_id: str | None
    origin_device: str | None = Field(
        description="The offline device that wrote it; `controller_id` brought it, `received_at`."
    )
    error_ms: int | None = Field(description="How far off `at` may be, where that is known.")
    cause: str
    amount: int | None


class ModeOut(_Out):
    """A mode in force."""

    model_config = shown(examples.MODE_OUT)

    mode: DoorMode
    order: int
    since: datetime


class DeviceStateOut(_Out):
    """A device as last heard of."""

    model_config = shown(examples.DEVICE_STATE_OUT)

    device_id: str
    contact: Contact
    contact_since: datetime | None
    cause: str
    tamper_since: datetime | None
    power_failed_since: datetime | None
    fire_since: datetime | None
    battery_mv: int | None
    battery_dc: int | None = Field(description="Temperature then, tenths of a degree Celsius.")
    battery_at: datetime | None
    list_count: int | None = Field(
        description="PINs in a serial lock's own list, for when its controller is dead."
    )
    list_placed: bool = Field(description="The lock proved that it holds the list wanted there.")
    list_at: datetime | None
    heard_at: datetime | None


class DoorStateOut(_Out):
    """A door as last heard of; all unknown while `heard_at` is null."""

    model_config = shown(examples.DOOR_STATE_OUT)

    door_id: str
    leaf: Leaf
    leaf_since: datetime | None
    bolt: Bolt
    bolt_since: datetime | None
    held_since: datetime | None
    forced_since: datetime | None
    mode: ModeOut | None = Field(description="Null is normal.")
    heard_at: datetime | None
    clock_risks: list[ClockRisk] = Field(
        description="What its PINs have to fear: a controller without RTC, or the door's own "
        "setting that takes them without knowing the time."
    )
    devices: list[DeviceStateOut] = Field(description="Those of the door's controller.")


class AlarmOut(_Out):
    """An alarm that stands."""

    model_config = shown(examples.ALARM_OUT)

    id: int
    kind: str
    is_critical: bool
    controller_id: str
    door_id: str | None
    device_id: str | None
    raised_at: datetime
    last_at: datetime
    times: int
    cause: str
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str


class AcknowledgeIn(BodyIn):
    """Taking note of an alarm."""

    model_config = shown(examples.ACKNOWLEDGE_IN)

    note: str = Field("", max_length=500)
