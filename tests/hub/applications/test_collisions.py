"""All pairs of kinds on one date, handed in and approved in either order."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest

from hub.applications.bodies import (
    ApplicationKind,
    AwayBody,
    Body,
    DutyBody,
    LeaveBody,
    LeavePart,
    PunchBody,
    PunchCause,
    PunchChange,
    SpanBody,
    SwapBody,
    WorkBody,
)
from hub.applications.collisions import COLLISIONS, PARTS, Clash, Part, collisions
from hub.applications.domain import Application, DayClaim, State
from hub.applications.tables import applications
from hub.web.problems import Problem
from hub.worktime.domain import SwapPart

K, P = ApplicationKind, Part
FRIDAY, SATURDAY, MONDAY = date(2026, 4, 10), date(2026, 4, 11), date(2026, 4, 13)
HOLIDAY = date(2026, 4, 29)
DAY = (SpanBody(510, 720), SpanBody(780, 1_035))


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The table is the same on both."""
    return sqlite_at


def bodies(kind: ApplicationKind) -> list[Body]:
    """A body of a kind that is about Friday's regular hours; of a swap one that frees it and one
    that fills it."""
    match kind:
        case K.SWAP:
            return [_swap(SATURDAY, FRIDAY), _swap(FRIDAY, MONDAY)]
        case K.COMPENSATORY:
            return [_swap(HOLIDAY, FRIDAY), _swap(FRIDAY, MONDAY)]
        case K.LEAVE:
            return [LeaveBody(leave_kind="annual", first=FRIDAY, last=FRIDAY)]
        case K.TRIP | K.TELEWORK | K.TRAINING:
            return [AwayBody(first=FRIDAY, last=FRIDAY, place="県庁")]
        case K.DUTY:
            return [DutyBody(work_date=FRIDAY, spans=DAY)]
        case K.PUNCH:
            forgot = PunchCause.FORGOTTEN
            return [PunchBody(change=PunchChange.ADD, work_date=FRIDAY, cause=forgot, minute=510)]
        case _:
            return [WorkBody(work_date=FRIDAY, spans=DAY, reason="災害対応")]


def _swap(worked: date, off: date, part: SwapPart = SwapPart.WHOLE) -> SwapBody:
    return SwapBody(worked_date=worked, off_date=off, part=part, reason="選挙事務")


def claims(_kind: ApplicationKind, body: Body) -> tuple[DayClaim, ...]:
    hours = tuple((each.start, each.end) for each in DAY)
    if isinstance(body, PunchBody):
        return ()
    day = body.off_date if isinstance(body, SwapBody) else FRIDAY
    return (DayClaim(work_date=day, spans=hours),)


def part(kind: ApplicationKind, body: Body) -> Part | None:
    """What it plays on Friday."""
    if not isinstance(body, SwapBody):
        return PARTS.get(kind)
    if body.off_date == FRIDAY:
        return P.FREED
    return P.FILLED if kind is K.SWAP else P.RESTED_FOR


def application(kind: ApplicationKind, body: Body, state: State = State.SUBMITTED) -> Application:
    found = object.__new__(Application)
    said = {"kind": kind, "body": body, "claims": claims(kind, body), "state": state}
    for name, value in said.items():
        object.__setattr__(found, name, value)
    return found


ALL = [(kind, body) for kind in K for body in bodies(kind)]
PAIRS = list(product(ALL, ALL))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_every_pair_contradicts_as_the_table_says(
    one: tuple[ApplicationKind, Body], other: tuple[ApplicationKind, Body]
) -> None:
    met = {
        (each.mine, each.theirs)
        for each in collisions(*one, claims(*one), [application(*other)])
        if each.day == FRIDAY
    }
    mine, theirs = part(*one), part(*other)
    assert met == ({(mine, theirs)} & COLLISIONS.keys())


def test_the_table_reads_the_same_from_both_sides() -> None:
    assert {(b, a): clash for (a, b), clash in COLLISIONS.items()} == COLLISIONS
    assert set(PARTS) == set(K) - {K.SWAP, K.COMPENSATORY, K.PUNCH}
    assert set(COLLISIONS.values()) == set(Clash)


def test_other_minutes_of_the_date_do_not_contradict() -> None:
    """Free in the morning by a half-day swap, on leave in the afternoon."""
    leave = LeaveBody(leave_kind="annual", first=FRIDAY, last=FRIDAY, part=LeavePart.AFTERNOON)
    afternoon = (DayClaim(work_date=FRIDAY, spans=((780, 1_035),), half_days=1),)
    swap = application(K.SWAP, _swap(SATURDAY, FRIDAY, SwapPart.MORNING))
    object.__setattr__(swap, "claims", (DayClaim(work_date=FRIDAY, spans=((510, 720),)),))
    assert list(collisions(K.LEAVE, leave, afternoon, [swap])) == []


# --- handed in and approved in either order ------------------------------------------------------


def refused(call: Any) -> set[str]:
    with pytest.raises(Problem) as caught:
        call()
    assert caught.value.kind.code == "application_refused"
    return {each.code for each in caught.value.fields}


@pytest.mark.parametrize("approved", [False, True])
def test_leave_on_a_day_swapped_away_is_refused_whether_it_waits_or_counts(
    office: Any, approved: bool
) -> None:
    office.grant()
    swap = office.apply(_swap(SATURDAY, MONDAY), K.SWAP)
    if approved:
        office.decide(office.chief, swap)
    assert refused(lambda: office.take_leave(MONDAY)) == {"day_freed"}
    trip = AwayBody(first=MONDAY, last=MONDAY, place="県庁")
    assert refused(lambda: office.apply(trip, K.TRIP)) == {"day_freed"}


@pytest.mark.parametrize("approved", [False, True])
def test_a_day_with_leave_is_not_swapped_away(office: Any, approved: bool) -> None:
    office.grant()
    leave = office.take_leave(MONDAY)
    if approved:
        office.decide(office.chief, leave)
    assert refused(lambda: office.apply(_swap(SATURDAY, MONDAY), K.SWAP)) == {"off_day_taken"}
    rest = _swap(HOLIDAY, date(2026, 5, 1))
    office.take_leave(date(2026, 5, 1))
    assert refused(lambda: office.apply(rest, K.COMPENSATORY)) == {"off_day_taken"}


def test_half_a_day_swapped_leaves_the_other_half_for_leave(office: Any) -> None:
    office.grant()
    swap = office.apply(_swap(SATURDAY, MONDAY, SwapPart.MORNING), K.SWAP)
    assert office.take_leave(MONDAY, part=LeavePart.AFTERNOON).state is State.SUBMITTED
    assert refused(lambda: office.take_leave(MONDAY, part=LeavePart.MORNING)) >= {"day_freed"}
    assert office.decide(office.chief, swap).state is State.APPROVED


def test_leave_in_swapped_hours_keeps_the_swap(office: Any) -> None:
    office.grant()
    swap = office.decide(office.chief, office.apply(_swap(SATURDAY, MONDAY), K.SWAP))
    leave = office.decide(office.chief, office.take_leave(SATURDAY))
    ask = office.applications.ask_cancel
    assert refused(lambda: ask(office.hana, swap.id, "中止")) == {"rests_on_swap"}
    ask(office.hana, leave.id, "中止")
    office.decide(office.chief, leave)
    assert ask(office.hana, swap.id, "中止").state is State.CANCELLING


def test_of_two_that_came_to_contradict_the_one_approved_first_holds(office: Any) -> None:
    """However the second came to wait: it is looked at again before it counts."""
    office.grant()
    leave = office.take_leave(MONDAY)
    office.applications.withdraw(office.hana, leave.id)
    swap = office.apply(_swap(SATURDAY, MONDAY), K.SWAP)
    values = {"state": State.SUBMITTED, "waiting_since": office.clock.now()}
    office.hub.core.db.write(
        lambda scope: scope.update(applications, values, applications.c.id == leave.id)
    )
    office.decide(office.chief, swap)
    assert refused(lambda: office.decide(office.chief, leave)) == {"day_freed"}
