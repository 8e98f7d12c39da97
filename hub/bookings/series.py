"""Bookings that repeat. Each occurrence is a booking of its own, with a PIN of its own.

One PIN for the whole series is not given: a door takes no PIN again within 30 days of its window,
so that the digits that a former party knows open nothing next week.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial

from hub.audit.service import record
from hub.bookings import repository, series_repository
from hub.bookings.naming_refusals import named_refusals
from hub.bookings.records import Booking, BookingWish, Contact, ContactWish, HolderWish, Occurrence
from hub.bookings.recurrence import RuleError, occurrence_key
from hub.bookings.refusals import Refusal, refused
from hub.bookings.series_repository import Series
from hub.bookings.service import BookingsService
from hub.bookings.tables import Approval, BookingSource, BookingState, OnConflict, SeriesState
from hub.bookings.windows import BookedWindow
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.web.problems import Problem
from hub.web.rights import Principal


class OccurrenceResult(StrEnum):
    """What became of one date of a series."""

    MADE = "made"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    """It was changed or cancelled by itself, and is left as it is."""
    PAST = "past"
    REFUSED = "refused"
    """`code` says why: `double_booked`, `closed`, `too_far_ahead`, ..."""
    CANCELLED = "cancelled"
    """The series no longer falls on that date."""


@dataclass(frozen=True, slots=True)
class OccurrenceReport:
    """One date of a series, and what became of it."""

    on: date
    reservation_key: str
    result: OccurrenceResult
    window: BookedWindow | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """A series, and what became of each of its dates."""

    series: Series
    occurrences: tuple[OccurrenceReport, ...]


@dataclass(frozen=True, slots=True)
class SeriesWish:
    """What a caller wants of a series: times are local to the facility, without offset."""

    facility_id: str
    rule: str
    first_start: datetime
    first_end: datetime
    except_on: tuple[date, ...] = ()
    on_conflict: OnConflict = OnConflict.SKIP
    state: BookingState | None = None
    contact: Contact | ContactWish | None = None
    purpose: str | None = None
    paid: bool | None = None
    digits: int | None = None
    holders: tuple[HolderWish, ...] | None = None

    def booking(self, window: BookedWindow) -> BookingWish:
        """What is wanted of one occurrence."""
        return BookingWish(
            facility_id=self.facility_id,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            state=self.state,
            contact=self.contact,
            purpose=self.purpose,
            paid=self.paid,
            digits=self.digits,
            holders=self.holders,
        )


class SeriesService:
    """Makes, changes and ends series."""

    def __init__(self, db: Database, clock: Clock, ids: Ids, bookings: BookingsService) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._bookings = bookings

    def put(self, who: Principal, series_key: str, wish: SeriesWish) -> tuple[SeriesReport, bool]:
        """Make a series or bring it in line with a wish; give what became of each date and whether
        the series is new. Dates that are past, and those changed by themselves, stay.

        With `skip` each date is a transaction of its own, so that no other booking waits for all
        of them; sent again it goes on where it stopped. With `refuse` it is one: all or nothing,
        and the refusal `series_conflicts` says what stood against each date.
        """
        with named_refusals():
            kept, new = self._db.write(lambda scope: self._keep(scope, who, series_key, wish))
            if wish.on_conflict is OnConflict.REFUSE:
                try:
                    reports = self._all_or_none(who, kept, wish)
                except Problem:
                    if new:
                        self._db.write(lambda scope: self._forget(scope, kept))
                    raise
            else:
                reports = self._one_by_one(who, kept, wish)
        return SeriesReport(kept, tuple(reports)), new

    def get(self, who: Principal, series_key: str) -> SeriesReport:
        """Give a series with the bookings it has made."""
        with self._db.read() as scope:
            found = self._get(scope, who, series_key)
            made = series_repository.occurrences(scope, found.id)
        return SeriesReport(found, tuple(_kept(each) for each in made))

    def cancel(self, who: Principal, series_key: str) -> SeriesReport:
        """End a series: what lies ahead is cancelled, also where it was changed by itself; what has
        begun or is over stays."""

        def write(scope: Scope) -> SeriesReport:
            found = self._get(scope, who, series_key)
            now = self._clock.now()
            ended = replace(found, state=SeriesState.CANCELLED, changed_at=now)
            if found.state is SeriesState.STANDS:
                series_repository.keep(scope, ended)
                record(scope, now, who, "series.cancelled", ("series", found.id))
            reports = []
            for each in series_repository.occurrences(scope, found.id):
                if each.stands and each.booked.starts_at > now:
                    self._bookings.cancel_within(scope, each, who)
                    reports.append(_report(each, OccurrenceResult.CANCELLED))
                else:
                    reports.append(_kept(each))
            return SeriesReport(ended, tuple(reports))

        with named_refusals():
            return self._db.write(write)

    # --- inside ------------------------------------------------------------------------------

    def _get(self, scope: Scope, who: Principal, series_key: str) -> Series:
        found = series_repository.series(scope, series_key)
        if found is None or not who.reaches(found.site_id):
            raise refused(Refusal.SERIES_UNKNOWN, "no such series")
        return found

    def _keep(
        self, scope: Scope, who: Principal, series_key: str, wish: SeriesWish
    ) -> tuple[Series, bool]:
        scope.lock(f"series:{series_key}")
        before = series_repository.series(scope, series_key)
        if before is not None and not who.reaches(before.site_id):
            raise refused(Refusal.SERIES_UNKNOWN, "no such series")
        if before is not None and before.state is not SeriesState.STANDS:
            raise refused(Refusal.SERIES_OVER, "it was cancelled; use a new key")
        facility = repository.facility(scope, wish.facility_id)
        if facility is None or not facility.active or not who.reaches(facility.site_id):
            raise refused(Refusal.FACILITY_UNKNOWN, "no such facility")
        now = self._clock.now()
        kept = Series(
            id=before.id if before else self._ids.new(),
            series_key=series_key,
            site_id=facility.site_id,
            facility_id=facility.id,
            state=SeriesState.STANDS,
            rule=wish.rule,
            first_start=wish.first_start,
            first_end=wish.first_end,
            except_on=tuple(sorted(set(wish.except_on))),
            on_conflict=wish.on_conflict,
            timezone=facility.rules.zone.key,
            created_at=before.created_at if before else now,
            changed_at=before.changed_at if before else now,
        )
        try:
            kept.recurring().windows()
        except (RuleError, OverflowError) as error:
            raise refused(Refusal.RULE_INVALID, str(error)) from error
        if kept != before:
            kept = replace(kept, changed_at=now)
            series_repository.keep(scope, kept)
            action = "series.changed" if before else "series.created"
            record(scope, now, who, action, ("series", kept.id), {"rule": kept.rule})
        return kept, before is None

    def _forget(self, scope: Scope, kept: Series) -> None:
        """A new series none of whose dates was made leaves nothing but its audit."""
        ended = replace(kept, state=SeriesState.CANCELLED, series_key=f"{kept.id}:refused")
        series_repository.keep(scope, ended)

    def _one_by_one(self, who: Principal, kept: Series, wish: SeriesWish) -> list[OccurrenceReport]:
        reports = self._db.write(lambda scope: self._drop(scope, who, kept))
        for day, window in kept.recurring().windows():
            bring = partial(self._bring, who, kept, wish, day, window)
            try:
                with named_refusals():
                    reports.append(self._db.write(bring))
            except Problem as problem:
                reports.append(_refused(kept, day, window, problem))
        return sorted(reports, key=_by_date)

    def _all_or_none(
        self, who: Principal, kept: Series, wish: SeriesWish
    ) -> list[OccurrenceReport]:
        windows = kept.recurring().windows()

        def write(scope: Scope) -> list[OccurrenceReport]:
            # Every key before anything else: who holds one of them may wait for what we hold then.
            for day, _ in windows:
                scope.lock(f"booking:{occurrence_key(kept.series_key, day)}")
            reports = self._drop(scope, who, kept)
            for day, window in windows:
                try:
                    with scope.savepoint(), named_refusals():
                        reports.append(self._bring(who, kept, wish, day, window, scope))
                except Problem as problem:
                    reports.append(_refused(kept, day, window, problem))
            bad = [each for each in reports if each.result is OccurrenceResult.REFUSED]
            if bad:
                told = [{"on": each.on.isoformat(), "code": each.code} for each in bad]
                raise refused(Refusal.SERIES_CONFLICTS, "nothing was made", occurrences=told)
            return sorted(reports, key=_by_date)

        return self._db.write(write)

    def _bring(
        self,
        who: Principal,
        kept: Series,
        wish: SeriesWish,
        day: date,
        window: BookedWindow,
        scope: Scope,
    ) -> OccurrenceReport:
        """Bring one date in line; raise a `Problem` where that is refused."""
        key = occurrence_key(kept.series_key, day)
        before = repository.by_key(scope, key)
        now = self._clock.now()
        if before is not None and (_is_alone(before) or before.booked.starts_at <= now):
            return _kept(before)
        if window.ends_at <= now:
            return OccurrenceReport(day, key, OccurrenceResult.PAST, window)
        wanted = wish.booking(window)
        if before is not None and not before.stands:  # the series had left this date out
            wanted = replace(wanted, state=wish.state or _first_state(scope, kept))
        at = Occurrence(kept.id, day)
        view, new = self._bookings.put_within(scope, who, key, wanted, BookingSource.API, at)
        if new:
            return _report(view.booking, OccurrenceResult.MADE)
        same = before is not None and view.booking == before
        return _report(
            view.booking, OccurrenceResult.UNCHANGED if same else OccurrenceResult.CHANGED
        )

    def _drop(self, scope: Scope, who: Principal, kept: Series) -> list[OccurrenceReport]:
        """Cancel what the series made on dates on which it no longer falls."""
        days = {day for day, _ in kept.recurring().windows()}
        now = self._clock.now()
        reports = []
        for each in series_repository.occurrences(scope, kept.id):
            at = each.occurrence
            if at is None or at.on in days or at.detached or not each.stands:
                continue
            if each.booked.starts_at > now:
                self._bookings.cancel_within(scope, each, who)
                reports.append(_report(each, OccurrenceResult.CANCELLED))
        return reports


def _first_state(scope: Scope, kept: Series) -> BookingState:
    facility = repository.facility(scope, kept.facility_id)
    asks = facility is not None and facility.approval is Approval.REQUIRED
    return BookingState.REQUESTED if asks else BookingState.CONFIRMED


def _is_alone(booking: Booking) -> bool:
    """Changed, cancelled or rejected by itself; or a booking of that key that no series made."""
    return booking.occurrence is None or booking.occurrence.detached


def _kept(booking: Booking) -> OccurrenceReport:
    return _report(booking, OccurrenceResult.KEPT)


def _report(booking: Booking, result: OccurrenceResult) -> OccurrenceReport:
    day = booking.occurrence.on if booking.occurrence else booking.booked.starts_at.date()
    return OccurrenceReport(day, booking.reservation_key, result, booking.booked)


def _refused(kept: Series, day: date, window: BookedWindow, problem: Problem) -> OccurrenceReport:
    key = occurrence_key(kept.series_key, day)
    return OccurrenceReport(day, key, OccurrenceResult.REFUSED, window, problem.kind.code)


def _by_date(report: OccurrenceReport) -> tuple[date, str]:
    return report.on, report.result
