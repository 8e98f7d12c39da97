"""Builds payroll: for `hub.bootstrap`."""

from __future__ import annotations

from hub.payroll.gathering import TimesheetMonths
from hub.payroll.service import PayrollService
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.service import TimesheetsService
from hub.web.core import Core, Services


def add_payroll(core: Core, services: Services) -> None:
    """Add `PayrollService`, which takes its months from timesheets."""
    months = TimesheetMonths(core, services.get(TimesheetsService), services.get(Reckoner))
    services.add(PayrollService(core, months))
