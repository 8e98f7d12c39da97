"""A department's four weeks as a grid: whose row, which cell, where it comes from, what is odd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from hub.people.domain import Person
from hub.rosters.domain import ROSTER_DAYS, Finding, Roster, ShiftCode
from hub.staff.domain import Department
from hub.worktime.domain import DayKind, DayPlan


class CellSource(StrEnum):
    """Where a cell comes from."""

    PATTERN = "pattern"
    PUBLISHED = "published"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Cell:
    """A date of a person. `code` None with regular hours in the plan: the ordinance's own day.
    `away`: not employed in this department then."""

    plan: DayPlan
    code: ShiftCode | None
    source: CellSource
    away: bool = False


@dataclass(frozen=True, slots=True)
class GridRow:
    """A person's four weeks."""

    person: Person
    cells: Mapping[date, Cell]
    findings: tuple[Finding, ...]

    @property
    def regular_min(self) -> int:
        """Regular hours in the four weeks."""
        return sum(cell.plan.regular_min for cell in self.cells.values())

    @property
    def days_off(self) -> int:
        """Dates without regular hours."""
        return sum(1 for cell in self.cells.values() if not cell.plan.spans)


@dataclass(frozen=True, slots=True)
class RosterGrid:
    """A department's four weeks. `drafted`: dates that are not published as they stand here."""

    department: Department
    first: date
    roster: Roster | None
    codes: tuple[ShiftCode, ...]
    rows: tuple[GridRow, ...]
    holidays: Mapping[date, DayKind]
    drafted: int
    may_write: bool

    @property
    def last(self) -> date:
        """Its last date."""
        return self.first + timedelta(days=ROSTER_DAYS - 1)

    @property
    def days(self) -> tuple[date, ...]:
        """Its dates."""
        return tuple(self.first + timedelta(days=each) for each in range(ROSTER_DAYS))

    def on_duty(self, day: date, code_id: str) -> int:
        """How many have a shift on a date."""
        return sum(1 for row in self.rows if (c := row.cells[day].code) and c.id == code_id)
