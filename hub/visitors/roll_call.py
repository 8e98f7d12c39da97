"""Who is inside, by name, for an evacuation: from doors, attendance and the visitors' register.

Three sources, each with what it cannot know: a zone counts who was let in and not seen to leave; a
punch says that somebody came to work, not where they are; the register says who signed in. Somebody
in two of them is told once, by the one that knows the place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hub.attendance.domain import Day, work_date_of
from hub.attendance.service import AttendanceService
from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import repository as people
from hub.people.domain import Person
from hub.sites import repository as sites
from hub.sites.domain import Site, SiteState, Zone
from hub.sites.kinds import SITE
from hub.staff import repository as staff
from hub.visitors.beyond_zones import Beyond, beyond_zones
from hub.visitors.domain import Visit, Visitor
from hub.visitors.service import VisitorsService
from hub.web.core import Core
from hub.web.rights import SYSTEM, Principal
from hub.zones.domain import Occupancy, Whereabouts
from hub.zones.service import ZonesService

_log = structlog.get_logger(__name__)
_EVERY_ZONE: Final = 100_000


class Known(StrEnum):
    """By what somebody is thought to be inside."""

    ZONE = "zone"
    """They were let in by a door and not seen to leave."""
    DOOR = "door"
    """They went by a door out of a zone into a part of the building that is none."""
    ATTENDANCE = "attendance"
    """They came to work today and did not go; where they are is not known."""
    REGISTER = "register"
    """A visitor who came and was not signed out."""


class Doubt(StrEnum):
    """Why the list may be wrong."""

    CONTROLLER_AWAY = "controller_away"
    """Nothing is known of these doors since."""
    DOOR_OPEN = "door_open"
    """Anybody may have gone in or out."""
    UNWATCHED_EXIT = "unwatched_exit"
    """Who left by it is still counted."""
    NO_ZONE = "no_zone"
    """Nobody is followed through this site's doors: only punches and the register count."""


@dataclass(frozen=True, slots=True)
class RollLine:
    """Somebody to be looked for. `since`: when they went in or came."""

    known_by: Known
    person_id: str | None
    visitor_id: str | None
    name: str
    name_kana: str
    department: str
    zone_id: str | None
    zone: str
    since: datetime
    door: str
    site_id: str | None


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """A doubt: about which door, zone or controller (`name`), and since when, where that is
    known."""

    doubt: Doubt
    name: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class RollCall:
    """Who is inside as far as is known at `at`; `site` None: every site within reach."""

    at: datetime
    site: Site | None
    lines: tuple[RollLine, ...]
    doubts: tuple[Uncertainty, ...]

    @property
    def is_sure(self) -> bool:
        """Whether everything that counts was seen and heard of."""
        return not self.doubts


class RollCallService:
    """Calls the roll."""

    def __init__(
        self,
        core: Core,
        rows: AuditedRows,
        zones: ZonesService,
        attendance: AttendanceService,
        visitors: VisitorsService,
    ) -> None:
        self._core = core
        self._rows = rows
        self._zones = zones
        self._attendance = attendance
        self._visitors = visitors

    def call(self, who: Principal, site_id: str | None = None) -> RollCall:
        """Give who is inside a site, or all sites within reach; raise `404 not_found`."""
        site = self._rows.get(who, SITE, site_id) if site_id is not None else None
        now = self._core.clock.now()
        found = [
            each
            for each in self._zones.occupancies(who, _EVERY_ZONE)
            if site_id is None or each.zone.site_id == site_id
        ]
        working, went_home = self._working(now)
        guests = self._visitors.inside(who)
        with self._core.db.read() as scope:
            lines = _of_zones(scope, found)
            known = {line.person_id for line in lines}
            beyond = beyond_zones(scope, now, went_home)
            lines += _of_doors(scope, who, site_id, beyond, known)
            known |= {line.person_id for line in lines}
            lines += _of_punches(scope, who, site_id, working, known)
            lines = _with_departments(scope, lines, work_date_of(now))
            lines += _of_register(site_id, guests)
            doubts = self._doubts(scope, who, found, site)
        self._note(who, site_id, now, len(lines))
        lines.sort(key=lambda line: (line.zone == "", line.zone, line.name_kana, line.name))
        return RollCall(now, site, tuple(lines), tuple(doubts))

    def _note(self, who: Principal, site_id: str | None, now: datetime, count: int) -> None:
        """Note in the audit log who read it. In an evacuation the list comes all the same, if the
        database takes no writes: the log of the hub says so then."""
        target = ("roll_call", site_id or "all")
        said = {"count": count}
        try:
            self._core.db.write(
                lambda scope: record(scope, now, who, "roll_call.read", target, said)
            )
        except SQLAlchemyError:
            _log.exception("roll_call_not_noted", actor=who.id)

    def _working(
        self, now: datetime
    ) -> tuple[dict[str, tuple[datetime, str]], dict[str, datetime]]:
        """Who is at work by their newest day: since when, and the reader of its last tap, empty
        where a correction alone says that they came; and when the others went."""
        today = work_date_of(now)
        days = self._attendance.days(SYSTEM, today - timedelta(days=1), today, None)
        newest = {day.person_id: day for day in days if day.shifts}
        working = {
            day.person_id: (day.shifts[-1].starts_at or now, _last_reader(day))
            for day in newest.values()
            if day.is_in
        }
        gone = {one.person_id: one.last_out for one in newest.values() if one.last_out is not None}
        return working, gone

    def _doubts(
        self, scope: Scope, who: Principal, found: list[Occupancy], site: Site | None
    ) -> list[Uncertainty]:
        """Why the list may be wrong: of every controller there, also of one that has no zone but a
        terminal, and of every site without zones."""
        controllers = {
            each.id: each
            for each in sites.active_controllers(scope)
            if who.reaches(each.site_id) and (site is None or each.site_id == site.id)
        }
        away = self._zones.unheard(scope, controllers.values())
        for occupancy in found:
            away |= dict.fromkeys(occupancy.away - controllers.keys(), occupancy.as_of)
        told: dict[tuple[Doubt, str], datetime | None] = {}
        for controller_id, since in sorted(away.items(), key=lambda each: each[0]):
            controller = controllers.get(controller_id) or sites.controller(scope, controller_id)
            name = controller.name if controller is not None else controller_id
            told[Doubt.CONTROLLER_AWAY, name] = since
        for occupancy in found:
            for door in occupancy.standing_open:
                told[Doubt.DOOR_OPEN, door.name] = None
            for door in occupancy.unwatched:
                told[Doubt.UNWATCHED_EXIT, door.name] = None
        called = {site.id} if site is not None else {each.site_id for each in controllers.values()}
        for site_id in sorted(called - {each.zone.site_id for each in found}):
            unzoned = sites.site(scope, site_id)
            told[Doubt.NO_ZONE, unzoned.name if unzoned is not None else ""] = None
        return [Uncertainty(doubt, name, since) for (doubt, name), since in told.items()]


def _last_reader(day: Day) -> str:
    """The reader of the last tap of a day; empty where there was none."""
    taps = [each.punch.reader_id for each in day.punches if each.punch.reader_id]
    return taps[-1] if taps else ""


def _of_zones(scope: Scope, found: list[Occupancy]) -> list[RollLine]:
    """Everybody by the innermost zone that they are in."""
    innermost: dict[str, tuple[Whereabouts, Occupancy]] = {}
    for occupancy in found:
        for where in occupancy.inside:
            before = innermost.get(where.person_id)
            if before is None or (where.depth, where.since) > (before[0].depth, before[0].since):
                innermost[where.person_id] = where, occupancy
    names = people.people_by_id(scope, innermost)
    lines = []
    for person_id, (where, occupancy) in innermost.items():
        doors = {door.id: door.name for door in occupancy.doors}
        zone = occupancy.zone
        by, person = doors.get(where.door_id, ""), names.get(person_id)
        lines.append(_staff(person, person_id, Known.ZONE, where.since, zone.site_id, zone, by))
    return lines


def _of_doors(
    scope: Scope,
    who: Principal,
    site_id: str | None,
    beyond: Mapping[str, Beyond],
    known: set[str | None],
) -> list[RollLine]:
    """Whoever no zone counts behind the door by which they went in."""
    names = people.people_by_id(scope, set(beyond) - {one for one in known if one is not None})
    return [
        _staff(names[one], one, Known.DOOR, at.since, at.door.site_id, door=at.door.name)
        for one, at in beyond.items()
        if one in names and who.reaches(at.door.site_id) and site_id in (None, at.door.site_id)
    ]


def _of_punches(
    scope: Scope,
    who: Principal,
    site_id: str | None,
    working: Mapping[str, tuple[datetime, str]],
    known: set[str | None],
) -> list[RollLine]:
    names = people.people_by_id(scope, set(working) - {one for one in known if one is not None})
    lines = []
    for person_id in names:
        since, reader_id = working[person_id]
        at = _site_of(scope, reader_id)
        # Of whom nobody knows where they are every roll tells: better looked for in vain.
        if at is not None and (not who.reaches(at) or site_id not in (None, at)):
            continue
        lines.append(_staff(names[person_id], person_id, Known.ATTENDANCE, since, at))
    return lines


def _staff(
    person: Person | None,
    person_id: str,
    by: Known,
    since: datetime,
    site_id: str | None,
    zone: Zone | None = None,
    door: str = "",
) -> RollLine:
    return RollLine(
        known_by=by,
        person_id=person_id,
        visitor_id=None,
        name=person.name if person is not None else "",
        name_kana=person.name_kana if person is not None else "",
        department=person.organisation if person is not None else "",
        zone_id=zone.id if zone is not None else None,
        zone=zone.name if zone is not None else "",
        since=since,
        door=door,
        site_id=site_id,
    )


def _with_departments(scope: Scope, lines: list[RollLine], today: date) -> list[RollLine]:
    """Say of staff the department they are in now; of others the organisation stands there."""
    ids = {line.person_id for line in lines if line.person_id is not None}
    names = staff.department_names(scope, ids, today)
    return [
        replace(line, department=names.get(line.person_id or "", line.department)) for line in lines
    ]


def _of_register(site_id: str | None, guests: tuple[tuple[Visit, Visitor], ...]) -> list[RollLine]:
    return [
        RollLine(
            known_by=Known.REGISTER,
            person_id=None,
            visitor_id=visitor.id,
            name=visitor.name,
            name_kana=visitor.name_kana,
            department=visit.organisation,
            zone_id=None,
            zone="",
            since=visitor.arrived_at or visit.starts_at,
            door="",
            site_id=visit.site_id,
        )
        for visit, visitor in guests
        if site_id is None or visit.site_id == site_id
    ]


def _site_of(scope: Scope, reader_id: str) -> str | None:
    reader = sites.reader(scope, reader_id)
    device = sites.device(scope, reader.device_id) if reader is not None else None
    controller = sites.controller(scope, device.controller_id) if device is not None else None
    if controller is None or controller.state is not SiteState.ACTIVE:
        return None
    return controller.site_id
