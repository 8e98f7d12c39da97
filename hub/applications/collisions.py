"""Which applications contradict one another on one work date, as a table. Pure.

An application plays a part on each date that it touches. A swap plays two: hours leave its day off
and come to the day that is worked. Two parts that meet on a date are looked up in `COLLISIONS`; a
pair that is not there never contradicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from hub.applications.bodies import ApplicationKind, Body, SwapBody
from hub.applications.domain import HOLDS, Application, DayClaim
from hub.worktime.minutes import Span, Spans, common


class Part(StrEnum):
    """What an application is on a date."""

    ORDER = "order"
    """Overtime, before or after the fact, and work on days off."""
    LEAVE = "leave"
    AWAY = "away"
    """Trips, telework, training."""
    DUTY = "duty"
    FREED = "freed"
    """Regular hours leave this date: the day off of a swap, the compensatory day."""
    FILLED = "filled"
    """A swap brings regular hours to this date."""
    RESTED_FOR = "rested_for"
    """The worked holiday for which a compensatory day is taken."""


class Clash(StrEnum):
    """When two parts of one date contradict one another."""

    MINUTES = "minutes"
    """If they have minutes in common."""
    DATE = "date"
    """Always: a date is moved once."""


K, P = ApplicationKind, Part
_MOVED: Final = (P.FREED, P.FILLED, P.RESTED_FOR)
_TIMED: Final = (P.ORDER, P.LEAVE, P.AWAY, P.DUTY)


def _both_ways(pairs: Iterable[tuple[Part, Part]], clash: Clash) -> dict[tuple[Part, Part], Clash]:
    return {pair: clash for one, other in pairs for pair in ((one, other), (other, one))}


COLLISIONS: Final[dict[tuple[Part, Part], Clash]] = {
    **_both_ways(((one, other) for one in _TIMED for other in _TIMED), Clash.MINUTES),
    **_both_ways(((one, other) for one in _MOVED for other in _MOVED), Clash.DATE),
    **_both_ways(((P.FREED, P.LEAVE), (P.FREED, P.AWAY)), Clash.MINUTES),
    **_both_ways(((P.FILLED, P.ORDER), (P.FILLED, P.DUTY)), Clash.MINUTES),
}
"""Not there, and allowed: work and duty on a date that was freed (it is a day off then), leave and
trips in hours that a swap brought, and whatever happens on a holiday that is rested for."""

PARTS: Final[dict[ApplicationKind, Part]] = {
    K.OVERTIME: P.ORDER,
    K.OVERTIME_AFTER: P.ORDER,
    K.HOLIDAY_WORK: P.ORDER,
    K.LEAVE: P.LEAVE,
    K.TRIP: P.AWAY,
    K.TELEWORK: P.AWAY,
    K.TRAINING: P.AWAY,
    K.DUTY: P.DUTY,
}
"""Corrections of punches play none."""


@dataclass(frozen=True, slots=True)
class Played:
    """A part on a date, and the minutes it is about."""

    part: Part
    day: date
    spans: Spans


@dataclass(frozen=True, slots=True)
class Collision:
    """What is asked for plays `mine` on a date, and `other` plays `theirs` there."""

    day: date
    mine: Part
    theirs: Part
    other: Application


def played(kind: ApplicationKind, body: Body, claims: Sequence[DayClaim]) -> Iterator[Played]:
    """Give the parts of an application. Of a swap `claims` are the hours that leave its day off:
    the same come to the day that is worked."""
    if isinstance(body, SwapBody):
        hours = next((_spans(each) for each in claims if each.work_date == body.off_date), ())
        yield Played(P.FREED, body.off_date, hours)
        there = P.FILLED if kind is K.SWAP else P.RESTED_FOR
        yield Played(there, body.worked_date, hours)
    elif kind in PARTS:
        for each in claims:
            yield Played(PARTS[kind], each.work_date, _spans(each))


def collisions(
    kind: ApplicationKind, body: Body, claims: Sequence[DayClaim], others: Sequence[Application]
) -> Iterator[Collision]:
    """Give what contradicts others of the same person, the applications that wait or count."""
    mine = list(played(kind, body, claims))
    for other in others:
        for theirs in played(other.kind, other.body, other.claims):
            for each in mine:
                if each.day == theirs.day and _meet(each, theirs, other):
                    yield Collision(each.day, each.part, theirs.part, other)


def _meet(mine: Played, theirs: Played, other: Application) -> bool:
    if mine.part is P.ORDER and theirs.part is P.FILLED and other.state in HOLDS:
        # The plan has those hours already: an order over them is one of regular hours.
        return False
    clash = COLLISIONS.get((mine.part, theirs.part))
    if clash is Clash.DATE:
        return True
    return clash is Clash.MINUTES and bool(common(mine.spans, theirs.spans))


def _spans(claim: DayClaim) -> Spans:
    return tuple(Span(start, end) for start, end in claim.spans)
