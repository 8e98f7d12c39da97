"""What reckoned months tell those who apply and decide: the month so far, presence, whether it is
closed; and what is missing of days and months, for reminders."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from hub.applications import repository as applications
from hub.applications.checks import CapFacts
from hub.applications.domain import Application
from hub.applications.missing import Missing, MissingKind
from hub.applications.neighbours import DayFigures
from hub.attendance.domain import Day, DayProblem, work_date_of
from hub.attendance.touched import first_punch
from hub.clock import Clock
from hub.database.scope import Scope
from hub.staff import repository as staff
from hub.timesheets import beside, repository
from hub.timesheets import closing_repository as closings
from hub.timesheets.alert_domain import ordered_ahead_min
from hub.timesheets.closing_domain import SignedKind
from hub.timesheets.closing_settings import ClosingSettings
from hub.timesheets.gathering import Rulebook
from hub.timesheets.snapshots import fingerprint, text_of
from hub.timesheets.sources import DerivedMonth, Sources
from hub.worktime.domain import DayNote, DayResult, Month, month_of
from hub.worktime.presence import presence_of

M: Final = MissingKind
_OF_PUNCHES: Final = {
    DayProblem.MISSING_IN: M.MISSING_IN,
    DayProblem.MISSING_OUT: M.MISSING_OUT,
    DayProblem.MISSING_BREAK_END: M.MISSING_IN,
    DayProblem.MISSING_BREAK_START: M.MISSING_OUT,
}
"""Back from a break without a punch is an `in` that is missing, gone for one an `out`."""


class MonthFigures:
    """Implements `hub.applications.neighbours.Figures`."""

    def __init__(self, sources: Sources, book: Rulebook, clock: Clock) -> None:
        self._sources = sources
        self._book = book
        self._clock = clock

    def caps(self, scope: Scope, person_ids: Collection[str], month: date) -> dict[str, CapFacts]:
        """Give what counts towards the month's cap so far, with what is ordered and not yet done,
        by person."""
        today = work_date_of(self._clock.now())
        found = self._sources.derivation.standing(scope, month_of(month), person_ids)
        return {
            person_id: CapFacts(
                (each.result.tally.cap_month_min if each.result.tally else 0)
                + ordered_ahead_min(each.file, today),
                each.cap_month_min,
                each.alerts_min,
            )
            for person_id, each in found.items()
        }

    def day(self, scope: Scope, person_id: str, day: date) -> DayFigures:
        """Give when somebody was there on a date; nothing yet of one to come, and of one on which
        they are in."""
        now = self._clock.now()
        today = work_date_of(now)
        if day > today:
            return DayFigures()
        read = repository.days_between(scope, [person_id], day, day, self._book, now)
        punched = read.get(person_id, {}).get(day)
        if punched is None:
            return DayFigures() if day == today else DayFigures(())
        spans = presence_of(punched).spans
        if punched.is_in and not spans:
            return DayFigures()
        return DayFigures(tuple((span.start, span.end) for span in spans))

    def closed(self, scope: Scope, person_id: str, day: date) -> bool:
        """Tell whether the date's month is closed for somebody."""
        return beside.is_closed(scope, person_id, day)


class MissingOfMonths:
    """What is missing of this month and the last one, while they are open. Implements
    `hub.applications.missing.MissingSource`."""

    def __init__(
        self, sources: Sources, book: Rulebook, settings: ClosingSettings, clock: Clock
    ) -> None:
        self._sources = sources
        self._book = book
        self._settings = settings
        self._clock = clock

    def missing(
        self, scope: Scope, person_ids: Collection[str] | None, today: date
    ) -> Sequence[Missing]:
        """Give what is missing as of a date. What somebody has applied for is not: it waits for
        whoever decides. Nor is anything from before the town's first punch."""
        this, begun = month_of(today), first_punch(scope)
        if begun is None:
            return []
        waiting: dict[str, list[Application]] = {}
        for each in applications.waiting(scope):
            waiting.setdefault(each.person_id, []).append(each)
        found: list[Missing] = []
        for month in (each for each in (this.plus(-1), this) if each.last >= begun):
            wanted = self._open(scope, person_ids, month)
            derived = self._sources.derivation.standing(scope, month, wanted)
            found += self._of_days(scope, derived, waiting, (begun, today))
            if month.last < today and self._settings.people_sign:
                found += _unsigned(scope, month, derived)
        return found

    @staticmethod
    def _open(scope: Scope, person_ids: Collection[str] | None, month: Month) -> set[str]:
        employed = staff.employments_between(scope, month.first, month.last, person_ids)
        return employed.keys() - closings.closed_elsewhere(scope, str(month)).keys()

    def _of_days(
        self,
        scope: Scope,
        derived: Mapping[str, DerivedMonth],
        waiting: Mapping[str, Sequence[Application]],
        span: tuple[date, date],
    ) -> Iterator[Missing]:
        odd = {
            person_id: {d.work_date for d in each.result.days if DayNote.MISSING_PUNCH in d.notes}
            for person_id, each in derived.items()
        }
        dates = set().union(*odd.values()) if odd else set()
        people = [person_id for person_id, theirs in odd.items() if theirs]
        read: Mapping[str, Mapping[date, Day]] = {}
        if dates:
            first, last, now = min(dates), max(dates), self._clock.now()
            read = repository.days_between(scope, people, first, last, self._book, now)
        for person_id, each in derived.items():
            for day in each.result.days:
                is_meant = span[0] <= day.work_date <= span[1]
                if not is_meant or _is_asked(waiting.get(person_id, ()), day.work_date):
                    continue
                punched = read.get(person_id, {}).get(day.work_date)
                yield from _of_day(person_id, day, punched, each.divergence_min)


def _is_asked(waiting: Sequence[Application], day: date) -> bool:
    return any(each.first <= day <= each.last for each in waiting)


def _of_day(
    person_id: str, day: DayResult, punched: Day | None, marked_min: int
) -> Iterator[Missing]:
    """What is missing of a date; differences only where they are marked."""
    on = day.work_date

    def missing(kind: MissingKind, form: str, minutes: int | None = None) -> Missing:
        link = f"/my/applications/new?kind={form}&date={on.isoformat()}"
        return Missing(person_id, kind, on, link, minutes=minutes)

    problems = punched.problems if punched else ()
    for kind in dict.fromkeys(_OF_PUNCHES[p] for p in problems if p in _OF_PUNCHES):
        yield missing(kind, "punch")
    if DayNote.ABSENT in day.notes:
        yield missing(M.ABSENT, "leave", day.missing_min)
    if day.extra_min >= marked_min:
        yield missing(M.PRESENT_WITHOUT_ORDER, "overtime_after", day.extra_min)
    if day.unmet_order_min >= marked_min:
        link = f"/attendance/people/{person_id}/{on.isoformat()}"
        minutes = day.unmet_order_min
        yield Missing(person_id, M.ORDER_WITHOUT_PRESENCE, on, link, minutes=minutes)


def _unsigned(scope: Scope, month: Month, derived: Mapping[str, DerivedMonth]) -> Iterator[Missing]:
    """Whoever has not signed their month as it stands."""
    signed = {
        (each.subject_id, each.fingerprint)
        for each in closings.signatures(scope, str(month))
        if each.kind is SignedKind.PERSON
    }
    for person_id, each in derived.items():
        if (person_id, fingerprint(text_of(each.result))) not in signed:
            link = f"/closing/mine?month={month}"
            yield Missing(person_id, M.MONTH_NOT_SIGNED, month.last, link)
