"""SQL of what is held already: is it the same as what comes, or as what an edge says it sent?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.ingest.bulk import held_hashes
from hub.ingest.marks import Stream
from hub.ingest.rows import Row, RowsRead
from hub.ingest.tables import raw_events
from wire.messages import hash_of_hashes

MOST_DIGESTED: Final = 5_000
"""Rows at most that a welcome gives a digest of."""

_APART: Final = 100
"""Seqs so far from one another are two questions."""


def key_of(stream: Stream) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """The condition that a raw row is of a stream."""
    return raw_events.c.controller_id == stream[0], raw_events.c.epoch == stream[1]


def digest_since(scope: Scope, stream: Stream, since: int, through: int) -> str | None:
    """The digest of the rows after a seq up to another (`wire.messages.hash_of_hashes`); None for
    none, or for more than an edge should have to read."""
    if not since < through <= since + MOST_DIGESTED:
        return None
    table = raw_events.c
    rows = scope.all(
        scope.select(table.body_hash)
        .where(*key_of(stream), table.seq > since, table.seq <= through)
        .order_by(table.seq)
    )
    return hash_of_hashes(bytes(row.body_hash) for row in rows)


def known_elsewhere(
    scope: Scope, messages: Iterable[RowsRead], streams: dict[Stream, dict[int, Row]]
) -> set[tuple[Stream, int]]:
    """Of rows that an edge moved into a new epoch: those that came before, or come in this very
    batch (`streams`), under their old seqs."""
    known: set[tuple[Stream, int]] = set()
    for message in messages:
        for place in message.was if message.rows else ():
            offset = place.seq - message.rows[0].seq
            former = (message.controller, place.epoch)
            coming = {seq: row.body_hash for seq, row in streams.get(former, {}).items()}
            held = coming | hashes_of(scope, former, message.rows, offset)
            known |= {
                ((message.controller, message.epoch), row.seq)
                for row in message.rows
                if held.get(row.seq + offset) == row.body_hash
            }
    return known


def hashes_of(
    scope: Scope, stream: Stream, rows: Sequence[Row], offset: int = 0
) -> dict[int, bytes]:
    """What is held under the seqs of some rows, each moved by `offset`. Rows far apart are asked
    for apart: an old message that somebody sends again beside a new one must not have a whole
    journal read."""
    found: dict[int, bytes] = {}
    seqs = sorted(row.seq + offset for row in rows)
    first = last = seqs[0]
    for seq in [*seqs[1:], seqs[-1] + _APART]:
        if seq - last >= _APART:
            found |= held_hashes(scope, stream, first, last)
            first = seq
        last = seq
    return found
