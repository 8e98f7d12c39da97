"""Builds the zones' service: for `hub.bootstrap`."""

from __future__ import annotations

from hub.audit.rows import AuditedRows
from hub.policy.connections import Connections
from hub.policy.outlet import Outlet
from hub.web.core import Core, Services
from hub.zones.service import ZonesService


def add_zones(core: Core, services: Services) -> None:
    """Add it; rows and the policy's outlet are there already."""
    connections = Connections(services.get(Outlet))
    services.add(ZonesService(core, services.get(AuditedRows), connections))
