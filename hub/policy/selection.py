"""What is wanted at one controller, as a whole or of what a focus names.

`whole` and `focused` must agree: for every key that `focused` looks at, it says what `whole` says.
A property test holds them together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from hub.database.scope import Scope
from hub.people.domain import Grant
from hub.policy import repository
from hub.policy.focus import Focus
from hub.policy.repository import StoredEntry
from hub.policy.sources import Sources
from hub.policy.wanted import Desired, key
from wire.policy import EntryKey, EntryKind, decode_entry
from wire.policy_bodies import GrantBody, ModeBody, ScheduleBody

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Selection:
    """What is wanted, and the stored entries that it replaces: those of the keys looked at.
    `seal_broken`: something is left out because its row cannot be opened."""

    wanted: Desired
    stored: list[StoredEntry]
    seal_broken: bool = False


def whole(scope: Scope, sources: Sources, controller_id: str) -> Selection:
    """Look at everything."""
    wanted = everything(sources)
    return Selection(wanted, repository.entries(scope, controller_id), sources.seal_broken)


def everything(sources: Sources) -> Desired:
    """Give all that the controller should hold."""
    grants = sources.all_grants()
    persons, cards = _subjects(sources, grants)
    persons |= sources.people_with_pins()
    if sources.takes_punches:
        persons |= sources.everybody()
    schedules = {grant.schedule_id for grant in grants if grant.schedule_id}
    schedules |= sources.hold_schedules()
    return {
        **sources.wiring(),
        **sources.modes(sources.doors),
        **sources.enrolments(),
        **sources.grant_entries(grants),
        **sources.all_pins(),
        **sources.card_entries(cards),
        **sources.people_entries(persons),
        **sources.schedule_entries(schedules),
        **sources.calendar_entries(sources.calendars_of(schedules)),
    }


def _subjects(sources: Sources, grants: Iterable[Grant]) -> tuple[set[str], set[str]]:
    """People and cards whom grants let in. Who holds such a card counts too: were they blocked,
    the door must know it."""
    grants = list(grants)
    persons = {grant.person_id for grant in grants if grant.person_id}
    cards = {grant.card_id for grant in grants if grant.card_id}
    groups = {grant.group_id for grant in grants if grant.group_id}
    return persons | sources.members(groups) | sources.holder_of(cards), cards


def focused(scope: Scope, sources: Sources, controller_id: str, focus: Focus) -> Selection:
    """Look at what a focus names and whatever follows from it."""
    look = _Look(scope, sources, controller_id)
    look.at_modes(focus.modes)
    look.at_enrolments(focus.enrolments)
    owners = look.at_pins(focus.credentials | sources.pins_of(focus.people))
    spread = look.at_grants(focus.grants)
    look.at_people(focus.people | spread.people | owners, focus.cards | spread.cards)
    calendars = look.at_schedules(focus.schedules | spread.schedules)
    look.at_calendars(focus.calendars | calendars)
    look.at_what_is_wanted()
    return Selection(look.wanted, list(look.stored.values()), sources.seal_broken)


class _Look:
    """One look at part of a controller's policy: collects what is wanted and what is stored."""

    def __init__(self, scope: Scope, sources: Sources, controller_id: str) -> None:
        self._scope = scope
        self._sources = sources
        self._controller_id = controller_id
        self.wanted: Desired = {}
        self.stored: dict[EntryKey, StoredEntry] = {}

    def at_modes(self, door_ids: set[str]) -> None:
        """The orders of doors. Few are stored at all, so the stored ones are read and sifted."""
        if not door_ids:
            return
        self.wanted |= self._sources.modes(door_ids)
        for entry in repository.entries_of_kind(self._scope, self._controller_id, EntryKind.MODE):
            if _body(entry, ModeBody).door in door_ids:
                self.stored[entry.key] = entry

    def at_enrolments(self, ids: set[str]) -> None:
        """Enrolments at readers."""
        if ids:
            self._load(key(EntryKind.ENROLMENT, each) for each in ids)
            self.wanted |= self._sources.enrolments(ids)

    def at_pins(self, credential_ids: set[str]) -> set[str]:
        """Credentials' PINs and the grants that let them in; gives the people whose they are."""
        self.wanted |= self._sources.pins(credential_ids)
        for batch in repository.batches(credential_ids):
            self._keep(repository.pin_entries(self._scope, self._controller_id, batch))
        return self._sources.pin_owners(credential_ids)

    def at_grants(self, ids: set[str]) -> Focus:
        """Grants; gives the people, cards and schedules that they concern or did."""
        spread = Focus()
        old = self._load(key(EntryKind.GRANT, grant_id) for grant_id in ids)
        new = self._sources.grants_by_id(ids)
        self.wanted |= self._sources.grant_entries(new)
        bodies = [_body(entry, GrantBody) for entry in old] + [grant.body() for grant in new]
        groups = {body.group for body in bodies if body.group}
        spread.people = {b.person for b in bodies if b.person} | self._sources.members(groups)
        spread.cards = {body.credential for body in bodies if body.credential}
        spread.schedules = {body.schedule for body in bodies if body.schedule}
        return spread

    def at_people(self, persons: set[str], cards: set[str]) -> None:
        """People's flags and cards, and cards by themselves."""
        if not persons and not cards:
            return
        # A card that changed hands concerns whoever has it now and whoever had it.
        had = self._load(key(EntryKind.CREDENTIAL, card_id) for card_id in cards)
        persons = persons | {entry.person_id for entry in had if entry.person_id}
        persons = persons | self._sources.holder_of(cards)
        self._keep(repository.entries_of_people(self._scope, self._controller_id, persons))
        cards = cards | self._sources.cards_of(persons)
        let_in, cards_let_in = _subjects(self._sources, self._sources.grants_for(persons, cards))
        self._load(key(EntryKind.CREDENTIAL, card_id) for card_id in cards)
        self.wanted |= self._sources.card_entries(cards_let_in & cards)
        let_in = let_in | self._sources.people_with_pins(persons)
        if self._sources.takes_punches:
            let_in = persons
        self.wanted |= self._sources.people_entries(let_in & persons)

    def at_schedules(self, ids: set[str]) -> set[str]:
        """Schedules; gives the calendars that they follow or did."""
        if not ids:
            return set()
        old = self._load(key(EntryKind.SCHEDULE, schedule_id) for schedule_id in ids)
        self.wanted |= self._sources.schedule_entries(self._sources.schedules_in_use(ids))
        before = {_body(entry, ScheduleBody).calendar for entry in old}
        return {each for each in before if each} | self._sources.calendars_of(ids)

    def at_calendars(self, ids: set[str]) -> None:
        """Holiday calendars."""
        if not ids:
            return
        self._load(key(EntryKind.HOLIDAY, calendar_id) for calendar_id in ids)
        follows = self._sources.schedules_of_calendars(ids)
        used = self._sources.schedules_in_use(set(follows))
        self.wanted |= self._sources.calendar_entries({follows[each] for each in used})

    def at_what_is_wanted(self) -> None:
        """Whatever is stored under a key that is wanted."""
        self._load(self.wanted.keys() - self.stored.keys())

    def _load(self, keys: Iterable[EntryKey]) -> list[StoredEntry]:
        found = repository.entries(self._scope, self._controller_id, keys)
        self._keep(found)
        return found

    def _keep(self, found: Iterable[StoredEntry]) -> None:
        for entry in found:
            self.stored[entry.key] = entry


def _body(entry: StoredEntry, kind: type[B]) -> B:
    """Read the body of an entry that this hub made itself."""
    return msgspec.json.decode(decode_entry(entry.data).body, type=kind)
