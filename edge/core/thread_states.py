"""What becomes of a thread that is watched: one table. Time is handed in.

    well -> (silent) hanging -> (beats) on probation -> (beats for a while) well
    well -> (dead) down -> (revived) on probation; dead too often: given up

A fault is told once, and once that it is over: a thread that dies again while it is on probation is
the same fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_SECOND: Final = 1_000_000_000
PROBATION_S: Final = 30
"""So long a thread has to go round before its fault is over."""
PAUSES_S: Final = (0, 1, 4, 16, 60)
"""Before each revival in turn; after the last it is given up."""
FORGIVEN_S: Final = 3_600
"""After so long a time well its revivals begin anew."""


class ThreadState(Enum):
    """How a thread stands."""

    WELL = auto()
    HANGING = auto()
    DOWN = auto()
    PROBATION = auto()
    GIVEN_UP = auto()


class Seen(Enum):
    """What is seen of a thread at one look."""

    BEATS = auto()
    SILENT = auto()
    DEAD = auto()


class Move(Enum):
    """What follows from a look."""

    NOTHING = auto()
    TELL_HANGS = auto()
    TELL_DIED = auto()
    BACK = auto()
    """It goes round again; its fault is not over yet."""


_S, _V = ThreadState, Seen
TABLE: Final[dict[tuple[ThreadState, Seen], tuple[ThreadState, Move]]] = {
    (_S.WELL, _V.BEATS): (_S.WELL, Move.NOTHING),
    (_S.WELL, _V.SILENT): (_S.HANGING, Move.TELL_HANGS),
    (_S.WELL, _V.DEAD): (_S.DOWN, Move.TELL_DIED),
    (_S.HANGING, _V.BEATS): (_S.PROBATION, Move.BACK),
    (_S.HANGING, _V.SILENT): (_S.HANGING, Move.NOTHING),
    (_S.HANGING, _V.DEAD): (_S.DOWN, Move.TELL_DIED),
    (_S.DOWN, _V.BEATS): (_S.PROBATION, Move.BACK),
    (_S.DOWN, _V.SILENT): (_S.HANGING, Move.TELL_HANGS),
    (_S.DOWN, _V.DEAD): (_S.DOWN, Move.NOTHING),
    (_S.PROBATION, _V.BEATS): (_S.PROBATION, Move.NOTHING),
    (_S.PROBATION, _V.SILENT): (_S.HANGING, Move.TELL_HANGS),
    (_S.PROBATION, _V.DEAD): (_S.DOWN, Move.TELL_DIED),
    (_S.GIVEN_UP, _V.BEATS): (_S.PROBATION, Move.BACK),
    (_S.GIVEN_UP, _V.SILENT): (_S.GIVEN_UP, Move.NOTHING),
    (_S.GIVEN_UP, _V.DEAD): (_S.GIVEN_UP, Move.NOTHING),
}


@dataclass(slots=True)
class ThreadRecord:
    """One thread's state, since when, how often it was revived, and when it is to be next."""

    state: ThreadState = ThreadState.WELL
    since_ns: int = 0
    revived: int = 0
    due_ns: int = 0

    def look(self, seen: Seen, now_ns: int) -> Move:
        """Take one look."""
        before = self.state
        self.state, move = TABLE[before, seen]
        if self.state is not before:
            self.since_ns = now_ns
            if self.state is ThreadState.DOWN:
                self._plan(now_ns)
        if self.state is ThreadState.WELL and now_ns - self.since_ns >= FORGIVEN_S * _SECOND:
            self.revived = 0
        return move

    def is_over(self, now_ns: int) -> bool:
        """Whether its probation ends now: it is well then."""
        if self.state is not ThreadState.PROBATION:
            return False
        if now_ns - self.since_ns < PROBATION_S * _SECOND:
            return False
        self.state, self.since_ns = ThreadState.WELL, now_ns
        return True

    def is_due(self, now_ns: int) -> bool:
        """Whether it is to be revived now; it counts as done."""
        if self.state is not ThreadState.DOWN or now_ns < self.due_ns:
            return False
        self.revived += 1
        self._plan(now_ns)
        return True

    def gives_up(self, now_ns: int) -> bool:
        """Whether it is given up now: it was revived as often as it may be, and is dead again."""
        if self.state is not ThreadState.DOWN or self.revived < len(PAUSES_S):
            return False
        self.state, self.since_ns = ThreadState.GIVEN_UP, now_ns
        return True

    def hangs_for_s(self, now_ns: int) -> float:
        """For how long it has been hanging; 0 where it does not."""
        hangs = self.state is ThreadState.HANGING
        return (now_ns - self.since_ns) / _SECOND if hangs else 0.0

    def _plan(self, now_ns: int) -> None:
        self.due_ns = now_ns + PAUSES_S[min(self.revived, len(PAUSES_S) - 1)] * _SECOND
