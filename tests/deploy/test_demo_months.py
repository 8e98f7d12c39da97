"""Last month of the demo's staff: whenever the demo is started, it can be told and closed."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.demo.api import Api
from deploy.demo.months import FORGETFUL, fill_months, last_month

TODAY = st.dates(date(2024, 1, 1), date(2040, 12, 31))
UNHURRIED = settings(deadline=None, max_examples=40)
"""A year's holidays are worked out once, when first asked for."""
PEOPLE = {"hanako": "id-hanako", FORGETFUL: "id-ichiro"}


class RecordingApi:
    """Answers as the hub does, and keeps what was asked."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, Any]] = []
        self.deleted: list[str] = []

    def post(self, path: str, body: Any = None) -> Any:
        self.posted.append((path, body))
        return {"id": f"made-{len(self.posted)}", "version": 1, "step": 0}

    def delete(self, path: str) -> None:
        self.deleted.append(path)

    def bodies(self, path: str) -> list[Any]:
        return [body for asked, body in self.posted if asked == path]


def filled(today: date) -> RecordingApi:
    api = RecordingApi()
    fill_months(cast("Api", api), PEOPLE, today)
    return api


@UNHURRIED
@given(TODAY)
def test_its_three_special_days_differ_and_lie_in_the_month_before(today: date) -> None:
    month = last_month(today)
    assert len({month.overtime, month.forgotten, month.leave}) == 3
    assert all(f"{day:%Y-%m}" == month.name for day in month.days)
    assert month.first == (today.replace(day=1) - timedelta(days=1)).replace(day=1)


@UNHURRIED
@given(TODAY)
def test_every_working_day_has_its_in_and_out_but_for_those_two(
    today: date,
) -> None:
    month = last_month(today)
    days: defaultdict[tuple[str, date], list[tuple[time, str]]] = defaultdict(list)
    for each in filled(today).bodies("/api/v1/attendance/corrections"):
        at = datetime.fromisoformat(each["at"])
        days[each["person_id"], at.date()].append((at.time(), each["direction"]))
    odd = {("id-ichiro", month.forgotten): ["in"], ("id-ichiro", month.leave): []}
    for person in PEOPLE.values():
        for day in month.days:
            found = [direction for _, direction in sorted(days[person, day])]
            assert found == odd.get((person, day), ["in", "out"])
    assert all(day < today for _, day in days)


@UNHURRIED
@given(TODAY)
def test_leave_is_granted_for_the_year_it_is_taken_in_and_for_this_one(today: date) -> None:
    years = {each["year"] for each in filled(today).bodies("/api/v1/leave/grants")}
    assert years == {today.year, last_month(today).first.year}


def test_the_rule_that_let_personnel_approve_the_samples_goes_again() -> None:
    """What a visitor applies for is asked of the head."""
    api = filled(date(2026, 4, 15))
    approvals = [path for path, _ in api.posted if path.endswith("/approve")]
    assert len(approvals) == len(api.bodies("/api/v1/applications")) == 2
    [rule] = [n for n, (path, _) in enumerate(api.posted, 1) if path.endswith("approval_chains")]
    assert api.deleted == [f"/api/v1/approval_chains/made-{rule}"]
