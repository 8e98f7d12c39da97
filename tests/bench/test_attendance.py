"""The measurement of attendance still measures whole months, in a town that has of everything."""

from __future__ import annotations

import io
import json
from collections import Counter

import pytest

import bench.attendance as measured
from bench.report import Report
from bench.town.attendance import Town, made_up_town
from hub.attendance.derivation import derive_days
from hub.attendance.domain import Rules
from hub.worktime.domain import PayClass
from hub.worktime.ordinance_files import load_ordinances


@pytest.fixture(scope="module")
def town() -> Town:
    """Forty staff."""
    return made_up_town(40)


def test_a_month_and_a_punch_are_measured_beside_pandas(town, monkeypatch) -> None:
    monkeypatch.setattr(measured, "_ROUNDS", 1)
    out = io.StringIO()
    report = Report("attendance", out)
    measured.measure_month(report, town, load_ordinances())
    measured.measure_punch(report, town, load_ordinances())
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["unit"] for line in lines] == ["s", "ms", "ms"]
    assert all(line["value"] > 0 and line["peer_value"] > 0 for line in lines)


def test_pandas_sees_the_same_days(town) -> None:
    """The floor groups the same punches: as many of them, and every person."""
    grouped = measured.group_plainly(measured.as_csv(town.rows))
    assert int(grouped["count"].sum()) == len(town.rows)
    assert set(grouped.index.get_level_values("person")) == {m.person_id for m in town.members}


def test_the_town_has_some_of_everything(town) -> None:
    """Doubled and forgotten punches, breaks, doors, nights, orders; and most classes come up."""
    days = derive_days(measured.punches_of(town.rows), Rules(), town.now)
    ignored = Counter(read.ignored for day in days for read in day.punches)
    problems = {problem for day in days for problem in day.problems}
    assert len({reason for reason in ignored if reason}) >= 2
    assert {"missing_in", "missing_out"} <= problems
    results = measured.reckon_town(town, load_ordinances()).values()
    classes = {bucket.pay_class for result in results for bucket in result.totals}
    assert {
        PayClass.OVERTIME,
        PayClass.DAY_OFF,
        PayClass.SHORT_TIME,
        PayClass.HOLIDAY,
        PayClass.NIGHT_REGULAR,
    } <= classes
    orders = sum(len(member.orders) for member in town.members)
    assert 0.1 < orders / (len(town.members) * len(town.days)) < 0.3


def test_the_same_town_comes_up_every_time(town) -> None:
    assert made_up_town(40).rows == town.rows
