"""Corrections in the database and over HTTP: records that point at punches that nothing changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy.exc import DBAPIError

from hub.attendance import repository
from hub.attendance.projector import PROJECTOR
from hub.attendance.service import AttendanceService
from hub.attendance.tables import punch_corrections, punches
from hub.attendance.touched import (
    any_span,
    oldest,
    oldest_spans,
    take,
    take_spans,
    touch,
    touched_between,
)
from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.database.engine import Database
from hub.database.errors import ConstraintError
from hub.projection.memory_journal import MemoryJournal
from hub.projection.worker import ProjectionWorker
from hub.web.problems import Problem
from hub.web.rights import Principal, PrincipalKind, Role
from wire.clock import ClockState
from wire.events import EventKind, PunchBody, PunchDirection

HOUR = 3600
PATH = "/api/v1/attendance"
MONDAY = date(2026, 4, 6)
LATER = date(2026, 5, 1)
IN, OUT = PunchDirection.IN, PunchDirection.OUT


def project(hub: Hub, journal: MemoryJournal) -> ProjectionWorker:
    work = ProjectionWorker(hub.core.db, journal.after, [PROJECTOR])
    while work.step():
        continue
    return work


@pytest.fixture
def person(admin: TestClient) -> str:
    """A member of staff."""
    return str(admin.post("/api/v1/people", json={"name": "山田 花子"}).json()["id"])


@pytest.fixture
def journal(person: str, hub: Hub, clock: HandMovedClock) -> MemoryJournal:
    """Monday: in at 09:00, and nothing more; Tuesday: in by a clock that nobody trusts, out."""
    made = MemoryJournal()

    def tap(direction: PunchDirection, at_s: int, **more: Any) -> None:
        body = PunchBody(reader="r", person=person, credential="c", direction=direction)
        made.add(EventKind.PUNCH, body, at_s, **more)

    tap(IN, 0)
    tap(IN, 24 * HOUR, clock=ClockState.UNTRUSTED, boot="another")
    tap(OUT, 33 * HOUR)
    project(hub, made)
    clock.advance(timedelta(days=2))
    return made


def ask(client: TestClient, person: str, **body: Any) -> Any:
    given = {"person_id": person, "cause": "押し忘れ"} | body
    return client.post(f"{PATH}/corrections", json=given)


def days(client: TestClient) -> list[Any]:
    span = {"from": "2026-04-06", "to": "2026-04-08"}
    return list(client.get(f"{PATH}/days", params=span).json())


def test_a_forgotten_out_is_added_by_a_clerk_with_a_cause(
    journal: MemoryJournal, person: str, admin: TestClient
) -> None:
    assert days(admin)[0]["problems"] == ["missing_out"]
    made = ask(admin, person, action="add", at="2026-04-06T18:00:00+09:00", direction="out")
    assert made.status_code == 201, made.text
    assert made.json()["punch_id"] == -made.json()["seq"]
    monday = days(admin)[0]
    assert (monday["problems"], monday["worked_min"]) == ([], 480)
    out = monday["punches"][1]["punch"]
    assert (out["added"], out["corrected_by"]) == (True, made.json()["id"])
    span = {"from": "2026-04-06", "to": "2026-04-06"}
    assert admin.get(f"{PATH}/corrections", params=span).json() == [made.json()]
    log = admin.get("/api/v1/audit", params={"action": "punch.added"}).json()["items"]
    assert log[0]["details"]["cause_chars"] == len("押し忘れ")
    assert "押し忘れ" not in str(log)


def test_a_correction_can_be_corrected_and_every_step_stays(
    journal: MemoryJournal, person: str, admin: TestClient, hub: Hub
) -> None:
    added = ask(admin, person, action="add", at="2026-04-06T18:00:00+09:00", direction="out").json()
    number = added["punch_id"]
    moved = ask(admin, person, action="move", punch_id=number, at="2026-04-06T17:00:00+09:00")
    assert moved.json()["original_at"] == "2026-04-06T09:00:00Z"
    assert days(admin)[0]["worked_min"] == 420
    assert ask(admin, person, action="void", punch_id=number).status_code == 201
    assert days(admin)[0]["problems"] == ["missing_out"]
    again = ask(admin, person, action="void", punch_id=number)
    assert again.status_code == 422
    assert again.json()["errors"][0]["code"] == "void"
    assert ask(admin, person, action="restore", punch_id=number).status_code == 201
    assert days(admin)[0]["worked_min"] == 420
    with hub.core.db.read() as scope:
        kept = repository.corrections_of(scope, number)
    assert [each.action for each in kept] == ["add", "move", "void", "restore"]


def test_a_punch_moved_into_a_span_is_found_there_and_no_longer_where_it_was(
    journal: MemoryJournal, person: str, admin: TestClient
) -> None:
    ask(admin, person, action="move", punch_id=3, at="2026-04-08T08:30:00+09:00")
    for day, count in (("2026-04-07", 1), ("2026-04-08", 1)):
        found = admin.get(f"{PATH}/punches", params={"from": day, "to": day}).json()
        assert len(found) == count
    assert found[0]["original_at"] == "2026-04-07T09:00:00Z"


def test_a_clock_a_moment_ahead_of_the_hubs_asks_nobody_and_one_far_ahead_does(
    journal: MemoryJournal, person: str, admin: TestClient, hub: Hub
) -> None:
    body = PunchBody(reader="r", person=person, credential="c", direction=IN)
    for late_s in (-1, -120, -121):
        journal.add(EventKind.PUNCH, body, 40 * HOUR, late_s=late_s)
    project(hub, journal)
    waiting = admin.get(f"{PATH}/waiting-punches").json()
    assert [each["id"] for each in waiting] == [2, 6]
    with hub.core.db.read() as scope:
        assert [each.id for each in repository.unsure_punches(scope, 9)] == [2, 6]


def test_a_punch_of_an_untrusted_clock_waits_until_it_is_confirmed_or_rejected(
    journal: MemoryJournal, person: str, admin: TestClient
) -> None:
    waiting = admin.get(f"{PATH}/waiting-punches").json()
    assert [each["id"] for each in waiting] == [2]
    assert days(admin)[1]["problems"] == ["missing_in", "waiting"]
    said = {"at": "2026-04-07T08:30:00+09:00", "cause": "入館記録により確認"}
    made = admin.post(f"{PATH}/waiting-punches/2/confirm", json=said)
    assert made.status_code == 201, made.text
    assert days(admin)[1]["worked_min"] == 510
    assert admin.get(f"{PATH}/waiting-punches").json() == []
    twice = admin.post(f"{PATH}/waiting-punches/2/reject", json={"cause": "誤り"})
    assert twice.status_code == 404


def test_a_rejected_punch_is_kept_and_does_not_count(
    journal: MemoryJournal, person: str, admin: TestClient
) -> None:
    admin.post(f"{PATH}/waiting-punches/2/reject", json={"cause": "休暇中"})
    tuesday = days(admin)[1]
    assert tuesday["problems"] == ["missing_in"]
    assert tuesday["punches"][0]["ignored"] == "voided"


def test_nobody_corrects_their_own_and_the_right_is_needed(
    hub: Hub, journal: MemoryJournal, person: str, as_role: Any
) -> None:
    service = hub.services.get(AttendanceService)
    own = Principal(PrincipalKind.SESSION, "u", "u", Role.PERSONNEL, None, person)
    with pytest.raises(Problem, match="forbidden"):
        service.confirm(own, 2, None, "自分で")
    assert ask(as_role(Role.STAFF), person, action="void", punch_id=1).status_code == 403
    assert ask(as_role(Role.AUDITOR), person, action="void", punch_id=1).status_code == 403
    assert ask(as_role(Role.PERSONNEL), person, action="void", punch_id=1).status_code == 201


def test_what_cannot_be_is_refused(journal: MemoryJournal, person: str, admin: TestClient) -> None:
    refused = [
        ask(admin, person, action="add", direction="out"),
        ask(admin, person, action="add", at="2026-04-06T18:00:00+09:00"),
        ask(admin, person, action="add", at="2030-04-06T18:00:00+09:00", direction="out"),
        ask(admin, person, action="void", punch_id=99),
        ask(admin, person, action="void"),
        ask(admin, "nobody", action="add", at="2026-04-06T18:00:00+09:00", direction="out"),
        ask(admin, person, action="void", punch_id=1, cause=""),
        ask(admin, person, action="void", punch_id=2**60),
    ]
    assert [each.status_code for each in refused] == [422] * len(refused)


def test_a_replay_of_raw_events_keeps_what_was_corrected(
    journal: MemoryJournal, person: str, admin: TestClient, hub: Hub
) -> None:
    ask(admin, person, action="move", punch_id=3, at="2026-04-07T17:00:00+09:00")
    before = days(admin)
    project(hub, journal).replay()
    work = ProjectionWorker(hub.core.db, journal.after, [PROJECTOR])
    while work.step():
        continue
    assert days(admin) == before


@pytest.mark.parametrize(
    "values", [{"direction": OUT}, {"at": datetime(2026, 1, 1, tzinfo=UTC)}, {"person_id": "x"}]
)
def test_the_database_itself_refuses_to_change_a_punch(
    journal: MemoryJournal, hub: Hub, values: dict[str, Any]
) -> None:
    with pytest.raises((ConstraintError, DBAPIError)):
        hub.core.db.write(lambda scope: scope.update(punches, values, punches.c.id == 1))
    better = {"corrected_at": datetime(2026, 4, 6, tzinfo=UTC), "trusted": True}
    assert hub.core.db.write(lambda scope: scope.update(punches, better, punches.c.id == 1)) == 1


def test_the_database_itself_refuses_to_change_or_delete_a_correction(
    journal: MemoryJournal, person: str, admin: TestClient, hub: Hub
) -> None:
    ask(admin, person, action="void", punch_id=1)
    c = punch_corrections
    with pytest.raises((ConstraintError, DBAPIError)):
        hub.core.db.write(lambda scope: scope.update(c, {"cause": "x"}, sa.true()))
    with pytest.raises((ConstraintError, DBAPIError)):
        hub.core.db.write(lambda scope: scope.delete(c, sa.true()))


def test_every_punch_and_correction_marks_its_dates(
    journal: MemoryJournal, person: str, admin: TestClient, hub: Hub
) -> None:
    """A punch may end the shift of the date before."""
    with hub.core.db.read() as scope:
        marks = oldest_spans(scope, 10, LATER)
        days = {each.work_date for each in oldest(scope, 10)}
    sunday, tuesday = MONDAY - timedelta(days=1), MONDAY + timedelta(days=1)
    spans = {(each.first_on, each.last_on) for each in marks}
    assert spans == {(sunday, MONDAY), (MONDAY, tuesday)}
    assert days == {sunday, MONDAY, tuesday}
    assert {each.person_id for each in marks} == {person}
    assert hub.core.db.write(lambda scope: take_spans(scope, marks)) == 3
    assert hub.core.db.write(lambda scope: take(scope, person, sunday, tuesday)) == 3
    ask(admin, person, action="add", at="2026-04-06T18:00:00+09:00", direction="out")
    with hub.core.db.read() as scope:
        (mark,) = oldest_spans(scope, 10, LATER)
        assert {each.work_date for each in oldest(scope, 10)} == {sunday, MONDAY}
    assert (mark.first_on, mark.last_on) == (sunday, MONDAY)


def test_a_mark_written_while_others_are_taken_stays(db: Database) -> None:
    now = datetime(2026, 4, 6, tzinfo=UTC)
    db.write(lambda scope: touch(scope, "a", MONDAY, MONDAY, now))
    with db.read() as scope:
        seen = oldest_spans(scope, 10, LATER)
    db.write(lambda scope: touch(scope, "a", MONDAY, MONDAY, now))
    assert db.write(lambda scope: take_spans(scope, seen)) == 1
    with db.read() as scope:
        assert any_span(scope, LATER)
        assert not any_span(scope, MONDAY)
        assert [each.id for each in seen] != [each.id for each in oldest_spans(scope, 10, LATER)]
        assert len(touched_between(scope, ["a", "b"], MONDAY, MONDAY)) == 1
    assert db.write(lambda scope: take_spans(scope, seen)) == 0
