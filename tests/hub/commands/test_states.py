"""A command's state follows its table, however late and disordered the events come."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.commands.states import BY_OUTCOME, OVER, CommandEvent, CommandState, advance
from wire.events import ActOutcome

S, E = CommandState, CommandEvent


def after(*events: CommandEvent) -> CommandState:
    state = S.SENT
    for event in events:
        state = advance(state, event)
    return state


def test_a_command_that_is_carried_out_is_received_then_done() -> None:
    assert after(E.RECEIVED) is S.RECEIVED
    assert after(E.RECEIVED, E.DONE) is S.DONE


@pytest.mark.parametrize("events", [*permutations((E.RECEIVED, E.DONE, E.LIFE_OVER))])
def test_an_outcome_wins_in_whatever_order_the_rest_arrives(
    events: tuple[CommandEvent, ...],
) -> None:
    assert after(*events) is S.DONE


def test_silence_until_the_life_is_over_is_unknown_never_failed() -> None:
    assert after(E.LIFE_OVER) is S.UNKNOWN
    assert after(E.RECEIVED, E.LIFE_OVER) is S.UNKNOWN


@given(st.lists(st.sampled_from(E), max_size=20))
def test_an_outcome_once_known_never_changes(events: list[CommandEvent]) -> None:
    state, known = S.SENT, None
    for event in events:
        state = advance(state, event)
        if known is not None:
            assert state is known
        if state in OVER - {S.UNKNOWN}:
            known = state


def test_every_outcome_a_controller_can_report_means_something_here() -> None:
    assert set(BY_OUTCOME) == set(ActOutcome)
