"""Facilities: what can be booked, by which doors and key boxes, when it is free."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from hub.audit.service import record
from hub.bookings import parts, repository
from hub.bookings.closures import closed_days
from hub.bookings.facility_repository import write_facility
from hub.bookings.neighbours import lock_sites
from hub.bookings.records import Booking, Facility
from hub.bookings.refusals import Refusal, refused
from hub.bookings.windows import BookedWindow, Slot, local_day, slots_of
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keyboxes import repository as box_rows
from hub.keyboxes.domain import KeyBox
from hub.people import repository as people_rows
from hub.pins.draw import DigitsIncompatibleError
from hub.pins.lengths import shared_length
from hub.sites import repository as site_rows
from hub.sites.domain import Door, SiteState
from hub.web.problems import NOT_FOUND, Problem
from hub.web.rights import Principal

_LISTED: Final = 20


def known_doors(scope: Scope, who: Principal, door_ids: tuple[str, ...]) -> list[Door]:
    """Give the doors of these ids; refuse what is unknown, removed or out of reach."""
    found = site_rows.doors_by_id(scope, door_ids)
    doors = [found[each] for each in dict.fromkeys(door_ids) if each in found]
    usable = [d for d in doors if d.state is SiteState.ACTIVE and who.reaches(d.site_id)]
    if len(usable) != len(set(door_ids)):
        raise refused(Refusal.DOOR_UNKNOWN, "a door named does not exist")
    return usable


def known_key_boxes(scope: Scope, who: Principal, box_ids: tuple[str, ...]) -> list[KeyBox]:
    """Give the key boxes of these ids; refuse what is unknown, removed or out of reach."""
    found = box_rows.boxes_by_id(scope, box_ids)
    boxes = [found[each] for each in dict.fromkeys(box_ids) if each in found]
    usable = [b for b in boxes if b.state is SiteState.ACTIVE and who.reaches(b.site_id)]
    if len(usable) != len(set(box_ids)):
        raise refused(Refusal.KEY_BOX_UNKNOWN, "a key box named does not exist")
    return usable


class FacilitiesService:
    """Keeps facilities, and tells when they are free."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    def listed(self, who: Principal | None = None) -> list[Facility]:
        """Give the facilities somebody may see; without a principal those open to residents."""
        with self._db.read() as scope:
            found = repository.all_facilities(scope, who.sites if who else None)
        return [each for each in found if each.active or who is not None]

    def get(self, facility_id: str, who: Principal | None = None) -> Facility:
        """Give one; refuse `not_found`."""
        with self._db.read() as scope:
            return self._get(scope, facility_id, who)

    def of_booking(self, booking: Booking) -> Facility | None:
        """Give the facility of a booking, also one that takes none any more; None for doors
        alone."""
        if booking.facility_id is None:
            return None
        with self._db.read() as scope:
            return repository.facility(scope, booking.facility_id)

    def create(self, who: Principal, wanted: Facility) -> Facility:
        """Add a facility; its id is made here."""
        made = replace(wanted, id=self._ids.new())

        def write(scope: Scope) -> Facility:
            return self._keep(scope, who, made, "facility.created", new=True)

        return self._db.write(write)

    def change(self, who: Principal, facility_id: str, **changed: object) -> Facility:
        """Change some fields. Bookings that stand keep their windows and doors."""

        def write(scope: Scope) -> Facility:
            lock_sites(scope, [self._get(scope, facility_id, who).site_id])
            before = self._get(scope, facility_id, who)  # as it is once nobody else changes it
            after = replace(before, **changed)  # type: ignore[arg-type]  # fields by name, typed by the endpoint
            return self._keep(scope, who, after, "facility.changed", new=False)

        return self._db.write(write)

    def availability(self, facility_id: str, day: date) -> list[Slot]:
        """Give the slots of a local day: free, taken or past; none on a day on which it is closed,
        or beyond what can be booked."""
        now = self._clock.now()
        with self._db.read() as scope:
            facility = self._get(scope, facility_id, None)
            whole_day = local_day(day, facility.rules.zone)
            taken = parts.taken(scope, parts.parts_of(facility_id, facility.excludes), whole_day)
            closed = closed_days(scope, facility, day, day)
        if closed or whole_day.starts_at > now + timedelta(days=facility.rules.ahead_days):
            return []
        return slots_of(day, facility.rules, taken, now)

    def taken(self, facility_id: str, window: BookedWindow) -> list[BookedWindow]:
        """Give the windows within a span in which a facility is booked."""
        with self._db.read() as scope:
            facility = self._get(scope, facility_id, None)
            return parts.taken(scope, parts.parts_of(facility_id, facility.excludes), window)

    def _get(self, scope: Scope, facility_id: str, who: Principal | None) -> Facility:
        found = repository.facility(scope, facility_id)
        visible = found is not None and (who.reaches(found.site_id) if who else found.active)
        if found is None or not visible:
            raise Problem(NOT_FOUND, "no such facility")
        return found

    def _keep(
        self, scope: Scope, who: Principal, kept: Facility, action: str, *, new: bool
    ) -> Facility:
        doors = known_doors(scope, who, kept.doors)
        boxes = known_key_boxes(scope, who, kept.key_boxes)
        if not doors and not boxes:
            raise refused(Refusal.DOORS_MISSING, "a facility has at least one door or key box")
        if not who.reaches(kept.site_id) or site_rows.site(scope, kept.site_id) is None:
            raise refused(Refusal.SITE_UNKNOWN, "no such site")
        try:
            if doors:
                shared_length(scope, doors)
        except DigitsIncompatibleError as error:
            raise refused(Refusal.DIGITS_INCOMPATIBLE, str(error)) from error
        self._check_steps(kept)
        if kept.calendar_id and people_rows.calendar(scope, kept.calendar_id) is None:
            raise refused(Refusal.CALENDAR_UNKNOWN, "no such holiday calendar")
        now = self._clock.now()
        before = None if new else repository.facility(scope, kept.id)
        self._exclude(scope, kept, before)
        write_facility(scope, kept, now, new=new)
        self._pair_up(scope, kept, before)
        record(scope, now, who, action, ("facility", kept.id))
        found = repository.facility(scope, kept.id)
        assert found is not None  # noqa: S101  # it was written in this transaction
        return found

    @staticmethod
    def _check_steps(kept: Facility) -> None:
        """A step is about a door or key box of the facility itself."""
        for step in kept.steps:
            doors = step.door_id is None or step.door_id in kept.doors
            boxes = step.key_box_id is None or step.key_box_id in kept.key_boxes
            if not doors or not boxes:
                raise refused(Refusal.STEP_LOCK_UNKNOWN, "a step names a lock of no such facility")

    @staticmethod
    def _exclude(scope: Scope, kept: Facility, before: Facility | None) -> None:
        """Refuse what cannot exclude each other: another site's, itself, or where standing bookings
        of both overlap already. Holds the bookings of the site meanwhile."""
        lock_sites(scope, {kept.site_id, *([before.site_id] if before else [])})
        for other_id in kept.excludes:
            other = repository.facility(scope, other_id)
            if other is None or other.site_id != kept.site_id or other_id == kept.id:
                raise refused(Refusal.EXCLUSION, "excludes names facilities of the same site")
            if before is not None and other_id not in before.excludes:
                clashes = parts.standing_clashes(scope, kept.id, other_id, _LISTED)
                if clashes:
                    raise refused(
                        Refusal.EXCLUSION, "standing bookings of both overlap", bookings=clashes
                    )

    @staticmethod
    def _pair_up(scope: Scope, kept: Facility, before: Facility | None) -> None:
        """Let standing bookings take up what they exclude now."""
        was = set(before.excludes) if before else set()
        for other_id in sorted(set(kept.excludes) - was):
            parts.pair_up(scope, kept.id, other_id)
        for other_id in sorted(was - set(kept.excludes)):
            parts.part_ways(scope, kept.id, other_id)
