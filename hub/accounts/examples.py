"""Examples of users and tokens, for the API's document."""

from __future__ import annotations

from typing import Any, Final

from hub.web import example_ids as ids

Example = dict[str, Any]

_USER: Final[Example] = {
    "login": "hanako.yamada",
    "name": "山田 花子",
    "role": "clerk",
    "sites": [ids.SITE],
    "person_id": ids.PERSON,
}
USER_IN: Final[Example] = {**_USER, "password": "choose-a-long-one"}
USER_CHANGE: Final[Example] = {"role": "staff", "sites": [ids.SITE]}
USER_OUT: Final[Example] = {
    "id": ids.USER,
    **_USER,
    "state": "active",
    "last_login_at": "2026-04-06T00:00:00Z",
    **ids.MADE,
}

_TOKEN: Final[Example] = {
    "name": "予約システム連携",
    "role": "integration",
    "sites": None,
    "expires_at": "2027-03-31T15:00:00Z",
}
TOKEN_IN: Final = _TOKEN
TOKEN_OUT: Final[Example] = {
    "id": ids.TOKEN,
    **_TOKEN,
    "created_by": f"session:{ids.USER}",
    "created_at": "2026-04-01T00:15:00Z",
    "revoked_at": None,
    "last_used_at": "2026-04-06T00:00:00Z",
}
NEW_TOKEN_OUT: Final[Example] = {
    **TOKEN_OUT,
    "last_used_at": None,
    "token": "kgm_shown-once-in-this-answer",
}
ME_OUT: Final[Example] = {
    "kind": "token",
    "id": ids.TOKEN,
    "name": "予約システム連携",
    "role": "integration",
    "rights": ["bookings:read", "bookings:write", "self"],
    "sites": None,
    "person_id": None,
}
