"""From text to the cells of its rows, and where the columns that a profile names stand. Pure.

Quoted fields may hold line ends: a row's number is that of its first line in the file.
"""

from __future__ import annotations

import csv
from collections.abc import Hashable, Iterator, Mapping, Sequence
from io import StringIO
from typing import Final, TypeVar

from hub.tabular.dates import plain
from hub.tabular.encodings import UnreadableFileError

F = TypeVar("F", bound=Hashable)

CELL_MAX: Final = 4_000
"""Characters of one cell; a missing quote swallows the rest of a file into one."""

Row = tuple[int, list[str]]
"""The number of a row's first line, from 1, and its cells."""


def raw_rows(text: str, delimiter: str, most: int, *, stop: bool = False) -> Iterator[Row]:
    """Read row by row; raise `UnreadableFileError` for broken quotes, a cell too long, and, unless
    `stop`, for more than `most` rows that are not empty."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number, count = 1, 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UnreadableFileError("bad_quotes", number, 1) from error
        if cells is None:
            return
        for column, cell in enumerate(cells, 1):
            if len(cell) > CELL_MAX:
                raise UnreadableFileError("cell_too_long", number, column)
        count += 0 if is_empty(cells) else 1
        if count > most and not stop:
            raise UnreadableFileError("too_many_rows", number, 1)
        yield number, cells
        number = reader.line_num + 1


def first_rows(text: str, delimiter: str, most: int) -> list[list[str]]:
    """Give the first rows as they stand, for a preview."""
    found = []
    for _, cells in raw_rows(text, delimiter, most, stop=True):
        found.append(cells)
        if len(found) == most:
            break
    return found


def header_of(raw: Sequence[Row], header_row: int) -> Row:
    """Give the head row, the `header_row`th from 1; for 0 one without cells. Raise
    `UnreadableFileError` where the file ends before it."""
    if not header_row:
        return 1, []
    if header_row > len(raw):
        raise UnreadableFileError("no_header", max(1, len(raw)), 1)
    return raw[header_row - 1]


def places(columns: Mapping[F, Sequence[str]], header: Row | None) -> dict[F, tuple[int, ...]]:
    """Give where each field's columns stand: by header text, or where there is no header by number
    from 1. Raise `UnreadableFileError` for a column that is not there."""
    if header is None:
        return {f: tuple(int(name) - 1 for name in names) for f, names in columns.items()}
    number, cells = header
    at: dict[str, int] = {}
    for index, cell in enumerate(cells):
        at.setdefault(plain(cell), index)
    found = {}
    for field, names in columns.items():
        missing = [name for name in names if plain(name) not in at]
        if missing:
            raise UnreadableFileError("no_column", number, 1 + len(cells)) from KeyError(missing)
        found[field] = tuple(at[plain(name)] for name in names)
    return found


def joined(cells: Sequence[str], indices: Sequence[int], sign: str) -> str:
    """Give the texts of several columns as one. A row that is shorter than its header has empty
    cells at its end."""
    parts = [cells[index].strip() for index in indices if index < len(cells)]
    return sign.join(part for part in parts if part)


def is_empty(cells: Sequence[str]) -> bool:
    """Tell whether a row says nothing."""
    return not any(cell.strip() for cell in cells)


def begins_with(cells: Sequence[str], words: Sequence[str]) -> bool:
    """Tell whether a row's first cell that is not empty begins with one of these words."""
    first = next((plain(cell) for cell in cells if cell.strip()), "")
    return any(first.startswith(plain(word)) for word in words)
