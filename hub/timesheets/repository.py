"""Reading facts of many people in few statements, and keeping what was reckoned of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from hub.applications.claims import Claims, claims_between
from hub.attendance.derivation import derive_days
from hub.attendance.domain import Day, Nights, Rules, start_of, work_date_of
from hub.attendance.repository import punches_between
from hub.attendance.tables import punches, touched_days
from hub.attendance.touched import touch_spans
from hub.database.scope import Scope
from hub.rosters import repository as rosters
from hub.staff import repository as staff
from hub.timesheets.domain import KeptMonth, PersonMonthKey
from hub.timesheets.gathering import AROUND, Facts, Rulebook, months_between, nights_of
from hub.timesheets.kept import file_from_text, file_to_text, from_text, to_text
from hub.timesheets.tables import timesheet_months
from hub.worktime.domain import DayPlan, Month, MonthFile, MonthResult, MonthTally, month_of
from hub.worktime.ordinance import Ordinances

_PUNCHES_AROUND: Final = timedelta(days=2)
"""A shift can begin on the date before, and one that began before can end on it."""
_AT_ONCE: Final = 400
"""Rows named in one statement."""

# --- facts ---------------------------------------------------------------------------------------


def facts_between(
    scope: Scope,
    person_ids: Collection[str],
    months: tuple[Month, Month],
    book: Rulebook,
    now: datetime,
) -> Facts:
    """Give what is known of some people from the first month to the last, and a week around."""
    first, last = months[0].first - AROUND, months[1].last + AROUND
    return facts_of_days(scope, person_ids, first, last, book, now)


def facts_of_days(
    scope: Scope,
    person_ids: Collection[str],
    first: date,
    last: date,
    book: Rulebook,
    now: datetime,
) -> Facts:
    """Give what is known of some people from one date to another."""
    claims = claims_between(scope, person_ids, first, last, book.leave_kinds)
    plans = rosters.plans_between(scope, person_ids, first, last, book.ordinances)
    plans = _reaching(scope, plans, claims, book.ordinances)
    nights = nights_of(plans, claims, book.punches)
    return Facts(
        employments=staff.employments_between(scope, first, last, person_ids),
        terms=staff.terms_between(scope, first, last),
        plans=plans,
        claims=claims,
        days=_days_between(scope, person_ids, first, last, book.punches, now, nights),
    )


def _reaching(
    scope: Scope,
    plans: dict[str, dict[date, DayPlan]],
    claims: Mapping[str, Claims],
    ordinances: Ordinances,
) -> dict[str, dict[date, DayPlan]]:
    """Add the plans of dates from or to which a swap reaches."""
    wanted: dict[str, set[date]] = defaultdict(set)
    for person_id, found in claims.items():
        for swap in found.swaps:
            dates = {swap.worked_date, swap.off_date} - plans[person_id].keys()
            if dates:
                wanted[person_id] |= dates
    if wanted:
        every = set().union(*wanted.values())
        more = rosters.plans_between(scope, list(wanted), min(every), max(every), ordinances)
        for person_id, dates in wanted.items():
            plans[person_id] |= {day: more[person_id][day] for day in dates}
    return plans


def days_between(
    scope: Scope,
    person_ids: Collection[str],
    first: date,
    last: date,
    book: Rulebook,
    now: datetime,
) -> dict[str, dict[date, Day]]:
    """Give some people's work dates of a span as their punches are read."""
    nights = nights_between(scope, person_ids, first - timedelta(days=1), last, book)
    return _days_between(scope, person_ids, first, last, book.punches, now, nights)


def nights_between(
    scope: Scope, person_ids: Collection[str], first: date, last: date, book: Rulebook
) -> dict[str, Nights]:
    """Give some people's rostered nights of `[first, last]`."""
    after = last + timedelta(days=1)
    claims = claims_between(scope, person_ids, first, after, book.leave_kinds)
    plans = rosters.plans_between(scope, person_ids, first, after, book.ordinances)
    return nights_of(_reaching(scope, plans, claims, book.ordinances), claims, book.punches)


@dataclass(frozen=True, slots=True)
class TownNights:
    """The rostered nights that attendance asks for (`hub.attendance.rostered`)."""

    book: Rulebook

    def nights(
        self, scope: Scope, person_ids: Collection[str], first: date, last: date, /
    ) -> Mapping[str, Nights]:
        """Give some people's nights of `[first, last]`; none from before there was an ordinance."""
        since = max(first, self.book.ordinances.versions[0].since)
        return nights_between(scope, person_ids, since, last, self.book) if since <= last else {}


def _days_between(
    scope: Scope,
    person_ids: Collection[str],
    first: date,
    last: date,
    rules: Rules,
    now: datetime,
    nights: Mapping[str, Nights],
) -> dict[str, dict[date, Day]]:
    start = start_of(first) - _PUNCHES_AROUND
    end = start_of(last + timedelta(days=1)) + _PUNCHES_AROUND
    found: dict[str, dict[date, Day]] = defaultdict(dict)
    for some in _portions(sorted(person_ids)):
        read = punches_between(scope, start, end, person_ids=some)
        for day in derive_days(read, rules, now, nights):
            if first <= day.work_date <= last:
                found[day.person_id][day.work_date] = day
    return found


def controllers_of(scope: Scope, person_ids: Collection[str], since: datetime) -> frozenset[str]:
    """Give the controllers at whose readers some people punched since an instant."""
    p = punches.c
    query = scope.select(p.controller_id).where(
        p.person_id.in_(sorted(person_ids)), p.corrected_at >= since
    )
    return frozenset(row.controller_id for row in scope.all(query.distinct()))


# --- what is kept --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class State:
    """A kept month without its result: whether it still stands, and what later months need."""

    key: PersonMonthKey
    fingerprint: str
    rules: str
    stale: bool
    partial: bool
    good_until: datetime | None
    tail: tuple[int, ...]
    tally: MonthTally | None

    def stands(self, rules: str, now: datetime) -> bool:
        """Whether its facts are the same, so that later months may go by its minutes."""
        in_time = self.good_until is None or now <= self.good_until
        return not self.stale and self.rules == rules and in_time


@dataclass(frozen=True, slots=True)
class Fresh:
    """A month that was looked at anew. `result` None: it is reckoned from the same as what is
    kept."""

    key: PersonMonthKey
    file: MonthFile
    result: MonthResult | None
    fingerprint: str
    rules: str
    partial: bool
    good_until: datetime | None
    tail: tuple[int, ...]
    reckoned_at: datetime


def number_of(month: Month) -> int:
    """Give a month as the table counts it."""
    return month.year * 100 + month.number


def _month(number: int) -> Month:
    return Month(number // 100, number % 100)


def states(
    scope: Scope, person_ids: Collection[str], first: Month, last: Month
) -> dict[PersonMonthKey, State]:
    """Give what is kept of some people's months, without the results."""
    t = timesheet_months.c
    query = scope.select(
        t.person_id,
        t.month,
        t.fingerprint,
        t.rules,
        t.stale,
        t.partial,
        t.good_until,
        t.tail,
        t.cap_type,
        t.cap_month_min,
        t.cap_average_min,
    ).where(t.month >= number_of(first), t.month <= number_of(last), _among(person_ids))
    wanted = set(person_ids)
    found = (_state(row) for row in scope.all(query) if row.person_id in wanted)
    return {state.key: state for state in found}


def _among(person_ids: Collection[str]) -> sa.ColumnElement[bool]:
    """Name people one by one, unless they are so many that whoever is not meant costs less."""
    if len(person_ids) > _AT_ONCE:
        return sa.true()
    return timesheet_months.c.person_id.in_(sorted(person_ids))


def _state(row: Any) -> State:
    key = PersonMonthKey(row.person_id, _month(row.month))
    tally = (
        MonthTally(key.month, row.cap_type, row.cap_month_min, row.cap_average_min)
        if row.cap_type is not None
        else None
    )
    return State(
        key,
        row.fingerprint,
        row.rules,
        row.stale,
        row.partial,
        row.good_until,
        tuple(row.tail),
        tally,
    )


def kept_months(scope: Scope, person_ids: Collection[str], month: Month) -> dict[str, KeptMonth]:
    """Give some people's month as it is kept, by person."""
    t = timesheet_months.c
    query = sa.select(timesheet_months).where(t.month == number_of(month), _among(person_ids))
    wanted = set(person_ids)
    return {
        row.person_id: KeptMonth(
            PersonMonthKey(row.person_id, month),
            file_from_text(row.file),
            from_text(row.result),
            row.fingerprint,
            row.reckoned_at,
            row.stale,
        )
        for row in scope.all(query)
        if row.person_id in wanted
    }


def keep(scope: Scope, months: Iterable[Fresh]) -> int:
    """Write months that were reckoned; give how many."""
    rows = [_row(each) for each in months]
    return scope.upsert(timesheet_months, rows, key=("person_id", "month"))


def _row(fresh: Fresh) -> dict[str, Any]:
    if fresh.result is None:
        raise ValueError("a month to keep has a result")
    tally = fresh.result.tally
    return {
        "person_id": fresh.key.person_id,
        "month": number_of(fresh.key.month),
        "file": file_to_text(fresh.file),
        "result": to_text(fresh.result),
        "fingerprint": fresh.fingerprint,
        "rules": fresh.rules,
        "stale": False,
        "partial": fresh.partial,
        "good_until": fresh.good_until,
        "tail": fresh.tail,
        "cap_type": tally.cap_type if tally else None,
        "cap_month_min": tally.cap_month_min if tally else None,
        "cap_average_min": tally.cap_average_min if tally else None,
        "reckoned_at": fresh.reckoned_at,
    }


def still_stands(scope: Scope, fresh: Fresh) -> None:
    """Say of a kept month that it stands as it is: what it is reckoned from is the same."""
    t = timesheet_months.c
    values = {
        "stale": False,
        "rules": fresh.rules,
        "good_until": fresh.good_until,
        "partial": fresh.partial,
    }
    key = fresh.key
    scope.update(
        timesheet_months, values, t.person_id == key.person_id, t.month == number_of(key.month)
    )


def mark_stale(scope: Scope, person_ids: Collection[str], first: Month, last: Month) -> None:
    """Say that some people's months, as far as they are kept, stand no longer."""
    t = timesheet_months.c
    for some in _portions(sorted(person_ids)):
        scope.update(
            timesheet_months,
            {"stale": True},
            t.person_id.in_(some),
            t.month >= number_of(first),
            t.month <= number_of(last),
        )


def give_up(scope: Scope, person_ids: Collection[str], month: Month) -> None:
    """Say of months that cannot be reckoned that nobody need try again until rules change."""
    t = timesheet_months.c
    for some in _portions(sorted(person_ids)):
        where = (t.person_id.in_(some), t.month == number_of(month))
        scope.update(timesheet_months, {"stale": False, "rules": ""}, *where)


# --- marks ---------------------------------------------------------------------------------------


def marked_months(scope: Scope, person_ids: Collection[str]) -> frozenset[PersonMonthKey]:
    """Give the months of some people about which anything was written since."""
    t = touched_days.c
    query = scope.select(t.person_id, t.work_date)
    if len(person_ids) <= _AT_ONCE:
        query = query.where(t.person_id.in_(sorted(person_ids)))
    wanted = set(person_ids)
    rows = [(row.person_id, row.work_date) for row in scope.all(query) if row.person_id in wanted]
    return frozenset(_months_of(rows))


def _months_of(days: Iterable[tuple[str, date]]) -> set[PersonMonthKey]:
    """The months that depend on dates: weeks and shifts reach over a month's ends."""
    return {
        PersonMonthKey(person_id, month)
        for person_id, day in set(days)
        for month in months_between(month_of(day - AROUND), month_of(day + AROUND))
    }


def spread_marks(scope: Scope, person_ids: Collection[str]) -> frozenset[PersonMonthKey]:
    """Turn the marks of some people into stale months, and take them away; give the months of the
    dates that were marked.

    Called before facts are read: a mark that is being written meanwhile is waited for, or stays.
    """
    t = touched_days.c
    taken: list[tuple[str, date]] = []
    for some in _portions(sorted(person_ids)):
        query = scope.select(t.person_id, t.work_date).where(t.person_id.in_(some))
        taken += [(r.person_id, r.work_date) for r in scope.all(query.with_for_update())]
    people_of: dict[Month, set[str]] = defaultdict(set)
    for key in _months_of(taken):
        people_of[key.month].add(key.person_id)
    for month, people in people_of.items():
        mark_stale(scope, people, month, month)
    pair = sa.tuple_(t.person_id, t.work_date)
    for rows in _portions(taken):
        scope.delete(touched_days, pair.in_(rows))
    return frozenset(PersonMonthKey(person_id, month_of(day)) for person_id, day in taken)


def waiting(scope: Scope, limit: int) -> tuple[str, ...]:
    """Give people of whom something was written since, or whose kept months stand no longer."""
    t, m = touched_days.c, timesheet_months.c
    rows = scope.all(scope.select(t.person_id).distinct().limit(limit))
    found = {row.person_id for row in rows}
    if len(found) < limit:
        stale = scope.select(m.person_id).where(m.stale.is_(True)).distinct().limit(limit)
        found |= {row.person_id for row in scope.all(stale)}
    return tuple(sorted(found)[:limit])


def outdate(scope: Scope, rules: str, at: datetime) -> int:
    """Mark what was reckoned by other rules than today's, and have what of it is closed looked at;
    give how many months."""
    t = timesheet_months.c
    rows = scope.all(scope.select(t.person_id, t.month).where(t.rules != rules))
    months: dict[str, list[Month]] = defaultdict(list)
    for row in rows:
        months[row.person_id].append(_month(row.month))
    yesterday = work_date_of(at) - timedelta(days=1)
    for person_id, theirs in sorted(months.items()):
        first, last = min(theirs).first, min(max(theirs).last, yesterday)
        if first <= last:
            touch_spans(scope, [person_id], first, last, at)
    return scope.update(timesheet_months, {"stale": True}, t.rules != rules, t.stale.is_(False))


def stale_months(scope: Scope, person_ids: Collection[str]) -> tuple[PersonMonthKey, ...]:
    """Give some people's kept months that stand no longer."""
    t = timesheet_months.c
    query = scope.select(t.person_id, t.month).where(
        t.stale.is_(True), t.person_id.in_(sorted(person_ids))
    )
    return tuple(PersonMonthKey(row.person_id, _month(row.month)) for row in scope.all(query))


def _portions(rows: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE))
