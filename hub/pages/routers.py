"""Every page's router, for `hub.app`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hub.pages.routes import (
    attendance,
    batteries,
    board,
    bookings,
    caps,
    cards,
    closings,
    csv,
    divergences,
    doors,
    feeds,
    key_boxes,
    log,
    notices,
    pin,
    residents,
    roll_call,
    rosters,
    staff,
    staff_import,
    timesheets,
    tomorrow,
    visitors,
    webhooks,
    zones,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    board.router,
    doors.router,
    key_boxes.router,
    zones.router,
    visitors.router,
    cards.router,
    roll_call.router,
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
    closings.router,
    divergences.router,
    caps.router,
    batteries.router,
    staff_import.router,
    staff.router,
    tomorrow.router,
    residents.router,
    pin.router,
)
