"""Builds leave: for `hub.bootstrap`."""

from __future__ import annotations

from hub.leave.kind_files import load_kinds
from hub.leave.service import LeaveService
from hub.leave.yearly import YearlyLeave
from hub.web.core import Core, Services


def add_leave(core: Core, services: Services) -> None:
    """Add it; people are there already. Raises `LeaveKindsError` for a file that cannot be used."""
    leave = services.add(LeaveService(core, load_kinds(core.settings.leave.kinds_file)))
    services.add(YearlyLeave(core, leave))
