"""The three-way comparison of a day: what was ordered, what was punched, what the doors saw.

The ministry's guideline of 20 January 2017 asks for an objective record to be held against what is
reported, and for the cause wherever they differ markedly; how much that is, is the ordinance's
`warnings.divergence_min`. A divergence is a question to somebody, never a change of minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hub.worktime.day import FREE
from hub.worktime.domain import DayFile, ExplainedKind, Presence
from hub.worktime.minutes import Span, Spans, joined, total, without


@dataclass(frozen=True, slots=True)
class Doors:
    """What the doors saw of somebody on a work date: the minutes of the first and last event, and
    whether the last zone event left them inside (`inside`) or outside without having come in
    (`left_unseen`).

    `expected`: this person passes a read door on coming and going, so that silence means something.
    `blind`: when the readers concerned were down; nothing is concluded from what they did not see.
    """

    first_min: int | None = None
    last_min: int | None = None
    inside: bool = False
    left_unseen: bool = False
    expected: bool = False
    blind: Spans = ()

    @property
    def seen(self) -> bool:
        """Whether there was any event."""
        return self.first_min is not None and self.last_min is not None


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """A work date from three sides. `approved`: regular hours that had to be worked, less absences,
    with orders and duties; `breaks`: regular ones, in which presence needs no order."""

    work_date: date
    approved: Spans
    breaks: Spans
    presence: Presence
    doors: Doors
    ordered: Spans = ()


class DivergenceKind(StrEnum):
    """What differs. Each has a sentence in the catalogue (`worktime.divergence.<value>`)."""

    PRESENT_BEYOND_ORDER = "present_beyond_order"
    """Punched presence that nothing approved covers."""
    ORDER_BEYOND_PRESENCE = "order_beyond_presence"
    """Ordered minutes without punched presence."""
    DOOR_BEFORE_IN = "door_before_in"
    """Seen at a door before the first in."""
    DOOR_AFTER_OUT = "door_after_out"
    """Seen at a door after the last out."""
    IN_BEFORE_DOOR = "in_before_door"
    """Punched in before any door saw them."""
    OUT_AFTER_DOOR = "out_after_door"
    """Punched out after any door saw them."""
    DOOR_ONLY = "door_only"
    """Seen at doors, and no punch at all."""
    PUNCH_WITHOUT_DOOR = "punch_without_door"
    """Punched, and no door saw them, though one should have."""
    ENTRY_WITHOUT_EXIT = "entry_without_exit"
    EXIT_WITHOUT_ENTRY = "exit_without_entry"


@dataclass(frozen=True, slots=True)
class Divergence:
    """One difference of a day. `minutes` is how much, 0 where there is nothing to measure."""

    work_date: date
    kind: DivergenceKind
    minutes: int


def three_way_of(day: DayFile, doors: Doors, *, by_order: bool = False) -> ThreeWay:
    """Give a date's three sides from its file. `by_order`: its orders need no punches, so that
    nothing is held against them (`hub.worktime.day.goes_by_order`)."""
    ordered = joined(span for order in day.orders for span in order.spans)
    away = [
        span
        for claim in day.explained
        if not claim.kind.is_work and claim.kind is not ExplainedKind.DUTY
        for span in claim.spans
    ]
    duty = [
        span for claim in day.explained if claim.kind is ExplainedKind.DUTY for span in claim.spans
    ]
    due = () if _is_free(day) else without(day.plan.spans, away)
    return ThreeWay(
        work_date=day.work_date,
        approved=joined((*due, *ordered, *duty)),
        breaks=joined(day.plan.breaks),
        presence=day.presence,
        doors=doors,
        ordered=() if by_order else without(ordered, due),
    )


def _is_free(day: DayFile) -> bool:
    return day.plan.kind in FREE and not day.plan.rostered


def compare(day: ThreeWay, divergence_min: int) -> tuple[Divergence, ...]:
    """Give what differs by `divergence_min` minutes or more, in the order of `DivergenceKind`.
    Where a punch is missing or somebody is still in, only what holds all the same is said."""
    found = [*_orders(day), *_doors(day)]
    marked = [(kind, minutes) for kind, minutes in found if minutes >= max(1, divergence_min)]
    marked += [(kind, 0) for kind in _silent(day)]
    order = list(DivergenceKind)
    marked.sort(key=lambda pair: order.index(pair[0]))
    return tuple(Divergence(day.work_date, kind, minutes) for kind, minutes in marked)


def _unread(presence: Presence) -> bool:
    return presence.missing or presence.open


def _orders(day: ThreeWay) -> Iterator[tuple[DivergenceKind, int]]:
    presence = day.presence
    spans = without(presence.spans, presence.breaks)
    beyond = without(spans, (*day.approved, *(() if presence.breaks else day.breaks)))
    yield DivergenceKind.PRESENT_BEYOND_ORDER, total(beyond)
    if not _unread(presence):
        yield DivergenceKind.ORDER_BEYOND_PRESENCE, total(without(day.ordered, spans))


def _doors(day: ThreeWay) -> Iterator[tuple[DivergenceKind, int]]:
    """Where doors and punches both say something: how far apart their ends are."""
    doors, spans = day.doors, joined(day.presence.spans)
    if doors.first_min is None or doors.last_min is None or not spans:
        return
    first_in, last_out = spans[0].start, spans[-1].end
    if not _unread(day.presence):
        yield DivergenceKind.DOOR_BEFORE_IN, first_in - doors.first_min
        yield DivergenceKind.DOOR_AFTER_OUT, doors.last_min - last_out
    if doors.expected:
        yield DivergenceKind.IN_BEFORE_DOOR, _unseen(first_in, doors.first_min, doors.blind)
        yield DivergenceKind.OUT_AFTER_DOOR, _unseen(doors.last_min, last_out, doors.blind)


def _unseen(start: int, end: int, blind: Spans) -> int:
    """The minutes between two instants in which a reader could have seen somebody."""
    return total(without((Span(start, end),), blind)) if start < end else 0


def _silent(day: ThreeWay) -> Iterator[DivergenceKind]:
    """What needs no measure."""
    doors, presence = day.doors, day.presence
    punched = bool(presence.spans) or _unread(presence)
    if doors.seen and not punched:
        yield DivergenceKind.DOOR_ONLY
    blind = bool(presence.spans) and not without(_ends(joined(presence.spans)), doors.blind)
    if presence.spans and doors.expected and not doors.seen and not blind:
        yield DivergenceKind.PUNCH_WITHOUT_DOOR
    if doors.inside and not presence.open:
        yield DivergenceKind.ENTRY_WITHOUT_EXIT
    if doors.left_unseen:
        yield DivergenceKind.EXIT_WITHOUT_ENTRY


def _ends(spans: Spans) -> Spans:
    """The minutes of coming and going, in which a door would have seen somebody."""
    return joined(
        (Span(spans[0].start, spans[0].start + 1), Span(spans[-1].end, spans[-1].end + 1))
    )
