"""Examples of people, cards, grants, schedules and calendars, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

_PERSON: Final[Example] = {
    "name": "山田 花子",
    "name_kana": "やまだ はなこ",
    "name_en": "YAMADA Hanako",
    "staff_number": "10427",
    "organisation": "",
    "anti_passback_exempt": False,
    "long_unlock": False,
    "starts_at": None,
    "ends_at": None,
}
PERSON_IN: Final = _PERSON
PERSON_CHANGE: Final[Example] = {"organisation": "例示警備", "long_unlock": True}
PERSON_OUT: Final[Example] = {
    "id": ids.PERSON,
    **_PERSON,
    "state": "active",
    "forgiven": 0,
    "forgiven_at": None,
    **ids.MADE,
}

GROUP_IN: Final[Example] = {"name": "公民館職員", "name_en": "Hall staff"}
GROUP_CHANGE: Final[Example] = {"name_en": "Community hall staff"}
GROUP_OUT: Final[Example] = {"id": ids.GROUP, **GROUP_IN, **ids.MADE}
MEMBERS: Final[Example] = {"person_ids": [ids.PERSON]}

CARD_IN: Final[Example] = {
    "namespace": "felica",
    "identity": "0123456789ABCDEF",
    "person_id": ids.PERSON,
    "label": "職員証 10427",
    "profile": None,
    "public_key": None,
    "key_set_id": None,
    "key": None,
    "valid_until": None,
}
CARD_CHANGE: Final[Example] = {"label": "職員証 10427 (再発行)"}
CARD_OUT: Final[Example] = {
    "id": ids.CARD,
    "person_id": ids.PERSON,
    "namespace": "felica",
    "label": "職員証 10427",
    "profile": None,
    "state": "active",
    "state_reason": "",
    "state_changed_at": "2026-04-01T00:15:00Z",
    "valid_until": None,
    "replaces_id": None,
    "assurance": None,
    "reader_id": None,
    "has_key": False,
    "key_set_id": None,
    "key_version": None,
    **ids.MADE,
}
_KEY_SET: Final[Example] = {
    "name": "職員証 2026",
    "profile": "desfire-ev2-aes",
    "application": "4B474D",
}
CARD_KEY_SET_IN: Final[Example] = {**_KEY_SET, "master": None}
CARD_KEY_SET_CHANGE: Final[Example] = {"name": "職員証 2026年度"}
CARD_KEY_SET_OUT: Final[Example] = {
    "id": ids.CARD_KEY_SET,
    **_KEY_SET,
    "version": 1,
    "cards": 0,
    "older_cards": 0,
    "older_active": 0,
    "renewed_at": None,
    **ids.MADE,
}
MASTER_IN: Final[Example] = {"master": None}
DIVERSIFY_IN: Final[Example] = {"identity": "04782E21801D80"}
DIVERSIFIED_OUT: Final[Example] = {
    "key": "a8dd63a3b89d54b37ca802473fda9175",
    "version": 1,
    "card_id": None,
    "current_key": None,
}
REKEY_IN: Final[Example] = {"key_set_id": ids.CARD_KEY_SET, "key": None}
CARD_PROFILE_OUT: Final[Example] = {
    "id": "desfire-ev2-aes",
    "title": "DESFire EV2・EV3（AES共通鍵）",
    "namespaces": ["uid"],
    "assurance": "challenge",
    "proof": "shared_key",
    "clone_risk": "stolen_controller",
    "proven": "カードごとの鍵を持っていること",
    "who_could_copy": "カードが使える扉の制御装置を盗んだ人",
    "fill_in": [],
}
CARD_REISSUE: Final[Example] = {
    "namespace": "felica",
    "identity": "0123456789ABCDE0",
    "label": "職員証 10427-2",
    "profile": None,
    "public_key": None,
    "key_set_id": None,
    "key": None,
    "valid_until": None,
    "reason": "紛失のため再発行",
}
ENROLMENT_IN: Final[Example] = {
    "person_id": ids.PERSON,
    "label": "職員証 10427",
    "valid_until": None,
    "replaces_id": None,
    "key_set_id": None,
    "profile": None,
    "key": None,
}
CARD_READ_OUT: Final[Example] = {
    "namespace": "felica",
    "ends_with": "CDEF",
    "clone_risk": "anybody_near",
}
ENROLMENT_OUT: Final[Example] = {
    "id": ids.ENROLMENT,
    "reader_id": ids.READER,
    "person_id": ids.PERSON,
    "label": "職員証 10427",
    "replaces_id": None,
    "key_set_id": None,
    "state": "done",
    "started_at": "2026-04-01T00:14:20Z",
    "until": "2026-04-01T00:15:20Z",
    "card": {**CARD_OUT, "assurance": "identifier", "reader_id": ids.READER},
    "copyable": True,
    "read": CARD_READ_OUT,
    "refusal": "none",
    "refused_card_id": None,
    "refused_person_id": None,
}
CARD_LOOKUP: Final[Example] = {"namespace": "felica", "identity": "0123456789ABCDEF"}
CARD_MOVE: Final[Example] = {"reason": "窓口で届け出"}

_GRANT: Final[Example] = {
    "door_id": ids.DOOR,
    "zone_id": None,
    "person_id": ids.PERSON,
    "group_id": None,
    "card_id": None,
    "start_at": "2026-04-01T00:00:00Z",
    "end_at": "2027-03-31T15:00:00Z",
    "schedule_id": ids.SCHEDULE,
    "needs_pin": False,
    "first_person": False,
    "max_uses": None,
    "soft": False,
    "escorts": [],
    "escort_s": 30,
    "note": "2026年度",
}
GRANT_IN: Final = _GRANT
GRANT_CHANGE: Final[Example] = {"end_at": "2026-09-30T15:00:00Z", "note": "上半期まで"}
GRANT_OUT: Final[Example] = {"id": ids.GRANT, **_GRANT, "state": "active", **ids.MADE}

_SCHEDULE: Final[Example] = {
    "name": "開館時間",
    "name_en": "Opening hours",
    "tz": "Asia/Tokyo",
    "week": [{"days": [1, 2, 3, 4, 5, 6], "spans": [[540, 1260]]}],
    "calendar_id": ids.CALENDAR,
    "holiday_spans": [],
    "exceptions": [{"day": "2026-11-03", "spans": [[540, 1020]]}],
}
SCHEDULE_IN: Final = _SCHEDULE
SCHEDULE_CHANGE: Final[Example] = {"holiday_spans": [[600, 1020]]}
SCHEDULE_OUT: Final[Example] = {"id": ids.SCHEDULE, **_SCHEDULE, **ids.MADE}

_CALENDAR: Final[Example] = {
    "name": "鍵守町の休日",
    "name_en": "Town holidays",
    "source": "japan",
    "added": [{"day": "2026-06-15", "name": "町制記念日"}],
    "removed": ["2026-11-03"],
}
CALENDAR_IN: Final = _CALENDAR
CALENDAR_CHANGE: Final[Example] = {"removed": []}
CALENDAR_OUT: Final[Example] = {"id": ids.CALENDAR, **_CALENDAR, **ids.MADE}
HOLIDAYS_OUT: Final[Example] = {"dates": ["2026-04-29", "2026-05-03", "2026-05-04", "2026-05-05"]}
