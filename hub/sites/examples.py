"""Examples of sites and what stands at them, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

_SITE: Final[Example] = {
    "name": "中央公民館",
    "name_en": "Central Community Hall",
    "name_kana": "ちゅうおうこうみんかん",
    "address": "鍵守町中央1-2-3",
    "phone": "0123-45-6789",
    "horizon_hours": 72,
    "area": "北部",
    "latitude": 35.6812,
    "longitude": 139.7671,
}
SITE_IN: Final = _SITE
SITE_CHANGE: Final[Example] = {"phone": "0123-45-6780", "horizon_hours": 96}
SITE_OUT: Final[Example] = {"id": ids.SITE, **_SITE, **ids.MADE}

_CONTROLLER: Final[Example] = {
    "id": ids.CONTROLLER,
    "site_id": ids.SITE,
    "name": "公民館 1階 制御盤",
    "name_en": "Hall, ground floor",
    "has_rtc": True,
    "settings": {"telemetry_s": 300},
}
CONTROLLER_IN: Final = _CONTROLLER
CONTROLLER_CHANGE: Final[Example] = {"name": "公民館 1階 配線室"}
CONTROLLER_OUT: Final[Example] = {**_CONTROLLER, "state": "active", **ids.MADE}

_ZONE: Final[Example] = {
    "site_id": ids.SITE,
    "name": "大ホール",
    "name_en": "Great hall",
    "anti_passback": "soft",
    "occupancy_max": 120,
    "soft": False,
    "forget_after_s": 43_200,
    "reset_min": 240,
    "tz": "Asia/Tokyo",
}
ZONE_IN: Final = _ZONE
ZONE_CHANGE: Final[Example] = {"occupancy_max": 100}
ZONE_OUT: Final[Example] = {
    "id": ids.ZONE,
    **_ZONE,
    "spans": False,
    "forgiven": 0,
    "forgiven_at": None,
    **ids.MADE,
}

_DOOR: Final[Example] = {
    "site_id": ids.SITE,
    "controller_id": ids.CONTROLLER,
    "name": "大ホール 正面",
    "name_en": "Great hall, front",
    "name_kana": "だいほーる しょうめん",
    "key_holder": "総務課 施設係",
    "egress": "内側のつまみを回せば、電気がなくても開きます。",
    "unlock_ms": 5_000,
    "held_after_ms": 60_000,
    "detect_forced": True,
    "min_assurance": "reader_verified",
    "min_digits": 6,
    "strike": {"device": ids.DEVICE, "channel": 0, "inverted": False},
    "contact": {"device": ids.DEVICE, "channel": 1, "inverted": False},
    "bolt": None,
    "rex": {"device": ids.DEVICE, "channel": 2, "inverted": False},
    "mechanical_key": None,
    "fail": "fail_secure",
    "on_untrusted_clock": "deny",
    "on_journal_failure": "deny",
    "zone_in": ids.ZONE,
    "zone_out": None,
    "hold_schedule": None,
    "first_person": "none",
    "two_person": False,
    "second_person_ms": 30_000,
    "bell": None,
    "shelter": True,
    "interlock": None,
}
DOOR_IN: Final = _DOOR
DOOR_CHANGE: Final[Example] = {"unlock_ms": 7_000, "held_after_ms": 90_000}
DOOR_OUT: Final[Example] = {"id": ids.DOOR, **_DOOR, "state": "active", **ids.MADE}

_DEVICE: Final[Example] = {
    "controller_id": ids.CONTROLLER,
    "name": "正面 リーダー",
    "driver": "osdp",
    "port": "osdp0",
    "address": 1,
    "reader_name": None,
}
DEVICE_IN: Final = _DEVICE
DEVICE_CHANGE: Final[Example] = {"name": "正面 リーダー(左)"}
DEVICE_OUT: Final[Example] = {"id": ids.DEVICE, **_DEVICE, "state": "active", **ids.MADE}
DEVICE_SECRET_IN: Final[Example] = {"secret": "k3Vtq0Zc8oWmYx1LrB7h2g=="}
LOCK_PROVISIONING_OUT: Final[Example] = {
    "device": ids.LOCK,
    "kind": 2,
    "maintenance_secret": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
}

_READER: Final[Example] = {
    "device_id": ids.DEVICE,
    "door_id": ids.DOOR,
    "name": "大ホール 正面 入口",
    "channel": 0,
    "side": "entry",
    "keypad": True,
    "cards": True,
    "profiles": [],
    "assurance": "reader_verified",
    "punch": "none",
    "min_assurance": "identifier",
    "key_timeout_ms": 10_000,
    "max_keys": 10,
    "tries": 5,
    "budget_window_s": 300,
    "lockout_s": 300,
    "lockout_max_s": 3_600,
    "card_tries": 30,
    "card_window_s": 60,
    "card_lockout_s": 60,
    "card_lockout_max_s": 600,
}
READER_IN: Final = _READER
READER_CHANGE: Final[Example] = {"tries": 4, "lockout_s": 600}
READER_OUT: Final[Example] = {"id": ids.READER, **_READER, "state": "active", **ids.MADE}
