"""SQL of what became of bookings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from hub.bookings.outcome import Outcome
from hub.bookings.tables import booking_outcomes
from hub.database.scope import Scope


def outcomes_of(scope: Scope, booking_ids: Sequence[str]) -> dict[str, Outcome]:
    """Give what is known of these bookings; one of which nothing is known is left out."""
    t = booking_outcomes
    rows = scope.all(scope.select(t).where(t.c.booking_id.in_(booking_ids)))
    return {row.booking_id: _outcome(row) for row in rows}


def told_of(scope: Scope, booking_id: str) -> frozenset[str]:
    """Give the kinds of happenings that were told of a booking's outcome."""
    t = booking_outcomes.c
    found = scope.scalar(scope.select(t.told).where(t.booking_id == booking_id))
    return frozenset(found or ())


def keep(
    scope: Scope, booking_id: str, outcome: Outcome, told: Collection[str], now: datetime
) -> None:
    """Keep what became of a booking, and what was told of it."""
    row = {
        "booking_id": booking_id,
        "attendance": outcome.attendance,
        "first_entry_at": outcome.first_entry_at,
        "last_entry_at": outcome.last_entry_at,
        "entries": outcome.entries,
        "early_at": outcome.early_at,
        "early_denied": outcome.early_denied,
        "late_denied": outcome.late_denied,
        "overstayed_at": outcome.overstayed_at,
        "left_open": list(outcome.left_open),
        "keys_missing": list(outcome.keys_missing),
        "unheard": list(outcome.unheard),
        "told": sorted(told),
        "settled_at": outcome.settled_at,
        "changed_at": now,
    }
    scope.upsert(booking_outcomes, row, key=["booking_id"])


def _outcome(row: Any) -> Outcome:
    return Outcome(
        attendance=row.attendance,
        first_entry_at=row.first_entry_at,
        last_entry_at=row.last_entry_at,
        entries=row.entries,
        early_at=row.early_at,
        early_denied=row.early_denied,
        late_denied=row.late_denied,
        overstayed_at=row.overstayed_at,
        left_open=tuple(row.left_open),
        keys_missing=tuple(row.keys_missing),
        unheard=tuple(row.unheard),
        settled_at=row.settled_at,
    )
