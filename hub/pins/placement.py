"""The life of a placement: one credential at one door, as a table.

::

    draft --approve--> scheduled --send--> placing --confirm--> placed --start--> active
                                   placing/placed/active --end--> ended --remove--> removed
    any but ended/removed --revoke--> revoking --confirm_revoked--> revoked
    scheduled --withdraw--> draft;  placing/placed/active --withdraw--> revoking

*Placed* is said only by the controller's own digest. A change of what the door must hold goes back
to `placing` until the digest proves the change; a window that begins unconfirmed stays `placing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class PlacementState(StrEnum):
    """Where a credential stands at a door."""

    DRAFT = "draft"
    """Not approved: no door will ever see it so."""
    SCHEDULED = "scheduled"
    """Approved; its controller is told when the window comes within the horizon."""
    PLACING = "placing"
    """In the desired policy; the controller has not proven that it holds it."""
    PLACED = "placed"
    ACTIVE = "active"
    ENDED = "ended"
    REMOVED = "removed"
    REVOKING = "revoking"
    REVOKED = "revoked"


class PlacementEvent(StrEnum):
    """What can happen to a placement."""

    MAKE = "make"
    """It began, as `draft` or `scheduled`; the table knows no state before."""
    CHANGE = "change"
    """Its window or digits changed; the state follows when the policy does."""
    APPROVE = "approve"
    WITHDRAW = "withdraw"
    """Its approval or payment is asked for anew. What a door may hold has to leave it."""
    SEND = "send"
    """Its entries entered the desired policy, or changed there."""
    CONFIRM = "confirm"
    """The controller's digest proves the entries as they are desired now."""
    RECALL = "recall"
    """A change of time moved it out of the horizon again."""
    START = "start"
    END = "end"
    REMOVE = "remove"
    """The controller's digest proves that it no longer holds it."""
    REVOKE = "revoke"
    CONFIRM_REVOKED = "confirm_revoked"


S, E = PlacementState, PlacementEvent

TRANSITIONS: Final[dict[tuple[PlacementState, PlacementEvent], PlacementState]] = {
    (S.DRAFT, E.APPROVE): S.SCHEDULED,
    (S.DRAFT, E.END): S.REMOVED,
    (S.DRAFT, E.REVOKE): S.REVOKED,
    (S.SCHEDULED, E.WITHDRAW): S.DRAFT,
    (S.SCHEDULED, E.SEND): S.PLACING,
    (S.SCHEDULED, E.END): S.REMOVED,
    (S.SCHEDULED, E.REVOKE): S.REVOKED,
    (S.PLACING, E.SEND): S.PLACING,
    (S.PLACING, E.CONFIRM): S.PLACED,
    (S.PLACING, E.RECALL): S.SCHEDULED,
    (S.PLACING, E.END): S.ENDED,
    (S.PLACING, E.REVOKE): S.REVOKING,
    (S.PLACING, E.WITHDRAW): S.REVOKING,
    (S.PLACED, E.SEND): S.PLACING,
    (S.PLACED, E.START): S.ACTIVE,
    (S.PLACED, E.RECALL): S.SCHEDULED,
    (S.PLACED, E.END): S.ENDED,
    (S.PLACED, E.REVOKE): S.REVOKING,
    (S.PLACED, E.WITHDRAW): S.REVOKING,
    (S.ACTIVE, E.SEND): S.PLACING,
    (S.ACTIVE, E.RECALL): S.SCHEDULED,
    (S.ACTIVE, E.END): S.ENDED,
    (S.ACTIVE, E.REVOKE): S.REVOKING,
    (S.ACTIVE, E.WITHDRAW): S.REVOKING,
    (S.ENDED, E.REMOVE): S.REMOVED,
    (S.REVOKING, E.SEND): S.REVOKING,
    (S.REVOKING, E.CONFIRM_REVOKED): S.REVOKED,
    (S.REVOKING, E.END): S.ENDED,
}

LIVE: Final = frozenset({S.DRAFT, S.SCHEDULED, S.PLACING, S.PLACED, S.ACTIVE})
"""States in which the credential is meant to open, now or later."""

AT_DOOR: Final = frozenset({S.PLACING, S.PLACED, S.ACTIVE, S.REVOKING})
"""States in which the controller may hold an entry for it."""


class TransitionError(Exception):
    """An event that the table does not allow; the state is unchanged."""

    def __init__(self, state: PlacementState, event: PlacementEvent) -> None:
        self.state, self.event = state, event
        super().__init__(f"{event.value} does not happen to a placement that is {state.value}")


def advance(state: PlacementState, event: PlacementEvent) -> PlacementState:
    """Give the state after an event; raise `TransitionError` where the table has none."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TransitionError(state, event) from None


class Problem(StrEnum):
    """Why a placement needs somebody's attention."""

    PIN_CHANGED = "pin_changed"
    """The new time would have collided with another PIN of the door: the holder must be told."""
    REJECTED = "rejected"
    """The controller left the entry out of its index and said why."""
    DIGEST_MISMATCH = "digest_mismatch"
    NOT_CONFIRMED = "not_confirmed"
    """The window began and the controller has not confirmed."""
    REVOKE_NOT_CONFIRMED = "revoke_not_confirmed"
    """It was taken away and its door has not said that it no longer opens."""
    NO_CONTROLLER = "no_controller"
    """The door has no controller that could hold the PIN."""
    BOX_NOT_SET_UP = "box_not_set_up"
    """The key box has not told yet that it took the secret its codes are made under."""


class Pending(StrEnum):
    """What a placement waits for: no fault, but not done."""

    APPROVAL = "approval"
    PAYMENT = "payment"
    HORIZON = "horizon"
    CONFIRMATION = "confirmation"
    REVOCATION = "revocation"
    REMOVAL = "removal"


PENDING: Final[dict[PlacementState, Pending]] = {
    S.DRAFT: Pending.APPROVAL,
    S.SCHEDULED: Pending.HORIZON,
    S.PLACING: Pending.CONFIRMATION,
    S.ENDED: Pending.REMOVAL,
    S.REVOKING: Pending.REVOCATION,
}


class Readiness(StrEnum):
    """What a booking can promise, worst first."""

    PROBLEM = "problem"
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PLACING = "placing"
    PLACED = "placed"
    ACTIVE = "active"
    OFFLINE = "offline"
    """Key boxes alone: their codes are computed and nothing can confirm them."""
    OVER = "over"
    """Ended, removed or revoked everywhere."""


_READY: Final[dict[PlacementState, Readiness]] = {
    S.DRAFT: Readiness.DRAFT,
    S.SCHEDULED: Readiness.SCHEDULED,
    S.PLACING: Readiness.PLACING,
    S.PLACED: Readiness.PLACED,
    S.ACTIVE: Readiness.ACTIVE,
}

BLOCKING: Final = frozenset(Problem) - {Problem.PIN_CHANGED}
"""Problems that keep a PIN from being relied on; a changed PIN works, it must only be told."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A placement's state and the problems beside it."""

    state: PlacementState
    problems: frozenset[Problem] = frozenset()


def readiness(placements: list[Standing]) -> Readiness:
    """Give a booking's readiness: that of its worst placement; `over` if none is left."""
    order = list(Readiness)
    found = [
        Readiness.PROBLEM
        if placement.problems & BLOCKING and placement.state in LIVE
        else _READY.get(placement.state, Readiness.OVER)
        for placement in placements
    ]
    return min(found, key=order.index, default=Readiness.OVER)
