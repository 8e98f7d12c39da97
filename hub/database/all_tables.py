"""Every module that puts tables on the shared metadata. A topic adds its line here."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from sqlalchemy import MetaData

from hub.database.tables import metadata

TABLE_MODULES: Final = (
    "hub.accounts.tables",
    "hub.applications.tables",
    "hub.attendance.tables",
    "hub.audit.tables",
    "hub.backup.tables",
    "hub.batteries.tables",
    "hub.bookings.tables",
    "hub.commands.tables",
    "hub.csv_bookings.tables",
    "hub.database.tables",
    "hub.door_tests.tables",
    "hub.duty.tables",
    "hub.entries.tables",
    "hub.feeds.tables",
    "hub.happenings.tables",
    "hub.ingest.tables",
    "hub.keyboxes.tables",
    "hub.leave.tables",
    "hub.link.tables",
    "hub.notices.tables",
    "hub.payroll.tables",
    "hub.people.tables",
    "hub.pins.tables",
    "hub.policy.tables",
    "hub.projection.tables",
    "hub.readiness.tables",
    "hub.rosters.tables",
    "hub.sites.tables",
    "hub.staff.tables",
    "hub.tabular.tables",
    "hub.timesheets.alert_tables",
    "hub.timesheets.closing_tables",
    "hub.timesheets.divergence_tables",
    "hub.visitors.tables",
    "hub.timesheets.tables",
    "hub.web.tables",
    "hub.webhooks.tables",
    "hub.zones.tables",
)
"""Import paths, one a line, sorted."""


def all_tables() -> MetaData:
    """Give the metadata with every topic's tables on it."""
    for module in TABLE_MODULES:
        import_module(module)
    return metadata
