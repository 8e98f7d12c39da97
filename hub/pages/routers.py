"""Every page's router, for `hub.app`."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from hub.pages.routes import (
    applications,
    approvals,
    attendance,
    batteries,
    board,
    bookings,
    csv,
    doors,
    feeds,
    key_boxes,
    leave,
    log,
    notices,
    pin,
    residents,
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
    applications.router,
    approvals.router,
    leave.router,
    attendance.router,
    batteries.router,
    tomorrow.router,
    residents.router,
    pin.router,
)
