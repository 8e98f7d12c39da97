"""What the pages of leave show."""

from __future__ import annotations

from dataclasses import dataclass

from hub.leave.balances import Balance
from hub.leave.domain import Cycle, LeaveKind, first_day, last_day
from hub.leave.service import LeaveService
from hub.leave.yearly import YearlyLeave
from hub.pages.views.application import amount_text, leave_title
from hub.pages.words import Words
from hub.people import repository as people
from hub.tabular.eras import era_day
from hub.web.core import Core
from hub.web.problems import INVALID, Problem
from hub.web.rights import Principal


@dataclass(frozen=True, slots=True)
class BalanceCard:
    """One kind."""

    title: str
    year: str
    left: str
    planned: str
    counted_only: bool
    pairs: tuple[tuple[str, str], ...]
    rule: str
    entries: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class LeavePage:
    """One person's leave."""

    name: str
    at: str
    cards: tuple[BalanceCard, ...]


@dataclass(frozen=True, slots=True)
class YearlyLine:
    """Somebody in a preview."""

    name: str
    amount: str
    detail: str
    there: bool


@dataclass(frozen=True, slots=True)
class LeavePages:
    """Reads for the pages of leave."""

    core: Core
    leave: LeaveService
    yearly: YearlyLeave

    def page(self, who: Principal, person_id: str, words: Words) -> LeavePage:
        """Give somebody's balances today, with the ledger of each kind's year."""
        found = self.leave.balances(who, person_id)
        with self.core.db.read() as scope:
            person = people.person(scope, person_id)
        cards = [
            self._card(who, person_id, each, self.leave.kinds[each.leave_kind], words)
            for each in found
            if each.leave_kind in self.leave.kinds
        ]
        name = words.name(person.name, person.name_en) if person else ""
        at = words.t("leave.at", date=words.form_day(words.today))
        return LeavePage(name, at, tuple(cards))

    def granted_kinds(self, words: Words) -> list[tuple[str, str]]:
        """Give the kinds of which something is granted."""
        return [(c, leave_title(k, words)) for c, k in self.leave.kinds.items() if k.grants]

    def grants(self, code: str, year: int, words: Words) -> list[YearlyLine]:
        """Give what everybody would be granted."""
        kind = self.leave.kind(code)
        try:
            found = self.yearly.grants(code, year)
        except Problem as problem:
            if problem.kind is not INVALID:
                raise
            return []
        names = self._names({each.person_id for each in found}, words)
        return [
            YearlyLine(
                names.get(each.person_id, ""),
                amount_text(each.amount, kind, words),
                words.t("leave.months", months=each.months),
                each.there,
            )
            for each in found
        ]

    def ends(self, code: str, year: int, words: Words) -> list[YearlyLine]:
        """Give what would be carried over from a year."""
        kind, found = self.leave.kind(code), self.yearly.year_ends(code, year)
        names = self._names({each.person_id for each in found}, words)
        return [
            YearlyLine(
                names.get(each.person_id, ""),
                amount_text(each.carried_over, kind, words),
                f"{words.t('leave.left')} {amount_text(each.left, kind, words)}",
                each.there,
            )
            for each in found
        ]

    def _card(
        self, who: Principal, person_id: str, found: Balance, kind: LeaveKind, words: Words
    ) -> BalanceCard:
        t = words.t
        amounts = (
            (t("leave.granted"), found.granted),
            (t("leave.carried_over"), found.carried_over),
            (t("leave.corrected"), found.corrected),
            (t("leave.taken"), found.taken),
        )
        entries = self.leave.entries(who, person_id, found.leave_kind, found.year)
        return BalanceCard(
            title=leave_title(kind, words),
            year=_year(found.year, kind, words),
            left=amount_text(found.left if kind.balanced else found.taken, kind, words),
            planned=amount_text(found.lowest, kind, words) if found.lowest != found.left else "",
            counted_only=not kind.balanced,
            pairs=tuple((label, amount_text(each, kind, words)) for label, each in amounts),
            rule=t("leave.rule", hours=words.hours(kind.day_min)),
            entries=tuple(
                (
                    words.form_day(each.day),
                    t(f"leave.entry.{each.kind.value}"),
                    amount_text(each.amount, kind, words),
                    each.reason,
                )
                for each in entries
            ),
        )

    def year(self, code: str, year: int, words: Words) -> str:
        """Name a kind's year."""
        return _year(year, self.leave.kind(code), words)

    def _names(self, person_ids: set[str], words: Words) -> dict[str, str]:
        with self.core.db.read() as scope:
            found = people.people_by_id(scope, person_ids)
        return {each.id: words.name(each.name, each.name_en) for each in found.values()}


def _year(year: int, kind: LeaveKind, words: Words) -> str:
    """`2026年`; a year that goes from day to day says from which through which."""
    cycle = "calendar" if kind.cycle is Cycle.CALENDAR else "fiscal"
    told = words.t(f"leave.year_{cycle}", year=year)
    if words.english:
        return told
    first, last = first_day(year, kind.cycle), last_day(year, kind.cycle)
    return f"{told} {era_day(first)}～{era_day(last)}"
