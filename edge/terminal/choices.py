"""What a key or a tap does to what stands on a terminal. Pure: time is handed in.

    nothing stands --key--> chosen --tap--> recorded with the key, and nothing stands
    nothing stands --tap--> asked  --key--> recorded with the key, and nothing stands
    asked --another's tap--> the one before is left unchosen, and the new one is asked
    chosen, asked --time--> nothing stands; who was asked is left unchosen

A choice belongs to one tap. A key for a question that is over chooses nothing: else it would be
taken for whoever taps next. In and out are never toggled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from edge.core.clock_now import ClockNow
from edge.core.model import Source
from wire.events import PunchBody, PunchDirection

_SECOND: Final = 1_000_000_000
_LATE_NS: Final = 1_500_000_000
"""A key this shortly after a question ended was meant for it."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A known card's tap: what it will be recorded as, but for the direction, and when it was."""

    punch: PunchBody
    source: Source
    now: ClockNow


@dataclass(frozen=True, slots=True)
class Chosen:
    """A key for the next tap."""

    direction: PunchDirection
    until_ns: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A tap whose direction is asked for."""

    number: int
    tap: Tap
    until_ns: int


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a key and a question stand."""

    choice_s: int
    ask_s: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on the terminal; `asked_last` numbers the questions so far, `over_ns` is when
    the newest of them ended without a key."""

    chosen: Chosen | None = None
    asked: Asked | None = None
    asked_last: int = 0
    over_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A tap whose direction is known, or None where nobody chose."""

    tap: Tap
    direction: PunchDirection | None


@dataclass(frozen=True, slots=True)
class Step:
    """What stands now, the taps that are settled by it, and whether a key came too late."""

    standing: Standing
    settled: tuple[Settled, ...] = ()
    late: bool = False


def key(
    standing: Standing, direction: PunchDirection, at_ns: int, waits: Waits, answers: int | None
) -> Step:
    """A key of the screen, for the question `answers` or for the next tap."""
    if answers is not None:
        asked = standing.asked
        if asked is None or asked.number != answers:
            return Step(standing, late=True)
        return _answered(standing, asked, direction)
    if standing.asked is not None:  # pressed before the question was on the screen
        return _answered(standing, standing.asked, direction)
    if standing.over_ns is not None and at_ns - standing.over_ns < _LATE_NS:
        return Step(standing, late=True)
    chosen = Chosen(direction, at_ns + waits.choice_s * _SECOND)
    return Step(replace(standing, chosen=chosen))


def clear(standing: Standing) -> Step:
    """The key that takes a choice back; a question stays."""
    return Step(replace(standing, chosen=None))


def tap(standing: Standing, new: Tap, at_ns: int, waits: Waits, *, ask: bool) -> Step:
    """A tap, at the moment of the card. Without `ask` it is settled at once: nothing is to be
    chosen for it. Somebody's second tap while they are asked is the first one still."""
    asked = standing.asked
    if asked is not None and asked.tap.punch.person == new.punch.person:
        return Step(standing)
    left = () if asked is None else (Settled(asked.tap, None),)
    standing = replace(standing, asked=None)
    if not ask:
        return Step(standing, (*left, Settled(new, None)))
    chosen = standing.chosen
    if chosen is not None and at_ns < chosen.until_ns:
        return Step(replace(standing, chosen=None), (*left, Settled(new, chosen.direction)))
    number = standing.asked_last + 1
    question = Asked(number, new, at_ns + waits.ask_s * _SECOND)
    return Step(Standing(None, question, number), left)


def tick(standing: Standing, now_ns: int) -> Step:
    """Time passes."""
    chosen, asked = standing.chosen, standing.asked
    if chosen is not None and now_ns >= chosen.until_ns:
        standing = replace(standing, chosen=None)
    if asked is not None and now_ns >= asked.until_ns:
        over = replace(standing, asked=None, over_ns=now_ns)
        return Step(over, (Settled(asked.tap, None),))
    return Step(standing)


def _answered(standing: Standing, asked: Asked, direction: PunchDirection) -> Step:
    done = replace(standing, asked=None, chosen=None, over_ns=None)
    return Step(done, (Settled(asked.tap, direction),))
