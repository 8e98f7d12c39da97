"""A journal in memory: raw rows for rehearsals and tests, made as an edge makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hub.database.scope import Scope
from hub.projection.domain import RawRow
from wire.clock import ClockState
from wire.events import Event, EventBody, EventKind, Origin, encode_body, encode_event


@dataclass(slots=True)
class MemoryJournal:
    """Raw rows in order, as if ingest had kept them; instants count from `start`."""

    start: datetime = datetime(2026, 4, 6, 0, 0, tzinfo=UTC)
    controller: str = "k7w2m9x4c1t8z5qa"
    boot: str = "3f0c6a52-9f0e-4f0e-8f0e-2f6f0b7d9a11"
    rows: list[RawRow] = field(default_factory=list)

    def add(
        self,
        kind: EventKind,
        body: EventBody,
        at_s: int = 0,
        *,
        clock: ClockState = ClockState.TRUSTED,
        shown: datetime | None = None,
        late_s: int = 1,
        boot: str | None = None,
        error_ms: int | None = None,
        origin: Origin | None = None,
    ) -> int:
        """Keep an event that happened `at_s` seconds after the start; give its raw id. `shown` is
        what the edge's clock said; `origin` where it was collected from a device."""
        event = Event(
            kind=kind.value,
            boot=boot or self.boot,
            mono_ns=(1_000 + at_s) * 1_000_000_000,
            at=shown or self.start + timedelta(seconds=at_s),
            clock=clock,
            body=encode_body(kind, body),
            error_ms=error_ms,
            origin=origin,
        )
        return self.add_bytes(encode_event(event), at_s + late_s)

    def add_bytes(self, data: bytes, received_s: int = 0) -> int:
        """Keep a row of any bytes."""
        number = len(self.rows) + 1
        received = self.start + timedelta(seconds=received_s)
        self.rows.append(RawRow(number, self.controller, 1, number, data, received))
        return number

    def after(self, _scope: Scope, raw_id: int, limit: int) -> Sequence[RawRow]:
        """The rows after an id: what the worker reads."""
        return [row for row in self.rows if row.id > raw_id][:limit]
