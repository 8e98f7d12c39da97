"""Punches that go out in other systems' words, over the API and read again by pandas: breaks, a
night, punches that were corrected, voided and added."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from hub.attendance.domain import start_of
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from tests.hub.payroll.offices import MONDAY, Office
from wire.events import PunchDirection

IN, OUT = PunchDirection.IN, PunchDirection.OUT
AWAY, BACK = PunchDirection.BREAK_START, PunchDirection.BREAK_END
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3))
SAID = [
    # number, base date, day of the clock, time, what
    ("1234", MONDAY, MONDAY, "08:25", "in"),
    ("1234", MONDAY, MONDAY, "12:03", "break_start"),
    ("1234", MONDAY, MONDAY, "12:58", "break_end"),
    ("1234", MONDAY, TUESDAY, "00:15", "out"),
    ("1234", TUESDAY, TUESDAY, "08:30", "in"),
    ("1234", TUESDAY, TUESDAY, "17:45", "out"),  # was moved from 17:15
    ("1234", WEDNESDAY, WEDNESDAY, "08:20", "in"),  # was turned from out
    ("1234", WEDNESDAY, WEDNESDAY, "17:20", "out"),  # was added
    ("0077", THURSDAY, THURSDAY, "08:29", "in"),  # a leading zero stays
    ("0077", THURSDAY, THURSDAY, "17:16", "out"),
]
KING_OF_TIME = {"in": "1", "out": "2", "break_start": "3", "break_end": "4"}
FREEE = {
    "in": "clock_in",
    "out": "clock_out",
    "break_start": "break_begin",
    "break_end": "break_end",
}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    return sqlite_at


@pytest.fixture
def office(hub: Hub, admin: TestClient, clock: HandMovedClock) -> Office:
    made = Office(hub, admin, clock)
    clock.advance(timedelta(days=10))
    hanako = made.hire("山田 花子", "やまだ はなこ", "1234")
    ichiro = made.hire("髙橋 一郎", "たかはし いちろう", "0077")

    def correct(action: str, **said: Any) -> None:
        body = {"action": action, "person_id": hanako, "cause": "本人の申出", **said}
        answer = admin.post("/api/v1/attendance/corrections", json=body)
        assert answer.status_code == 201, answer.text

    def at(day: date, minute: int) -> str:
        return (start_of(day) + timedelta(minutes=minute)).isoformat()

    for minute, direction in ((505, IN), (723, AWAY), (778, BACK), (1455, OUT)):
        made.tap(hanako, MONDAY, minute, direction)
    made.tap(hanako, TUESDAY, 510, IN)
    stray = made.tap(hanako, TUESDAY, 700, OUT)
    early = made.tap(hanako, TUESDAY, 1035, OUT)
    wrong_key = made.tap(hanako, WEDNESDAY, 500, OUT)
    correct("void", punch_id=stray)
    correct("move", punch_id=early, at=at(TUESDAY, 1065))
    correct("turn", punch_id=wrong_key, direction="in")
    correct("add", at=at(WEDNESDAY, 1040), direction="out")
    made.worked(ichiro, THURSDAY, 509, 1036)
    return made


def read(client: TestClient, form: str, records: str) -> pd.DataFrame:
    answer = client.get(f"/api/v1/payroll/months/2026-04/punches/{form}")
    assert answer.status_code == 200, answer.text
    text = io.StringIO(answer.content.decode("utf-8"))
    people = pd.read_json(text, dtype=False)
    frame = people.explode(records, ignore_index=True)
    return pd.concat([frame["employee"], pd.json_normalize(frame[records].tolist())], axis=1)


def test_king_of_time_gets_what_counts_under_its_shifts_date(
    office: Office, admin: TestClient
) -> None:
    frame = read(admin, "king_of_time", "timerecord")
    times = pd.to_datetime(frame["time"], format="%Y-%m-%dT%H:%M:%S%z")
    assert {each.utcoffset() for each in times} == {timedelta(hours=9)}
    found = zip(frame["employee"], frame["date"], times, frame["code"], strict=True)
    assert sorted((who, on, f"{at:%Y-%m-%d %H:%M}", code) for who, on, at, code in found) == sorted(
        (who, f"{on}", f"{day} {clock}", KING_OF_TIME[what]) for who, on, day, clock, what in SAID
    )


def test_freee_gets_the_same_with_a_base_date(office: Office, admin: TestClient) -> None:
    frame = read(admin, "freee", "time_clocks")
    times = pd.to_datetime(frame["datetime"], format="%Y-%m-%d %H:%M:%S")
    found = zip(frame["employee"], frame["base_date"], times, frame["type"], strict=True)
    assert sorted((who, on, f"{at:%Y-%m-%d %H:%M}", kind) for who, on, at, kind in found) == sorted(
        (who, f"{on}", f"{day} {clock}", FREEE[what]) for who, on, day, clock, what in SAID
    )
    night = frame[times.dt.date.astype(str) != frame["base_date"]]
    assert night["type"].tolist() == ["clock_out"]
