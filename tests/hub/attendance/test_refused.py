"""Taps that were to be punches and are none: kept, shown with why, and led to a correction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

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
from wire.clock import ClockState
from wire.events import AccessBody, ClockBody, EventKind, Factor, PunchBody, PunchDirection
from wire.policy_bodies import Assurance, PunchRule, Side
from wire.reasons import Reason

HTML = {"Accept": "text/html"}
SPAN = {"from": "2026-04-06", "to": "2026-04-08"}
WEAK = Reason.ASSURANCE_TOO_LOW


def tried(person: str | None, reader: str = samples.READER, **more: object) -> AccessBody:
    body = {"reason": WEAK, "unpunched": WEAK, "assurance": Assurance.IDENTIFIER, **more}
    return AccessBody(factor=Factor.CARD, reader=reader, person=person, **body)  # type: ignore[arg-type]


def project(hub: Hub, made: MemoryJournal) -> ProjectionWorker:
    work = ProjectionWorker(hub.core.db, made.after, [PROJECTOR])
    while work.step():
        continue
    return work


def test_a_refused_tap_is_kept_once_and_no_punch(hub: Hub, admin: TestClient) -> None:
    """A plain denial and a punch are none; of an opening it tells too; a replay doubles nothing."""
    made = MemoryJournal()
    denied, granted = EventKind.ACCESS_DENIED, EventKind.ACCESS_GRANTED
    made.add(denied, tried(samples.PERSON))
    made.add(denied, AccessBody(reason=Reason.NO_GRANT, factor=Factor.CARD, person=samples.PERSON))
    made.add(granted, tried(samples.ACTOR, reason=Reason.CARD_VALID, door=samples.DOOR), 60)
    made.add(denied, tried(None, reason=Reason.UNKNOWN_CARD, unpunched=Reason.UNKNOWN_CARD), 90)
    into = PunchDirection.IN
    made.add(
        EventKind.PUNCH,
        PunchBody(
            reader=samples.READER,
            person=samples.PERSON,
            credential=samples.CREDENTIAL,
            direction=into,
        ),
        120,
    )
    project(hub, made).replay()
    found = admin.get("/api/v1/attendance/refused", params=SPAN).json()
    assert [(one["person_id"], one["reason"], one["door_id"]) for one in found] == [
        (samples.PERSON, "assurance_too_low", None),
        (samples.ACTOR, "assurance_too_low", samples.DOOR),
        (None, "unknown_card", None),
    ]
    assert len(admin.get("/api/v1/attendance/punches", params=SPAN).json()) == 1
    mine = {**SPAN, "person": samples.ACTOR}
    assert len(admin.get("/api/v1/attendance/refused", params=mine).json()) == 1


def test_its_time_is_mended_by_an_anchor_as_a_punchs_is(hub: Hub, admin: TestClient) -> None:
    made = MemoryJournal()
    wrong = made.start - timedelta(days=400)
    untrusted = ClockState.UNTRUSTED
    made.add(EventKind.ACCESS_DENIED, tried(samples.PERSON), 0, clock=untrusted, shown=wrong)
    anchor = ClockBody(state=ClockState.TRUSTED, source="welcome")
    made.add(EventKind.CLOCK_ANCHOR, anchor, 600, error_ms=50)
    project(hub, made)
    (one,) = admin.get("/api/v1/attendance/refused", params=SPAN).json()
    assert (one["corrected_at"], one["trusted"]) == ("2026-04-06T00:00:00Z", True)
    assert one["at"].startswith("2025-03-02")


def test_everybody_sees_their_own_alone(hub: Hub) -> None:
    made = MemoryJournal()
    for person in (samples.PERSON, samples.ACTOR, None):
        made.add(EventKind.ACCESS_DENIED, tried(person))
    project(hub, made)
    service = hub.services.get(AttendanceService)
    staff = Principal(PrincipalKind.SESSION, "u", "u", Role.STAFF, None, samples.PERSON)
    day = made.start.date()
    assert {one.person_id for one in service.refused(staff, day, day, None)} == {samples.PERSON}
    with pytest.raises(Problem, match="forbidden"):
        service.refused(staff, day, day, samples.ACTOR)


@pytest.fixture
def terminal(hub_town: Any) -> tuple[str, str]:
    """A terminal, and somebody of the staff."""
    controller = hub_town.controller(hub_town.site())
    at_it = {"side": Side.TERMINAL, "punch": PunchRule.CHOSEN, "name": "玄関の端末"}
    return hub_town.reader(controller, None, **at_it), hub_town.person()


def test_the_day_tells_who_lost_a_punch_and_why(
    hub: Hub, terminal: tuple[str, str], admin: TestClient
) -> None:
    reader, person = terminal
    made = MemoryJournal()
    made.add(EventKind.ACCESS_DENIED, tried(person, reader))
    project(hub, made)
    page = admin.get("/attendance?day=2026-04-06", headers=HTML).text
    assert "記録されなかった打刻" in page
    assert "玄関の端末" in page
    assert "複製できるカードのため、この端末では打刻になりません" in page
    assert "記録されなかった打刻" not in admin.get("/attendance?day=2026-04-07", headers=HTML).text
    day = admin.get(f"/attendance/people/{person}/2026-04-06", headers=HTML)
    assert day.status_code == 200
    assert "玄関の端末" in day.text


def test_a_terminal_asks_for_no_more_than_a_card_can_come_to_there(
    terminal: tuple[str, str], admin: TestClient
) -> None:
    """Or nobody could punch at it."""
    reader, _ = terminal
    path = f"/api/v1/readers/{reader}"
    asked = {"assurance": "identifier", "profiles": [], "min_assurance": "challenge"}
    refused = admin.patch(path, json=asked)
    assert refused.status_code == 422
    assert "out_of_reach" in refused.text
    kept = {**asked, "profiles": [samples.ACTOR]}
    assert admin.patch(path, json=kept).json()["min_assurance"] == "challenge"
    assert admin.patch(path, json={"profiles": []}).status_code == 422


def test_the_page_of_terminals_lets_one_ask_for_more(
    hub: Hub,
    terminal: tuple[str, str],
    admin: TestClient,
    as_role: Callable[[Role], TestClient],
) -> None:
    reader, person = terminal
    path = f"/api/v1/readers/{reader}"
    admin.patch(path, json={"profiles": [samples.ACTOR], "assurance": "identifier"})
    page = admin.get("/attendance/terminals", headers=HTML).text
    assert "複製カードでも打刻できます" in page
    changed = admin.post(
        f"/attendance/terminals/{reader}",
        data={"min_assurance": "challenge"},
        headers=HTML,
        follow_redirects=False,
    )
    assert changed.status_code == 303
    assert admin.get(path).json()["min_assurance"] == "challenge"
    made = MemoryJournal()
    made.add(EventKind.ACCESS_DENIED, tried(person, reader))
    project(hub, made)
    page = admin.get("/attendance/terminals", headers=HTML).text
    assert "複製カードでも打刻できます" not in page
    for wrong, status in (("", 404), ("anything", 404), ("reader_verified", 303)):
        answer = admin.post(
            f"/attendance/terminals/{reader}",
            data={"min_assurance": wrong},
            headers=HTML,
            follow_redirects=False,
        )
        assert answer.status_code == status
    viewer = as_role(Role.VIEWER)
    assert viewer.get("/attendance/terminals", headers=HTML).status_code in (200, 403)
    assert viewer.post(f"/attendance/terminals/{reader}", data={}).status_code == 403
