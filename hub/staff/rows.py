"""What the rows of a file of staff say, and all that is wrong with them by row and column. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from hub.staff.profile import Shape, StaffField
from hub.tabular import cells as tabular
from hub.tabular.dates import BadDateError, plain, read_day

FIRST_YEAR: Final = 1950
"""Nobody who is employed now was hired before."""
NUMBER: Final = re.compile(r"[0-9A-Za-z._-]{1,40}")
_CODE: Final = re.compile(r"[0-9A-Za-z._-]{1,40}")
MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CARD: Final = re.compile(r"([0-9A-F]{2}){1,128}")
_LONGEST: Final = 100
_MAIL_MAX: Final = 254


class RowCode(StrEnum):
    """Why a row cannot be taken; words stand in the catalogue under `staff_code.<code>`."""

    NO_NUMBER = "no_number"
    BAD_NUMBER = "bad_number"
    NUMBER_TWICE = "number_twice"
    NO_NAME = "no_name"
    TOO_LONG_TEXT = "too_long_text"
    NO_DEPARTMENT = "no_department"
    BAD_DEPARTMENT_CODE = "bad_department_code"
    DEPARTMENT_UNKNOWN = "department_unknown"
    DEPARTMENT_AMBIGUOUS = "department_ambiguous"
    DEPARTMENT_NAMED_TWICE = "department_named_twice"
    PARENT_UNKNOWN = "parent_unknown"
    NO_KIND = "no_kind"
    KIND_UNKNOWN = "kind_unknown"
    HEADS_UNCLEAR = "heads_unclear"
    BAD_DATE = "bad_date"
    BAD_MAIL = "bad_mail"
    BAD_CARD = "bad_card"
    CARD_TWICE = "card_twice"
    CARD_OF_OTHER = "card_of_other"
    OVERLAPS = "overlaps"
    INVERTED = "inverted"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One error: the row's number from 1, the field, and the column as the file calls it."""

    row: int
    code: RowCode
    field: StaffField
    column: str


@dataclass(frozen=True, slots=True)
class Line:
    """What a row says. A text is None where the file says nothing of it."""

    row: int
    number: str
    name: str
    name_kana: str | None
    name_en: str | None
    department_code: str | None
    department_name: str | None
    parent_code: str | None
    kind: str
    post: str | None
    heads: bool | None
    starts_on: date | None
    says_end: bool
    ends_on: date | None
    mail: str | None
    card: bytes | None
    card_label: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as it was understood. `skipped` counts empty rows and totals, `numbers` are the staff
    numbers of all rows, also of those that are wrong otherwise; `unnamed` rows have none."""

    lines: tuple[Line, ...]
    wrong: tuple[Wrong, ...]
    rows: int
    skipped: int
    numbers: frozenset[str]
    unnamed: int


def read_sheet(text: str, shape: Shape, kinds: Mapping[str, str], most: int) -> Sheet:
    """Read a file's rows; `kinds` are the titles of the ordinance's kinds by code. Raise
    `hub.tabular.encodings.UnreadableFileError` for what is no table, or lacks a column."""
    raw = list(tabular.raw_rows(text, shape.delimiter, most + shape.header_row))
    head = tabular.header_of(raw, shape.header_row)
    places = tabular.places(shape.columns, head if shape.header_row else None)
    by_word = _kind_words(shape, kinds)
    lines: list[Line] = []
    wrong: list[Wrong] = []
    seen: set[str] = set()
    rows = skipped = unnamed = 0
    for row, cells in raw[shape.header_row :]:
        if tabular.is_empty(cells) or tabular.begins_with(cells, shape.total_words):
            skipped += 1
            continue
        rows += 1
        reader = _RowReader(row, cells, places, shape, by_word)
        line = reader.line()
        if not reader.number:
            unnamed += 1
        elif reader.number in seen:
            reader.refuse(RowCode.NUMBER_TWICE, StaffField.STAFF_NUMBER)
        seen.add(reader.number)
        wrong += reader.wrong
        if not reader.wrong:
            lines.append(line)
    return Sheet(tuple(lines), tuple(wrong), rows, skipped, frozenset(seen - {""}), unnamed)


def column_of(shape: Shape, field: StaffField) -> str:
    """Give what the file calls a field's column."""
    return " + ".join(shape.columns.get(field, ())) or field.value


def _kind_words(shape: Shape, kinds: Mapping[str, str]) -> dict[str, str]:
    """What may stand in the column of kinds, as it is compared, and the code that it means."""
    words = {plain(code): code for code in kinds}
    words |= {plain(title): code for code, title in kinds.items()}
    words |= {plain(word): code for word, code in shape.kinds.items() if code in kinds}
    return words


class _RowReader:
    """Reads one row and collects all that is wrong with it."""

    def __init__(
        self,
        row: int,
        cells: list[str],
        places: Mapping[StaffField, tuple[int, ...]],
        shape: Shape,
        kinds: Mapping[str, str],
    ) -> None:
        self._row, self._cells, self._places = row, cells, places
        self._shape, self._kinds = shape, kinds
        self.wrong: list[Wrong] = []
        self.number = self._number()

    def refuse(self, code: RowCode, field: StaffField) -> None:
        """Note an error."""
        self.wrong.append(Wrong(self._row, code, field, column_of(self._shape, field)))

    def line(self) -> Line:
        """Give what the row says; of use only where nothing is wrong."""
        return Line(
            row=self._row,
            number=self.number,
            name=self._name(),
            name_kana=self._text(StaffField.NAME_KANA, narrow=True),
            name_en=self._text(StaffField.NAME_EN),
            department_code=self._code(StaffField.DEPARTMENT_CODE),
            department_name=self._department_name(),
            parent_code=self._code(StaffField.PARENT_CODE),
            kind=self._kind(),
            post=self._post() if self._shape.has(StaffField.POST) else None,
            heads=self._heads(),
            starts_on=self._day(StaffField.STARTS_ON),
            says_end=self._shape.has(StaffField.ENDS_ON),
            ends_on=self._day(StaffField.ENDS_ON),
            mail=self._mail(),
            card=self._card(),
            card_label=self._text(StaffField.CARD_LABEL) or "",
        )

    def _cell(self, field: StaffField) -> str:
        given = tabular.joined(self._cells, self._places.get(field, ()), " ")
        return given or self._shape.constants.get(field, "").strip()

    def _text(self, field: StaffField, *, narrow: bool = False) -> str | None:
        """A cell as text for people, blanks as one; None where nothing stands there."""
        given = self._cell(field)
        text = " ".join((plain(given) if narrow else given).split())
        if len(text) > _LONGEST:
            self.refuse(RowCode.TOO_LONG_TEXT, field)
        return text or None

    def _number(self) -> str:
        given = plain(self._cell(StaffField.STAFF_NUMBER))
        if not given:
            self.refuse(RowCode.NO_NUMBER, StaffField.STAFF_NUMBER)
            return ""
        if not NUMBER.fullmatch(given):
            self.refuse(RowCode.BAD_NUMBER, StaffField.STAFF_NUMBER)
            return given
        return given.zfill(self._shape.number_width) if given.isdigit() else given

    def _name(self) -> str:
        name = self._text(StaffField.NAME)
        if name is None:
            self.refuse(RowCode.NO_NAME, StaffField.NAME)
        return name or ""

    def _post(self) -> str:
        """The column is there: an empty cell says that they have no title."""
        return self._text(StaffField.POST) or ""

    def _code(self, field: StaffField) -> str | None:
        given = plain(self._cell(field))
        if given and not _CODE.fullmatch(given):
            self.refuse(RowCode.BAD_DEPARTMENT_CODE, field)
        return given or None

    def _department_name(self) -> str | None:
        name = self._text(StaffField.DEPARTMENT_NAME)
        if name is None and not self._cell(StaffField.DEPARTMENT_CODE):
            has_code = self._shape.has(StaffField.DEPARTMENT_CODE)
            at = StaffField.DEPARTMENT_CODE if has_code else StaffField.DEPARTMENT_NAME
            self.refuse(RowCode.NO_DEPARTMENT, at)
        return name

    def _kind(self) -> str:
        given = plain(self._cell(StaffField.KIND))
        if not given:
            self.refuse(RowCode.NO_KIND, StaffField.KIND)
        elif given not in self._kinds:
            self.refuse(RowCode.KIND_UNKNOWN, StaffField.KIND)
        return self._kinds.get(given, "")

    def _heads(self) -> bool | None:
        if not self._shape.has(StaffField.HEADS):
            return None
        given = plain(self._cell(StaffField.HEADS)).casefold()
        if given in _words(self._shape.head_words):
            return True
        if given and self._shape.no_words and given not in _words(self._shape.no_words):
            self.refuse(RowCode.HEADS_UNCLEAR, StaffField.HEADS)
        return False

    def _day(self, field: StaffField) -> date | None:
        given = plain(self._cell(field))
        if not given or given.casefold() in _words(self._shape.open_words):
            return None
        try:
            return read_day(given, FIRST_YEAR)
        except BadDateError:
            self.refuse(RowCode.BAD_DATE, field)
            return None

    def _mail(self) -> str | None:
        given = plain(self._cell(StaffField.MAIL))
        if given and (len(given) > _MAIL_MAX or not MAIL.fullmatch(given)):
            self.refuse(RowCode.BAD_MAIL, StaffField.MAIL)
        return given or None

    def _card(self) -> bytes | None:
        given = re.sub(r"[\s:-]", "", plain(self._cell(StaffField.CARD))).upper()
        if not given:
            return None
        if not _CARD.fullmatch(given):
            self.refuse(RowCode.BAD_CARD, StaffField.CARD)
            return None
        return bytes.fromhex(given)


def _words(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(plain(word).casefold() for word in words)
