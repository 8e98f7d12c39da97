"""Searching the entry log: filters, keyset paging, and what is new for those who watch."""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.database.scope import Scope
from hub.entries.domain import GAP, Entry, Result, Topic
from hub.entries.tables import entries
from wire.events import EventKind

PAGE_MAX: Final = 200
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Entry))


class BadFilterError(ValueError):
    """A filter of the log cannot be read; the message names it and what it takes."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the log, newest first: the entries before `(occurred_at, id)` follow."""

    occurred_at: datetime
    id: int

    def encode(self) -> str:
        """Give the cursor as the opaque text of a URL."""
        text = f"{self.occurred_at.astimezone(UTC).isoformat()}|{self.id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Read such a text; raise `BadFilterError` for anything else."""
        try:
            padded = text + "=" * (-len(text) % 4)
            moment, _, number = base64.urlsafe_b64decode(padded).decode().partition("|")
            at = datetime.fromisoformat(moment)
            if at.tzinfo is None:
                raise ValueError("an instant carries its offset")
            return cls(at.astimezone(UTC), int(number))
        except (ValueError, binascii.Error, OverflowError) as error:
            raise BadFilterError("cursor: use the value of `next` as it was given") from error


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; None means anything. `[start, end)`; `doors` limits to what one may see,
    and an entry without a door is then seen only with `doorless`."""

    start: datetime | None = None
    end: datetime | None = None
    door_id: str | None = None
    person_id: str | None = None
    booking_id: str | None = None
    kind: str | None = None
    doors: frozenset[str] | None = None
    doorless: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first, and the cursor of the next page if there is one."""

    entries: tuple[Entry, ...]
    next: Cursor | None


def search(scope: Scope, filters: Filters, cursor: Cursor | None, limit: int) -> Page:
    """Give a page of the log, newest first; `limit` is 1 to `PAGE_MAX`."""
    limit = max(1, min(limit, PAGE_MAX))
    where = _where(filters)
    if cursor is not None:
        before = sa.and_(entries.c.occurred_at == cursor.occurred_at, entries.c.id < cursor.id)
        where.append(sa.or_(entries.c.occurred_at < cursor.occurred_at, before))
        where.append(entries.c.occurred_at <= cursor.occurred_at)  # what an index can start from
    rows = scope.all(
        scope.select(entries)
        .where(*where)
        .order_by(entries.c.occurred_at.desc(), entries.c.id.desc())
        .limit(limit + 1)
    )
    found = tuple(_entry(row) for row in rows[:limit])
    more = len(rows) > limit
    return Page(found, Cursor(found[-1].occurred_at, found[-1].id) if more else None)


def touched_after(scope: Scope, raw_id: int, filters: Filters, limit: int) -> Sequence[Entry]:
    """Give entries that were written or added to after a raw event, in that order."""
    rows = scope.all(
        scope.select(entries)
        .where(entries.c.touched_by > raw_id, *_where(filters))
        .order_by(entries.c.touched_by, entries.c.id)
        .limit(limit)
    )
    return [_entry(row) for row in rows]


def last_touched(scope: Scope) -> int:
    """Give the newest raw event that touched an entry; 0 if there is none."""
    return int(scope.scalar(scope.select(sa.func.max(entries.c.touched_by))) or 0)


def _where(filters: Filters) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if filters.start is not None:
        where.append(entries.c.occurred_at >= filters.start)
    if filters.end is not None:
        where.append(entries.c.occurred_at < filters.end)
    if filters.door_id is not None:
        where.append(entries.c.door_id == filters.door_id)
    if filters.person_id is not None:
        where.append(entries.c.person_id == filters.person_id)
    if filters.booking_id is not None:
        where.append(entries.c.booking_id == filters.booking_id)
    if filters.kind is not None:
        where.append(_kind(filters.kind))
    if filters.doors is not None:
        seen: ColumnElement[bool] = entries.c.door_id.in_(sorted(filters.doors))
        where.append(sa.or_(seen, entries.c.door_id.is_(None)) if filters.doorless else seen)
    return where


def _kind(kind: str) -> ColumnElement[bool]:
    """A topic, a result, or an exact kind."""
    if kind in set(Topic):
        return entries.c.topic == Topic(kind)
    if kind in set(Result):
        return entries.c.result == Result(kind)
    if kind == GAP or kind in set(EventKind):
        return entries.c.kind == kind
    takes = ", ".join([*Topic, *Result])
    raise BadFilterError(f"kind: takes {takes} or an event kind")


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(**{name: getattr(row, name) for name in _FIELDS})
