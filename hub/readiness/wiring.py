"""Builds readiness: for `hub.bootstrap`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from hub.policy.connections import Connections
from hub.policy.outlet import Outlet
from hub.readiness.meters import ReadinessMeters
from hub.readiness.service import ReadinessService
from hub.readiness.watch import ReadinessWatch
from hub.web.core import Core, Services


def add_readiness(core: Core, services: Services) -> None:
    """Add `ReadinessService`; `Outlet` is there already."""
    connections = Connections(services.get(Outlet))
    services.add(ReadinessService(core, core.settings.readiness, connections))


def readiness_watch(core: Core, services: Services, registry: CollectorRegistry) -> ReadinessWatch:
    """Give the chore that notices."""
    connections = Connections(services.get(Outlet))
    return ReadinessWatch(
        core.clock, core.settings.readiness, connections, ReadinessMeters(registry)
    )
