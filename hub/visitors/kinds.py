"""The rules of visits and visitors. Personal data does not go into the audit log, which keeps
everything: it says that a name was changed, not to what."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.audit.rows import RowKind
from hub.database.scope import Scope
from hub.people import repository as people
from hub.people.kinds import PERSON
from hub.sites import repository as sites
from hub.sites.domain import SiteState
from hub.sites.kinds import SITE
from hub.visitors.domain import Visit, Visitor
from hub.visitors.tables import visitors, visits
from hub.web.problems import invalid


def _visits_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    return visits.c.site_id.in_(site_ids)


def _visitors_within(site_ids: frozenset[str]) -> ColumnElement[bool]:
    ours = sa.select(visits.c.id).where(visits.c.site_id.in_(site_ids))
    return visitors.c.visit_id.in_(ours)


def _check_visit(scope: Scope, _before: Visit | None, after: Visit) -> None:
    if after.ends_at <= after.starts_at:
        raise invalid("ends_at", "before_start", "a visit ends after it starts")
    if after.daily:
        for name in ("starts_at", "ends_at"):
            at = getattr(after, name)
            if at.second or at.microsecond:  # doors know hours of a day to the minute
                raise invalid(name, "minutes", "each day's hours are whole minutes")
        start, end = after.window_on(after.starts_at)
        if end <= start:
            raise invalid("ends_at", "hours", "each day's hours end after they start")
    doors = sites.doors_by_id(scope, after.doors)
    for door_id in after.doors:
        door = doors.get(door_id)
        if door is None or door.site_id != after.site_id or door.state is not SiteState.ACTIVE:
            raise invalid("doors", "unknown", "a visit opens doors of its own site")
    for zone_id in after.zones:
        zone = sites.zone(scope, zone_id)
        if zone is None or zone.site_id != after.site_id:
            raise invalid("zones", "unknown", "a visit opens zones of its own site")
    if after.escort_required and not after.leaders:
        raise invalid("host_id", "missing", "who needs an escort has a host or names escorts")
    known = people.people_by_id(scope, after.escorts)
    for escort in after.escorts:
        if escort not in known and people.group(scope, escort) is None:
            raise invalid("escorts", "unknown", "an escort is a person or a group of this town")


VISIT: Final = RowKind(
    "visit",
    visits,
    Visit,
    within=_visits_within,
    references={"site_id": SITE, "host_id": PERSON},
    check=_check_visit,
    hidden=frozenset({"organisation", "purpose", "note"}),
)
VISITOR: Final = RowKind(
    "visitor",
    visitors,
    Visitor,
    within=_visitors_within,
    references={"visit_id": VISIT},
    hidden=frozenset({"name", "name_kana"}),
)
