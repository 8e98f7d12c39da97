"""Builds payroll: for `hub.bootstrap`."""

from __future__ import annotations

from hub.leave.service import LeaveService
from hub.payroll.gathering import TimesheetMonths
from hub.payroll.service import PayrollService
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.service import TimesheetsService
from hub.web.core import Core, Services


def add_payroll(core: Core, services: Services) -> None:
    """Add `PayrollService`, which takes its months from timesheets."""
    timesheets, reckoner = services.get(TimesheetsService), services.get(Reckoner)
    months = TimesheetMonths(core, timesheets, reckoner, services.get(LeaveService).kinds)
    services.add(PayrollService(core, months))
