"""Bases of the shapes that the API takes and gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(min_length=1, max_length=100)]
OptionalName = Annotated[str, Field(max_length=100)]


def shown(example: Any) -> ConfigDict:
    """For a shape's `model_config`: the example that the API's document shows of it."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class BodyIn(BaseModel):
    """What a caller sends: an unknown field is an error, not a misspelling that does nothing."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _text_only(cls, given: Any) -> Any:
        """Refuse what no text holds and no database keeps: NUL and halves of characters."""
        for text in _texts(given):
            if "\x00" in text or (not text.isascii() and _has_surrogate(text)):
                raise ValueError("text holds no NUL and no half of a character")
        return given


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
