"""From a value to the text of its cell. Pure; what cannot be written in a form is an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from hub.payroll.domain import Unfit, Unit, Value
from hub.payroll.profile import ClockForm, Column, DateForm, MinuteForm, Pad
from hub.tabular.eras import era_of

_DAY_MIN: Final = 24 * 60


class CellError(ValueError):
    """A value cannot be written as its column wants; `code` is stable, no value is repeated."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def cell(value: Value, unit: Unit, column: Column) -> str:
    """Give the text of a cell; raise `CellError`."""
    if isinstance(value, Unfit):
        raise CellError(value.code)
    if value is None or (column.zero_is_empty and value == 0):
        text = ""
    else:
        text = _FORMS[unit](value, column)
    text = column.words.get(text, text)
    return filled(text, column)


def filled(text: str, column: Column) -> str:
    """Give a text at its column's width; raise `CellError` for one that is wider."""
    if column.width is None:
        return text
    if len(text) > column.width:
        raise CellError("too_wide")
    if column.pad is Pad.ZERO and text:
        return text.rjust(column.width, "0")
    return text.rjust(column.width) if column.pad is Pad.SPACE else text


def in_minutes(minutes: int, form: MinuteForm, places: int = 2) -> str:
    """Write a duration; a negative one (an adjustment) with its sign before it."""
    sign, minutes = ("-", -minutes) if minutes < 0 else ("", minutes)
    if form is MinuteForm.BASE_60:
        return f"{sign}{minutes // 60}:{minutes % 60:02d}"
    if form is MinuteForm.BASE_60_PLAIN:
        return f"{sign}{minutes // 60}{minutes % 60:02d}"
    if form is MinuteForm.DECIMAL:
        hours = (Decimal(minutes) / 60).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return f"{sign}{hours}"
    if form is MinuteForm.MINUTES:
        return f"{sign}{minutes}"
    if minutes % 60:
        raise CellError("no_whole_hours")
    return f"{sign}{minutes // 60}"


def in_days(half_days: int) -> str:
    """Write half days as days: `2`, `1.5`, `-0.5`."""
    days, half = divmod(abs(half_days), 2)
    return ("-" if half_days < 0 else "") + f"{days}" + (".5" if half else "")


def at_clock(minute: int, form: ClockForm) -> str:
    """Write a minute of the work date as a time."""
    if form is ClockForm.HOURS_24:
        minute %= _DAY_MIN
    if not 0 <= minute < 2 * _DAY_MIN:
        raise CellError("beyond_48_hours")
    colon = "" if form is ClockForm.HOURS_48_PLAIN else ":"
    return f"{minute // 60:02d}{colon}{minute % 60:02d}"


def on_date(day: date, form: DateForm, *, month_only: bool = False) -> str:
    """Write a date, or the month in which it lies. A month is of the era of its first day."""
    if form in (DateForm.ERA, DateForm.ERA_PLAIN):
        return _in_era(day.replace(day=1) if month_only else day, form, month_only=month_only)
    pattern = {DateForm.DASHES: "%Y-%m-%d", DateForm.SLASHES: "%Y/%m/%d", DateForm.PLAIN: "%Y%m%d"}
    text = day.strftime(pattern[form])
    if not month_only:
        return text
    return text[:6] if form is DateForm.PLAIN else text[:7]


def _in_era(day: date, form: DateForm, *, month_only: bool) -> str:
    era = era_of(day)
    if era is None:
        raise CellError("before_all_eras")
    if form is DateForm.ERA_PLAIN:
        return f"{era.number}{era.year:02d}{day.month:02d}" + ("" if month_only else f"{day:%d}")
    return f"{era.text}{day.month}月" + ("" if month_only else f"{day.day}日")


def _whole(value: Value) -> int:
    if isinstance(value, int):
        return value
    raise CellError("not_a_number")


def _day(value: Value) -> date:
    if isinstance(value, date):
        return value
    raise CellError("not_a_date")


_FORMS: Final[Mapping[Unit, Callable[[Value, Column], str]]] = {
    Unit.TEXT: lambda value, _: str(value),
    Unit.NUMBER: lambda value, _: str(_whole(value)),
    Unit.HALF_DAYS: lambda value, _: in_days(_whole(value)),
    Unit.MINUTES: lambda value, column: in_minutes(_whole(value), column.minutes, column.places),
    Unit.CLOCK: lambda value, column: at_clock(_whole(value), column.clock),
    Unit.DATE: lambda value, column: on_date(_day(value), column.date),
    Unit.MONTH: lambda value, column: on_date(_day(value), column.date, month_only=True),
}
