"""How one payroll system wants its file: a profile is data, stored as one document. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

import msgspec


class RowKind(StrEnum):
    """What a row of the file is."""

    MONTH = "month"
    """One row a person."""
    DAY = "day"
    """One row a person and work date."""
    CLASS = "class"
    """One row a person and pay class that has any minutes."""


class FileEncoding(StrEnum):
    """In which bytes it is written."""

    CP932 = "cp932"
    """Windows' Shift_JIS; what it does not hold is refused with row and column."""
    UTF_8 = "utf-8"
    UTF_8_SIG = "utf-8-sig"
    """With a byte order mark, as Excel wants it."""


class Quoting(StrEnum):
    """Which cells stand in quotes."""

    MINIMAL = "minimal"
    """Those that need it."""
    ALL = "all"
    NONE = "none"
    """None at all: a cell that would need them is refused."""


class MinuteForm(StrEnum):
    """How a duration is written."""

    BASE_60 = "base_60"
    """`10:25`"""
    BASE_60_PLAIN = "base_60_plain"
    """`1025`"""
    DECIMAL = "decimal"
    """`10.42` hours, `places` digits after the point, half up."""
    MINUTES = "minutes"
    """`625`"""
    HOURS = "hours"
    """`10`; minutes that make no whole hour are refused, for nothing is ever cut off."""


class ClockForm(StrEnum):
    """How a time of the work date is written."""

    HOURS_48 = "hours_48"
    """`25:30` for half past one of the next morning."""
    HOURS_48_PLAIN = "hours_48_plain"
    """`2530`"""
    HOURS_24 = "hours_24"
    """`01:30`"""


class DateForm(StrEnum):
    """How a date, or a month, is written."""

    DASHES = "dashes"
    """`2026-11-05`, `2026-11`"""
    SLASHES = "slashes"
    """`2026/11/05`, `2026/11`"""
    PLAIN = "plain"
    """`20261105`, `202611`"""
    ERA = "era"
    """`令和8年11月5日`, `令和8年11月`"""
    ERA_PLAIN = "era_plain"
    """`5081105`: era number (令和 is 5), year, month, day in seven digits; a month in five."""


class Pad(StrEnum):
    """With what a cell is filled up to its width, from the left."""

    NONE = "none"
    ZERO = "zero"
    SPACE = "space"


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables share: a misspelt key is an error, not ignored."""


Title = Annotated[str, msgspec.Meta(max_length=100)]


class Column(_Table, frozen=True, kw_only=True):
    """One column: a `field` by its code (`hub.payroll.fields`), or `text`, the same in every row
    (empty: a blank filler column). `words` replaces values, such as a kind by the payroll's code.
    `width` is the most characters a cell may have, and what `pad` fills up to."""

    title: Title = ""
    field: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    text: Annotated[str, msgspec.Meta(max_length=200)] = ""
    minutes: MinuteForm = MinuteForm.BASE_60
    places: Annotated[int, msgspec.Meta(ge=0, le=6)] = 2
    clock: ClockForm = ClockForm.HOURS_48
    date: DateForm = DateForm.SLASHES
    words: Mapping[str, str] = {}
    pad: Pad = Pad.NONE
    width: Annotated[int, msgspec.Meta(ge=1, le=200)] | None = None
    zero_is_empty: bool = False


class Profile(_Table, frozen=True, kw_only=True):
    """A whole file. Columns stand in the order given."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    rows: RowKind
    columns: Annotated[tuple[Column, ...], msgspec.Meta(min_length=1, max_length=200)]
    encoding: FileEncoding = FileEncoding.CP932
    crlf: bool = True
    header: bool = True
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ","
    quoting: Quoting = Quoting.MINIMAL
    skip_empty: bool = False
    """Leave out rows in which every duration is 0."""
    file_name: Annotated[str, msgspec.Meta(max_length=100)] = "kintai_{month}.csv"


_BAD_DELIMITERS: Final = '"\r\n\x00'


def wrong_with(profile: Profile, known: Mapping[RowKind, Mapping[str, object]]) -> dict[str, str]:
    """Say what is wrong with a profile, by field; empty for one that can be used. `known` are the
    fields of each kind of row."""
    found: dict[str, str] = {}
    sign = profile.delimiter
    if sign in _BAD_DELIMITERS or sign.isalnum() or not sign.isascii():
        found["delimiter"] = "a comma, a tab or another sign that no cell holds"
    if any(part in profile.file_name for part in ("/", "\\", "\x00")):
        found["file_name"] = "a name without folders"
    for number, column in enumerate(profile.columns):
        key = f"columns.{number}"
        if column.field is not None and column.field not in known[profile.rows]:
            found[f"{key}.field"] = f"no field of a {profile.rows.value} row"
        if column.field is not None and column.text:
            found[f"{key}.text"] = "a column shows a field or a text, not both"
        if column.pad is not Pad.NONE and column.width is None:
            found[f"{key}.width"] = "say how wide the cell is filled up"
    return found
