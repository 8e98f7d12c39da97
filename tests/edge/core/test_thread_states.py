"""The table of a watched thread: every state takes every look, and no fault is told twice."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from edge.core.thread_states import (
    PAUSES_S,
    PROBATION_S,
    TABLE,
    Move,
    Seen,
    ThreadRecord,
    ThreadState,
)

S = 1_000_000_000


def test_every_state_knows_every_look():
    assert TABLE.keys() == set(itertools.product(ThreadState, Seen))


def test_a_dead_thread_is_revived_at_once_then_ever_later_and_given_up_in_the_end():
    record, revived_at_s = ThreadRecord(), []
    for second in range(400):
        record.look(Seen.DEAD, second * S)
        if record.gives_up(second * S):
            break
        if record.is_due(second * S):
            revived_at_s.append(second)
    assert revived_at_s == list(itertools.accumulate(PAUSES_S))
    assert record.state is ThreadState.GIVEN_UP
    assert record.revived == len(PAUSES_S)


def test_a_thread_is_well_after_its_probation_and_not_before():
    record = ThreadRecord()
    assert record.look(Seen.SILENT, 0) is Move.TELL_HANGS
    assert record.look(Seen.BEATS, S) is Move.BACK
    assert not record.is_over(S + PROBATION_S * S - 1)
    assert record.is_over(S + PROBATION_S * S)
    assert record.state is ThreadState.WELL


def test_its_revivals_are_forgiven_after_an_hour_well():
    record = ThreadRecord(revived=3)
    record.look(Seen.BEATS, 3_599 * S)
    assert record.revived == 3
    record.look(Seen.BEATS, 3_600 * S)
    assert record.revived == 0


@given(st.lists(st.tuples(st.sampled_from(Seen), st.integers(1, 120)), max_size=60))
def test_whatever_is_seen_it_is_never_revived_while_its_thread_is_there(looks):
    record, now_ns = ThreadRecord(), 0
    for seen, step_s in looks:
        now_ns += step_s * S
        record.look(seen, now_ns)
        record.gives_up(now_ns)
        if record.is_due(now_ns):
            assert seen is Seen.DEAD
        assert 0 <= record.revived <= len(PAUSES_S)
