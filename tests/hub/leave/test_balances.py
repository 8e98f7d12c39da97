"""Sums over a ledger: they never drift, and what is carried over never exceeds its limit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.leave.balances import (
    balance,
    falls_short,
    granted,
    lowest,
    months_employed,
    settled,
    total,
    year_end,
)
from hub.leave.domain import (
    NOTHING,
    Amount,
    Cycle,
    Entry,
    EntryKind,
    LeaveKind,
    LeaveUnit,
    Shown,
    YearlyGrant,
    first_day,
    last_day,
    shown,
    year_of,
)
from hub.leave.kind_files import load_kinds

K = EntryKind
ANNUAL = load_kinds()["annual"]
NUMBERS = count()


def entry(
    kind: EntryKind, half_days: int = 0, minutes: int = 0, day: date = date(2026, 1, 1), **more: int
) -> Entry:
    number = next(NUMBERS)
    return Entry(
        id=f"e{number}",
        person_id="p",
        leave_kind="annual",
        year=more.get("year", day.year),
        kind=kind,
        half_days=half_days,
        minutes=minutes,
        day=day,
        source=str(number),
        application_id=None,
        reason="",
        made_by="t",
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


AMOUNTS = st.builds(Amount, st.integers(-80, 80), st.integers(-5_000, 5_000))
EVEN_DAYS = st.sampled_from([480, 450, 360])
DAYS_2026 = st.integers(0, 364).map(lambda n: date(2026, 1, 1) + timedelta(days=n))
TAKEN = st.builds(
    lambda halves, minutes, day: entry(K.TAKEN, -halves, -minutes, day),
    st.integers(0, 6),
    st.integers(0, 16).map(lambda hours: hours * 30),
    DAYS_2026,
)


# --- amounts -------------------------------------------------------------------------------------


@given(st.lists(AMOUNTS, max_size=50), EVEN_DAYS)
def test_a_sum_in_any_order_is_the_same_and_worth_what_its_parts_are(
    amounts: list[Amount], day_min: int
) -> None:
    summed = total(amounts)
    assert summed == total(reversed(amounts)) == total(sorted(amounts))
    assert summed.half_minutes(day_min) == sum(each.half_minutes(day_min) for each in amounts)


@given(AMOUNTS, EVEN_DAYS)
def test_what_is_shown_is_worth_exactly_what_it_shows(amount: Amount, day_min: int) -> None:
    found = shown(amount, day_min)
    worth = 2 * day_min * found.days + day_min * found.half
    worth += 2 * (60 * found.hours + found.minutes)
    assert (-worth if found.below else worth) == amount.half_minutes(day_min)
    assert not found.half or (found.hours, found.minutes) == (0, 0)
    assert 60 * found.hours + found.minutes < day_min


@pytest.mark.parametrize(
    ("amount", "day_min", "told"),
    [
        (Amount(40), 480, Shown(20, False, 0, 0, below=False)),
        (Amount(39), 480, Shown(19, True, 0, 0, below=False)),
        (Amount(40, -180), 480, Shown(19, False, 5, 0, below=False)),
        (Amount(40, -180), 465, Shown(19, False, 4, 45, below=False)),
        (Amount(0, 480), 480, Shown(1, False, 0, 0, below=False)),
        (Amount(0, 465), 465, Shown(1, False, 0, 0, below=False)),
        (Amount(-1, -30), 480, Shown(0, False, 4, 30, below=True)),
        (NOTHING, 480, Shown(0, False, 0, 0, below=False)),
    ],
)
def test_days_are_days_and_hours_are_turned_by_the_kinds_rule(
    amount: Amount, day_min: int, told: Shown
) -> None:
    assert shown(amount, day_min) == told


# --- balances ------------------------------------------------------------------------------------


@given(st.lists(TAKEN, max_size=12), DAYS_2026)
def test_no_day_until_the_years_end_has_less_than_the_lowest(taken: list[Entry], at: date) -> None:
    ledger = [entry(K.GRANTED, 40), entry(K.CARRIED_OVER, 10), *taken]
    found = balance("annual", ANNUAL, ledger, 2026, at)
    day = at
    least: list[int] = []
    while day <= date(2026, 12, 31):
        then = total(each.amount for each in ledger if each.day <= day)
        least.append(then.half_minutes(ANNUAL.day_min))
        day += timedelta(days=1)
    assert found.lowest.half_minutes(ANNUAL.day_min) == min(least)
    assert found.left.half_minutes(ANNUAL.day_min) == least[0]
    parts = (found.granted, found.carried_over, found.corrected, found.taken.negative)
    assert total(parts) == found.left


def test_leave_planned_for_later_is_not_there_to_be_taken_before_it() -> None:
    ledger = [entry(K.GRANTED, 4), entry(K.TAKEN, -4, 0, date(2026, 12, 1))]
    least = lowest(ANNUAL, ledger, 2026, date(2026, 5, 1))
    assert falls_short(ANNUAL, least, Amount(1))
    assert not falls_short(ANNUAL, least, NOTHING)


def test_what_is_granted_later_is_not_there_earlier() -> None:
    ledger = [entry(K.GRANTED, 4, 0, date(2026, 7, 1))]
    assert lowest(ANNUAL, ledger, 2026, date(2026, 6, 30)) == NOTHING
    assert lowest(ANNUAL, ledger, 2026, date(2026, 7, 1)) == Amount(4)


# --- the year's end -----------------------------------------------------------------------------


def ended(kind: LeaveKind, ledger: list[Entry], year: int) -> list[Entry]:
    """The ledger once what is missing from a year's end was entered."""
    day = first_day(year + 1, kind.cycle)
    added = [
        entry(what, *amount, day, year=year if what is K.EXPIRED else year + 1)
        for what, amount in settled(kind, ledger, year)
    ]
    return [*ledger, *added]


@given(
    st.lists(TAKEN, max_size=20),
    st.integers(0, 80),
    st.integers(0, 40),
    st.integers(0, 60),
    st.booleans(),
)
def test_what_is_carried_over_never_exceeds_limit_or_rest_and_the_old_year_ends_at_nothing(
    taken: list[Entry], given_: int, limit: int, corrected: int, whole: bool
) -> None:
    kind = LeaveKind(
        title="年休",
        title_en="Annual",
        title_easy="休み",
        carry_over_half_days=limit,
        carry_over_days=whole,
    )
    ledger = [entry(K.GRANTED, given_), entry(K.CORRECTED, 0, -corrected), *taken]
    left = total(each.amount for each in ledger)
    after = ended(kind, ledger, 2026)
    carried = total(e.amount for e in after if e.kind is K.CARRIED_OVER)
    worth = carried.half_minutes(kind.day_min)
    assert 0 <= worth <= limit * kind.day_min
    assert worth <= max(0, left.half_minutes(kind.day_min))
    assert not whole or (carried.half_days % 2 == 0 and carried.minutes == 0)
    old = total(each.amount for each in after if each.year == 2026)
    assert old.half_minutes(kind.day_min) == 0
    assert settled(kind, after, 2026) == ()
    # Ending it again after something came late gives what ending it once would have given.
    late = entry(K.TAKEN, -2, -60, date(2026, 12, 28))
    again = ended(kind, [*after, late], 2026)
    once = ended(kind, [*ledger, late], 2026)
    for year in (2026, 2027):
        assert total(e.amount for e in again if e.year == year) == total(
            e.amount for e in once if e.year == year
        )


def test_twenty_days_at_most_live_on_and_a_broken_day_is_lost() -> None:
    nothing_taken = [entry(K.GRANTED, 40), entry(K.CARRIED_OVER, 40)]
    assert year_end(ANNUAL, nothing_taken, 2026).carried_over == Amount(40)
    some = [entry(K.GRANTED, 40), entry(K.TAKEN, -20, -180)]
    assert year_end(ANNUAL, some, 2026).carried_over == Amount(18)  # 9 days of 9 d 5 h


# --- grants --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hired", "months", "days"),
    [
        (date(2020, 4, 1), 12, 20),
        (date(2026, 1, 31), 12, 20),
        (date(2026, 4, 1), 9, 15),
        (date(2026, 10, 16), 3, 5),
        (date(2026, 12, 31), 1, 2),
    ],
)
def test_who_is_hired_within_the_year_is_granted_what_the_table_says(
    hired: date, months: int, days: int
) -> None:
    assert months_employed(ANNUAL, 2026, [(hired, None)]) == months
    assert granted(ANNUAL, "regular", months) == Amount(2 * days)


def test_who_is_not_employed_in_a_year_is_granted_nothing() -> None:
    assert months_employed(ANNUAL, 2026, [(date(2020, 1, 1), date(2025, 12, 31))]) == 0
    assert months_employed(ANNUAL, 2026, [(date(2027, 1, 1), None)]) == 0
    assert granted(ANNUAL, "regular", 0) == NOTHING


@given(st.integers(0, 80), st.integers(1, 12))
def test_without_a_table_it_is_in_proportion_and_never_more_than_the_whole(
    half_days: int, months: int
) -> None:
    rule = YearlyGrant(half_days=half_days)
    kind = LeaveKind(title="休", title_en="L", title_easy="休み", grants=(rule,))
    found = granted(kind, "regular", months)
    assert half_days * months <= 12 * found.half_days or found.half_days == half_days
    assert found.half_days <= half_days


def test_a_kind_of_employment_has_its_own_grant() -> None:
    assert granted(ANNUAL, "fiscal_year_part", 12) == Amount(20)
    assert granted(ANNUAL, "regular", 12) == Amount(40)


# --- years ---------------------------------------------------------------------------------------


@given(DAYS_2026, st.sampled_from(list(Cycle)))
def test_every_date_lies_in_the_year_that_it_is_said_to(day: date, cycle: Cycle) -> None:
    year = year_of(day, cycle)
    assert first_day(year, cycle) <= day <= last_day(year, cycle)


def test_the_shipped_kinds_are_taken_in_units_that_exist() -> None:
    for code, kind in load_kinds().items():
        assert set(kind.units) <= set(LeaveUnit), code
