"""Searching the entry log: filters, keyset paging, and what is new for those who watch."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from hub.database.scope import Scope
from hub.entries.domain import GAP, SOFT, Entry, Result, Topic
from hub.entries.tables import door_states, entries
from hub.web.paging import Page, beyond, page_of
from hub.web.problems import INVALID, FieldProblem, Problem
from wire.events import EventKind

_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Entry))
_ORDER: Final = (entries.c.occurred_at, entries.c.id)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a reader may see: these doors and key boxes, and of what concerns none, these
    controllers."""

    doors: frozenset[str]
    controllers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; None means anything. Instants are `[start, end)`."""

    start: datetime | None = None
    end: datetime | None = None
    door_id: str | None = None
    person_id: str | None = None
    booking_id: str | None = None
    kind: str | None = None
    reach: Reach | None = None
    without: frozenset[str] = frozenset()
    """Kinds to leave out."""


def search(scope: Scope, filters: Filters, cursor: str | None, limit: int) -> Page[Entry]:
    """Give a page of the log, newest first. Raises `422 invalid` for a kind or cursor that does
    not exist."""
    rows = scope.all(
        scope.select(entries)
        .where(*_where(filters), beyond(_ORDER, cursor, descending=True))
        .order_by(*(column.desc() for column in _ORDER))
        .limit(limit + 1)
    )
    return page_of([entry_of_row(row) for row in rows], limit, lambda e: (e.occurred_at, e.id))


def touched_after(scope: Scope, raw_id: int, filters: Filters, limit: int) -> Sequence[Entry]:
    """Give entries that were written or added to after a raw event, in that order."""
    rows = scope.all(
        scope.select(entries)
        .where(entries.c.touched_by > raw_id, *_where(filters))
        .order_by(entries.c.touched_by, entries.c.id)
        .limit(limit)
    )
    return [entry_of_row(row) for row in rows]


def last_touched(scope: Scope) -> int:
    """Give the newest raw event that touched an entry or a door; 0 if there is none."""
    columns = (entries.c.touched_by, door_states.c.touched_by)
    return max(int(scope.scalar(scope.select(sa.func.max(column))) or 0) for column in columns)


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
    if filters.without:
        where.append(entries.c.kind.not_in(sorted(filters.without)))
    if filters.reach is not None:
        seen = entries.c.door_id.in_(sorted(filters.reach.doors))
        ours = entries.c.controller_id.in_(sorted(filters.reach.controllers))
        where.append(sa.or_(seen, sa.and_(entries.c.door_id.is_(None), ours)))
    return where


def _kind(kind: str) -> ColumnElement[bool]:
    """A topic, a result, what broke a rule that is only reported, or an exact kind."""
    if kind in set(Topic):
        return entries.c.topic == Topic(kind)
    if kind in set(Result):
        return entries.c.result == Result(kind)
    if kind == SOFT:
        return entries.c.soft.is_not(None)
    if kind == GAP or kind in set(EventKind):
        return entries.c.kind == kind
    takes = ", ".join([*Topic, *Result, SOFT])
    field = FieldProblem("query.kind", "unknown_kind", f"takes {takes} or an event kind")
    raise Problem(INVALID, "", (field,))


def entry_of_row(row: sa.Row[Any]) -> Entry:
    """Read a row of the log."""
    return Entry(**{name: getattr(row, name) for name in _FIELDS})
