"""From a file as it was understood and the town as it is, to all that would be done. Pure.

The plan is made twice: for the trial, and anew in the transaction that does it; its digest tells
whether both are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from hub.people.domain import Person
from hub.staff.careers import (
    Career,
    CareerCode,
    CareerError,
    Stint,
    Wish,
    as_filed,
    holding,
    last_day,
)
from hub.staff.domain import Department, Place, StaffContact
from hub.staff.profile import Shape, StaffField
from hub.staff.rows import Line, RowCode, Sheet, Wrong, column_of
from hub.tabular.dates import plain
from hub.tabular.digests import plan_digest
from wire.policy_bodies import EntryState

_DAY: Final = timedelta(days=1)
_NEW: Final = "new:"
"""Before the code of a department that the plan makes, where an id stands."""


class StaffDone(StrEnum):
    """What is done about a row, or would be."""

    MADE = "made"
    """Somebody who was not employed so far."""
    CHANGED = "changed"
    MOVED = "moved"
    """To another place from a day on."""
    ENDED = "ended"
    UNCHANGED = "unchanged"
    PAST = "past"
    """They left before the file begins to hold, and are not known: nothing to do."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changes: a field, and what stands there before and after, as text."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class NewDepartment:
    """A department that the plan makes."""

    code: str
    name: str
    parent_code: str | None
    row: int


@dataclass(frozen=True, slots=True)
class NewCard:
    """A card that somebody gets."""

    identity: bytes
    label: str


@dataclass(frozen=True, slots=True)
class Doing:
    """What is done about one row. `person` are the columns to write; `is_blocked` says that the
    doors deny somebody whom the file employs."""

    row: int
    number: str
    name: str
    done: StaffDone
    person_id: str | None
    person: Mapping[str, Any]
    before: Career
    after: Career
    contact: StaffContact | None
    card: NewCard | None
    changes: tuple[Change, ...]
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class ProposedLeaver:
    """Somebody employed whom a complete file does not name."""

    person_id: str
    number: str
    name: str
    department_id: str


@dataclass(frozen=True, slots=True)
class Known:
    """The town as it is: people by staff number, careers and contacts by person, card owners by
    identity (the person's id, None for a card of nobody), and who is employed on the day on which
    the file begins to hold."""

    people: Mapping[str, Person]
    careers: Mapping[str, Career]
    contacts: Mapping[str, StaffContact]
    departments: Sequence[Department]
    cards: Mapping[bytes, str | None]
    employed: Sequence[ProposedLeaver]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a file does. `shrinks`: so many are missing in it that none may be ended unasked."""

    doings: tuple[Doing, ...]
    wrong: tuple[Wrong, ...]
    departments: tuple[NewDepartment, ...]
    leavers: tuple[ProposedLeaver, ...]
    shrinks: bool

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each end."""
        found = {each.value: 0 for each in StaffDone}
        for doing in self.doings:
            found[doing.done.value] += 1
        found[StaffDone.REFUSED.value] = len({each.row for each in self.wrong})
        return {name: count for name, count in found.items() if count}

    @property
    def digest(self) -> str:
        """Name all that would be done."""
        told = (self.doings, self.wrong, self.departments)
        leavers = sorted(each.person_id for each in self.leavers)
        return plan_digest([told, leavers, self.shrinks])


def plan(sheet: Sheet, shape: Shape, known: Known, effective_on: date, shrink_percent: int) -> Plan:
    """Give all that a file does that holds from a date."""
    planner = _Planner(shape, known, effective_on)
    doings = [doing for line in sheet.lines if (doing := planner.row(line)) is not None]
    planner.check_parents()
    leavers: tuple[ProposedLeaver, ...] = ()
    if shape.complete and not sheet.unnamed:
        leavers = tuple(each for each in known.employed if each.number not in sheet.numbers)
    return Plan(
        doings=tuple(doings),
        wrong=tuple(sorted((*sheet.wrong, *planner.wrong), key=lambda one: (one.row, one.field))),
        departments=tuple(planner.made.values()),
        leavers=leavers,
        shrinks=len(leavers) * 100 > len(known.employed) * shrink_percent,
    )


class _Planner:
    """Goes through the rows, remembering what earlier ones make."""

    def __init__(self, shape: Shape, known: Known, effective_on: date) -> None:
        self._shape, self._known, self._on = shape, known, effective_on
        self._by_code = {each.code: each for each in known.departments}
        self._by_name: dict[str, list[Department]] = {}
        for each in known.departments:
            self._by_name.setdefault(plain(each.name), []).append(each)
        self._names = {each.id: each.name for each in known.departments}
        self._cards: dict[bytes, str] = {}
        self.made: dict[str, NewDepartment] = {}
        self.wrong: list[Wrong] = []

    def row(self, line: Line) -> Doing | None:
        """Give what a row does; None where it is refused."""
        department = self._department(line)
        if self._is_card_wrong(line) or department is None:
            return None
        card = self._new_card(line)
        known = self._known.people.get(line.number)
        before = self._known.careers.get(known.id, ()) if known else ()
        wish = self._wish(line, department, before)
        try:
            after = as_filed(before, wish, self._on)
        except CareerError as error:
            self._refuse_career(line, error)
            return None
        person = self._person(line, known)
        contact = self._contact(line, known)
        changes = (
            *self._changes(known, person, before, after),
            *([Change("mail", self._mail(known), line.mail or "")] if contact else ()),
            *([Change("card", "", line.card_label)] if card else ()),
        )
        doing = Doing(
            row=line.row,
            number=line.number,
            name=line.name,
            done=_done(known, before, after, wish, self._on, changed=bool(changes)),
            person_id=known.id if known else None,
            person=person,
            before=before,
            after=after,
            contact=contact,
            card=card,
            changes=changes,
            is_blocked=known is not None and known.state is not EntryState.ACTIVE,
        )
        # Who left before the town knew them is not taken up.
        past = doing.done is StaffDone.PAST
        return replace(doing, person={}, after=before, contact=None, card=None) if past else doing

    def check_parents(self) -> None:
        """Refuse departments that would belong to none that is there, or to themselves."""
        for each in list(self.made.values()):
            seen, parent = {each.code}, each.parent_code
            while parent is not None:
                made = self.made.get(parent)
                if parent in seen or (made is None and parent not in self._by_code):
                    self._refuse(each.row, RowCode.PARENT_UNKNOWN, StaffField.PARENT_CODE)
                    break
                seen.add(parent)
                parent = made.parent_code if made else None

    def _refuse(self, row: int, code: RowCode, field: StaffField) -> None:
        self.wrong.append(Wrong(row, code, field, column_of(self._shape, field)))

    def _refuse_career(self, line: Line, error: CareerError) -> None:
        code = RowCode.INVERTED if error.code is CareerCode.INVERTED else RowCode.OVERLAPS
        at_end = error.field == "ends_on" or not self._shape.has(StaffField.STARTS_ON)
        field = StaffField.ENDS_ON if at_end and line.says_end else StaffField.STARTS_ON
        self._refuse(line.row, code, field)

    # --- departments ---

    def _department(self, line: Line) -> str | None:
        """Give the id of a row's department, or what stands for it until it is made."""
        code, name = line.department_code, line.department_name
        if code is None:
            found = self._by_name.get(plain(name or ""), [])
            if len(found) == 1:
                return found[0].id
            why = RowCode.DEPARTMENT_AMBIGUOUS if found else RowCode.DEPARTMENT_UNKNOWN
            self._refuse(line.row, why, StaffField.DEPARTMENT_NAME)
            return None
        if code in self._by_code:
            return self._by_code[code].id
        if not self._shape.make_departments or not name:
            self._refuse(line.row, RowCode.DEPARTMENT_UNKNOWN, StaffField.DEPARTMENT_CODE)
            return None
        made = self.made.setdefault(code, NewDepartment(code, name, line.parent_code, line.row))
        if (made.name, made.parent_code) != (name, line.parent_code):
            self._refuse(line.row, RowCode.DEPARTMENT_NAMED_TWICE, StaffField.DEPARTMENT_NAME)
            return None
        self._names[_NEW + code] = name
        return _NEW + code

    # --- what is wished ---

    def _wish(self, line: Line, department: str, before: Career) -> Wish:
        """What the file says nothing of stays as it is in the same place."""
        now = holding(before, max(line.starts_on or self._on, self._on))
        same = now.place if now is not None and now.place.department_id == department else None
        post = line.post if line.post is not None else (same.post if same else "")
        kept = same is not None and same.post == post and same.heads
        heads = line.heads if line.heads is not None else kept
        place = Place(department, line.kind, post, heads)
        return Wish(place, line.starts_on, line.says_end, line.ends_on)

    def _person(self, line: Line, known: Person | None) -> dict[str, Any]:
        said = {"name": line.name, "name_kana": line.name_kana, "name_en": line.name_en}
        given = {name: text for name, text in said.items() if text is not None}
        if known is None:
            return {"staff_number": line.number, "name_kana": "", "name_en": ""} | given
        return {name: text for name, text in given.items() if getattr(known, name) != text}

    def _contact(self, line: Line, known: Person | None) -> StaffContact | None:
        if line.mail is None or line.mail == self._mail(known):
            return None
        had = self._known.contacts.get(known.id) if known else None
        return StaffContact(known.id if known else "", line.mail, had.language if had else "ja")

    def _mail(self, known: Person | None) -> str:
        had = self._known.contacts.get(known.id) if known else None
        return (had.mail if had else None) or ""

    def _is_card_wrong(self, line: Line) -> bool:
        """Refuse a card that two rows name, or that is somebody else's."""
        if line.card is None:
            return False
        known = self._known.people.get(line.number)
        owner = known.id if known else ""
        if self._cards.setdefault(line.card, line.number) != line.number:
            self._refuse(line.row, RowCode.CARD_TWICE, StaffField.CARD)
            return True
        if self._known.cards.get(line.card, owner) != owner:
            self._refuse(line.row, RowCode.CARD_OF_OTHER, StaffField.CARD)
            return True
        return False

    def _new_card(self, line: Line) -> NewCard | None:
        if line.card is None or line.card in self._known.cards:
            return None
        return NewCard(line.card, line.card_label)

    # --- what is told ---

    def _changes(
        self, known: Person | None, person: Mapping[str, Any], before: Career, after: Career
    ) -> tuple[Change, ...]:
        names = tuple(
            Change(name, getattr(known, name), text) for name, text in person.items() if known
        )
        gone = [self._told(each) for each in before if each not in after]
        new = [self._told(each) for each in after if each not in before]
        if not gone and not new:
            return names
        return (*names, Change("employment", " / ".join(gone), " / ".join(new)))

    def _told(self, stint: Stint) -> str:
        """`2026-04-01 – : 総務課 主査`."""
        place = stint.place
        end = stint.ends_on.isoformat() if stint.ends_on else ""
        at = self._names.get(place.department_id, "")
        return " ".join(
            filter(None, [f"{stint.starts_on.isoformat()} – {end}".strip(), at, place.post])
        )


def made_code(department_id: str) -> str | None:
    """Give the code of a department that a plan makes; None for one that is there."""
    return department_id.removeprefix(_NEW) if department_id.startswith(_NEW) else None


def _done(
    known: Person | None, before: Career, after: Career, wish: Wish, on: date, *, changed: bool
) -> StaffDone:
    if not after:
        return (
            StaffDone.PAST
            if known is None
            else (StaffDone.CHANGED if changed else StaffDone.UNCHANGED)
        )
    if not before:
        return StaffDone.MADE
    if before == after:
        return StaffDone.CHANGED if changed else StaffDone.UNCHANGED
    if last_day(after) is not None and last_day(after) != last_day(before):
        return StaffDone.ENDED
    was, now = (holding(each, max(wish.starts_on or on, on)) for each in (before, after))
    return (
        StaffDone.MOVED
        if was is not None and now is not None and was.place != now.place
        else StaffDone.CHANGED
    )
