"""Examples of closings, adjustments, divergences and alerts, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]
_PRINT: Final = "5b0c3f8e9d1a27b4c6e8f00112233445566778899aabbccddeeff00112233445"

FIGURES: Final[Example] = {
    "lines": [
        {
            "pay_class": "overtime",
            "night": False,
            "percent": 125,
            "paid": True,
            "raw_min": 1,
            "rounded_min": 60,
        }
    ],
    "counters": {"counted_60h_min": 1, "cap_month_min": 1},
}
ADJUSTMENT_OUT: Final[Example] = {
    "id": ids.ADJUSTMENT,
    "closing_id": ids.CLOSING,
    "person_id": ids.PERSON,
    "month": "2026-03",
    "department_id": ids.DEPARTMENT,
    "causes": ["application"],
    "figures": FIGURES,
    "added": ["order:0195f3a0-6c00-7000-8000-000000002808"],
    "removed": [],
    "work_dates": ["2026-03-10"],
    "state": "open",
    "found_at": "2026-05-08T01:12:00Z",
    "signed_by": None,
    "signed_at": None,
    "remark": "",
    "carried_into": None,
}
BLOCKER_OUT: Final[Example] = {
    "kind": "open_divergence",
    "person_id": ids.PERSON,
    "work_date": "2026-04-10",
    "about": ids.DIVERGENCE,
    "path": f"/divergences/{ids.DIVERGENCE}",
}
CLOSING_OUT: Final[Example] = {
    "id": ids.CLOSING,
    "department_id": ids.DEPARTMENT,
    "month": "2026-03",
    "round": 1,
    "people": 12,
    "fingerprint": _PRINT,
    "ordinance": "標準 2019-04-01",
    "cause": "休職中の職員が確認できないため",
    "overridden": [
        {
            "kind": "not_signed",
            "person_id": ids.PERSON,
            "work_date": None,
            "about": None,
            "path": None,
        }
    ],
    "closed_by": f"session:{ids.USER}",
    "closed_at": "2026-05-07T02:00:00Z",
    "reopened_by": None,
    "reopened_at": None,
    "reopened_cause": "",
}
LINE_OUT: Final[Example] = {
    "department_id": ids.DEPARTMENT,
    "code": "0100",
    "name": "税務課",
    "month": "2026-03",
    "people": 12,
    "signed": 11,
    "head_signed": False,
    "blockers": {"not_signed": 1, "head_not_signed": 1},
    "is_ready": False,
    "closing": None,
    "adjustments": 1,
}
PERSON_OUT: Final[Example] = {"person_id": ids.PERSON, "fingerprint": _PRINT, "signed": True}
SHEET_OUT: Final[Example] = {
    "department_id": ids.DEPARTMENT,
    "name": "税務課",
    "month": "2026-03",
    "fingerprint": _PRINT,
    "people": [PERSON_OUT],
    "head_signed": False,
    "blockers": [BLOCKER_OUT],
    "closing": None,
    "rounds": [],
    "adjustments": [ADJUSTMENT_OUT],
}
SETTLED_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "month": "2026-03",
    "closing_id": ids.CLOSING,
    "fingerprint": _PRINT,
    "signed": FIGURES,
    "adjustments": [ADJUSTMENT_OUT],
    "now": FIGURES,
}
SIGN_IN: Final[Example] = {"fingerprint": _PRINT}
SIGNATURE_OUT: Final[Example] = {
    "id": "0195f3a0-6c00-7000-8000-000000002809",
    "kind": "person",
    "subject_id": ids.PERSON,
    "month": "2026-03",
    "fingerprint": _PRINT,
    "signed_by": f"session:{ids.USER}",
    "signed_at": "2026-05-01T00:20:00Z",
}
CLOSE_IN: Final[Example] = {"cause": "休職中の職員が確認できないため"}
REOPEN_IN: Final[Example] = {"cause": "集計の誤りが見つかったため"}
REMARK_IN: Final[Example] = {"remark": "5月分と併せて支給"}
DIVERGENCE_OUT: Final[Example] = {
    "id": ids.DIVERGENCE,
    "person_id": ids.PERSON,
    "work_date": "2026-04-10",
    "kind": "present_beyond_order",
    "minutes": 48,
    "state": "explained",
    "stands": True,
    "reason": "窓口の来客対応が長引いたため",
    "cause": "none",
    "links": [],
    "found_at": "2026-04-10T21:00:00Z",
    "changed_at": "2026-04-13T00:05:00Z",
}
STEP_OUT: Final[Example] = {
    "number": 2,
    "at": "2026-04-13T00:05:00Z",
    "actor": f"session:{ids.USER}",
    "act": "explain",
    "state": "explained",
    "minutes": 48,
    "note": "窓口の来客対応が長引いたため",
    "links": [],
}
DIVERGENCE_SHEET_OUT: Final[Example] = {
    "divergence": DIVERGENCE_OUT,
    "steps": [STEP_OUT],
    "may_judge": True,
    "is_own": False,
}
ACT_IN: Final[Example] = {"act": "accept", "note": "来庁者の記録と一致"}
ALERT_OUT: Final[Example] = {
    "id": ids.CAP_ALERT,
    "person_id": ids.PERSON,
    "month": "2026-03",
    "department_id": ids.DEPARTMENT,
    "kind": "month",
    "level": "alert",
    "limit_min": 1800,
    "minutes": 1835,
    "months": 1,
    "raised_at": "2026-04-22T21:00:00Z",
    "seen_by": None,
    "seen_at": None,
}
OUTLOOK_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "department_id": ids.DEPARTMENT,
    "counted_min": 1835,
    "limit_min": 2700,
    "pace_min": 2520,
    "ordered_min": 2015,
}
SPECIAL_WORK_OUT: Final[Example] = {
    "id": ids.SPECIAL_WORK,
    "person_id": ids.PERSON,
    "month": "2026-03",
    "fiscal_year": 2025,
    "department_id": ids.DEPARTMENT,
    "kinds": ["month"],
    "minutes": 2830,
    "cause": "台風第3号に伴う罹災証明書の発行",
    "recorded_by": f"session:{ids.USER}",
    "recorded_at": "2026-05-01T00:20:00Z",
    "analysis": "",
    "analysed_by": None,
    "analysed_at": None,
}
SPECIAL_WORK_IN: Final[Example] = {"cause": "台風第3号に伴う罹災証明書の発行"}
ANALYSIS_IN: Final[Example] = {"analysis": "他課からの応援を要綱に定め、翌年度は上限内に収める"}
