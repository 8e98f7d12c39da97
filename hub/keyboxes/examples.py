"""Examples of key boxes, tickets and visits, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids
from wire.offline_profiles import PROFILES

Example = dict[str, Any]

_BOX: Final[Example] = {
    "site_id": ids.SITE,
    "name": "旧役場倉庫 鍵箱",
    "name_en": "Old town hall store, key box",
    "name_kana": "きゅうやくばそうこ かぎばこ",
    "profile": "hour",
    "place": "裏口の右、目の高さ",
    "closing": "ふたを押して、つまみを右へ",
    "key_holder": "総務課 施設係",
    "visit_every_days": 90,
}
KEY_BOX_IN: Final = _BOX
KEY_BOX_CHANGE: Final[Example] = {"place": "裏口の左", "visit_every_days": 60}
KEY_BOX_OUT: Final[Example] = {
    "id": ids.KEY_BOX,
    **_BOX,
    "state": "active",
    "digits": 9,
    "guess_risk": 0.000005616,
    "generation": 0,
    "device_version": 0,
    "code_version": 1,
    **ids.MADE,
}
_PROFILE = PROFILES["hour"]
PROFILE_OUT: Final[Example] = {
    "name": _PROFILE.name,
    "digits": _PROFILE.digits,
    "guess_risk": float(_PROFILE.bound),
    "longest_minutes": _PROFILE.longest_s // 60,
    "always_minutes": _PROFILE.always_s // 60,
    "codes_a_window": _PROFILE.variants,
    "generations_ahead": _PROFILE.ahead,
    "clock_doubt_s": _PROFILE.drift_s,
    "shapes": [{"grid_minutes": 60, "duration_minutes": 120, "once": False}],
}
BOX_STATE_OUT: Final[Example] = {
    "last_visit_at": "2026-03-20T04:12:00Z",
    "collected_by": ids.CONTROLLER,
    "log_epoch": 1,
    "next_index": 318,
    "seen_generation": 0,
    "battery_mv": 5_910,
    "battery_dc": 96,
    "battery_at": "2026-03-20T04:12:00Z",
    "uses": 101,
    "clock_set_at": "2026-03-20T04:12:05Z",
    "clock_offset_ms": 1_840,
    "clock_error_ms": 20,
    "firmware": "1.0.0",
    "tamper_since": None,
    "jammed_since": None,
    "key_absent_since": None,
}
KEY_BOX_STATE_OUT: Final[Example] = {
    "key_box_id": ids.KEY_BOX,
    "told": BOX_STATE_OUT,
    "visit_due_at": "2026-06-18T04:12:00Z",
    "codes_living": 3,
    "secrets_waiting": None,
    "log_through": 317,
}
PROVISIONING_OUT: Final[Example] = {
    "device": ids.KEY_BOX,
    "kind": 1,
    "maintenance_secret": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}
TICKET_IN: Final[Example] = {
    "day": "2026-04-07",
    "rights": ["read", "clock", "clear", "secret"],
    "purpose": "定期点検",
    "secret_version": None,
}
TICKET: Final[Example] = {
    "v": 1,
    "device": ids.KEY_BOX,
    "day": 2_288,
    "rights": 15,
    "ticket": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "expires": "2026-04-07T15:00:00Z",
    "receipt": {"log_epoch": 1, "through": 317, "mac": "AAECAwQFBgcICQoLDA0ODw=="},
}
TICKET_MADE_OUT: Final[Example] = {
    "id": ids.TICKET,
    "day": "2026-04-07",
    "rights": ["read", "clock", "clear", "secret"],
    "purpose": "定期点検",
    "made_at": "2026-04-06T00:00:00Z",
    "actor": f"session:{ids.USER}",
}
VISIT_OUT: Final[Example] = {
    "day": "2026-03-20",
    "collected_by": ids.CONTROLLER,
    "first_at": "2025-12-19T01:00:00Z",
    "last_at": "2026-03-19T08:30:00Z",
    "received_at": "2026-03-20T05:00:00Z",
    "records": 212,
    "lost": 0,
    "clock_offset_ms": 1_840,
}
RETIRE_IN: Final[Example] = {"reason": "番号が外部に漏れたおそれ"}
CONCERNED_OUT: Final[Example] = {
    "booking_id": ids.BOOKING,
    "reservation_key": ids.RESERVATION_KEY,
    "holder_id": ids.HOLDER,
    "opens_from": "2026-04-10T09:00:00Z",
    "opens_until": "2026-04-10T13:00:00Z",
    "was_revealed": True,
}
DOOR_BACKUP_IN: Final[Example] = {"profile": "hour", "grace_s": 86_400}
DOOR_BACKUP_OUT: Final[Example] = {
    "door_id": ids.DOOR,
    "profile": "hour",
    "guess_risk": 0.000005616,
    "grace_s": 86_400,
    "controller_id": ids.CONTROLLER,
    "version": 1,
    "changed_at": "2026-04-06T00:00:00Z",
}
