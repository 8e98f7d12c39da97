"""Rows as frozen dataclasses: a table's columns without `town_id`, name by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import Row

T = TypeVar("T")


def as_one(kind: type[T], row: Row[Any] | None) -> T | None:
    """Make a dataclass of a row that has exactly its fields (and town_id), or None of None."""
    return None if row is None else _make(kind, row)


def as_all(kind: type[T], rows: Iterable[Row[Any]]) -> tuple[T, ...]:
    """Make a dataclass of each row."""
    return tuple(_make(kind, row) for row in rows)


def _make(kind: type[T], row: Row[Any]) -> T:
    values = dict(row._mapping)  # noqa: SLF001  # its documented name, in spite of the underscore
    values.pop("town_id", None)
    return kind(**values)
