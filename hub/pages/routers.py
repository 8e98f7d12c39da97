"""Every page's router, for `hub.app`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hub.pages.routes import (
    attendance,
    batteries,
    board,
    bookings,
    csv,
    doors,
    feeds,
    key_boxes,
    log,
    notices,
    pin,
    residents,
    rosters,
    timesheets,
    tomorrow,
    webhooks,
    zones,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    board.router,
    doors.router,
    key_boxes.router,
    zones.router,
    webhooks.router,
    log.router,
    notices.router,
    notices.public_router,
    bookings.router,
    feeds.router,
    csv.router,
    timesheets.router,
    rosters.router,
    attendance.router,
    batteries.router,
    tomorrow.router,
    residents.router,
    pin.router,
)
