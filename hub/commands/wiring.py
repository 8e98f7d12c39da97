"""Builds the services of commands and modes: for `hub.bootstrap`."""

from __future__ import annotations

from hub.commands.access import AccessService
from hub.commands.mode_service import ModesService
from hub.commands.service import CommandsService
from hub.policy.outlet import Outlet
from hub.web.core import Core, Services


def add_commands(core: Core, services: Services) -> None:
    """Add `CommandsService`, `ModesService` and `AccessService`; needs `Outlet`."""
    outlet = services.get(Outlet)
    services.add(CommandsService(core.db, core.clock, core.ids, outlet))
    services.add(ModesService(core.db, core.clock, core.ids))
    services.add(AccessService(core.db, core.clock))
