"""How a town's files of staff are written: a profile is stored as one document. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from hub.tabular.encodings import Encoding

HEAD_WORDS: Final = ("1", "○", "◯", "所属長", "課長", "室長", "係長", "長", "はい", "yes", "true")
NO_WORDS: Final = ("0", "×", "いいえ", "no", "false", "-")
OPEN_WORDS: Final = ("無期限", "定めなし", "9999/12/31", "9999-12-31", "99999999", "99991231")
TOTAL_WORDS: Final = ("合計", "小計", "総計", "total")


class StaffField(StrEnum):
    """What a column can hold."""

    STAFF_NUMBER = "staff_number"
    NAME = "name"
    NAME_KANA = "name_kana"
    NAME_EN = "name_en"
    DEPARTMENT_CODE = "department_code"
    DEPARTMENT_NAME = "department_name"
    PARENT_CODE = "parent_code"
    """Of the department to which a department that is made belongs."""
    KIND = "kind"
    POST = "post"
    HEADS = "heads"
    STARTS_ON = "starts_on"
    """Since when they hold this place (発令日)."""
    ENDS_ON = "ends_on"
    """The last day; empty: until further notice."""
    MAIL = "mail"
    CARD = "card"
    """A card's number, hexadecimal."""
    CARD_LABEL = "card_label"


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """How files are written. `columns` names each field's columns by header text or, where
    `header_row` is 0, by number from 1; the texts of several are joined. `constants` stand where a
    file has no column for a field, or its cell is empty. `kinds` are what stands in the file, and
    the code of the ordinance it means; without an entry the code itself or its title counts.
    `number_width` fills a staff number with zeros on the left, as spreadsheets drop them."""

    columns: dict[StaffField, tuple[str, ...]]
    constants: dict[StaffField, str] = {}  # msgspec copies it
    encoding: Encoding = Encoding.AUTO
    delimiter: str = ","
    header_row: int = 1
    kinds: dict[str, str] = {}
    number_width: int = 0
    head_words: tuple[str, ...] = HEAD_WORDS
    no_words: tuple[str, ...] = NO_WORDS
    open_words: tuple[str, ...] = OPEN_WORDS
    total_words: tuple[str, ...] = TOTAL_WORDS
    make_departments: bool = False
    """A department code that is not known is taken up, with the name in the file."""
    complete: bool = False
    """The file names all staff: who is missing may have left, and is proposed as a leaver."""
    card_namespace: str = "felica"

    def has(self, field: StaffField) -> bool:
        """Tell whether files say something about a field."""
        return bool(self.columns.get(field)) or bool(self.constants.get(field))


_NEEDED: Final = (StaffField.STAFF_NUMBER, StaffField.NAME, StaffField.KIND)


def wrong_with(shape: Shape) -> dict[str, str]:
    """Say what is wrong with a shape, by field; empty for one that can be used."""
    found: dict[str, str] = {}
    for field in _NEEDED:
        if not shape.has(field):
            found[f"columns.{field}"] = "name its column, or give a constant"
    if not shape.columns.get(StaffField.STAFF_NUMBER):
        found["columns.staff_number"] = "name the column of the staff number"
    if not (shape.has(StaffField.DEPARTMENT_CODE) or shape.has(StaffField.DEPARTMENT_NAME)):
        found["columns.department_code"] = "name the column of the department's code or name"
    if shape.make_departments and not (
        shape.has(StaffField.DEPARTMENT_CODE) and shape.has(StaffField.DEPARTMENT_NAME)
    ):
        found["make_departments"] = "a department that is made needs both code and name"
    if len(shape.delimiter) != 1 or shape.delimiter in '"\r\n':
        found["delimiter"] = "one character, no quote and no line end"
    if shape.header_row == 0:
        named = [name for names in shape.columns.values() for name in names]
        if not all(name.isascii() and name.isdecimal() and 1 <= int(name) <= 500 for name in named):
            found["columns"] = "without a header row columns are numbers from 1"
    return found
