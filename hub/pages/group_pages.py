"""What the pages of groups show, read within what the principal may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from hub.audit.rows import AuditedRows
from hub.database.rows import as_all
from hub.pages.granting_pages import GrantingPages, RightList
from hub.pages.views.choice import Choice
from hub.pages.words import Words
from hub.people.domain import Group, Person
from hub.people.kinds import GROUP, PERSON
from hub.people.tables import group_members, groups, people
from hub.web.core import Core
from hub.web.rights import Principal, Right

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group in the list."""

    id: str
    name: str
    members: int


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who was looked for, and whether they are in the group."""

    id: str
    name: str
    inside: bool


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A group: its people (`MOST` of `count`), those looked for, and what it may open."""

    id: str
    title: str
    name: str
    name_en: str
    members: tuple[Choice, ...]
    count: int
    found: tuple[Found, ...]
    rights: RightList | None
    may_write: bool


@dataclass(frozen=True, slots=True)
class GroupPages:
    """Reads for the pages of groups."""

    core: Core
    rows: AuditedRows
    granting: GrantingPages

    def every(self, who: Principal, words: Words) -> tuple[GroupLine, ...]:
        """Give every group by name, with how many of its people one may see."""
        m = group_members.c
        theirs = sa.select(people.c.id).where(PERSON.reach(who))
        counting = sa.select(m.group_id, sa.func.count().label("held")).where(
            m.person_id.in_(theirs)
        )
        with self.core.db.read() as scope:
            found = as_all(Group, scope.all(sa.select(groups).order_by(groups.c.name)))
            counts = {row.group_id: row.held for row in scope.all(counting.group_by(m.group_id))}
        return tuple(
            GroupLine(each.id, words.name(each.name, each.name_en), counts.get(each.id, 0))
            for each in found
        )

    def page(self, who: Principal, group_id: str, asked: str, words: Words) -> GroupPage:
        """Give a group, with the people of whose name `asked` is a part; raises `not_found`."""
        group = self.rows.get(who, GROUP, group_id)
        inside = sa.select(group_members.c.person_id).where(group_members.c.group_id == group_id)
        theirs = sa.and_(people.c.id.in_(inside), PERSON.reach(who))
        query = sa.select(people).where(theirs)
        ordered = query.order_by(people.c.name_kana, people.c.name, people.c.id).limit(MOST)
        found = self.granting.people(who, words, asked) if asked else ()
        with self.core.db.read() as scope:
            members = as_all(Person, scope.all(ordered))
            count = scope.scalar(sa.select(sa.func.count()).select_from(people).where(theirs))
            among = inside.where(group_members.c.person_id.in_([one.value for one in found]))
            held = {row.person_id for row in scope.all(among)}
        may_read = who.may(Right.GRANTS_READ)
        return GroupPage(
            id=group.id,
            title=words.name(group.name, group.name_en),
            name=group.name,
            name_en=group.name_en,
            members=tuple(Choice(one.id, words.name(one.name, one.name_en)) for one in members),
            count=int(count or 0),
            found=tuple(Found(one.value, one.text, one.value in held) for one in found),
            rights=self.granting.given(who, words, {"group_id": group_id}) if may_read else None,
            may_write=may_write(who),
        )


def may_write(who: Principal) -> bool:
    """Whether somebody may change groups: they belong to the whole town."""
    return who.may(Right.PEOPLE_WRITE) and who.sites is None
