"""The attendance book (出勤簿) as a workbook: one sheet of everybody, and one a person.

Cells hold texts and numbers, never formulas: a name that begins with `=` stays a name. Durations
are Excel's own (`[h]:mm`), so that they can be added up there.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from hub.catalogue import Language, Translator
from hub.payroll.cells import at_clock
from hub.payroll.domain import DayRow, LeaveName, MonthRow
from hub.payroll.fields import BUCKETS, bucket_name
from hub.payroll.leave_words import away_notes, leave_amount, leave_lines, leave_title
from hub.payroll.profile import ClockForm
from hub.tabular.eras import era_day, era_month
from hub.worktime.domain import ExplainedKind

_HOURS: Final = "[h]:mm;-[h]:mm;;@"
_UNSAFE: Final = re.compile(r"[\[\]:*?/\\]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_TITLE_MAX: Final = 31
_THIN: Final = Border(*[Side(style="thin", color="9AA5A0")] * 4)
_HEAD: Final = PatternFill("solid", start_color="E7EFEC")
_OFF: Final = PatternFill("solid", start_color="F3F3F0")
_FREE_DAYS: Final = frozenset({"day_off", "holiday", "year_end"})


def workbook(months: Sequence[MonthRow], t: Translator) -> bytes:
    """Give the workbook's bytes: `months` are of one calendar month, in the order of the sheets."""
    book = Workbook()
    overview = book.active
    _overview(overview, months, t)
    taken = {overview.title}
    for month in months:
        title = _sheet_title(month, taken)
        taken.add(title)
        _person(book.create_sheet(title), month, t)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def _overview(sheet: Worksheet, months: Sequence[MonthRow], t: Translator) -> None:
    sheet.title = t("payroll.sheet.overview")
    used = [code for code in BUCKETS if any(code in month.buckets for month in months)]
    away = [kind.value for kind in ExplainedKind if any(m.explained.get(kind) for m in months)]
    leave = list(dict.fromkeys(taken.name for month in months for taken in month.leave))
    heads = [
        *(t(f"payroll.column.{code}") for code in ("staff_number", "name", "department_name")),
        t("payroll.column.days_worked"),
        t("payroll.column.regular_min"),
        t("payroll.column.missing_min"),
        *(leave_title(name, t) for name in leave),
        *(t(f"worktime.explained.{kind}") for kind in away),
        *(bucket_name(code, t) for code in used),
        t("payroll.column.state"),
    ]
    _title(sheet, t("payroll.sheet.title"), months, len(heads), t)
    _row(sheet, 3, heads, head=True)
    for number, month in enumerate(months, start=4):
        staff = month.staff
        paid = [month.buckets.get(code) for code in used]
        _row(
            sheet,
            number,
            [
                staff.staff_number,
                staff.name,
                staff.department_name,
                month.days_worked,
                _hours(month.regular_min),
                _hours(month.missing_min),
                *(_taken(month, name, t) for name in leave),
                *(_hours(month.explained.get(kind, 0)) for kind in away),
                *(_hours(each.rounded_min if each and each.paid else 0) for each in paid),
                t("payroll.state.closed" if month.closed_at else "payroll.state.open"),
            ],
        )
    _finish(sheet, [12, 18, 18, 10, 12, 12, *[14] * len([*leave, *away, *used]), 12], "A4")


def _taken(month: MonthRow, name: LeaveName, t: Translator) -> str:
    found = (each for each in month.leave if each.name == name)
    return next((leave_amount(each.half_days, each.minutes, t) for each in found), "")


def _person(sheet: Worksheet, month: MonthRow, t: Translator) -> None:
    heads = [t(f"payroll.day.{code}") for code in _DAY_HEADS]
    _title(sheet, t("payroll.sheet.title"), [month], len(heads), t)
    staff = month.staff
    who = f"{staff.department_name}　{staff.post}　{staff.staff_number}　{staff.name}"
    _text(sheet.cell(row=2, column=1), who)
    _row(sheet, 3, heads, head=True)
    for number, day in enumerate(month.days, start=4):
        _row(sheet, number, _day_cells(day, t), fill=_OFF if day.kind in _FREE_DAYS else None)
    below = 5 + len(month.days)
    labels = [t(f"payroll.total.{code}") for code in _TOTAL_HEADS]
    _row(sheet, below, labels, head=True)
    for number, code in enumerate((c for c in BUCKETS if c in month.buckets), start=below + 1):
        bucket = month.buckets[code]
        paid = bucket.rounded_min if bucket.paid else 0
        name = bucket_name(code, t)
        hours = [_hours(bucket.raw_min), _hours(paid), _hours(bucket.adjusted_min)]
        _row(sheet, number, [name, f"{bucket.percent}/100", *hours])
    _leave(sheet, below + 2 + len(month.buckets), month, t)
    _finish(sheet, [22, 10, 10, 10, 10, 10, 10, 10, 40], "A4")


def _leave(sheet: Worksheet, row: int, month: MonthRow, t: Translator) -> None:
    """What was taken of each kind of leave, and what is left."""
    lines = list(leave_lines(month, t))
    if lines:
        _row(
            sheet,
            row,
            [t(f"payroll.leave.{head}") for head in ("kind", "taken", "left")],
            head=True,
        )
    for number, line in enumerate(lines, start=row + 1):
        _row(sheet, number, line)


_DAY_HEADS: Final = ("date", "kind", "in", "out", "pause", "regular", "extra", "missing", "note")
_TOTAL_HEADS: Final = ("class", "percent", "raw", "paid", "adjusted")


def _day_cells(day: DayRow, t: Translator) -> list[object]:
    notes = [t(f"payroll.note.{note}") for note in day.notes]
    notes += away_notes(day, t)
    return [
        _day(day.work_date, t),
        t(f"worktime.day.{day.kind}"),
        _clock(day.first_in_min),
        _clock(day.last_out_min),
        _hours(day.break_min),
        _hours(day.regular_min),
        _hours(sum(day.minutes.values())),
        _hours(day.missing_min),
        t("words.comma").join(notes),
    ]


def _clock(minute: int | None) -> str:
    return "" if minute is None else at_clock(minute, ClockForm.HOURS_48)


def _hours(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def _day(day: date, t: Translator) -> str:
    weekday = t(f"weekday.{day.weekday()}")
    return f"{day} ({weekday})" if t.language is Language.EN else f"{era_day(day)}（{weekday}）"


def _month(first: date, t: Translator) -> str:
    if t.language is Language.EN:
        return t("words.month_of_year", year=first.year, month=t(f"month.{first.month}"))
    return era_month(first)


def _title(
    sheet: Worksheet, text: str, months: Sequence[MonthRow], width: int, t: Translator
) -> None:
    shown = _month(months[0].month, t) if months else ""
    _text(sheet.cell(row=1, column=1), f"{text}　{shown}")
    sheet.cell(row=1, column=1).font = Font(bold=True, size=14)
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=width)


def _row(
    sheet: Worksheet,
    row: int,
    values: Sequence[object],
    *,
    head: bool = False,
    fill: PatternFill | None = None,
) -> None:
    for column, value in enumerate(values, start=1):
        cell = sheet.cell(row=row, column=column)
        if isinstance(value, timedelta):
            cell.value = value.total_seconds() / 86_400
            cell.number_format = _HOURS
        elif isinstance(value, int):
            cell.value = value
        else:
            _text(cell, str(value))
        cell.border = _THIN
        cell.alignment = Alignment(vertical="center", wrap_text=isinstance(value, str))
        if head:
            cell.font, cell.fill = Font(bold=True), _HEAD
        elif fill is not None:
            cell.fill = fill


def _text(cell: Cell, text: str) -> None:
    """Write a text as a text, whatever it begins with; control characters fit in no workbook."""
    cell.value = _CONTROL.sub("", text)
    cell.data_type = "s"


def _sheet_title(month: MonthRow, taken: set[str]) -> str:
    wanted = _UNSAFE.sub("_", f"{month.staff.staff_number} {month.staff.name}").strip("' ")
    wanted = _CONTROL.sub("", wanted)[:_TITLE_MAX] or "_"
    title, number = wanted, 2
    while title.casefold() in {each.casefold() for each in taken}:
        suffix = f" ({number})"
        title, number = wanted[: _TITLE_MAX - len(suffix)] + suffix, number + 1
    return title


def _finish(sheet: Worksheet, widths: Sequence[int], freeze: str) -> None:
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = freeze
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:3"
