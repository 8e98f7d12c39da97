"""Builds what closes months: for `hub.bootstrap`."""

from __future__ import annotations

from hub.timesheets.alert_service import AlertService
from hub.timesheets.closing_service import ClosingService
from hub.timesheets.closings import Closings
from hub.timesheets.divergence_service import DivergenceService
from hub.timesheets.sources import Sources
from hub.timesheets.touched_chore import SettleTouched
from hub.web.core import Core, Services


def add_closings(core: Core, services: Services) -> None:
    """Add them. What they stand on is plugged into `Sources` beforehand or afterwards."""
    sources = services.add(Sources())
    settings = core.settings.closing
    closings = services.add(Closings(sources, core.ids, settings))
    services.add(ClosingService(core, sources, closings, settings))
    services.add(DivergenceService(core, sources, settings))
    services.add(AlertService(core, sources, settings))


def closing_chore(core: Core, services: Services) -> SettleTouched:
    """The chore that looks at dates about which something was written."""
    return SettleTouched(core.clock, services)
