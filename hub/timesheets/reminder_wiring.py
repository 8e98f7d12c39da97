"""Lets reminders know of divergences, refused taps and caps: for `hub.bootstrap`."""

from __future__ import annotations

from hub.applications.gathering import Gathering
from hub.applications.neighbours import Neighbours
from hub.timesheets.for_reminders import CapAlerts, OpenDivergences, RefusedTaps
from hub.web.core import Services


def add_reminders(services: Services) -> None:
    """Add them to what is asked for what is missing; applications are there already."""
    gathering = services.get(Gathering)
    sources = OpenDivergences(gathering), RefusedTaps(), CapAlerts(gathering)
    services.get(Neighbours).missing.extend(sources)
