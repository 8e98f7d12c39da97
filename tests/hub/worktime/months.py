"""Whole months of people of all kinds, drawn by Hypothesis with minutes biased to the edges.

Physically possible ones: a stretch of presence ends before the next date's begins, breaks lie in
presence, and no plan reaches into the next date's regular hours. All else may fall together.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import msgspec
from hypothesis import strategies as st

from hub.worktime.domain import (
    CapType,
    DayFile,
    DayKind,
    DayPlan,
    Explained,
    ExplainedKind,
    Month,
    MonthFile,
    MonthTally,
    Order,
    PayClass,
    Presence,
    Swap,
    SwapKind,
    SwapPart,
    Terms,
)
from hub.worktime.minutes import DAY_MIN, Span, Spans, common, without
from hub.worktime.ordinance import (
    Cap,
    Day,
    Elsewhere,
    Ordinance,
    Ordinances,
    Rounding,
    Sixty,
    Statutory,
    TripOvertime,
)
from tests.hub.worktime.cases.staff_month import STANDARD, spans
from tests.hub.worktime.oracle.swapping import swap_slowly

MONTHS: Final = tuple(
    Month(*one)
    for one in ((2026, 11), (2028, 2), (2026, 12), (2027, 1), (2026, 4), (2027, 3), (2026, 5))
)
CLOCKS: Final = (0, 300, 510, 720, 780, 1_035, 1_320, 1_440, 1_740, 1_950, 2_160)
"""00:00, 05:00, 08:30, 12:00, 13:00, 17:15, 22:00, 24:00, 29:00, 32:30, 36:00."""
EDGES: Final = tuple(sorted({max(0, clock + by) for clock in CLOCKS for by in (-1, 0, 1)}))
LAST_MIN: Final = 2_400

minutes = st.sampled_from(EDGES) | st.integers(0, LAST_MIN)


def stretches(most: int) -> st.SearchStrategy[Spans]:
    """Up to so many spans apart from one another."""
    points = st.lists(minutes, max_size=2 * most, unique=True).map(sorted)
    return points.map(
        lambda at: tuple(Span(*pair) for pair in zip(at[::2], at[1::2], strict=False))
    )


# --- plans ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """One date of a pattern."""

    hours: Spans
    breaks: Spans = ()


_DAY: Final = Turn(spans("08:30-12:00 13:00-17:15"), spans("12:00-13:00"))
_SHORT: Final = Turn(spans("09:30-12:00 13:00-16:15"), spans("12:00-13:00"))
_HALF: Final = Turn(spans("09:00-13:00"))
_LATE: Final = Turn(spans("13:00-17:00 18:00-21:45"), spans("17:00-18:00"))
_NIGHT: Final = Turn(spans("17:00-25:00 26:00-32:30"), spans("25:00-26:00"))
_WATCH: Final = Turn(
    spans("08:30-12:00 13:00-17:15 18:15-24:30 31:00-32:30"),
    spans("12:00-13:00 17:15-18:15 24:30-31:00"),
)
_OFF: Final = Turn(())
PATTERNS: Final[tuple[tuple[bool, tuple[Turn, ...]], ...]] = (
    (False, (*[_DAY] * 5, _OFF, _OFF)),
    (False, (*[_SHORT] * 5, _OFF, _OFF)),
    (False, (_HALF, _OFF, _HALF, _OFF, _HALF, _OFF, _OFF)),
    (True, (_DAY, _LATE, _NIGHT, _OFF)),
    (True, (_WATCH, _OFF, _OFF)),
    (True, (_NIGHT, _OFF, _DAY, _DAY, _OFF)),
    (False, (_OFF,)),
)
"""Whether rostered, and what comes round; sevens begin on a Monday."""


@st.composite
def planned(draw: st.DrawFn, month: Month) -> dict[date, DayPlan]:
    """The plans of a month and seven days around it, before swaps."""
    rostered, turns = draw(st.sampled_from(PATTERNS))
    first, last = month.first - timedelta(days=7), month.last + timedelta(days=7)
    count = (last - first).days + 1
    kinds = st.sampled_from([DayKind.HOLIDAY, DayKind.YEAR_END])
    holidays = draw(st.dictionaries(st.integers(0, count - 1), kinds, max_size=4))
    plans = {}
    for number in range(count):
        day = first + timedelta(days=number)
        turn = turns[(day.toordinal() - 1) % len(turns)]
        kind = DayKind.WORKDAY if turn.hours else DayKind.DAY_OFF
        if turn.hours and number in holidays:
            kind = holidays[number]
        plans[day] = DayPlan(
            work_date=day,
            kind=kind,
            spans=turn.hours,
            breaks=turn.breaks,
            base_spans=turn.hours,
            holiday=number in holidays,
            rostered=rostered,
        )
    return plans


@st.composite
def swaps(draw: st.DrawFn, plans: dict[date, DayPlan]) -> tuple[Swap, ...]:
    """Up to three swaps among these plans, each date in one of them only."""
    made: list[Swap] = []
    used: set[date] = set()
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(SwapKind))
        away = [d for d, p in plans.items() if p.kind is DayKind.WORKDAY and d not in used]
        if kind is SwapKind.SWAP:
            there = [d for d, p in plans.items() if p.kind is DayKind.DAY_OFF and d not in used]
        else:
            held = (DayKind.HOLIDAY, DayKind.YEAR_END)
            there = [d for d, p in plans.items() if p.kind in held and d not in used]
        if not away or not there:
            continue
        off, worked = draw(st.sampled_from(away)), draw(st.sampled_from(there))
        part = draw(st.sampled_from(SwapPart)) if plans[off].breaks else SwapPart.WHOLE
        if kind is SwapKind.COMPENSATORY:
            part = SwapPart.WHOLE  # the only one there is
        made.append(Swap(f"swap-{number}", kind, worked, off, part))
        used |= {off, worked}
    return tuple(made)


# --- ordinances ----------------------------------------------------------------------------------


def _tight_ordinance(chance: random.Random) -> Ordinance:
    """One whose limits a few evenings reach."""
    pay = dict(STANDARD.pay)
    for pay_class, one in STANDARD.pay.items():
        if not _is_add_on(pay_class) and chance.random() < 0.25:
            pay[pay_class] = msgspec.structs.replace(
                one,
                counts_60h=chance.random() < 0.5,
                counts_cap_month=chance.random() < 0.5,
                counts_cap_average=chance.random() < 0.5,
            )
    if chance.random() < 0.5:  # Nobody should write that, and it counts nowhere.
        night = pay[PayClass.NIGHT_REGULAR]
        pay[PayClass.NIGHT_REGULAR] = msgspec.structs.replace(night, counts_60h=True)
    limits = (60, 119, 120, 121, 300, 601)
    caps = {
        cap_type.value: Cap(
            month_min=chance.choice(limits),
            month_below=chance.random() < 0.5,
            year_min=chance.choice((360, 1_200, 1_201, 3_600)),
            average_min=chance.choice((None, *limits)),
            average_months=(2, 3, 4, 5, 6),
            months_above_min=chance.choice(limits),
            months_above_max=chance.randrange(4),
            alerts_min=(30, 60, 120),
        )
        for cap_type in CapType
    }
    if chance.random() < 0.1:
        del caps[CapType.ORDINARY.value]
    unit = chance.choice((1, 15, 30, 60))
    return msgspec.structs.replace(
        STANDARD,
        pay=pay,
        caps=caps,
        day=Day(
            full_day_min=chance.choice((465, 480, 420)),
            night_from_min=chance.choice((1_320, 1_260)),
            night_to_min=chance.choice((300, 1_740, 360)),
        ),
        rounding=Rounding(unit_min=unit, up_from_min=chance.randrange(unit + 1)),
        sixty=Sixty(after_min=chance.choice((0, 1, 60, 300, 599))),
        statutory=Statutory(
            day_min=chance.choice((480, 465)), week_min=chance.choice((2_400, 900, 465))
        ),
        elsewhere=Elsewhere(trip_overtime=chance.choice(list(TripOvertime))),
    )


def _is_add_on(pay_class: PayClass) -> bool:
    return pay_class in (PayClass.SWAP_EXCESS, PayClass.NIGHT_REGULAR)


ORDINANCES: Final = (STANDARD, *(_tight_ordinance(random.Random(seed)) for seed in range(199)))
"""Drawn from a pool: an ordinance has too many numbers to draw them one by one every time."""


@st.composite
def ordinances(draw: st.DrawFn, month: Month) -> Ordinances:
    """One of the pool; or one after the other, from some day of the month on."""
    first, later = draw(st.sampled_from(ORDINANCES)), draw(st.sampled_from(ORDINANCES))
    since = draw(st.integers(-1, month.last.day))
    if since < 0:
        return Ordinances((first,))
    after = msgspec.structs.replace(later, since=month.first + timedelta(days=since))
    return Ordinances((first, after))


# --- people --------------------------------------------------------------------------------------

people = st.builds(
    Terms,
    department_id=st.sampled_from(["dept-1", "dept-2"]),
    cap_type=st.sampled_from(CapType),
    kind=st.sampled_from(sorted(STANDARD.kinds)),
    article_36=st.booleans(),
)


@st.composite
def careers(draw: st.DrawFn, month: Month) -> list[Terms | None]:
    """What holds on each date: transferred, hired or retired within the month, or neither."""
    terms: list[Terms | None] = [draw(people)] * month.last.day
    change = draw(st.sampled_from(["none", "none", "transfer", "hire", "retire", "gap"]))
    at = draw(st.integers(0, month.last.day))
    if change == "transfer":
        terms[at:] = [draw(people)] * (len(terms) - at)
    elif change == "hire":
        terms[:at] = [None] * at
    elif change == "retire":
        terms[at:] = [None] * (len(terms) - at)
    elif change == "gap":
        terms[at : at + 5] = [None] * len(terms[at : at + 5])
    return terms


@st.composite
def histories(draw: st.DrawFn, month: Month) -> tuple[MonthTally, ...]:
    """Up to thirteen months before, near the caps, one of them missing now and then."""
    near = st.sampled_from([0, 60, 119, 120, 121, 300, 301, 1_800, 2_700, 2_701, 4_800, 4_801])
    kinds = draw(st.lists(st.sampled_from(CapType), max_size=13))
    tallies = [
        MonthTally(month.plus(-back), cap_type, draw(near), draw(near))
        for back, cap_type in zip(range(len(kinds), 0, -1), kinds, strict=True)
    ]
    if len(tallies) > 2 and draw(st.booleans()):
        del tallies[draw(st.integers(0, len(tallies) - 1))]
    return tuple(tallies)


# --- what was, and what was allowed --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Happened:
    present: Spans
    breaks: Spans
    orders: tuple[Spans, ...]
    explained: tuple[tuple[ExplainedKind, Spans], ...]


_whole = st.sampled_from(
    [
        spans("08:30-17:15"),
        spans("08:30-19:00"),
        spans("08:30-22:01"),
        spans("08:30-33:00"),
        spans("17:00-32:30"),
        spans("08:30-12:00 13:00-17:15"),
        spans("07:45-17:15 20:00-29:01"),
    ]
)
_ordered = st.sampled_from(
    [
        spans("17:15-19:00"),
        spans("12:00-13:00"),
        spans("17:15-33:00"),
        spans("08:30-17:15"),
        spans("07:30-08:30 17:15-22:30"),
        spans("21:59-29:01"),
    ]
)
_happened = st.builds(
    _Happened,
    present=_whole | stretches(3),
    breaks=st.just(()) | st.just(spans("12:00-13:00")) | stretches(2),
    orders=st.lists((_ordered | stretches(2)).filter(bool), max_size=2).map(tuple),
    explained=st.just(())
    | st.lists(
        st.tuples(
            st.sampled_from(ExplainedKind),
            (st.sampled_from([spans("08:30-12:00"), spans("08:30-17:15")]) | stretches(2)).filter(
                bool
            ),
        ),
        max_size=2,
    ).map(tuple),
)
_away = st.builds(
    _Happened,
    present=st.just(()),
    breaks=st.just(()),
    orders=st.lists((_ordered | stretches(2)).filter(bool), min_size=1, max_size=2).map(tuple),
    explained=st.tuples(
        st.tuples(
            st.sampled_from([ExplainedKind.TRIP, ExplainedKind.TELEWORK, ExplainedKind.TRAINING]),
            st.sampled_from([spans("08:30-12:00"), spans("08:30-17:15")]),
        )
    )
    | st.just(
        ((ExplainedKind.TRIP, spans("08:30-20:00")), (ExplainedKind.DUTY, spans("18:00-24:00")))
    ),
)
"""Ordered while somebody is elsewhere, and nobody punched."""
_quiet = _Happened((), (), (), ())


def _after(present: Spans, before: Presence | None) -> Spans:
    """What can be of a presence after that of the date before, which may end past midnight."""
    if before is None or not before.spans:
        return present
    until = before.spans[-1].end - DAY_MIN
    return without(present, (Span(0, until),)) if until > 0 else present


@st.composite
def files(draw: st.DrawFn, most_lively: int = 5) -> tuple[MonthFile, Ordinances]:
    """A month of one person, with the ordinances it is reckoned by. On so many dates at most
    something happened; with 31, months are as full as life."""
    month = draw(st.sampled_from(MONTHS))
    before_swaps = draw(planned(month))
    plans = swap_slowly(before_swaps, draw(swaps(before_swaps)))
    career = draw(careers(month))
    numbers = st.integers(1, month.last.day)
    special = [
        plan.work_date.day
        for day, plan in plans.items()
        if _lies_in(day, month) and (plan.swap_id or plan.holiday)
    ]
    chosen = draw(st.sets(numbers, min_size=1, max_size=most_lively))
    lively = chosen | (draw(st.sets(st.sampled_from(special), max_size=3)) if special else set())
    if most_lively >= month.last.day:
        lively = set(range(1, month.last.day + 1)) - set(sorted(chosen)[:5])
    stays = draw(
        st.none() | stretches(2).map(lambda at: Presence(month.first - timedelta(days=1), at))
    )
    days: list[DayFile] = []
    before = stays
    for number, terms in enumerate(career, start=1):
        day = month.first.replace(day=number)
        happened = draw(_happened | _away) if number in lively else _quiet
        present = _after(happened.present, before)
        before = Presence(day, present, common(happened.breaks, present))
        days.append(
            DayFile(
                plan=plans[day],
                terms=terms,
                presence=before,
                orders=tuple(
                    Order(f"{day}-{which}", day, at) for which, at in enumerate(happened.orders)
                ),
                explained=tuple(
                    Explained(f"{day}-e{which}", day, kind, at)
                    for which, (kind, at) in enumerate(happened.explained)
                ),
            )
        )
    file = MonthFile(
        "hanako",
        month,
        tuple(days),
        {day: plan for day, plan in plans.items() if not _lies_in(day, month)},
        stays=stays,
        stays_orders=draw(_stays_orders(month)) if stays else (),
        week_before_min=draw(st.sampled_from([0, 0, 465, 480, 1_860, 2_399, 2_400])),
        history=draw(histories(month)),
        known_through=draw(st.none() | st.sampled_from([day.work_date for day in days])),
    )
    return file, draw(ordinances(month))


def _stays_orders(month: Month) -> st.SearchStrategy[tuple[Order, ...]]:
    day = month.first - timedelta(days=1)
    return st.just(()) | _ordered.map(lambda at: (Order("before", day, at),))


def _lies_in(day: date, month: Month) -> bool:
    return month.first <= day <= month.last
