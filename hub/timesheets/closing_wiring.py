"""Builds what closes months: for `hub.bootstrap`."""

from __future__ import annotations

from hub.applications.neighbours import Neighbours
from hub.timesheets.adjusting import Adjusting
from hub.timesheets.alert_service import AlertService
from hub.timesheets.closing_service import ClosingService
from hub.timesheets.closing_sheets import ClosingSheets
from hub.timesheets.closings import Closings
from hub.timesheets.divergence_service import DivergenceService
from hub.timesheets.for_applications import MissingOfMonths, MonthFigures
from hub.timesheets.open_months import OpenMonths
from hub.timesheets.reckoner import Reckoner
from hub.timesheets.sources import Sources
from hub.timesheets.touched_chore import SettleTouched
from hub.timesheets.town_sources import plug_in
from hub.web.core import Core, Services


def add_closings(core: Core, services: Services) -> None:
    """Add them; staff, applications and the reckoner are there already."""
    sources = services.add(Sources())
    plug_in(sources, services.get(Reckoner), core.clock)
    settings, book = core.settings.closing, services.get(Reckoner).book
    asking = services.get(Neighbours)
    asking.figures = MonthFigures(sources, book, core.clock)
    asking.missing.append(MissingOfMonths(sources, book, settings, core.clock))
    months = services.add(OpenMonths(sources, settings))
    closings = services.add(Closings(months, core.ids))
    services.add(Adjusting(sources, core.ids, settings))
    services.add(ClosingSheets(core, sources, months))
    services.add(ClosingService(core, sources, months, closings))
    services.add(DivergenceService(core, sources, settings))
    services.add(AlertService(core, sources, settings))


def closing_chore(core: Core, services: Services) -> SettleTouched:
    """The chore that looks at dates about which something was written."""
    return SettleTouched(core.clock, services)
