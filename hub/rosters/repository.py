"""Reading and writing patterns, assignments and rosters, and the plans that follow from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.people import repository as people
from hub.people.domain import Calendar, CalendarSource
from hub.people.holiday_dates import dates_of
from hub.rosters.domain import (
    ROSTER_DAYS,
    Assignment,
    DayChange,
    Roster,
    RosterDay,
    ShiftCode,
    SubjectKind,
    WorkPattern,
)
from hub.rosters.planning import PlanFacts, Planner, days_between
from hub.rosters.tables import (
    pattern_assignments,
    roster_day_changes,
    roster_days,
    roster_drafts,
    rosters,
    shift_codes,
    work_patterns,
    working_calendars,
)
from hub.staff import repository as staff
from hub.worktime.domain import DayKind, DayPlan
from hub.worktime.ordinance import Ordinances

_TOWN: Final = "town"
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
_USUAL: Final = Calendar(
    _TOWN, "", "", CalendarSource.JAPAN, (), (), created_at=_LONG_AGO, updated_at=_LONG_AGO
)
"""National holidays and the year's end."""
MANY: Final = 500
"""From how many people on a table is read whole rather than by their ids."""


def plans_between(
    scope: Scope, person_ids: Collection[str], first: date, last: date, ordinances: Ordinances
) -> dict[str, dict[date, DayPlan]]:
    """Give everybody's plans from `first` through `last`, before swaps, in a number of statements
    that does not grow with people or days."""
    days = days_between(first, last)
    planner = Planner(
        facts_between(scope, person_ids, first, last), {day: ordinances.at(day) for day in days}
    )
    return {person_id: planner.plans(person_id, days) for person_id in person_ids}


def facts_between(scope: Scope, person_ids: Collection[str], first: date, last: date) -> PlanFacts:
    """Give what plans of these people and dates follow from."""
    assigned = assignments_between(scope, first, last)
    by_place = any(each.subject_kind is not SubjectKind.PERSON for each in assigned)
    return PlanFacts(
        codes={each.id: each for each in codes(scope)},
        patterns={each.id: each for each in patterns(scope)} if assigned else {},
        assignments=assigned,
        roster={(d.person_id, d.work_date): d for d in days(scope, person_ids, first, last)},
        employments=staff.employments_between(scope, first, last, person_ids) if by_place else {},
        holidays=holidays(scope, first, last),
    )


def codes(scope: Scope) -> tuple[ShiftCode, ...]:
    """Give every shift code, by its code."""
    return as_all(ShiftCode, scope.all(sa.select(shift_codes).order_by(shift_codes.c.code)))


def patterns(scope: Scope) -> tuple[WorkPattern, ...]:
    """Give every pattern, by name."""
    return as_all(WorkPattern, scope.all(sa.select(work_patterns).order_by(work_patterns.c.name)))


def pattern(scope: Scope, pattern_id: str) -> WorkPattern | None:
    """Give one pattern."""
    query = sa.select(work_patterns).where(work_patterns.c.id == pattern_id)
    return as_one(WorkPattern, scope.one(query))


def assignments_between(scope: Scope, first: date, last: date) -> tuple[Assignment, ...]:
    """Give the assignments in force on any date of a span."""
    a = pattern_assignments.c
    query = sa.select(pattern_assignments).where(
        a.starts_on <= last, sa.or_(a.ends_on.is_(None), a.ends_on >= first)
    )
    return as_all(Assignment, scope.all(query))


def assignments_of(scope: Scope, pattern_ids: Collection[str]) -> tuple[Assignment, ...]:
    """Give the assignments of some patterns."""
    where = pattern_assignments.c.pattern_id.in_(sorted(pattern_ids))
    return as_all(Assignment, scope.all(sa.select(pattern_assignments).where(where)))


def assignment(scope: Scope, assignment_id: str) -> Assignment | None:
    """Give one assignment."""
    query = sa.select(pattern_assignments).where(pattern_assignments.c.id == assignment_id)
    return as_one(Assignment, scope.one(query))


def assignment_from(
    scope: Scope, kind: SubjectKind, subject_id: str, starts_on: date
) -> Assignment | None:
    """Give the assignment of a subject that starts on a date."""
    a = pattern_assignments.c
    query = sa.select(pattern_assignments).where(
        a.subject_kind == kind, a.subject_id == subject_id, a.starts_on == starts_on
    )
    return as_one(Assignment, scope.one(query))


def remove_assignment(scope: Scope, assignment_id: str) -> None:
    """Take an assignment away."""
    scope.delete(pattern_assignments, pattern_assignments.c.id == assignment_id)


def patterns_with(scope: Scope, code_id: str) -> frozenset[str]:
    """Give the patterns in which a shift code stands."""
    return frozenset(each.id for each in patterns(scope) if code_id in each.codes)


# --- rosters -----------------------------------------------------------------------------------


def days(
    scope: Scope, person_ids: Collection[str], first: date, last: date
) -> tuple[RosterDay, ...]:
    """Give what is published for some people."""
    t = roster_days.c
    where = [t.work_date >= first, t.work_date <= last]
    if len(person_ids) <= MANY:
        where.append(t.person_id.in_(sorted(person_ids)))
    return as_all(RosterDay, scope.all(sa.select(roster_days).where(*where)))


def days_with(scope: Scope, code_id: str, since: date) -> tuple[RosterDay, ...]:
    """Give what is published with a shift code, from a date on."""
    t = roster_days.c
    query = sa.select(roster_days).where(t.code_id == code_id, t.work_date >= since)
    return as_all(RosterDay, scope.all(query))


def drafts(scope: Scope, department_id: str, first: date, last: date) -> tuple[RosterDay, ...]:
    """Give what a department drafted."""
    t = roster_drafts.c
    query = sa.select(t.person_id, t.work_date, t.code_id).where(
        t.department_id == department_id, t.work_date >= first, t.work_date <= last
    )
    return as_all(RosterDay, scope.all(query))


def roster(scope: Scope, department_id: str, starts_on: date) -> Roster | None:
    """Give a department's four weeks; None where nobody began them."""
    r = rosters.c
    query = sa.select(rosters).where(r.department_id == department_id, r.starts_on == starts_on)
    return as_one(Roster, scope.one(query))


def published_to(scope: Scope, department_id: str, since: date) -> date | None:
    """Give the last date of a department's published weeks, if they reach a date."""
    r = rosters.c
    last = scope.scalar(
        scope.select(sa.func.max(r.starts_on)).where(
            r.department_id == department_id, r.published_at.is_not(None)
        )
    )
    until = last + timedelta(days=ROSTER_DAYS - 1) if last else None
    return until if until and until >= since else None


def keep_drafts(scope: Scope, department_id: str, found: Iterable[RosterDay]) -> None:
    """Write drafts; one that is there is overwritten."""
    scope.upsert(
        roster_drafts,
        [_row(day) | {"department_id": department_id} for day in found],
        key=("department_id", "person_id", "work_date"),
    )


def forget_drafts(scope: Scope, department_id: str, first: date, last: date) -> int:
    """Take away what a department drafted; give how many dates."""
    t = roster_drafts.c
    return scope.delete(
        roster_drafts, t.department_id == department_id, t.work_date >= first, t.work_date <= last
    )


def keep_days(scope: Scope, found: Iterable[RosterDay]) -> None:
    """Publish days; one that is there is overwritten."""
    scope.upsert(roster_days, [_row(day) for day in found], key=("person_id", "work_date"))


def add_day_change(scope: Scope, made: DayChange) -> None:
    """Keep why a date was changed."""
    scope.insert(roster_day_changes, asdict(made))


def day_changes(scope: Scope, person_id: str, work_date: date) -> tuple[DayChange, ...]:
    """Give why a date of somebody was changed, the oldest first."""
    t = roster_day_changes.c
    query = scope.select(roster_day_changes).where(
        t.person_id == person_id, t.work_date == work_date
    )
    return as_all(DayChange, scope.all(query.order_by(t.changed_at, t.id)))


def forget_day(scope: Scope, person_id: str, work_date: date) -> int:
    """Let the pattern hold again on a date; give how many days were taken away."""
    t = roster_days.c
    return scope.delete(roster_days, t.person_id == person_id, t.work_date == work_date)


def keep_roster(scope: Scope, kept: Roster) -> None:
    """Write the state of a department's four weeks."""
    row = {
        "department_id": kept.department_id,
        "starts_on": kept.starts_on,
        "published_at": kept.published_at,
        "published_by": kept.published_by,
    }
    scope.upsert(rosters, row, key=("department_id", "starts_on"))


def _row(day: RosterDay) -> dict[str, Any]:
    return {"person_id": day.person_id, "work_date": day.work_date, "code_id": day.code_id}


# --- the calendar ------------------------------------------------------------------------------


def calendar_id(scope: Scope) -> str | None:
    """Give the calendar by which offices are closed; None: holidays and the year's end."""
    found: str | None = scope.scalar(scope.select(working_calendars.c.calendar_id))
    return found


def keep_calendar(scope: Scope, chosen: str | None) -> None:
    """Choose the calendar; None for the usual one."""
    scope.delete(working_calendars, sa.true())
    if chosen is not None:
        scope.insert(working_calendars, {"id": _TOWN, "calendar_id": chosen})


def holidays(scope: Scope, first: date, last: date) -> Mapping[date, DayKind]:
    """Give the dates of a span on which offices are closed."""
    chosen = calendar_id(scope)
    calendar = (people.calendar(scope, chosen) if chosen else None) or _USUAL
    days_off = dates_of(calendar, first, last)
    if calendar.source is CalendarSource.JAPAN:
        named = frozenset(dates_of(replace(calendar, source=CalendarSource.NATIONAL), first, last))
        return {day: DayKind.HOLIDAY if day in named else DayKind.YEAR_END for day in days_off}
    return dict.fromkeys(days_off, DayKind.HOLIDAY)


def holiday_names(scope: Scope, first: date, last: date) -> Mapping[date, str]:
    """Give the names that the town's calendar has for added days."""
    chosen = calendar_id(scope)
    calendar = people.calendar(scope, chosen) if chosen else None
    named = calendar.added if calendar else ()
    return {each.day: each.name for each in named if first <= each.day <= last}


def sunday_of(day: date) -> date:
    """Give the Sunday on which the week of a date begins: rosters start on one."""
    return day - timedelta(days=(day.weekday() + 1) % 7)
