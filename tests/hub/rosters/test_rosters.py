"""Rosters over HTTP: shift codes and patterns, drafting, publishing, days changed, who may."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.attendance.tables import touched_days
from hub.database.scope import Scope
from hub.rosters.domain import RosterDay
from hub.rosters.grid import CellSource
from hub.rosters.repository import day_changes
from hub.web.problems import Problem

SUNDAY = date(2026, 4, 12)
NURSERY = "d-nursery"
API = "/api/v1"
DAY = {
    "code": "日",
    "name": "日勤",
    "stretches": [{"start": 510, "end": 1035}],
    "breaks": [{"start": 720, "end": 780}],
}
NIGHT = {"code": "夜", "name": "夜勤", "stretches": [{"start": 1020, "end": 1950}], "breaks": []}


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """One kind is enough: kept months run on both."""
    return sqlite_at


@pytest.fixture
def codes(nursery: Any, admin: TestClient) -> dict[str, str]:
    """The ids of a day and a night shift."""
    made = {}
    for name, body in (("day", DAY), ("night", NIGHT)):
        answer = admin.post(f"{API}/shift_codes", json=body)
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["id"]
    return made


def assign(admin: TestClient, pattern_codes: list[str | None], **more: Any) -> str:
    body = {
        "name": f"型{len(pattern_codes)}",
        "kind": "cycle",
        "anchor": SUNDAY.isoformat(),
        "codes": pattern_codes,
        "rostered": True,
    }
    pattern = admin.post(f"{API}/work_patterns", json=body)
    assert pattern.status_code == 201, pattern.text
    given = {
        "subject_kind": "department",
        "subject_id": NURSERY,
        "pattern_id": pattern.json()["id"],
        "starts_on": "2026-04-01",
    }
    answer = admin.post(f"{API}/pattern_assignments", json=given | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_a_departments_pattern_fills_its_grid(
    nursery: Any, admin: TestClient, codes: dict[str, str]
) -> None:
    """Four weeks of everybody there, by the pattern; nobody of another department."""
    assign(admin, [codes["day"], codes["night"], None, None])
    answer = admin.get(f"{API}/rosters/{NURSERY}", params={"from": SUNDAY.isoformat()})
    assert answer.status_code == 200, answer.text
    grid = answer.json()
    assert {row["person_id"] for row in grid["rows"]} == {"hanako", "taro", "head"}
    cells = grid["rows"][0]["cells"]
    assert [cell["code"] for cell in cells[:5]] == ["日", "夜", None, None, "日"]
    assert len(cells) == 28
    assert {cell["source"] for cell in cells} == {"pattern"}
    assert cells[1]["regular"] == [{"start": 1020, "end": 1950}]


def test_a_draft_is_nobodys_plan_until_it_is_published(
    nursery: Any, admin: TestClient, codes: dict[str, str]
) -> None:
    """Taro's Tuesday is drafted as a night: his plan is the pattern's until then; after that it
    stays whatever the pattern becomes."""
    assignment = assign(admin, [codes["day"], None])
    tuesday = SUNDAY + timedelta(days=2)
    head = nursery.as_staff("head")
    grid = nursery.service.draft(
        head, NURSERY, SUNDAY, [RosterDay("taro", tuesday, codes["night"])]
    )
    assert grid.drafted == 1
    assert nursery.service.grid(nursery.as_staff("hanako"), NURSERY, SUNDAY).drafted == 0

    def taro() -> str:
        (found,) = nursery.service.planned(nursery.as_staff("taro"), tuesday, tuesday)
        return str(found.code.code)

    assert taro() == "日"
    published = nursery.service.publish(head, NURSERY, SUNDAY)
    assert published.drafted == 0
    assert published.roster is not None
    assert taro() == "夜"
    assert admin.delete(f"{API}/pattern_assignments/{assignment}").status_code == 204
    sources = {cell.source for row in published.rows for cell in row.cells.values()}
    assert sources == {CellSource.PUBLISHED}
    assert taro() == "夜"


def test_a_day_changed_holds_at_once_and_can_be_let_go(
    nursery: Any, admin: TestClient, codes: dict[str, str]
) -> None:
    """Hanako takes the night of 20 April; then the ordinance's day holds again."""
    path = f"{API}/people/hanako/roster_days/2026-04-20"
    changed = admin.put(path, json={"code_id": codes["night"], "cause": "欠員"})
    assert (changed.status_code, changed.json()["code"]) == (200, "夜")
    assert "hanako" in _marked(nursery)
    released = admin.post(f"{path}/release", json={"cause": "誤り"})
    assert (released.json()["code"], released.json()["regular_min"]) == (None, 465)
    with nursery.hub.core.db.read() as scope:
        kept = day_changes(scope, "hanako", date(2026, 4, 20))
    assert {(each.cause, each.released) for each in kept} == {("欠員", False), ("誤り", True)}
    log = str(admin.get("/api/v1/audit").json())
    assert "roster_day.released" in log
    assert "欠員" not in log
    assert "誤り" not in log


def test_a_change_of_a_shift_code_marks_whoever_works_by_it(
    nursery: Any, admin: TestClient, codes: dict[str, str]
) -> None:
    """The nursery's months are reckoned anew; the other department's stand."""
    assign(admin, [codes["day"], None])
    nursery.hub.core.db.write(_forget_marks)
    longer = {"stretches": [{"start": 480, "end": 1035}]}
    assert admin.patch(f"{API}/shift_codes/{codes['day']}", json=longer).status_code == 200
    assert _marked(nursery) == {"hanako", "taro", "head"}


def test_who_may_write(nursery: Any, codes: dict[str, str]) -> None:
    """The head may, colleagues only read, others do not even see."""
    days = [RosterDay("taro", SUNDAY, codes["day"])]
    with pytest.raises(Problem, match="forbidden"):
        nursery.service.draft(nursery.as_staff("hanako"), NURSERY, SUNDAY, days)
    with pytest.raises(Problem, match="not_found"):
        nursery.service.grid(nursery.as_staff("other"), NURSERY, SUNDAY)
    with pytest.raises(Problem, match="forbidden"):
        nursery.service.planned(nursery.as_staff("hanako"), SUNDAY, SUNDAY, "taro")
    assert len(nursery.service.planned(nursery.as_staff("head"), SUNDAY, SUNDAY, "taro")) == 1


def test_nobody_changes_their_own_plan_of_a_day_that_has_come(
    nursery: Any, codes: dict[str, str]
) -> None:
    """The head may plan their own days ahead; what they were to do today decides their pay."""
    head, today = nursery.as_staff("head"), date(2026, 4, 6)
    with pytest.raises(Problem, match="forbidden"):
        nursery.service.change_day(head, "head", today, codes["night"], "祝日の勤務")
    own = [RosterDay("head", today, codes["night"])]
    with pytest.raises(Problem, match="forbidden"):
        nursery.service.draft(head, NURSERY, date(2026, 4, 5), own)
    ahead = today + timedelta(days=1)
    mine = nursery.service.change_day(head, "head", ahead, codes["night"], "交代")
    theirs = nursery.service.change_day(head, "taro", today, codes["night"], "欠員")
    assert mine.plan.spans == theirs.plan.spans


def test_nobody_publishes_their_own_draft_of_a_day_that_has_come_meanwhile(
    nursery: Any, codes: dict[str, str]
) -> None:
    """Drafted ahead, and held back until it was known which would pay more."""
    head, first = nursery.as_staff("head"), date(2026, 4, 5)
    ahead = date(2026, 4, 8)
    nursery.service.draft(head, NURSERY, first, [RosterDay("head", ahead, codes["night"])])
    nursery.hub.core.clock.advance(timedelta(days=3))
    with pytest.raises(Problem, match="forbidden"):
        nursery.service.publish(head, NURSERY, first)
    nursery.service.discard(head, NURSERY, first)
    assert nursery.service.publish(head, NURSERY, first).roster.published_by == head.actor


@pytest.mark.parametrize(
    "body",
    [
        {"stretches": [{"start": 600, "end": 600}]},
        {"stretches": [{"start": 600, "end": 700}, {"start": 650, "end": 800}]},
        {"stretches": [{"start": 1500, "end": 1600}]},
        {"stretches": [{"start": 600, "end": 700}], "breaks": [{"start": 690, "end": 720}]},
        {"code": "a b"},
        {"stretches": [{"start": 0, "end": 99999}]},
    ],
)
def test_a_shift_that_cannot_be_is_refused(
    nursery: Any, admin: TestClient, body: dict[str, Any]
) -> None:
    """Ends before it starts, overlaps, starts the next day, breaks outside, odd codes."""
    assert admin.post(f"{API}/shift_codes", json={**DAY, "breaks": []} | body).status_code == 422


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (f"{API}/rosters/{NURSERY}", {"from": "2026-04-13"}),
        (f"{API}/rosters/plan", {"from": "2026-04-13", "to": "2026-04-01", "person": "taro"}),
        (f"{API}/rosters/plan", {"from": "2000-01-01", "to": "2000-01-02", "person": "taro"}),
        (f"{API}/rosters/{NURSERY}", {"from": "2001-01-07"}),
    ],
)
def test_dates_that_cannot_be_are_refused(
    nursery: Any, admin: TestClient, path: str, params: dict[str, str]
) -> None:
    """Not a Sunday, the wrong way round, before any ordinance."""
    assert admin.get(path, params=params).status_code == 422


def test_the_calendar_of_closed_days(nursery: Any, admin: TestClient) -> None:
    """The town's own day is a holiday of everybody's plan, and a usual one can be none."""
    body = {
        "name": "町の休日",
        "source": "japan",
        "added": [{"day": "2026-04-20", "name": "開町記念日"}],
        "removed": ["2026-04-29"],
    }
    made = admin.post(f"{API}/calendars", json=body)
    assert made.status_code == 201, made.text
    chosen = {"calendar_id": made.json()["id"], "since": "2026-04-01"}
    assert admin.put(f"{API}/working_calendar", json=chosen).status_code == 200
    span = {"from": "2026-04-20", "to": "2026-04-29", "person": "taro"}
    plans = admin.get(f"{API}/rosters/plan", params=span).json()
    assert (plans[0]["kind"], plans[-1]["kind"]) == ("holiday", "workday")
    assert _marked(nursery) == {"hanako", "taro", "head", "other"}


def _marked(nursery: Any) -> set[str]:
    with nursery.hub.core.db.read() as scope:
        return {row.person_id for row in scope.all(scope.select(touched_days.c.person_id))}


def _forget_marks(scope: Scope) -> None:
    scope.delete(touched_days, touched_days.c.person_id != "")
