"""Marks on work dates about which something was written: a punch, a correction, an approved claim.

A mark is written in the transaction of its cause, and taken away by whoever derives anew, before
they read: so a cause that commits while somebody derives is seen by them or marked for the next.
Any topic that changes what a month is reckoned from calls `touch`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from hub.attendance.tables import touched_days
from hub.database.scope import Scope

_MOST = 400


@dataclass(frozen=True, slots=True, order=True)
class TouchedDay:
    """A person's date about which something was written."""

    person_id: str
    work_date: date


def touch(scope: Scope, person_id: str, first: date, last: date, at: datetime) -> None:
    """Mark the dates `[first, last]` of a person, at most 400 of them."""
    days = min((last - first).days, _MOST) + 1
    rows = [
        {"person_id": person_id, "work_date": first + timedelta(days=each), "at": at}
        for each in range(days)
    ]
    scope.upsert(touched_days, rows, key=("person_id", "work_date"))


def oldest(scope: Scope, limit: int) -> tuple[TouchedDay, ...]:
    """Give marks, the oldest first."""
    t = touched_days.c
    rows = scope.all(
        scope.select(t.person_id, t.work_date).order_by(t.at, t.person_id, t.work_date).limit(limit)
    )
    return tuple(TouchedDay(row.person_id, row.work_date) for row in rows)


def touched_between(
    scope: Scope, person_ids: Iterable[str], first: date, last: date
) -> frozenset[TouchedDay]:
    """Give the marks of some people within `[first, last]`."""
    t = touched_days.c
    rows = scope.all(
        scope.select(t.person_id, t.work_date).where(
            t.person_id.in_(sorted(person_ids)), t.work_date >= first, t.work_date <= last
        )
    )
    return frozenset(TouchedDay(row.person_id, row.work_date) for row in rows)


def take(scope: Scope, person_id: str, first: date, last: date) -> int:
    """Take the marks of a person's dates away, before reading what they stand for; give how many.
    A transaction that is writing one of them is waited for."""
    t = touched_days.c
    return scope.delete(
        touched_days,
        t.person_id == person_id,
        t.work_date >= first,
        t.work_date <= last,
        sa.true(),
    )
