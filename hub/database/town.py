"""Confines a statement to one town, whatever its joins and subqueries.

Every SELECT, at whatever depth, gets `town_id = :town` for each town table it reads from. Rows on
the optional side of an outer join cannot be filtered in WHERE, so their ON clause must compare
`town_id` itself: joins along `belongs_to` do so without a word. What cannot be shown to stay
within the town raises `TownLeakError` before it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, FromClause, Select, Table
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.dml import Delete, Update
from sqlalchemy.sql.elements import BinaryExpression, ColumnClause, TextClause
from sqlalchemy.sql.selectable import CompoundSelect, FromClauseAlias, Join, SelectBase

from hub.database.errors import TownLeakError
from hub.database.tables import is_town_table

S = TypeVar("S", bound=Any)


def within_town(statement: S, town_id: str) -> S:
    """Give the statement confined to a town; raise `TownLeakError` if that cannot be shown.

    Takes SELECT, UNION and their kind, UPDATE and DELETE; INSERT goes through `Scope.insert`.
    """
    if not isinstance(statement, Select | CompoundSelect | Update | Delete):
        raise TownLeakError(f"{type(statement).__name__} cannot be confined to a town; use Scope")
    confined: Any = statement
    inner_selects = _look_inside(statement)
    if isinstance(statement, Select) and not inner_selects:
        # The usual case needs no copy of the whole tree: an eighth of the time.
        return cast("S", statement.where(*_filters(statement, town_id)))
    if inner_selects or isinstance(statement, CompoundSelect):
        confined = visitors.cloned_traverse(
            statement, {}, {"select": lambda inner: _confine_select(inner, town_id)}
        )
    if isinstance(confined, Update | Delete):
        if not is_town_table(confined.table):
            raise TownLeakError(f"{confined.table} carries no town")
        for criterion in confined._where_criteria:  # noqa: SLF001  # no public reading of it
            sources = criterion._from_objects  # noqa: SLF001  # the same
            if any(source is not confined.table for source in sources):
                raise TownLeakError("a second table in UPDATE or DELETE belongs into a subquery")
        confined = confined.where(confined.table.c.town_id == town_id)
    return cast("S", confined)


def _look_inside(statement: Any) -> bool:
    """Tell whether a statement holds another SELECT; raise `TownLeakError` for raw SQL in it."""
    found = False
    for element in visitors.iterate(statement):
        # `count(*)` and `exists()` hold the only literal that is harmless.
        literal = isinstance(element, ColumnClause) and element.is_literal and element.name != "*"
        if literal or isinstance(element, TextClause):
            raise TownLeakError("raw SQL in a statement cannot be confined to a town")
        found = found or (isinstance(element, SelectBase) and element is not statement)
    return found


def _final_froms(select: Select[Any]) -> Iterable[FromClause]:
    """What a SELECT reads from. SQLAlchemy's own answer compiles half the statement; without
    `.join()` the same follows from its columns, conditions and `select_from`."""
    # SQLAlchemy publishes no other way to read a statement's parts.
    if select._setup_joins:  # noqa: SLF001  # see above
        return select.get_final_froms()
    parts = (*select._raw_columns, *select._where_criteria, *select._from_obj)  # noqa: SLF001  # the same
    found = dict.fromkeys(source for part in parts for source in part._from_objects)  # noqa: SLF001  # the same
    hidden = {inner for source in found for inner in source._hide_froms}  # noqa: SLF001  # the same
    return [source for source in found if source not in hidden]


def _confine_select(select: Select[Any], town_id: str) -> None:
    # The traversal hands us its own fresh clone: to change it in place is its protocol.
    select._where_criteria += tuple(_filters(select, town_id))  # noqa: SLF001  # see above


def _filters(select: Select[Any], town_id: str) -> list[ColumnElement[bool]]:
    """Give what confines one SELECT; raise `TownLeakError` for what cannot be confined."""
    filters: list[ColumnElement[bool]] = []
    for source in _final_froms(select):
        for element, optional in _sources(source):
            town = _town_column(element)
            if town is None:
                continue
            if optional is None:
                filters.append(town == town_id)
            elif not _compares_town(optional, town):
                raise TownLeakError(f"outer join to {town.table} does not compare town_id")
    return filters


def _sources(
    source: FromClause, on: ColumnElement[bool] | None = None
) -> Iterator[tuple[FromClause, ColumnElement[bool] | None]]:
    """Give each element read from, with the ON clause that must confine it if it is optional."""
    if not isinstance(source, Join):
        yield source, on
        return
    if source.full:
        raise TownLeakError("a full outer join cannot be confined to a town")
    yield from _sources(source.left, on)
    clause = source.onclause if source.isouter else on
    yield from _sources(source.right, clause)


def _town_column(element: FromClause) -> ColumnElement[Any] | None:
    table = element.element if isinstance(element, FromClauseAlias) else element
    return element.c.town_id if isinstance(table, Table) and is_town_table(table) else None


def _compares_town(on: ColumnElement[bool] | None, town: ColumnElement[Any]) -> bool:
    """Tell whether an ON clause demands, by AND alone, that this town_id equals something's."""
    if on is None:
        return False
    if isinstance(on, BinaryExpression):
        sides = (on.left, on.right)
        names = [getattr(side, "name", None) for side in sides]
        ours = any(side is town or _same_column(side, town) for side in sides)
        return on.operator is operators.eq and ours and names == ["town_id", "town_id"]
    if getattr(on, "operator", None) is operators.and_:
        return any(_compares_town(part, town) for part in on.get_children())  # type: ignore[arg-type]  # clauses of an AND are column elements
    return False


def _same_column(side: Any, town: ColumnElement[Any]) -> bool:
    return getattr(side, "table", None) is getattr(town, "table", None) and (
        getattr(side, "name", None) == "town_id"
    )
