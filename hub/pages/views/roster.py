"""A department's four weeks, and one's own plan, as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.pages.views.working_time import whole_text
from hub.pages.words import Words
from hub.rosters.domain import ROSTER_DAYS, Finding, FindingKind, RosterDay, ShiftCode
from hub.rosters.grid import Cell, CellSource, GridRow, RosterGrid
from hub.rosters.service import PlannedDay
from hub.rosters.sheet import OFF_SIGNS
from hub.worktime.domain import DayKind

OFF = "-"
"""What is typed for a day off."""
_MINUTES = frozenset(
    {
        FindingKind.HOURS_OVER,
        FindingKind.HOURS_UNDER,
        FindingKind.LONG_SHIFT,
        FindingKind.SHORT_REST,
        FindingKind.OVERLAP,
    }
)


@dataclass(frozen=True, slots=True)
class HeadCell:
    """A date above the grid."""

    month: str
    day: int
    weekday: str
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class GridCell:
    """A date of somebody. `field` is the form's name for it; `typed` what was written there."""

    text: str
    tone: str
    title: str
    field: str
    typed: str
    editable: bool


@dataclass(frozen=True, slots=True)
class GridLine:
    """Somebody's four weeks."""

    number: str
    name: str
    cells: tuple[GridCell, ...]
    hours: str
    days_off: int
    odd: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A shift code and what it stands for."""

    code: str
    name: str
    spans: str


@dataclass(frozen=True, slots=True)
class RosterPage:
    """A department's four weeks."""

    id: str
    name: str
    weeks: str
    first: str
    before: str
    after: str
    published: str
    drafted: int
    may_write: bool
    head: tuple[HeadCell, ...]
    lines: tuple[GridLine, ...]
    codes: tuple[CodeLine, ...]
    regular: bool


@dataclass(frozen=True, slots=True)
class PlanLine:
    """A date of one's own plan."""

    date: str
    code: str
    name: str
    spans: str
    is_off: bool
    is_today: bool


def roster_page(
    grid: RosterGrid, words: Words, typed: Mapping[str, str] | None = None
) -> RosterPage:
    """Give the page of a grid; `typed` is a form that could not be taken."""
    step = timedelta(days=ROSTER_DAYS)
    roster = grid.roster
    when = roster.published_at if roster else None
    return RosterPage(
        id=grid.department.id,
        name=words.name(grid.department.name, grid.department.name_en),
        weeks=words.t(
            "roster.weeks", first=words.form_day(grid.first), last=words.form_day(grid.last)
        ),
        first=grid.first.isoformat(),
        before=(grid.first - step).isoformat(),
        after=(grid.first + step).isoformat(),
        published=words.t("roster.published", time=words.date_time(when)) if when else "",
        drafted=grid.drafted,
        may_write=grid.may_write,
        head=tuple(_head(day, grid, words) for day in grid.days),
        lines=tuple(_line(row, grid, words, typed or {}) for row in grid.rows),
        codes=tuple(_code(each, words) for each in grid.codes),
        regular=any(_is_regular(cell) for row in grid.rows for cell in row.cells.values()),
    )


def plan_lines(days: Sequence[PlannedDay], words: Words) -> tuple[PlanLine, ...]:
    """Give one's own plan, date by date."""
    return tuple(
        PlanLine(
            date=words.day(each.plan.work_date),
            code=each.code.code if each.code else "",
            name=_name_of(each, words),
            spans=whole_text(each.plan.spans, words),
            is_off=each.plan.kind is not DayKind.WORKDAY and not each.plan.rostered,
            is_today=each.plan.work_date == words.today,
        )
        for each in days
    )


def field_of(person_id: str, day: date) -> str:
    """Give the name of a cell's field."""
    return f"{person_id}.{day.isoformat()}"


def days_typed(
    grid: RosterGrid, typed: Mapping[str, str], words: Words
) -> tuple[list[RosterDay], list[str]]:
    """Read what was typed into a grid: the days that change, and what is wrong with others."""
    by_code = {each.code: each.id for each in grid.codes if not each.retired}
    days: list[RosterDay] = []
    errors: list[str] = []
    for row in grid.rows:
        for day, cell in row.cells.items():
            text = typed.get(field_of(row.person.id, day), "").strip()
            if not text or cell.away or text == cell_text(cell, words):
                continue
            if text not in by_code and text not in OFF_SIGNS:
                name = words.name(row.person.name, row.person.name_en)
                errors.append(
                    words.t("roster.unknown", name=name, day=words.day(day), code=text[:8])
                )
                continue
            days.append(RosterDay(row.person.id, day, by_code.get(text)))
    return days, errors


def finding_text(found: Finding, words: Words) -> str:
    """Say what is odd."""
    in_minutes = found.kind in _MINUTES
    return words.t(
        f"roster.finding.{found.kind}",
        amount=words.clock(found.amount) if in_minutes else found.amount,
        limit=words.clock(found.limit) if in_minutes else found.limit,
        day=words.day(found.work_date) if found.work_date else "",
    )


# --- inside ------------------------------------------------------------------------------------


def _is_regular(cell: Cell) -> bool:
    return cell.code is None and bool(cell.plan.spans)


def cell_text(cell: Cell, words: Words) -> str:
    """Give what stands in a cell of the grid and of its file."""
    if cell.away:
        return ""
    if cell.code is not None:
        return cell.code.code
    return words.t("roster.regular_sign") if cell.plan.spans else OFF


def _head(day: date, grid: RosterGrid, words: Words) -> HeadCell:
    tone = "sun" if day.weekday() == 6 else "sat" if day.weekday() == 5 else ""
    holiday = grid.holidays.get(day)
    return HeadCell(
        month=words.t(f"month.{day.month}") if day == grid.first or day.day == 1 else "",
        day=day.day,
        weekday=words.t(f"weekday.{day.weekday()}"),
        tone=f"{tone}{' holiday' if holiday else ''}{' week' if day.weekday() == 6 else ''}",
        title=words.t(f"worktime.day.{holiday}") if holiday else "",
    )


def _line(row: GridRow, grid: RosterGrid, words: Words, typed: Mapping[str, str]) -> GridLine:
    odd = {each.work_date for each in row.findings if each.work_date}
    name = words.name(row.person.name, row.person.name_en)
    return GridLine(
        number=row.person.staff_number or "",
        name=name,
        cells=tuple(
            _cell(row, day, cell, grid, words, typed, is_odd=day in odd)
            for day, cell in row.cells.items()
        ),
        hours=words.clock(row.regular_min),
        days_off=row.days_off,
        odd=tuple(finding_text(each, words) for each in row.findings),
    )


def _cell(
    row: GridRow,
    day: date,
    cell: Cell,
    grid: RosterGrid,
    words: Words,
    typed: Mapping[str, str],
    *,
    is_odd: bool,
) -> GridCell:
    tones = (
        ("week", day.weekday() == 6),
        ("away", cell.away),
        ("off", not cell.plan.spans),
        ("draft", cell.source is CellSource.DRAFT),
        ("odd", is_odd),
        ("holiday", day in grid.holidays),
    )
    name, field = words.name(row.person.name, row.person.name_en), field_of(row.person.id, day)
    return GridCell(
        text=cell_text(cell, words),
        tone=" ".join(tone for tone, holds in tones if holds),
        title=words.t("roster.cell", name=name, day=words.day(day)),
        field=field,
        typed=typed.get(field, ""),
        editable=not cell.away,
    )


def _code(code: ShiftCode, words: Words) -> CodeLine:
    spans = whole_text(code.spans, words) or words.t("roster.off")
    return CodeLine(code.code, words.name(code.name, code.name_en), spans)


def _name_of(day: PlannedDay, words: Words) -> str:
    kind = day.plan.kind
    if day.code is not None:
        return words.name(day.code.name, day.code.name_en)
    return "" if kind is DayKind.WORKDAY else words.t(f"worktime.day.{kind}")
