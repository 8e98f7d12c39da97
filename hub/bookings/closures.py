"""Days on which facilities are closed: set by hand for a facility or a site, or by a calendar.

A closed day admits no new or moved booking, whoever asks; only somebody who may approve can book it
all the same, and says so. Bookings that stand already are listed, never dropped: a person calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from hub.audit.service import record
from hub.bookings import repository
from hub.bookings.records import Booking, Facility
from hub.bookings.refusals import Refusal, refused
from hub.bookings.tables import bookings, closures
from hub.bookings.windows import BookedWindow
from hub.catalogue import Language
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.people import repository as people_rows
from hub.people.holiday_dates import dates_of
from hub.sites import repository as site_rows
from hub.web.rights import Principal

_LISTED = 200


@dataclass(frozen=True, slots=True)
class Closure:
    """Closed from `first_day` through `last_day`, local to the facility. Without a facility every
    one of the site is."""

    id: str
    site_id: str
    facility_id: str | None
    first_day: date
    last_day: date
    reason_ja: str
    reason_easy: str = ""
    reason_en: str = ""

    def reason(self, language: Language) -> str:
        """Why, in a language; the Japanese where there is no other."""
        texts = {Language.EASY: self.reason_easy, Language.EN: self.reason_en}
        return texts.get(language) or self.reason_ja


@dataclass(frozen=True, slots=True)
class ClosureSet:
    """A closure, and the bookings that stand within it all the same: somebody has to call them."""

    closure: Closure
    standing: tuple[Booking, ...]


def local_days(window: BookedWindow, facility: Facility) -> tuple[date, date]:
    """Give the first and last local day that a window touches."""
    zone = facility.rules.zone
    last = window.ends_at - timedelta(microseconds=1)
    return window.starts_at.astimezone(zone).date(), last.astimezone(zone).date()


def closed_days(scope: Scope, facility: Facility, first: date, last: date) -> list[date]:
    """Give the days from `first` through `last` on which a facility is closed, in order."""
    found = set()
    for closure in _touching(scope, facility, first, last):
        day = max(first, closure.first_day)
        while day <= min(last, closure.last_day):
            found.add(day)
            day += timedelta(days=1)
    if facility.calendar_id is not None:
        calendar = people_rows.calendar(scope, facility.calendar_id)
        if calendar is not None:
            found |= set(dates_of(calendar, first, last))
    return sorted(found)


def check_open(scope: Scope, facility: Facility, booked: BookedWindow) -> None:
    """Raise the `closed` problem, with the days, for a window that touches a closed day."""
    days = closed_days(scope, facility, *local_days(booked, facility))
    if days:
        listed = [day.isoformat() for day in days]
        raise refused(Refusal.CLOSED, "the facility is closed on that day", closed_on=listed)


def closed_on(scope: Scope, facility: Facility, day: date) -> Closure | None:
    """Give the closure set by hand that covers a day, or None."""
    return next(iter(_touching(scope, facility, day, day)), None)


def _touching(scope: Scope, facility: Facility, first: date, last: date) -> list[Closure]:
    t = closures.c
    ours = sa.or_(t.facility_id == facility.id, t.facility_id.is_(None))
    rows = scope.all(
        scope.select(closures)
        .where(t.site_id == facility.site_id, ours, t.first_day <= last, t.last_day >= first)
        .order_by(t.first_day, t.id)
    )
    return [_closure(row) for row in rows]


def _closure(row: Any) -> Closure:
    return Closure(
        id=row.id,
        site_id=row.site_id,
        facility_id=row.facility_id,
        first_day=row.first_day,
        last_day=row.last_day,
        reason_ja=row.reason_ja,
        reason_easy=row.reason_easy,
        reason_en=row.reason_en,
    )


class ClosuresService:
    """Sets, lists and lifts closures."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    def listed(self, who: Principal, since: date | None = None) -> list[ClosureSet]:
        """Give the closures of the sites somebody may see that end on a day or later, each with
        the bookings that stand within."""
        t = closures.c
        statement = sa.select(closures).order_by(t.first_day, t.id)
        if who.sites is not None:
            statement = statement.where(t.site_id.in_(sorted(who.sites)))
        if since is not None:
            statement = statement.where(t.last_day >= since)
        with self._db.read() as scope:
            found = [_closure(row) for row in scope.all(statement.limit(_LISTED))]
            return [ClosureSet(each, self._standing(scope, each)) for each in found]

    def create(self, who: Principal, wanted: Closure) -> ClosureSet:
        """Close; give the bookings that stand within, which stay as they are."""

        def write(scope: Scope) -> ClosureSet:
            now = self._clock.now()
            made = self._checked(scope, who, wanted)
            scope.lock(f"bookings-at:{made.site_id}")
            names = ("id", "site_id", "facility_id", "first_day", "last_day")
            texts = ("reason_ja", "reason_easy", "reason_en")
            row = {name: getattr(made, name) for name in (*names, *texts)}
            scope.insert(closures, {**row, "created_at": now})
            told = {"first_day": made.first_day.isoformat(), "last_day": made.last_day.isoformat()}
            record(scope, now, who, "closure.created", ("closure", made.id), told)
            return ClosureSet(made, self._standing(scope, made))

        return self._db.write(write)

    def delete(self, who: Principal, closure_id: str) -> None:
        """Open again."""

        def write(scope: Scope) -> None:
            row = scope.one(scope.select(closures).where(closures.c.id == closure_id))
            if row is None or not who.reaches(row.site_id):
                raise refused(Refusal.CLOSURE_UNKNOWN, "no such closure")
            scope.delete(closures, closures.c.id == closure_id)
            record(scope, self._clock.now(), who, "closure.lifted", ("closure", closure_id))

        self._db.write(write)

    def _checked(self, scope: Scope, who: Principal, wanted: Closure) -> Closure:
        site_id = wanted.site_id
        if wanted.facility_id is not None:
            facility = repository.facility(scope, wanted.facility_id)
            if facility is None or not who.reaches(facility.site_id):
                raise refused(Refusal.FACILITY_UNKNOWN, "no such facility")
            site_id = facility.site_id
        if not who.reaches(site_id) or site_rows.site(scope, site_id) is None:
            raise refused(Refusal.SITE_UNKNOWN, "no such site")
        return Closure(
            id=self._ids.new(),
            site_id=site_id,
            facility_id=wanted.facility_id,
            first_day=wanted.first_day,
            last_day=wanted.last_day,
            reason_ja=wanted.reason_ja,
            reason_easy=wanted.reason_easy,
            reason_en=wanted.reason_en,
        )

    def _standing(self, scope: Scope, closure: Closure) -> tuple[Booking, ...]:
        found = []
        for facility in _concerned(scope, closure):
            zone = facility.rules.zone
            start = datetime.combine(closure.first_day, time(), zone).astimezone(UTC)
            last = closure.last_day + timedelta(days=1)
            end = datetime.combine(last, time(), zone).astimezone(UTC)
            conditions = [
                bookings.c.facility_id == facility.id,
                bookings.c.state.in_(repository.STANDING),
                bookings.c.starts_at < end,
                bookings.c.ends_at > max(start, self._clock.now()),
            ]
            order = [bookings.c.starts_at, bookings.c.id]
            found += repository.search(scope, conditions, order, _LISTED)
        return tuple(sorted(found, key=lambda each: (each.booked.starts_at, each.id))[:_LISTED])


def _concerned(scope: Scope, closure: Closure) -> Sequence[Facility]:
    if closure.facility_id is not None:
        facility = repository.facility(scope, closure.facility_id)
        return [facility] if facility else []
    return repository.all_facilities(scope, [closure.site_id])
