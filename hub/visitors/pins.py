"""Visitors' PINs: placed and proven as bookings' are, good in the visit's window alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hub.audit.service import record
from hub.bookings.naming_refusals import named_refusals
from hub.clock import Clock
from hub.database.scope import Scope
from hub.pins import placements
from hub.pins import repository as credentials
from hub.pins.draw import PinError
from hub.pins.lengths import GuessRiskError
from hub.pins.placement import LIVE, Problem, Readiness, Standing, readiness
from hub.pins.repository import Credential, Guest
from hub.pins.service import Issue, Pins
from hub.visitors import repository
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

    def give_in(self, scope: Scope, visit: Visit, visitor: Visitor, who: Principal) -> VisitorPin:
        """Draw a PIN for a visitor, or give the one they have. Of a daily visit it is good on each
        of its days within the hours."""
        known = self._of_visitor(scope, visit.id, visitor.id)
        if known is not None:
            return known
        now = self._clock.now()
        window = _window(visit, visitor)
        if visit.state is VisitState.CANCELLED or window is None or window[1] <= now:
            raise Refused(CONFLICT, "this visit was cancelled or is over")
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
            guest=_guest(visit, visitor.id),
        )
        with named_refusals():
            try:
                credential_id = self._pins.issue(scope, order)
            except GuessRiskError as error:
                # The desk types no number of digits: they get the one that is safe.
                if error.digits is None:
                    raise
                credential_id = self._pins.issue(scope, order.with_digits(error.digits))
        record(scope, now, who, "visitor_pin.given", ("visitor", visitor.id))
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
        """Bring a visit's PINs in line with what it says now, and with the keypads that its doors
        have now. One whose hours are over stays over, whatever the visit's are now: somebody else
        may know it by then."""
        now, doors = self._clock.now(), keypad_doors(scope, visit)
        guests = {each.id: each for each in repository.visitors_of(scope, [visit.id])[visit.id]}
        for each in credentials.of_visits(scope, [visit.id]):
            visitor = guests.get(each.guest.visitor_id) if each.guest is not None else None
            window = _window(visit, visitor) if visitor is not None else None
            over = _seen(scope, each).ends_at <= now or window is None or window[1] <= now
            if visitor is None or window is None or over or not doors:
                self._pins.revoke(scope, each.id, cause)
                continue
            with named_refusals():
                self._pins.move(scope, each.id, window, cause)
                self._pins.set_doors(scope, each.id, doors, window, approved=True, cause=cause)
            self._pins.set_guest(scope, each.id, _guest(visit, visitor.id))

    def leave_in(self, scope: Scope, visit: Visit, visitor: Visitor, cause: str) -> None:
        """They left: their PIN opens nothing more, or nothing before the next day of a daily
        visit. It is known at the doors then already, so that the night may pass without the hub."""
        window = _window(visit, visitor)
        for each in credentials.of_visits(scope, [visit.id]):
            if each.guest is None or each.guest.visitor_id != visitor.id:
                continue
            if window is None or not visit.daily:
                self._pins.revoke(scope, each.id, cause)
                continue
            try:
                with scope.savepoint():
                    self._pins.move(scope, each.id, window, cause)
            except PinError:  # a keypad that takes no such PIN any more
                self._pins.revoke(scope, each.id, cause)

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
    return _among(visit, repository.keypad_doors(scope))


def outdated(scope: Scope, now: datetime) -> tuple[Visit, ...]:
    """Give the visits of which a PIN stands at other doors than it should: a keypad was fitted or
    removed meanwhile, or a zone has another door. Where no keypad is left at all nothing is to be
    done: nobody can type it, and the next one that is fitted there takes it again."""
    with_pins = repository.visits_with_pins(scope, now)
    if not with_pins:
        return ()
    keypads = repository.keypad_doors(scope)
    owners = {each.id: each for each in credentials.of_visits(scope, [v.id for v in with_pins])}
    at: dict[str, set[str]] = {credential_id: set() for credential_id in owners}
    for placement in placements.of_credentials(scope, list(owners)):
        if placement.state in LIVE:
            at[placement.credential_id].add(placement.door_id)
    wanted = {visit.id: set(_among(visit, keypads)) for visit in with_pins}
    wrong = {
        each.guest.visit_id
        for each in owners.values()
        if each.guest is not None and at[each.id] != (wanted[each.guest.visit_id] or at[each.id])
    }
    return tuple(visit for visit in with_pins if visit.id in wrong)


def _among(visit: Visit, keypads: Mapping[str, str | None]) -> tuple[str, ...]:
    found = {door for door, zone in keypads.items() if door in visit.doors or zone in visit.zones}
    return tuple(sorted(found))


def _guest(visit: Visit, visitor_id: str) -> Guest:
    return Guest(visit.id, visitor_id, visit.leaders, visit.escort_s, visit.daily)


def _window(visit: Visit, visitor: Visitor) -> tuple[datetime, datetime] | None:
    """When a visitor's PIN opens: through the whole visit, or once they left a daily one, from the
    next day on. None: never again."""
    if visit.daily and visitor.left_at is not None:
        return visit.window_after(visitor.left_at)
    return visit.starts_at, visit.ends_at


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
