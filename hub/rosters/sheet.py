"""A roster that comes back as a file: which dates of whom it would change, and what is wrong with
it, by row and column. Pure.

A file is what the download wrote, edited: a head row with the dates, and a line for each person
with their staff number, or else a name that one alone has, before the dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.rosters.domain import RosterDay
from hub.rosters.grid import Cell, GridRow, RosterGrid
from hub.tabular.cells import Row, is_empty
from hub.tabular.dates import BadDateError, plain, read_day
from hub.tabular.encodings import UnreadableFileError

OFF_SIGNS: Final = frozenset({"-", "－", "−", "‐", "休", "公"})
"""What is written for a day off, unless a shift has that code."""
REGULAR_SIGNS: Final = frozenset({"○", "〇", "o"})
"""What the download writes, in any language, for the ordinance's own day."""
_FORMULA: Final = ("=", "+", "@", "-")


@dataclass(frozen=True, slots=True)
class WrongCell:
    """A cell that cannot be. `row` and `column` count from 1; `code` is the refusal's."""

    row: int
    column: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class SheetChange:
    """A date that would change. `after` None: a day off."""

    row: GridRow
    day: date
    before: Cell
    after: str | None


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """All that a file would do, or all that is wrong with it."""

    people: int
    changes: tuple[SheetChange, ...]
    wrong: tuple[WrongCell, ...]

    @property
    def days(self) -> list[RosterDay]:
        """What would be drafted."""
        return [RosterDay(each.row.person.id, each.day, each.after) for each in self.changes]


@dataclass(frozen=True, slots=True)
class Head:
    """The head row: at which index each date stands. `wrong` are cells that are no dates."""

    number: int
    dates: Mapping[int, date]
    wrong: tuple[WrongCell, ...]

    @property
    def first_index(self) -> int:
        """Where the dates begin."""
        return min(self.dates)


def read_head(rows: Sequence[Row]) -> tuple[Head, Sequence[Row]]:
    """Give the head row and the rows below it; raise `UnreadableFileError` where none has dates."""
    for index, (number, cells) in enumerate(rows):
        dates = {at: day for at, cell in enumerate(cells) if (day := _date(cell)) is not None}
        if dates:
            first = min(dates)
            wrong = [
                WrongCell(number, at + 1, "bad_date", cell)
                for at, cell in enumerate(cells)
                if at > first and cell.strip() and at not in dates
            ]
            seen: set[date] = set()
            for at, day in dates.items():
                if day in seen:
                    wrong.append(WrongCell(number, at + 1, "date_twice", cells[at]))
                seen.add(day)
            return Head(number, dates, tuple(wrong)), rows[index + 1 :]
    raise UnreadableFileError("no_dates", 1, 1)


def plan_sheet(
    head: Head, rows: Sequence[Row], grid: RosterGrid, own: str | None, today: date
) -> SheetPlan:
    """Say what a file would change in a grid; `own` is the person who sends it, whose days up to
    `today` are nobody's to change by themselves."""
    wrong = list(head.wrong)
    for at, day in head.dates.items():
        if not grid.first <= day <= grid.last:
            wrong.append(WrongCell(head.number, at + 1, "outside", day.isoformat()))
    changes: list[SheetChange] = []
    seen: set[str] = set()
    finder = _Finder(grid.rows)
    for number, cells in rows:
        if is_empty(cells):
            continue
        row, code = finder.find(cells[: head.first_index])
        if row is None or row.person.id in seen:
            text = " ".join(cells[: head.first_index])
            wrong.append(WrongCell(number, 1, code if row is None else "person_twice", text))
            continue
        seen.add(row.person.id)
        for found in _cells(number, cells, head, row, grid):
            if isinstance(found, SheetChange) and row.person.id == own and found.day <= today:
                at = next(at for at, day in head.dates.items() if day == found.day)
                wrong.append(WrongCell(number, at + 1, "own_past", cells[at]))
            elif isinstance(found, SheetChange):
                changes.append(found)
            else:
                wrong.append(found)
    return SheetPlan(len(seen), tuple(changes), tuple(wrong))


# --- inside ------------------------------------------------------------------------------------


def _date(cell: str) -> date | None:
    try:
        return read_day(cell)
    except BadDateError:
        return None


def _written(cell: str) -> str:
    """What stands in a cell, without the sign that kept it from being a formula."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA else text


def _cells(
    number: int, cells: Sequence[str], head: Head, row: GridRow, grid: RosterGrid
) -> Iterator[SheetChange | WrongCell]:
    codes = {each.code: each for each in grid.codes}
    for at, day in head.dates.items():
        text = _written(cells[at]) if at < len(cells) else ""
        cell = row.cells.get(day)
        if not text or cell is None:
            continue
        found = codes.get(text) or codes.get(plain(text))
        if cell.away:
            yield WrongCell(number, at + 1, "elsewhere", text)
        elif found is not None:
            if cell.code is not None and cell.code.id == found.id:
                continue
            if found.retired:
                yield WrongCell(number, at + 1, "retired", text)
            else:
                yield SheetChange(row, day, cell, found.id)
        elif text in OFF_SIGNS:
            if cell.code is not None or cell.plan.spans:
                yield SheetChange(row, day, cell, None)
        elif text in REGULAR_SIGNS:
            if cell.code is not None or not cell.plan.spans:
                yield WrongCell(number, at + 1, "regular", text)
        else:
            yield WrongCell(number, at + 1, "unknown_code", text)


class _Finder:
    """Finds whose line it is."""

    def __init__(self, rows: Sequence[GridRow]) -> None:
        self._by_number: dict[str, list[GridRow]] = {}
        self._by_name: dict[str, list[GridRow]] = {}
        for row in rows:
            number = plain(row.person.staff_number or "")
            # A spreadsheet takes the zeros before a number away.
            for key in {number, number.lstrip("0")} - {""}:
                self._by_number.setdefault(key, []).append(row)
            for name in {plain(row.person.name), plain(row.person.name_en)} - {""}:
                self._by_name.setdefault(name, []).append(row)

    def find(self, cells: Sequence[str]) -> tuple[GridRow | None, str]:
        """Give the row, or None and why: by number where one is given, else by name."""
        told = [plain(_written(each)) for each in cells if each.strip()]
        if not told:
            return None, "no_person"
        found = self._by_number.get(told[0], [])
        if not found and len(told) == 1:
            found = self._by_name.get(told[0], [])
        if len(found) == 1:
            return found[0], ""
        return None, "person_ambiguous" if found else "person_unknown"
