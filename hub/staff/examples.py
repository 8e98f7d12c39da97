"""Examples of departments, employments and imports of staff, for the API's document."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

from hub.people.examples import PERSON_OUT
from hub.web import example_ids as ids

Example = dict[str, Any]

DEPARTMENT_IN: Final[Example] = {
    "code": "0103",
    "name": "生涯学習課",
    "name_kana": "しょうがいがくしゅうか",
    "name_en": "Lifelong Learning",
    "parent_id": None,
}
DEPARTMENT_CHANGE: Final[Example] = {"name_en": "Lifelong Learning Division"}
DEPARTMENT_OUT: Final[Example] = {"id": ids.DEPARTMENT, **DEPARTMENT_IN, **ids.MADE}

TERM_IN: Final[Example] = {"cap_type": "ordinary", "article_36": False}
TERM_OUT: Final[Example] = {
    "department_id": ids.DEPARTMENT,
    "starts_on": "2026-04-01",
    **TERM_IN,
}

_PLACE: Final[Example] = {
    "department_id": ids.DEPARTMENT,
    "kind": "regular",
    "post": "主査",
    "heads": False,
}
STAFF_SEARCH_IN: Final[Example] = {
    "text": "やまだ",
    "on": "2026-04-06",
    "department_id": None,
    "kind": None,
    "limit": 50,
    "cursor": None,
}
EMPLOYMENT_IN: Final[Example] = {"starts_on": "2026-04-01", "ends_on": None, **_PLACE}
EMPLOYMENT_CHANGE: Final[Example] = {"post": "係長", "heads": True}
EMPLOYMENT_OUT: Final[Example] = {
    "id": ids.EMPLOYMENT,
    "person_id": ids.PERSON,
    "starts_on": "2026-04-01",
    "ends_on": None,
    **_PLACE,
    **ids.MADE,
}
TRANSFER_IN: Final[Example] = {**_PLACE, "starts_on": "2026-10-01", "post": "課長補佐"}
RETIRE_IN: Final[Example] = {"ends_on": "2027-03-31"}
LEAVER_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "name": "山田 花子",
    "staff_number": "10427",
    "left_on": "2027-03-31",
    "grants": [ids.GRANT],
    "groups": [ids.GROUP],
    "cards": [ids.CARD],
}
RETIRED_OUT: Final[Example] = {
    "employment": {**EMPLOYMENT_OUT, "ends_on": "2027-03-31"},
    "blocked_by_hub": True,
    "grants": [ids.GRANT],
    "groups": [ids.GROUP],
    "cards": [ids.CARD],
}
CONTACT_IN: Final[Example] = {"mail": "hanako.yamada@example.jp", "language": "ja"}
CONTACT_OUT: Final[Example] = {"person_id": ids.PERSON, **CONTACT_IN}
PLACED_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "name": "山田 花子",
    "name_kana": "やまだ はなこ",
    "name_en": "YAMADA Hanako",
    "staff_number": "10427",
    "state": "active",
    "employment": EMPLOYMENT_OUT,
}
MEMBER_OUT: Final[Example] = {
    "person": PERSON_OUT,
    "employments": [EMPLOYMENT_OUT],
    "contact": CONTACT_OUT,
}

PROFILE_IN: Final[Example] = {
    "name": "人事システム",
    "columns": {
        "staff_number": ["職員番号"],
        "name": ["氏名"],
        "name_kana": ["カナ"],
        "department_code": ["所属コード"],
        "department_name": ["所属名"],
        "kind": ["職員区分"],
        "post": ["職名"],
        "starts_on": ["発令日"],
        "ends_on": ["退職日"],
    },
    "kinds": {"正規": "regular", "再任用短時間": "short_time", "会計年度": "fiscal_year"},
    "number_width": 5,
    "make_departments": True,
    "complete": True,
}
FILE: Final = (
    "職員番号,氏名,カナ,所属コード,所属名,職員区分,職名,発令日,退職日\r\n"
    "10428,鈴木 一郎,ｽｽﾞｷ ｲﾁﾛｳ,0103,生涯学習課,正規,主事,令和8年4月1日,\r\n"
)
"""A file that the example of a profile reads."""
SHA: Final = sha256(FILE.encode()).hexdigest()
ROW_OUT: Final[Example] = {
    "row": 2,
    "staff_number": "10428",
    "name": "鈴木 一郎",
    "done": "made",
    "person_id": None,
    "is_blocked": False,
    "changes": [{"field": "employment", "before": "", "after": "2026-04-01 – 生涯学習課 主事"}],
}
WRONG_OUT: Final[Example] = {
    "row": 3,
    "column": "職員区分",
    "field": "kind",
    "code": "kind_unknown",
    "sentence": "職員区分が条例の区分と結びついていません",
}
IMPORT_OUT: Final[Example] = {
    "id": ids.STAFF_IMPORT,
    "profile_id": ids.STAFF_PROFILE,
    "file_name": "april.csv",
    "sha256": SHA,
    "effective_on": "2026-04-01",
    "state": "tried",
    "tried_at": "2026-04-06T00:00:00Z",
    "done_at": None,
    "expires_at": "2026-04-06T01:00:00Z",
    "rows": 1,
    "counts": {"made": 1},
}
PROPOSED_OUT: Final[Example] = {
    "person_id": ids.PERSON,
    "staff_number": "10427",
    "name": "山田 花子",
    "department_id": ids.DEPARTMENT,
}
NEW_DEPARTMENT_OUT: Final[Example] = {"code": "0104", "name": "図書館", "parent_code": "0103"}
REPORT_OUT: Final[Example] = {
    "staff_import": IMPORT_OUT,
    "encoding": "utf-8",
    "skipped": 0,
    "rows": [ROW_OUT],
    "wrong": [],
    "new_departments": [],
    "leavers": [PROPOSED_OUT],
    "shrinks": True,
}
CONFIRM_IN: Final[Example] = {"leavers": [], "accept_shrink": False}
