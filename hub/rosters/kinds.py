"""The rules of shift codes, patterns and assignments, and whose months each touches."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import sqlalchemy as sa

from hub.attendance.domain import work_date_of
from hub.audit.rows import RowKind
from hub.database.scope import Scope
from hub.people.tables import people
from hub.rosters import marks, repository
from hub.rosters.domain import (
    Assignment,
    PatternKind,
    ShiftCode,
    Stretch,
    SubjectKind,
    WorkPattern,
)
from hub.rosters.tables import pattern_assignments, shift_codes, work_patterns
from hub.staff import repository as staff
from hub.web.problems import invalid
from hub.worktime.minutes import DAY_MIN

_WEEK: Final = 7


def _check_code(scope: Scope, before: ShiftCode | None, after: ShiftCode) -> None:
    if before is not None and after.retired and not before.retired:
        standing = [each for each in repository.patterns(scope) if not each.retired]
        if any(after.id in each.codes for each in standing):
            raise invalid("retired", "code_in_use", "a pattern that is not retired holds it")
    for name, found in (("stretches", after.stretches), ("breaks", after.breaks)):
        _check_stretches(name, found)
    if after.stretches and after.stretches[0].start >= DAY_MIN:
        raise invalid("stretches", "next_day", "a shift starts on its own date")
    inside = all(
        any(work.start < each.start and each.end < work.end for work in after.stretches)
        for each in after.breaks
    )
    if not inside:
        raise invalid("breaks", "outside", "a break lies within a stretch of the shift")


def _check_stretches(name: str, found: Sequence[Stretch]) -> None:
    if any(each.end <= each.start for each in found):
        raise invalid(name, "order", "a stretch ends after it starts")
    if any(after.start < before.end for before, after in pairwise(found)):
        raise invalid(name, "overlap", "stretches stand in order and apart")


def _touch_code(scope: Scope, before: ShiftCode | None, after: ShiftCode) -> None:
    if before is not None and (before.stretches, before.breaks) != (after.stretches, after.breaks):
        marks.mark_code(scope, after.id, after.updated_at)


def _check_pattern(scope: Scope, before: WorkPattern | None, after: WorkPattern) -> None:
    if after.kind is PatternKind.WEEKLY:
        if len(after.codes) != _WEEK:
            raise invalid("codes", "week", "a weekly pattern has seven days, from Monday")
        if after.anchor.weekday() != 0:
            raise invalid("anchor", "monday", "the anchor of a weekly pattern is a Monday")
    known = {each.id: each for each in repository.codes(scope)}
    named = {each for each in after.codes if each is not None}
    if not named <= known.keys():
        raise invalid("codes", "unknown", "no such shift_code")
    held = set(before.codes) if before is not None else set()
    if any(known[each].retired for each in named - held):
        raise invalid("codes", "retired", "a shift_code that is retired is given to nobody")
    if after.retired and not (before is not None and before.retired):
        _check_unused(scope, after)


def _check_unused(scope: Scope, pattern: WorkPattern) -> None:
    today = work_date_of(pattern.updated_at)
    for each in repository.assignments_of(scope, [pattern.id]):
        if each.ends_on is None or each.ends_on >= today:
            raise invalid("retired", "pattern_in_use", "it holds for somebody, or will")


def _touch_pattern(scope: Scope, before: WorkPattern | None, after: WorkPattern) -> None:
    if before is not None:
        marks.mark_pattern(scope, [after.id], after.updated_at)


def _check_assignment(scope: Scope, before: Assignment | None, after: Assignment) -> None:
    if after.ends_on is not None and after.ends_on < after.starts_on:
        raise invalid("ends_on", "before_start", "an assignment ends after it starts")
    if before is None or before.pattern_id != after.pattern_id:
        pattern = repository.pattern(scope, after.pattern_id)
        if pattern is not None and pattern.retired:
            raise invalid("pattern_id", "retired", "a pattern that is retired is given to nobody")
    if after.subject_kind is SubjectKind.PERSON:
        known = scope.one(sa.select(people.c.id).where(people.c.id == after.subject_id)) is not None
    elif after.subject_kind is SubjectKind.DEPARTMENT:
        known = any(each.id == after.subject_id for each in staff.departments(scope))
    else:
        known = True  # a kind is a word of the ordinance, and one may come with the next
    if not known:
        raise invalid("subject_id", "unknown", f"no such {after.subject_kind}")


def _touch_assignment(scope: Scope, before: Assignment | None, after: Assignment) -> None:
    for each in (before, after):
        if each is not None:
            marks.mark_assigned(scope, [each], after.updated_at)


SHIFT_CODE: Final = RowKind(
    "shift_code", shift_codes, ShiftCode, check=_check_code, touch=_touch_code
)
WORK_PATTERN: Final = RowKind(
    "work_pattern", work_patterns, WorkPattern, check=_check_pattern, touch=_touch_pattern
)
ASSIGNMENT: Final = RowKind(
    "pattern_assignment",
    pattern_assignments,
    Assignment,
    references={"pattern_id": WORK_PATTERN},
    check=_check_assignment,
    touch=_touch_assignment,
)
