"""What can still be read from a damaged file: unacknowledged events, named values, the policy.

Every row that is taken over proves itself (CRC-32 of an event, SHA-256 of a policy entry). What
cannot be read is lost for good and declared by the `epoch_opened` event of the new journal. Where
even the watermark is unreadable all events are taken over: rather sent twice than never. What the
hub has of them it counts once, being told where each stood (`former`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge.journal.events_table import INSERT_EVENT
from edge.journal.faults import lenient_text
from edge.journal.file import definition_in, our_definition
from edge.journal.former_epochs import FormerEpoch, salvaged_from
from edge.journal.rows import crc_of, is_whole, numbered, span_of
from edge.journal.wal_frames import mend
from wire.policy import entry_hash

_DAMAGE: Final = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises; the latter where SQLite's message cites the damage."""

_CHUNK: Final = 64
_MISSES_AT_END: Final = 2_048
_MISSES_WITHIN: Final = 262_144


@dataclass(slots=True)
class Salvaged:
    """What was saved: event bodies in their order with the row numbers they had, state by name,
    entries as (kind, id, hash, body), and the policy's numbers (version 0 unless every entry is
    there). `former` is where the rows stood, if that can be read."""

    bodies: list[bytes] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    first_row: int = 1
    state: dict[str, bytes] = field(default_factory=dict)
    entries: list[tuple[str, str, bytes, bytes]] = field(default_factory=list)
    policy: tuple[int, int] = (0, 0)
    previous_epoch: int | None = None
    unreadable: int = 0

    @property
    def former(self) -> tuple[FormerEpoch, ...]:
        """The places that the rows had in the previous epoch; of gaps every seq counts."""
        if self.previous_epoch is None:
            return ()
        spans = zip(self.rows, map(span_of, self.bodies), strict=True)
        numbers = [row + within for row, span in spans for within in range(span)]
        return salvaged_from(self.previous_epoch, self.first_row, numbers)


def salvage(path: Path) -> Salvaged:
    """Read what is left of a file that was set aside; never raises for its damage."""
    saved = Salvaged()
    mend(path.with_name(path.name + "-wal"))
    try:
        connection = _connect(path)
    except sqlite3.Error:
        return saved
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        if _restore_definition(connection):
            connection.close()
            connection = _connect(path)
        _take_events(connection, saved)
        _take_state(connection, saved)
        _take_policy(connection, saved)
    except _DAMAGE:
        saved.unreadable += 1
    finally:
        connection.close()
    return saved


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.text_factory = lenient_text
    return connection


def _restore_definition(connection: sqlite3.Connection) -> bool:
    """Put the tables' definition right where that alone is what keeps SQLite from reading them;
    tell whether it was changed."""
    try:
        connection.execute("PRAGMA writable_schema=ON")
        if definition_in(connection) == our_definition():
            return False
        with connection:
            connection.executemany(
                "INSERT OR REPLACE INTO sqlite_master (rowid, type, name, tbl_name, rootpage, sql)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                our_definition(),
            )
    except _DAMAGE:
        return False
    return True


def _one(connection: sqlite3.Connection, sql: str, *values: object) -> tuple[Any, ...] | None:
    try:
        found: tuple[Any, ...] | None = connection.execute(sql, values).fetchone()
    except _DAMAGE:
        return None
    return found


def _whole(row: tuple[Any, ...] | None) -> bool:
    """Tell whether a row still has the check sum it begins with."""
    return row is not None and crc_of(*row[1:]) == row[0]


def _all(connection: sqlite3.Connection, sql: str, saved: Salvaged) -> Iterator[tuple[Any, ...]]:
    """Give rows until the damage, and count that there was one."""
    try:
        yield from connection.execute(sql)
    except _DAMAGE:
        saved.unreadable += 1


def _take_events(connection: sqlite3.Connection, saved: Salvaged) -> None:
    epoch = _one(connection, "SELECT crc, first_row, epoch FROM epochs ORDER BY 2 DESC LIMIT 1")
    if epoch and _whole(epoch):
        saved.first_row, saved.previous_epoch = epoch[1:]
    mark = _one(connection, "SELECT crc, through_row, offered_row, inode FROM marks")
    row = mark[1] if mark and _whole(mark) else 0
    newest = _one(connection, "SELECT max(row) FROM events")
    last = int(newest[0] or 0) if newest else None
    allowed = _MISSES_AT_END if last is None else _MISSES_WITHIN
    misses = 0
    while misses < allowed and (last is None or row < last):
        chunk = _chunk(connection, row)
        for number, body in enumerate(chunk, row + 1):
            if body is not None:
                saved.rows.append(number)
                saved.bodies.append(body)
        row += _CHUNK
        if any(body is not None for body in chunk):
            misses = 0
            continue
        misses += _CHUNK
        following = _one(connection, "SELECT min(row) FROM events WHERE row > ?", row)
        if following and following[0]:  # a row number may be damaged too: do not count to it
            row = max(row, int(following[0]) - 1)


def _chunk(connection: sqlite3.Connection, after: int) -> list[bytes | None]:
    """Give the bodies of the next rows, None for what is not there or not whole."""
    span = range(after + 1, after + 1 + _CHUNK)
    try:
        found = connection.execute(
            "SELECT row, crc, body FROM events WHERE row > ? AND row <= ?", (after, span[-1])
        ).fetchall()
    except _DAMAGE:
        singles = (
            _one(connection, "SELECT row, crc, body FROM events WHERE row = ?", row) for row in span
        )
        found = [row for row in singles if row is not None]
    bodies: dict[int, bytes] = {row: body for row, crc, body in found if is_whole(row, crc, body)}
    return [bodies.get(row) for row in span]


def _take_state(connection: sqlite3.Connection, saved: Salvaged) -> None:
    for found in _all(connection, "SELECT crc, name, value FROM state", saved):
        if _whole(found):
            saved.state[found[1]] = found[2]


def _take_policy(connection: sqlite3.Connection, saved: Salvaged) -> None:
    before = saved.unreadable
    for kind, entry_id, digest, body in _all(
        connection, "SELECT kind, id, hash, body FROM entries", saved
    ):
        if isinstance(body, bytes) and entry_hash(body) == digest:
            saved.entries.append((str(kind), str(entry_id), digest, body))
        else:
            saved.unreadable += 1
    numbers = _one(connection, "SELECT crc, hub_epoch, version FROM policy")
    if numbers and _whole(numbers):
        complete = saved.unreadable == before
        saved.policy = (numbers[1], numbers[2] if complete else 0)


def take_over(connection: sqlite3.Connection, saved: Salvaged) -> int:
    """Write what was saved into a new file, instead of whatever an attempt before left there; give
    the row that comes next."""
    for table in ("events", "state", "entries"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - fixed names
    rows = list(numbered(saved.bodies))
    connection.executemany(INSERT_EVENT, [row.values for row in rows])
    state = [(name, value, crc_of(name, value)) for name, value in saved.state.items()]
    connection.executemany("INSERT INTO state (name, value, crc) VALUES (?, ?, ?)", state)
    connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", saved.entries)
    policy = (*saved.policy, crc_of(*saved.policy))
    connection.execute("UPDATE policy SET hub_epoch = ?, version = ?, crc = ?", policy)
    return rows[-1].row + rows[-1].span if rows else 1
