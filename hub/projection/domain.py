"""What a projector is given: one event of one controller, read and typed.

`read_row` is pure: the same raw row always gives the same event, so that a replay from zero gives
the same tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from hub.projection.clock import SURE_MS, Anchor, KnownTime
from wire.clock import ClockState, utc
from wire.errors import WireError, WireFault
from wire.events import (
    ClockBody,
    EventBody,
    EventKind,
    Gap,
    Origin,
    decode_event_body,
    decode_row,
)

_BOUNDS_MS: Final = {ClockState.TRUSTED: 2_000, ClockState.HOLDOVER: SURE_MS}
"""What a state promises where an edge says no more."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as ingest keeps it: `data` is the event's bytes as the edge journaled them. `late`: a
    higher seq of its epoch came before it. `ahead`: it came before such ones, and will be told
    again when they are all here; `again` is its number then."""

    id: int
    controller: str
    epoch: int
    seq: int
    data: bytes
    received_at: datetime
    late: bool = False
    ahead: bool = False
    again: int | None = None

    @property
    def number(self) -> int:
        """Its place in the order of projection."""
        return self.id if self.again is None else self.again


@dataclass(frozen=True, slots=True)
class ProjectedEvent:
    """An event, ready for projectors; all instants are UTC.

    `at` is the edge's wall clock as it stood, off by `error_ms` at most where it says so.
    `corrected_at` is the best estimate known when the event is projected, off by `time_error_ms`:
    `at` itself unless its clock was untrusted and an anchor of the same boot, or its neighbours in
    the journal, tell more (`hub.projection.clock`). What an anchor tells that comes later, topics
    that keep times hear by `Projector.retime`. `(controller, epoch, seq)` is unique; `raw_id` is
    too, and gives the order of projection, which is that of the seqs but where a controller with a
    backlog sends what happens `ahead` of it: that is told again once what is `late` then is all
    here.
    """

    raw_id: int
    controller: str
    epoch: int
    seq: int
    kind: EventKind
    at: datetime
    corrected_at: datetime
    clock: ClockState
    boot: str
    mono_ns: int
    body: EventBody
    received_at: datetime
    error_ms: int | None = None
    origin: Origin | None = None
    time_error_ms: int | None = None
    late: bool = False
    ahead: bool = False

    @property
    def is_time_sure(self) -> bool:
        """Whether `corrected_at` may be reckoned with: a clock that was relied on, or a time that
        is known as closely."""
        if self.clock is not ClockState.UNTRUSTED:
            return True
        return self.time_error_ms is not None and self.time_error_ms <= SURE_MS

    @property
    def is_belated(self) -> bool:
        """Whether something newer may have been projected before it: it was collected from an
        offline device, or came after what its controller sent ahead."""
        return self.late or self.origin is not None


@dataclass(frozen=True, slots=True)
class ProjectedGap:
    """Seqs `[first_seq, last_seq]` that the edge could not read or refused to keep."""

    raw_id: int
    controller: str
    epoch: int
    first_seq: int
    last_seq: int
    reason: str
    received_at: datetime


class RejectReason(StrEnum):
    """Why a row was put aside. The first two come from its bytes, the third from a projector."""

    UNKNOWN_KIND = "unknown_kind"
    UNREADABLE = "unreadable"
    PROJECTOR_FAILED = "projector_failed"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was put aside; `detail` never repeats its bytes."""

    raw_id: int
    controller: str
    reason: RejectReason
    detail: str


Projected: TypeAlias = ProjectedEvent | ProjectedGap
Correct: TypeAlias = Callable[[str, str, int, datetime], KnownTime | None]
"""`(controller, boot, mono_ns, received_at)` to what is known of an untrusted clock's time."""


def _nothing(_controller: str, _boot: str, _mono_ns: int, _received_at: datetime) -> None:
    return None


def read_row(row: RawRow, correct: Correct = _nothing) -> Projected | Rejected:
    """Read a raw row into a typed event or gap, or say why it cannot be read."""
    try:
        found = decode_row(row.data)
        if isinstance(found, Gap):
            first, last = found.gap
            return ProjectedGap(
                row.id, row.controller, row.epoch, first, last, found.reason, row.received_at
            )
        if "\x00" in found.boot:  # PostgreSQL takes none, and boots are noted before all else
            raise WireError(WireFault.BAD_FIELD, "boot")
        body = decode_event_body(found)
        at = utc(found.at)
    except WireError as error:
        return Rejected(row.id, row.controller, _reject_reason(error), str(error))
    except (ValueError, OverflowError) as error:  # an instant beyond the calendar
        return Rejected(row.id, row.controller, RejectReason.UNREADABLE, type(error).__name__)
    # The anchor is of the controller's clock: it says nothing of an offline device's.
    untrusted = found.clock is ClockState.UNTRUSTED and found.origin is None
    known = None
    if untrusted:
        known = correct(row.controller, found.boot, found.mono_ns, row.received_at)
    return ProjectedEvent(
        raw_id=row.id,
        controller=row.controller,
        epoch=row.epoch,
        seq=row.seq,
        kind=EventKind(found.kind),
        at=at,
        corrected_at=known.at if known else at,
        clock=found.clock,
        boot=found.boot,
        mono_ns=found.mono_ns,
        body=body,
        received_at=row.received_at,
        error_ms=found.error_ms,
        origin=found.origin,
        time_error_ms=known.error_ms if known else found.error_ms,
        late=row.late,
        ahead=row.ahead,
    )


def anchor_of(event: ProjectedEvent) -> Anchor | None:
    """Give the anchor an event sets, or None: a `clock_anchor` whose clock was relied on."""
    if event.kind is not EventKind.CLOCK_ANCHOR or not isinstance(event.body, ClockBody):
        return None
    return None if event.body.state is ClockState.UNTRUSTED else as_anchor(event)


def as_anchor(event: ProjectedEvent) -> Anchor | None:
    """Take any event of the controller's own whose clock was relied on for an anchor."""
    if event.clock is ClockState.UNTRUSTED or event.origin is not None:
        return None
    error_ms = event.error_ms if event.error_ms is not None else _BOUNDS_MS[event.clock]
    return Anchor(event.controller, event.boot, event.mono_ns, event.at, error_ms)


def _reject_reason(error: WireError) -> RejectReason:
    if error.fault is WireFault.UNKNOWN_KIND:
        return RejectReason.UNKNOWN_KIND
    return RejectReason.UNREADABLE
