"""A person's employments as one line of time, and what may be done to it: pure.

No two stints of a career overlap; each operation gives the whole career as it would be, in order,
or raises `CareerError`. Days are work dates, and `ends_on` is the last day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from hub.staff.domain import Employment, Place

_DAY: Final = timedelta(days=1)


class CareerCode(StrEnum):
    """Why a career cannot be so."""

    OVERLAPS = "overlaps"
    INVERTED = "inverted"
    NOT_EMPLOYED = "not_employed"
    STARTS_THAT_DAY = "starts_that_day"
    LATER = "later_employment"


class CareerError(Exception):
    """A career cannot be so: why, and which date is at fault."""

    def __init__(self, code: CareerCode, field: str, text: str) -> None:
        self.code, self.field = code, field
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Stint:
    """One place from `starts_on` through `ends_on`; `id` is that of its employment, if it has one
    already."""

    starts_on: date
    ends_on: date | None
    place: Place
    id: str | None = None

    def holds(self, day: date) -> bool:
        """Whether it is in force on a date."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


Career = tuple[Stint, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a file says of somebody as of a day. `starts_on`: since when, None where it does not
    say; `says_end`: it has a word on the end, and `ends_on` None means that there is none."""

    place: Place
    starts_on: date | None = None
    says_end: bool = False
    ends_on: date | None = None


def career_of(employments: Iterable[Employment]) -> Career:
    """Give the career that somebody's employments are."""
    stints = (
        Stint(e.starts_on, e.ends_on, Place(e.department_id, e.kind, e.post, e.heads), e.id)
        for e in employments
    )
    return tuple(sorted(stints, key=lambda each: each.starts_on))


def checked(stints: Iterable[Stint], field: str = "starts_on") -> Career:
    """Give stints in order; raise `CareerError` for two that overlap, or one that ends before it
    starts."""
    ordered = tuple(sorted(stints, key=lambda each: each.starts_on))
    for each in ordered:
        if each.ends_on is not None and each.ends_on < each.starts_on:
            raise CareerError(CareerCode.INVERTED, "ends_on", "the last day lies before the first")
    for before, after in pairwise(ordered):
        if before.ends_on is None or after.starts_on <= before.ends_on:
            text = f"an employment from {before.starts_on} and one from {after.starts_on} overlap"
            raise CareerError(CareerCode.OVERLAPS, field, text)
    return ordered


def holding(career: Sequence[Stint], day: date) -> Stint | None:
    """Give the stint in force on a date."""
    return next((each for each in career if each.holds(day)), None)


def last_day(career: Sequence[Stint]) -> date | None:
    """Give the last day of a career that ends; None for one that does not, or that is empty."""
    return career[-1].ends_on if career else None


# --- what people do ----------------------------------------------------------------------------


def hired(career: Career, new: Stint) -> Career:
    """Add a stint where there is none."""
    return checked((*career, new))


def transferred(career: Career, first: date, place: Place) -> Career:
    """End what holds on `first` the day before, and begin at another place for as long."""
    now = holding(career, first)
    if now is None:
        raise CareerError(CareerCode.NOT_EMPLOYED, "starts_on", "not employed on that day")
    if now.starts_on == first:
        text = "an employment starts on that very day: correct it"
        raise CareerError(CareerCode.STARTS_THAT_DAY, "starts_on", text)
    ended = replace(now, ends_on=first - _DAY)
    return checked((*_without(career, now), ended, Stint(first, now.ends_on, place)))


def retired(career: Career, last: date) -> Career:
    """End a career with a day on which they are employed."""
    now = holding(career, last)
    if now is None:
        raise CareerError(CareerCode.NOT_EMPLOYED, "ends_on", "not employed on that day")
    if career[-1] is not now:
        text = f"an employment starts later, on {career[-1].starts_on}: remove it first"
        raise CareerError(CareerCode.LATER, "ends_on", text)
    return (*_without(career, now), replace(now, ends_on=last))


def corrected(career: Career, new: Stint) -> Career:
    """Put a stint in the place of the one with its id."""
    return checked((*(each for each in career if each.id != new.id), new))


# --- what a file says --------------------------------------------------------------------------


def as_filed(career: Career, wish: Wish, effective_on: date) -> Career:
    """Give a career as a file has it that holds from `effective_on`; the same file again changes
    nothing. What lies before the start that the file tells, and what was planned for later, stays.

    Raises `CareerError` where the file contradicts what stands there.
    """
    start = wish.starts_on or effective_on
    if wish.says_end and wish.ends_on is not None:
        if wish.starts_on is not None and wish.ends_on < wish.starts_on:
            raise CareerError(CareerCode.INVERTED, "ends_on", "the last day lies before the first")
        if wish.ends_on < effective_on:
            return _has_left(career, wish.ends_on)
    at = max(start, effective_on)
    now = holding(career, at)
    if now is not None and now.place == wish.place:
        start = min(start, now.starts_on)
    ends_on = _end(career, wish, now, at)
    if now is None:
        return checked((*career, Stint(start, ends_on, wish.place)))
    if now.place == wish.place or start <= now.starts_on:
        changed = replace(now, starts_on=start, ends_on=ends_on, place=wish.place)
        return checked((*_without(career, now), changed))
    ended = replace(now, ends_on=start - _DAY)
    return checked((*_without(career, now), ended, Stint(start, ends_on, wish.place)))


def _end(career: Career, wish: Wish, now: Stint | None, at: date) -> date | None:
    """The last day of what holds at a date: before what was planned for later."""
    if wish.says_end and wish.ends_on is not None:
        return wish.ends_on
    later = next((each for each in career if each.starts_on > at), None)
    bound = later.starts_on - _DAY if later else None
    if not wish.says_end and now is not None and now.ends_on is not None:
        return now.ends_on
    return bound


def _has_left(career: Career, last: date) -> Career:
    """The file says that they left before it begins to hold. Who came back later stays."""
    now = holding(career, last)
    if now is None or now.ends_on == last:
        return career
    return checked((*_without(career, now), replace(now, ends_on=last)))


def _without(career: Career, stint: Stint) -> Career:
    return tuple(each for each in career if each is not stint)


# --- how to write it ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Steps:
    """How to get from one career to another so that no two stints overlap on the way: take away,
    shorten, then move, then add."""

    removed: tuple[str, ...]
    shortened: tuple[Stint, ...]
    moved: tuple[Stint, ...]
    added: tuple[Stint, ...]

    def __bool__(self) -> bool:
        return bool(self.removed or self.shortened or self.moved or self.added)


def steps(before: Career, after: Career) -> Steps:
    """Give the way from one career to another; stints are the same if their ids are."""
    old = {each.id: each for each in before}
    kept = {each.id for each in after if each.id is not None}
    changed = [each for each in after if each.id is not None and old[each.id] != each]
    shortened = []
    free = min((each.starts_on for each in (*before, *after)), default=date.max)
    for each in changed:
        was = old[each.id]
        overlap = _common(was, each)
        if overlap is None:
            # Nothing in common: out of everybody's way first, to a day before all of them.
            free -= _DAY
            overlap = replace(was, starts_on=free, ends_on=free)
        if overlap != was:
            shortened.append(overlap)
    return Steps(
        removed=tuple(each.id for each in before if each.id is not None and each.id not in kept),
        shortened=tuple(shortened),
        moved=tuple(changed),
        added=tuple(each for each in after if each.id is None),
    )


def _common(one: Stint, other: Stint) -> Stint | None:
    """The days that two have in common, at the first one's place."""
    start = max(one.starts_on, other.starts_on)
    ends = [each.ends_on for each in (one, other) if each.ends_on is not None]
    end = min(ends) if ends else None
    if end is not None and end < start:
        return None
    return replace(one, starts_on=start, ends_on=end)
