"""The life of a command, as a table. Whatever came to an end stays as it is, except `unknown`:
an outcome that arrives late replaces it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from wire.events import ActOutcome


class CommandState(StrEnum):
    """What is known of a command."""

    SENT = "sent"
    RECEIVED = "received"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class CommandEvent(StrEnum):
    """What can be learnt of a command."""

    RECEIVED = "received"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    OUTCOME_UNKNOWN = "outcome_unknown"
    LIFE_OVER = "life_over"
    """Its life has ended and the controller has said nothing, or nothing after receiving it."""


S, E = CommandState, CommandEvent

TRANSITIONS: Final[dict[tuple[CommandState, CommandEvent], CommandState]] = {
    (S.SENT, E.RECEIVED): S.RECEIVED,
    (S.SENT, E.LIFE_OVER): S.UNKNOWN,
    (S.RECEIVED, E.LIFE_OVER): S.UNKNOWN,
    **{
        (state, event): outcome
        for state in (S.SENT, S.RECEIVED, S.UNKNOWN)
        for event, outcome in (
            (E.DONE, S.DONE),
            (E.FAILED, S.FAILED),
            (E.EXPIRED, S.EXPIRED),
            (E.OUTCOME_UNKNOWN, S.UNKNOWN),
        )
    },
}

OVER: Final = frozenset({S.DONE, S.FAILED, S.EXPIRED, S.UNKNOWN})

BY_OUTCOME: Final = {
    ActOutcome.DONE: E.DONE,
    ActOutcome.FAILED: E.FAILED,
    ActOutcome.EXPIRED: E.EXPIRED,
    ActOutcome.REFUSED: E.FAILED,
    ActOutcome.OUTCOME_UNKNOWN: E.OUTCOME_UNKNOWN,
}
"""What a controller's `command_result` means here."""


def advance(state: CommandState, event: CommandEvent) -> CommandState:
    """Give the state after an event; what the table does not list changes nothing, since events
    may come late and out of order."""
    return TRANSITIONS.get((state, event), state)
