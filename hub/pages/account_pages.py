"""What the pages of logins show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.accounts.domain import User, UserState
from hub.accounts.service import AccountsService
from hub.audit.rows import AuditedRows
from hub.pages.views.choice import Choice
from hub.pages.views.door import Chip
from hub.pages.words import Words
from hub.people import repository as people
from hub.people.domain import Person
from hub.sites.kinds import SITE
from hub.web.core import Core
from hub.web.rights import SYSTEM, Principal, Right, Role

PAGE: Final = 50
_MOST: Final = 500
_STATE: Final = {UserState.ACTIVE: ("good", "check"), UserState.DISABLED: ("bad", "cross")}


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One login as people read it."""

    id: str
    login: str
    name: str
    role: str
    person_id: str
    person: str
    sites: str
    last_login: str
    chip: Chip


@dataclass(frozen=True, slots=True)
class AccountForm:
    """What the form of a login holds, as it stands or as it was typed. `number` finds a person who
    is not named yet."""

    login: str = ""
    name: str = ""
    role: Role = Role.STAFF
    sites: tuple[str, ...] = ()
    whole_town: bool = False
    """Said and not left unsaid: no site ticked is nowhere, not everywhere."""
    person_id: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class AccountPages:
    """Reads for the pages of logins."""

    core: Core
    rows: AuditedRows
    accounts: AccountsService

    def listed(self, cursor: str | None, words: Words) -> tuple[tuple[AccountLine, ...], str]:
        """Give a page of logins, and where the next one begins."""
        page = self.accounts.users(cursor, PAGE)
        return self.lines(page.items, words), page.next_cursor or ""

    def lines(self, users: tuple[User, ...], words: Words) -> tuple[AccountLine, ...]:
        """Give logins as people read them."""
        with self.core.db.read() as scope:
            known = people.people_by_id(scope, {each.person_id for each in users if each.person_id})
        names = {each.value: each.text for each in self.sites(words)}
        return tuple(_line(each, known, names, words) for each in users)

    def sites(self, words: Words) -> tuple[Choice, ...]:
        """Give every site that a login may be limited to."""
        found = self.rows.page(SYSTEM, SITE, None, _MOST).items
        return tuple(Choice(each.id, words.name(each.name, each.name_en)) for each in found)

    def person_name(self, person_id: str, words: Words) -> str:
        """Give somebody's name; empty for nobody."""
        with self.core.db.read() as scope:
            found = people.person(scope, person_id)
        return words.name(found.name, found.name_en) if found else ""

    def id_by_number(self, number: str) -> str | None:
        """Give who has a staff number."""
        with self.core.db.read() as scope:
            return people.id_by_staff_number(scope, number)

    def for_person(self, person_id: str, words: Words) -> AccountForm:
        """Give the form of a login for somebody; an empty one for nobody."""
        name = self.person_name(person_id, words)
        return AccountForm(name=name, person_id=person_id) if name else AccountForm()


def roles(words: Words) -> tuple[Choice, ...]:
    """Give every role, in words."""
    return tuple(Choice(each.value, words.t(f"account_role.{each}")) for each in Role)


def form_of(user: User) -> AccountForm:
    """Give a login's form as it stands."""
    return AccountForm(
        user.login,
        user.name,
        user.role,
        user.sites or (),
        user.sites is None,
        user.person_id or "",
    )


def may_write(who: Principal) -> bool:
    """Whether somebody may make and change logins: as the service has it."""
    return who.may(Right.ACCOUNTS_WRITE) and who.sites is None


def _line(user: User, known: dict[str, Person], sites: dict[str, str], words: Words) -> AccountLine:
    person = known.get(user.person_id or "")
    if user.sites is None:
        where = words.t("accounts.all_sites")
    else:
        where = words.t("words.comma").join(sites.get(each, each) for each in user.sites)
    last = user.last_login_at
    return AccountLine(
        id=user.id,
        login=user.login,
        name=user.name,
        role=words.t(f"account_role.{user.role}"),
        person_id=user.person_id or "",
        person=words.name(person.name, person.name_en) if person else "",
        sites=where,
        last_login=words.when(last) if last else words.t("accounts.never"),
        chip=Chip(*_STATE[user.state], words.t(f"accounts.{user.state}")),
    )
