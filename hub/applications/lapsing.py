"""Leave that is lost at its year's end because no more is carried over: told of while it can still
be taken. A source of what is missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from hub.applications.missing import Missing, MissingKind
from hub.database.scope import Scope
from hub.leave import repository as ledger
from hub.leave.balances import year_end
from hub.leave.domain import Entry, Kinds, LeaveKind, last_day, year_of


class LapsingLeave:
    """Leave of which days lapse within the longest of `days_before`."""

    def __init__(self, kinds: Kinds, days_before: Sequence[int]) -> None:
        self._kinds = kinds
        self._ahead = timedelta(days=max(days_before, default=0))

    def missing(
        self, scope: Scope, person_ids: Collection[str] | None, today: date
    ) -> Sequence[Missing]:
        """Give it to whoever has it, until the year is over."""
        found: list[Missing] = []
        for code, kind in self._kinds.items():
            year = year_of(today, kind.cycle)
            last = last_day(year, kind.cycle)
            if not kind.balanced or today < last - self._ahead:
                continue
            for person_id, entries in ledger.entries_of_years(scope, code, (year,)).items():
                if person_ids is not None and person_id not in person_ids:
                    continue
                days = lapsing_days(kind, entries, year)
                if days:
                    link = "/my/applications/new?kind=leave"
                    found.append(
                        Missing(person_id, MissingKind.LEAVE_LAPSES, last, link, last, days=days)
                    )
        return found


def lapsing_days(kind: LeaveKind, entries: Sequence[Entry], year: int) -> int:
    """Give how many whole days are lost at a year's end by what is entered for it."""
    end = year_end(kind, entries, year)
    lost = end.left.plus(end.carried_over.negative).half_minutes(kind.day_min)
    return max(0, lost // (2 * kind.day_min))
