"""From text to rows with the columns that a profile names. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.csv_bookings.profile import Field, Shape
from hub.tabular import cells as tabular
from hub.tabular.dates import BadDateError, plain, read_moment, read_range, read_time


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
    raw = list(tabular.raw_rows(text, shape.delimiter, most + shape.header_row))
    head = tabular.header_of(raw, shape.header_row)
    places = tabular.places(shape.columns, head if shape.header_row else None)
    rows, skipped = [], 0
    for number, cells in raw[shape.header_row :]:
        named = _named(cells, places)
        total = tabular.begins_with(cells, shape.words.totals) and not _has_time(named)
        if tabular.is_empty(cells) or total:
            skipped += 1
            continue
        rows.append(Row(number, named))
    return Table(tuple(plain(cell) for cell in head[1]), tuple(rows), skipped)


def first_rows(text: str, shape: Shape, most: int) -> list[list[str]]:
    """Give the first rows as they stand, for a preview."""
    return tabular.first_rows(text, shape.delimiter, most)


def _named(cells: Sequence[str], places: dict[Field, tuple[int, ...]]) -> dict[Field, str]:
    return {
        field: tabular.joined(cells, indices, "-" if field is Field.KEY else " ")
        for field, indices in places.items()
    }


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
