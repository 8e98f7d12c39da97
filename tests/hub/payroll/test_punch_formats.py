"""Punches in other systems' words."""

from __future__ import annotations

from hub.payroll.punch_formats import PunchFormat, daily_records, punches_as
from tests.hub.payroll.samples import HANAKO, TAKAHASHI, month, punch


def test_king_of_time_takes_date_time_with_offset_and_code():
    given = [
        punch(HANAKO, 8, 15, "out"),
        punch(HANAKO, 23, 30, "in", day=4),
        punch(TAKAHASHI, 3, 0, "break_start"),
        punch(TAKAHASHI, 4, 0, "break_end"),
    ]
    assert punches_as(PunchFormat.KING_OF_TIME, given) == [
        {
            "employee": "1234",
            "timerecord": [
                {"date": "2026-11-04", "time": "2026-11-05T08:30:30+09:00", "code": "1"},
                {"date": "2026-11-05", "time": "2026-11-05T17:15:30+09:00", "code": "2"},
            ],
        },
        {
            "employee": "77",
            "timerecord": [
                {"date": "2026-11-05", "time": "2026-11-05T12:00:30+09:00", "code": "3"},
                {"date": "2026-11-05", "time": "2026-11-05T13:00:30+09:00", "code": "4"},
            ],
        },
    ]


def test_freee_takes_type_base_date_and_local_time():
    late = punch(HANAKO, 16, 30, "out")  # half past one of the next morning in Tokyo
    assert punches_as(PunchFormat.FREEE, [late]) == [
        {
            "employee": "1234",
            "time_clocks": [
                {
                    "type": "clock_out",
                    "base_date": "2026-11-05",
                    "datetime": "2026-11-06 01:30:30",
                }
            ],
        }
    ]


def test_daily_records_are_whole_minutes_before_any_rounding():
    first = daily_records([month()])[0]
    assert first["date"] == "2026-11-05"
    assert (first["assigned"], first["overtime"], first["night"]) == (465, 495, 210)
