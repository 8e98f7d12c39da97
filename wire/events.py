"""Events: what an edge journals and the hub keeps. The list of kinds is closed.

An event's bytes are made once, when it is journaled, and sent unchanged however often. They do not
hold the seq: position in the message gives it, so that rows can move into a new epoch unchanged.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec

from wire.clock import ClockState, Instant
from wire.errors import WireError, WireFault
from wire.policy_bodies import Assurance, DoorMode, Id
from wire.reasons import Reason

MAX_EVENT_BYTES: Final = 4_096


class EventKind(StrEnum):
    """The closed list. `BODIES` gives the body of each."""

    # decisions
    ACCESS_GRANTED = "access_granted"
    ACCESS_DENIED = "access_denied"
    ACCESS_DURESS = "access_duress"
    ACT_RESULT = "act_result"
    PUNCH = "punch"
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
    SECURITY_ALARM = "security_alarm"
    TELEMETRY = "telemetry"


class _Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all event bodies share."""


class Factor(StrEnum):
    """What was presented."""

    PIN = "pin"
    CARD = "card"
    CARD_AND_PIN = "card_and_pin"
    COMMAND = "command"
    REX = "rex"
    MODE = "mode"
    FIRE = "fire"


class AccessBody(_Body, frozen=True, kw_only=True):
    """A decision. An `access_duress` whose reason denies is a duress PIN at a door that stays shut:
    the silent alarm is raised all the same. `act` joins it with its `act_result`. `card` is the
    digest of an unknown card (`wire.pins.card_digest`), for enrolling it; a PIN that was typed is
    never told, only its length."""

    reason: Reason
    factor: Factor
    door: Id | None = None
    reader: Id | None = None
    act: Id | None = None
    credential: Id | None = None
    person: Id | None = None
    grant: Id | None = None
    booking: Id | None = None
    assurance: Assurance | None = None
    namespace: str | None = None
    card: str | None = None
    digits: int | None = None


class ActOutcome(StrEnum):
    """What became of an act. `outcome_unknown`: the agent stopped in between; never repeated."""

    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    REFUSED = "refused"
    OUTCOME_UNKNOWN = "outcome_unknown"


class Observed(StrEnum):
    """What bolt and door contact saw after an act."""

    BOLT_RETRACTED = "bolt_retracted"
    DOOR_OPENED = "door_opened"
    OUTPUT_ON = "output_on"
    """The device confirmed its output; no bolt or contact is fitted."""
    NOTHING = "nothing"


class ActResultBody(_Body, frozen=True, kw_only=True):
    """What became of the act a decision named."""

    act: Id
    door: Id
    outcome: ActOutcome
    observed: Observed = Observed.NOTHING
    detail: Annotated[str, msgspec.Meta(max_length=200)] = ""


class PunchDirection(StrEnum):
    """What a tap meant for attendance."""

    IN = "in"
    OUT = "out"
    BREAK_START = "break_start"
    BREAK_END = "break_end"
    INFERRED = "inferred"


class PunchBody(_Body, frozen=True, kw_only=True):
    """A tap that counts for attendance, whether or not a door opened."""

    reader: Id
    person: Id
    credential: Id
    direction: PunchDirection
    door: Id | None = None
    assurance: Assurance | None = None


class LockoutBody(_Body, frozen=True, kw_only=True):
    """A reader's try budget is spent: PINs are refused for `lockout_s`; cards go on."""

    reader: Id
    lockout_s: int
    door: Id | None = None


class CommandReceivedBody(_Body, frozen=True, kw_only=True):
    """A command as it was taken, journaled before anything moves."""

    command_id: Id
    door: Id
    action: str
    actor: Id
    act: Id | None = None


class CommandResultBody(_Body, frozen=True, kw_only=True):
    """The outcome of a command: `done` needs the bolt or the door contact (or a device without
    either confirming its output)."""

    command_id: Id
    door: Id
    outcome: ActOutcome
    reason: Reason
    observed: Observed = Observed.NOTHING


class DoorEventBody(_Body, frozen=True, kw_only=True):
    """Something a door did. `open_ms`: how long it had been open, for held and closed."""

    door: Id
    open_ms: int | None = None


class DoorFoundBody(_Body, frozen=True, kw_only=True):
    """How a door was found when its device was asked at (re)connect: a state, no happening.
    `changed`: it contradicts what was known, so that something happened while nobody looked."""

    door: Id
    open: bool | None = None
    bolt_retracted: bool | None = None
    changed: bool = False


class ModeEventBody(_Body, frozen=True, kw_only=True):
    """A mode began or ended at a door; `order` is the hub's number of the order."""

    door: Id
    mode: DoorMode
    order: int
    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""


class DeviceEventBody(_Body, frozen=True, kw_only=True):
    """Something a device did, or was found to be in."""

    device: Id
    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""
    channel: int | None = None
    count: int | None = None


class BatteryBody(_Body, frozen=True, kw_only=True):
    """A raw battery reading."""

    device: Id
    millivolts: int
    temperature_dc: int | None = None
    """Tenths of a degree Celsius."""


class AgentBody(_Body, frozen=True, kw_only=True):
    """The agent started or stopped. `clean`: whether the run before ended in order."""

    agent: str
    clean: bool = True
    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""


class LinkBody(_Body, frozen=True, kw_only=True):
    """The link to the hub was lost or is back."""

    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""
    away_ms: int | None = None


class ClockBody(_Body, frozen=True, kw_only=True):
    """The clock changed its state, or an anchor: from here, wall time at monotonic time is known
    within `error_ms`; `step_ms` is how far the wall clock was off before."""

    state: ClockState
    source: str = ""
    error_ms: int | None = None
    step_ms: int | None = None


class PolicyAppliedBody(_Body, frozen=True, kw_only=True):
    """A policy went live at the doors."""

    hub_epoch: int
    version: int
    digest: str
    rejected: int = 0


class EpochBody(_Body, frozen=True, kw_only=True):
    """A new journal epoch began: `created`, `restored`, `rolled_back` or `corrupted`."""

    cause: str
    previous: int | None = None
    moved: int = 0


class JournalBody(_Body, frozen=True, kw_only=True):
    """The journal could not be written, or can again; `unjournaled` counts what came between."""

    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""
    unjournaled: int = 0


class Alarm(StrEnum):
    """What kind of attack or damage was noticed."""

    FORGED_MESSAGE = "forged_message"
    REPLAYED_MESSAGE = "replayed_message"
    RETAINED_MESSAGE = "retained_message"
    MISPLACED_MESSAGE = "misplaced_message"
    MALFORMED_MESSAGE = "malformed_message"
    ACK_BEYOND_SENT = "ack_beyond_sent"
    OLD_HUB_EPOCH = "old_hub_epoch"
    FORGED_HUB_EPOCH = "forged_hub_epoch"
    POLICY_DIGEST = "policy_digest"
    BUS_ATTACK = "bus_attack"
    INTERNAL_ERROR = "internal_error"


class AlarmBody(_Body, frozen=True, kw_only=True):
    """An alarm; `channel` and `cause` say where and why, `count` how often since the last one."""

    alarm: Alarm
    channel: Annotated[str, msgspec.Meta(max_length=32)] = ""
    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""
    count: int = 1


class TelemetryBody(_Body, frozen=True, kw_only=True):
    """Counters of the agent since its start, by name."""

    counters: dict[str, int]


EventBody: TypeAlias = (
    AccessBody
    | ActResultBody
    | PunchBody
    | LockoutBody
    | CommandReceivedBody
    | CommandResultBody
    | DoorEventBody
    | DoorFoundBody
    | ModeEventBody
    | DeviceEventBody
    | BatteryBody
    | AgentBody
    | LinkBody
    | ClockBody
    | PolicyAppliedBody
    | EpochBody
    | JournalBody
    | AlarmBody
    | TelemetryBody
)

BODIES: Final[dict[EventKind, type[EventBody]]] = {
    EventKind.ACCESS_GRANTED: AccessBody,
    EventKind.ACCESS_DENIED: AccessBody,
    EventKind.ACCESS_DURESS: AccessBody,
    EventKind.ACT_RESULT: ActResultBody,
    EventKind.PUNCH: PunchBody,
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
    except (msgspec.DecodeError, RecursionError) as error:
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
    except (msgspec.DecodeError, RecursionError) as error:
        raise WireError(WireFault.BAD_FIELD, f"body of kind {kind.value}") from error
