"""Case 12 of attendance: data that arrives after closing. A closed month's figures never change:
what differs is an adjustment, and what was signed plus every adjustment is a fresh derivation."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.attendance.corrections import record
from hub.attendance.domain import CorrectionAction, CorrectionWish, start_of
from hub.happenings import repository as happenings
from hub.timesheets import beside
from hub.timesheets import closing_repository as rows
from hub.timesheets.closing_domain import AdjustmentCause, AdjustmentState
from hub.timesheets.closings import CarriedError
from hub.timesheets.figures import Amount, Figures, Line, figures_of
from hub.timesheets.settled_months import closed_through, settled_month
from hub.timesheets.snapshots import result_of
from hub.worktime.domain import Bucket, Month, PayClass
from wire.events import PunchDirection

APRIL, MAY, JUNE = Month(2026, 4), Month(2026, 5), Month(2026, 6)
IN, OUT = PunchDirection.IN, PunchDirection.OUT
OVERTIME = Line(Bucket(PayClass.OVERTIME), 125, True)
FRIDAY = date(2026, 4, 10)
Close = Callable[..., Any]


def fresh(office: Any, person: str, month: Month = APRIL) -> Figures:
    with office.db.read() as scope:
        derived = office.hall.months(scope, month, [person])
    return figures_of(derived[person].result) if person in derived else Figures()


def settled(office: Any, person: str, month: Month = APRIL) -> Any:
    with office.db.read() as scope:
        return settled_month(scope, person, month)


def add_out(office: Any, person: str, day: date, minute: int) -> Any:
    at = start_of(day) + timedelta(minutes=minute)
    wish = CorrectionWish(
        action=CorrectionAction.ADD, person_id=person, at=at, direction=OUT, cause="押し忘れ"
    )
    now = office.clock.now()
    return office.db.write(lambda s: record(s, now, wish, asked_by="person:x", approved_by="u"))


def test_an_offline_batch_after_closing_leaves_the_figures_and_becomes_an_adjustment(
    office: Any, closed: Close
) -> None:
    ann = office.hire("安藤")
    office.works(ann, date(2026, 4, 9))
    office.at(date(2026, 5, 7))
    closed()
    before = settled(office, ann)
    office.works(ann, FRIDAY, 510, 1035, late=True)
    office.at(date(2026, 5, 8))
    office.run_chore()
    after = settled(office, ann)
    assert after.closed == before.closed
    assert after.signed == before.signed == figures_of(result_of(before.closed.result))
    (found,) = after.adjustments
    assert found.figures.counters == {"regular_min": 465, "days_worked": 1}
    assert found.causes == (AdjustmentCause.LATE_PUNCH,)
    assert found.added == ("punch:3", "punch:4")
    assert found.work_dates == (FRIDAY,)
    assert found.state is AdjustmentState.OPEN
    assert after.now == fresh(office, ann)


def test_sheets_show_what_was_signed_and_what_came_since(office: Any, closed: Close) -> None:
    ann, bob = office.hire("安藤"), office.hire("坂東", "welfare")
    office.works(ann, FRIDAY)
    office.at(date(2026, 5, 7))
    made = closed()
    office.works(ann, date(2026, 4, 13), late=True)
    office.run_chore()
    both = [ann, bob]
    with office.db.read() as scope:
        assert beside.closings_of(scope, APRIL, both) == {ann: made}
        assert figures_of(beside.signed_of(scope, APRIL, both)[ann]) == settled(office, ann).signed
        assert beside.adjustments_of(scope, APRIL, both) == {ann: settled(office, ann).adjustments}
        assert beside.divergences_of(scope, APRIL, both) == {}
        assert beside.is_closed(scope, ann, FRIDAY)
        assert not beside.is_closed(scope, bob, FRIDAY)


def test_an_application_approved_after_closing_moves_minutes_and_rounding_exactly(
    office: Any, closed: Close
) -> None:
    """29 minutes signed as nothing; one more minute makes an hour of it."""
    ann = office.hire("安藤")
    office.works(ann, FRIDAY, 510, 1080)
    office.approves(ann, FRIDAY, 1035, 1064)
    office.at(date(2026, 5, 7))
    closed()
    assert settled(office, ann).signed.lines == {OVERTIME: Amount(29, 0)}
    order = office.approves(ann, FRIDAY, 1064, 1065)
    office.run_chore()
    (found,) = settled(office, ann).adjustments
    assert found.figures.lines == {OVERTIME: Amount(1, 60)}
    assert found.causes == (AdjustmentCause.APPLICATION,)
    assert found.added == (f"order:{order}",)
    assert settled(office, ann).now == fresh(office, ann)


def test_a_correction_after_closing_names_itself_as_the_cause(office: Any, closed: Close) -> None:
    ann = office.hire("安藤")
    office.punch(ann, FRIDAY, 510, IN)
    office.at(date(2026, 5, 7))
    closed()
    made = add_out(office, ann, FRIDAY, 1035)
    office.run_chore()
    (found,) = settled(office, ann).adjustments
    assert found.causes == (AdjustmentCause.LATE_PUNCH, AdjustmentCause.CORRECTION)
    assert f"correction:{made.id}" in found.added
    assert found.figures.counters["regular_min"] == 465


def test_each_adjustment_names_the_dates_that_changed_since_the_one_before(
    office: Any, closed: Close
) -> None:
    """Not those of an earlier adjustment again; a rate that changed names none."""
    ann = office.hire("安藤")
    office.works(ann, FRIDAY, 510, 1095)
    office.approves(ann, FRIDAY, 1035, 1095)
    office.at(date(2026, 5, 7))
    closed()
    for day in (13, 14):
        office.works(ann, date(2026, 4, day), late=True)
        office.run_chore()
    office.hall.percent = 135
    office.db.write(lambda scope: office.adjusting.settle(scope, ann, APRIL, office.clock.now()))
    first, second, third = settled(office, ann).adjustments
    assert first.work_dates == (date(2026, 4, 13),)
    assert second.work_dates == (date(2026, 4, 14),)
    assert (third.work_dates, third.causes) == ((), (AdjustmentCause.RULES,))


def test_a_replayed_batch_makes_no_adjustment(office: Any, closed: Close) -> None:
    """The same punches again mark their dates, and nothing differs."""
    ann = office.hire("安藤")
    office.works(ann, FRIDAY)
    office.at(date(2026, 5, 7))
    closed()
    office.approves(ann, FRIDAY, 1200, 1230)  # ordered, and nobody was there
    office.run_chore()
    office.run_chore()
    assert settled(office, ann).adjustments == ()


def test_what_is_taken_back_is_an_adjustment_the_other_way(office: Any, closed: Close) -> None:
    ann = office.hire("安藤")
    office.works(ann, FRIDAY, 510, 1095)
    order = office.approves(ann, FRIDAY, 1035, 1095)
    office.at(date(2026, 5, 7))
    closed()
    office.hall.orders[ann].clear()
    office.works(ann, date(2026, 4, 13), late=True)  # marks the month
    office.run_chore()
    (found,) = settled(office, ann).adjustments
    assert found.work_dates == (FRIDAY, date(2026, 4, 13))
    assert found.figures.lines == {OVERTIME: Amount(-60, -60)}
    assert found.removed == (f"order:{order}",)
    assert settled(office, ann).now == fresh(office, ann)


def test_an_ordinance_changed_backwards_moves_minutes_from_one_rate_to_another(
    office: Any, closed: Close
) -> None:
    ann = office.hire("安藤")
    office.works(ann, FRIDAY, 510, 1095)
    office.approves(ann, FRIDAY, 1035, 1095)
    office.at(date(2026, 5, 7))
    closed()
    office.hall.percent = 130
    office.db.write(lambda scope: office.adjusting.settle(scope, ann, APRIL, office.clock.now()))
    (found,) = settled(office, ann).adjustments
    assert found.causes == (AdjustmentCause.RULES,)
    higher = Line(Bucket(PayClass.OVERTIME), 130, True)
    assert found.figures.lines == {OVERTIME: Amount(-60, -60), higher: Amount(60, 60)}


def test_an_adjustment_is_signed_and_carried_into_the_next_month_that_is_closed(
    office: Any, closed: Close
) -> None:
    ann = office.hire("安藤")
    office.works(ann, FRIDAY)
    office.at(date(2026, 5, 7))
    closed()
    office.works(ann, date(2026, 4, 13), late=True)
    office.run_chore()
    office.works(ann, date(2026, 5, 11))
    office.at(date(2026, 6, 5))
    made = closed(month=MAY)
    (found,) = settled(office, ann).adjustments
    assert (found.state, found.carried_into) == (AdjustmentState.CARRIED, "2026-05")
    assert found.carried_by == made.id
    assert "unsigned_adjustment" in [each.kind for each in made.overridden]
    assert settled(office, ann).now == fresh(office, ann)
    with pytest.raises(CarriedError):
        office.db.write(
            lambda scope: office.closings.reopen(
                scope, "tax", APRIL, "session:p", office.clock.now(), "誤り"
            )
        )


def test_what_a_month_has_taken_up_is_signed_no_more_and_never_paid_twice(
    office: Any, closed: Close, admin: TestClient
) -> None:
    ann = office.hire("安藤")
    office.works(ann, FRIDAY)
    office.at(date(2026, 5, 7))
    closed()
    office.works(ann, date(2026, 4, 13), late=True)
    office.run_chore()
    office.works(ann, date(2026, 5, 11))
    office.works(ann, date(2026, 6, 8))
    office.at(date(2026, 6, 5))
    closed(month=MAY)
    (found,) = settled(office, ann).adjustments
    refused = admin.post(f"/api/v1/attendance/adjustments/{found.id}/sign", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "month_closed")
    office.at(date(2026, 7, 6))
    closed(month=JUNE)
    (again,) = settled(office, ann).adjustments
    assert (again.state, again.carried_into) == (AdjustmentState.CARRIED, "2026-05")


def test_those_who_left_have_their_adjustment_carried_by_their_last_department(
    office: Any, closed: Close
) -> None:
    ann, bob = office.hire("安藤"), office.hire("坂東")
    office.works(ann, FRIDAY)
    office.works(bob, FRIDAY)
    office.moves(ann, date(2026, 5, 1), "")
    office.at(date(2026, 5, 7))
    closed()
    office.works(ann, date(2026, 4, 13), late=True)
    office.works(bob, date(2026, 5, 11))
    office.at(date(2026, 6, 5))
    office.run_chore()
    closed(month=MAY)
    assert settled(office, ann).adjustments[0].carried_into == "2026-05"


def test_opening_again_withdraws_what_nothing_has_taken_up(office: Any, closed: Close) -> None:
    ann = office.hire("安藤")
    office.works(ann, FRIDAY)
    office.at(date(2026, 5, 7))
    first = closed()
    office.works(ann, date(2026, 4, 13), late=True)
    office.run_chore()
    now = office.clock.now()
    office.db.write(
        lambda scope: office.closings.reopen(scope, "tax", APRIL, "session:p", now, "計算誤り")
    )
    assert settled(office, ann) is None
    second = closed()
    assert (first.round, second.round) == (1, 2)
    again = settled(office, ann)
    assert again.adjustments == ()
    assert again.signed == fresh(office, ann)
    with office.db.read() as scope:
        (withdrawn,) = rows.adjustments_of(scope, ann, "2026-04")
        kept = rows.closed_people(scope, first.id)
    assert (withdrawn.state, withdrawn.remark) == (AdjustmentState.WITHDRAWN, "計算誤り")
    assert [each.in_force for each in kept] == [False]


def test_somebody_put_into_a_closed_department_is_all_adjustment(
    office: Any, closed: Close
) -> None:
    office.hire("安藤")
    office.at(date(2026, 5, 7))
    closed()
    bob = office.hire("坂東")
    office.works(bob, FRIDAY, late=True)
    office.run_chore()
    found = settled(office, bob)
    assert found.closed.result is None
    assert found.adjustments[0].causes == (AdjustmentCause.JOINED_LATE,)
    assert found.now == fresh(office, bob)


def test_it_is_told_in_the_transaction(office: Any, closed: Close) -> None:
    ann = office.hire("安藤")
    office.works(ann, FRIDAY)
    office.at(date(2026, 5, 7))
    closed()
    office.works(ann, date(2026, 4, 13), late=True)
    office.run_chore()
    with office.db.read() as scope:
        kinds = [each.kind.value for each in happenings.after(scope, 0, 50)]
        assert closed_through(scope, FRIDAY, person_id=ann)
        assert closed_through(scope, FRIDAY, department_id="tax")
        assert not closed_through(scope, date(2026, 5, 1), person_id=ann)
    assert [each for each in kinds if each.startswith("attendance.")] == [
        "attendance.month_closed",
        "attendance.adjusted",
    ]


# --- the property --------------------------------------------------------------------------------

DAYS = st.sampled_from([6, 7, 8, 9, 10, 30])
LATE = st.lists(
    st.one_of(
        st.tuples(st.just("works"), DAYS, st.integers(400, 900), st.integers(1, 500)),
        st.tuples(st.just("order"), DAYS, st.integers(1000, 1150), st.integers(1, 200)),
        st.tuples(st.just("punch"), DAYS, st.integers(0, 1439), st.sampled_from([IN, OUT])),
        st.tuples(st.just("out"), DAYS, st.integers(600, 1439), st.just(0)),
        st.tuples(st.just("unorder"), st.integers(0, 2), st.just(0), st.just(0)),
        st.tuples(st.just("sign"), st.just(0), st.just(0), st.just(0)),
        st.tuples(st.just("close"), st.just(0), st.just(0), st.just(0)),
    ),
    min_size=3,
    max_size=10,
)


class TestProperty:
    @pytest.fixture
    def database_at(self, sqlite_at: str) -> str:
        """It is about sums, not about the kind of database."""
        return sqlite_at

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(LATE)
    def test_signed_plus_all_adjustments_is_a_fresh_derivation(
        self, office: Any, closed: Close, steps: list[tuple[str, Any, Any, Any]]
    ) -> None:
        """Whatever comes late, in whatever order, and whichever months are closed meanwhile."""
        ann = office.hire(f"人{office.number}-{len(office.people)}")
        for day in (6, 7, 8):
            office.works(ann, date(2026, 4, day), 510, 1000 + day * 20)
        office.approves(ann, date(2026, 4, 7), 1035, 1100)
        office.at(date(2026, 5, 7))
        with office.db.read() as scope:
            again = rows.closing(scope, "tax", "2026-04") is not None
        if not again:
            closed()
        else:  # the department is closed already: all of theirs is an adjustment
            office.run_chore()
        before = settled(office, ann)
        month = MAY
        for what, one, two, three in steps:
            if what == "works":
                office.works(ann, date(2026, 4, one), two, two + three, late=True)
            elif what == "punch":
                office.punch(ann, date(2026, 4, one), two, three, late=True)
            elif what == "order":
                office.approves(ann, date(2026, 4, one), two, two + three)
            elif what == "out":
                add_out(office, ann, date(2026, 4, one), two)
            elif what == "unorder" and len(office.hall.orders[ann]) > one:
                gone = office.hall.orders[ann].pop(one)
                office.db.write(lambda scope, day=gone.work_date: _touch(scope, office, ann, day))
            elif what == "sign":
                _sign_all(office, ann)
            elif what == "close" and month <= JUNE:
                office.at(month.last + timedelta(days=5))
                with office.db.read() as scope:
                    is_closed = rows.closing(scope, "tax", str(month)) is not None
                if not is_closed:
                    closed(month=month)
                month = month.plus(1)
            office.run_chore()
            now = settled(office, ann)
            assert now.closed == before.closed
            assert now.now == fresh(office, ann)
        office.at(date(2026, 5, 7)) if office.clock.now() < start_of(date(2026, 5, 7)) else None


def _touch(scope: Any, office: Any, person: str, day: date) -> None:
    from hub.attendance.touched import touch

    touch(scope, person, day, day, office.clock.now())


def _sign_all(office: Any, person: str) -> None:
    from dataclasses import replace

    def work(scope: Any) -> None:
        for each in rows.adjustments_of(scope, person, "2026-04"):
            if each.state is AdjustmentState.OPEN:
                rows.keep_adjustment(
                    scope, replace(each, state=AdjustmentState.SIGNED, signed_by="p")
                )

    office.db.write(work)


# --- at the same time ----------------------------------------------------------------------------


@pytest.mark.postgres
class TestAtOnce:
    @pytest.fixture
    def database_at(self, postgresql_at: str) -> str:
        """On SQLite there is one writer."""
        return postgresql_at

    def test_a_punch_that_commits_while_a_month_is_closed_is_never_lost(
        self, office: Any, closed: Close
    ) -> None:
        """The punch is written and not committed while the closing reads; it commits after."""
        ann = office.hire("安藤")
        office.works(ann, date(2026, 4, 9))
        office.at(date(2026, 5, 7))
        written, shut = threading.Event(), threading.Event()

        def late(scope: Any) -> None:
            office.punch_in(scope, ann, FRIDAY, 510, IN, late=True)
            office.punch_in(scope, ann, FRIDAY, 1035, OUT, late=True)
            written.set()
            assert shut.wait(20)

        other = threading.Thread(target=office.db.write, args=(late,))
        other.start()
        assert written.wait(20)
        closed()  # does not wait for the punch
        shut.set()
        other.join(20)
        signed = settled(office, ann)
        assert signed.signed.counters["days_worked"] == 1
        office.run_chore()
        after = settled(office, ann)
        assert after.closed == signed.closed
        assert after.adjustments[0].figures.counters["days_worked"] == 1
        assert after.now == fresh(office, ann)

    def test_an_approval_that_commits_while_a_month_is_closed_is_never_lost(
        self, office: Any, closed: Close
    ) -> None:
        ann = office.hire("安藤")
        office.works(ann, FRIDAY, 510, 1095)
        office.at(date(2026, 5, 7))
        written, shut = threading.Event(), threading.Event()

        def approve(scope: Any) -> None:
            _touch(scope, office, ann, FRIDAY)
            written.set()
            assert shut.wait(20)

        other = threading.Thread(target=office.db.write, args=(approve,))
        other.start()
        assert written.wait(20)
        closed()
        from hub.worktime.domain import Order
        from hub.worktime.minutes import Span

        office.hall.orders[ann].append(Order("o1", FRIDAY, (Span(1035, 1095),)))
        shut.set()
        other.join(20)
        office.run_chore()
        (found,) = settled(office, ann).adjustments
        assert found.figures.lines == {OVERTIME: Amount(60, 60)}

    def test_a_mark_is_not_taken_as_settled_while_a_closing_that_did_not_see_it_commits(
        self, office: Any, closed: Close
    ) -> None:
        """The closing has read, the punch commits, and the chore comes before the closing does."""
        ann = office.hire("安藤")
        office.works(ann, date(2026, 4, 9))
        office.at(date(2026, 5, 7))
        office.run_chore()
        has_read, go_on = threading.Event(), threading.Event()

        def close(scope: Any) -> None:
            now = office.clock.now()
            office.closings.close(scope, "tax", APRIL, "session:p", now, "期限")
            has_read.set()
            assert go_on.wait(20)

        closing = threading.Thread(target=office.db.write, args=(close,))
        closing.start()
        assert has_read.wait(20)
        office.works(ann, FRIDAY, 510, 1035, late=True)
        office.at(date(2026, 5, 8))
        chore = threading.Thread(target=office.run_chore)
        chore.start()
        chore.join(0.5)  # it waits for the closing, and is not through with the mark
        go_on.set()
        closing.join(20)
        chore.join(20)
        assert settled(office, ann).signed.counters["days_worked"] == 1
        assert settled(office, ann).now == fresh(office, ann)

    def test_two_who_close_at_once_close_once(self, office: Any, closed: Close) -> None:
        ann = office.hire("安藤")
        office.works(ann, FRIDAY)
        office.at(date(2026, 5, 7))
        outcomes: list[str] = []

        def close() -> None:
            try:
                outcomes.append(f"round {closed().round}")
            except Exception as error:
                outcomes.append(type(error).__name__)

        both = [threading.Thread(target=close) for _ in range(4)]
        for each in both:
            each.start()
        for each in both:
            each.join(20)
        assert sorted(outcomes) == ["AlreadyClosedError"] * 3 + ["round 1"]

    def test_settling_and_opening_again_do_not_wait_in_a_circle(
        self, office: Any, closed: Close
    ) -> None:
        people = [office.hire(f"人{n}") for n in range(4)]
        for each in people:
            office.works(each, FRIDAY)
        office.at(date(2026, 5, 7))
        closed()
        for each in people:
            office.works(each, date(2026, 4, 13), late=True)
        failed: list[BaseException] = []

        def settle() -> None:
            try:
                office.run_chore()
            except BaseException as error:
                failed.append(error)

        def reopen() -> None:
            try:
                now = office.clock.now()
                office.db.write(
                    lambda s: office.closings.reopen(s, "tax", APRIL, "session:p", now, "誤り")
                )
                closed()
            except BaseException as error:
                failed.append(error)

        both = [threading.Thread(target=settle), threading.Thread(target=reopen)]
        for each in both:
            each.start()
        for each in both:
            each.join(20)
        assert failed == []
        office.run_chore()
        for each in people:
            assert settled(office, each).now == fresh(office, each)

    def test_an_adjustment_is_withdrawn_by_opening_again_or_taken_up_and_never_both(
        self, office: Any, closed: Close
    ) -> None:
        """May is closed, and not committed, while April is opened again."""
        ann = office.hire("安藤")
        office.works(ann, FRIDAY)
        office.at(date(2026, 5, 7))
        closed()
        office.works(ann, date(2026, 4, 13), late=True)
        office.run_chore()
        office.at(date(2026, 6, 5))
        now = office.clock.now()
        taken, asked = threading.Event(), threading.Event()
        said: list[str] = []

        def close_may(scope: Any) -> None:
            office.closings.close(scope, "tax", MAY, "session:p", now, "期限のため")
            taken.set()
            assert asked.wait(20)
            time.sleep(0.3)  # long enough for the other to have read what stood before

        def open_april() -> None:
            assert taken.wait(20)
            asked.set()
            try:
                office.db.write(
                    lambda s: office.closings.reopen(s, "tax", APRIL, "session:p", now, "誤り")
                )
            except CarriedError:
                said.append("carried")

        other = threading.Thread(target=open_april)
        other.start()
        office.db.write(close_may)
        other.join(20)
        (found,) = settled(office, ann).adjustments
        assert said == ["carried"]
        assert (found.state, found.carried_into) == (AdjustmentState.CARRIED, "2026-05")
