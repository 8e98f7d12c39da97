"""An approval at the very moment at which its month is closed: neither waits for the other in a
circle, and what the closing did not see becomes an adjustment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from hub.applications.bodies import (
    ApplicationKind,
    LeaveBody,
    PunchBody,
    PunchCause,
    PunchChange,
    SpanBody,
    WorkBody,
)
from hub.applications.deciding import Ballot, Verdict
from hub.applications.domain import State
from hub.attendance.touched import any_span
from hub.timesheets.closing_service import ClosingService
from hub.timesheets.closing_wiring import closing_chore
from hub.timesheets.figures import figures_of
from hub.timesheets.settled_months import settled_month
from hub.timesheets.sources import Sources
from hub.web.problems import Problem
from hub.worktime.domain import Month
from tests.hub.applications.conftest import office as office
from wire.events import PunchDirection

K = ApplicationKind
MARCH = Month(2026, 3)


@pytest.fixture
def database_at(postgresql_at: str) -> str:
    """On SQLite one writes after the other anyway."""
    return postgresql_at


def overtime(day: date) -> tuple[ApplicationKind, Any]:
    body = WorkBody(work_date=day, spans=(SpanBody(1_035, 1_155),), reason="議会対応")
    return K.OVERTIME_AFTER, body


def leave(day: date) -> tuple[ApplicationKind, Any]:
    return K.LEAVE, LeaveBody(leave_kind="annual", first=day, last=day)


def punch(day: date) -> tuple[ApplicationKind, Any]:
    body = PunchBody(
        change=PunchChange.ADD,
        work_date=day,
        cause=PunchCause.FORGOTTEN,
        direction=PunchDirection.IN,
        minute=510,
        reason="押し忘れ",
    )
    return K.PUNCH, body


@pytest.mark.postgres
@pytest.mark.parametrize("what", [overtime, leave, punch])
def test_an_approval_while_the_month_is_closed_is_in_it_or_an_adjustment(
    office: Any, what: Callable[[date], tuple[ApplicationKind, Any]]
) -> None:
    office.grant()
    closing, hana = office.of(ClosingService), office.ids["hana"]
    for number in range(3):
        kind, body = what(date(2026, 3, 10 + number))
        found = office.apply(body, kind)
        ballot = Ballot(found.id, found.version, found.step)
        ends = at_once(
            lambda b=ballot: office.decisions.decide(office.chief, b, Verdict.APPROVE),
            lambda: closing.close(office.personnel, "section", MARCH, "期限のため"),
        )
        assert [each for each in ends if isinstance(each, BaseException)] == []
        assert office.applications.seen(office.hana, found.id).application.state is State.APPROVED
        settle(office)
        assert signed_and_since(office, hana) == fresh(office, hana)
        closing.reopen(office.personnel, "section", MARCH, "次の試行")


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run each in a thread of its own, from the same moment on; give what it gave or raised."""
    ready, ends = threading.Barrier(len(works)), []

    def run(work: Callable[[], Any]) -> None:
        ready.wait()
        try:
            ends.append(work())
        except Problem as problem:
            ends.append(AssertionError(problem.kind.code, problem.extra))
        except Exception as error:
            ends.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(ends) == len(works)
    return ends


def settle(office: Any) -> None:
    chore = closing_chore(office.hub.core, office.hub.services)
    db, today = office.hub.core.db, date(2026, 4, 6)
    for _ in range(20):
        db.write(chore.run)
        with db.read() as scope:
            if not any_span(scope, today):
                return
    pytest.fail("what was touched is never settled")


def signed_and_since(office: Any, person_id: str) -> Any:
    with office.hub.core.db.read() as scope:
        month = settled_month(scope, person_id, MARCH)
    assert month is not None
    return month.now


def fresh(office: Any, person_id: str) -> Any:
    with office.hub.core.db.read() as scope:
        derived = office.of(Sources).derivation.months(scope, MARCH, [person_id])
    return figures_of(derived[person_id].result)
