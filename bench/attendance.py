"""How long a month of 1,000 staff takes from raw punches to pay classes, and one punch more.

Rows as the database gives them are read into days, days into presence, and presence with plans,
orders and explanations into `MonthResult`s, on one core. The floor, in the same run, is what pandas
needs only to parse a CSV of the same punches and to group them by person and day; it knows neither
classes nor caps. A punch that comes in has its person's month made anew.
"""

from __future__ import annotations

import csv
import gc
import io
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import pandas as pd

from bench.report import Report, percentile
from bench.town.attendance import STAFF, Member, PunchRow, Town, made_up_town
from hub.attendance.derivation import derive_days
from hub.attendance.domain import Day, Punch, Rules
from hub.worktime.domain import DayFile, MonthFile, MonthResult, Presence
from hub.worktime.ordinance import Ordinances
from hub.worktime.ordinance_files import load_ordinances
from hub.worktime.presence import presence_of
from hub.worktime.reckoning import reckon_month
from wire.events import PunchDirection

_ROUNDS: Final = 3
_RULES: Final = Rules()
_DIRECTIONS: Final = {direction.value: direction for direction in PunchDirection}


def punches_of(rows: Iterable[PunchRow]) -> list[Punch]:
    """Rows as punches."""
    return [
        Punch(
            id=row.id,
            person_id=row.person_id,
            reader_id=row.reader_id,
            door_id=row.door_id,
            credential_id=row.credential_id,
            direction=_DIRECTIONS[row.direction],
            at=row.at,
            corrected_at=row.corrected_at,
            trusted=row.trusted,
            received_at=row.received_at,
            time_error_ms=row.time_error_ms,
        )
        for row in rows
    ]


def file_of(member: Member, days: Iterable[Day], town: Town) -> MonthFile:
    """Everything about a person's month, with what the punches say of each date."""
    presences = {day.work_date: presence_of(day) for day in days}
    month = town.month
    before = month.first - timedelta(days=1)
    return MonthFile(
        person_id=member.person_id,
        month=month,
        days=tuple(
            DayFile(
                plan=member.plans[day],
                terms=member.terms,
                presence=presences.get(day) or Presence(day),
                orders=member.orders.get(day, ()),
                explained=member.explained.get(day, ()),
            )
            for day in town.days
        ),
        around=member.around,
        stays=presences.get(before),
        history=member.history,
    )


def reckon_person(
    member: Member, rows: Sequence[PunchRow], town: Town, ordinances: Ordinances
) -> MonthResult:
    """One person's month from raw rows."""
    days = derive_days(punches_of(rows), _RULES, town.now)
    return reckon_month(file_of(member, days, town), ordinances)


def reckon_town(town: Town, ordinances: Ordinances) -> dict[str, MonthResult]:
    """Everybody's month from raw rows, in whatever order these come."""
    days: dict[str, list[Day]] = defaultdict(list)
    for day in derive_days(punches_of(town.rows), _RULES, town.now):
        days[day.person_id].append(day)
    return {
        member.person_id: reckon_month(file_of(member, days[member.person_id], town), ordinances)
        for member in town.members
    }


def as_csv(rows: Iterable[PunchRow]) -> str:
    """The punches as a file that anybody might be sent."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["id", "person", "reader", "direction", "at"])
    for row in rows:
        at = row.corrected_at.isoformat()
        writer.writerow([row.id, row.person_id, row.reader_id, row.direction, at])
    return text.getvalue()


def group_plainly(text: str) -> pd.DataFrame:
    """The floor: parse, and first, last and number of punches by person and day."""
    frame = pd.read_csv(io.StringIO(text), parse_dates=["at"])
    frame["day"] = frame["at"].dt.tz_convert("Asia/Tokyo").dt.floor("D")
    return frame.groupby(["person", "day"])["at"].agg(["min", "max", "count"])


class _Timed(NamedTuple):
    seconds: float
    value: object


def _timed(run: Callable[[], object]) -> _Timed:
    gc.collect()
    begun = time.process_time()
    value = run()
    return _Timed(time.process_time() - begun, value)


def measure_month(report: Report, town: Town, ordinances: Ordinances) -> None:
    """The whole town and the floor in turns; of the rounds the least disturbed counts."""
    text = as_csv(town.rows)
    ours: list[_Timed] = []
    floor: list[_Timed] = []
    for _ in range(_ROUNDS):
        ours.append(_timed(lambda: reckon_town(town, ordinances)))
        floor.append(_timed(lambda: group_plainly(text)))
    if any(one.value != ours[0].value for one in ours):
        raise RuntimeError("reckoning again gave another result")
    report.line(
        f"{len(town.members)} staff, {len(town.rows)} punches to month results",
        min(one.seconds for one in ours),
        "s",
        "value <= 3",
        peer="pandas: parse CSV, group by person and day",
        peer_value=min(one.seconds for one in floor),
    )


def measure_punch(report: Report, town: Town, ordinances: Ordinances) -> None:
    """For each person the last punch comes in, and the month is made anew."""
    by_person: dict[str, list[PunchRow]] = defaultdict(list)
    for row in town.rows:
        by_person[row.person_id].append(row)
    taken: list[float] = []
    floor: list[float] = []
    whole = reckon_town(town, ordinances)
    for member in town.members:
        rows = by_person[member.person_id]
        reckon_person(member, rows[:-1], town, ordinances)
        begun = time.perf_counter()
        result = reckon_person(member, rows, town, ordinances)
        taken.append((time.perf_counter() - begun) * 1e3)
        if result != whole[member.person_id]:
            raise RuntimeError(f"{member.person_id}: one punch more is not the whole month")
    for member in town.members[:: max(1, len(town.members) // 100)]:
        text = as_csv(by_person[member.person_id])
        begun = time.perf_counter()
        group_plainly(text)
        floor.append((time.perf_counter() - begun) * 1e3)
    for percent in (50, 99):
        report.line(
            f"one punch more, p{percent}",
            percentile(taken, percent),
            "ms",
            "value <= 20",
            peer="pandas: parse one person's CSV, group by day",
            peer_value=percentile(floor, percent),
        )


def main() -> int:
    """Run both; exit code 1 if a goal was missed."""
    report = Report("attendance")
    town, ordinances = made_up_town(STAFF), load_ordinances()
    measure_month(report, town, ordinances)
    measure_punch(report, town, ordinances)
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
