"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import JSON, DateTime, Dialect, Float, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

E = TypeVar("E", bound=StrEnum)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: takes aware datetimes only, stores UTC, gives UTC-aware back (microseconds).

    Raises `ValueError` for a naive datetime.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What its values are; a decorator does not say so by itself."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware instant into what the database stores."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant carries its offset")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the stored instant, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Closed(TypeDecorator[E], Generic[E]):
    """A member of a closed list, stored as its text; an unknown text in a row is an error."""

    impl = String
    cache_ok = True

    def __init__(self, members: type[E]) -> None:
        super().__init__(max(len(member.value) for member in members))
        self.members = members

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Give the text of a member; raise `ValueError` for what is none."""
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:  # noqa: ARG002
        """Give the member for a stored text."""
        return None if value is None else self.members(value)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text, wide enough that a longer member added later needs no migration."""
        return dialect.type_descriptor(String(64))


class Structured(TypeDecorator[Any]):
    """A msgspec type (a struct, a tuple of structs, ...) kept as a JSON document.

    `Structured(tuple[Point, ...])` gives tuples of `Point` back. A row that does not fit the type
    raises `msgspec.ValidationError`: it is never handed on half understood.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, shape: Any) -> None:
        super().__init__(none_as_null=True)
        self.shape = shape

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSONB on PostgreSQL, text on SQLite."""
        kind = JSONB if dialect.name == "postgresql" else JSON
        return dialect.type_descriptor(kind(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Give the plain JSON of a structure."""
        return None if value is None else msgspec.to_builtins(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Give the structure of stored JSON."""
        return None if value is None else msgspec.convert(value, self.shape)


def id_text() -> String:
    """A UUIDv7, a controller id, or an id made of two: up to 73 characters of ASCII."""
    return String(80)


def json_document() -> TypeEngine[Any]:
    """A JSON document: JSONB on PostgreSQL, text on SQLite. Not for secrets."""
    return JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class SecondsBetween(FunctionElement[float]):
    """How many seconds after its first instant its second one lies, to a millisecond; less than 0
    if before. `SecondsBetween(received_at, corrected_at) > 120`."""

    type = Float()
    inherit_cache = True


@compiles(SecondsBetween, "sqlite")
def _in_sqlite(element: SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    first, second = (compiler.process(each, **options) for each in element.clauses)
    return f"((julianday({second}) - julianday({first})) * 86400.0)"


@compiles(SecondsBetween, "postgresql")
def _in_postgresql(element: SecondsBetween, compiler: SQLCompiler, **options: Any) -> str:
    first, second = (compiler.process(each, **options) for each in element.clauses)
    return f"EXTRACT(EPOCH FROM ({second} - {first}))"
