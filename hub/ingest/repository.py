"""SQL of the raw events: one call stores the rows of many messages with their watermarks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import dropwhile
from typing import Any, Final

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.ingest.bulk import RawValues, insert_raw
from hub.ingest.held_repository import digest_since, hashes_of, key_of, known_elsewhere
from hub.ingest.marks import Mark, Stream, read_marks, write_marks
from hub.ingest.rows import Row, RowsRead
from hub.ingest.tables import (
    raw_conflicts,
    raw_events,
    raw_origins,
    raw_passed,
    raw_watermarks,
)
from hub.projection.domain import RawRow
from wire.messages import hash_of_hashes

_COUNTER: Final = "raw_events"
_WALK: Final = 1_000


@dataclass(slots=True)
class Stored:
    """What came of a batch, with counts. `since`: where the watermark stood, and the digest of the
    rows it has passed. `moved_known`: rows that an edge moved into a new epoch and that were here
    already."""

    through: dict[Stream, int] = field(default_factory=dict)
    new: int = 0
    known: int = 0
    conflicts: list[tuple[Stream, Row]] = field(default_factory=list)
    repeated_origins: int = 0
    moved_known: int = 0
    highest: dict[Stream, int] = field(default_factory=dict)
    since: dict[Stream, tuple[int, str | None]] = field(default_factory=dict)


def store(scope: Scope, messages: Iterable[RowsRead], now: datetime) -> Stored:
    """Insert what is new, note what contradicts what is there, move the watermarks.

    The counter's row is taken first: it serialises ingest processes, so that ids become visible in
    their order, and watermarks and rows that were moved are read as they stand.
    """
    outcome = Stored()
    messages = list(messages)
    streams = _by_stream(messages, outcome)
    total = sum(map(len, streams.values()))
    numbers = scope.take_numbers(_COUNTER, max(total, 1))
    moved = known_elsewhere(scope, messages, streams)
    marks = read_marks(scope, streams)
    fresh: list[tuple[Stream, Row]] = []
    known: list[tuple[Stream, Row]] = []
    for stream, rows in streams.items():
        through = marks[stream].through
        for _, row in sorted(rows.items()):
            (fresh if row.seq > through else known).append((stream, row))
    outcome.moved_known = sum((stream, row.seq) in moved for stream, row in fresh)
    outcome.new = _insert(scope, fresh, numbers, now, marks, outcome, moved)
    if outcome.new < len(fresh):
        known += fresh
    _find_conflicts(scope, known, now, outcome)
    outcome.known += total - outcome.new
    _advance(scope, streams, marks, numbers.start, now)
    outcome.through = {stream: mark.through for stream, mark in marks.items()}
    outcome.highest = {stream: mark.highest for stream, mark in marks.items()}
    sure = outcome.new == len(fresh) and not outcome.conflicts
    for stream, mark in marks.items():
        outcome.since[stream] = (
            mark.since,
            (
                hash_of_hashes(mark.passed)
                if sure
                else digest_since(scope, stream, mark.since, mark.through)
            ),
        )
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
    marks: dict[Stream, Mark],
    outcome: Stored,
    moved: Collection[tuple[Stream, int]],
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
            ((controller, epoch), row.seq) in moved
            or (
                row.origin is not None
                and _collected_before(scope, (controller, epoch), row, number, outcome)
            ),
            row.seq < marks[controller, epoch].highest,
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
    found = scope.one(scope.select(raw_events.c.id).where(*key_of(stream), raw_events.c.seq == seq))
    return found is not None


def _find_conflicts(
    scope: Scope, rows: Sequence[tuple[Stream, Row]], now: datetime, outcome: Stored
) -> None:
    """Compare rows that may be there already with what is there; keep what contradicts it."""
    by_stream: dict[Stream, list[Row]] = {}
    for stream, row in rows:
        by_stream.setdefault(stream, []).append(row)
    for stream, those in by_stream.items():
        hashes = hashes_of(scope, stream, those)
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
    scope: Scope,
    streams: dict[Stream, dict[int, Row]],
    marks: dict[Stream, Mark],
    first_number: int,
    now: datetime,
) -> None:
    """Move each watermark as far as rows follow one another, over early ones too."""
    changed: dict[Stream, Mark] = {}
    for stream, rows in streams.items():
        mark = marks[stream]
        before = (mark.through, mark.highest)
        for seq in sorted(rows):
            row = rows[seq]
            if row.seq <= mark.through + 1 and row.last_seq > mark.through:
                mark.through = row.last_seq
                mark.passed.append(row.body_hash)
            mark.highest = max(mark.highest, row.last_seq)
        if before[1] > mark.through > before[0]:
            _walk(scope, stream, mark)
        if before[1] > before[0] < mark.through:
            _tell_again(scope, stream, before[0], mark.through, first_number)
        if (mark.through, mark.highest) != before:
            changed[stream] = mark
    write_marks(scope, changed, now)


def _walk(scope: Scope, stream: Stream, mark: Mark) -> None:
    """A hole was filled: pass over the rows that came before it was."""
    limit = 1  # most often the hole only became smaller
    while True:
        rows = scope.all(
            scope.select(raw_events.c.seq, raw_events.c.last_seq, raw_events.c.body_hash)
            .where(*key_of(stream), raw_events.c.seq > mark.through)
            .order_by(raw_events.c.seq)
            .limit(limit)
        )
        for row in rows:
            if row.seq > mark.through + 1:
                return
            mark.through = max(mark.through, row.last_seq)
            mark.passed.append(bytes(row.body_hash))
        if len(rows) < limit:
            return
        limit = _WALK


def _tell_again(scope: Scope, stream: Stream, before: int, through: int, first_number: int) -> None:
    """Of what the watermark passed, have everything projected again from the first row on that was
    here before this batch (its number is lower): what followed it follows it again."""
    rows = scope.all(
        scope.select(raw_events.c.id)
        .where(*key_of(stream), raw_events.c.seq > before, raw_events.c.seq <= through)
        .order_by(raw_events.c.seq)
    )
    passed = list(dropwhile(lambda raw_id: raw_id >= first_number, (row.id for row in rows)))
    if passed:
        numbers = scope.take_numbers(_COUNTER, len(passed))
        told = zip(numbers, passed, strict=True)
        scope.insert(raw_passed, [{"id": number, "raw_id": raw_id} for number, raw_id in told])


def watermark(scope: Scope, controller: str, epoch: int) -> int:
    """The seq through which a controller's epoch is complete; 0 for an epoch never heard of."""
    return read_marks(scope, [(controller, epoch)])[controller, epoch].through


def standing(scope: Scope, controller: str, epoch: int, since: int) -> tuple[int, str | None]:
    """The watermark, and the digest of the rows up to it after the one that the edge knows of."""
    through = watermark(scope, controller, epoch)
    return through, digest_since(scope, (controller, epoch), since, through)


def raw_events_after(scope: Scope, after_id: int, limit: int) -> list[RawRow]:
    """The next raw rows by id, for projection: none is missed, since ids commit in their order.

    Rows whose origin was collected before are left out; rows that were passed come again.
    """
    table, passed, marks = raw_events, raw_passed, raw_watermarks
    of_row = sa.and_(passed.c.town_id == table.c.town_id, passed.c.raw_id == table.c.id)
    of_stream = sa.and_(
        marks.c.town_id == table.c.town_id,
        marks.c.controller_id == table.c.controller_id,
        marks.c.epoch == table.c.epoch,
    )
    first = (
        scope.select(
            *_TOLD,
            sa.or_(passed.c.id.is_not(None), table.c.seq > marks.c.through_seq).label("ahead"),
            sa.literal(None, sa.BigInteger).label("again"),
        )
        .select_from(table.outerjoin(passed, of_row).join(marks, of_stream))
        .where(table.c.id > after_id, table.c.repeated.is_(False))
        .order_by(table.c.id)
    )
    again = (
        scope.select(*_TOLD, sa.false().label("ahead"), passed.c.id.label("again"))
        .select_from(table.join(passed, of_row))
        .where(passed.c.id > after_id, table.c.repeated.is_(False))
        .order_by(passed.c.id)
    )
    rows = [_raw_row(row) for query in (first, again) for row in scope.all(query.limit(limit))]
    return sorted(rows, key=lambda row: row.number)[:limit]


_TOLD: Final = (
    raw_events.c.id,
    raw_events.c.controller_id,
    raw_events.c.epoch,
    raw_events.c.seq,
    raw_events.c.body,
    raw_events.c.received_at,
    raw_events.c.late,
)


def _raw_row(row: sa.Row[Any]) -> RawRow:
    return RawRow(
        row.id,
        row.controller_id,
        row.epoch,
        row.seq,
        bytes(row.body),
        row.received_at,
        bool(row.late),
        bool(row.ahead),
        row.again,
    )
