"""The four routes of a kind of row: list, get, add, change.

Each kind has its own shapes, so the routes' annotations are put in when they are made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, create_model

from hub.audit.rows import AuditedRows, RowKind
from hub.database.columns import Closed
from hub.database.scope import Scope
from hub.web.core import provided
from hub.web.fields import BodyIn, ChangeIn, RowOut, plain
from hub.web.identity import requires
from hub.web.paging import MAX_LIMIT, PageOf
from hub.web.problems import ProblemKind
from hub.web.refusals import refuses
from hub.web.rights import Principal, Right

T = TypeVar("T")

Rows = Annotated[AuditedRows, provided(AuditedRows)]


@dataclass(frozen=True)
class RowShapes(Generic[T]):
    """How a kind of row looks from outside. `prepare` turns what was sent into column values,
    `defaults` are columns of a new row that are not sent, `filters` are columns by which a list
    may be limited; `also` gives fields of `out` that are no columns of the row, by looking at other
    rows; `refuses` are the problems of its own that writing it can meet; `noun` and `plural` are
    for people."""

    kind: RowKind[T]
    path: str
    noun: str
    plural: str
    read: Right
    write: Right
    new: type[BodyIn]
    change: type[ChangeIn]
    out: type[RowOut]
    filters: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    refuses: tuple[ProblemKind, ...] = ()
    also: Callable[[Scope, Any], Mapping[str, Any]] | None = None
    prepare: Callable[[dict[str, Any]], dict[str, Any]] = field(default=lambda values: values)


def _shown(rows: AuditedRows, shapes: RowShapes[Any], found: Sequence[Any]) -> list[RowOut]:
    """Give rows as they look from outside."""
    also = shapes.also
    if also is None:
        return [shapes.out.model_validate(row) for row in found]
    more = rows.look(lambda scope: [also(scope, row) for row in found])
    names = shapes.kind.columns
    return [
        shapes.out.model_validate({name: plain(getattr(row, name)) for name in names} | dict(extra))
        for row, extra in zip(found, more, strict=True)
    ]


class _ListQuery(BaseModel):
    """What every list takes."""

    cursor: str | None = Field(
        None, max_length=500, description="`next_cursor` of the page before; none for the first."
    )
    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="How many to give at most.")


def offer_rows(router: APIRouter, shapes: RowShapes[Any]) -> None:
    """Put list, get, add and change of a kind on a router."""
    offer_reading(router, shapes)
    offer_adding(router, shapes)
    offer_changing(router, shapes)


def offer_reading(router: APIRouter, shapes: RowShapes[Any]) -> None:
    """Put list and get of a kind on a router."""
    kind, out = shapes.kind, shapes.out
    reader = Annotated[Principal, requires(shapes.read)]

    def list_rows(who: Principal, rows: Rows, query: _ListQuery) -> PageOf[RowOut]:
        given = query.model_dump(exclude_none=True)
        where = [kind.table.c[name] == given[name] for name in shapes.filters if name in given]
        page = rows.page(who, kind, query.cursor, query.limit, *where)
        return PageOf(items=_shown(rows, shapes, page.items), next_cursor=page.next_cursor)

    def get_row(who: Principal, rows: Rows, row_id: str) -> RowOut:
        return _shown(rows, shapes, [rows.get(who, kind, row_id)])[0]

    _annotate(list_rows, who=reader, query=Annotated[_query_of(shapes), Query()])
    _annotate(get_row, who=reader)
    router.add_api_route(
        shapes.path,
        list_rows,
        response_model=PageOf[out],  # type: ignore[valid-type]  # a value of this call
        summary=f"List {shapes.plural}",
        description=f"{shapes.plural.capitalize()} within your reach, in the order they were made.",
        operation_id=f"list_{kind.name}_rows",
    )
    router.add_api_route(
        f"{shapes.path}/{{row_id}}",
        get_row,
        response_model=out,
        summary=f"Get {shapes.noun}",
        description=inspect.getdoc(out) or "",
        operation_id=f"get_{kind.name}_row",
    )


def offer_adding(router: APIRouter, shapes: RowShapes[Any]) -> None:
    """Put the adding of a kind on a router."""
    kind, out = shapes.kind, shapes.out

    def add_row(who: Principal, rows: Rows, body: BodyIn) -> RowOut:
        values = {**shapes.defaults, **shapes.prepare(body.model_dump())}
        return _shown(rows, shapes, [rows.add(who, kind, values)])[0]

    _annotate(add_row, who=Annotated[Principal, requires(shapes.write)], body=shapes.new)
    router.add_api_route(
        shapes.path,
        add_row,
        methods=["POST"],
        response_model=out,
        status_code=HTTPStatus.CREATED,
        responses=refuses(*shapes.refuses),
        summary=f"Add {shapes.noun}",
        description=inspect.getdoc(shapes.new) or "",
        operation_id=f"add_{kind.name}_row",
    )


def offer_changing(router: APIRouter, shapes: RowShapes[Any]) -> None:
    """Put the changing of a kind on a router."""
    kind, out = shapes.kind, shapes.out

    def change_row(who: Principal, rows: Rows, row_id: str, body: ChangeIn) -> RowOut:
        changes = shapes.prepare(body.changes())
        return _shown(rows, shapes, [rows.change(who, kind, row_id, changes)])[0]

    _annotate(change_row, who=Annotated[Principal, requires(shapes.write)], body=shapes.change)
    router.add_api_route(
        f"{shapes.path}/{{row_id}}",
        change_row,
        methods=["PATCH"],
        responses=refuses(*shapes.refuses),
        response_model=out,
        summary=f"Change {shapes.noun}",
        description="What is left out stays as it is.",
        operation_id=f"change_{kind.name}_row",
    )


def _annotate(route: Callable[..., Any], **annotations: Any) -> None:
    """Put a kind's own shapes where FastAPI reads them."""
    route.__annotations__ = {**route.__annotations__, **annotations}


def _query_of(shapes: RowShapes[Any]) -> Any:
    """The query of a kind's list: paging, and its filters."""
    filters: dict[str, Any] = {
        name: (_type_of(shapes, name) | None, Field(None, description=f"Only with this {name}."))
        for name in shapes.filters
    }
    return create_model(f"{shapes.out.__name__}Query", __base__=_ListQuery, **filters)


def _type_of(shapes: RowShapes[Any], column: str) -> Any:
    """What a filter takes: a member of a closed list, or text."""
    kind = shapes.kind.table.c[column].type
    return kind.members if isinstance(kind, Closed) else Annotated[str, Field(max_length=128)]
