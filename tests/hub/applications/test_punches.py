"""Applications that correct punches, with real punches: what is tapped stays, what is approved
counts, and every step says who."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hub.applications.adapters import ACTION, PUNCH_REFUSAL, SWAP_REFUSAL, wish_of
from hub.applications.bodies import ApplicationKind, PunchBody, PunchCause, PunchChange
from hub.applications.checks import Refusal
from hub.applications.domain import State
from hub.attendance import corrections
from hub.attendance.corrected import CorrectionProblem
from hub.attendance.domain import (
    CorrectionAction,
    CorrectionWish,
    DayProblem,
    Flag,
    Ignored,
    start_of,
)
from hub.attendance.repository import corrections_of
from hub.attendance.touched import oldest
from hub.web.problems import Problem
from hub.worktime.swaps import SwapProblem
from wire.events import PunchDirection

FRIDAY = date(2026, 4, 3)
IN, OUT = PunchDirection.IN, PunchDirection.OUT


def at(hour: int, minute: int = 0, day: date = FRIDAY) -> datetime:
    return (start_of(day) + timedelta(hours=hour, minutes=minute)).astimezone(UTC)


def body(change: PunchChange = PunchChange.ADD, **changed: Any) -> PunchBody:
    given: dict[str, Any] = {
        "work_date": FRIDAY,
        "cause": PunchCause.FORGOTTEN,
        "reason": "押し忘れました",
    }
    if change is PunchChange.ADD:
        given |= {"direction": OUT, "minute": 1_050}
    return PunchBody(change=change, **(given | changed))


def apply(office: Any, asked: PunchBody) -> Any:
    return office.apply(asked, ApplicationKind.PUNCH)


def refused(call: Any) -> list[str]:
    with pytest.raises(Problem) as caught:
        call()
    assert caught.value.kind.code == "application_refused"
    return [each.code for each in caught.value.fields]


def test_a_forgotten_out_is_applied_for_approved_and_read(office: Any) -> None:
    office.tap(1, at(8, 20), IN)
    assert office.day(FRIDAY).problems == (DayProblem.MISSING_OUT,)
    found = apply(office, body())
    assert office.day(FRIDAY).problems == (DayProblem.MISSING_OUT,)  # nothing before the approval
    assert office.decide(office.chief, found).state is State.APPROVED
    day = office.day(FRIDAY)
    assert day.problems == ()
    assert (day.first_in, day.last_out) == (at(8, 20), at(17, 30))
    added = day.punches[-1]
    assert added.punch.added
    assert Flag.ADDED in added.flags
    with office.hub.core.db.read() as scope:
        (made,) = corrections_of(scope, added.punch.id)
        marked = {each.work_date for each in oldest(scope, 10)}
    assert made.application_id == found.id
    assert made.asked_by == f"person:{office.ids['hana']}"
    assert made.approved_by == f"person:{office.ids['chief']}"
    assert made.cause == "打刻忘れ：押し忘れました"
    assert FRIDAY in marked


def test_the_wrong_key_is_turned_a_time_moved_and_a_punch_left_out(office: Any) -> None:
    for number, hour, direction in ((1, 8, IN), (2, 12, OUT), (3, 17, IN)):
        office.tap(number, at(hour), direction)
    wrong = {"cause": PunchCause.WRONG_KEY}
    for asked in (
        body(PunchChange.TURN, punch_id=3, direction=OUT, **wrong),
        body(PunchChange.VOID, punch_id=2, **wrong),
        body(PunchChange.MOVE, punch_id=1, minute=490),
    ):
        office.decide(office.chief, apply(office, asked))
    day = office.day(FRIDAY)
    assert [(each.starts_at, each.ends_at) for each in day.shifts] == [(at(8, 10), at(17))]
    kept = {each.punch.id: each for each in day.punches}
    assert kept[2].ignored is Ignored.VOIDED
    assert kept[3].punch.original_direction is IN
    assert kept[1].punch.original_at == at(8)


def test_what_an_application_added_can_be_corrected_by_another(office: Any) -> None:
    office.tap(1, at(8), IN)
    office.decide(office.chief, apply(office, body()))
    added = office.day(FRIDAY).punches[-1].punch.id
    assert added < 0
    office.decide(office.chief, apply(office, body(PunchChange.MOVE, punch_id=added, minute=1_110)))
    assert office.day(FRIDAY).last_out == at(18, 30)


def test_what_cannot_be_recorded_is_refused_when_it_is_handed_in(office: Any) -> None:
    office.tap(1, at(8), IN)
    office.tap(2, at(8), IN, "taro")
    office.tap(3, at(8, day=date(2026, 4, 1)), IN)
    monday = date(2026, 4, 6)
    for expected, asked in (
        (Refusal.PUNCH_UNKNOWN, body(PunchChange.VOID, punch_id=2)),
        (Refusal.PUNCH_UNKNOWN, body(PunchChange.VOID, punch_id=3)),
        (Refusal.PUNCH_UNKNOWN, body(PunchChange.VOID, punch_id=99)),
        (Refusal.PUNCH_UNKNOWN, body(PunchChange.VOID, punch_id=-99)),
        (Refusal.PUNCH_SAME, body(PunchChange.MOVE, punch_id=1, minute=480)),
        (Refusal.PUNCH_SAME, body(PunchChange.TURN, punch_id=1, direction=IN)),
        (Refusal.PUNCH_IN_FUTURE, body(work_date=monday)),
        (Refusal.PUNCH_DIRECTION_MISSING, body(direction=PunchDirection.INFERRED)),
        (Refusal.PUNCH_DIRECTION_MISSING, body(direction=None)),
    ):
        assert refused(lambda asked=asked: apply(office, asked)) == [expected]


def test_what_can_no_longer_be_recorded_is_refused_at_the_approval(office: Any) -> None:
    office.tap(1, at(8), IN)
    found = apply(office, body(PunchChange.MOVE, punch_id=1, minute=490))
    wish = CorrectionWish(
        action=CorrectionAction.VOID, person_id=office.ids["hana"], punch_id=1, cause="二重"
    )
    office.hub.core.db.write(
        lambda scope: corrections.record(
            scope, office.clock.now(), wish, asked_by="x", approved_by="x"
        )
    )
    assert refused(lambda: office.decide(office.chief, found)) == [Refusal.PUNCH_VOID]
    seen = office.applications.seen(office.hana, found.id)
    assert seen.application.state is State.SUBMITTED
    assert seen.trail[-1].told.value == "submitted"


def test_an_approved_correction_is_not_cancelled_but_corrected(office: Any) -> None:
    office.tap(1, at(8), IN)
    found = apply(office, body())
    office.decide(office.chief, found)
    with pytest.raises(Problem) as caught:
        office.applications.ask_cancel(office.hana, found.id, "誤り")
    assert caught.value.kind.code == "application_state"


def test_every_problem_of_swaps_and_corrections_and_every_change_is_told() -> None:
    assert set(SWAP_REFUSAL) == set(SwapProblem)
    assert set(PUNCH_REFUSAL) == set(CorrectionProblem)
    assert set(ACTION) == set(PunchChange)


def test_a_minute_past_midnight_belongs_to_the_next_date() -> None:
    assert wish_of("hana", body(minute=1_500)).at == at(1, day=date(2026, 4, 4))
