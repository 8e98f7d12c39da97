"""Builds the pages' service: for `hub.bootstrap`."""

from __future__ import annotations

from hub.attendance.service import AttendanceService
from hub.bookings.service import BookingsService
from hub.entries.service import EntriesService
from hub.pages.connections import Connections
from hub.pages.console import ConsolePages
from hub.web.core import Core, Services


def add_pages(core: Core, services: Services) -> None:
    """Add `Connections` and `ConsolePages`; the topics' services are there already."""
    connections = services.add(Connections())
    services.add(
        ConsolePages(
            core,
            services.get(EntriesService),
            services.get(BookingsService),
            services.get(AttendanceService),
            connections,
        )
    )
