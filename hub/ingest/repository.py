"""SQL of the raw events: one call stores the rows of many messages with their watermarks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.ingest.bulk import RawValues, held_hashes, insert_raw
from hub.ingest.marks import Mark, Stream, read_marks, write_marks
from hub.ingest.rows import Row, RowsRead
from hub.ingest.tables import raw_conflicts, raw_events, raw_origins
from hub.projection.domain import RawRow

_COUNTER: Final = "raw_events"
_WALK: Final = 1_000


@dataclass(slots=True)
class Stored:
    """What came of a batch: the watermark of each stream in it, and counts."""

    through: dict[Stream, int] = field(default_factory=dict)
    new: int = 0
    known: int = 0
    conflicts: list[tuple[Stream, Row]] = field(default_factory=list)
    repeated_origins: int = 0


def store(scope: Scope, messages: Iterable[RowsRead], now: datetime) -> Stored:
    """Insert what is new, note what contradicts what is there, move the watermarks.

    The counter's row is taken first: it serialises ingest processes, so that ids become visible in
    their order and watermarks are read as they stand.
    """
    outcome = Stored()
    streams = _by_stream(messages, outcome)
    total = sum(map(len, streams.values()))
    numbers = scope.take_numbers(_COUNTER, max(total, 1))
    marks = read_marks(scope, streams)
    fresh: list[tuple[Stream, Row]] = []
    known: list[tuple[Stream, Row]] = []
    for stream, rows in streams.items():
        through = marks[stream].through
        for row in rows.values():
            (fresh if row.seq > through else known).append((stream, row))
    outcome.new = _insert(scope, fresh, numbers, now, outcome)
    if outcome.new < len(fresh):
        known += fresh
    _find_conflicts(scope, known, now, outcome)
    outcome.known += total - outcome.new
    _advance(scope, streams, marks, now)
    outcome.through = {stream: mark.through for stream, mark in marks.items()}
    return outcome


def _by_stream(messages: Iterable[RowsRead], outcome: Stored) -> dict[Stream, dict[int, Row]]:
    """Sort rows by stream and seq; of twins within the batch the first counts."""
    streams: dict[Stream, dict[int, Row]] = {}
    for message in messages:
        stream = (message.controller, message.epoch)
        rows = streams.setdefault(stream, {})
        for row in message.rows:
            twin = rows.setdefault(row.seq, row)
            if twin is not row:
                outcome.known += 1
                if twin.body_hash != row.body_hash:
                    outcome.conflicts.append((stream, row))
    return streams


def _insert(
    scope: Scope,
    rows: Sequence[tuple[Stream, Row]],
    numbers: range,
    now: datetime,
    outcome: Stored,
) -> int:
    values: list[RawValues] = [
        (
            number,
            controller,
            epoch,
            row.seq,
            row.last_seq,
            row.body,
            row.body_hash,
            row.origin is not None
            and _collected_before(scope, (controller, epoch), row, number, outcome),
        )
        for number, ((controller, epoch), row) in zip(numbers, rows, strict=False)
    ]
    return insert_raw(scope, values, now)


def _collected_before(scope: Scope, stream: Stream, row: Row, number: int, outcome: Stored) -> bool:
    """Claim a record's origin for this row; tell whether another row has it already."""
    origin = row.origin
    if origin is None or _exists(scope, stream, row.seq):
        return False
    claimed = scope.upsert_ignore(
        raw_origins,
        {
            "device_id": origin.device,
            "log_epoch": origin.log_epoch,
            "log_index": origin.index,
            "raw_id": number,
        },
    )
    outcome.repeated_origins += 1 - claimed
    return claimed == 0


def _exists(scope: Scope, stream: Stream, seq: int) -> bool:
    found = scope.one(scope.select(raw_events.c.id).where(*_key(stream), raw_events.c.seq == seq))
    return found is not None


def _key(stream: Stream) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return raw_events.c.controller_id == stream[0], raw_events.c.epoch == stream[1]


def _find_conflicts(
    scope: Scope, rows: Sequence[tuple[Stream, Row]], now: datetime, outcome: Stored
) -> None:
    """Compare rows that may be there already with what is there; keep what contradicts it."""
    by_stream: dict[Stream, list[Row]] = {}
    for stream, row in rows:
        by_stream.setdefault(stream, []).append(row)
    for stream, those in by_stream.items():
        seqs = [row.seq for row in those]
        hashes = held_hashes(scope, stream, min(seqs), max(seqs))
        outcome.conflicts += [
            (stream, row) for row in those if hashes.get(row.seq, row.body_hash) != row.body_hash
        ]
    scope.upsert_ignore(
        raw_conflicts,
        [
            {
                "controller_id": controller,
                "epoch": epoch,
                "seq": row.seq,
                "body_hash": row.body_hash,
                "body": row.body,
                "received_at": now,
            }
            for (controller, epoch), row in outcome.conflicts
        ],
    )


def _advance(
    scope: Scope, streams: dict[Stream, dict[int, Row]], marks: dict[Stream, Mark], now: datetime
) -> None:
    """Move each watermark as far as rows follow one another, over early ones too."""
    changed: dict[Stream, Mark] = {}
    for stream, rows in streams.items():
        mark = marks[stream]
        before = (mark.through, mark.highest)
        for seq in sorted(rows):
            row = rows[seq]
            if row.seq <= mark.through + 1:
                mark.through = max(mark.through, row.last_seq)
            mark.highest = max(mark.highest, row.last_seq)
        if before[1] > mark.through > before[0]:
            _walk(scope, stream, mark)
        if (mark.through, mark.highest) != before:
            changed[stream] = mark
    write_marks(scope, changed, now)


def _walk(scope: Scope, stream: Stream, mark: Mark) -> None:
    """A hole was filled: pass over the rows that came before it was."""
    while True:
        rows = scope.all(
            scope.select(raw_events.c.seq, raw_events.c.last_seq)
            .where(*_key(stream), raw_events.c.seq > mark.through)
            .order_by(raw_events.c.seq)
            .limit(_WALK)
        )
        for row in rows:
            if row.seq > mark.through + 1:
                return
            mark.through = max(mark.through, row.last_seq)
        if len(rows) < _WALK:
            return


def watermark(scope: Scope, controller: str, epoch: int) -> int:
    """The seq through which a controller's epoch is complete; 0 for an epoch never heard of."""
    return read_marks(scope, [(controller, epoch)])[controller, epoch].through


def raw_events_after(scope: Scope, after_id: int, limit: int) -> list[RawRow]:
    """The next raw rows by id, for projection: none is missed, since ids commit in their order.

    Rows whose origin was collected before are left out.
    """
    table = raw_events
    rows = scope.all(
        scope.select(
            table.c.id,
            table.c.controller_id,
            table.c.epoch,
            table.c.seq,
            table.c.body,
            table.c.received_at,
        )
        .where(table.c.id > after_id, table.c.repeated.is_(False))
        .order_by(table.c.id)
        .limit(limit)
    )
    return [
        RawRow(row.id, row.controller_id, row.epoch, row.seq, bytes(row.body), row.received_at)
        for row in rows
    ]
