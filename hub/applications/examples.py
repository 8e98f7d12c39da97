"""Examples of applications, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

APPLICATION: Final = ids.APPLICATION
DELEGATION: Final = ids.DELEGATION
CHAIN_RULE: Final = ids.CHAIN_RULE
OTHER: Final = ids.COLLEAGUE

SPAN: Final[Example] = {"start": 1035, "end": 1155}
WORK: Final[Example] = {
    "work_date": "2026-04-10",
    "spans": [SPAN],
    "rest_later": False,
    "reason": "議会答弁資料の作成",
}
SWAP: Final[Example] = {
    "worked_date": "2026-04-11",
    "off_date": "2026-04-13",
    "part": "whole",
    "reason": "選挙事務",
}
LEAVE: Final[Example] = {
    "leave_kind": "annual",
    "first": "2026-04-16",
    "last": "2026-04-17",
    "part": "day",
    "spans": [],
    "reason": "",
    "evidence": "",
}
AWAY: Final[Example] = {
    "first": "2026-04-20",
    "last": "2026-04-20",
    "spans": [],
    "place": "県庁",
    "reason": "担当者会議",
}
DUTY: Final[Example] = {
    "work_date": "2026-04-18",
    "spans": [{"start": 1035, "end": 1950}],
    "reason": "",
}
PUNCH: Final[Example] = {
    "change": "add",
    "work_date": "2026-04-03",
    "cause": "forgotten",
    "direction": "out",
    "minute": 1035,
    "punch_id": None,
    "reason": "退庁時の押し忘れ",
}
NO_BODIES: Final[Example] = dict.fromkeys(("work", "swap", "leave", "away", "duty", "punch"))
APPLICATION_IN: Final[Example] = {
    "kind": "overtime",
    "work": WORK,
    "submit": False,
    "person_id": ids.PERSON,
}
CHANGE_IN: Final[Example] = {"kind": "overtime", "version": 1, "work": WORK, "submit": False}
TRAIL_ENTRY: Final[Example] = {
    "seq": 2,
    "version": 1,
    "step": 0,
    "told": "submitted",
    "at": "2026-04-06T00:15:00Z",
    "person_id": ids.PERSON,
    "for_person_id": None,
    "came_from": "private",
    "comment": "",
}
CLAIM: Final[Example] = {
    "work_date": "2026-04-10",
    "spans": [SPAN],
    "half_days": 0,
    "minutes": 0,
}
STEP: Final[Example] = {"approver": "head", "person_id": None}
APPLICATION_OUT: Final[Example] = {
    "id": APPLICATION,
    "person_id": ids.PERSON,
    "kind": "overtime",
    "state": "submitted",
    "version": 1,
    "step": 0,
    "steps": [STEP],
    "department_id": ids.DEPARTMENT,
    "first": "2026-04-10",
    "last": "2026-04-10",
    "claims": [CLAIM],
    "warnings": [],
    "submitted_at": "2026-04-06T00:15:00Z",
    "waiting_since": "2026-04-06T00:15:00Z",
    "decided_at": None,
    "created_at": "2026-04-06T00:15:00Z",
    "updated_at": "2026-04-06T00:15:00Z",
    **NO_BODIES,
    "work": WORK,
}
SEEN_OUT: Final[Example] = {
    "application": APPLICATION_OUT,
    "trail": [TRAIL_ENTRY],
    "mine": True,
    "may_decide": False,
}
FINDING: Final[Example] = {"code": "over_cap", "refuses": False, "day": "2026-04-10"}
CHECK_OUT: Final[Example] = {"items": [FINDING]}
BALLOT: Final[Example] = {"version": 1, "step": 0, "comment": ""}
RETURN_IN: Final[Example] = {"version": 1, "step": 0, "comment": "終了時刻を確認してください"}
COMMENT_IN: Final[Example] = {"comment": "会議が中止になったため"}
VERSION_IN: Final[Example] = {"version": 1}
BULK_IN: Final[Example] = {
    "items": [{"application_id": APPLICATION, "version": 1, "step": 0}],
    "comment": "",
}
BULK_OUT: Final[Example] = {
    "items": [{"application_id": APPLICATION, "state": "approved", "problem": None}]
}
INBOX_OUT: Final[Example] = {
    "items": [{"application": APPLICATION_OUT, "for_person_id": None, "comment": ""}]
}
DELEGATION_IN: Final[Example] = {
    "to_person_id": ids.PERSON,
    "starts_on": "2026-04-13",
    "ends_on": "2026-04-17",
    "kinds": ["leave", "overtime"],
    "from_person_id": OTHER,
}
DELEGATION_OUT: Final[Example] = {
    "id": DELEGATION,
    **DELEGATION_IN,
    "revoked_at": None,
    "created_at": "2026-04-06T00:15:00Z",
}
CHAIN_RULE_IN: Final[Example] = {
    "name": "2時間以上の時間外勤務",
    "position": 10,
    "kinds": ["overtime"],
    "department_id": None,
    "employment": None,
    "from_min": 120,
    "steps": [STEP, {"approver": "parent_head", "person_id": None}],
}
CHAIN_RULE_OUT: Final[Example] = {
    "id": CHAIN_RULE,
    **CHAIN_RULE_IN,
    "created_at": "2026-04-01T00:15:00Z",
    "updated_at": "2026-04-01T00:15:00Z",
}
MISSING_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "kind": "rest_expires",
    "day": "2026-03-20",
    "until": "2026-05-15",
    "about_person_id": None,
    "minutes": None,
    "days": None,
    "link": "/my/applications/new?kind=compensatory&date=2026-03-20",
}
REMINDERS_OUT: Final[Example] = {"items": [MISSING_OUT]}
