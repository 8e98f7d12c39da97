"""Does a file's lines, or tries them: each in a transaction of its own.

A trial does a line as the real run would, in a transaction that is then rolled back: what it says
is what would happen. A line that wants the same as last time costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from hub.bookings import repository as booking_rows
from hub.bookings.records import BookingWish
from hub.bookings.refusals import Refusal, refused
from hub.bookings.service import BookingsService, named_refusals
from hub.bookings.tables import Approval, BookingSource, BookingState
from hub.clock import Clock
from hub.csv_bookings import repository
from hub.csv_bookings.mapping import (
    Frame,
    Line,
    RowCode,
    RowError,
    cancelled_digest,
    key_of,
    understand,
)
from hub.csv_bookings.profile import Field
from hub.csv_bookings.reading import Table
from hub.csv_bookings.report import Done, LineReport, Understood
from hub.csv_bookings.repository import Profile
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.web.problems import Problem
from hub.web.rights import Principal

SHRINK: Final = 0.30
"""A complete file that lacks a larger share of what it had cancels nothing by itself."""

_COLUMN_OF: Final = {
    "facility_unknown": Field.FACILITY,
    "double_booked": Field.START,
    "closed": Field.START,
    "window_inverted": Field.END,
    "in_the_past": Field.END,
    "too_long": Field.END,
    "too_far_ahead": Field.DATE,
    "state_change": Field.STATE,
    "booking_over": Field.STATE,
    "booking_unknown": Field.KEY,
}


class _TrialOverError(Exception):
    """Rolls a trial's transaction back."""

    def __init__(self, done: Done) -> None:
        self.done = done


@dataclass(frozen=True, slots=True)
class Missing:
    """The bookings that a complete file lacks. `held`: too many to cancel unasked; `unsafe`: lines
    of it could not be understood."""

    keys: tuple[str, ...] = ()
    held: bool = False
    unsafe: bool = False


class Importer:
    """Works through understood files."""

    def __init__(self, db: Database, clock: Clock, bookings: BookingsService) -> None:
        self._db = db
        self._clock = clock
        self._bookings = bookings

    def lines(
        self, who: Principal, profile: Profile, table: Table, frame: Frame, *, dry_run: bool
    ) -> tuple[list[LineReport], set[str | None]]:
        """Do every line, or try it; give what came of each, and the keys in the file (None among
        them where a line has none)."""
        with self._db.read() as scope:
            known = repository.digests(scope, profile.id)
            keys = {key for row in table.rows if (key := key_of(row, frame.shape))}
            booked = repository.booked(scope, keys)
        seen: set[str | None] = set()
        taken: dict[str, list[tuple[datetime, datetime]]] = {}
        reports = []
        for row in table.rows:
            key = key_of(row, frame.shape)
            try:
                if key is not None and key in seen:
                    raise RowError(RowCode.KEY_TWICE, Field.KEY)
                seen.add(key)
                line = understand(row, frame)
            except RowError as error:
                column = _column(frame, error.field)
                reports.append(
                    LineReport(row.number, key or "", Done.REFUSED, error.code.value, column)
                )
                continue
            if known.get(line.key) == line.digest:
                reports.append(LineReport(line.number, line.key, Done.UNCHANGED))
            elif line.key not in booked and self._is_nothing(line):
                reports.append(LineReport(line.number, line.key, _nothing(line)))
            elif dry_run and _overlaps(line, taken):
                column = _column(frame, Field.START)
                reports.append(
                    LineReport(line.number, line.key, Done.REFUSED, "double_booked", column)
                )
            else:
                reports.append(self._line(who, profile, line, frame, dry_run=dry_run))
            reports[-1] = replace(reports[-1], understood=_understood(line))
            _note(line, reports[-1], taken)
        return reports, seen

    def _line(
        self, who: Principal, profile: Profile, line: Line, frame: Frame, *, dry_run: bool
    ) -> LineReport:
        def work(scope: Scope) -> Done:
            done = self._do(scope, who, profile, line)
            repository.keep_line(scope, profile.id, line.key, line.digest, self._clock.now())
            if dry_run:
                raise _TrialOverError(done)
            return done

        try:
            with named_refusals():
                done = self._db.write(work)
        except _TrialOverError as over:
            done = over.done
        except Problem as problem:
            field = _COLUMN_OF.get(problem.kind.code)
            column = _column(frame, field) if field else ""
            return LineReport(
                line.number, line.key, Done.REFUSED, problem.kind.code, column, problem.detail
            )
        return LineReport(line.number, line.key, done)

    def _do(self, scope: Scope, who: Principal, profile: Profile, line: Line) -> Done:
        before = booking_rows.by_key(scope, line.key)
        if before is None and line.cancelled:
            return Done.UNCHANGED
        if self._is_nothing(line) and not line.cancelled:
            return Done.PAST
        if before is not None and line.cancelled and not before.stands:
            return Done.UNCHANGED
        wish = line.wish
        if before is not None and before.state is BookingState.CANCELLED:
            wish = _again(scope, profile, line)
        view, new = self._bookings.put_within(scope, who, line.key, wish, BookingSource.CSV)
        if line.cancelled:
            return Done.CANCELLED
        if new:
            return Done.MADE
        return Done.UNCHANGED if view.booking == before else Done.CHANGED

    def _is_nothing(self, line: Line) -> bool:
        """Whether a line asks for nothing where there is no booking of its key: it cancels, or its
        time is over."""
        ends_at = line.wish.ends_at
        return line.cancelled or (ends_at is not None and ends_at <= self._clock.now())

    # --- what is missing -------------------------------------------------------------------------

    def missing(
        self, profile: Profile, keys: set[str | None], frame: Frame, *, cut: bool = False
    ) -> Missing:
        """Give the bookings that a complete file should have and has not. A line without a key may
        be any of them: then nothing is called missing. A file that may be `cut` short is never
        believed unasked."""
        shape = profile.shape
        if not shape.complete:
            return Missing()
        now = self._clock.now()
        local = now.astimezone(frame.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        until = midnight + timedelta(days=shape.complete_days + 1)
        with self._db.read() as scope:
            known = repository.standing_keys(scope, profile.id, now, until)
        gone = tuple(sorted(known - {key for key in keys if key}))
        if None in keys and gone:
            return Missing(unsafe=True)
        return Missing(gone, held=bool(gone) and (cut or len(gone) > SHRINK * len(known)))

    def cancel(self, who: Principal, profile: Profile, keys: Sequence[str]) -> list[LineReport]:
        """Cancel bookings that a complete file lacks, each in a transaction of its own. One that
        has begun by now is left alone: a confirmation may come late."""
        reports = []
        for key in keys:

            def work(scope: Scope, key: str = key) -> bool:
                now = self._clock.now()
                before = booking_rows.by_key(scope, key)
                if before is not None and before.stands:
                    if before.booked.starts_at <= now:
                        return False
                    wish = BookingWish(state=BookingState.CANCELLED)
                    self._bookings.put_within(scope, who, key, wish, BookingSource.CSV)
                repository.keep_line(scope, profile.id, key, repository.MISSING, now)
                return True

            try:
                with named_refusals():
                    gone = self._db.write(work)
            except Problem as problem:
                reports.append(LineReport(0, key, Done.REFUSED, problem.kind.code))
            else:
                reports.append(LineReport(0, key, Done.MISSING if gone else Done.PAST))
        return reports


def _again(scope: Scope, profile: Profile, line: Line) -> BookingWish:
    """Give the wish by which a cancelled booking stands again: with the state that a new one would
    have, if the line names none. Only what the files themselves cancelled comes back by a file;
    what somebody cancelled here stays cancelled, and the line is refused for it."""
    if repository.digest(scope, profile.id, line.key) not in (
        repository.MISSING,
        cancelled_digest(line.key),
    ):
        raise refused(Refusal.BOOKING_OVER, "somebody cancelled it here")
    if line.wish.state is not None or line.wish.facility_id is None:
        return line.wish
    facility = booking_rows.facility(scope, line.wish.facility_id)
    asks = facility is not None and facility.approval is Approval.REQUIRED
    state = BookingState.REQUESTED if asks else BookingState.CONFIRMED
    return replace(line.wish, state=state)


def _column(frame: Frame, field: Field) -> str:
    """What the file calls a field's columns."""
    return " ".join(frame.shape.columns.get(field, ())) or field.value


def _nothing(line: Line) -> Done:
    return Done.UNCHANGED if line.cancelled else Done.PAST


def _overlaps(line: Line, taken: dict[str, list[tuple[datetime, datetime]]]) -> bool:
    """Whether a line's time is taken by one before it in the same file: a trial, which keeps
    nothing, would not see that otherwise."""
    wish = line.wish
    if wish.facility_id is None or wish.starts_at is None or wish.ends_at is None:
        return False
    spans = taken.get(wish.facility_id, ())
    return any(start < wish.ends_at and wish.starts_at < end for start, end in spans)


def _understood(line: Line) -> Understood:
    wish = line.wish
    name = (wish.contact.name if wish.contact else None) or ""
    return Understood(wish.facility_id, wish.starts_at, wish.ends_at, name)


def _note(
    line: Line, report: LineReport, taken: dict[str, list[tuple[datetime, datetime]]]
) -> None:
    wish = line.wish
    stands = report.done in (Done.MADE, Done.CHANGED)
    if stands and wish.facility_id and wish.starts_at and wish.ends_at:
        taken.setdefault(wish.facility_id, []).append((wish.starts_at, wish.ends_at))
