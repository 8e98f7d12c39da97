"""From text to rows with the columns that a profile names. Pure.

Quoted fields may hold line ends: a row's number is that of its first line in the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Final

from hub.csv_bookings.dates import BadDateError, plain, read_moment, read_range, read_time
from hub.csv_bookings.encodings import UnreadableFileError
from hub.csv_bookings.profile import Field, Shape

FIELD_MAX: Final = 4_000
"""Characters of one cell; a missing quote swallows the rest of a file into one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of its first line, and its cells by field."""

    number: int
    cells: dict[Field, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows. `header` is its head row, as it stands there; `skipped` counts empty rows and
    totals."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    skipped: int


def read_table(text: str, shape: Shape, most: int) -> Table:
    """Read the rows; raise `UnreadableFileError` for broken quotes, a column that is not there, and
    more than `most` rows."""
    raw = list(_raw(text, shape, most))
    if shape.header_row > len(raw) and shape.header_row:
        raise UnreadableFileError("no_header", max(1, len(raw)), 1)
    head = raw[shape.header_row - 1] if shape.header_row else (0, [])
    places = _places(shape, head[1], head[0] or 1)
    rows, skipped = [], 0
    for number, cells in raw[shape.header_row :]:
        named = _named(cells, places)
        if _is_empty(cells) or (_is_total(cells, shape) and not _has_time(named)):
            skipped += 1
            continue
        rows.append(Row(number, named))
    return Table(tuple(plain(cell) for cell in head[1]), tuple(rows), skipped)


def first_rows(text: str, shape: Shape, most: int) -> list[list[str]]:
    """Give the first rows as they stand, for a preview."""
    found = []
    for _, cells in _raw(text, shape, most + 1, stop=True):
        found.append(cells)
        if len(found) == most:
            break
    return found


def _raw(
    text: str, shape: Shape, most: int, *, stop: bool = False
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=shape.delimiter, strict=True)
    number, count = 1, 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UnreadableFileError("bad_quotes", number, 1) from error
        if cells is None:
            return
        for column, cell in enumerate(cells, 1):
            if len(cell) > FIELD_MAX:
                raise UnreadableFileError("cell_too_long", number, column)
        count += 0 if _is_empty(cells) else 1
        if count > most + shape.header_row and not stop:
            raise UnreadableFileError("too_many_rows", number, 1)
        yield number, cells
        number = reader.line_num + 1


def _places(shape: Shape, header: Sequence[str], number: int) -> dict[Field, tuple[int, ...]]:
    if not shape.header_row:
        return {f: tuple(int(name) - 1 for name in names) for f, names in shape.columns.items()}
    at: dict[str, int] = {}
    for index, cell in enumerate(header):
        at.setdefault(plain(cell), index)
    places = {}
    for field, names in shape.columns.items():
        missing = [name for name in names if plain(name) not in at]
        if missing:
            raise UnreadableFileError("no_column", number, 1 + len(header)) from KeyError(missing)
        places[field] = tuple(at[plain(name)] for name in names)
    return places


def _named(cells: Sequence[str], places: dict[Field, tuple[int, ...]]) -> dict[Field, str]:
    """A row that is shorter than its header has empty cells at its end."""
    joined = {}
    for field, indices in places.items():
        parts = [cells[index].strip() for index in indices if index < len(cells)]
        sign = "-" if field is Field.KEY else " "
        joined[field] = sign.join(part for part in parts if part)
    return joined


def _is_empty(cells: Sequence[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def _has_time(cells: dict[Field, str]) -> bool:
    """Whether a row says when: then it is a booking, though it be at the 計量所, and a complete
    file does not lack it."""
    text = cells.get(Field.SPAN) or cells.get(Field.START, "")
    for read in (read_time, read_moment, read_range):
        try:
            read(text)
        except BadDateError:
            continue
        return True
    return False


def _is_total(cells: Sequence[str], shape: Shape) -> bool:
    first = next((plain(cell) for cell in cells if cell.strip()), "")
    return any(first.startswith(plain(word)) for word in shape.words.totals)
