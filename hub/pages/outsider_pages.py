"""What the pages of people who are not staff show, read within what the principal may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from hub.audit.rows import AuditedRows
from hub.database.rows import as_all
from hub.pages.views.outsider import (
    OutsiderForm,
    OutsiderLine,
    OutsiderPage,
    choices,
    form_of,
    has_ended,
    line_of,
    span_of,
    standing_of,
)
from hub.pages.views.staff import held_by
from hub.pages.words import Words
from hub.people import repository as people_rows
from hub.people.domain import Group, Person
from hub.people.kinds import PERSON
from hub.people.tables import groups, people
from hub.staff.leavers import what_lets_in
from hub.staff.tables import employments
from hub.web.core import Core
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class OutsiderPages:
    """Reads for the pages of people who are not staff."""

    core: Core
    rows: AuditedRows

    def found(self, who: Principal, asked: str, words: Words) -> tuple[OutsiderLine, ...]:
        """Give those who were never employed here, by name, reading or organisation: who is over
        comes last."""
        p = people.c
        employed = sa.select(employments.c.person_id)
        query = sa.select(people).where(
            PERSON.reach(who),
            p.state != EntryState.REVOKED,
            p.staff_number.is_(None),
            p.id.not_in(employed),
        )
        if asked:
            columns = (p.name, p.name_kana, p.name_en, p.organisation)
            query = query.where(
                sa.or_(*(each.icontains(asked, autoescape=True) for each in columns))
            )
        over = sa.case((p.ends_at <= words.now, 1), else_=0)
        ordered = query.order_by(over, p.organisation, p.name_kana, p.name, p.id).limit(MOST)
        with self.core.db.read() as scope:
            return tuple(line_of(each, words) for each in as_all(Person, scope.all(ordered)))

    def page(
        self, who: Principal, person_id: str, words: Words, typed: OutsiderForm | None = None
    ) -> OutsiderPage:
        """Give somebody, with what was typed where that was refused; raises `not_found`."""
        person = self.rows.get(who, PERSON, person_id)
        every = sa.select(groups).order_by(groups.c.name, groups.c.id)
        with self.core.db.read() as scope:
            theirs = people_rows.groups_of_person(scope, person_id)
            known = as_all(Group, scope.all(every))
            (held,) = what_lets_in(scope, {person_id: words.today}, words.now)
        named = choices(known, theirs, words)
        names = [each.name for each in named if each.id in held.groups]
        return OutsiderPage(
            id=person.id,
            name=words.name(person.name, person.name_en),
            chip=standing_of(person, words),
            span=span_of(person, words),
            form=typed or form_of(person, words),
            groups=named,
            held=held_by(held, names, words),
            ended=person.state is not EntryState.ACTIVE or has_ended(person, words.now),
            may_write=may_write(who),
        )


def may_write(who: Principal) -> bool:
    """Whether somebody may change people: they belong to the whole town."""
    return who.may(Right.PEOPLE_WRITE) and who.sites is None
