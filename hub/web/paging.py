"""Keyset paging: `?limit=` and `?cursor=`; the cursor names the last row seen, so that rows added
or removed meanwhile neither repeat nor hide others."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import sqlalchemy as sa
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement

from hub.web.problems import INVALID, FieldProblem, Problem

R = TypeVar("R")
M = TypeVar("M")

MAX_LIMIT: Final = 200

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many to give at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=500, description="`next_cursor` of the page before; none for the first."),
]


class PageOf(BaseModel, Generic[M]):
    """One page of a list."""

    # A concrete page inherits no docstring: say it for the documentation.
    model_config = ConfigDict(json_schema_extra={"description": "One page of a list."})

    items: list[M]
    next_cursor: str | None = Field(
        None, description="For the next page; null at the end.", examples=[None]
    )


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page of rows, and the cursor of the next, or None at the end."""

    items: tuple[R, ...]
    next_cursor: str | None


def page_of(rows: Sequence[R], limit: int, key: Callable[[R], Sequence[Any]]) -> Page[R]:
    """Make a page of up to `limit + 1` rows that were asked for: the one too many tells that
    there is a next page. `key` gives a row's values of the ordering columns."""
    shown = tuple(rows[:limit])
    more = len(rows) > limit
    return Page(shown, encode_cursor(key(shown[-1])) if more else None)


def encode_cursor(values: Sequence[Any]) -> str:
    """Make a cursor from the ordering values of the last row shown."""
    plain = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def beyond(
    columns: Sequence[ColumnElement[Any]], cursor: str | None, *, descending: bool = False
) -> ColumnElement[bool]:
    """The condition for the rows behind a cursor in the order of these columns; true without one.

    Raises a `422 invalid` problem for a cursor that this list did not give.
    """
    if cursor is None:
        return sa.true()
    values = _decode(cursor, columns)
    bound = sa.tuple_(*(sa.literal(v, c.type) for v, c in zip(values, columns, strict=True)))
    row = sa.tuple_(*columns)
    return row < bound if descending else row > bound


def decode_texts(cursor: str, count: int) -> tuple[str, ...]:
    """Give the texts of a cursor of a list that is ordered outside the database; raise a
    `422 invalid` problem for a cursor that this list did not give."""
    return tuple(_decode(cursor, [sa.literal("", sa.String())] * count))


def _decode(cursor: str, columns: Sequence[ColumnElement[Any]]) -> list[Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(found, list) or len(found) != len(columns):
            raise ValueError("another list's cursor")
        return [_typed(value, column) for value, column in zip(found, columns, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
        field = FieldProblem("query.cursor", "bad_cursor", "not a cursor of this list")
        raise Problem(INVALID, "", (field,)) from error


def _typed(value: Any, column: ColumnElement[Any]) -> Any:
    wanted = column.type.python_type
    if wanted is datetime:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError("an instant carries its offset")
        return instant.astimezone(UTC)
    if type(value) is not wanted:
        raise ValueError("a cursor's value has another type")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("a cursor's number fits a column")
    if isinstance(value, str) and b"\x00" in value.encode():  # raises for half of a character
        raise ValueError("a cursor's text is one that a column holds")
    return value
