"""The life of a session as its host sees it: a table of states and signals.

A signal that a state does not list is a mistake in our own code: `advance` raises and the state
stays. Only GREETING and OPENING use the wire in clear; there is no way to OPEN past both proofs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class HostState(StrEnum):
    """Where a session stands; GREETING and OPENING wait for the answer they are named after."""

    CLOSED = "closed"
    GREETING = "greeting"
    OPENING = "opening"
    OPEN = "open"


class Signal(StrEnum):
    """What moves a session."""

    BEGUN = "begun"
    GREETED = "greeted"
    PROVED = "proved"
    UNANSWERED = "unanswered"
    ENDED = "ended"


TRANSITIONS: Final[dict[HostState, dict[Signal, HostState]]] = {
    HostState.CLOSED: {
        Signal.BEGUN: HostState.GREETING,
        Signal.ENDED: HostState.CLOSED,
    },
    HostState.GREETING: {
        Signal.GREETED: HostState.OPENING,
        Signal.ENDED: HostState.CLOSED,
    },
    # A nonce serves once: an `open` without an answer is not sent again, the greeting is.
    HostState.OPENING: {
        Signal.PROVED: HostState.OPEN,
        Signal.UNANSWERED: HostState.GREETING,
        Signal.ENDED: HostState.CLOSED,
    },
    HostState.OPEN: {
        Signal.ENDED: HostState.CLOSED,
    },
}


class IllegalSignalError(RuntimeError):
    """A signal that the present state does not know."""


def advance(state: HostState, signal: Signal) -> HostState:
    """The state after `signal`; IllegalSignalError when the table has no such line."""
    try:
        return TRANSITIONS[state][signal]
    except KeyError:
        raise IllegalSignalError(f"{signal.value} in state {state.value}") from None
