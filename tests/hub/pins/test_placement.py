"""A placement moves along its table and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.pins.placement import (
    AT_DOOR,
    LIVE,
    TRANSITIONS,
    PlacementEvent,
    PlacementState,
    Problem,
    Readiness,
    Standing,
    TransitionError,
    advance,
    readiness,
)

S, E = PlacementState, PlacementEvent


def test_the_ordinary_life_of_a_placement() -> None:
    state = S.DRAFT
    seen = [state]
    for event in (E.APPROVE, E.SEND, E.CONFIRM, E.START, E.END, E.REMOVE):
        state = advance(state, event)
        seen.append(state)
    assert seen == [S.DRAFT, S.SCHEDULED, S.PLACING, S.PLACED, S.ACTIVE, S.ENDED, S.REMOVED]


@given(st.lists(st.sampled_from(E), max_size=40))
def test_nothing_opens_again_once_it_is_revoked_ended_or_removed(events: list[E]) -> None:
    state, over = S.DRAFT, False
    for event in events:
        try:
            state = advance(state, event)
        except TransitionError:
            continue
        over = over or state not in LIVE
        assert not (over and state in LIVE)


@given(st.lists(st.sampled_from(E), max_size=40))
def test_placed_and_active_are_reached_by_confirmation_only(events: list[E]) -> None:
    state = S.DRAFT
    for event in events:
        try:
            after = advance(state, event)
        except TransitionError:
            continue
        if after is S.PLACED:
            assert event is E.CONFIRM
        if after is S.ACTIVE:
            assert state is S.PLACED
        state = after


def test_an_event_the_table_does_not_allow_is_named() -> None:
    with pytest.raises(
        TransitionError, match="confirm does not happen to a placement that is draft"
    ):
        advance(S.DRAFT, E.CONFIRM)


def test_every_state_is_reached_and_every_live_state_can_be_revoked() -> None:
    assert {*TRANSITIONS.values(), S.DRAFT} == set(S)
    for state in LIVE:
        revoked = advance(state, E.REVOKE)
        assert revoked is (S.REVOKING if state in AT_DOOR else S.REVOKED)


def test_a_booking_is_as_ready_as_its_worst_placement() -> None:
    placed, placing = Standing(S.PLACED), Standing(S.PLACING)
    assert readiness([placed, placed]) is Readiness.PLACED
    assert readiness([placed, placing]) is Readiness.PLACING
    broken = Standing(S.PLACING, frozenset({Problem.REJECTED}))
    assert readiness([placed, broken]) is Readiness.PROBLEM
    assert readiness([Standing(S.REVOKED)]) is Readiness.OVER
    assert readiness([]) is Readiness.OVER


def test_a_changed_pin_is_told_but_does_not_make_a_booking_unready() -> None:
    changed = Standing(S.PLACED, frozenset({Problem.PIN_CHANGED}))
    assert readiness([changed]) is Readiness.PLACED
