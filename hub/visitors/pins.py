"""Visitors' PINs: placed and proven as bookings' are, good in the visit's window alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.audit.service import record
from hub.bookings.naming_refusals import named_refusals
from hub.clock import Clock
from hub.database.scope import Scope
from hub.pins import placements
from hub.pins import repository as credentials
from hub.pins.lengths import GuessRiskError
from hub.pins.placement import LIVE, Problem, Readiness, Standing, readiness
from hub.pins.repository import Credential, Guest
from hub.pins.service import Issue, Pins
from hub.sites import repository as sites
from hub.sites.domain import SiteState
from hub.visitors.domain import Visit, Visitor, VisitState
from hub.web.problems import CONFLICT, NOT_FOUND, invalid
from hub.web.problems import Problem as Refused
from hub.web.rights import Principal


@dataclass(frozen=True, slots=True)
class VisitorPin:
    """A visitor's PIN without its digits: where it is to open, and how far that is confirmed.
    `pin_changed`: its digits are others now, and nobody has looked at them yet."""

    visitor_id: str
    credential_id: str
    readiness: Readiness
    starts_at: datetime
    ends_at: datetime
    pin_changed: bool
    doors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownPin:
    """A PIN as it is handed over."""

    visit: Visit
    visitor: Visitor
    standing: VisitorPin
    pin: str = field(repr=False)


class VisitorPins:
    """Gives, follows and takes away visitors' PINs; works within the caller's transaction."""

    def __init__(self, clock: Clock, pins: Pins) -> None:
        self._clock = clock
        self._pins = pins

    def give_in(self, scope: Scope, visit: Visit, visitor_id: str, who: Principal) -> VisitorPin:
        """Draw a PIN for a visitor, or give the one they have. Of a daily visit it is good for the
        hours of one day: today, or the first."""
        known = self._of_visitor(scope, visit.id, visitor_id)
        if known is not None:
            return known
        now = self._clock.now()
        window = visit.window_on(now)
        if visit.state is VisitState.CANCELLED or window[1] <= now:
            raise Refused(CONFLICT, "this visit was cancelled or is over, or over for today")
        doors = keypad_doors(scope, visit)
        if not doors:
            raise invalid("doors", "no_keypad", "no door of this visit has a keypad")
        order = Issue(
            booking_id="",
            holder_id="",
            person_id=None,
            doors=doors,
            window=window,
            digits=None,
            approved=True,
            cause=who.actor,
            guest=_guest(visit, visitor_id),
        )
        with named_refusals():
            try:
                credential_id = self._pins.issue(scope, order)
            except GuessRiskError as error:
                # The desk types no number of digits: they get the one that is safe.
                if error.digits is None:
                    raise
                credential_id = self._pins.issue(scope, order.with_digits(error.digits))
        record(scope, now, who, "visitor_pin.given", ("visitor", visitor_id))
        given = credentials.of_visits(scope, [visit.id])
        return _seen(scope, next(each for each in given if each.id == credential_id))

    def show_in(self, scope: Scope, visit: Visit, visitor: Visitor, who: Principal) -> ShownPin:
        """Give the digits, and write down who looked; raise `404` where there is no PIN."""
        found = self._of_visitor(scope, visit.id, visitor.id)
        if found is None:
            raise Refused(NOT_FOUND, "this visitor has no PIN")
        digits = self._pins.reveal(scope, found.credential_id)
        self._pins.told(scope, found.credential_id)
        record(scope, self._clock.now(), who, "pin.revealed", ("visitor", visitor.id))
        return ShownPin(visit, visitor, found, digits)

    def follow_in(self, scope: Scope, visit: Visit, cause: str) -> None:
        """Bring a visit's PINs in line with what it says now. One whose hours are over stays over,
        whatever the visit's are now: somebody else may know it by then."""
        now = self._clock.now()
        window, doors = visit.window_on(now), keypad_doors(scope, visit)
        for each in credentials.of_visits(scope, [visit.id]):
            over = _seen(scope, each).ends_at <= now
            if over or window[1] <= now or not doors or each.guest is None:
                self._pins.revoke(scope, each.id, cause)
                continue
            with named_refusals():
                self._pins.move(scope, each.id, window, cause)
                self._pins.set_doors(scope, each.id, doors, window, approved=True, cause=cause)
            self._pins.set_escorts(scope, each.id, _guest(visit, each.guest.visitor_id))

    def revoke_in(self, scope: Scope, visit_id: str, visitor_id: str | None, cause: str) -> None:
        """Take a visitor's PIN away, or those of all."""
        for each in credentials.of_visits(scope, [visit_id]):
            if each.guest is not None and visitor_id in (None, each.guest.visitor_id):
                self._pins.revoke(scope, each.id, cause)

    def of_visits(
        self, scope: Scope, visit_ids: Sequence[str]
    ) -> dict[str, tuple[VisitorPin, ...]]:
        """Give the PINs of some visits that are not over, by visit."""
        found: dict[str, tuple[VisitorPin, ...]] = {}
        for each in credentials.of_visits(scope, visit_ids):
            pin = _seen(scope, each)
            if each.guest is not None and pin.readiness is not Readiness.OVER:
                found[each.guest.visit_id] = (*found.get(each.guest.visit_id, ()), pin)
        return found

    def _of_visitor(self, scope: Scope, visit_id: str, visitor_id: str) -> VisitorPin | None:
        found = self.of_visits(scope, [visit_id]).get(visit_id, ())
        return next((each for each in found if each.visitor_id == visitor_id), None)


def keypad_doors(scope: Scope, visit: Visit) -> tuple[str, ...]:
    """Give the doors of a visit, its own and those into its zones, that have a keypad in use."""
    into = {
        door.id
        for zone_id in visit.zones
        for door in sites.doors_of_zone(scope, zone_id)
        if door.zone_in == zone_id and door.state is SiteState.ACTIVE
    }
    return tuple(each for each in sorted({*visit.doors, *into}) if _has_keypad(scope, each))


def _has_keypad(scope: Scope, door_id: str) -> bool:
    readers = sites.readers_of_door(scope, door_id)
    return any(each.keypad and each.state is SiteState.ACTIVE for each in readers)


def _guest(visit: Visit, visitor_id: str) -> Guest:
    return Guest(visit.id, visitor_id, visit.leaders, visit.escort_s)


def _seen(scope: Scope, credential: Credential) -> VisitorPin:
    standing = placements.of_credentials(scope, [credential.id])
    live = [each for each in standing if each.state in LIVE] or standing
    return VisitorPin(
        visitor_id=credential.guest.visitor_id if credential.guest else "",
        credential_id=credential.id,
        readiness=readiness([Standing(each.state, each.problems) for each in standing]),
        starts_at=min(each.starts_at for each in live),
        ends_at=max(each.ends_at for each in live),
        pin_changed=any(Problem.PIN_CHANGED in each.problems for each in standing),
        doors=tuple(each.door_id for each in live),
    )
