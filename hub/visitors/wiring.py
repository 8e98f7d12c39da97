"""Builds the services of visitors and of the roll call: for `hub.bootstrap`."""

from __future__ import annotations

from hub.attendance.service import AttendanceService
from hub.audit.rows import AuditedRows
from hub.pins.service import Pins
from hub.policy.worker import Chore
from hub.visitors.chores import FollowKeypads, ForgetVisitors
from hub.visitors.pins import VisitorPins
from hub.visitors.roll_call import RollCallService
from hub.visitors.service import VisitorsService
from hub.web.core import Core, Services
from hub.zones.service import ZonesService


def add_visitors(core: Core, services: Services) -> None:
    """Add them; rows, zones and attendance are there already."""
    rows = services.get(AuditedRows)
    pins = services.add(VisitorPins(core.clock, services.get(Pins)))
    visitors = services.add(VisitorsService(core, rows, pins))
    zones, attendance = services.get(ZonesService), services.get(AttendanceService)
    services.add(RollCallService(core, rows, zones, attendance, visitors))


def visitor_chores(core: Core, services: Services) -> list[Chore]:
    """What time and doors demand of the register."""
    return [
        ForgetVisitors(core.clock, core.settings.visitors.keep_days),
        FollowKeypads(core.clock, services.get(VisitorPins)),
    ]
