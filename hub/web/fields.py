"""Bases of the shapes that the API takes and gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Final

import msgspec
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

Name = Annotated[str, Field(min_length=1, max_length=100)]
OptionalName = Annotated[str, Field(max_length=100)]


_YEARS: Final = r"^2[01][0-9]{2}-"
"""What databases, clocks and time zones all reckon with: from 2000 until 2199."""
_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_AFTER_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
MAX_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259, 6); databases keep more."""


def _as_text(given: Any) -> Any:
    """Refuse a number: of seconds or of milliseconds, nobody can tell."""
    if isinstance(given, str) and re.match(r"\d{4}-", given):
        return given
    if isinstance(given, date):  # `datetime` is one
        return given
    raise ValueError("write a date as 2026-04-10, an instant as 2026-04-10T18:30:00+09:00")


def _reckoned_instant(given: datetime) -> datetime:
    try:
        in_utc = given.astimezone(UTC)
    except OverflowError:
        in_utc = _AFTER_LAST
    if not _FIRST <= in_utc < _AFTER_LAST:
        raise ValueError("an instant lies between the years 2000 and 2199")
    return in_utc


def _reckoned_day(given: date) -> date:
    if not _FIRST.date() <= given < _AFTER_LAST.date():
        raise ValueError("a date lies between the years 2000 and 2199")
    return given


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_as_text),
    AfterValidator(_reckoned_instant),
    Field(json_schema_extra={"pattern": _YEARS}),
]
"""An instant that a caller sends, RFC 3339 with an offset, of the years 2000 to 2199; in UTC from
here on, so that the answer to it reads like every later one."""

CalendarDate = Annotated[
    date,
    BeforeValidator(_as_text),
    AfterValidator(_reckoned_day),
    Field(json_schema_extra={"pattern": _YEARS}),
]
"""A date that a caller sends, of the years 2000 to 2199."""


def shown(example: Any) -> ConfigDict:
    """For a shape's `model_config`: the example that the API's document shows of it."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class BodyIn(BaseModel):
    """What a caller sends: an unknown field is an error, not a misspelling that does nothing, and
    so is `true` or `"5"` where the document says a number."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _text_only(cls, given: Any) -> Any:
        """Refuse what no text holds and no database keeps: NUL and halves of characters."""
        for text in _texts(given):
            if "\x00" in text or (not text.isascii() and _has_surrogate(text)):
                raise ValueError("text holds no NUL and no half of a character")
        return given

    @model_validator(mode="before")
    @classmethod
    def _as_the_schema_says(cls, given: Any) -> Any:
        """Refuse the values of another JSON type that would be turned into one that fits."""
        if not isinstance(given, dict):
            return given
        types = _json_types(cls)
        return {
            name: value if name not in types or _is_of(value, types[name]) else _Unfit()
            for name, value in given.items()
        }


class _Unfit:
    """Stands where a value of another JSON type was sent, so that its field names the error."""


@cache
def _json_types(shape: type[BaseModel]) -> dict[str, frozenset[str]]:
    """The JSON types that each field of a shape takes, where its schema says so plainly."""
    found: dict[str, frozenset[str]] = {}
    for name, field in shape.model_json_schema().get("properties", {}).items():
        options = field.get("anyOf", [field])
        types = {option.get("type") for option in options}
        if None not in types:  # a reference or anything at all: its own shape looks
            found[name] = frozenset(types)
    return found


def _is_of(value: Any, types: frozenset[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, int | float):
        return bool(types & {"integer", "number"})
    if isinstance(value, str):
        return "string" in types
    return True


class ChangeIn(BodyIn):
    """What a caller wants changed: what is left out stays; null only where null is a value."""

    @model_validator(mode="before")
    @classmethod
    def _null_only_where_allowed(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name, info in cls.model_fields.items():
                extra = info.json_schema_extra
                nullable = isinstance(extra, dict) and bool(extra.get("x-nullable"))
                if name in given and given[name] is None and not nullable:
                    raise ValueError(f"{name} cannot be null; leave it out to keep it")
        return given

    def changes(self) -> dict[str, Any]:
        """Give the fields that were sent."""
        return self.model_dump(exclude_unset=True)


def clearable(default: Any = None, **options: Any) -> Any:
    """A field of a `ChangeIn` that may be set to null."""
    return Field(default, json_schema_extra={"x-nullable": True}, **options)


class RowOut(BaseModel):
    """What a caller gets of a row: fields are taken from the dataclass by name."""

    model_config = ConfigDict(from_attributes=True)

    @model_validator(mode="before")
    @classmethod
    def _plain_structs(cls, given: Any) -> Any:
        """Turn msgspec structs within the row into JSON, which pydantic understands."""
        if isinstance(given, dict):
            return given
        found = {name: getattr(given, name) for name in cls.model_fields if hasattr(given, name)}
        return {name: plain(value) for name, value in found.items()}


def _texts(value: Any) -> Iterator[str]:
    """Every text within JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(name)
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def plain(value: Any) -> Any:
    """Give msgspec structs, alone or in tuples, as plain JSON; other values as they are."""
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return value
