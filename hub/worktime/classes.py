"""From a date's minutes to pieces: which pay class, by day or by night, on whose order.

docs/attendance-rules.md, the table under "Which minutes are paid beyond that": the class of a
minute outside regular hours follows from the calendar date it lies on, not from its work date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from hub.worktime.day import Around, DayMinutes
from hub.worktime.domain import Bucket, DayFile, DayKind, DayPlan, Order, PayClass, Piece
from hub.worktime.minutes import (
    DAY_MIN,
    Span,
    Spans,
    common,
    first_minutes,
    joined,
    moved,
    within,
    without,
)
from hub.worktime.ordinance import Day, Kind, Ordinance

OUTSIDE: Final = {
    DayKind.WORKDAY: PayClass.OVERTIME,
    DayKind.DAY_OFF: PayClass.DAY_OFF,
    DayKind.HOLIDAY: PayClass.HOLIDAY_OVERTIME,
    DayKind.YEAR_END: PayClass.HOLIDAY_OVERTIME,
}
"""The class of a minute outside regular hours, by what its calendar date is."""
_RANK: Final = {pay_class: rank for rank, pay_class in enumerate(PayClass)}
_DAYS_SEEN: Final = 3
"""Night bands are laid over so many dates from the work date on."""


def pieces_of(
    file: DayFile,
    minutes: DayMinutes,
    around: Around,
    ordinance: Ordinance,
    kind: Kind,
    excess_min: int,
) -> tuple[Piece, ...]:
    """Give a date's pieces in order, before the 60th hour. `excess_min`: its share of the week's
    excess. Add-ons lie over regular minutes; all others lie apart from one another."""
    nights = night_bands(ordinance.day)
    found: list[Piece] = []
    if minutes.paid:
        outside = list(_outside(file, minutes.paid, around.plan_at, nights))
        if kind.short_time:
            outside = _short_time(outside, ordinance.day.full_day_min - file.plan.regular_min)
        found += outside
    if minutes.holiday:
        orders = [*_in_order(file.orders), *(_seen_next_day(around.before_orders))]
        for order_id, spans in _by_order(minutes.holiday, orders):
            found += _by_night(spans, nights, PayClass.HOLIDAY, order_id)
    if minutes.run_on:
        found += _by_night(minutes.run_on, nights, PayClass.HOLIDAY, None)
    # a holiday's night rate pays for the night already
    at_night = without(common(minutes.regular, nights), minutes.run_on)
    found += _add_on(at_night, PayClass.NIGHT_REGULAR)
    if excess_min:
        found += _add_on(first_minutes(minutes.regular, excess_min), PayClass.SWAP_EXCESS)
    return _merged(found)


@lru_cache(maxsize=256)
def _bands(from_min: int, to_min: int) -> Spans:
    length = (to_min - from_min) % DAY_MIN
    starts = (from_min + day * DAY_MIN for day in range(-1, _DAYS_SEEN))
    bands = joined(Span(start, start + length) for start in starts)
    return within(bands, 0, _DAYS_SEEN * DAY_MIN)


def night_bands(day: Day) -> Spans:
    """Give the night of a work date and the dates after it, in minutes of the work date."""
    return _bands(day.night_from_min, day.night_to_min)


def _in_order(orders: Iterable[Order]) -> list[Order]:
    """Orders by their first minute, then by id: a minute ordered twice counts for the first."""
    with_minutes = (order for order in orders if order.spans)
    return sorted(
        with_minutes, key=lambda order: (min(span.start for span in order.spans), order.id)
    )


def _seen_next_day(orders: Iterable[Order]) -> list[Order]:
    return [replace(order, spans=moved(order.spans, -DAY_MIN)) for order in _in_order(orders)]


def _by_order(spans: Spans, orders: Sequence[Order]) -> Iterator[tuple[str | None, Spans]]:
    left = spans
    for order in orders:
        mine = common(left, order.spans)
        if mine:
            yield order.id, mine
            left = without(left, mine)
    if left:
        yield None, left


def _outside(
    file: DayFile, paid: Spans, plan_at: Callable[[date], DayPlan], nights: Spans
) -> Iterator[Piece]:
    for order_id, spans in _by_order(paid, _in_order(file.orders)):
        for later in range(spans[-1].end // DAY_MIN + 1):
            there = within(spans, later * DAY_MIN, (later + 1) * DAY_MIN)
            if there:
                kind = plan_at(file.work_date + timedelta(days=later)).kind
                yield from _by_night(there, nights, OUTSIDE[kind], order_id)


def _by_night(
    spans: Spans, nights: Spans, pay_class: PayClass, order_id: str | None
) -> Iterator[Piece]:
    for night, part in ((False, without(spans, nights)), (True, common(spans, nights))):
        bucket = Bucket(pay_class, night)
        for span in part:
            yield Piece(span.start, span.end, bucket, pay_class, order_id)


def _add_on(spans: Spans, pay_class: PayClass) -> Iterator[Piece]:
    for span in spans:
        yield Piece(span.start, span.end, Bucket(pay_class), pay_class)


def _short_time(pieces: Iterable[Piece], room_min: int) -> list[Piece]:
    """Turn the first `room_min` minutes of overtime into `short_time`."""
    turned: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        taken = min(piece.minutes, max(0, room_min))
        if piece.from_class is not PayClass.OVERTIME or not taken:
            turned.append(piece)
            continue
        room_min -= taken
        short = Bucket(PayClass.SHORT_TIME, piece.bucket.night)
        at = piece.start + taken
        turned.append(replace(piece, end=at, bucket=short, from_class=PayClass.SHORT_TIME))
        if at < piece.end:
            turned.append(replace(piece, start=at))
    return turned


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Pieces in order; of those that touch and agree in all else one is made."""
    if not pieces:
        return ()
    merged: list[Piece] = []
    last: dict[PayClass, int] = {}
    for piece in sorted(pieces, key=lambda piece: (piece.start, _RANK[piece.bucket.pay_class])):
        at = last.get(piece.bucket.pay_class)
        if at is not None and _touch(merged[at], piece):
            merged[at] = replace(merged[at], end=piece.end)
        else:
            last[piece.bucket.pay_class] = len(merged)
            merged.append(piece)
    return tuple(merged)


def _touch(one: Piece, other: Piece) -> bool:
    return (one.end, one.bucket, one.order_id) == (other.start, other.bucket, other.order_id)
