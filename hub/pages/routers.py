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
    key_boxes,
    log,
    pin,
    residents,
    tomorrow,
    zones,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    board.router,
    doors.router,
    key_boxes.router,
    zones.router,
    log.router,
    bookings.router,
    csv.router,
    attendance.router,
    batteries.router,
    tomorrow.router,
    residents.router,
    pin.router,
)
