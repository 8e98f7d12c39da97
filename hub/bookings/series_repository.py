"""SQL of series of bookings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.bookings import repository
from hub.bookings.records import Booking
from hub.bookings.recurrence import Recurring, read_rule
from hub.bookings.tables import OnConflict, SeriesState, booking_series, bookings
from hub.database.scope import Scope


@dataclass(frozen=True, slots=True)
class Series:
    """A series as it is kept: `rule` is the RRULE as it was sent, times are local."""

    id: str
    series_key: str
    site_id: str
    facility_id: str
    state: SeriesState
    rule: str
    first_start: datetime
    first_end: datetime
    except_on: tuple[date, ...]
    on_conflict: OnConflict
    timezone: str
    created_at: datetime
    changed_at: datetime

    def recurring(self) -> Recurring:
        """Its dates; raises `RuleError` for a rule that is not one of ours."""
        zone = ZoneInfo(self.timezone)
        rule = read_rule(self.rule, zone)
        return Recurring(rule, self.first_start, self.first_end, zone, frozenset(self.except_on))


def series(scope: Scope, series_key: str) -> Series | None:
    """Give a series by its key."""
    row = scope.one(scope.select(booking_series).where(booking_series.c.series_key == series_key))
    return None if row is None else _series(row)


def keep(scope: Scope, kept: Series) -> None:
    """Insert or change a series."""
    row = {
        "id": kept.id,
        "series_key": kept.series_key,
        "site_id": kept.site_id,
        "facility_id": kept.facility_id,
        "state": kept.state,
        "rule": kept.rule,
        "first_start": kept.first_start.isoformat(),
        "first_end": kept.first_end.isoformat(),
        "except_on": [day.isoformat() for day in kept.except_on],
        "on_conflict": kept.on_conflict,
        "timezone": kept.timezone,
        "created_at": kept.created_at,
        "changed_at": kept.changed_at,
    }
    scope.upsert(booking_series, row, key=["id"])


def occurrences(scope: Scope, series_id: str) -> list[Booking]:
    """Give every booking that a series has made, in order of their dates, cancelled ones too."""
    order = [bookings.c.occurs_on, bookings.c.id]
    return repository.search(scope, [bookings.c.series_id == series_id], order, None)


def _series(row: Any) -> Series:
    return Series(
        id=row.id,
        series_key=row.series_key,
        site_id=row.site_id,
        facility_id=row.facility_id,
        state=row.state,
        rule=row.rule,
        first_start=datetime.fromisoformat(row.first_start),
        first_end=datetime.fromisoformat(row.first_end),
        except_on=tuple(date.fromisoformat(day) for day in row.except_on),
        on_conflict=row.on_conflict,
        timezone=row.timezone,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )
