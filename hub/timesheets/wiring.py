"""Builds the services of rosters and timesheets: for `hub.bootstrap`."""

from __future__ import annotations

from hub.attendance.service import AttendanceService
from hub.audit.rows import AuditedRows
from hub.leave.service import LeaveService
from hub.policy.connections import Connections
from hub.policy.outlet import Outlet
from hub.rosters.assigning import AssignmentsService
from hub.rosters.importing import RosterImports
from hub.rosters.previewing import PatternPreviews
from hub.rosters.service import RostersService
from hub.timesheets.chores import ReckonStale
from hub.timesheets.gathering import Rulebook
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.repository import TownNights
from hub.timesheets.service import TimesheetsService
from hub.web.core import Core, Services
from hub.worktime.domain import Month
from hub.worktime.ordinance import Ordinances


def add_timesheets(core: Core, services: Services) -> None:
    """Add them; ordinances and leave are there already."""
    settings = core.settings.timesheets
    ordinances = services.get(Ordinances)
    begins = Month(*map(int, settings.begins.split("-"))) if settings.begins else None
    book = Rulebook(ordinances, services.get(LeaveService).kinds)
    reckoner = services.add(Reckoner(book, begins))
    services.get(AttendanceService).rosters = TownNights(book)
    rows, found = services.get(AuditedRows), core.settings.rosters
    rosters = services.add(RostersService(core, rows, ordinances, found))
    services.add(RosterImports(core, rosters, found))
    services.add(PatternPreviews(core.db, ordinances, core.settings.rosters))
    services.add(AssignmentsService(core, services.get(AuditedRows)))
    services.add(TimesheetsService(core, reckoner, Connections(services.get(Outlet))))


def timesheet_chore(core: Core, services: Services) -> ReckonStale:
    """The chore that reckons what stands no longer."""
    return ReckonStale(services.get(TimesheetsService), services.get(Reckoner), core.clock)
