"""An application's life, whatever is asked of it in whatever order: Hypothesis plays applicant,
approvers and delegates against the services, and a model says what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.applications.bodies import ApplicationKind, LeaveBody, LeavePart
from hub.applications.deciding import Ballot, Verdict
from hub.applications.domain import (
    ACTIVE,
    HOLDS,
    TRANSITIONS,
    WAITING,
    Act,
    Approver,
    IllegalActError,
    State,
    Step,
    after,
)
from hub.leave.domain import Amount
from hub.web.problems import Problem

S, A = State, Act
ENDS = {S.REJECTED, S.WITHDRAWN, S.CANCELLED}


@given(st.sampled_from(list(State)), st.sampled_from(list(Act)))
def test_what_is_not_in_the_table_may_not_happen(state: State, act: Act) -> None:
    if (state, act) in TRANSITIONS:
        assert after(state, act) is TRANSITIONS[state, act]
    else:
        with pytest.raises(IllegalActError):
            after(state, act)


def test_ends_are_ends_and_every_other_state_can_be_left_and_reached() -> None:
    left = {state for state, _ in TRANSITIONS}
    assert set(State) - left == ENDS
    assert set(TRANSITIONS.values()) == set(State)
    assert HOLDS <= ACTIVE
    assert all((state, A.APPROVE) in TRANSITIONS for state in WAITING)


def test_what_counts_began_with_an_approval_and_ends_with_one_of_its_cancellation() -> None:
    into = {(s, a) for (s, a), to in TRANSITIONS.items() if s not in HOLDS and to in HOLDS}
    out = {(s, a) for (s, a), to in TRANSITIONS.items() if s in HOLDS and to not in HOLDS}
    assert into == {(S.SUBMITTED, A.APPROVE)}
    assert out == {(S.CANCELLING, A.APPROVE)}


HOLIDAYS = frozenset(date(2026, *day) for day in ((4, 29), (5, 4), (5, 5), (5, 6)))
"""Nobody takes leave on these."""


class Life(RuleBasedStateMachine):
    """Leave applications of half a day, a chain of two steps, a balance of ten half days."""

    office: Any
    offices: Callable[[], Any]
    START = 10

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.office = self.stack.enter_context(self.offices())
        self.office.grant(self.START)
        steps = (Step(approver=Approver.HEAD), Step(approver=Approver.PARENT_HEAD))
        self.office.chains.add(
            self.office.personnel,
            {
                "name": "r",
                "position": 1,
                "kinds": (),
                "department_id": None,
                "employment": None,
                "from_min": None,
                "steps": steps,
            },
        )
        self.model: dict[str, tuple[State, int, int]] = {}
        self.days: dict[str, date] = {}
        self.next_day = date(2026, 4, 7)

    def teardown(self) -> None:
        self.stack.close()

    # --- what is asked ---

    @rule(submit=st.booleans())
    def apply(self, submit: bool) -> None:
        while self.next_day.weekday() >= 5 or self.next_day in HOLIDAYS:
            self.next_day += timedelta(days=1)
        day, self.next_day = self.next_day, self.next_day + timedelta(days=1)
        service = self.office.applications
        enough = self._taken() < self.START
        made = self._try(
            lambda: service.create(
                self.office.hana, ApplicationKind.LEAVE, _body(day), submit=submit
            )
        )
        assert (made is not None) == (enough or not submit)
        if made is not None:
            self.model[made.id] = (S.SUBMITTED if submit else S.DRAFT, 1, 0)
            self.days[made.id] = day

    @precondition(lambda self: self.model)
    @rule(data=st.data(), old=st.booleans())
    def change(self, data: st.DataObject, old: bool) -> None:
        key, (state, version, _) = self._pick(data)
        given_version = version - 1 if old else version
        service = self.office.applications
        body = _body(self.days[key])
        done = self._try(lambda: service.change(self.office.hana, key, given_version, body))
        legal = (state, A.CHANGE) in TRANSITIONS and not old
        assert (done is not None) == legal
        if done is not None:
            self.model[key] = (state, version + 1, 0)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def submit(self, data: st.DataObject) -> None:
        key, (state, version, _) = self._pick(data)
        enough = self._taken() < self.START
        done = self._try(lambda: self.office.applications.submit(self.office.hana, key, version))
        assert (done is not None) == ((state, A.SUBMIT) in TRANSITIONS and enough)
        if done is not None:
            self.model[key] = (S.SUBMITTED, version, 0)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        key, (state, version, step) = self._pick(data)
        done = self._try(lambda: self.office.applications.withdraw(self.office.hana, key))
        assert (done is not None) == ((state, A.WITHDRAW) in TRANSITIONS)
        if done is not None:
            self.model[key] = (TRANSITIONS[state, A.WITHDRAW], version, step)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def ask_cancel(self, data: st.DataObject) -> None:
        key, (state, version, _) = self._pick(data)
        done = self._try(lambda: self.office.applications.ask_cancel(self.office.hana, key, "中止"))
        assert (done is not None) == (state is S.APPROVED)
        if done is not None:
            self.model[key] = (S.CANCELLING, version + 1, 0)

    @precondition(lambda self: self.model)
    @rule(
        data=st.data(),
        who=st.sampled_from(["chief", "manager", "hana", "taro"]),
        verdict=st.sampled_from([Verdict.APPROVE, Verdict.APPROVE, *Verdict]),
        stale=st.sampled_from([(0, 0)] * 4 + [(1, 0), (0, 1)]),
    )
    def decide(
        self, data: st.DataObject, who: str, verdict: Verdict, stale: tuple[int, int]
    ) -> None:
        key, (state, version, step) = self._pick(data)
        ballot = Ballot(key, version + stale[0], step + stale[1])
        decide = self.office.decisions.decide
        done = self._try(lambda: decide(self.office.who(who), ballot, verdict, "意見"))
        act = _act(verdict, step)
        asked = who == ("chief", "manager")[min(step, 1)]
        legal = state in WAITING and (state, act) in TRANSITIONS
        assert (done is not None) == (legal and asked and stale == (0, 0))
        if done is not None:
            to = TRANSITIONS[state, act]
            self.model[key] = (to, version, step + 1 if act is A.PASS_ON else step)

    # --- what must hold ---

    @invariant()
    def the_ledger_says_what_is_approved(self) -> None:
        holding = sum(state in HOLDS for state, *_ in self.model.values())
        end = date(2026, 12, 31)
        (annual, *_) = self.office.leave.balances(self.office.hana, None, end)
        assert annual.left == Amount(self.START - holding)

    @invariant()
    def everything_stands_as_the_model_says(self) -> None:
        for key, (state, version, step) in self.model.items():
            found = self.office.applications.seen(self.office.hana, key).application
            assert (found.state, found.version) == (state, version)
            assert state not in WAITING or found.step == step

    @invariant()
    def what_waits_stands_in_the_inbox_of_whom_it_asks(self) -> None:
        for number, name in enumerate(("chief", "manager")):
            inbox = {e.application.id for e in self.office.decisions.inbox(self.office.who(name))}
            waits = {k for k, (s, _, step) in self.model.items() if s in WAITING and step == number}
            assert inbox == waits

    # --- inside ---

    def _taken(self) -> int:
        return sum(state in ACTIVE for state, *_ in self.model.values())

    def _pick(self, data: st.DataObject) -> tuple[str, tuple[State, int, int]]:
        key = data.draw(st.sampled_from(sorted(self.model)))
        return key, self.model[key]

    @staticmethod
    def _try(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Problem:
            return None


def _body(day: date) -> LeaveBody:
    return LeaveBody(leave_kind="annual", first=day, last=day, part=LeavePart.MORNING)


def _act(verdict: Verdict, step: int) -> Act:
    if verdict is Verdict.APPROVE:
        return A.APPROVE if step >= 1 else A.PASS_ON
    return Act(verdict.value)


def test_whatever_is_asked_in_whatever_order(
    sqlite_template: Path, make_office: Callable[[Path], Any]
) -> None:
    @contextmanager
    def offices() -> Iterator[Any]:
        office = make_office(sqlite_template)
        try:
            yield office
        finally:
            office.hub.stop()

    here = type("Here", (Life,), {"offices": staticmethod(offices)})
    run_state_machine_as_test(
        here, settings=settings(max_examples=5, stateful_step_count=20, deadline=None)
    )
