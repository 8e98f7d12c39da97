"""Builds CSV imports: for `hub.bootstrap`."""

from __future__ import annotations

from hub.bookings.service import BookingsService
from hub.csv_bookings.folder import CsvFolder
from hub.csv_bookings.service import CsvService
from hub.web.core import Core, Services


def add_csv(core: Core, services: Services) -> None:
    """Add `CsvService`; `BookingsService` is there already."""
    services.add(CsvService(core, core.settings.csv, services.get(BookingsService)))


def csv_folder(core: Core, services: Services) -> CsvFolder:
    """Give the job that watches the folder."""
    return CsvFolder(services.get(CsvService), core.settings.csv, core.clock)
