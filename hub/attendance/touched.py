"""Marks on work dates about which something was written: a punch, a correction, an approved claim.

A mark is written in the transaction of its cause, and taken away by whoever derives anew, before
they read: so a cause that commits while somebody derives is seen by them or marked for the next.
Any topic that changes what a month is reckoned from calls `touch`.

There are two readers, each with marks of its own: dates, for the months that are kept reckoned; and
spans, for what is held against months that are closed.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from hub.attendance.domain import work_date_of
from hub.attendance.tables import punches, touched_days, touched_spans
from hub.database.rows import as_all
from hub.database.scope import Scope
from wire.identity import uuid7

AHEAD: Final = timedelta(days=124)
"""What lies further ahead nobody has reckoned."""
_BEFORE: Final = timedelta(days=366)
"""So far back a month may have been reckoned though nobody punched."""
_MIDDLE: Final = 15
"""The day by which a month is marked: no week around it reaches into another."""
_MOST: Final = 400


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
    touch_spans(scope, [person_id], first, last, at)


def touch_months(
    scope: Scope, person_ids: Collection[str], first: date, last: date | None, at: datetime
) -> None:
    """Mark the months of several people from `first` through `last`, as far as they can have been
    reckoned; None: until further notice."""
    today = work_date_of(at)
    end = min(last, today + AHEAD) if last is not None else today + AHEAD
    begun = min(first_punch(scope) or today, today - _BEFORE)
    start = max(first, begun)
    if start > end:
        return
    dates: list[date] = []
    day = start.replace(day=_MIDDLE)
    while day.replace(day=1) <= end:
        dates.append(day)
        day = (day + timedelta(days=31)).replace(day=_MIDDLE)
    pairs = [(person_id, each) for person_id in sorted(set(person_ids)) for each in dates]
    for position in range(0, len(pairs), _MOST):
        rows = [
            {"person_id": person_id, "work_date": each, "at": at}
            for person_id, each in pairs[position : position + _MOST]
        ]
        scope.upsert(touched_days, rows, key=("person_id", "work_date"))
    over = min(end, today - timedelta(days=1))
    if start <= over:
        touch_spans(scope, set(person_ids), start, over, at)


def first_punch(scope: Scope) -> date | None:
    """Give the work date of the town's first punch."""
    p = punches.c
    query = scope.select(p.corrected_at).where(p.trusted.is_(True))
    at = scope.scalar(query.order_by(p.corrected_at).limit(1))
    return work_date_of(at) if at is not None else None


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


@dataclass(frozen=True, slots=True)
class TouchedSpan:
    """A person's dates `[first_on, last_on]` about which something was written."""

    id: str
    person_id: str
    first_on: date
    last_on: date
    at: datetime


def oldest_spans(scope: Scope, limit: int, before: date) -> tuple[TouchedSpan, ...]:
    """Give spans that end before a date, the oldest first. They are only added and taken away,
    never changed: nobody who writes one waits for anybody."""
    t = touched_spans
    query = scope.select(t).where(t.c.last_on < before).order_by(t.c.at, t.c.id).limit(limit)
    return as_all(TouchedSpan, scope.all(query))


def any_span(scope: Scope, before: date) -> bool:
    """Tell whether there is one that ends before a date."""
    t = touched_spans.c
    return scope.one(scope.select(t.id).where(t.last_on < before).limit(1)) is not None


def touch_spans(
    scope: Scope, person_ids: Collection[str], first: date, last: date, at: datetime
) -> None:
    """Have the same dates of several people looked at, though nothing was written about them."""
    rows = [
        {
            "id": uuid7(int(at.timestamp() * 1000), secrets.token_bytes(10)),
            "person_id": each,
            "first_on": first,
            "last_on": last,
            "at": at,
        }
        for each in sorted(person_ids)
    ]
    scope.insert(touched_spans, rows)


def take_spans(scope: Scope, spans: Collection[TouchedSpan]) -> int:
    """Take spans away, before deriving what they stand for; give how many were still there."""
    ids = sorted(each.id for each in spans)
    return scope.delete(touched_spans, touched_spans.c.id.in_(ids)) if ids else 0
