"""Somebody whose kind of employment the ordinance does not know: said, and in nobody else's way."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.timesheets import repository
from hub.timesheets.closing_domain import BlockerKind
from hub.timesheets.closings import BlockedError, Closings
from hub.timesheets.open_months import OpenMonths
from hub.web.problems import Problem
from hub.web.rights import Principal
from hub.worktime.domain import Month

HANAKO, TARO = "p-hanako", "p-taro"
APRIL = Month(2026, 4)
MONDAY = date(2026, 4, 6)


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is said does not depend on the kind of database."""
    return sqlite_at


@pytest.fixture
def both(office: Any) -> Any:
    """Hanako's kind has no table in the ordinance; Taro's has."""
    office.employ(HANAKO, kind="seasonal")
    office.employ(TARO)
    for person in (HANAKO, TARO):
        office.worked(person, MONDAY)
    office.clock.advance(timedelta(days=30))
    return office


def test_the_problem_names_person_kind_and_remedy(both: Any, admin: TestClient) -> None:
    answer = admin.get("/api/v1/attendance/months/2026-04")
    assert answer.status_code == 409, answer.text
    told = answer.json()
    assert told["code"] == "employment_kind_unknown"
    assert "[kinds.seasonal]" in told["detail"]
    (person,) = told["people"]
    assert (person["person_id"], person["kind"]) == (HANAKO, "seasonal")


def test_everybody_else_is_reckoned_all_the_same(both: Any, personnel: Principal) -> None:
    """Taro's month by itself, and the background, which does not try Hanako for ever."""
    (sheet,) = both.service.month(personnel, APRIL, person_id=TARO)
    assert sheet.result.days[5].regular_min == 465
    with pytest.raises(Problem, match="employment_kind_unknown"):
        both.service.month(personnel, APRIL, person_id=HANAKO)
    both.service.refresh()
    both.service.refresh()
    with both.hub.core.db.read() as scope:
        assert repository.waiting(scope, 10) == ()


def test_the_month_is_not_closed_without_them(both: Any) -> None:
    closings = both.hub.services.get(Closings)
    now = both.clock.now()
    with both.hub.core.db.read() as scope:
        seen = both.hub.services.get(OpenMonths).look(scope, "d-office", APRIL, now)
    blocked = [each for each in seen.blockers if each.kind is BlockerKind.UNRECKONABLE]
    assert [each.person_id for each in blocked] == [HANAKO]
    with pytest.raises(BlockedError):
        both.hub.core.db.write(
            lambda scope: closings.close(scope, "d-office", APRIL, "p", now, "期限のため")
        )
