"""Corrections folded over punches: the original stays, and what became of it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.attendance.corrected import CorrectionProblem, corrected, problem_of
from hub.attendance.derivation import derive_days
from hub.attendance.domain import (
    Correction,
    CorrectionAction,
    CorrectionWish,
    DayProblem,
    Flag,
    Ignored,
    Punch,
    Rules,
)
from wire.events import PunchDirection

A = CorrectionAction
IN, OUT, TAP = PunchDirection.IN, PunchDirection.OUT, PunchDirection.INFERRED
MORNING = datetime(2026, 4, 5, 23, 30, tzinfo=UTC)  # 08:30 of Monday in Tokyo
EVENING = MORNING + timedelta(hours=8, minutes=45)
NOW = MORNING + timedelta(days=3)


def punch(number: int, direction: PunchDirection, at: datetime, **other: object) -> Punch:
    values: dict[str, object] = {"corrected_at": at, "trusted": True, "received_at": at} | other
    return Punch(
        id=number,
        person_id="hanako",
        reader_id="r",
        door_id=None,
        credential_id="c",
        direction=direction,
        at=at,
        **values,  # type: ignore[arg-type]
    )


def correction(seq: int, action: CorrectionAction, punch_id: int, **other: object) -> Correction:
    values: dict[str, object] = {"at": None, "direction": None} | other
    return Correction(
        id=f"c{seq}",
        seq=seq,
        person_id="hanako",
        punch_id=punch_id,
        action=action,
        original_at=None,
        original_direction=None,
        cause="申出",
        asked_by="session:u",
        approved_by="session:u",
        application_id=None,
        recorded_at=NOW,
        **values,  # type: ignore[arg-type]
    )


def day(punches: list[Punch], *corrections: Correction):  # type: ignore[no-untyped-def]
    read = corrected(punches, corrections)
    (found,) = derive_days(read.values(), Rules(), NOW)
    return found


def test_a_forgotten_out_is_added_and_says_that_nobody_tapped() -> None:
    added = correction(7, A.ADD, -7, at=EVENING, direction=OUT)
    found = day([punch(1, IN, MORNING)], added)
    assert found.worked_min == 465
    assert found.problems == ()
    out = found.punches[1]
    assert (out.punch.id, out.punch.added, out.flags) == (-7, True, (Flag.ADDED,))
    assert out.punch.corrected_by == "c7"


def test_a_moved_punch_counts_at_its_new_time_and_keeps_its_old_one() -> None:
    late = punch(2, OUT, EVENING + timedelta(minutes=40))
    found = day([punch(1, IN, MORNING), late], correction(1, A.MOVE, 2, at=EVENING))
    assert found.worked_min == 465
    read = found.punches[1]
    assert read.punch.original_at == late.corrected_at
    assert read.punch.at == late.at
    assert Flag.MOVED in read.flags


def test_a_turned_punch_says_what_it_was() -> None:
    found = day(
        [punch(1, IN, MORNING), punch(2, IN, EVENING)], correction(1, A.TURN, 2, direction=OUT)
    )
    assert found.worked_min == 465
    assert found.punches[1].punch.original_direction is IN
    assert Flag.TURNED in found.punches[1].flags


def test_a_voided_punch_is_shown_and_does_not_count_until_it_is_restored() -> None:
    punches = [
        punch(1, IN, MORNING),
        punch(2, OUT, EVENING),
        punch(3, IN, EVENING + timedelta(hours=1)),
    ]
    void = correction(1, A.VOID, 3)
    found = day(punches, void)
    assert found.punches[2].ignored is Ignored.VOIDED
    assert found.problems == ()
    again = day(punches, void, correction(2, A.RESTORE, 3))
    assert again.problems == (DayProblem.MISSING_OUT,)
    assert again.punches[2].ignored is None


def test_a_persons_word_makes_an_untrusted_time_count() -> None:
    unsure = punch(1, IN, MORNING, trusted=False)
    out = punch(2, OUT, EVENING)
    assert day([unsure, out]).problems == (DayProblem.MISSING_IN, DayProblem.WAITING)
    found = day([unsure, out], correction(1, A.MOVE, 1, at=MORNING))
    assert found.problems == ()
    assert found.worked_min == 465


def test_a_persons_word_makes_a_time_from_the_future_count() -> None:
    ahead = punch(1, OUT, EVENING, received_at=EVENING - timedelta(hours=2))
    assert day([punch(2, IN, MORNING), ahead]).problems == (
        DayProblem.MISSING_OUT,
        DayProblem.WAITING,
    )
    found = day([punch(2, IN, MORNING), ahead], correction(1, A.MOVE, 1, at=EVENING))
    assert found.worked_min == 465


def test_an_added_punch_is_corrected_like_any_other() -> None:
    added = correction(1, A.ADD, -1, at=EVENING, direction=OUT)
    later = correction(2, A.MOVE, -1, at=EVENING + timedelta(minutes=15))
    assert day([punch(1, IN, MORNING)], added, later).worked_min == 480
    gone = correction(3, A.VOID, -1)
    assert day([punch(1, IN, MORNING)], added, later, gone).problems == (DayProblem.MISSING_OUT,)


def test_a_correction_waits_for_a_punch_that_is_not_there_yet() -> None:
    """A replay makes punches anew, one after the other."""
    assert corrected([], [correction(1, A.VOID, 9)]) == {}


STEPS = st.lists(
    st.tuples(
        st.sampled_from([A.MOVE, A.TURN, A.VOID, A.RESTORE]),
        st.integers(-600, 600),
        st.sampled_from([IN, OUT]),
    ),
    max_size=8,
)


@given(STEPS, st.randoms(use_true_random=False))
def test_whatever_is_corrected_the_original_stays_and_order_of_arrival_does_not_matter(
    steps: list[tuple[CorrectionAction, int, PunchDirection]], chance: object
) -> None:
    raw = punch(1, IN, MORNING)
    made = [
        correction(
            seq,
            action,
            1,
            at=MORNING + timedelta(minutes=by) if action is A.MOVE else None,
            direction=way if action is A.TURN else None,
        )
        for seq, (action, by, way) in enumerate(steps, 1)
    ]
    first = corrected([raw], made)[1]
    shuffled = list(made)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert corrected([raw], shuffled)[1] == first
    kept = replace(
        first,
        corrected_at=raw.corrected_at,
        direction=raw.direction,
        voided=False,
        corrected_by=None,
        original_at=None,
        original_direction=None,
    )
    assert kept == raw
    if made:
        assert (first.original_at, first.original_direction) == (MORNING, IN)
        last_void = [each for each in made if each.action in (A.VOID, A.RESTORE)]
        assert first.voided is bool(last_void and last_void[-1].action is A.VOID)


def test_what_cannot_be_corrected_is_refused_by_name() -> None:
    def asked(action: CorrectionAction, before: Punch | None = None, **other: object) -> object:
        values: dict[str, object] = {"punch_id": 1} | other
        wish = CorrectionWish(action=action, person_id="hanako", **values)  # type: ignore[arg-type]
        return problem_of(wish, before, NOW)

    P = CorrectionProblem
    raw = punch(1, IN, MORNING)
    void = replace(raw, voided=True, corrected_by="c")
    assert asked(A.VOID) is P.NO_PUNCH
    assert asked(A.VOID, replace(raw, person_id="taro")) is P.NO_PUNCH
    assert asked(A.ADD, direction=IN) is P.NEEDS_INSTANT
    assert asked(A.ADD, at=MORNING) is P.NEEDS_DIRECTION
    assert asked(A.ADD, at=MORNING, direction=TAP) is P.NEEDS_DIRECTION
    assert asked(A.ADD, at=NOW + timedelta(seconds=1), direction=IN) is P.IN_FUTURE
    assert asked(A.MOVE, raw, at=MORNING) is P.SAME
    assert asked(A.TURN, raw, direction=IN) is P.SAME
    assert asked(A.VOID, void) is P.ALREADY_VOID
    assert asked(A.MOVE, void, at=EVENING) is P.ALREADY_VOID
    assert asked(A.RESTORE, raw) is P.NOT_VOID
    assert asked(A.MOVE, replace(raw, trusted=False), at=MORNING) is None
    assert asked(A.ADD, at=NOW, direction=IN) is None
    assert asked(A.RESTORE, void) is None
