"""From months to the bytes of a file, or to every cell that cannot be written. Pure.

Nothing is ever replaced: a character that the encoding lacks, a cell that is too wide or would need
quotes where there are none stops the whole file, and the error says row, column and whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hub.payroll.cells import CellError, cell, filled
from hub.payroll.domain import Line, MonthRow, Unit
from hub.payroll.fields import FIELDS, lines_of
from hub.payroll.profile import Profile, Quoting

ERRORS_MAX: Final = 200
_TIMED: Final = (Unit.MINUTES, Unit.HALF_DAYS, Unit.CLOCK)


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A cell that cannot be written. `row` and `column` count from 1 as a person sees them in the
    file, its header included; `title` is the column's. `code`: `no_such_character` (`character` is
    it), `needs_quotes`, `too_wide`, `no_whole_hours`, ..."""

    row: int
    column: int
    title: str
    code: str
    staff_number: str
    character: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's cells as texts, header included where there is one."""

    rows: tuple[tuple[str, ...], ...]


class UnwritableError(Exception):
    """The file cannot be written. `cells` are the first of what stops it, in the file's order, and
    `more` says how many besides; `table` is what there would be, those cells empty or as they are.
    """

    def __init__(self, wrong: Sequence[Unwritable], table: Table) -> None:
        self.cells = tuple(wrong[:ERRORS_MAX])
        self.more = len(wrong) - len(self.cells)
        self.table = table
        super().__init__(f"{len(wrong)} cells cannot be written")


def write_file(profile: Profile, months: Iterable[MonthRow]) -> bytes:
    """Give the file's bytes; raise `UnwritableError` naming every cell that stops it."""
    return _encoded(profile, table_of(profile, months))


def table_of(profile: Profile, months: Iterable[MonthRow]) -> Table:
    """Give the file's cells; raise `UnwritableError`. Also what a preview shows."""
    rows: list[tuple[str, ...]] = []
    wrong: list[Unwritable] = []
    if profile.header:
        titles = tuple(column.title for column in profile.columns)
        wrong += _unsafe(profile, titles, 1, "")
        rows.append(titles)
    for line in _lines(profile, months):
        cells, bad = _row(profile, line, len(rows) + 1)
        rows.append(cells)
        wrong += bad or _unsafe(profile, cells, len(rows), str(line["staff_number"]))
    table = Table(tuple(rows))
    if wrong:
        raise UnwritableError(wrong, table)
    return table


def _lines(profile: Profile, months: Iterable[MonthRow]) -> Iterator[Line]:
    units = FIELDS[profile.rows]
    timed = [
        column.field
        for column in profile.columns
        if column.field is not None and units[column.field] in _TIMED
    ]
    for month in months:
        for line in lines_of(profile.rows, month):
            if not profile.skip_empty or any(line[code] for code in timed):
                yield line


def _row(profile: Profile, line: Line, row: int) -> tuple[tuple[str, ...], list[Unwritable]]:
    units = FIELDS[profile.rows]
    cells: list[str] = []
    wrong: list[Unwritable] = []
    for number, column in enumerate(profile.columns, start=1):
        try:
            if column.field is None:
                cells.append(filled(column.text, column))
            else:
                cells.append(cell(line[column.field], units[column.field], column))
        except CellError as error:
            cells.append("")
            staff = str(line["staff_number"])
            wrong.append(Unwritable(row, number, column.title, error.code, staff))
    return tuple(cells), wrong


def _unsafe(
    profile: Profile, cells: Sequence[str], row: int, staff_number: str
) -> Iterator[Unwritable]:
    """Find what the encoding lacks, and what would need quotes where there are none."""
    for number, (text, column) in enumerate(zip(cells, profile.columns, strict=True), start=1):
        try:
            text.encode(profile.encoding.value)
        except UnicodeEncodeError as error:
            code, character = "no_such_character", text[error.start]
            yield Unwritable(row, number, column.title, code, staff_number, character)
        if "\x00" in text:
            yield Unwritable(row, number, column.title, "nul", staff_number)
        if profile.quoting is Quoting.NONE and any(
            c in text for c in (profile.delimiter, *'"\r\n')
        ):
            yield Unwritable(row, number, column.title, "needs_quotes", staff_number)


def _encoded(profile: Profile, table: Table) -> bytes:
    end = "\r\n" if profile.crlf else "\n"
    text = "".join(profile.delimiter.join(_quoted(profile, row)) + end for row in table.rows)
    return text.encode(profile.encoding.value)


def _quoted(profile: Profile, row: Sequence[str]) -> Iterator[str]:
    """Quote cells as RFC 4180 has it, whatever the line's end is: the library leaves a lone CR bare
    where lines end with LF. A row of one empty cell is quoted, or it would be an empty line."""
    signs = (profile.delimiter, *'"\r\n')
    for text in row:
        needed = any(sign in text for sign in signs) or (len(row) == 1 and not text)
        if profile.quoting is Quoting.ALL or (profile.quoting is Quoting.MINIMAL and needed):
            yield '"' + text.replace('"', '""') + '"'
        else:
            yield text  # without quotes nothing is there that needs them: checked above
