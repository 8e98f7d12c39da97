"""Examples of shift codes, patterns and rosters, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

SHIFT_CODE_ID: Final = "0195f3a0-6c00-7000-8000-000000002001"
PATTERN_ID: Final = "0195f3a0-6c00-7000-8000-000000002002"
ASSIGNMENT_ID: Final = "0195f3a0-6c00-7000-8000-000000002003"
DEPARTMENT_ID: Final = "0195f3a0-6c00-7000-8000-000000001801"

SHIFT_CODE_IN: Final[Example] = {
    "code": "夜",
    "name": "夜勤",
    "name_en": "Night shift",
    "stretches": [{"start": 1020, "end": 1950}],
    "breaks": [{"start": 1320, "end": 1380}, {"start": 1560, "end": 1680}],
}
SHIFT_CODE_CHANGE: Final[Example] = {"name": "夜間勤務"}
SHIFT_CODE_OUT: Final[Example] = {
    "id": SHIFT_CODE_ID,
    **SHIFT_CODE_IN,
    **ids.MADE,
    "retired": False,
}
PATTERN_IN: Final[Example] = {
    "name": "保育園 早番・遅番",
    "name_en": "Nursery, early and late",
    "kind": "cycle",
    "anchor": "2026-03-29",
    "codes": [SHIFT_CODE_ID, SHIFT_CODE_ID, None, None],
    "rostered": True,
}
PATTERN_CHANGE: Final[Example] = {"rostered": False}
PATTERN_OUT: Final[Example] = {"id": PATTERN_ID, **PATTERN_IN, **ids.MADE, "retired": False}
ASSIGNMENT_IN: Final[Example] = {
    "subject_kind": "department",
    "subject_id": DEPARTMENT_ID,
    "pattern_id": PATTERN_ID,
    "starts_on": "2026-05-03",
    "ends_on": None,
}
ASSIGNMENT_CHANGE: Final[Example] = {"ends_on": "2026-09-30"}
ASSIGNMENT_OUT: Final[Example] = {"id": ASSIGNMENT_ID, **ASSIGNMENT_IN, **ids.MADE}

PLAN_OUT: Final[Example] = {
    "work_date": "2026-04-03",
    "kind": "workday",
    "code_id": SHIFT_CODE_ID,
    "code": "夜",
    "regular": [{"start": 1020, "end": 1320}, {"start": 1380, "end": 1560}],
    "breaks": [{"start": 1320, "end": 1380}],
    "regular_min": 480,
    "holiday": False,
    "rostered": True,
}
CELL_OUT: Final[Example] = {**PLAN_OUT, "source": "published", "away": False}
FINDING_OUT: Final[Example] = {
    "kind": "few_days_off",
    "amount": 7,
    "limit": 8,
    "work_date": None,
}
ROW_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "name": "山田 花子",
    "regular_min": 9300,
    "days_off": 7,
    "cells": [CELL_OUT],
    "findings": [FINDING_OUT],
}
ROSTER_OUT: Final[Example] = {
    "department_id": DEPARTMENT_ID,
    "name": "中央保育園",
    "first": "2026-03-29",
    "last": "2026-04-25",
    "published_at": "2026-03-20T01:00:00Z",
    "drafted": 0,
    "may_write": True,
    "rows": [ROW_OUT],
}
DRAFT_DAY_IN: Final[Example] = {
    "person_id": ids.PERSON,
    "work_date": "2026-04-03",
    "code_id": SHIFT_CODE_ID,
}
DRAFT_IN: Final[Example] = {"days": [DRAFT_DAY_IN]}
DAY_IN: Final[Example] = {"code_id": SHIFT_CODE_ID, "cause": "欠員のため"}
CAUSE_IN: Final[Example] = {"cause": "誤りのため"}
CALENDAR_IN: Final[Example] = {"calendar_id": ids.CALENDAR, "since": "2026-04-01"}
CALENDAR_OUT: Final[Example] = {"calendar_id": ids.CALENDAR}
