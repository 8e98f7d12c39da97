"""The journal: events committed before anything acts, kept until the hub has them.

An event lies under a row number that only grows; an epoch begins at a row, and an event's seq is
its row counted from there. Rows move into a new epoch without being touched. The hub's watermark
and the highest seq that may have been sent (`offered`) are kept in memory and written with the next
append that is due: losing them costs a repeated answer of the hub, never an event.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from edge.core.clock_now import ClockNow
from edge.journal.events_table import INSERT_EVENT, EventsTable
from edge.journal.faults import CORRUPT, DISK_FULL, named_faults
from edge.journal.file import Found, JournalFile, aside_taken, open_file, untaken_aside
from edge.journal.former_epochs import (
    FormerEpoch,
    decode_former,
    encode_former,
    places_of,
    with_former,
)
from edge.journal.keeping import FLOOR, MARKS, Keeping
from edge.journal.limits import Limits
from edge.journal.looking_back import floor_in, instant_of, pending_acts, punches_since
from edge.journal.plan import Plan, event_bytes
from edge.journal.policy_store import SqlitePolicyStore
from edge.journal.position import OFFER_AHEAD, Position, due_marks
from edge.journal.rows import StoredRow, WireRow, wire_row
from edge.journal.salvage import Salvaged, salvage, take_over
from edge.journal.standing_tables import Epoch, StandingTables
from edge.ports import NO_STATE, JournalError, JournalKept, NewEvent, PendingAct
from wire.events import EpochBody, Event, EventKind
from wire.messages import hash_of_hashes

_LIMITS = Limits()
_DIGESTED: Final = 256
_PUNCHES_IN: Final = 50_000
_FORMER: Final = "journal.former_epochs"


def open_journal(
    path: Path,
    now: ClockNow,
    *,
    capacity: int = _LIMITS.events,
    reserve: int = _LIMITS.reserve,
    keep: timedelta = _LIMITS.keep,
    size_bytes: int | None = None,
) -> tuple[SqliteJournal, SqlitePolicyStore]:
    """Open journal and policy store on their one file, in the thread that will use them.

    Makes the file where there is none; one that is damaged is set aside (`.corrupt-N`), what can be
    read of it taken over, and a new epoch declares it. The limits are those of `Limits`. Raises
    `JournalError` where none can be had.
    """
    limits = Limits(capacity, reserve, keep, size_bytes)
    file = open_file(path, limits.events)
    try:
        journal = SqliteJournal(file, now, limits)
    except BaseException:
        file.let_go()  # else the next attempt finds it locked
        raise
    return journal, SqlitePolicyStore(file)


class SqliteJournal:
    """Fulfils `edge.ports.Journal`, and `edge.uplink.reader.RowReader` for the session."""

    def __init__(
        self,
        file: JournalFile,
        now: ClockNow,
        limits: Limits = _LIMITS,
        *,
        draw_epoch: Callable[[], int] = lambda: secrets.randbits(53) or 1,
    ) -> None:
        self._file = file
        self._table = EventsTable(file)
        self._tables = StandingTables(file)
        self._keeping = Keeping(file, self._tables, limits)
        self._reserve = min(limits.reserve, file.capacity // 2)
        self._draw_epoch = draw_epoch
        self._at = Position()
        self._saved = Position()
        self._live = False
        self._begun = True
        self._in_doubt = False
        self._kept_in_doubt: dict[tuple[bytes, ...], range] = {}
        self._open_gap: StoredRow | None = None
        self._hollow: int | None = None  # unacknowledged seqs without a row, once counted
        self._counts = {"refused": 0, "gaps": 0, "epochs_opened": 0}
        self._former: tuple[FormerEpoch, ...] = ()
        match file.found:
            case Found.GOOD:
                self._load(now)
            case Found.CREATED | Found.CORRUPTED:
                self._begin(now)

    # --- standing --------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """The numbering the next event belongs to."""
        return self._at.epoch

    @property
    def last_seq(self) -> int:
        """The newest seq of the epoch, 0 in an empty one."""
        return self._at.next_row - self._at.first_row

    @property
    def through_seq(self) -> int:
        """The hub's watermark as last told, never beyond `last_seq`."""
        return max(0, self._at.through_row - self._at.first_row + 1)

    @property
    def offered_seq(self) -> int:
        """The highest seq that may ever have been sent: a watermark beyond it was not earned by
        this journal, so the journal was rolled back."""
        return max(0, self._at.offered_row - self._at.first_row + 1)

    def counters(self) -> dict[str, int]:
        """Rows and what became of them, by name, since the start; costs the same however many."""
        oldest = self._keeping.oldest_row()
        return {
            **self._counts,
            "rows": 0 if oldest is None else self._at.next_row - oldest,
            "unacknowledged": self._unacknowledged,
            "capacity": self._file.capacity,
        }

    def kept(self) -> JournalKept:
        """What it holds and for how long, for status."""
        limits, counts = self._keeping.limits, self.counters()
        oldest = self._table.read(self._at.through_row + 1, 1) if self._unacknowledged else []
        return JournalKept(
            unsent=self._unacknowledged,
            oldest_unsent=instant_of(oldest[0].body) if oldest else None,
            rows=counts["rows"],
            gaps=counts["gaps"],
            capacity=self._file.capacity,
            keep_days=limits.keep.days,
            used_bytes=self._file.used_bytes(),
            size_bytes=limits.bytes_in_use,
        )

    @property
    def _unacknowledged(self) -> int:
        return self._at.next_row - 1 - self._at.through_row

    # --- writing ---------------------------------------------------------------------------------

    def append(
        self,
        events: Sequence[NewEvent],
        now: ClockNow,
        state: Mapping[str, bytes | None] = NO_STATE,
    ) -> range:
        """Commit events and named values in one transaction, durable when it returns."""
        if self._file.damaged or not self._begun:
            self._recover(now)
        try:
            return self._append(events, now, state)
        except JournalError as error:
            if error.cause == DISK_FULL and self._drop_acknowledged():
                return self._append(events, now, state)
            if error.cause != CORRUPT:
                raise
        self._recover(now)
        return self._append(events, now, state)

    def _append(
        self, events: Sequence[NewEvent], now: ClockNow, state: Mapping[str, bytes | None]
    ) -> range:
        if self._in_doubt:
            self._look_again()
        plan = Plan(self._at.next_row, self._room(), self._reserve)
        if self._open_gap and self._open_gap.row > self._at.offered_row:
            plan.gap = self._open_gap
        bodies = tuple(event_bytes(new, now) for new in events)
        if bodies in self._kept_in_doubt:
            return self._kept_in_doubt.pop(bodies)
        for new, body in zip(events, bodies, strict=True):
            plan.take(new, body)
        self._in_doubt = True
        self._commit(plan.rows, plan.rewritten, state, plan.next_row)
        first, self._open_gap = self._at.next_row, plan.gap
        if self._hollow is not None:
            self._hollow += plan.next_row - first - len(plan.rows)
        self._at.next_row = plan.next_row
        self._in_doubt = False
        self._counts["refused"] += plan.refused
        self._keeping.note(now.floor)
        offset = self._at.first_row - 1
        return range(first - offset, plan.next_row - offset)

    def _room(self) -> int:
        """How many events still fit. What was refused has its seq and takes no row of its own:
        however long the journal is full, noise does not use up what is kept for doors."""
        room = self._file.capacity - self._unacknowledged
        if room > self._reserve:
            return room
        if self._hollow is None:
            rows = self._table.count_after(self._at.through_row)
            self._hollow = max(self._unacknowledged - rows, 0)
        return room + self._hollow

    def _look_again(self) -> None:
        """A commit that failed may have been kept all the same: go on behind what is there, and
        know it again when it is handed in once more."""
        newest = self._table.newest()
        end = sum(newest) if newest else 0
        if end > self._at.next_row:
            rows = self._table.read(self._at.next_row, end - self._at.next_row)
            first = self._at.next_row - self._at.first_row + 1
            seqs = range(first, first + end - self._at.next_row)
            self._kept_in_doubt = {tuple(row.body for row in rows): seqs}
            self._at.next_row = end
        self._open_gap, self._in_doubt, self._hollow = None, False, None

    def _commit(
        self,
        rows: Sequence[StoredRow],
        rewritten: StoredRow | None,
        state: Mapping[str, bytes | None],
        next_row: int,
    ) -> None:
        with named_faults(), self._file.db.atomic() as db:
            if rewritten is not None:
                row, crc, body = rewritten.values
                db.execute("UPDATE events SET crc = ?, body = ? WHERE row = ?", (crc, body, row))
            db.conn.executemany(INSERT_EVENT, [row.values for row in rows])
            self._tables.write_state(state)
            marks = due_marks(self._at, self._saved, next_row, live=self._live)
            if marks:
                self._tables.write_marks(*marks)
        if marks:
            self._saved.through_row, self._saved.offered_row = marks

    # --- for the uplink --------------------------------------------------------------------------

    def acknowledge(self, epoch: int, through_seq: int) -> None:
        """Raise or lower the watermark to what the hub holds; costs a commit once a day, or where
        rows go, only."""
        if epoch != self._at.epoch:
            return
        through_seq = min(max(through_seq, 0), self.last_seq)
        self._at.through_row = self._at.first_row - 1 + through_seq
        self._hollow = self._hollow and None  # counted anew; where there was none there is none
        self._at.offered_row = max(self._at.offered_row, self._at.through_row)
        through_row = self._keeping.due(self._at)
        if through_row is not None:
            self._prune(through_row)

    def offer(self, through_seq: int) -> None:
        """Note, durably, that rows through this seq may be sent from now on, and that new rows
        will be sent as they come."""
        row = self._at.first_row - 1 + through_seq
        self._live = True
        if row > self._saved.offered_row:
            ahead = max(row, self._at.next_row - 1) + OFFER_AHEAD
            with named_faults(), self._file.db.atomic():
                self._tables.write_marks(self._at.through_row, ahead)
            self._saved.through_row, self._saved.offered_row = self._at.through_row, ahead
        self._at.offered_row = max(self._at.offered_row, row)

    def withhold(self) -> None:
        """Note that nothing is sent for now: rows that come are not offered."""
        self._live = False

    def rows_from(self, seq: int, limit: int) -> list[WireRow]:
        """Give up to `limit` rows from a seq of the current epoch on, gaps for what is unreadable.

        The rows follow one another without a hole. A gap is written down before it is told, so
        that it is always told alike. A seq that a gap has grown over is given from where that
        begins.
        """
        rows: list[WireRow] = []
        if not self._begun:  # an empty file is no gap: what it lacks is still to be taken over
            return rows
        row = self._at.first_row - 1 + max(seq, 1)
        while len(rows) < limit and row < self._at.next_row:
            found = self._table.read(row, limit - len(rows))
            if not found or found[0].row != row:
                begun = None if rows else self._table.gap_over(row)
                if begun is not None:
                    row = begun
                    continue
                self._table.declare_gap(row, self._at.next_row)
                self._counts["gaps"] += 1
                continue
            for stored in found:
                if stored.row != row:
                    break
                rows.append(wire_row(row - self._at.first_row + 1, stored.body))
                row += stored.span
        return rows

    def digest_of(self, after: int, through: int) -> str:
        """Give the digest of the rows after a seq up to another; empty where whole rows do not
        fill just that span. Declares nothing."""
        offset, hashes, seq = self._at.first_row - 1, [], after + 1
        while seq <= through:
            found = self._table.read(offset + seq, min(_DIGESTED, through - seq + 1))
            if not found:
                return ""
            for row in found:
                if row.row != offset + seq:
                    return ""
                hashes.append(sha256(wire_row(seq, row.body).data).digest())
                seq += row.span
        return hash_of_hashes(hashes) if seq == through + 1 else ""

    def former_places(self, seq: int) -> list[tuple[int, int]]:
        """Give the (epoch, seq) at which a row stood before it was moved here, newest first."""
        return places_of(self._former, self._at.first_row - 1 + seq)

    # --- epochs ----------------------------------------------------------------------------------

    def open_epoch(self, cause: str, now: ClockNow) -> None:
        """Begin a new epoch, move the unacknowledged rows into it and journal `epoch_opened`."""
        self._open(cause, now, with_former(self._former, self._at, self._unacknowledged))

    def _open(self, cause: str, now: ClockNow, former: tuple[FormerEpoch, ...]) -> None:
        moved, previous = self._unacknowledged, self._at.epoch
        body = EpochBody(cause=cause, previous=previous or None, moved=moved)
        data = event_bytes(NewEvent(EventKind.EPOCH_OPENED, body), now)
        row = StoredRow(self._at.next_row, 1, data)
        epoch, through = self._draw_epoch(), self._at.through_row
        kept = encode_former(former)
        with named_faults(), self._file.db.atomic() as db:
            self._tables.write_state({_FORMER: kept})
            self._tables.write_epoch(Epoch(through + 1, epoch))
            db.conn.execute(INSERT_EVENT, row.values)
            self._tables.write_marks(through, through)
        self._at = Position(epoch, through + 1, self._at.next_row + 1, through, through)
        self._saved = Position(epoch, through + 1, 0, through, through)
        self._open_gap, self._live, self._former = None, False, former
        self._hollow = None
        self._counts["epochs_opened"] += 1

    def _begin(self, now: ClockNow) -> None:
        """Begin in a new file, with what a damaged one before it still gave. Where that fails the
        file is not begun: begin again, from nothing."""
        self._begun = False
        aside = self._file.set_aside or untaken_aside(self._file.path)
        saved = salvage(aside) if aside else Salvaged()
        for numbered in (MARKS, _FORMER):  # they name rows of the old numbering
            saved.state.pop(numbered, None)
        self._keeping.begin()
        with named_faults(), self._file.db.atomic() as db:
            next_row = take_over(db.conn, saved)
        self._at = Position(saved.previous_epoch or 0, 1, next_row, 0, 0)
        self._open(self._file.found.value, now, saved.former)
        self._begun = True
        aside_taken(self._file.path)

    def _recover(self, now: ClockNow) -> None:
        """The file turned out damaged while it was in use: go on in a new one."""
        if self._file.damaged or self._begun:
            self._file.replace_damaged()
        self._begin(now)

    def _load(self, now: ClockNow) -> None:
        try:
            epoch, marks = self._tables.epoch(), self._tables.marks()
            newest = self._table.newest()
        except ValueError:
            self._recover(now)
            return
        except JournalError as error:
            if error.cause != CORRUPT:
                raise
            self._recover(now)
            return
        if epoch is None:
            # Without a row it was stopped between making the file and its epoch.
            self._begin(now) if newest is None else self._recover(now)
            return
        next_row = max(sum(newest) if newest else 1, marks.through_row + 1)
        through, offered = marks.through_row, marks.offered_row
        self._at = Position(
            epoch.epoch, epoch.first_row, next_row, through, min(offered, next_row - 1)
        )
        self._saved = Position(epoch.epoch, epoch.first_row, next_row, through, offered)
        self._keeping.load()
        self._former = decode_former(self.state(_FORMER).get(_FORMER))
        if marks.inode != self._tables.inode:
            self.open_epoch("restored", now)

    # --- keeping and looking back ----------------------------------------------------------------

    def _prune(self, through_row: int) -> None:
        """Delete acknowledged rows in bulk, and note how far we are."""
        floor = self.floor()
        offered_row = max(self._at.offered_row, through_row)
        with named_faults(), self._file.db.atomic():
            self._keeping.delete(through_row, floor)
            self._tables.write_marks(self._at.through_row, offered_row)
        self._saved.through_row, self._saved.offered_row = self._at.through_row, offered_row

    def _drop_acknowledged(self) -> bool:
        """The disk is full: give up the older half of what the hub has. Tell whether any was."""
        through_row = self._keeping.half_of_acknowledged(self._at)
        if through_row is None:
            return False
        self._prune(through_row)
        return True

    def state(self, prefix: str) -> dict[str, bytes]:
        """The named values whose names begin with `prefix`."""
        return self._tables.state(prefix)

    def floor(self) -> datetime | None:
        """The newest wall time journaled under a clock that was relied on, less its error."""
        found = floor_in(self._table.newest_first(self._at.next_row))
        kept = self.state(FLOOR).get(FLOOR)
        if kept is None:
            return found
        before = datetime.fromisoformat(kept.decode())
        return before if found is None or before > found else found

    def pending_acts(self) -> tuple[PendingAct, ...]:
        """The acts since the newest `agent_started` that have no result."""
        return pending_acts(self._table.newest_first(self._at.next_row))

    def punches_since(self, since: datetime) -> list[Event]:
        """The punches among the newest events, from an instant on, newest first."""
        return punches_since(self._table.newest_first(self._at.next_row), since, _PUNCHES_IN)

    def tail(self, count: int) -> list[tuple[int, bytes]]:
        """The newest rows (seq, bytes), oldest first; seqs below 1 belong to an older epoch."""
        offset = self._at.first_row - 1
        return [
            (row - offset, wire_row(row - offset, body).data)
            for row, body in self._table.tail(count)
        ]

    def close(self) -> None:
        """Write the marks and close the file."""
        with named_faults(), self._file.db.atomic():
            self._tables.write_marks(self._at.through_row, self._at.offered_row)
        self._file.close()

    def let_go(self) -> None:
        """Close whatever can be closed, and write nothing; for a journal that did not come to be
        used."""
        self._file.let_go()
