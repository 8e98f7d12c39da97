"""Months as timesheets would give them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hub.payroll.domain import BucketRow, DayRow, MonthRow, PunchRow, Staff

HANAKO = Staff(
    person_id="p1",
    staff_number="1234",
    name="山田 花子",
    name_kana="やまだ はなこ",
    department_code="0101",
    department_name="総務課",
    kind="regular",
    post="主事",
)
TAKAHASHI = Staff(
    person_id="p2",
    staff_number="77",
    name="髙橋 一郎",
    name_kana="たかはし いちろう",
    department_code="0102",
    department_name="税務課",
    kind="manager",
    post="課長",
)
NOVEMBER = date(2026, 11, 1)


def day(number: int, **changed: object) -> DayRow:
    """One day of November: 08:30 to 25:30 with overtime."""
    values: dict[str, object] = {
        "work_date": date(2026, 11, number),
        "kind": "workday",
        "first_in_min": 510,
        "last_out_min": 1530,
        "present_min": 1020,
        "break_min": 60,
        "regular_min": 465,
        "missing_min": 0,
        "minutes": {"overtime": 285, "overtime.night": 210},
        "explained": {},
    }
    return DayRow(**(values | changed))  # type: ignore[arg-type]


def month(staff: Staff = HANAKO, **changed: object) -> MonthRow:
    """A month with overtime by day and night."""
    values: dict[str, object] = {
        "staff": staff,
        "month": NOVEMBER,
        "buckets": {
            "overtime": BucketRow(625, 600, 125, paid=True),
            "overtime.night": BucketRow(30, 60, 150, paid=True, adjusted_min=-15),
            "day_off": BucketRow(29, 0, 135, paid=True),
        },
        "days_worked": 20,
        "present_min": 20 * 525,
        "regular_min": 20 * 465,
        "missing_min": 0,
        "over_full_day_min": 684,
        "statutory_min": 384,
        "explained": {"leave": 465},
        "days": (day(5), day(6, last_out_min=None)),
    }
    return MonthRow(**(values | changed))  # type: ignore[arg-type]


def punch(staff: Staff, hour: int, minute: int, direction: str, day: int = 5) -> PunchRow:
    """A punch of a November day, hours in UTC."""
    at = datetime(2026, 11, day, hour, minute, 30, tzinfo=UTC)
    return PunchRow(staff, date(2026, 11, day), at, direction)
