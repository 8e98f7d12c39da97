"""What a door's page shows, and what became of an unlock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from hub.bookings import repository as booking_rows
from hub.commands.access import AccessService
from hub.commands.mode_service import ModesService
from hub.commands.service import CommandsService, reachable_door
from hub.database.scope import Scope
from hub.door_tests.service import DoorTestsService
from hub.entries import repository as states
from hub.entries.search import Filters
from hub.pages.console import ConsolePages
from hub.pages.naming import people_names
from hub.pages.views.booking import BookingLine
from hub.pages.views.door import (
    DeviceLine,
    bolt_text,
    device_line,
    leaf_icon,
    leaf_text,
    link_chip,
    state_chip,
)
from hub.pages.views.door_rules import DoorRules, door_rules
from hub.pages.views.door_safety import DoorSafety, door_safety
from hub.pages.views.door_sheet import (
    AccessLine,
    DoorSheet,
    Outcome,
    access_lines,
    barred,
    mode_words,
    outcome_of,
    paused_lines,
)
from hub.pages.words import Words
from hub.sites import repository as sites
from hub.sites.clock_risks import clock_risks_of
from hub.sites.domain import Door
from hub.web.rights import Principal, Right
from wire.events import EventKind

FEED = 10
_LOCKOUT_MAX = timedelta(days=1)
"""No reader is paused for longer."""


@dataclass(frozen=True, slots=True)
class DoorPages:
    """Reads for a door's pages."""

    console: ConsolePages
    commands: CommandsService
    modes: ModesService
    access: AccessService
    tests: DoorTestsService

    def sheet(self, who: Principal, door_id: str, words: Words) -> DoorSheet:
        """Give a door's page; raises `not_found` for a door that is none or not theirs."""
        stream_at = self.console.entries.place()
        ordered = self.modes.get(who, door_id).governing
        with self.console.core.db.read() as scope:
            door = reachable_door(scope, who, door_id)
            site = sites.site(scope, door.site_id)
            state = states.door_state(scope, door_id)
            wired = _wired(scope, door)
            connected = bool(self.console.connections.of(scope, [door.controller_id]))
        mode, detail = mode_words(state, ordered, words)
        feed = self.console.entries.search(who, Filters(door_id=door_id), None, FEED).items
        heard = words.t("door.as_of", time=words.when(state.heard_at)) if state.heard_at else ""
        return DoorSheet(
            id=door.id,
            name=words.name(door.name, door.name_en),
            site=words.name(site.name, site.name_en) if site else "",
            stream_at=stream_at,
            chip=state_chip(state, connected, words),
            icon=leaf_icon(state),
            leaf=leaf_text(state, words),
            leaf_since=words.since(state.leaf_since),
            bolt=bolt_text(state, words),
            bolt_since=words.since(state.bolt_since),
            mode=mode,
            mode_detail=detail,
            link=link_chip(connected, words),
            link_since="" if connected else heard or words.t("door.never"),
            safety=self._safety(who, door, words),
            rules=self._rules(who, door, words),
            is_connected=connected,
            may_unlock=who.may(Right.DOORS_UNLOCK) and door.strike is not None,
            may_mode=who.may(Right.DOORS_MODE),
            order=ordered is not None,
            alarms=self.console.alarms_at(who, words, door, wired),
            devices=self._devices(who, door_id, wired, words),
            bookings=self._bookings(who, door_id, words),
            entries=self.console.lines(who, words, feed),
            access=self._access(who, door_id, words),
            barred=barred(state, words),
            paused=self._paused(who, door_id, words),
        )

    def outcome(self, who: Principal, command_id: str, words: Words) -> Outcome:
        """Give what is known of an unlock."""
        return outcome_of(self.commands.get(who, command_id), words)

    def _safety(self, who: Principal, door: Door, words: Words) -> DoorSafety:
        tests = self.tests.of_door(who, door.id)
        with self.console.core.db.read() as scope:
            risks = clock_risks_of(scope, door)
        may_test = who.may(Right.DOORS_TEST)
        return door_safety(door, tests, words, may_test=may_test, clock_risks=risks)

    def _rules(self, who: Principal, door: Door, words: Words) -> DoorRules:
        firsts = self.access.firsts(who, door.id) if who.may(Right.GRANTS_READ) else None
        with self.console.core.db.read() as scope:
            zones = [sites.zone(scope, each) for each in (door.zone_in, door.zone_out) if each]
            people = people_names(scope, who, words, firsts or ())
        unnamed = words.t("entries.staff_member")
        named = None if firsts is None else [people.get(each, unnamed) for each in firsts]
        hold = self.access.hold(who, door.id)
        return door_rules(door, hold, named, [zone for zone in zones if zone], words)

    def _devices(
        self, who: Principal, door_id: str, wired: Collection[str], words: Words
    ) -> tuple[DeviceLine, ...]:
        """The devices this door is wired to."""
        _, known = self.console.entries.door(who, door_id)
        with self.console.core.db.read() as scope:
            named = {state: sites.device(scope, state.device_id) for state in known}
        return tuple(
            device_line(device.name, state, words)
            for state, device in named.items()
            if device is not None and device.id in wired
        )

    def _paused(self, who: Principal, door_id: str, words: Words) -> tuple[str, ...]:
        """The readers of the door that take no PIN now."""
        since = words.now - _LOCKOUT_MAX
        asked = Filters(start=since, door_id=door_id, kind=EventKind.PIN_LOCKOUT)
        found = self.console.entries.search(who, asked, None, FEED).items
        with self.console.core.db.read() as scope:
            names = {each.id: each.name for each in sites.readers_of_door(scope, door_id)}
        return paused_lines(found, names, words)

    def _bookings(self, who: Principal, door_id: str, words: Words) -> tuple[BookingLine, ...]:
        if not who.may(Right.BOOKINGS_READ):
            return ()
        return self.console.bookings_of(who, words, words.today, None, door_id)

    def _access(self, who: Principal, door_id: str, words: Words) -> tuple[AccessLine, ...] | None:
        if not who.may(Right.GRANTS_READ):
            return None
        found = self.access.at(who, door_id)
        with self.console.core.db.read() as scope:
            people = people_names(scope, who, words, {w.person_id for w in found if w.person_id})
            held = [booking_rows.by_id(scope, w.booking_id) for w in found if w.booking_id]
        contacts = {each.id: each.contact.name for each in held if each and each.contact.name}
        return access_lines(found, people, contacts, words)


def _wired(scope: Scope, door: Door) -> frozenset[str]:
    """The devices a door is wired to."""
    points = {point.device for point in door.points.values()}
    return frozenset(points | {each.device_id for each in sites.readers_of_door(scope, door.id)})
