"""The table of states, as a whole."""

from __future__ import annotations

import pytest

from firmware_bridge.osdp.states import (
    SECURED,
    SERVING,
    TRANSITIONS,
    IllegalSignalError,
    LinkState,
    Signal,
    advance,
)


def test_every_state_can_be_lost_and_then_is_offline() -> None:
    assert {advance(state, Signal.LOST) for state in LinkState} == {LinkState.OFFLINE}


def test_there_is_one_way_to_serve_and_it_leads_through_the_secure_channel() -> None:
    def ways(state: LinkState, seen: tuple[LinkState, ...]) -> list[tuple[LinkState, ...]]:
        path = (*seen, state)
        if state in SERVING:
            return [path]
        following = set(TRANSITIONS[state].values()) - set(path)
        return [way for after in following for way in ways(after, path)]

    assert ways(LinkState.OFFLINE, ()) == [
        (
            LinkState.OFFLINE,
            LinkState.HELLO,
            LinkState.CHALLENGING,
            LinkState.PROVING,
            LinkState.IDENTIFYING,
            LinkState.ASKING_CAPABILITIES,
            LinkState.DRAINING,
        )
    ]


def test_the_default_key_leads_nowhere_but_back() -> None:
    assert TRANSITIONS[LinkState.KEYING] == {Signal.LOST: LinkState.OFFLINE}


def test_what_serves_is_secured() -> None:
    assert SERVING < SECURED


@pytest.mark.parametrize("state", LinkState)
@pytest.mark.parametrize("signal", Signal)
def test_a_signal_that_the_table_does_not_know_is_refused(state: LinkState, signal: Signal) -> None:
    if signal not in TRANSITIONS[state]:
        with pytest.raises(IllegalSignalError, match=f"{signal.value} in state {state.value}"):
            advance(state, signal)
