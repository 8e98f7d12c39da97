"""Attendance over HTTP: punches exactly once, days, and who may see whose."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient

from hub.attendance.projector import PROJECTOR
from hub.attendance.service import AttendanceService
from hub.bootstrap import Hub
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.web.problems import Problem
from hub.web.rights import Principal, PrincipalKind, Role
from wire import samples
from wire.events import EventKind, PunchBody, PunchDirection

HOUR = 3600
MONDAY = date(2026, 4, 6)


def tap(direction: PunchDirection, person: str = samples.PERSON) -> PunchBody:
    return PunchBody(
        reader=samples.READER, person=person, credential=samples.CREDENTIAL, direction=direction
    )


@pytest.fixture
def week(hub: Hub) -> MemoryJournal:
    """Monday 09:00 to 18:00 in Tokyo, Tuesday evening over midnight; somebody else on Monday."""
    made = MemoryJournal()
    into, out = PunchDirection.IN, PunchDirection.OUT
    for at_h, direction in ((0, into), (9, out), (34, into), (41, out)):
        made.add(EventKind.PUNCH, tap(direction), at_h * HOUR)
    made.add(EventKind.PUNCH, tap(into, samples.ACTOR), HOUR)
    work = ProjectionWorker(hub.core.db, made.after, [PROJECTOR])
    while work.step():
        continue
    work.replay()
    hub.core.clock.advance(timedelta(days=3))  # type: ignore[attr-defined]
    return made


def test_days_are_derived_and_punches_listed_once(week: MemoryJournal, admin: TestClient) -> None:
    """A replay doubles nothing; a shift over midnight is its first date's."""
    span = {"from": "2026-04-06", "to": "2026-04-08"}
    assert len(admin.get("/api/v1/attendance/punches", params=span).json()) == 5
    mine = {**span, "person": samples.PERSON}
    days = admin.get("/api/v1/attendance/days", params=mine).json()
    assert [(day["work_date"], day["worked_min"]) for day in days] == [
        ("2026-04-06", 480),
        ("2026-04-07", 420),
    ]
    others = {**span, "person": samples.ACTOR}
    (other,) = admin.get("/api/v1/attendance/days", params=others).json()
    assert (other["worked_min"], other["problems"]) == (0, ["missing_out"])


def test_a_day_cut_out_of_a_shift_is_still_whole(week: MemoryJournal, admin: TestClient) -> None:
    """Asking for Tuesday alone finds the out of Wednesday morning; Wednesday alone is empty."""
    for day, worked in (("2026-04-07", [420]), ("2026-04-08", [])):
        found = admin.get(
            "/api/v1/attendance/days", params={"from": day, "to": day, "person": samples.PERSON}
        ).json()
        assert [each["worked_min"] for each in found] == worked


def test_staff_see_themselves_and_nobody_else(hub: Hub, week: MemoryJournal) -> None:
    """Others' attendance is forbidden; a user tied to nobody has none to see."""
    service = hub.services.get(AttendanceService)
    staff = Principal(PrincipalKind.SESSION, "u", "u", Role.STAFF, None, samples.PERSON)
    days = service.days(staff, MONDAY, MONDAY, None)
    assert {day.person_id for day in days} == {samples.PERSON}
    with pytest.raises(Problem, match="forbidden"):
        service.days(staff, MONDAY, MONDAY, samples.ACTOR)
    nobody = Principal(PrincipalKind.SESSION, "u", "u", Role.STAFF)
    with pytest.raises(Problem, match="forbidden"):
        service.days(nobody, MONDAY, MONDAY, None)


@pytest.mark.parametrize(
    "span", [("2026-04-08", "2026-04-06"), ("2026-01-01", "2026-12-31"), ("0001-01-01",) * 2]
)
def test_a_span_that_is_none_is_refused(admin: TestClient, span: tuple[str, str]) -> None:
    """Reversed, too long, or at the calendar's edge."""
    answer = admin.get("/api/v1/attendance/days", params={"from": span[0], "to": span[1]})
    assert answer.status_code == 422
