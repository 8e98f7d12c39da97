"""Punches as other attendance systems take them: their words, as documented by their makers. Pure.

KING OF TIME: `{date, time, code}` with codes 1 in, 2 out, 3 break start, 4 break end, and daily
records in whole minutes. freee: `clock_in`, `clock_out`, `break_begin`, `break_end` with a
`base_date`. Both take one employee at a time: rows are grouped by staff number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import groupby
from typing import Final

from hub.attendance.domain import TOKYO
from hub.payroll.domain import MonthRow, PunchRow
from hub.worktime.domain import Bucket
from hub.worktime.ordinance import ADD_ONS


class PunchFormat(StrEnum):
    """Whose words are used."""

    KING_OF_TIME = "king_of_time"
    FREEE = "freee"


_CODES: Final = {"in": "1", "out": "2", "break_start": "3", "break_end": "4"}
_TYPES: Final = {
    "in": "clock_in",
    "out": "clock_out",
    "break_start": "break_begin",
    "break_end": "break_end",
}


def punches_as(
    form: PunchFormat, punches: Iterable[PunchRow]
) -> list[dict[str, str | list[dict[str, str]]]]:
    """Give each employee's punches in time order, as the documents that the other system takes."""
    ordered = sorted(punches, key=lambda each: (each.staff.staff_number, each.at, each.direction))
    one = _king_of_time if form is PunchFormat.KING_OF_TIME else _freee
    key = "timerecord" if form is PunchFormat.KING_OF_TIME else "time_clocks"
    return [
        {"employee": number, key: [one(punch) for punch in theirs]}
        for number, theirs in groupby(ordered, key=lambda each: each.staff.staff_number)
    ]


def _king_of_time(punch: PunchRow) -> dict[str, str]:
    local = punch.at.astimezone(TOKYO).replace(microsecond=0)
    return {
        "date": punch.work_date.isoformat(),
        "time": local.isoformat(),
        "code": _CODES[punch.direction],
    }


def _freee(punch: PunchRow) -> dict[str, str]:
    local = punch.at.astimezone(TOKYO)
    return {
        "type": _TYPES[punch.direction],
        "base_date": punch.work_date.isoformat(),
        "datetime": f"{local:%Y-%m-%d %H:%M:%S}",
    }


_ADD_ONS: Final = frozenset(str(Bucket(each)) for each in ADD_ONS)


def daily_records(months: Iterable[MonthRow]) -> list[dict[str, str | int | Mapping[str, int]]]:
    """Give daily records in whole minutes: as worked, before any rounding. `overtime` is everything
    in a pay class of its own, add-ons to regular pay left out."""
    return [
        {
            "employee": month.staff.staff_number,
            "date": day.work_date.isoformat(),
            "assigned": day.regular_min,
            "overtime": sum(n for code, n in day.minutes.items() if code not in _ADD_ONS),
            "night": sum(n for code, n in day.minutes.items() if code.endswith(".night")),
            "breakTime": day.break_min,
            "classes": dict(day.minutes),
        }
        for month in months
        for day in month.days
    ]
