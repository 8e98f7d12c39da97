"""The fields a column may show: their codes, what they are, and how a line gets them. Pure.

A code is `staff_number`, or names a bucket or kind after a colon: `raw:overtime.night`,
`paid:over_60`, `adjusted:day_off`, `explained:leave`, `leave_days:annual`.
The codes of a line's kind are a closed list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from hub.catalogue import Translator
from hub.payroll.domain import (
    BucketRow,
    DayRow,
    LeaveGroup,
    LeaveTaken,
    Line,
    MonthRow,
    Staff,
    Unfit,
    Unit,
    Value,
)
from hub.payroll.profile import RowKind
from hub.worktime.domain import Bucket, ExplainedKind, PayClass
from hub.worktime.ordinance import ADD_ONS


def _buckets() -> Iterator[str]:
    for pay_class in PayClass:
        yield str(Bucket(pay_class))
        if pay_class not in ADD_ONS:
            yield str(Bucket(pay_class, night=True))


BUCKETS: Final = tuple(_buckets())
"""Every bucket's code, as fields name it."""


def bucket_name(code: str, t: Translator) -> str:
    """Give a bucket's name for people: `時間外勤務（深夜）`."""
    pay_class, _, night = code.partition(".")
    name = t(f"worktime.pay.{pay_class}")
    return t("payroll.at_night", pay=name) if night else name


_STAFF: Final[Mapping[str, Unit]] = {
    "staff_number": Unit.TEXT,
    "name": Unit.TEXT,
    "name_kana": Unit.TEXT,
    "department_code": Unit.TEXT,
    "department_name": Unit.TEXT,
    "kind": Unit.TEXT,
    "post": Unit.TEXT,
}
_MONTH: Final[Mapping[str, Unit]] = {
    "month": Unit.MONTH,
    "days_worked": Unit.NUMBER,
    "present_min": Unit.MINUTES,
    "regular_min": Unit.MINUTES,
    "missing_min": Unit.MINUTES,
    "over_full_day_min": Unit.MINUTES,
    "statutory_min": Unit.MINUTES,
}
_DAY: Final[Mapping[str, Unit]] = {
    "work_date": Unit.DATE,
    "day_kind": Unit.TEXT,
    "first_in": Unit.CLOCK,
    "last_out": Unit.CLOCK,
    "present_min": Unit.MINUTES,
    "break_min": Unit.MINUTES,
    "regular_min": Unit.MINUTES,
    "missing_min": Unit.MINUTES,
}
_CLASS: Final[Mapping[str, Unit]] = {
    "month": Unit.MONTH,
    "bucket": Unit.TEXT,
    "percent": Unit.NUMBER,
    "raw_min": Unit.MINUTES,
    "paid_min": Unit.MINUTES,
    "adjusted_min": Unit.MINUTES,
}
_EXPLAINED: Final = tuple(f"explained:{kind.value}" for kind in ExplainedKind)
_LEAVE: Final[Mapping[str, Unit]] = {
    **{f"leave_days:{group}": Unit.HALF_DAYS for group in LeaveGroup},
    **{f"leave_min:{group}": Unit.MINUTES for group in LeaveGroup},
}
_LEFT: Final[Mapping[str, Unit]] = {
    "leave_left_days:annual": Unit.HALF_DAYS,
    "leave_left_min:annual": Unit.MINUTES,
}
_OF_BUCKET: Final = ("raw", "paid", "adjusted")
ADJUSTED: Final = (
    "days_worked",
    "regular_min",
    "missing_min",
    "over_full_day_min",
    "statutory_min",
)
"""Counters of which adjustments are told as well: `adjusted:missing_min`."""

FIELDS: Final[Mapping[RowKind, Mapping[str, Unit]]] = {
    RowKind.MONTH: {
        **_STAFF,
        **_MONTH,
        **{f"{what}:{code}": Unit.MINUTES for what in _OF_BUCKET for code in BUCKETS},
        **dict.fromkeys(_EXPLAINED, Unit.MINUTES),
        **_LEAVE,
        **_LEFT,
        **{f"adjusted:{name}": _MONTH[name] for name in ADJUSTED},
        "adjusted_dates": Unit.TEXT,
        **dict.fromkeys((f"adjusted_{code}" for code in _EXPLAINED), Unit.MINUTES),
    },
    RowKind.DAY: {
        **_STAFF,
        **_DAY,
        **{f"raw:{code}": Unit.MINUTES for code in BUCKETS},
        **dict.fromkeys(_EXPLAINED, Unit.MINUTES),
        "leave_kinds": Unit.TEXT,
        **_LEAVE,
    },
    RowKind.CLASS: {**_STAFF, **_CLASS},
}
"""For each kind of row, the codes of its fields and what their values are."""


def lines_of(kind: RowKind, month: MonthRow) -> Iterator[Line]:
    """Give a person's month as the lines of one kind of row, in a fixed order."""
    yield from _LINES[kind](month)


def _staff(staff: Staff) -> dict[str, Value]:
    return {code: getattr(staff, code) for code in _STAFF}


def _month_lines(month: MonthRow) -> Iterator[Line]:
    line = _staff(month.staff)
    line |= {code: getattr(month, code) for code in _MONTH}
    for code in BUCKETS:
        bucket = month.buckets.get(code)
        line[f"raw:{code}"] = bucket.raw_min if bucket else 0
        line[f"paid:{code}"] = bucket.rounded_min if bucket and bucket.paid else 0
        line[f"adjusted:{code}"] = _adjusted(bucket)
    line |= _explained(month.explained) | _leave(month.leave)
    left = next((each for each in month.leave_left if each.name.group is LeaveGroup.ANNUAL), None)
    line["leave_left_days:annual"] = left.half_days if left else None
    line["leave_left_min:annual"] = left.minutes if left else None
    line |= {f"adjusted:{name}": month.adjusted.get(name, 0) for name in ADJUSTED}
    line["adjusted_dates"] = " ".join(each.isoformat() for each in month.adjusted_dates)
    for kind in ExplainedKind:
        minutes = month.adjusted.get(f"explained.{kind.value}", 0)
        line[f"adjusted_explained:{kind.value}"] = minutes
    yield line


def _day_lines(month: MonthRow) -> Iterator[Line]:
    for day in month.days:
        yield _staff(month.staff) | _day(day)


def _day(day: DayRow) -> dict[str, Value]:
    line: dict[str, Value] = {
        "work_date": day.work_date,
        "day_kind": day.kind,
        "first_in": day.first_in_min,
        "last_out": day.last_out_min,
        "present_min": day.present_min,
        "break_min": day.break_min,
        "regular_min": day.regular_min,
        "missing_min": day.missing_min,
    }
    line |= {f"raw:{code}": day.minutes.get(code, 0) for code in BUCKETS}
    line["leave_kinds"] = "・".join(each.name.title for each in day.leave)
    return line | _explained(day.explained) | _leave(day.leave)


def _class_lines(month: MonthRow) -> Iterator[Line]:
    for code in BUCKETS:
        bucket = month.buckets.get(code)
        if bucket is None:
            continue
        line = _staff(month.staff) | {"month": month.month, "bucket": code}
        if bucket.raw_min or bucket.adjusted_min:
            yield line | {
                "percent": bucket.percent,
                "raw_min": bucket.raw_min,
                "paid_min": bucket.rounded_min if bucket.paid else 0,
                "adjusted_min": bucket.adjusted_min,
            }
        for percent, minutes in sorted(bucket.at_other_rates.items()):
            yield line | {
                "percent": percent,
                "raw_min": 0,
                "paid_min": 0,
                "adjusted_min": minutes,
            }


def _adjusted(bucket: BucketRow | None) -> Value:
    """A column has one rate: minutes of another are refused there, never added up."""
    if bucket is None:
        return 0
    return Unfit("other_rate") if bucket.at_other_rates else bucket.adjusted_min


def _leave(taken: Iterable[LeaveTaken]) -> dict[str, Value]:
    """Days, and minutes of what was taken by the hour, of each group."""
    line: dict[str, int] = dict.fromkeys(_LEAVE, 0)
    for each in taken:
        line[f"leave_days:{each.name.group}"] += each.half_days
        line[f"leave_min:{each.name.group}"] += each.minutes
    return dict(line)


def _explained(minutes: Mapping[str, int]) -> dict[str, Value]:
    return {f"explained:{kind.value}": minutes.get(kind.value, 0) for kind in ExplainedKind}


_LINES: Final[Mapping[RowKind, Callable[[MonthRow], Iterator[Line]]]] = {
    RowKind.MONTH: _month_lines,
    RowKind.DAY: _day_lines,
    RowKind.CLASS: _class_lines,
}
