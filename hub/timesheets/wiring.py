"""Builds the services of rosters and timesheets: for `hub.bootstrap`."""

from __future__ import annotations

from hub.audit.rows import AuditedRows
from hub.policy.connections import Connections
from hub.policy.outlet import Outlet
from hub.rosters.service import RostersService
from hub.timesheets import neighbours
from hub.timesheets.chores import ReckonStale
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.service import TimesheetsService
from hub.web.core import Core, Services
from hub.worktime.domain import Month


def add_timesheets(core: Core, services: Services) -> None:
    """Add them; raises `OrdinanceError` for an ordinance that cannot be used."""
    settings = core.settings.timesheets
    ordinances = neighbours.load_ordinances(settings.ordinances)
    begins = Month(*map(int, settings.begins.split("-"))) if settings.begins else None
    reckoner = services.add(Reckoner(ordinances, begins))
    services.add(RostersService(core, services.get(AuditedRows), ordinances, core.settings.rosters))
    services.add(TimesheetsService(core, reckoner, Connections(services.get(Outlet))))


def timesheet_chore(services: Services) -> ReckonStale:
    """The chore that reckons what stands no longer."""
    return ReckonStale(services.get(TimesheetsService), services.get(Reckoner))
