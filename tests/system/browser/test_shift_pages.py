"""The pages of shift work in a browser: axe finds nothing, nothing is cut off, Enter keeps what was
typed."""

from __future__ import annotations

from typing import Any

import pytest

from hub.audit.rows import AuditedRows
from hub.rosters.assigning import AssignmentsService, Subject
from hub.rosters.domain import PatternKind, Stretch, SubjectKind
from hub.rosters.kinds import SHIFT_CODE, WORK_PATTERN
from hub.staff.department_rows import DEPARTMENT
from hub.web.rights import SYSTEM
from tests.system.browser.test_accessibility import judge

pytestmark = pytest.mark.browser


def made(town: Any) -> tuple[str, str, str]:
    """A department with a pattern of four weeks: give the ids of department, pattern, code."""
    rows, today = town.hub.services.get(AuditedRows), town.hub.core.clock.now().date()
    names = {"code": "n", "name": "保育園", "name_kana": "", "name_en": "", "parent_id": None}
    department = rows.add(SYSTEM, DEPARTMENT, names).id
    night = {"code": "夜", "name": "夜勤", "name_en": "", "breaks": (Stretch(1320, 1380),)}
    code = rows.add(SYSTEM, SHIFT_CODE, {**night, "stretches": (Stretch(1020, 1950),)}).id
    cycle = {"name": "四週", "name_en": "", "kind": PatternKind.CYCLE, "anchor": today}
    pattern = rows.add(
        SYSTEM, WORK_PATTERN, {**cycle, "codes": (code, None) * 14, "rostered": True}
    ).id
    subject = Subject(SubjectKind.DEPARTMENT, department)
    service = town.hub.services.get(AssignmentsService)
    service.assign(SYSTEM, department, pattern, [subject], today, None)
    return department, pattern, code


def test_the_pages_of_shift_work_are_accessible(staff: Any, town: Any) -> None:
    """Lists, forms and assignments, empty and filled."""
    paths = ["/rosters", "/rosters/codes", "/rosters/patterns", "/rosters/codes/new"]
    wrong = [each for path in paths for each in judge(staff, f"{path}?lang=ja")]
    department, pattern, code = made(town)
    paths = [
        "/rosters/codes",
        f"/rosters/codes/{code}",
        "/rosters/patterns",
        "/rosters/patterns/new",
        f"/rosters/patterns/{pattern}",
        f"/rosters/{department}/patterns",
        f"/rosters/{department}/import",
    ]
    wrong += [each for path in paths for each in judge(staff, f"{path}?lang=ja")]
    assert wrong == []
