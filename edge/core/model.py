"""What reaches the one loop, and what it tells the drivers to do.

A driver knows devices and channels; which reader or door they are is the policy's business. Times
are nanoseconds of the monotonic clock, taken as close to the wire as possible.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from firmware_bridge.keybox.records import LogRecord
from wire.clock import ClockState
from wire.events import ActOutcome, EventBody, EventKind, Observed, Origin, PunchDirection
from wire.policy_bodies import Assurance


@dataclass(frozen=True, slots=True)
class Source:
    """Where something came from: a device of the policy and its reader or input number."""

    device: str
    channel: int = 0


@dataclass(frozen=True, slots=True)
class ChallengeProof:
    """A card's answer to a fresh challenge; `challenge` is what was drawn for it. What `signature`
    holds is the profile's scheme: an ECDSA signature or a CMAC over what it says is signed (label |
    challenge | card number), or the whole exchange of a mutual authentication.

    The key it must verify under is the policy's (`CardBody`), never the card's word.
    """

    profile: str
    challenge: bytes
    signature: bytes


# --- presentations: somebody wants something -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class CardPresented:
    """A card was held to a reader. `identity` is what its namespace defines (UID, IDm, number);
    `assurance` is what the driver vouches for before any proof is verified. A stale one was
    buffered while the link was down: journaled, never opening."""

    source: Source
    namespace: str
    identity: bytes = field(repr=False)
    assurance: Assurance
    at_ns: int
    proof: ChallengeProof | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class CardFailed:
    """A card was there but could not be read: `cause` is one of the driver's named causes."""

    source: Source
    cause: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class KeysPressed:
    """Keys in the order pressed: 0-9, `*` (clear), `#` (confirm), normalised by the driver."""

    source: Source
    keys: str = field(repr=False)
    at_ns: int
    stale: bool = False


Presentation: TypeAlias = CardPresented | CardFailed | KeysPressed


@dataclass(frozen=True, slots=True)
class PunchChosen:
    """Somebody chose on a terminal's screen what a tap means. `answers` is the number of the
    question that stood there, None where none did: the choice is then for the next tap."""

    direction: PunchDirection
    at_ns: int
    answers: int | None = None


# --- device events: something happened -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InputChanged:
    """An input is now active (raw, before the policy's inversion) or not. `initial` marks the
    state read at (re)connect, which is a state and no happening."""

    source: Source
    active: bool
    at_ns: int
    initial: bool = False


@dataclass(frozen=True, slots=True)
class InputFault:
    """A device that supervises its inputs' lines found one `cut`, `shorted` or the like (`cause`);
    an empty cause: it is well again."""

    source: Source
    cause: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class OutputChanged:
    """The device reports its output as on or off."""

    source: Source
    active: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class DeviceOnline:
    """A device answers; `detail` may name its model and firmware."""

    device: str
    at_ns: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeviceOffline:
    """A device no longer answers, and why."""

    device: str
    cause: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class DeviceFault:
    """Something was wrong with what a device sent; counted, nothing else lost. `noise` is what
    every line has now and then: told only where there is much of it."""

    device: str
    cause: str
    at_ns: int
    count: int = 1
    noise: bool = False


@dataclass(frozen=True, slots=True)
class BusAttack:
    """Something was refused on a device's line that neither noise nor an honest device sends:
    `count` times since it was last told."""

    device: str
    cause: str
    at_ns: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class InstallBegan:
    """A device may take its key under the key that everybody knows, for `seconds`."""

    device: str
    seconds: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class InstallEnded:
    """That time is over; `installed` when the device has its own key."""

    device: str
    installed: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class DeviceKeyChanged:
    """A device is known to have the key that the policy gives it."""

    device: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class TamperChanged:
    """The device's tamper switch opened (`active`) or closed."""

    device: str
    active: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class PowerChanged:
    """The device's supply failed (`active`) or came back."""

    device: str
    active: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class BatteryRead:
    """A raw battery reading."""

    device: str
    millivolts: int
    at_ns: int
    temperature_dc: int | None = None
    uses: int | None = None


@dataclass(frozen=True, slots=True)
class JamChanged:
    """The device's bolt did not move though it was driven (`active`), or moves again."""

    device: str
    active: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class ListPlaced:
    """A device proves which list of its own it holds: digest (32 bytes) and count. `wanted`: it is
    the one it was handed."""

    device: str
    digest: bytes
    count: int
    wanted: bool
    at_ns: int


@dataclass(frozen=True, slots=True)
class LogCollected:
    """Records of a device's own log from `first` on, written while nobody listened; the log is
    read up to `next`. `clock_s` is the device's clock at `at_ns`, None where it has none. `heard`:
    nothing was read, this is how far the log has come while we listened."""

    device: str
    log_epoch: int
    first: int
    next: int
    records: tuple[LogRecord, ...]
    clock_s: int | None
    at_ns: int
    heard: bool = False


@dataclass(frozen=True, slots=True)
class ActFinished:
    """What became of an act a driver was told to do. Exactly one follows each `Act`."""

    act: str
    outcome: ActOutcome
    at_ns: int
    observed: Observed = Observed.NOTHING
    detail: str = ""


DeviceEvent: TypeAlias = (
    InputChanged
    | InputFault
    | OutputChanged
    | DeviceOnline
    | DeviceOffline
    | DeviceFault
    | BusAttack
    | InstallBegan
    | InstallEnded
    | DeviceKeyChanged
    | TamperChanged
    | PowerChanged
    | BatteryRead
    | JamChanged
    | ListPlaced
    | LogCollected
    | ActFinished
)


# --- acts: what a driver is told -----------------------------------------------------------------


class OutputMode(StrEnum):
    """How an output is driven."""

    PULSE = "pulse"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Act:
    """Drive one output. Dropped with `ActFinished(EXPIRED)` if it could not be sent by
    `deadline_ns`: a stale unlock never reaches a door."""

    act: str
    target: Source
    mode: OutputMode
    deadline_ns: int
    pulse_ms: int = 0


class Feedback(StrEnum):
    """What a reader shows and sounds: by text, shape and tone, never by colour alone."""

    GRANTED = "granted"
    DENIED = "denied"
    KEY = "key"
    WAITING = "waiting"
    """A second person is waited for."""
    LOCKED_OUT = "locked_out"
    BUSY = "busy"
    IDLE = "idle"


# --- what is journaled ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where and when something was first written, for what was collected from a device's own log.
    `boot` and `mono_ns` put records of one run of the device in order; `at` is its wall time with
    the `clock` state and error bound (ms) it had."""

    boot: str
    mono_ns: int
    at: datetime
    clock: ClockState
    error_ms: int | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to journal; its stamp is the clock's reading at the append, unless it brings its
    own."""

    kind: EventKind
    body: EventBody
    stamp: Stamp | None = None
