"""Audited rows: adding, changing, giving and listing rows of one kind.

One transaction checks references, reach and the kind's own rules, writes, tells the policy what
it touches, and records the change. A kind is data: `RowKind`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Generic, TypeVar, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy import ColumnElement, Table

from hub.audit.service import record
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.web.paging import Page, beyond, page_of
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem, invalid
from hub.web.rights import Principal

T = TypeVar("T")
V = TypeVar("V")


def _no_check(_scope: Scope, _before: Any, _after: Any) -> None:
    """Kinds without rules of their own."""


@dataclass(frozen=True, slots=True)
class RowKind(Generic[T]):
    """What there is to know of a kind of row.

    `row` is the frozen dataclass of `table` with `id`, `created_at`, `updated_at`. `within` gives
    the condition for rows that belong to some sites; without it, or with `town_wide`, only those
    who reach the whole town may write. `references` name the kind that a column refers to.
    `check(scope, before, after)` raises a problem for what must not be; `touch(scope, before,
    after)` tells the policy. `hidden` columns do not go into the audit log.
    """

    name: str
    table: Table
    row: type[T]
    within: Callable[[frozenset[str]], ColumnElement[bool]] | None = None
    town_wide: bool = False
    references: Mapping[str, RowKind[Any]] = field(default_factory=dict)
    check: Callable[[Scope, T | None, T], None] = _no_check
    touch: Callable[[Scope, T | None, T], None] = _no_check
    hidden: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of a row's fields."""
        return tuple(one.name for one in fields(self.row))  # type: ignore[arg-type]  # a dataclass

    def reach(self, who: Principal) -> ColumnElement[bool]:
        """The condition for the rows that somebody may see."""
        if who.sites is None or self.within is None:
            return sa.true()
        return self.within(who.sites)


class AuditedRows:
    """Does to rows of any kind what the API offers."""

    def __init__(self, db: Database, clock: Clock, ids: Ids) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids

    # --- reading ---------------------------------------------------------------------------

    def get(self, who: Principal, kind: RowKind[T], row_id: str) -> T:
        """Give one row; raise `404 not_found` also for one beyond somebody's reach."""
        with self._db.read() as scope:
            return _found(scope, who, kind, row_id)

    def page(
        self,
        who: Principal,
        kind: RowKind[T],
        cursor: str | None,
        limit: int,
        *where: ColumnElement[bool],
    ) -> Page[T]:
        """Give rows within somebody's reach, in the order they were made."""
        key = kind.table.c.id
        query = sa.select(kind.table).where(kind.reach(who), beyond([key], cursor), *where)
        with self._db.read() as scope:
            rows = as_all(kind.row, scope.all(query.order_by(key).limit(limit + 1)))
        return page_of(rows, limit, lambda row: [cast("Any", row).id])

    def look(self, work: Callable[[Scope], V]) -> V:
        """Read more in one snapshot: for what a row does not say by itself."""
        with self._db.read() as scope:
            return work(scope)

    # --- writing ---------------------------------------------------------------------------

    def add(self, who: Principal, kind: RowKind[T], values: Mapping[str, Any]) -> T:
        """Add a row, with a new id unless `values` bring one."""
        return self._db.write(lambda scope: self.add_in(scope, who, kind, values))

    def add_in(
        self, scope: Scope, who: Principal, kind: RowKind[T], values: Mapping[str, Any]
    ) -> T:
        """The same within a transaction."""
        now = self._clock.now()
        row_id = values.get("id") or self._ids.new()
        complete = {**values, "id": row_id, "created_at": now, "updated_at": now}
        _check_writer(who, kind)
        _check_references(scope, who, kind, complete)
        after = kind.row(**complete)
        kind.check(scope, None, after)
        scope.insert(kind.table, complete)
        _check_still_within(scope, who, kind, row_id)
        kind.touch(scope, None, after)
        record(scope, now, who, f"{kind.name}.added", (kind.name, row_id), _told(kind, values))
        return after

    def change(
        self, who: Principal, kind: RowKind[T], row_id: str, changes: Mapping[str, Any]
    ) -> T:
        """Change columns of a row; what stays the same is left alone and not recorded."""
        return self._db.write(lambda scope: self.change_in(scope, who, kind, row_id, changes))

    def change_in(
        self,
        scope: Scope,
        who: Principal,
        kind: RowKind[T],
        row_id: str,
        changes: Mapping[str, Any],
    ) -> T:
        """The same within a transaction."""
        before = _found(scope, who, kind, row_id, lock=True)
        _check_writer(who, kind)
        real = {n: v for n, v in changes.items() if getattr(before, n) != v}
        if not real:
            return before
        _check_references(scope, who, kind, real)
        now = self._clock.now()
        written = {**real, "updated_at": now}
        after = cast("T", replace(cast("Any", before), **written))
        kind.check(scope, before, after)
        scope.update(kind.table, written, kind.table.c.id == row_id)
        _check_still_within(scope, who, kind, row_id)
        kind.touch(scope, before, after)
        said = {
            "before": _told(kind, {n: getattr(before, n) for n in real}),
            "after": _told(kind, real),
        }
        record(scope, now, who, f"{kind.name}.changed", (kind.name, row_id), said)
        return after


def _found(scope: Scope, who: Principal, kind: RowKind[T], row_id: str, *, lock: bool = False) -> T:
    query = sa.select(kind.table).where(kind.table.c.id == row_id, kind.reach(who))
    found = as_one(kind.row, scope.one(query.with_for_update() if lock else query))
    if found is None:
        raise Problem(NOT_FOUND, f"no such {kind.name}")
    return found


def _check_writer(who: Principal, kind: RowKind[Any]) -> None:
    if who.sites is not None and (kind.within is None or kind.town_wide):
        raise Problem(FORBIDDEN, f"a {kind.name} belongs to the whole town, not to a site")


def _check_references(
    scope: Scope, who: Principal, kind: RowKind[Any], values: Mapping[str, Any]
) -> None:
    for column, other in kind.references.items():
        value = values.get(column)
        if value is None:
            continue
        query = sa.select(other.table.c.id).where(other.table.c.id == value, other.reach(who))
        if scope.one(query) is None:
            raise invalid(column, "unknown", f"no such {other.name}")


def _check_still_within(scope: Scope, who: Principal, kind: RowKind[Any], row_id: str) -> None:
    """Nobody may write a row out of their own reach; raising undoes the write."""
    query = sa.select(kind.table.c.id).where(kind.table.c.id == row_id, kind.reach(who))
    if scope.one(query) is None:
        raise Problem(FORBIDDEN, f"this {kind.name} would lie beyond your sites")


def _told(kind: RowKind[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    known = {one.name for one in fields(kind.row)} - kind.hidden
    shown = {name: value for name, value in values.items() if name in known}
    told: dict[str, Any] = msgspec.to_builtins(shown)
    return told
