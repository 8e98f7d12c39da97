"""Whose months somebody may see, and the API of months, days and teams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.web.problems import Problem
from hub.web.rights import Principal, PrincipalKind, Right, Role
from hub.worktime.domain import Month
from wire.events import PunchDirection

HANAKO, TARO, HEAD = "p-hanako", "p-taro", "p-head"
OFFICE, BRANCH = "d-office", "d-branch"
APRIL = Month(2026, 4)
MONDAY = date(2026, 4, 6)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What may be seen does not depend on the kind of database."""
    return sqlite_at


def staff(person_id: str) -> Principal:
    return Principal(PrincipalKind.SESSION, "u", "u", Role.STAFF, None, person_id)


@pytest.fixture
def both(office: Any) -> Any:
    """Hanako in the branch below the office that the head leads; Taro in the office."""
    office.employ(HANAKO, BRANCH)
    office.employ(TARO, OFFICE)
    office.employ(HEAD, OFFICE, heads=True)
    return office


def test_a_head_sees_the_department_and_those_below(both: Any) -> None:
    """The head of the office sees the branch; Hanako sees herself alone."""
    seen = both.service.month(staff(HEAD), APRIL)
    assert {sheet.person.id for sheet in seen} == {HANAKO, TARO, HEAD}
    branch = both.service.month(staff(HEAD), APRIL, department_id=BRANCH)
    assert {sheet.person.id for sheet in branch} == {HANAKO}
    own = both.service.month(staff(HANAKO), APRIL)
    assert {sheet.person.id for sheet in own} == {HANAKO}


@pytest.mark.parametrize("asked", [{"person_id": TARO}, {"department_id": OFFICE}])
def test_others_are_forbidden(both: Any, asked: dict[str, str]) -> None:
    """Who heads nothing may ask for nobody else."""
    with pytest.raises(Problem, match="forbidden"):
        both.service.month(staff(HANAKO), APRIL, **asked)


@pytest.mark.parametrize("role", [Role.PERSONNEL, Role.AUDITOR, Role.ADMIN])
def test_who_is_limited_to_sites_sees_nobody_elses_attendance(both: Any, role: Role) -> None:
    """Attendance is the whole town's: what such a user has left is their own."""
    limited = replace(staff(HANAKO), role=role, sites=frozenset({"0190a000-site"}))
    for asked in ({"person_id": TARO}, {"department_id": OFFICE}):
        with pytest.raises(Problem, match="forbidden"):
            both.service.month(limited, APRIL, **asked)
    assert {sheet.person.id for sheet in both.service.month(limited, APRIL)} == {HANAKO}
    wide = (Right.ATTENDANCE_WRITE, Right.ATTENDANCE_CLOSE, Right.PAYROLL_EXPORT)
    assert not any(limited.may(right) for right in wide)


def test_the_api_gives_days_totals_and_why(both: Any, admin: TestClient) -> None:
    """Kinds of days, minutes, notes and totals; what is not over yet is not missing."""
    both.worked(TARO, MONDAY, 520, 1035)
    both.clock.advance(timedelta(days=1))
    (found,) = admin.get("/api/v1/attendance/months/2026-04", params={"person": TARO}).json()
    assert found["through"] == "2026-04-06"
    day = found["days"][5]
    assert (day["kind"], day["regular_min"], day["missing_min"]) == ("workday", 455, 10)
    assert "late" in day["notes"]
    assert found["days"][8]["missing_min"] == 0
    assert found["days"][8]["notes"] == []
    listed = admin.get("/api/v1/attendance/months/2026-04", params={"department": OFFICE}).json()
    assert len(listed) == 3
    one = admin.get(f"/api/v1/attendance/people/{TARO}/days/2026-04-06").json()
    assert [each["punch"]["direction"] for each in one["punched"]["punches"]] == ["in", "out"]
    assert one["regular"] == [{"start": 510, "end": 720}, {"start": 780, "end": 1035}]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/attendance/months/2019-03", 422),
        ("/api/v1/attendance/months/2199-12", 422),
        ("/api/v1/attendance/months/2026-04?person=nobody", 404),
        ("/api/v1/attendance/months/2026-04?department=none", 404),
        ("/api/v1/attendance/people/nobody/days/2026-04-06", 404),
        ("/api/v1/attendance/people/p-taro/days/2001-01-01", 422),
        ("/api/v1/attendance/team?department=none", 404),
    ],
)
def test_what_cannot_be_answered_is_refused(
    both: Any, admin: TestClient, path: str, status: int
) -> None:
    """Months without an ordinance or too far ahead; people and departments that are none."""
    assert admin.get(path).status_code == status


def test_a_team_today(both: Any, admin: TestClient) -> None:
    """Taro came late and is in, the head went home, Hanako should be there and is not."""
    both.punch(TARO, MONDAY, 525, PunchDirection.IN)
    both.worked(HEAD, MONDAY, 480, 535)
    found = admin.get("/api/v1/attendance/team").json()
    standing = {each["person_id"]: (each["standing"], each["late"]) for each in found["members"]}
    assert standing == {TARO: ("in", True), HEAD: ("left", False), HANAKO: ("late", False)}


def test_staff_without_a_person_see_nothing(
    both: Any, as_role: Callable[[Role], TestClient]
) -> None:
    """A token tied to nobody has no month of its own."""
    answer = as_role(Role.STAFF).get("/api/v1/attendance/months/2026-04")
    assert (answer.status_code, answer.json()) == (200, [])
