"""Events: what an edge journals and the hub keeps. The list of kinds is closed.

An event's bytes are made once, when it is journaled, and sent unchanged however often. They do not
hold the seq: position in the message gives it, so that rows can move into a new epoch unchanged.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from wire.clock import ClockState, Instant
from wire.errors import WireError, WireFault
from wire.event_bodies import (
    AccessBody,
    ActOutcome,
    ActResultBody,
    AgentBody,
    AgentFaultBody,
    Alarm,
    AlarmBody,
    BatteryBody,
    CardOfferBody,
    ClockBody,
    CommandReceivedBody,
    CommandResultBody,
    DeviceClockBody,
    DeviceEventBody,
    DoorEventBody,
    DoorFoundBody,
    DoorTestBody,
    EpochBody,
    EventBody,
    Factor,
    JournalBody,
    LinkBody,
    LockListBody,
    LockoutBody,
    ModeEventBody,
    Observed,
    PolicyAppliedBody,
    PunchBody,
    PunchDirection,
    TelemetryBody,
    TryKind,
)
from wire.policy_bodies import Id

__all__ = [
    "BODIES",
    "MAX_EVENT_BYTES",
    "AccessBody",
    "ActOutcome",
    "ActResultBody",
    "AgentBody",
    "AgentFaultBody",
    "Alarm",
    "AlarmBody",
    "BatteryBody",
    "CardOfferBody",
    "ClockBody",
    "CommandReceivedBody",
    "CommandResultBody",
    "DeviceClockBody",
    "DeviceEventBody",
    "DoorEventBody",
    "DoorFoundBody",
    "DoorTestBody",
    "EpochBody",
    "Event",
    "EventBody",
    "EventKind",
    "Factor",
    "Gap",
    "GapReason",
    "JournalBody",
    "LinkBody",
    "LockListBody",
    "LockoutBody",
    "ModeEventBody",
    "Observed",
    "Origin",
    "PolicyAppliedBody",
    "PunchBody",
    "PunchDirection",
    "TelemetryBody",
    "TryKind",
    "decode_event_body",
    "decode_row",
    "encode_body",
    "encode_event",
    "event_kind",
]

MAX_EVENT_BYTES: Final = 4_096


class EventKind(StrEnum):
    """The closed list. `BODIES` gives the body of each."""

    # decisions
    ACCESS_GRANTED = "access_granted"
    ACCESS_DENIED = "access_denied"
    ACCESS_DURESS = "access_duress"
    ACT_RESULT = "act_result"
    PUNCH = "punch"
    CARD_OFFERED = "card_offered"
    PIN_LOCKOUT = "pin_lockout"
    COMMAND_RECEIVED = "command_received"
    COMMAND_RESULT = "command_result"
    # doors
    DOOR_OPENED = "door_opened"
    DOOR_CLOSED = "door_closed"
    DOOR_FORCED = "door_forced"
    DOOR_HELD = "door_held"
    DOOR_HELD_CLEARED = "door_held_cleared"
    DOOR_FOUND = "door_found"
    BOLT_RETRACTED = "bolt_retracted"
    BOLT_EXTENDED = "bolt_extended"
    REX = "rex"
    MECHANICAL_KEY = "mechanical_key"
    DOORBELL = "doorbell"
    MODE_APPLIED = "mode_applied"
    MODE_ENDED = "mode_ended"
    FIRE_ALARM = "fire_alarm"
    FIRE_ALARM_CLEARED = "fire_alarm_cleared"
    # devices
    DEVICE_ONLINE = "device_online"
    DEVICE_OFFLINE = "device_offline"
    DEVICE_FAULT = "device_fault"
    TAMPER = "tamper"
    TAMPER_CLEARED = "tamper_cleared"
    POWER_FAILED = "power_failed"
    POWER_RESTORED = "power_restored"
    BATTERY = "battery"
    LOCK_JAMMED = "lock_jammed"
    LOCK_JAM_CLEARED = "lock_jam_cleared"
    KEY_TAKEN = "key_taken"
    KEY_RETURNED = "key_returned"
    INPUT_FAULT = "input_fault"
    INPUT_FAULT_CLEARED = "input_fault_cleared"
    INSTALL_BEGAN = "install_began"
    INSTALL_ENDED = "install_ended"
    DEVICE_KEY_CHANGED = "device_key_changed"
    DEVICE_STARTED = "device_started"
    DEVICE_CLOCK_SET = "device_clock_set"
    DEVICE_LOG_GAP = "device_log_gap"
    DEVICE_LOG_CLEARED = "device_log_cleared"
    FIRMWARE_UPDATED = "firmware_updated"
    FIRMWARE_REFUSED = "firmware_refused"
    LOCK_LIST_PLACED = "lock_list_placed"
    CONTACT_TESTED = "contact_tested"
    # the agent
    AGENT_STARTED = "agent_started"
    AGENT_STOPPED = "agent_stopped"
    LINK_LOST = "link_lost"
    LINK_RESTORED = "link_restored"
    CLOCK_STATE = "clock_state"
    CLOCK_ANCHOR = "clock_anchor"
    POLICY_APPLIED = "policy_applied"
    EPOCH_OPENED = "epoch_opened"
    JOURNAL_FAILED = "journal_failed"
    JOURNAL_RESTORED = "journal_restored"
    AGENT_FAULT = "agent_fault"
    AGENT_FAULT_CLEARED = "agent_fault_cleared"
    SECURITY_ALARM = "security_alarm"
    TELEMETRY = "telemetry"


BODIES: Final[dict[EventKind, type[EventBody]]] = {
    EventKind.ACCESS_GRANTED: AccessBody,
    EventKind.ACCESS_DENIED: AccessBody,
    EventKind.ACCESS_DURESS: AccessBody,
    EventKind.ACT_RESULT: ActResultBody,
    EventKind.PUNCH: PunchBody,
    EventKind.CARD_OFFERED: CardOfferBody,
    EventKind.PIN_LOCKOUT: LockoutBody,
    EventKind.COMMAND_RECEIVED: CommandReceivedBody,
    EventKind.COMMAND_RESULT: CommandResultBody,
    EventKind.DOOR_OPENED: DoorEventBody,
    EventKind.DOOR_CLOSED: DoorEventBody,
    EventKind.DOOR_FORCED: DoorEventBody,
    EventKind.DOOR_HELD: DoorEventBody,
    EventKind.DOOR_HELD_CLEARED: DoorEventBody,
    EventKind.DOOR_FOUND: DoorFoundBody,
    EventKind.BOLT_RETRACTED: DoorEventBody,
    EventKind.BOLT_EXTENDED: DoorEventBody,
    EventKind.REX: DoorEventBody,
    EventKind.MECHANICAL_KEY: DoorEventBody,
    EventKind.DOORBELL: DoorEventBody,
    EventKind.MODE_APPLIED: ModeEventBody,
    EventKind.MODE_ENDED: ModeEventBody,
    EventKind.FIRE_ALARM: DeviceEventBody,
    EventKind.FIRE_ALARM_CLEARED: DeviceEventBody,
    EventKind.DEVICE_ONLINE: DeviceEventBody,
    EventKind.DEVICE_OFFLINE: DeviceEventBody,
    EventKind.DEVICE_FAULT: DeviceEventBody,
    EventKind.TAMPER: DeviceEventBody,
    EventKind.TAMPER_CLEARED: DeviceEventBody,
    EventKind.POWER_FAILED: DeviceEventBody,
    EventKind.POWER_RESTORED: DeviceEventBody,
    EventKind.BATTERY: BatteryBody,
    EventKind.LOCK_JAMMED: DeviceEventBody,
    EventKind.LOCK_JAM_CLEARED: DeviceEventBody,
    EventKind.KEY_TAKEN: DeviceEventBody,
    EventKind.KEY_RETURNED: DeviceEventBody,
    EventKind.INPUT_FAULT: DeviceEventBody,
    EventKind.INPUT_FAULT_CLEARED: DeviceEventBody,
    EventKind.INSTALL_BEGAN: DeviceEventBody,
    EventKind.INSTALL_ENDED: DeviceEventBody,
    EventKind.DEVICE_KEY_CHANGED: DeviceEventBody,
    EventKind.DEVICE_STARTED: DeviceEventBody,
    EventKind.DEVICE_CLOCK_SET: DeviceClockBody,
    EventKind.DEVICE_LOG_GAP: DeviceEventBody,
    EventKind.DEVICE_LOG_CLEARED: DeviceEventBody,
    EventKind.FIRMWARE_UPDATED: DeviceEventBody,
    EventKind.FIRMWARE_REFUSED: DeviceEventBody,
    EventKind.LOCK_LIST_PLACED: LockListBody,
    EventKind.CONTACT_TESTED: DoorTestBody,
    EventKind.AGENT_STARTED: AgentBody,
    EventKind.AGENT_STOPPED: AgentBody,
    EventKind.LINK_LOST: LinkBody,
    EventKind.LINK_RESTORED: LinkBody,
    EventKind.CLOCK_STATE: ClockBody,
    EventKind.CLOCK_ANCHOR: ClockBody,
    EventKind.POLICY_APPLIED: PolicyAppliedBody,
    EventKind.EPOCH_OPENED: EpochBody,
    EventKind.JOURNAL_FAILED: JournalBody,
    EventKind.JOURNAL_RESTORED: JournalBody,
    EventKind.AGENT_FAULT: AgentFaultBody,
    EventKind.AGENT_FAULT_CLEARED: AgentFaultBody,
    EventKind.SECURITY_ALARM: AlarmBody,
    EventKind.TELEMETRY: TelemetryBody,
}


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record was first written, for one collected from an offline device: unique in the
    hub, whoever collected it."""

    device: Id
    log_epoch: Annotated[int, msgspec.Meta(ge=0)]
    index: Annotated[int, msgspec.Meta(ge=0)]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An event as journaled and sent, its body still as bytes.

    `boot` names the boot of the machine, `mono_ns` is its monotonic clock, `at` its wall clock
    with the `clock` state and error bound (ms) of that moment.
    """

    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    boot: Annotated[str, msgspec.Meta(min_length=1, max_length=36)]
    mono_ns: Annotated[int, msgspec.Meta(ge=0)]
    at: Instant
    clock: ClockState
    body: msgspec.Raw
    error_ms: Annotated[int, msgspec.Meta(ge=0)] | None = None
    origin: Origin | None = None


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that cannot be read or were refused: they occupy the seqs `[first, last]`, both
    included, so that the watermark can pass them."""

    gap: tuple[int, int]
    reason: Annotated[str, msgspec.Meta(max_length=64)]

    def __post_init__(self) -> None:
        if not 0 < self.gap[0] <= self.gap[1]:
            raise ValueError("a gap runs from its first to its last seq")


class GapReason(StrEnum):
    """Why a gap stands in the journal."""

    UNREADABLE = "unreadable"
    REFUSED_FULL = "refused_full"
    MALFORMED = "malformed"


_encoder: Final = msgspec.json.Encoder()
_event_decoder: Final = msgspec.json.Decoder(Event)
_gap_decoder: Final = msgspec.json.Decoder(Gap)
_BODY_DECODERS: Final[dict[EventKind, msgspec.json.Decoder[EventBody]]] = {
    kind: msgspec.json.Decoder(body) for kind, body in BODIES.items()
}


def encode_body(kind: EventKind, body: EventBody) -> msgspec.Raw:
    """Make an event body's bytes; raise `TypeError` for the body of another kind."""
    if type(body) is not BODIES[kind]:
        raise TypeError(f"{kind.value} takes a {BODIES[kind].__name__}")
    return msgspec.Raw(_encoder.encode(body))


def encode_event(event: Event) -> bytes:
    """Make an event's bytes, once, when it is journaled."""
    return _encoder.encode(event)


def decode_row(data: bytes | memoryview | msgspec.Raw) -> Event | Gap:
    """Read one element of `events[]`; raise `WireError` with `TOO_LARGE` or `BAD_FIELD`.

    An unknown kind is no error here: the hub keeps the row and rejects its projection by name.
    """
    raw = bytes(data)
    if len(raw) > MAX_EVENT_BYTES:
        raise WireError(WireFault.TOO_LARGE, f"event of {len(raw)} bytes")
    try:
        if raw.startswith(b'{"gap"'):
            return _gap_decoder.decode(raw)
        return _event_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(WireFault.BAD_FIELD, "not an event") from error


def event_kind(event: Event) -> EventKind:
    """Give the event's kind; raise `WireError(UNKNOWN_KIND)` for one not in our list."""
    try:
        return EventKind(event.kind)
    except ValueError as error:
        raise WireError(WireFault.UNKNOWN_KIND, event.kind[:32]) from error


def decode_event_body(event: Event) -> EventBody:
    """Read an event's body as its kind demands; raise `WireError` with `UNKNOWN_KIND` or
    `BAD_FIELD`."""
    kind = event_kind(event)
    try:
        return _BODY_DECODERS[kind].decode(event.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(WireFault.BAD_FIELD, f"body of kind {kind.value}") from error
