"""Divergences: found, explained, judged, gone and back, with a trail that is never shortened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from hub.attendance.domain import BreakSource, Day, Shift, start_of
from hub.timesheets.divergence_domain import (
    BY_DERIVING,
    BY_JUDGE,
    BY_PERSON,
    PENDING,
    SETTLED,
    STEPS,
    Act,
    Divergence,
    DivergenceKind,
    DivergenceState,
    FoundDivergence,
    IllegalActError,
    ProbableCause,
    after,
    rederived,
)
from hub.timesheets.divergence_service import DivergenceService
from hub.timesheets.seen import Passed, seen_by_date
from hub.web.problems import Problem
from hub.web.rights import Role
from wire.policy_bodies import Side

S, K = DivergenceState, DivergenceKind
FRIDAY = date(2026, 4, 10)
NOW = datetime(2026, 4, 13, tzinfo=UTC)
PATH = "/api/v1/attendance"
SPAN = {"from": "2026-04-01", "to": "2026-04-30"}


# --- the table -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("act", list(Act))
def test_what_the_table_does_not_hold_is_refused(state: DivergenceState, act: Act) -> None:
    if (state, act) in STEPS:
        assert after(state, act) in S
    else:
        with pytest.raises(IllegalActError):
            after(state, act)


def test_every_act_is_somebodys_and_every_state_can_be_left() -> None:
    assert set(Act) == BY_PERSON | BY_JUDGE | BY_DERIVING
    assert {state for state, _ in STEPS} == set(S)
    assert {STEPS[state, Act.VANISH] for state in PENDING} == {S.CORRECTED}
    assert {STEPS[state, Act.RETURN] for state in SETTLED} == {S.OPEN}


def kept(**other: Any) -> Divergence:
    values: dict[str, Any] = {
        "state": S.OPEN,
        "stands": True,
        "settled_min": 0,
        "minutes": 40,
        "inputs": ("punch:1",),
    }
    return Divergence(
        id="d",
        person_id="p",
        work_date=FRIDAY,
        kind=K.PRESENT_BEYOND_ORDER,
        reason="",
        cause=ProbableCause.NONE,
        links=(),
        found_at=NOW,
        changed_at=NOW,
        **values | other,
    )


def found(minutes: int = 40) -> FoundDivergence:
    return FoundDivergence(FRIDAY, K.PRESENT_BEYOND_ORDER, minutes, inputs=frozenset({"punch:1"}))


def test_one_that_grew_markedly_beyond_what_was_accepted_is_open_again() -> None:
    accepted = kept(state=S.ACCEPTED, settled_min=40)
    assert rederived([accepted], [found(69)], NOW, marked_min=30)[0][0].act is None
    (change,), new = rederived([accepted], [found(70)], NOW, marked_min=30)
    assert (change.act, change.divergence.state, new) == (Act.RETURN, S.OPEN, ())


@given(
    st.sampled_from(list(S)),
    st.lists(st.one_of(st.none(), st.integers(30, 300)), max_size=12),
)
def test_however_often_it_comes_and_goes_it_stands_as_the_last_derivation_says(
    state: DivergenceState, seen: list[int | None]
) -> None:
    one = kept(state=state, settled_min=40 if state in SETTLED else 0)
    for minutes in seen:
        given_now = [] if minutes is None else [found(minutes)]
        changes, new = rederived([one], given_now, NOW, marked_min=30)
        assert new == ()
        before, one = one, changes[0].divergence if changes else one
        assert one.stands is (minutes is not None)
        if minutes is None:
            assert not one.is_pending
        elif not before.stands:
            assert one.state is S.OPEN
        again, _ = rederived([one], given_now, NOW, marked_min=30)
        assert again == ()  # deriving once more changes nothing


# --- what the doors saw --------------------------------------------------------------------------


def day(work_date: date, start: int, end: int) -> Day:
    midnight = start_of(work_date)
    begin, finish = (midnight + timedelta(minutes=each) for each in (start, end))
    shift = Shift(begin, finish, False, end - start, 0, BreakSource.NONE, end - start)
    return Day("p", work_date, (shift,), (), ())


def passed(work_date: date, minute: int, side: Side = Side.ENTRY) -> Passed:
    return Passed(start_of(work_date) + timedelta(minutes=minute), "front", side)


def test_the_way_home_from_a_night_shift_is_not_the_next_days_first_event() -> None:
    days = {FRIDAY: day(FRIDAY, 1020, 1950)}
    seen = seen_by_date(
        [passed(FRIDAY, 1015), passed(FRIDAY, 1440 + 520, Side.EXIT)], days, {"front"}
    )
    assert list(seen) == [FRIDAY]
    assert seen[FRIDAY].minutes(FRIDAY) == (1015, 1960)
    assert not seen[FRIDAY].inside


def test_who_goes_in_and_is_never_seen_to_leave_is_inside_where_both_ways_are_read() -> None:
    days = {FRIDAY: day(FRIDAY, 510, 1035)}
    only_in = [passed(FRIDAY, 505)]
    assert seen_by_date(only_in, days, {"front"})[FRIDAY].inside
    assert not seen_by_date(only_in, days, set())[FRIDAY].inside
    out_only = [passed(FRIDAY, 1036, Side.EXIT)]
    assert seen_by_date(out_only, days, {"front"})[FRIDAY].left_unseen


def test_silence_means_something_only_of_those_who_pass_doors_on_most_days() -> None:
    days = {
        FRIDAY + timedelta(days=n): day(FRIDAY + timedelta(days=n), 510, 1035) for n in range(4)
    }
    two = [passed(FRIDAY, 505), passed(FRIDAY + timedelta(days=1), 505)]
    assert not any(each.expected for each in seen_by_date(two, days, set()).values())
    three = [*two, passed(FRIDAY + timedelta(days=2), 505)]
    assert all(each.expected for each in seen_by_date(three, days, set()).values())


def test_a_reader_that_was_down_is_told_of_the_dates_it_touches() -> None:
    days = {FRIDAY: day(FRIDAY, 510, 1035)}
    gap = (start_of(FRIDAY) + timedelta(hours=7), start_of(FRIDAY) + timedelta(hours=9))
    assert seen_by_date([], days, set(), [gap])[FRIDAY].blind == (gap,)
    later = (start_of(FRIDAY) + timedelta(days=9), start_of(FRIDAY) + timedelta(days=10))
    assert seen_by_date([], days, set(), [later])[FRIDAY].blind == ()


# --- kept, explained, judged ---------------------------------------------------------------------


@pytest.fixture
def late(office: Any) -> tuple[str, str]:
    """Somebody who stayed 48 minutes without an order, and their head."""
    ann, head = office.hire("安藤"), office.hire("課長")
    office.hall.led_by["tax"] = (head,)
    office.works(ann, FRIDAY, 510, 1083)
    office.hall.differs[ann] = [FoundDivergence(FRIDAY, K.PRESENT_BEYOND_ORDER, 48)]
    office.at(FRIDAY + timedelta(days=3))
    office.run_chore()
    return ann, head


def one(client: TestClient) -> Any:
    (row,) = client.get(f"{PATH}/divergences", params=SPAN).json()
    return row


def test_a_day_that_is_not_over_is_not_judged(office: Any, admin: TestClient) -> None:
    ann = office.hire("安藤")
    office.at(FRIDAY, 20)
    office.works(ann, FRIDAY, 510, 1083)
    office.hall.differs[ann] = [FoundDivergence(FRIDAY, K.PRESENT_BEYOND_ORDER, 48)]
    office.run_chore()
    assert admin.get(f"{PATH}/divergences", params=SPAN).json() == []
    office.at(FRIDAY + timedelta(days=1))
    office.run_chore()
    assert one(admin)["minutes"] == 48


def test_who_never_punched_is_looked_at_all_the_same(office: Any, admin: TestClient) -> None:
    ann = office.hire("安藤")
    office.at(FRIDAY)
    office.run_chore()
    office.hall.differs[ann] = [FoundDivergence(FRIDAY, K.DOOR_ONLY, 0)]
    office.at(FRIDAY + timedelta(days=1))
    office.run_chore()
    assert one(admin)["kind"] == "door_only"


def test_the_person_explains_and_the_head_accepts(
    office: Any, late: tuple[str, str], admin: TestClient, hub: Any
) -> None:
    ann, head = late
    service = hub.services.get(DivergenceService)
    row = one(admin)
    assert (row["state"], row["minutes"], row["stands"]) == ("open", 48, True)
    service.act(office.user(ann), row["id"], Act.EXPLAIN, "窓口の来客")
    service.act(office.user(head), row["id"], Act.INVESTIGATE, "")
    service.act(office.user(head), row["id"], Act.ACCEPT, "来庁者の記録と一致")
    sheet = admin.get(f"{PATH}/divergences/{row['id']}").json()
    assert sheet["divergence"]["reason"] == "窓口の来客"
    assert [each["act"] for each in sheet["steps"]] == [None, "explain", "investigate", "accept"]
    assert admin.get(f"{PATH}/divergences", params=SPAN).json() == []
    everything = {**SPAN, "pending": "false"}
    assert len(admin.get(f"{PATH}/divergences", params=everything).json()) == 1


def test_nobody_judges_their_own_and_nobody_explains_anothers(
    office: Any, late: tuple[str, str], admin: TestClient, hub: Any
) -> None:
    ann, head = late
    service = hub.services.get(DivergenceService)
    row = one(admin)
    both = office.user(ann, Role.PERSONNEL)
    with pytest.raises(Problem, match="forbidden"):
        service.act(both, row["id"], Act.ACCEPT, "自分で")
    with pytest.raises(Problem, match="forbidden"):
        service.act(office.user(head), row["id"], Act.EXPLAIN, "代わりに")
    with pytest.raises(Problem, match="not_found"):
        service.sheet(office.user(office.hire("他人", "welfare")), row["id"])
    with pytest.raises(Problem, match="deriving anew"):
        service.act(office.user(head), row["id"], Act.VANISH, "x")
    with pytest.raises(Problem, match="say why"):
        service.act(office.user(head), row["id"], Act.REFUSE, " ")
    missing = admin.post(f"{PATH}/divergences/{row['id']}/acts", json={"act": "explain"})
    assert missing.status_code == 422
    settled = {"act": "reopen", "note": "x"}
    wrong = admin.post(f"{PATH}/divergences/{row['id']}/acts", json=settled)
    assert wrong.json()["code"] == "divergence_settled"


def test_one_that_vanishes_is_resolved_by_what_came_and_one_that_comes_back_is_open(
    office: Any, late: tuple[str, str], admin: TestClient
) -> None:
    ann, _ = late
    row = one(admin)
    order = office.approves(ann, FRIDAY, 1035, 1083)
    differs, office.hall.differs[ann] = office.hall.differs[ann], []
    office.run_chore()
    sheet = admin.get(f"{PATH}/divergences/{row['id']}").json()
    assert sheet["divergence"]["state"] == "corrected"
    assert sheet["divergence"]["links"] == [f"order:{order}"]
    assert not sheet["divergence"]["stands"]
    office.hall.differs[ann] = [replace(each, minutes=90) for each in differs]
    office.hall.orders[ann].clear()
    office.works(ann, FRIDAY + timedelta(days=1), late=True)  # marks the month
    office.at(FRIDAY + timedelta(days=4))
    office.run_chore()
    again = one(admin)
    assert (again["id"], again["state"], again["minutes"]) == (row["id"], "open", 90)
    steps = admin.get(f"{PATH}/divergences/{row['id']}").json()["steps"]
    assert [each["act"] for each in steps] == [None, "vanish", "return"]


def test_staff_see_their_own_a_head_their_departments(
    office: Any, late: tuple[str, str], hub: Any
) -> None:
    ann, head = late
    service = hub.services.get(DivergenceService)
    first, last = date(2026, 4, 1), date(2026, 4, 30)
    other = office.hire("他人", "welfare")
    for who, count in ((ann, 1), (head, 1), (other, 0)):
        assert len(service.inbox(office.user(who), first, last)) == count
    personnel = office.user(None, Role.PERSONNEL)
    assert len(service.inbox(personnel, first, last, department_id="tax")) == 1
    assert service.inbox(personnel, first, last, department_id="welfare") == ()
    assert service.inbox(office.user(head), first, last, person_id=other) == ()


@pytest.mark.parametrize("span", [("2026-04-30", "2026-04-01"), ("2026-01-01", "2026-12-31")])
def test_a_span_that_is_none_is_refused(admin: TestClient, span: tuple[str, str]) -> None:
    asked = {"from": span[0], "to": span[1]}
    assert admin.get(f"{PATH}/divergences", params=asked).status_code == 422
