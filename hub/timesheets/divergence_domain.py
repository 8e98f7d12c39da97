"""Divergences: what was ordered, what was reported, and who was there, where they do not agree.

The ministry's guideline (2017-01-20) wants each that is marked looked into, and no cap on what is
reported. Each has a reason that the person gives, a state, and a trail that is never shortened.
Acts are a table: what it does not hold is refused. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class DivergenceKind(StrEnum):
    """What differs: the words of `hub.worktime.three_way`. The catalogue has
    `divergence.kind.<value>`."""

    PRESENT_BEYOND_ORDER = "present_beyond_order"
    ORDER_BEYOND_PRESENCE = "order_beyond_presence"
    DOOR_BEFORE_IN = "door_before_in"
    DOOR_AFTER_OUT = "door_after_out"
    IN_BEFORE_DOOR = "in_before_door"
    OUT_AFTER_DOOR = "out_after_door"
    DOOR_ONLY = "door_only"
    PUNCH_WITHOUT_DOOR = "punch_without_door"
    ENTRY_WITHOUT_EXIT = "entry_without_exit"
    EXIT_WITHOUT_ENTRY = "exit_without_entry"


class DivergenceState(StrEnum):
    """How far somebody has looked into it."""

    OPEN = "open"
    """The person is asked to explain it."""
    EXPLAINED = "explained"
    INVESTIGATING = "investigating"
    CORRECTED = "corrected"
    """Records were corrected: it is gone, or about to be."""
    ACCEPTED = "accepted"
    """The reason holds, and the records stay as they are."""
    REFUSED = "refused"
    """The reason does not hold, and the records stay as they are."""


class Act(StrEnum):
    """What may be done. `VANISH` and `RETURN` follow from deriving anew, nobody does them."""

    EXPLAIN = "explain"
    INVESTIGATE = "investigate"
    CORRECT = "correct"
    ACCEPT = "accept"
    REFUSE = "refuse"
    REOPEN = "reopen"
    VANISH = "vanish"
    RETURN = "return"


class ProbableCause(StrEnum):
    """What would explain it without anybody's fault."""

    NONE = "none"
    READER_DOWN = "reader_down"
    """A reader that the person uses was down then."""
    NO_PUNCHES = "no_punches"
    """Readers were up, and nobody punched."""
    CLOCK = "clock"
    """A punch of an untrusted clock waits."""


S: Final = DivergenceState
PENDING: Final = frozenset({S.OPEN, S.EXPLAINED, S.INVESTIGATING})
"""Somebody still has to do something: a month with one of these is not closed."""
SETTLED: Final = frozenset(S) - PENDING

STEPS: Final[dict[tuple[DivergenceState, Act], DivergenceState]] = {
    (S.OPEN, Act.EXPLAIN): S.EXPLAINED,
    (S.OPEN, Act.INVESTIGATE): S.INVESTIGATING,
    (S.OPEN, Act.CORRECT): S.CORRECTED,
    (S.OPEN, Act.ACCEPT): S.ACCEPTED,
    (S.OPEN, Act.REFUSE): S.REFUSED,
    (S.OPEN, Act.VANISH): S.CORRECTED,
    (S.EXPLAINED, Act.EXPLAIN): S.EXPLAINED,
    (S.EXPLAINED, Act.INVESTIGATE): S.INVESTIGATING,
    (S.EXPLAINED, Act.CORRECT): S.CORRECTED,
    (S.EXPLAINED, Act.ACCEPT): S.ACCEPTED,
    (S.EXPLAINED, Act.REFUSE): S.REFUSED,
    (S.EXPLAINED, Act.VANISH): S.CORRECTED,
    (S.INVESTIGATING, Act.EXPLAIN): S.INVESTIGATING,
    (S.INVESTIGATING, Act.CORRECT): S.CORRECTED,
    (S.INVESTIGATING, Act.ACCEPT): S.ACCEPTED,
    (S.INVESTIGATING, Act.REFUSE): S.REFUSED,
    (S.INVESTIGATING, Act.VANISH): S.CORRECTED,
    (S.CORRECTED, Act.REOPEN): S.INVESTIGATING,
    (S.CORRECTED, Act.RETURN): S.OPEN,
    (S.ACCEPTED, Act.REOPEN): S.INVESTIGATING,
    (S.ACCEPTED, Act.RETURN): S.OPEN,
    (S.REFUSED, Act.REOPEN): S.INVESTIGATING,
    (S.REFUSED, Act.RETURN): S.OPEN,
}

BY_PERSON: Final = frozenset({Act.EXPLAIN})
BY_JUDGE: Final = frozenset({Act.INVESTIGATE, Act.CORRECT, Act.ACCEPT, Act.REFUSE, Act.REOPEN})
"""A head of the person's department, or personnel; never the person themselves."""
BY_DERIVING: Final = frozenset({Act.VANISH, Act.RETURN})


class IllegalActError(Exception):
    """An act that a divergence's state does not allow; nothing has changed."""

    def __init__(self, state: DivergenceState, act: Act) -> None:
        self.state, self.act = state, act
        super().__init__(f"{act.value} of what is {state.value}")


def after(state: DivergenceState, act: Act) -> DivergenceState:
    """Give the state that follows; raise `IllegalActError`."""
    try:
        return STEPS[state, act]
    except KeyError:
        raise IllegalActError(state, act) from None


@dataclass(frozen=True, slots=True)
class FoundDivergence:
    """What a comparison found. `inputs` are the records of that date (`kind:id`)."""

    work_date: date
    kind: DivergenceKind
    minutes: int
    cause: ProbableCause = ProbableCause.NONE
    inputs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """A divergence as it is kept: one a person, date and kind. `stands`: the last derivation found
    it. `settled_min`: how large it was when somebody settled it. `links` are the records that
    resolved it (`correction:<id>`, `order:<id>`)."""

    id: str
    person_id: str
    work_date: date
    kind: DivergenceKind
    minutes: int
    state: DivergenceState
    stands: bool
    settled_min: int
    reason: str
    cause: ProbableCause
    inputs: tuple[str, ...]
    links: tuple[str, ...]
    found_at: datetime
    changed_at: datetime

    @property
    def is_pending(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class DivergenceStep:
    """One act of a trail; `number` counts from 1. The first is that it was found (`act` None)."""

    divergence_id: str
    number: int
    at: datetime
    actor: str
    act: Act | None
    state: DivergenceState
    minutes: int
    note: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What deriving anew changes of a kept divergence; `act` None: only its size or its cause."""

    divergence: Divergence
    act: Act | None


def rederived(
    kept: Collection[Divergence],
    found: Iterable[FoundDivergence],
    now: datetime,
    *,
    marked_min: int,
) -> tuple[tuple[Change, ...], tuple[FoundDivergence, ...]]:
    """Compare kept divergences of one person's dates with what was found of the same dates: give
    what changes, and what is new.

    One that is gone is resolved, with the records that came or went. One that comes back, or that
    grew by `marked_min` or more beyond what somebody settled, is open again.
    """
    by_key = {(each.work_date, each.kind): each for each in found}
    changes = []
    for each in kept:
        now_found = by_key.pop((each.work_date, each.kind), None)
        change = _gone(each, now) if now_found is None else _there(each, now_found, now, marked_min)
        if change is not None:
            changes.append(change)
    return tuple(changes), tuple(by_key[key] for key in sorted(by_key))


def _gone(kept: Divergence, now: datetime) -> Change | None:
    if not kept.stands:
        return None
    lies_down = replace(kept, stands=False, changed_at=now)
    if kept.is_pending:
        settled = replace(lies_down, state=S.CORRECTED, settled_min=kept.minutes)
        return Change(settled, Act.VANISH)
    return Change(lies_down, None)


def _there(
    kept: Divergence, found: FoundDivergence, now: datetime, marked_min: int
) -> Change | None:
    seen = replace(
        kept,
        minutes=found.minutes,
        cause=found.cause,
        stands=True,
        inputs=tuple(sorted(found.inputs)),
    )
    grew = kept.state in SETTLED and found.minutes >= kept.settled_min + marked_min
    if kept.state in SETTLED and (not kept.stands or grew):
        again = replace(seen, state=S.OPEN, settled_min=0, links=(), changed_at=now)
        return Change(again, Act.RETURN)
    return None if seen == kept else Change(replace(seen, changed_at=now), None)


def resolving(kept: Divergence, inputs: Iterable[str]) -> tuple[str, ...]:
    """Give the records that came or went since a divergence was found: what resolved it."""
    return tuple(sorted(set(inputs) ^ set(kept.inputs)))
