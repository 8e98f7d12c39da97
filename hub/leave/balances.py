"""What is left: sums over a ledger, the year's end, and what somebody is granted. Pure.

Everything follows from entries that are never changed. The year's end is settled by what is missing
from it: settled again after a late entry, it adds the difference and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from hub.leave.domain import (
    NOTHING,
    Amount,
    Entry,
    EntryKind,
    LeaveKind,
    YearlyGrant,
    first_day,
    last_day,
)

_TAKEN = (EntryKind.TAKEN, EntryKind.GIVEN_BACK)


def total(amounts: Iterable[Amount]) -> Amount:
    """Give all of them together."""
    summed = NOTHING
    for each in amounts:
        summed = summed.plus(each)
    return summed


@dataclass(frozen=True, slots=True)
class Balance:
    """One person's leave of one kind in one of its years, at a date.

    `left` is what counts then; `lowest` the least that it comes to from then until the year's end,
    by what is entered already: so much may be taken.
    """

    leave_kind: str
    year: int
    at: date
    granted: Amount
    carried_over: Amount
    corrected: Amount
    taken: Amount
    left: Amount
    lowest: Amount


def balance(code: str, kind: LeaveKind, entries: Sequence[Entry], year: int, at: date) -> Balance:
    """Give the balance at a date of the year, from the person's entries of the kind."""
    ours = [each for each in entries if each.year == year]
    now = [each for each in ours if each.day <= at]
    return Balance(
        leave_kind=code,
        year=year,
        at=at,
        granted=_of(now, EntryKind.GRANTED),
        carried_over=_of(now, EntryKind.CARRIED_OVER),
        corrected=_of(now, EntryKind.CORRECTED),
        taken=_of(now, *_TAKEN).negative,
        left=total(each.amount for each in now),
        lowest=lowest(kind, ours, year, at),
    )


def lowest(kind: LeaveKind, entries: Sequence[Entry], year: int, since: date) -> Amount:
    """Give the least that the year's entries come to on any day from `since` to the year's end."""
    end = last_day(year, kind.cycle)
    ours = sorted((e for e in entries if e.year == year and e.day <= end), key=lambda e: e.day)
    least = running = total(each.amount for each in ours if each.day <= since)
    for day in sorted({each.day for each in ours if each.day > since}):
        running = running.plus(total(each.amount for each in ours if each.day == day))
        least = min(least, running, key=lambda one: one.half_minutes(kind.day_min))
    return least


def falls_short(kind: LeaveKind, least: Amount, wanted: Amount) -> bool:
    """Tell whether more is wanted than is there."""
    return least.plus(wanted.negative).half_minutes(kind.day_min) < 0


# --- the year's end ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class YearEnd:
    """What of a year is left, and what of it lives on in the next one."""

    left: Amount
    carried_over: Amount


def year_end(kind: LeaveKind, entries: Sequence[Entry], year: int) -> YearEnd:
    """Give what is left of a year before it was ended, and how much of that is carried over: at
    most the kind's limit, whole days alone where it says so, and never less than nothing."""
    before = [each for each in entries if each.year == year and each.kind is not EntryKind.EXPIRED]
    left = total(each.amount for each in before)
    worth = max(0, min(left.half_minutes(kind.day_min), kind.carry_over_half_days * kind.day_min))
    halves, rest = divmod(worth, kind.day_min)
    if kind.carry_over_days:
        return YearEnd(left, Amount(halves - halves % 2))
    return YearEnd(left, Amount(halves, rest // 2))


def settled(
    kind: LeaveKind, entries: Sequence[Entry], year: int
) -> tuple[tuple[EntryKind, Amount], ...]:
    """Give the entries that are missing from a year's end: one that takes away what is left from
    the year, one that carries over into the next. None once both are there."""
    end = year_end(kind, entries, year)
    gone = _of([each for each in entries if each.year == year], EntryKind.EXPIRED)
    there = _of([each for each in entries if each.year == year + 1], EntryKind.CARRIED_OVER)
    missing = (
        (EntryKind.EXPIRED, end.left.plus(gone).negative),
        (EntryKind.CARRIED_OVER, end.carried_over.plus(there.negative)),
    )
    return tuple((what, amount) for what, amount in missing if amount != NOTHING)


# --- what is granted -----------------------------------------------------------------------------


def months_employed(
    kind: LeaveKind, year: int, employed: Iterable[tuple[date, date | None]]
) -> int:
    """Give in how many months of a kind's year somebody is employed, from the month of their first
    day in it to its end: 1 to 12, or 0 if they are not employed in it at all."""
    first, last = first_day(year, kind.cycle), last_day(year, kind.cycle)
    starts = [
        max(start, first)
        for start, end in employed
        if start <= last and (end is None or end >= first)
    ]
    if not starts:
        return 0
    hired = min(starts)
    return (last.year - hired.year) * 12 + last.month - hired.month + 1


def granted(kind: LeaveKind, employment: str, months: int) -> Amount:
    """Give what somebody of a kind of employment is granted for a year in which they are employed
    for so many months (12: all of it)."""
    rule = _rule(kind.grants, employment)
    if rule is None or months <= 0:
        return NOTHING
    if months >= 12:
        return Amount(rule.half_days)
    if rule.hired:
        return Amount(rule.hired[months - 1])
    days = -(-rule.half_days * months // 24)  # in proportion, rounded up to whole days
    return Amount(min(rule.half_days, 2 * days))


def _rule(grants: Sequence[YearlyGrant], employment: str) -> YearlyGrant | None:
    for wanted in (employment, ""):
        for each in grants:
            if each.employment == wanted:
                return each
    return None


def _of(entries: Iterable[Entry], *kinds: EntryKind) -> Amount:
    return total(each.amount for each in entries if each.kind in kinds)
