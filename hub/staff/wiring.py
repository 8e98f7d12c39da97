"""Builds what concerns staff: for `hub.bootstrap`."""

from __future__ import annotations

from hub.audit.rows import AuditedRows
from hub.policy.worker import Chore
from hub.staff.importing import StaffImports
from hub.staff.kinds import EmploymentKinds
from hub.staff.leavers import BlockLeavers
from hub.staff.newcomers import Newcomers
from hub.staff.service import StaffService
from hub.web.core import Core, Services
from hub.worktime.ordinance import Ordinances


def add_staff(core: Core, services: Services) -> None:
    """Add the services; audited rows and ordinances are there already."""
    rows = services.get(AuditedRows)
    kinds = EmploymentKinds(services.get(Ordinances))
    staff = services.add(StaffService(core, rows, kinds))
    services.add(StaffImports(core, rows, staff))
    services.add(Newcomers(core, rows, staff))


def staff_chores(core: Core, services: Services) -> list[Chore]:
    """Give what time demands: leavers are blocked."""
    rows, zone = services.get(AuditedRows), core.settings.town.zone
    blocks = core.settings.staff.block_leavers
    return [BlockLeavers(core.clock, rows, zone, blocks=blocks)]
