"""What the pages of schedules show, read within what the principal may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hub.audit.rows import AuditedRows
from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.pages.granting_pages import GrantingPages, RightList
from hub.pages.views.choice import Choice
from hub.pages.views.schedule import (
    NEW_CALENDAR,
    ScheduleLine,
    calendar_choices,
    week_text,
)
from hub.pages.words import Words
from hub.people.domain import Calendar, CalendarSource, Schedule
from hub.people.kinds import CALENDAR, GRANT, SCHEDULE
from hub.people.tables import calendars, grants, schedules
from hub.sites.domain import SiteState
from hub.sites.kinds import DOOR
from hub.sites.tables import doors
from hub.web.core import Core
from hub.web.rights import Principal, Right
from wire.policy_bodies import EntryState


@dataclass(frozen=True, slots=True)
class Used:
    """Where a schedule is used: rights by it, and doors that stand open by it."""

    rights: RightList
    doors: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class SchedulePages:
    """Reads for the pages of schedules, and keeping one with its calendar."""

    core: Core
    rows: AuditedRows
    granting: GrantingPages

    def every(self, who: Principal, words: Words) -> tuple[ScheduleLine, ...]:
        """Give every schedule by name."""
        g, d = grants.c, doors.c
        rights = sa.select(g.schedule_id, sa.func.count().label("held")).where(
            g.schedule_id.is_not(None),
            g.state != EntryState.REVOKED,
            sa.or_(g.end_at.is_(None), g.end_at > words.now),
            GRANT.reach(who),
        )
        held = sa.select(d.hold_schedule, sa.func.count().label("held")).where(
            d.hold_schedule.is_not(None), d.state != SiteState.REMOVED, DOOR.reach(who)
        )
        with self.core.db.read() as scope:
            found = as_all(Schedule, scope.all(sa.select(schedules).order_by(schedules.c.name)))
            by_right = {
                row.schedule_id: row.held for row in scope.all(rights.group_by(g.schedule_id))
            }
            by_door = {
                row.hold_schedule: row.held for row in scope.all(held.group_by(d.hold_schedule))
            }
        return tuple(
            ScheduleLine(
                each.id,
                words.name(each.name, each.name_en),
                week_text(each, words),
                words.t(
                    "schedules.used",
                    rights=by_right.get(each.id, 0),
                    doors=by_door.get(each.id, 0),
                ),
            )
            for each in found
        )

    def one(self, who: Principal, schedule_id: str) -> Schedule:
        """Give a schedule; raises `not_found`."""
        return self.rows.get(who, SCHEDULE, schedule_id)

    def used(self, who: Principal, schedule_id: str, words: Words) -> Used:
        """Say where it is used."""
        query = sa.select(doors.c.id, doors.c.name, doors.c.name_en).where(
            doors.c.hold_schedule == schedule_id,
            doors.c.state != SiteState.REMOVED,
            DOOR.reach(who),
        )
        with self.core.db.read() as scope:
            held = scope.all(query.order_by(doors.c.name))
        return Used(
            self.granting.given(who, words, {"schedule_id": schedule_id}),
            tuple(Choice(row.id, words.name(row.name, row.name_en)) for row in held),
        )

    def calendars(self, words: Words) -> tuple[Choice, ...]:
        """Give the holiday calendars that can be chosen."""
        with self.core.db.read() as scope:
            query = sa.select(calendars).order_by(calendars.c.name)
            found = as_all(Calendar, scope.all(query))
        japan = any(each.source is CalendarSource.JAPAN for each in found)
        named = [(each.id, words.name(each.name, each.name_en)) for each in found]
        return calendar_choices(named, words, has_japan=japan)

    def keep(
        self, who: Principal, before: Schedule | None, values: dict[str, Any], words: Words
    ) -> str:
        """Add or change a schedule, and the calendar of Japan's holidays where it was chosen new;
        give the schedule's id. Raises `DuplicateError` for a name that is taken."""

        def work(scope: Scope) -> str:
            kept = dict(values)
            if kept["calendar_id"] == NEW_CALENDAR:
                made = self.rows.add_in(
                    scope,
                    who,
                    CALENDAR,
                    {
                        "name": words.t("schedules.calendar_name"),
                        "name_en": "",
                        "source": CalendarSource.JAPAN,
                        "added": (),
                        "removed": (),
                    },
                )
                kept["calendar_id"] = made.id
            if before is not None:
                return self.rows.change_in(scope, who, SCHEDULE, before.id, kept).id
            return self.rows.add_in(scope, who, SCHEDULE, {**kept, "tz": words.zone.key}).id

        return self.core.db.write(work)


def may_write(who: Principal) -> bool:
    """Whether somebody may change schedules: they belong to the whole town."""
    return who.may(Right.GRANTS_WRITE) and who.sites is None
