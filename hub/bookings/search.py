"""Which bookings are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.bookings.tables import BookingState, bookings


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """Which bookings are asked for; None does not limit."""

    since: datetime | None = None
    until: datetime | None = None
    facility_id: str | None = None
    state: BookingState | None = None
    number: str | None = None
    series_id: str | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """What the rows must satisfy: those that touch the time from `since` until `until`."""
        found: list[sa.ColumnElement[bool]] = []
        if self.since is not None:
            found.append(bookings.c.ends_at > self.since)
        if self.until is not None:
            found.append(bookings.c.starts_at < self.until)
        if self.facility_id is not None:
            found.append(bookings.c.facility_id == self.facility_id)
        if self.state is not None:
            found.append(bookings.c.state == self.state)
        if self.number is not None:
            found.append(bookings.c.number == self.number)
        if self.series_id is not None:
            found.append(bookings.c.series_id == self.series_id)
        return found
