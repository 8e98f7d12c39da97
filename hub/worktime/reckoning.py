"""A person's month reckoned, as docs/attendance-rules.md says.

First each date by itself: its minutes sorted (`day`), and those beyond the salary given a class
(`classes`), by the ordinance in force on that date. Then the month as a whole, by the ordinance in
force on its last day: the 60th hour (`sixty`), the two counters (`counters`), totals rounded once
(`totals`), caps (`caps`). A month takes about a millisecond: after a punch it is simply made anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hub.worktime.caps import cap_findings
from hub.worktime.classes import pieces_of
from hub.worktime.counters import beyond_regular_min, credited_min, statutory_min
from hub.worktime.day import Around, DayMinutes, sort_minutes
from hub.worktime.domain import (
    DayFile,
    DayNote,
    DayPlan,
    DayResult,
    ExplainedKind,
    MonthFile,
    MonthResult,
    MonthTally,
    PayClass,
    Piece,
)
from hub.worktime.minutes import total
from hub.worktime.notes import day_notes, in_order, month_notes
from hub.worktime.ordinance import ADD_ONS, Ordinance, Ordinances, Overtime
from hub.worktime.sixty import split_at_sixty
from hub.worktime.swaps import swap_excess
from hub.worktime.totals import bucket_totals


class MonthFileError(ValueError):
    """A month's file does not hold what reckoning needs."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """A date before the month is looked at. `minutes` None: not employed."""

    file: DayFile
    minutes: DayMinutes | None
    pieces: tuple[Piece, ...]
    notes: frozenset[DayNote]
    paid: bool
    credited_min: int


def reckon_month(file: MonthFile, ordinances: Ordinances) -> MonthResult:
    """Give a person's month. Raises `MonthFileError` for dates that are not the month's or a plan
    that is not there, `NoOrdinanceError` and `KindUnknownError` for rules that do not say."""
    _check(file)
    concluding = ordinances.at(file.month.last)
    plans = {**file.around, **{day.work_date: day.plan for day in file.days}}
    excess = swap_excess(list(plans), plans, concluding.day.week_starts)
    drafts = [
        _draft(position, file, plans, ordinances, excess) for position in range(len(file.days))
    ]
    counting = {
        name for name, pay in concluding.pay.items() if pay.counts_60h and name not in ADD_ONS
    }
    pieces, counted = split_at_sixty(
        (draft.pieces for draft in drafts), counting, concluding.sixty.after_min
    )
    days = _day_results(drafts, pieces, file, ordinances)
    tally = _tally(file, pieces, concluding)
    return MonthResult(
        person_id=file.person_id,
        month=file.month,
        days=days,
        totals=bucket_totals(
            ((draft.paid, of_day) for draft, of_day in zip(drafts, pieces, strict=True)), concluding
        ),
        regular_min=sum(day.regular_min for day in days),
        missing_min=sum(day.missing_min for day in days),
        explained_min=_explained(days),
        days_worked=sum(day.credited_min > 0 for day in days),
        counted_60h_min=counted,
        over_full_day_min=sum(day.over_full_day_min for day in days),
        statutory_min=sum(day.statutory_min for day in days),
        caps=cap_findings(tally, file.history, concluding) if tally else (),
        tally=tally,
    )


def _check(file: MonthFile) -> None:
    dates = [day.work_date for day in file.days]
    first = file.month.first
    wanted = [first + timedelta(days=n) for n in range(file.month.last.day)]
    if dates != wanted:
        raise MonthFileError(f"{file.month} needs each of its dates once, in order")
    for day in file.days:
        if day.presence.work_date != day.work_date:
            raise MonthFileError(f"{day.work_date} has the presence of {day.presence.work_date}")


def _draft(
    position: int,
    file: MonthFile,
    plans: Mapping[date, DayPlan],
    ordinances: Ordinances,
    excess: Mapping[date, int],
) -> _Draft:
    day = file.days[position]
    if day.terms is None:
        return _Draft(day, None, (), frozenset({DayNote.NOT_EMPLOYED}), False, 0)
    ordinance = ordinances.at(day.work_date)
    kind = ordinances.kind_at(day.terms.kind, day.work_date)
    around = _around(position, file, plans)
    minutes = sort_minutes(day, around, ordinance.elsewhere.trip_overtime)
    if file.known_through is not None and day.work_date > file.known_through:
        minutes = replace(minutes, missing=(), unmet=())
    pieces = pieces_of(day, minutes, around, ordinance, kind, excess.get(day.work_date, 0))
    return _Draft(
        file=day,
        minutes=minutes,
        pieces=pieces,
        notes=day_notes(day, minutes, pieces, kind, ordinance),
        paid=kind.overtime is Overtime.PAID,
        credited_min=credited_min(minutes.regular, pieces),
    )


def _around(position: int, file: MonthFile, plans: Mapping[date, DayPlan]) -> Around:
    """The neighbours of a date. Beyond the month's ends the person is taken to be employed."""

    def plan_at(day: date) -> DayPlan:
        plan = plans.get(day)
        if plan is None:
            raise MonthFileError(f"there are minutes on {day}, whose plan is not there")
        return plan

    before = file.days[position - 1] if position else None
    after = file.days[position + 1] if position + 1 < len(file.days) else None
    work_date = file.days[position].work_date
    return Around(
        plan_at=plan_at,
        before_plan=plans.get(work_date - timedelta(days=1)),
        before_presence=before.presence if before else file.stays,
        before_orders=before.orders if before else file.stays_orders,
        after_plan=plans.get(work_date + timedelta(days=1)),
        hands_on=after is None or after.terms is not None,
    )


def _day_results(
    drafts: Sequence[_Draft],
    pieces: Sequence[tuple[Piece, ...]],
    file: MonthFile,
    ordinances: Ordinances,
) -> tuple[DayResult, ...]:
    concluding = ordinances.at(file.month.last)
    credited = [(draft.file.work_date, draft.credited_min) for draft in drafts]
    limits = [ordinances.at(day).statutory for day, _ in credited]
    week_starts = concluding.day.week_starts
    statutory = statutory_min(credited, limits, file.week_before_min, week_starts)
    said = month_notes(pieces, [minutes > 0 for _, minutes in credited], concluding)
    return tuple(
        _day_result(draft, of_day, beyond, draft.notes | notes)
        for draft, of_day, beyond, notes in zip(drafts, pieces, statutory, said, strict=True)
    )


def _day_result(
    draft: _Draft, pieces: tuple[Piece, ...], statutory: int, notes: frozenset[DayNote]
) -> DayResult:
    minutes, day = draft.minutes, draft.file
    return DayResult(
        work_date=day.work_date,
        kind=day.plan.kind,
        terms=day.terms,
        present_min=total(minutes.present) if minutes else total(day.presence.spans),
        break_min=total(minutes.rest) if minutes else 0,
        regular_min=total(minutes.regular) if minutes else 0,
        explained_min=minutes.explained if minutes else {},
        missing_min=total(minutes.missing) if minutes else 0,
        extra_min=total(minutes.extra) if minutes else 0,
        unmet_order_min=total(minutes.unmet) if minutes else 0,
        credited_min=draft.credited_min,
        over_full_day_min=beyond_regular_min(pieces),
        statutory_min=statutory,
        pieces=pieces,
        notes=in_order(notes),
    )


def _explained(days: Sequence[DayResult]) -> dict[ExplainedKind, int]:
    sums: Counter[ExplainedKind] = Counter()
    for day in days:
        sums.update(day.explained_min)
    return {kind: sums[kind] for kind in ExplainedKind if sums[kind]}


def _tally(
    file: MonthFile, pieces: Sequence[tuple[Piece, ...]], ordinance: Ordinance
) -> MonthTally | None:
    """What counts towards the caps; None for a month without a day of employment."""
    last = next((day.terms for day in reversed(file.days) if day.terms is not None), None)
    if last is None:
        return None
    sums: Counter[PayClass] = Counter()
    for of_day in pieces:
        for piece in of_day:
            sums[piece.bucket.pay_class] += piece.minutes
    pay = ordinance.pay
    return MonthTally(
        month=file.month,
        cap_type=last.cap_type,
        cap_month_min=sum(sums[name] for name in sums if pay[name].counts_cap_month),
        cap_average_min=sum(sums[name] for name in sums if pay[name].counts_cap_average),
    )
