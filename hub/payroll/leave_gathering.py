"""The leave of a month, for payroll: what was taken on its days, and what is left at its end.

The ledger says how much an application took on a day; which applications counted says the month's
own file of days, for a closed month the one that was signed. A balance of a closed month is that of
its closing: what was entered later is not in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from hub.database.scope import Scope
from hub.leave import repository
from hub.leave.balances import balance
from hub.leave.domain import Entry, Kinds, LeaveKind, shown, year_of
from hub.payroll.domain import LeaveGroup, LeaveLeft, LeaveName, LeaveTaken
from hub.worktime.domain import DayFile, DayKind, DayNote, DayResult, ExplainedKind, Month

_COMPENSATORY: Final = LeaveName(
    code="compensatory",
    group=LeaveGroup.COMPENSATORY,
    title="代休",
    title_easy="代休（だいきゅう）",
    title_en="Compensatory day",
)
_IS_LEAVE: Final = (ExplainedKind.LEAVE, ExplainedKind.UNPAID_LEAVE)


def leave_name(code: str, kind: LeaveKind | None) -> LeaveName:
    """Give a kind of leave as payroll tells it apart; one that a town no longer knows by its code
    alone."""
    group = LeaveGroup.SPECIAL
    if code in (LeaveGroup.ANNUAL, LeaveGroup.SICK):
        group = LeaveGroup(code)
    elif kind is not None and not kind.paid:
        group = LeaveGroup.UNPAID
    if kind is None:
        return LeaveName(code, group, code, code, code)
    return LeaveName(code, group, kind.title, kind.title_easy, kind.title_en)


@dataclass(frozen=True, slots=True)
class LeaveOfMonth:
    """Everybody's leave of a month: `taken` by person, `ledger` by kind and person."""

    month: Month
    kinds: Kinds
    taken: Mapping[str, Collection[Entry]]
    ledger: Mapping[str, Mapping[str, Collection[Entry]]]

    def on(self, person_id: str, day: DayResult, file: DayFile | None) -> tuple[LeaveTaken, ...]:
        """Give what somebody took on a day, by the applications that count in its file."""
        counting = {e.id for e in (file.explained if file else ()) if e.kind in _IS_LEAVE}
        found = [
            LeaveTaken(
                leave_name(each.leave_kind, self.kinds.get(each.leave_kind)),
                -each.half_days,
                -each.minutes,
            )
            for each in self.taken.get(person_id, ())
            if each.day == day.work_date and each.application_id in counting
        ]
        if DayNote.COMPENSATED in day.notes and day.kind is DayKind.DAY_OFF:
            # The note stands on the worked date as well; the day off is always a whole one.
            found.append(LeaveTaken(_COMPENSATORY, 2, 0))
        return tuple(found)

    def left(self, person_id: str, closed_at: datetime | None) -> tuple[LeaveLeft, ...]:
        """Give what is left at the month's end of each kind that runs out and was granted."""
        found = []
        for code, by_person in self.ledger.items():
            entries = [
                each
                for each in by_person.get(person_id, ())
                if closed_at is None or each.made_at <= closed_at
            ]
            if entries:
                found.append(_left(code, self.kinds[code], entries, self.month.last))
        return tuple(found)


def leave_of_month(scope: Scope, month: Month, kinds: Kinds) -> LeaveOfMonth:
    """Read the leave of everybody in a month."""
    ledger = {
        code: repository.entries_of_years(scope, code, [year_of(month.last, kind.cycle)])
        for code, kind in kinds.items()
        if kind.balanced
    }
    taken = repository.taken_between(scope, month.first, month.last)
    return LeaveOfMonth(month, kinds, taken, ledger)


def _left(code: str, kind: LeaveKind, entries: Iterable[Entry], at: date) -> LeaveLeft:
    year = year_of(at, kind.cycle)
    told = shown(balance(code, kind, list(entries), year, at).left, kind.day_min)
    sign = -1 if told.below else 1
    half_days = sign * (2 * told.days + told.half)
    return LeaveLeft(leave_name(code, kind), half_days, sign * (60 * told.hours + told.minutes))
