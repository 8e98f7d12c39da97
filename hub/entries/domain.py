"""A row of the entry log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.projection.clock import SURE_MS
from wire.clock import ClockState
from wire.events import ActOutcome, Factor, Observed
from wire.reasons import Reason


class Topic(StrEnum):
    """What an entry is about; a filter of the log."""

    ACCESS = "access"
    DOOR = "door"
    DEVICE = "device"
    SYSTEM = "system"


class Result(StrEnum):
    """What a decision came to."""

    GRANTED = "granted"
    DENIED = "denied"


_MS: Final = timedelta(milliseconds=1)
SOFT = "soft"
"""What a search takes for the entries at which a rule was broken that is only reported."""

GAP = "gap"
"""The kind of an entry that stands for records an edge lost; all others are event kinds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `id` is the raw event's number.

    `at` is the time the edge noted, off by `error_ms` at most, `occurred_at` the best one known,
    off by `time_error_ms`; they differ where the clock was untrusted and an anchor corrected it, or
    its neighbours in the journal bound it. `opened_at`, `outcome` and `observed` are what
    followed a decision. `touched_by` is the raw event that wrote to this entry last.
    """

    id: int
    kind: str
    topic: Topic
    controller_id: str
    at: datetime
    occurred_at: datetime
    received_at: datetime
    clock: ClockState
    boot: str = ""
    mono_ns: int = 0
    touched_by: int = 0
    result: Result | None = None
    reason: Reason | None = None
    factor: Factor | None = None
    door_id: str | None = None
    reader_id: str | None = None
    device_id: str | None = None
    person_id: str | None = None
    credential_id: str | None = None
    grant_id: str | None = None
    booking_id: str | None = None
    actor_id: str | None = None
    command_id: str | None = None
    act: str | None = None
    outcome: ActOutcome | None = None
    observed: Observed | None = None
    opened_at: datetime | None = None
    card_namespace: str | None = None
    card_digest: str | None = None
    cause: str = ""
    code: str | None = None
    """The tag of the sealed code that was used."""
    holder_id: str | None = None
    """Whose PIN or sealed code it was, of those who hold one of the booking."""
    soft: Reason | None = None
    """The rule that was broken and is only reported."""
    partner_id: str | None = None
    """The credential of the other of two persons who opened together."""
    partner_person_id: str | None = None
    """Who that was, where it is known."""
    origin_device: str | None = None
    """The offline device that wrote this, where `controller_id` only brought it."""
    error_ms: int | None = None
    """How far off `at` may be, where its clock says so."""
    time_error_ms: int | None = None
    """How far off `occurred_at` may be, where that is known."""
    amount: int | None = None
    """What the kind counts: ms open, seconds of lockout, records lost, an order number."""

    @property
    def is_collected(self) -> bool:
        """Whether an offline device wrote it, and somebody brought it later."""
        return self.origin_device is not None

    @property
    def is_time_sure(self) -> bool:
        """Whether `occurred_at` rests on a clock that was relied on, or is known as closely."""
        if self.clock is not ClockState.UNTRUSTED:
            return True
        return self.time_error_ms is not None and self.time_error_ms <= SURE_MS

    @property
    def is_corrected(self) -> bool:
        """Whether `occurred_at` is another time than the one that was noted."""
        return self.occurred_at != self.at

    @property
    def earliest_at(self) -> datetime | None:
        """The earliest instant it can have been."""
        return None if self.time_error_ms is None else self.occurred_at - self.time_error_ms * _MS

    @property
    def latest_at(self) -> datetime | None:
        """The latest instant it can have been."""
        return None if self.time_error_ms is None else self.occurred_at + self.time_error_ms * _MS
