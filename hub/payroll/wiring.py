"""Builds payroll: for `hub.bootstrap`."""

from __future__ import annotations

from hub.payroll.service import PayrollService
from hub.payroll.source import MonthSource
from hub.web.core import Core, Services


def add_payroll(core: Core, services: Services, source: MonthSource) -> None:
    """Add `PayrollService`, which takes its months from `source`."""
    services.add(PayrollService(core, source))
