"""The bodies of events: what each kind tells. Ids and closed words, never names, never digits."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeAlias

import msgspec

from wire.clock import ClockState
from wire.policy_bodies import Assurance, DoorMode, Id
from wire.reasons import Reason


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
    code: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    """The sealed code that was used: `shape.slot.generation.variant`, which no digits follow from
    (docs/offline-pin.md)."""
    soft: Reason | None = None
    """The rule that was broken and is only reported: an opening that says `anti_passback` here
    would have been a denial where the rule is hard."""
    partner: Id | None = None
    """The credential of the other of two persons who opened together."""
    unpunched: Reason | None = None
    """Why a tap was no punch, at a reader that takes punches: the door may have opened."""


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


class TryKind(StrEnum):
    """What a try budget counts: digits, or card numbers that anybody can copy."""

    PIN = "pin"
    CARD = "card"


class CardOfferBody(_Body, frozen=True, kw_only=True):
    """An unknown card at a reader where one is enrolled. `sealed` is its number, readable only
    with the enrolment's own key (`wire.card_offers`); `assurance` what the reader vouches for."""

    enrolment: Id
    reader: Id
    sealed: Annotated[str, msgspec.Meta(max_length=1_600)]
    assurance: Assurance


class LockoutBody(_Body, frozen=True, kw_only=True):
    """A reader's try budget of one kind is spent: for `lockout_s` it refuses PINs, and cards go on;
    or cards of class `identifier`, and PINs and verified cards go on."""

    reader: Id
    lockout_s: int
    door: Id | None = None
    kind: TryKind = TryKind.PIN


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
    """A raw battery reading. `uses` counts the openings since the device was made."""

    device: Id
    millivolts: int
    temperature_dc: int | None = None
    """Tenths of a degree Celsius."""
    uses: Annotated[int, msgspec.Meta(ge=0)] | None = None


class DeviceClockBody(_Body, frozen=True, kw_only=True):
    """An offline device's clock was read, or set: it was `offset_ms` ahead of the true time (known
    within `error_ms`); `set` tells whether it was put right. `ppm` is the rate it has had since it
    was set last, where that can be told."""

    device: Id
    offset_ms: int
    error_ms: Annotated[int, msgspec.Meta(ge=0)]
    set: bool = False
    ppm: float | None = None


class LockListBody(_Body, frozen=True, kw_only=True):
    """A lock proves the list of its own: digest of what it holds and how many (`wire.lock_list`).
    `placed`: it is the list that the policy wants there."""

    device: Id
    digest: Annotated[str, msgspec.Meta(max_length=64)]
    count: Annotated[int, msgspec.Meta(ge=0)]
    placed: bool


class DoorTestBody(_Body, frozen=True, kw_only=True):
    """Somebody tried a door's contact (or fire release) and saw it work, or not."""

    door: Id
    passed: bool
    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""
    actor: Id | None = None


class AgentBody(_Body, frozen=True, kw_only=True):
    """The agent started or stopped. `clean`: whether the run before ended in order."""

    agent: str
    clean: bool = True
    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""


class AgentFaultBody(_Body, frozen=True, kw_only=True):
    """A part of the agent itself fails, or is well again: `part` names its thread, `cause` is
    `died`, `hangs` or `given_up`, `revived` how often it was started anew."""

    part: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""
    revived: Annotated[int, msgspec.Meta(ge=0)] = 0


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
    """A new journal epoch began: `created`, `restored`, `rolled_back`, `corrupted` or
    `contradicted` (the hub holds other rows under these seqs: the card was copied)."""

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
    """An alarm; `channel` and `cause` say where and why, `count` how often since the last one,
    `device` which device's line it was where it came over one."""

    alarm: Alarm
    channel: Annotated[str, msgspec.Meta(max_length=32)] = ""
    cause: Annotated[str, msgspec.Meta(max_length=64)] = ""
    count: int = 1
    device: Id | None = None


class TelemetryBody(_Body, frozen=True, kw_only=True):
    """Counters of the agent since its start, by name."""

    counters: dict[str, int]


EventBody: TypeAlias = (
    AccessBody
    | ActResultBody
    | PunchBody
    | CardOfferBody
    | LockoutBody
    | CommandReceivedBody
    | CommandResultBody
    | DoorEventBody
    | DoorFoundBody
    | ModeEventBody
    | DeviceEventBody
    | BatteryBody
    | DeviceClockBody
    | LockListBody
    | DoorTestBody
    | AgentBody
    | AgentFaultBody
    | LinkBody
    | ClockBody
    | PolicyAppliedBody
    | EpochBody
    | JournalBody
    | AlarmBody
    | TelemetryBody
)
