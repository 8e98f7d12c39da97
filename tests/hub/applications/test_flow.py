"""An application's way from its draft to what it brings about, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub.applications.bodies import (
    ApplicationKind,
    LeaveBody,
    LeavePart,
    SpanBody,
    SwapBody,
    WorkBody,
)
from hub.applications.checks import Refusal
from hub.applications.claims import claims_between
from hub.applications.deciding import Ballot, Verdict
from hub.applications.delegating import DelegationWanted
from hub.applications.domain import Approver, State, Step
from hub.applications.tables import application_trail
from hub.database.errors import ConstraintError
from hub.leave.domain import Amount
from hub.leave.kind_files import load_kinds
from hub.web.problems import Problem
from hub.web.rights import SYSTEM, Principal, PrincipalKind, Role
from hub.worktime.domain import ExplainedKind
from hub.worktime.minutes import Span

K = ApplicationKind
KINDS = load_kinds()
TOKEN = Principal(PrincipalKind.TOKEN, "t", "t", Role.ADMIN)
MONDAY = date(2026, 4, 6)


def code_of(call: Any) -> str:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value.kind.code


def refusals_of(call: Any) -> list[str]:
    with pytest.raises(Problem) as caught:
        call()
    assert caught.value.kind.code == "application_refused"
    return [each.code for each in caught.value.fields]


# --- approving -----------------------------------------------------------------------------------


def test_what_the_head_approves_becomes_a_claim(office: Any) -> None:
    found = office.overtime()
    assert found.state is State.SUBMITTED
    assert [each.application.id for each in office.decisions.inbox(office.chief)] == [found.id]
    with office.hub.core.db.read() as scope:
        assert claims_between(scope, [found.person_id], MONDAY, MONDAY, KINDS) == {}
    assert office.decide(office.chief, found).state is State.APPROVED
    with office.hub.core.db.read() as scope:
        (claims,) = claims_between(scope, [found.person_id], MONDAY, MONDAY, KINDS).values()
        assert (
            claims_between(scope, [found.person_id], date(2026, 4, 7), date(2026, 5, 1), KINDS)
            == {}
        )
    assert [(o.work_date, o.spans) for o in claims.orders] == [(MONDAY, (Span(1035, 1155),))]
    assert office.told(found) == ["created", "submitted", "approved"]
    assert list(office.decisions.inbox(office.chief)) == []


def test_nobody_else_may_decide_and_nobody_their_own(office: Any) -> None:
    found = office.overtime()
    assert code_of(lambda: office.decide(office.hana, found)) == "own_application"
    assert code_of(lambda: office.decide(office.who("taro"), found)) == "not_found"
    assert code_of(lambda: office.decide(office.manager, found)) == "not_found"
    assert code_of(lambda: office.decide(office.personnel, found)) == "not_asked"
    assert office.told(found) == ["created", "submitted"]


def test_a_head_is_decided_by_the_head_above_and_the_topmost_by_personnel(office: Any) -> None:
    body = WorkBody(work_date=MONDAY, spans=(SpanBody(1_035, 1_095),), reason="会計検査")
    theirs = office.apply(body, K.OVERTIME, office.chief)
    assert office.decide(office.manager, theirs).state is State.APPROVED
    top = office.apply(body, K.OVERTIME, office.who("director"))
    assert top.steps[top.step].approver is Approver.PERSONNEL
    assert office.told(top) == ["created", "submitted", "skipped"]
    assert office.decide(office.personnel, top).state is State.APPROVED


def test_a_chain_of_three_steps_asks_each_in_turn_and_nobody_twice(office: Any) -> None:
    steps = tuple(
        Step(approver=each) for each in (Approver.HEAD, Approver.PARENT_HEAD, Approver.PERSONNEL)
    )
    office.chains.add(office.personnel, rule(kinds=(K.OVERTIME,), from_min=120, steps=steps))
    short = office.overtime(end=1_095)
    assert len(short.steps) == 1
    long = office.overtime(date(2026, 4, 7))
    assert office.decide(office.chief, long).state is State.SUBMITTED
    assert code_of(lambda: office.decide(office.chief, long)) == "not_asked"
    assert office.decide(office.manager, long).state is State.SUBMITTED
    assert office.decide(office.personnel, long).state is State.APPROVED
    assert office.told(long) == ["created", "submitted", "passed", "passed", "approved"]


def test_who_approved_already_is_not_asked_again(office: Any) -> None:
    """The chief by name and by office: the second of the two steps is skipped, and said to be."""
    chief = office.ids["chief"]
    steps = (Step(approver=Approver.PERSON, person_id=chief), Step(approver=Approver.HEAD))
    office.chains.add(office.officer, rule(steps=steps))
    found = office.overtime()
    assert office.decide(office.chief, found).state is State.APPROVED
    assert office.told(found) == ["created", "submitted", "approved", "skipped"]


def rule(**changed: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": "規則",
        "position": 10,
        "kinds": (),
        "department_id": None,
        "employment": None,
        "from_min": None,
        "steps": (Step(approver=Approver.HEAD),),
    }
    return values | changed


def test_the_first_rule_that_fits_holds(office: Any) -> None:
    by_personnel = (Step(approver=Approver.PERSONNEL),)
    by_parent = (Step(approver=Approver.PARENT_HEAD),)
    office.chains.add(office.personnel, rule(position=20, steps=by_personnel))
    office.chains.add(
        office.personnel, rule(position=10, department_id="division", steps=by_parent)
    )
    office.chains.add(office.personnel, rule(position=5, employment="manager"))
    assert office.overtime().steps == by_parent


# --- versions ------------------------------------------------------------------------------------


def test_nobody_approves_what_they_did_not_see(office: Any) -> None:
    found = office.overtime()
    seen = Ballot(found.id, found.version, found.step)
    longer = WorkBody(work_date=MONDAY, spans=(SpanBody(1_035, 1_320),), reason="議会対応")
    changed = office.applications.change(office.hana, found.id, found.version, longer)
    assert (changed.state, changed.version) == (State.SUBMITTED, 2)
    decide = office.decisions.decide
    assert code_of(lambda: decide(office.chief, seen, Verdict.APPROVE)) == "application_changed"
    late = Ballot(found.id, 2, 1)
    assert code_of(lambda: decide(office.chief, late, Verdict.APPROVE)) == "application_changed"
    assert decide(office.chief, Ballot(found.id, 2, 0), Verdict.APPROVE).state is State.APPROVED
    assert set(office.applications.versions(office.hana, found.id)) == {1, 2}


def test_a_change_begins_the_approval_anew(office: Any) -> None:
    steps = (Step(approver=Approver.HEAD), Step(approver=Approver.PARENT_HEAD))
    office.chains.add(office.officer, rule(steps=steps))
    found = office.overtime()
    office.decide(office.chief, found)
    body = WorkBody(work_date=MONDAY, spans=(SpanBody(1_035, 1_100),), reason="議会対応")
    changed = office.applications.change(office.hana, found.id, 1, body)
    assert changed.step == 0
    stale = lambda: office.applications.change(office.hana, found.id, 1, body)  # noqa: E731
    assert code_of(stale) == "application_changed"
    assert office.decide(office.chief, changed).state is State.SUBMITTED


def test_what_is_returned_is_changed_and_handed_in_again(office: Any) -> None:
    found = office.overtime()
    assert code_of(lambda: office.decide(office.chief, found, Verdict.RETURN)) == "invalid"
    returned = office.decide(office.chief, found, Verdict.RETURN, "時刻を確認")
    assert returned.state is State.RETURNED
    body = WorkBody(work_date=MONDAY, spans=(SpanBody(1_035, 1_100),), reason="議会対応")
    again = office.applications.change(office.hana, found.id, 1, body, submit=True)
    assert (again.state, again.version) == (State.SUBMITTED, 2)
    assert office.decide(office.chief, again).state is State.APPROVED


def test_what_is_rejected_is_over(office: Any) -> None:
    found = office.overtime()
    assert office.decide(office.chief, found, Verdict.REJECT, "不要").state is State.REJECTED
    submit = lambda: office.applications.submit(office.hana, found.id, 1)  # noqa: E731
    assert code_of(submit) == "application_state"
    assert code_of(lambda: office.decide(office.chief, found)) == "application_state"


def test_the_trail_cannot_be_changed(office: Any) -> None:
    office.overtime()
    with pytest.raises(ConstraintError):
        office.hub.core.db.write(
            lambda scope: scope.update(application_trail, {"comment": "x"}, sa.true())
        )
    with pytest.raises(ConstraintError):
        office.hub.core.db.write(lambda scope: scope.delete(application_trail, sa.true()))


# --- standing in ---------------------------------------------------------------------------------


def test_a_delegate_decides_and_the_trail_says_for_whom(office: Any) -> None:
    taro, chief = office.who("taro"), office.ids["chief"]
    wanted = DelegationWanted(office.ids["taro"], MONDAY, MONDAY, (K.OVERTIME,))
    given = office.delegations.give(office.chief, wanted)
    found = office.overtime()
    (item,) = office.decisions.inbox(taro)
    assert item.for_person_id == chief
    assert office.decide(taro, found).state is State.APPROVED
    entry = office.applications.seen(office.hana, found.id).trail[-1]
    assert (entry.person_id, entry.for_person_id) == (office.ids["taro"], chief)
    office.delegations.revoke(office.chief, given.id)
    other = office.overtime(date(2026, 4, 7))
    assert code_of(lambda: office.decide(taro, other)) == "not_found"


def test_whoever_lets_somebody_stand_in_for_another_is_not_the_one_who_does(office: Any) -> None:
    """Four eyes: personnel cannot take an approver's decisions for themselves."""
    office.ids["clerk"] = office.add_person("clerk")
    clerk, chief = office.who("clerk", Role.PERSONNEL), office.ids["chief"]
    own = DelegationWanted(office.ids["clerk"], MONDAY, MONDAY, from_person_id=chief)
    assert code_of(lambda: office.delegations.give(clerk, own)) == "own_delegation"
    assert list(office.delegations.listed(office.personnel)) == []
    found = office.overtime()
    assert code_of(lambda: office.decide(clerk, found)) == "not_asked"
    office.delegations.give(office.officer, own)  # another with the right
    assert office.decide(clerk, found).state is State.APPROVED
    office.delegations.give(office.chief, replace(own, from_person_id=None))  # or the approver
    for_taro = replace(own, to_person_id=office.ids["taro"])
    assert office.delegations.give(clerk, for_taro).to_person_id == office.ids["taro"]


def test_an_account_or_token_of_nobody_ends_delegations_and_gives_none(office: Any) -> None:
    """Of a shared account or a token it cannot be told that its holder is not the delegate."""
    wanted = DelegationWanted(
        office.ids["taro"], MONDAY, MONDAY, from_person_id=office.ids["chief"]
    )
    for who in (office.personnel, TOKEN, SYSTEM):
        assert code_of(lambda who=who: office.delegations.give(who, wanted)) == "no_person"
    given = office.delegations.give(office.officer, wanted)
    assert office.delegations.revoke(TOKEN, given.id).revoked_at is not None


def test_nobody_writes_the_rule_that_names_themselves_as_an_approver(office: Any) -> None:
    taro = office.who("taro", Role.PERSONNEL)
    own = rule(steps=(Step(approver=Approver.PERSON, person_id=office.ids["taro"]),))
    assert code_of(lambda: office.chains.add(taro, own)) == "own_chain"
    assert code_of(lambda: office.chains.add(TOKEN, own)) == "no_person"
    by_heads = office.chains.add(TOKEN, rule())
    assert code_of(lambda: office.chains.change(taro, by_heads.id, own)) == "own_chain"
    assert code_of(lambda: office.chains.change(TOKEN, by_heads.id, own)) == "no_person"
    named = office.chains.add(office.officer, own)  # another of personnel
    wider = own | {"from_min": 0}
    assert code_of(lambda: office.chains.change(taro, named.id, wider)) == "own_chain"
    office.chains.remove(taro, named.id)
    assert [each.id for each in office.chains.listed()] == [by_heads.id]


def test_a_delegation_holds_for_its_days_and_kinds_and_never_for_ones_own(office: Any) -> None:
    day = date(2026, 4, 7)
    wanted = DelegationWanted(office.ids["hana"], day, day)
    office.delegations.give(office.chief, wanted)
    found = office.overtime()
    office.pass_time(days=1)
    assert code_of(lambda: office.decide(office.hana, found)) == "own_application"
    office.delegations.give(
        office.chief, DelegationWanted(office.ids["taro"], day, day, (K.LEAVE,))
    )
    assert code_of(lambda: office.decide(office.who("taro"), found)) == "not_found"


def test_while_the_head_is_on_leave_the_head_above_may_decide(office: Any) -> None:
    office.grant(name="chief")
    body = LeaveBody(leave_kind="annual", first=MONDAY, last=MONDAY)
    away = office.apply(body, K.LEAVE, office.chief)
    found = office.overtime()
    assert code_of(lambda: office.decide(office.manager, found)) == "not_found"
    office.decide(office.manager, away)
    assert office.decide(office.manager, found).state is State.APPROVED
    entry = office.applications.seen(office.hana, found.id).trail[-1]
    assert entry.for_person_id == office.ids["chief"]


# --- leave ---------------------------------------------------------------------------------------


def test_approved_leave_is_taken_from_the_ledger_and_a_cancellation_gives_it_back(
    office: Any,
) -> None:
    office.grant(4)
    found = office.take_leave(date(2026, 4, 10), date(2026, 4, 13))  # Friday to Monday
    assert [each.work_date.day for each in found.claims] == [10, 13]
    office.decide(office.chief, found)
    assert office.leave.balances(office.hana, None, MONDAY)[0].lowest == Amount(0)
    with office.hub.core.db.read() as scope:
        claims = claims_between(scope, [found.person_id], MONDAY, date(2026, 4, 30), KINDS)
    explained = claims[found.person_id].explained
    assert {each.kind for each in explained} == {ExplainedKind.LEAVE}
    assert explained[0].spans == (Span(510, 720), Span(780, 1_035))
    asked = office.applications.ask_cancel(office.hana, found.id, "業務の都合")
    assert asked.state is State.CANCELLING
    with office.hub.core.db.read() as scope:  # it holds until that is approved
        assert claims_between(scope, [found.person_id], MONDAY, date(2026, 4, 30), KINDS)
    assert office.decide(office.chief, asked).state is State.CANCELLED
    assert office.leave.balances(office.hana, None, MONDAY)[0].lowest == Amount(4)
    with office.hub.core.db.read() as scope:
        assert claims_between(scope, [found.person_id], MONDAY, date(2026, 4, 30), KINDS) == {}


def test_a_cancellation_that_is_refused_or_dropped_leaves_it_approved(office: Any) -> None:
    found = office.overtime()
    office.decide(office.chief, found)
    for end in ("refused", "dropped"):
        office.applications.ask_cancel(office.hana, found.id, "中止")
        if end == "refused":
            state = office.decide(office.chief, found, Verdict.REJECT, "実施済み").state
        else:
            state = office.applications.withdraw(office.hana, found.id).state
        assert state is State.APPROVED
    assert office.told(found)[-4:] == [
        "cancel_asked",
        "cancel_refused",
        "cancel_asked",
        "cancel_dropped",
    ]


def test_a_decision_that_was_sent_twice_decides_no_cancellation(office: Any) -> None:
    """An approval whose answer was lost is sent again, after a cancellation was asked for."""
    found = office.overtime()
    ballot = Ballot(found.id, found.version, found.step)
    decide = office.decisions.decide
    decide(office.chief, ballot, Verdict.APPROVE)
    asked = office.applications.ask_cancel(office.hana, found.id, "中止")
    assert code_of(lambda: decide(office.chief, ballot, Verdict.APPROVE)) == "application_changed"
    office.applications.withdraw(office.hana, found.id)
    again = office.applications.ask_cancel(office.hana, found.id, "中止")
    old = Ballot(found.id, asked.version, asked.step)
    assert code_of(lambda: decide(office.chief, old, Verdict.APPROVE)) == "application_changed"
    new = Ballot(found.id, again.version, again.step)
    assert decide(office.chief, new, Verdict.APPROVE).state is State.CANCELLED


def test_more_leave_than_is_left_is_refused_what_waits_counted(office: Any) -> None:
    office.grant(2)
    office.take_leave(date(2026, 4, 8), part=LeavePart.MORNING)
    short = refusals_of(lambda: office.take_leave(date(2026, 4, 9)))
    assert short == [Refusal.LEAVE_SHORT]
    half = office.take_leave(date(2026, 4, 9), part=LeavePart.AFTERNOON)
    assert half.claims[0].spans == ((780, 1_035),)


def test_leave_used_up_meanwhile_is_refused_at_the_approval(office: Any) -> None:
    office.grant(2)
    found = office.take_leave(date(2026, 4, 8))
    office.leave.correct(
        office.personnel, office.ids["hana"], "annual", Amount(-2), MONDAY, "誤りの訂正"
    )
    assert refusals_of(lambda: office.decide(office.chief, found)) == [Refusal.LEAVE_SHORT]
    assert office.applications.seen(office.hana, found.id).application.state is State.SUBMITTED


def test_hours_of_leave_are_taken_in_whole_units_of_the_kind(office: Any) -> None:
    office.grant(2)
    day, hours = date(2026, 4, 8), LeavePart.HOURS
    odd = (SpanBody(510, 570), SpanBody(690, 840))  # an hour; 11:30 to 14:00 less the break
    refused = refusals_of(lambda: office.take_leave(day, part=hours, spans=odd))
    assert refused == [Refusal.LEAVE_HOUR_UNIT]
    even = (SpanBody(510, 570), SpanBody(660, 840))
    found = office.take_leave(day, part=hours, spans=even)
    assert (found.claims[0].minutes, found.claims[0].half_days) == (180, 0)
    office.decide(office.chief, found)
    left = office.leave.balances(office.hana, None, day)[0]
    assert left.left == Amount(2, -180)


# --- swaps ---------------------------------------------------------------------------------------


def test_a_swap_lies_in_its_window_and_becomes_a_claim(office: Any) -> None:
    saturday = date(2026, 4, 11)
    early, late = saturday - timedelta(days=29), saturday + timedelta(days=57)
    for off in (early, late):
        body = SwapBody(worked_date=saturday, off_date=off, reason="選挙事務")
        assert refusals_of(lambda b=body: office.apply(b, K.SWAP)) == [Refusal.OUTSIDE_WINDOW]
    body = SwapBody(worked_date=saturday, off_date=date(2026, 4, 13), reason="選挙事務")
    found = office.apply(body, K.SWAP)
    office.decide(office.chief, found)
    with office.hub.core.db.read() as scope:
        claims = claims_between(scope, [found.person_id], saturday, saturday, KINDS)
    assert claims[found.person_id].swaps[0].off_date == date(2026, 4, 13)
    again = SwapBody(worked_date=date(2026, 4, 12), off_date=date(2026, 4, 13), reason="選挙事務")
    assert Refusal.OVERLAPS_OTHER in refusals_of(lambda: office.apply(again, K.SWAP))


# --- applying for others, seeing ----------------------------------------------------------------


def test_personnel_apply_for_others_and_staff_only_for_themselves(office: Any) -> None:
    body = WorkBody(work_date=MONDAY, spans=(SpanBody(1_035, 1_095),), reason="災害対応")
    hana = office.ids["hana"]
    made = office.applications.create(
        office.personnel, K.OVERTIME, body, person_id=hana, submit=True
    )
    assert made.person_id == hana
    create = office.applications.create
    other = lambda: create(office.who("taro"), K.OVERTIME, body, person_id=hana)  # noqa: E731
    assert code_of(other) == "forbidden"
    seen = lambda: office.applications.seen(office.who("taro"), made.id)  # noqa: E731
    assert code_of(seen) == "not_found"
    assert office.applications.seen(office.chief, made.id).may_decide


def test_many_at_once_each_by_itself(office: Any) -> None:
    days = [date(2026, 4, 7), date(2026, 4, 8)]
    found = [office.overtime(day) for day in days]
    office.applications.withdraw(office.hana, found[0].id)
    ballots = [Ballot(each.id, each.version, each.step) for each in found]
    done = office.decisions.approve_all(office.chief, ballots)
    assert [each.problem.kind.code if each.problem else None for each in done] == [
        "application_state",
        None,
    ]
    assert done[1].state is State.APPROVED


# --- at once -------------------------------------------------------------------------------------


def test_of_an_approval_and_a_withdrawal_at_once_one_wins(office: Any) -> None:
    for number in range(3):
        found = office.overtime(date(2026, 4, 7) + timedelta(days=number))
        ballot, ends = Ballot(found.id, 1, 0), []
        ready = threading.Barrier(2)

        def run(work: Any, ends: list[str] = ends, ready: threading.Barrier = ready) -> None:
            ready.wait()
            try:
                ends.append(work().state.value)
            except Problem as problem:
                ends.append(problem.kind.code)

        works = (
            lambda b=ballot: office.decisions.decide(office.chief, b, Verdict.APPROVE),
            lambda f=found: office.applications.withdraw(office.hana, f.id),
        )
        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        state = office.applications.seen(office.hana, found.id).application.state
        assert sorted(ends) == sorted(["application_state", state.value])
        assert len(office.told(found)) == 3


def test_two_that_overlap_handed_in_at_once_do_not_both_get_in(office: Any) -> None:
    ends: list[str] = []
    ready = threading.Barrier(2)

    def run() -> None:
        ready.wait()
        try:
            ends.append(office.overtime().state.value)
        except Problem as problem:
            ends.append(problem.fields[0].code)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["overlaps_other", "submitted"]


def test_the_role_alone_decides_nothing(office: Any) -> None:
    found = office.overtime()
    viewer = office.who("nobody", Role.VIEWER)
    assert code_of(lambda: office.decide(viewer, found)) == "not_found"
