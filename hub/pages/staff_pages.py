"""What the pages of staff show, read within what the principal may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.accounts.service import AccountsService
from hub.pages.views.door import Chip
from hub.pages.views.staff import (
    DepartmentLine,
    LeaverLine,
    StaffLine,
    StintLine,
    held_by,
    leaver_line,
    staff_line,
    standing,
    stint_line,
    tree,
)
from hub.pages.words import Words
from hub.people import repository as people
from hub.people.domain import Person
from hub.staff import leavers, repository
from hub.staff.domain import Department, Employment, StaffContact
from hub.staff.service import StaffFilter, StaffService
from hub.web.core import Core
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState

PAGE = 50


@dataclass(frozen=True, slots=True)
class StaffList:
    """A page of the list."""

    lines: tuple[StaffLine, ...]
    next_cursor: str
    departments: tuple[DepartmentLine, ...]
    kinds: Mapping[str, str]
    leavers: int
    may_write: bool


@dataclass(frozen=True, slots=True)
class StaffPage:
    """One person as staff."""

    person: Person
    name: str
    stints: tuple[StintLine, ...]
    standing: Chip | None
    held: tuple[str, ...]
    contact: StaffContact | None
    departments: tuple[DepartmentLine, ...]
    kinds: Mapping[str, str]
    now: StintLine | None
    anew_on: str
    """From when somebody whose employment ends can be employed anew; empty without such an end."""
    elsewhere: tuple[tuple[str, str], ...]
    """Their other pages that the reader may open: path, and name in the catalogue."""
    has_left: bool
    blocked: bool
    blocks_by_itself: bool
    may_write: bool


@dataclass(frozen=True, slots=True)
class StaffPages:
    """Reads for the pages of staff."""

    core: Core
    staff: StaffService
    accounts: AccountsService

    def departments(self) -> dict[str, Department]:
        """Give every department, by id."""
        return {each.id: each for each in self.staff.departments()}

    def tree(self, words: Words, on: date) -> tuple[DepartmentLine, ...]:
        """Give departments as a tree, with who leads each on a date and how many are there."""
        with self.core.db.read() as scope:
            held = repository.employments_between(scope, on, on)
            places = [each for found in held.values() for each in found]
            known = people.people_by_id(scope, {each.person_id for each in places if each.heads})
        names: dict[str, list[str]] = {}
        for each in places:
            if each.heads and each.person_id in known:
                person = known[each.person_id]
                names.setdefault(each.department_id, []).append(
                    words.name(person.name, person.name_en)
                )
        heads = {department: tuple(sorted(found)) for department, found in names.items()}
        counts = Counter(each.department_id for each in places)
        return tree(self.staff.departments(), heads, counts, words)

    def listed(
        self, who: Principal, wanted: StaffFilter, cursor: str | None, words: Words
    ) -> StaffList:
        """Give a page of those employed on a date."""
        page = self.staff.page(who, wanted, cursor, PAGE)
        departments, kinds = self.departments(), self.staff.kinds
        return StaffList(
            lines=tuple(staff_line(each, departments, kinds, words) for each in page.items),
            next_cursor=page.next_cursor or "",
            departments=self.tree(words, wanted.on),
            kinds=kinds,
            leavers=len(self.staff.leavers(who)),
            may_write=_may_write(who),
        )

    def page(self, who: Principal, person_id: str, words: Words) -> StaffPage:
        """Give a person's page; raises `not_found`."""
        found = self.staff.member(who, person_id)
        person, departments = found.person, self.departments()
        last = found.employments[-1].ends_on if found.employments else None
        with self.core.db.read() as scope:
            left = {person_id: last or words.today}
            (held,) = leavers.what_lets_in(scope, left, words.now)
            groups = [people.group(scope, each) for each in held.groups]
        names = [words.name(each.name, each.name_en) for each in groups if each]
        kinds = self.staff.kinds
        stints = [stint_line(each, departments, kinds, words) for each in found.employments]
        return StaffPage(
            person=person,
            name=words.name(person.name, person.name_en),
            stints=tuple(reversed(stints)),
            standing=standing(found.employments, words),
            held=held_by(held, names, words),
            contact=found.contact,
            departments=tree(self.staff.departments(), {}, {}, words),
            kinds=kinds,
            now=next(
                (
                    line
                    for each, line in zip(found.employments, stints, strict=True)
                    if each.holds(words.today)
                ),
                None,
            ),
            anew_on=_anew_on(last, words.today),
            elsewhere=(
                *_elsewhere(who, person_id, found.employments, words.today),
                *self._logins(who, person_id),
            ),
            has_left=last is not None and last < words.today,
            blocked=person.state is not EntryState.ACTIVE,
            blocks_by_itself=self.core.settings.staff.block_leavers,
            may_write=_may_write(who),
        )

    def _logins(self, who: Principal, person_id: str) -> list[tuple[str, str]]:
        """Their login, or the form that makes one."""
        if not who.may(Right.ACCOUNTS_READ):
            return []
        found = self.accounts.users_of_person(person_id)
        if found:
            return [(f"/accounts/{each.id}", "login") for each in found]
        writes = who.may(Right.ACCOUNTS_WRITE) and who.sites is None
        return [(f"/accounts/new?person={person_id}", "login_new")] if writes else []

    def leavers(self, who: Principal, words: Words) -> tuple[LeaverLine, ...]:
        """Give those who have left and whom something still lets in."""
        found = self.staff.leavers(who)
        ids = {each for _, leaver in found for each in leaver.groups}
        with self.core.db.read() as scope:
            groups = {each: people.group(scope, each) for each in ids}
        names = {key: words.name(g.name, g.name_en) for key, g in groups.items() if g}
        return tuple(
            leaver_line(
                person, leaver, [names[each] for each in leaver.groups if each in names], words
            )
            for person, leaver in found
        )


def _anew_on(last: date | None, today: date) -> str:
    """The day after a last day that is to come."""
    return (last + timedelta(days=1)).isoformat() if last is not None and last >= today else ""


def _elsewhere(
    who: Principal, person_id: str, career: Sequence[Employment], today: date
) -> tuple[tuple[str, str], ...]:
    places: list[tuple[str, str]] = []
    if who.may(Right.ATTENDANCE_READ):
        places.append((f"/attendance/people/{person_id}", "month"))
        now = next((each.department_id for each in career if each.holds(today)), None)
        if now is not None:
            places.append((f"/rosters/{now}", "roster"))
        places.append((f"/leave/people/{person_id}", "leave"))
    if who.may(Right.PEOPLE_READ):
        places.append((f"/cards/people/{person_id}", "cards_link"))
    return tuple(places)


def _may_write(who: Principal) -> bool:
    return who.may(Right.STAFF_WRITE) and who.sites is None
