"""What surrounds a wish: its facility, the doors and key boxes that were found, who asks, when."""

from __future__ import annotations

from datetime import datetime

from hub.bookings import repository
from hub.bookings.facilities import known_doors, known_key_boxes
from hub.bookings.merge import Frame
from hub.bookings.neighbours import lock_sites
from hub.bookings.records import Booking, BookingWish, Facility, Occurrence
from hub.bookings.refusals import Refusal, refused
from hub.bookings.tables import BookingSource
from hub.database.scope import Scope
from hub.web.rights import Principal, Right

HOLDERS_MAX = 100
"""Of a booking of doors alone, which has no facility to say how many."""


def frame_of(
    scope: Scope,
    who: Principal,
    wish: BookingWish,
    before: Booking | None,
    source: BookingSource,
    now: datetime,
    occurrence: Occurrence | None = None,
) -> Frame:
    """Give the frame of a wish, and hold the bookings of its site; raise a `Problem` for what is
    unknown, out of reach or too many."""
    facility_id = wish.facility_id or (before.facility_id if before else None)
    facility = _held_facility(scope, facility_id, before) if facility_id else None
    usable = facility is not None and facility.active and who.reaches(facility.site_id)
    if wish.facility_id and not usable:
        raise refused(Refusal.FACILITY_UNKNOWN, "no such facility")
    most = facility.holders_max if facility else HOLDERS_MAX
    if wish.holders is not None and len(wish.holders) > most:
        raise refused(Refusal.TOO_MANY_HOLDERS, f"at most {most} have a PIN", holders_max=most)
    doors, boxes = _locks(wish, before, facility)
    return Frame(
        facility=facility,
        doors=doors,
        key_boxes=boxes,
        site_id=_site_of(scope, who, before, facility, doors, boxes),
        source=before.source if before else source,
        may_approve=who.may(Right.BOOKINGS_APPROVE) and source is not BookingSource.RESIDENT,
        now=now,
        occurrence=occurrence,
    )


def _held_facility(scope: Scope, facility_id: str, before: Booking | None) -> Facility | None:
    """Give a facility as it is once nobody else can change bookings of its site: what it excludes
    may have changed while we waited."""
    found = repository.facility(scope, facility_id)
    sites = {each for each in (found and found.site_id, before and before.site_id) if each}
    lock_sites(scope, sites)
    return repository.facility(scope, facility_id)


def _locks(
    wish: BookingWish, before: Booking | None, facility: Facility | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Doors and key boxes: those wished for, else those it has, else the facility's."""
    door_ids, box_ids = wish.doors, wish.key_boxes
    if before is not None and wish.facility_id in (None, before.facility_id):
        door_ids = before.doors if door_ids is None else door_ids
        box_ids = before.key_boxes if box_ids is None else box_ids
    if facility is not None:
        door_ids = facility.doors if door_ids is None else door_ids
        box_ids = facility.key_boxes if box_ids is None else box_ids
    return tuple(sorted(set(door_ids or ()))), tuple(sorted(set(box_ids or ())))


def _site_of(
    scope: Scope,
    who: Principal,
    before: Booking | None,
    facility: Facility | None,
    doors: tuple[str, ...],
    boxes: tuple[str, ...],
) -> str:
    """Give the site of a booking; refuse doors and boxes that nobody may book. One removed
    meanwhile does not block a change of time."""
    if before is not None and (doors, boxes) == (before.doors, before.key_boxes):
        return facility.site_id if facility else before.site_id
    sites = [each.site_id for each in known_doors(scope, who, doors)]
    sites += [each.site_id for each in known_key_boxes(scope, who, boxes)]
    if not sites:
        raise refused(Refusal.DOORS_MISSING, "name a facility, doors or key boxes")
    return facility.site_id if facility else sites[0]
