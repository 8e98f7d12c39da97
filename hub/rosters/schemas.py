"""What the API takes and gives of shift codes, patterns, assignments and rosters."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, Field

from hub.rosters import examples
from hub.rosters.domain import (
    CYCLE_MAX,
    LONGEST_SHIFT_MIN,
    Finding,
    FindingKind,
    PatternKind,
    RosterDay,
    ShiftCode,
    Stretch,
    SubjectKind,
)
from hub.rosters.grid import Cell, CellSource, GridRow, RosterGrid
from hub.rosters.service import PlannedDay
from hub.web.fields import (
    BodyIn,
    CalendarDate,
    ChangeIn,
    Name,
    OptionalName,
    RowOut,
    clearable,
    shown,
)
from hub.worktime.domain import DayKind, DayPlan

Id = Annotated[str, Field(min_length=1, max_length=80)]
Code = Annotated[
    str,
    Field(min_length=1, max_length=8, pattern=r"^\S+$", description="As it stands in the grid."),
]
Minute = Annotated[
    int, Field(ge=0, le=LONGEST_SHIFT_MIN, description="Minutes from 00:00 of the work date.")
]
Cause = Annotated[str, Field(min_length=1, max_length=200, description="Kept with the change.")]


class StretchIn(BodyIn):
    """Minutes of a work date, from `start` up to `end`; past 1440 they are the next date's."""

    model_config = shown({"start": 1020, "end": 1950})

    start: Minute
    end: Minute


class StretchOut(BaseModel):
    """Minutes of a work date."""

    model_config = shown({"start": 1020, "end": 1950})

    start: int
    end: int


Stretches = Annotated[list[StretchIn], Field(max_length=12)]


class ShiftCodeIn(BodyIn):
    """A new shift code. Without stretches it is a day off."""

    model_config = shown(examples.SHIFT_CODE_IN)

    code: Code
    name: Name
    name_en: OptionalName = ""
    stretches: Stretches = Field(default_factory=list)
    breaks: Stretches = Field(default_factory=list)


class ShiftCodeChange(ChangeIn):
    """What to change of a shift code. Months that stand on it are reckoned anew."""

    model_config = shown(examples.SHIFT_CODE_CHANGE)

    code: Code | None = None
    name: Name | None = None
    name_en: OptionalName | None = None
    stretches: Stretches | None = None
    breaks: Stretches | None = None
    retired: bool | None = Field(
        None, description="Given to nobody any more; refused while a pattern holds it."
    )


class ShiftCodeOut(RowOut):
    """A shift as a roster calls it."""

    model_config = shown(examples.SHIFT_CODE_OUT)

    id: str
    code: str
    name: str
    name_en: str
    stretches: list[StretchOut]
    breaks: list[StretchOut]
    created_at: datetime
    updated_at: datetime
    retired: bool


class WorkPatternIn(BodyIn):
    """A new pattern: which shift falls on which day, over and over."""

    model_config = shown(examples.PATTERN_IN)

    name: Name
    name_en: OptionalName = ""
    kind: PatternKind
    anchor: CalendarDate = Field(description="A date on which it begins; a Monday if weekly.")
    codes: Annotated[
        list[Id | None],
        Field(min_length=1, max_length=CYCLE_MAX, description="Shift codes; null for a day off."),
    ]
    rostered: bool = Field(False, description="It orders work on holidays that fall on a shift.")


class WorkPatternChange(ChangeIn):
    """What to change of a pattern. Months that stand on it are reckoned anew."""

    model_config = shown(examples.PATTERN_CHANGE)

    name: Name | None = None
    name_en: OptionalName | None = None
    kind: PatternKind | None = None
    anchor: CalendarDate | None = None
    codes: Annotated[list[Id | None], Field(min_length=1, max_length=CYCLE_MAX)] | None = None
    rostered: bool | None = None
    retired: bool | None = Field(
        None, description="Assigned to nobody any more; refused while it holds for somebody."
    )


class WorkPatternOut(RowOut):
    """A weekly or shift pattern."""

    model_config = shown(examples.PATTERN_OUT)

    id: str
    name: str
    name_en: str
    kind: PatternKind
    anchor: date
    codes: list[str | None]
    rostered: bool
    created_at: datetime
    updated_at: datetime
    retired: bool


class AssignmentIn(BodyIn):
    """From when on a pattern holds for whom."""

    model_config = shown(examples.ASSIGNMENT_IN)

    subject_kind: SubjectKind
    subject_id: Annotated[
        Id, Field(description="A person, a department, or a kind of the ordinance.")
    ]
    pattern_id: Id
    starts_on: CalendarDate
    ends_on: CalendarDate | None = None


class AssignmentChange(ChangeIn):
    """What to change of an assignment."""

    model_config = shown(examples.ASSIGNMENT_CHANGE)

    pattern_id: Id | None = None
    starts_on: CalendarDate | None = None
    ends_on: CalendarDate | None = clearable()


class AssignmentOut(RowOut):
    """A pattern's assignment. A person's own goes before the department's, that before the one of
    the kind of employment."""

    model_config = shown(examples.ASSIGNMENT_OUT)

    id: str
    subject_kind: SubjectKind
    subject_id: str
    pattern_id: str
    starts_on: date
    ends_on: date | None
    created_at: datetime
    updated_at: datetime


class PlanOut(BaseModel):
    """One date of somebody's plan, before swaps."""

    model_config = shown(examples.PLAN_OUT)

    work_date: date
    kind: DayKind
    code_id: str | None
    code: str | None = Field(description="Null for a day off and the ordinance's own day.")
    regular: list[StretchOut]
    breaks: list[StretchOut]
    regular_min: int
    holiday: bool
    rostered: bool

    @classmethod
    def of(cls, found: PlannedDay) -> PlanOut:
        """Show a date."""
        return cls(**_plan(found.plan, found.code))


class CellOut(PlanOut):
    """A date in the grid."""

    model_config = shown(examples.CELL_OUT)

    source: CellSource
    away: bool = Field(description="Not employed in this department on that date.")

    @classmethod
    def of_cell(cls, cell: Cell) -> CellOut:
        """Show a cell."""
        return cls(**_plan(cell.plan, cell.code), source=cell.source, away=cell.away)


class RosterFindingOut(BaseModel):
    """What is odd: said, never refused."""

    model_config = shown(examples.FINDING_OUT)

    kind: FindingKind
    amount: int
    limit: int
    work_date: date | None

    @classmethod
    def of(cls, found: Finding) -> RosterFindingOut:
        """Show it."""
        return cls(
            kind=found.kind, amount=found.amount, limit=found.limit, work_date=found.work_date
        )


class GridRowOut(BaseModel):
    """Somebody's four weeks."""

    model_config = shown(examples.ROW_OUT)

    person_id: str
    name: str
    regular_min: int
    days_off: int
    cells: list[CellOut]
    findings: list[RosterFindingOut]

    @classmethod
    def of(cls, row: GridRow) -> GridRowOut:
        """Show a row."""
        return cls(
            person_id=row.person.id,
            name=row.person.name,
            regular_min=row.regular_min,
            days_off=row.days_off,
            cells=[CellOut.of_cell(cell) for cell in row.cells.values()],
            findings=[RosterFindingOut.of(each) for each in row.findings],
        )


class RosterOut(BaseModel):
    """A department's four weeks."""

    model_config = shown(examples.ROSTER_OUT)

    department_id: str
    name: str
    first: date
    last: date
    published_at: datetime | None
    drafted: int = Field(description="How many dates are drafted and not published.")
    may_write: bool
    rows: list[GridRowOut]

    @classmethod
    def of(cls, grid: RosterGrid) -> RosterOut:
        """Show a grid."""
        return cls(
            department_id=grid.department.id,
            name=grid.department.name,
            first=grid.first,
            last=grid.last,
            published_at=grid.roster.published_at if grid.roster else None,
            drafted=grid.drafted,
            may_write=grid.may_write,
            rows=[GridRowOut.of(row) for row in grid.rows],
        )


class DraftDayIn(BodyIn):
    """A date of somebody; `code_id` null for a day off."""

    model_config = shown(examples.DRAFT_DAY_IN)

    person_id: Id
    work_date: CalendarDate
    code_id: Id | None

    def day(self) -> RosterDay:
        """What it stands for."""
        return RosterDay(self.person_id, self.work_date, self.code_id)


class DraftIn(BodyIn):
    """Dates to draft; others stay as they are."""

    model_config = shown(examples.DRAFT_IN)

    days: Annotated[list[DraftDayIn], Field(min_length=1, max_length=6_000)]


class RosterDayIn(BodyIn):
    """Another shift for a date, at once."""

    model_config = shown(examples.DAY_IN)

    code_id: Id | None
    cause: Cause


class CauseIn(BodyIn):
    """Why."""

    model_config = shown(examples.CAUSE_IN)

    cause: Cause


class WorkingCalendarIn(BodyIn):
    """By which calendar offices are closed; null for national holidays and 29 December to 3
    January. Months from `since` on are reckoned anew."""

    model_config = shown(examples.CALENDAR_IN)

    calendar_id: Id | None
    since: CalendarDate


class WorkingCalendarOut(BaseModel):
    """By which calendar offices are closed."""

    model_config = shown(examples.CALENDAR_OUT)

    calendar_id: str | None


def _plan(plan: DayPlan, code: ShiftCode | None) -> dict[str, Any]:
    return {
        "work_date": plan.work_date,
        "kind": plan.kind,
        "code_id": code.id if code else None,
        "code": code.code if code else None,
        "regular": [StretchOut(start=each.start, end=each.end) for each in plan.spans],
        "breaks": [StretchOut(start=each.start, end=each.end) for each in plan.breaks],
        "regular_min": plan.regular_min,
        "holiday": plan.holiday,
        "rostered": plan.rostered,
    }


def as_code(values: dict[str, Any]) -> dict[str, Any]:
    """Turn stretches as they were sent into what the table holds."""
    for name in ("stretches", "breaks"):
        if name in values:
            values[name] = msgspec.convert(values[name], tuple[Stretch, ...])
    return values


def as_pattern(values: dict[str, Any]) -> dict[str, Any]:
    """Turn a list of codes into what the table holds."""
    if "codes" in values:
        values["codes"] = tuple(values["codes"])
    return values
