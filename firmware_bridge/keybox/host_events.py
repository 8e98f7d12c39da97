"""What a host is given and what it tells: credentials, times, and the events of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from firmware_bridge.keybox.answers import Answer, BoxStatus
from firmware_bridge.keybox.codes import Cause, Rights, TicketKind
from firmware_bridge.keybox.notices import Notice
from firmware_bridge.keybox.opening import HelloAnswer
from firmware_bridge.keybox.requests import Request

MS: Final = 1_000_000
NEVER_NS: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Credential:
    """By what a session is opened: a day ticket or a link key, 32 bytes, with what it is bound to.
    `device` has 16 bytes."""

    ticket: TicketKind
    device: bytes
    day: int
    rights: Rights
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HostTimes:
    """How long an answer is waited for, how often a request is sent in all, and after how much
    silence the device is asked for its status (never where None)."""

    answer_ns: int = 500 * MS
    tries: int = 4
    idle_ns: int | None = None


class Outcome(StrEnum):
    """What became of a request."""

    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    LOST = "lost"
    """The session ended first; where it was sent, nobody knows whether it was carried out."""
    MALFORMED = "malformed"
    """Answered, authentically, in a shape that is not the page's."""


# --- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """Both sides have proved their key."""

    hello: HelloAnswer


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a request: `answer` where done, `cause` where refused."""

    id: int
    request: Request
    outcome: Outcome
    sent: bool
    answer: Answer | None = None
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class Stood:
    """The device's status, asked for because it was silent."""

    status: BoxStatus


@dataclass(frozen=True, slots=True)
class Noticed:
    """A notice, told once however often it came."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Ended:
    """There is no session any more, or none could be had, and why."""

    cause: str


Event: TypeAlias = Opened | Finished | Stood | Noticed | Ended


@dataclass(frozen=True, slots=True)
class Step:
    """What to send, what happened, and when to step at the latest."""

    send: bytes
    events: tuple[Event, ...]
    wake_ns: int


def cause_name(cause: int) -> str:
    """The name of a cause; `cause_N` for a later device's."""
    try:
        return Cause(cause).name.lower()
    except ValueError:
        return f"cause_{cause}"
