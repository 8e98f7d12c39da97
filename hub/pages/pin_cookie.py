"""The cookie by which a resident's browser shows the bookings made or opened with it.

It holds the cookies of up to five PIN links, the newest first. Each is worth one booking and dies
with it; nothing else is in it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from hub.pins.links import Exchanged

PIN_COOKIE: Final = "__Host-kagimori-pin"
MOST: Final = 5
_BETWEEN: Final = "."


def cookies_of(request: Request) -> list[str]:
    """Give the link cookies that the browser holds, the newest first."""
    held = request.cookies.get(PIN_COOKIE, "").split(_BETWEEN)
    return [each for each in held if each][:MOST]


def keep_cookie(request: Request, response: Response, opened: Exchanged, now: datetime) -> None:
    """Put a link just opened before those that the browser holds."""
    held = [opened.cookie, *cookies_of(request)][:MOST]
    response.set_cookie(
        PIN_COOKIE,
        _BETWEEN.join(held),
        max_age=max(0, int((opened.expires_at - now).total_seconds())),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
