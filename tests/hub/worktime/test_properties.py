"""What holds of any month, whatever was punched, ordered and explained."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.worktime.classes import OUTSIDE
from hub.worktime.day import Around, sort_minutes
from hub.worktime.domain import (
    DayFile,
    DayPlan,
    Explained,
    ExplainedKind,
    MonthFile,
    Order,
    Presence,
    Swap,
    SwapKind,
    SwapPart,
)
from hub.worktime.minutes import DAY_MIN, Span, Spans, joined, moved, total
from hub.worktime.ordinance import ADD_ONS
from hub.worktime.patterns import DAY_OFF, CyclePattern, Pattern, PatternDay
from hub.worktime.reckoning import reckon_month
from hub.worktime.swaps import apply_swaps
from tests.hub.worktime.november import (
    ORDINANCES,
    STANDARD,
    WEEK,
    every_minute,
    month,
    on,
    plans,
    spans,
    worked,
)

FEW: Final = settings(max_examples=60, deadline=None)
_EDGES: Final = [0, 300, 510, 720, 750, 780, 1_035, 1_320, 1_440, 1_740, 1_950, 1_980]
_AT: Final = st.one_of(st.sampled_from(_EDGES), st.integers(0, 2_200))
_SPAN: Final = st.tuples(_AT, _AT).filter(lambda p: p[0] != p[1]).map(lambda p: Span(*sorted(p)))
_SPANS: Final = st.lists(_SPAN, max_size=3).map(joined)
_NIGHT: Final = PatternDay(spans("17:00-32:30"), spans("24:00-25:00"))
_PATTERNS: Final = st.sampled_from(
    [WEEK, CyclePattern(on(2), (_NIGHT, DAY_OFF, PatternDay(spans("08:30-17:00")), DAY_OFF))]
)
_DAYS: Final = st.sampled_from([1, 2, 3, 4, 6, 7, 8, 22, 23, 24, 28, 29])


def _clipped(found: Spans, end: int) -> Spans:
    return tuple(Span(span.start, min(span.end, end)) for span in found if span.start < end)


@st.composite
def day_files(draw: st.DrawFn, day: int, plan: DayPlan, kind: str = "regular") -> DayFile:
    """Anything that may have happened on a date; its presence ends before the next one's begins."""
    presence = _clipped(draw(_SPANS), DAY_MIN + 600)
    orders = [Order(f"o{day}-{n}", on(day), draw(_SPANS)) for n in range(draw(st.integers(0, 2)))]
    claims = [
        Explained(f"e{day}-{n}", on(day), draw(st.sampled_from(ExplainedKind)), draw(_SPANS))
        for n in range(draw(st.integers(0, 2)))
    ]
    file = worked(day, plan=plan)
    assert file.terms is not None
    return replace(
        file,
        terms=replace(file.terms, kind=kind),
        presence=Presence(on(day), presence, draw(_SPANS) if draw(st.booleans()) else ()),
        orders=tuple(orders),
        explained=tuple(claims),
    )


@st.composite
def month_files(draw: st.DrawFn) -> MonthFile:
    """A month with some eventful dates, a swap perhaps, and any kind of employment."""
    planned = apply_swaps(plans(draw(_PATTERNS)), draw(_SWAPS))
    kind = draw(st.sampled_from(["regular", "short_time", "manager"]))
    days = draw(st.sets(_DAYS, max_size=4))
    return month(
        *(draw(day_files(day, planned[on(day)], kind)) for day in sorted(days)), planned=planned
    )


_SWAPS: Final = st.lists(
    st.builds(
        Swap,
        id=st.sampled_from(["s1", "s2"]),
        kind=st.sampled_from(SwapKind),
        worked_date=_DAYS.map(on),
        off_date=_DAYS.map(on),
        part=st.sampled_from(SwapPart),
    ),
    max_size=2,
    unique_by=lambda swap: swap.id,
)


@FEW
@given(st.data(), _PATTERNS, _DAYS)
def test_every_present_minute_is_sorted_once(
    data: st.DataObject, pattern: Pattern, day: int
) -> None:
    """A break, regular, paid, extra, duty, or the next date's: no minute twice, none lost."""
    planned = plans(pattern)
    file = data.draw(day_files(day, planned[on(day)]))
    around = Around(planned.__getitem__, after_plan=planned[on(day + 1)])
    found = sort_minutes(file, around)
    present = every_minute(found.present)
    parts = [
        every_minute(part) & present
        for part in (found.rest, found.worked, found.paid, found.holiday, found.extra)
    ]
    counts = Counter(at for part in parts for at in part)
    assert max(counts.values(), default=1) == 1
    duty = every_minute(
        span for claim in file.explained if claim.kind is ExplainedKind.DUTY for span in claim.spans
    )
    next_hours = every_minute(moved(planned[on(day + 1)].spans, DAY_MIN))
    unsorted = present - set(counts)
    assert unsorted <= duty | next_hours
    assert not set(counts) & (next_hours - every_minute(file.plan.spans)) - every_minute(found.rest)


@FEW
@given(st.data(), _PATTERNS, _DAYS)
def test_every_regular_minute_is_accounted_for_once(
    data: st.DataObject, pattern: Pattern, day: int
) -> None:
    """Worked, done elsewhere, explained, or missing; ordered minutes are paid, duty, or unmet."""
    planned = plans(pattern)
    file = data.draw(day_files(day, planned[on(day)]))
    found = sort_minutes(file, Around(planned.__getitem__, after_plan=planned[on(day + 1)]))
    explained = sum(
        minutes for kind, minutes in found.explained.items() if kind is not ExplainedKind.DUTY
    )
    assert total(found.due) == total(found.regular) + explained + total(found.missing)
    assert not every_minute(found.paid) & every_minute(found.unmet)
    ordered = every_minute(span for order in file.orders for span in order.spans)
    assert every_minute(found.paid) | every_minute(found.unmet) <= ordered


@FEW
@given(month_files())
def test_totals_are_the_sums_of_the_pieces(file: MonthFile) -> None:
    """So are the counters; what is over the 60th hour is what was counted beyond it."""
    result = reckon_month(file, ORDINANCES)
    sums = Counter[object]()
    for day in result.days:
        for piece in day.pieces:
            sums[piece.bucket] += piece.minutes
    assert {
        bucket: each.raw_min + each.recorded_min for bucket, each in result.totals.items()
    } == sums
    counted = {name for name, pay in STANDARD.pay.items() if pay.counts_60h}
    pieces = [piece for day in result.days for piece in day.pieces]
    assert result.counted_60h_min == sum(p.minutes for p in pieces if p.from_class in counted)
    over = sum(p.minutes for p in pieces if p.bucket.pay_class.value == "over_60")
    assert over == max(0, result.counted_60h_min - 3_600)
    assert result.over_full_day_min == sum(p.minutes for p in pieces if p.from_class not in ADD_ONS)


@FEW
@given(month_files())
def test_pieces_lie_apart_in_order_and_in_their_band(file: MonthFile) -> None:
    """Add-ons lie over regular minutes; a minute has one class, by its calendar date, and one
    rate."""
    kinds = {day.work_date: day.plan.kind for day in file.days}
    kinds |= {day: plan.kind for day, plan in file.around.items()}
    for day in reckon_month(file, ORDINANCES).days:
        beyond = [piece for piece in day.pieces if piece.from_class not in ADD_ONS]
        for before, after in pairwise(beyond):
            assert before.end <= after.start
        for piece in beyond:
            at = {minute % DAY_MIN for minute in range(piece.start, piece.end)}
            assert {minute >= 1_320 or minute < 300 for minute in at} == {piece.bucket.night}
            calendar = date.fromordinal(day.work_date.toordinal() + piece.start // DAY_MIN)
            assert piece.end <= (piece.start // DAY_MIN + 1) * DAY_MIN or piece.from_class in (
                *OUTSIDE.values(),
                "short_time",
            )
            if piece.from_class.value not in ("holiday", "short_time"):
                assert piece.from_class is OUTSIDE[kinds[calendar]]


@FEW
@given(month_files(), st.randoms(use_true_random=False))
def test_the_order_of_claims_does_not_matter(file: MonthFile, random: object) -> None:
    """Orders, explanations and spans shuffled, and spans handed in overlapping or parted."""
    expected = reckon_month(file, ORDINANCES)

    def shuffled(found: tuple[object, ...]) -> list[object]:
        again = list(found)
        random.shuffle(again)  # type: ignore[attr-defined]
        return again

    days = tuple(
        replace(
            day,
            orders=tuple(
                replace(order, spans=tuple(shuffled(_parted(order.spans))))  # type: ignore[arg-type, type-var]
                for order in shuffled(day.orders)
            ),
            explained=tuple(shuffled(day.explained)),
            presence=replace(
                day.presence,
                spans=tuple(shuffled(_parted(day.presence.spans))),
                breaks=tuple(shuffled(_parted(day.presence.breaks))),
            ),
        )
        for day in file.days
    )
    assert reckon_month(replace(file, days=days), ORDINANCES) == expected
    assert reckon_month(file, ORDINANCES) == expected


def _parted(found: Spans) -> tuple[Span, ...]:
    """The same minutes, each span in two that overlap."""
    parts = []
    for span in found:
        middle = (span.start + span.end) // 2
        parts += [Span(span.start, middle + 1), Span(max(span.start, middle - 1), span.end)]
    return tuple(parts)


@FEW
@given(month_files(), _DAYS, st.integers(0, 2_100))
def test_a_minute_more_ordered_never_lowers_pay(file: MonthFile, day: int, at: int) -> None:
    """Before rounding: a bucket that loses a minute to a dearer one may round differently."""
    number = day - 1
    more = Order("o-more", on(day), (Span(at, at + 1),))
    old = file.days[number]
    days = list(file.days)
    days[number] = replace(old, orders=(*old.orders, more))
    assert _pay(replace(file, days=tuple(days))) >= _pay(file)


def _pay(file: MonthFile) -> int:
    totals = reckon_month(file, ORDINANCES).totals.values()
    return sum((each.raw_min + each.recorded_min) * each.percent for each in totals)


@FEW
@given(month_files())
def test_dates_apart_do_not_touch_each_other(file: MonthFile) -> None:
    """A date's own minutes are the same when all dates but its neighbours are empty: what a punch
    changes is its date, the next one, and the month's sums."""
    whole = reckon_month(file, ORDINANCES)
    for number in (2, 7, 23):
        alone = tuple(
            day
            if abs(position - (number - 1)) <= 1
            else DayFile(day.plan, day.terms, Presence(day.work_date))
            for position, day in enumerate(file.days)
        )
        one = reckon_month(replace(file, days=alone), ORDINANCES).days[number - 1]
        same = whole.days[number - 1]
        for name in ("regular_min", "missing_min", "extra_min", "credited_min", "break_min"):
            assert getattr(one, name) == getattr(same, name)
