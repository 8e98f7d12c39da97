"""How a town's files are written: a profile is stored as one document. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from hub.tabular.encodings import Encoding

CANCELLED_WORDS: Final = (
    "取消",
    "取り消し",
    "取消済",
    "キャンセル",
    "中止",
    "cancelled",
    "canceled",
)
REQUESTED_WORDS: Final = ("仮予約", "申請中", "未承認", "requested")
CONFIRMED_WORDS: Final = ("確定", "承認", "承認済", "予約済", "confirmed")
PAID_WORDS: Final = ("済", "支払済", "入金済", "納付済", "paid")
UNPAID_WORDS: Final = ("未", "未払", "未納", "未入金", "unpaid")
TOTAL_WORDS: Final = ("合計", "小計", "総計", "計", "total")


class Field(StrEnum):
    """What a column can hold."""

    KEY = "key"
    FACILITY = "facility"
    DATE = "date"
    START = "start"
    """A time, or a date with a time."""
    END = "end"
    END_DATE = "end_date"
    SPAN = "span"
    """Both times in one column: `18:30～20:00`."""
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    STATE = "state"
    PAID = "paid"
    PEOPLE = "people"
    PURPOSE = "purpose"


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What words mean in columns of states; compared in their ordinary width."""

    cancelled: tuple[str, ...] = CANCELLED_WORDS
    requested: tuple[str, ...] = REQUESTED_WORDS
    confirmed: tuple[str, ...] = CONFIRMED_WORDS
    paid: tuple[str, ...] = PAID_WORDS
    unpaid: tuple[str, ...] = UNPAID_WORDS
    totals: tuple[str, ...] = TOTAL_WORDS
    """A row whose first cell that is not empty begins with one of these is no booking."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How files are written. `columns` names each field's columns by header text or, where
    `header_row` is 0, by number from 1; the texts of several are joined. `facilities` are what
    stands in the file, and the facility it means; without an entry the facility's own name counts.
    `facility` is that of files which name none."""

    columns: dict[Field, tuple[str, ...]]
    encoding: Encoding = Encoding.AUTO
    delimiter: str = ","
    header_row: int = 1
    facilities: dict[str, str] = {}  # msgspec copies it
    facility: str | None = None
    key_prefix: str = ""
    words: Words = msgspec.field(default_factory=Words)
    complete: bool = False
    """A booking of an earlier file that is missing in this one is cancelled."""
    complete_days: int = 60
    """So many days from today on a complete file covers."""


def wrong_with(shape: Shape) -> dict[str, str]:
    """Say what is wrong with a shape, by field; empty for one that can be used."""
    found: dict[str, str] = {}
    columns = shape.columns
    if not columns.get(Field.KEY):
        found["columns.key"] = "name the column of the reservation's number"
    if not (columns.get(Field.SPAN) or (columns.get(Field.START) and columns.get(Field.END))):
        found["columns.start"] = "name start and end, or the column with both"
    if columns.get(Field.SPAN) and not columns.get(Field.DATE):
        found["columns.date"] = "a span of time has its date in another column"
    if not columns.get(Field.FACILITY) and shape.facility is None:
        found["facility"] = "name the column of the facility, or the one facility of the file"
    if len(shape.delimiter) != 1 or shape.delimiter in '"\r\n':
        found["delimiter"] = "one character, no quote and no line end"
    if shape.header_row == 0:
        named = [name for names in columns.values() for name in names]
        if not all(name.isdecimal() and 1 <= int(name) <= 500 for name in named):
            found["columns"] = "without a header row columns are numbers from 1"
    return found
