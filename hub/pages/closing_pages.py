"""What the pages of closings, divergences and caps show, read within what the principal may see.

Whom somebody sees here is decided by the services: whoever is in their answer is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from hub.attendance.service import AttendanceService
from hub.pages.naming import user_names
from hub.pages.views.closing import (
    AdjustmentLine,
    ClosingLine,
    ClosingPage,
    adjustment_line,
    closing_line,
    closing_page,
    figure_lines,
    month_words,
)
from hub.pages.views.divergence import (
    AlertLine,
    DivergenceLine,
    DivergencePage,
    OutlookLine,
    SpecialLine,
    WaitingLine,
    alert_line,
    divergence_line,
    divergence_page,
    outlook_line,
    special_line,
    waiting_line,
)
from hub.pages.words import Words
from hub.people import repository as people
from hub.staff.kana import person_key
from hub.timesheets.alert_service import AlertService
from hub.timesheets.closing_domain import MonthAdjustment
from hub.timesheets.closing_sheets import ClosingSheets
from hub.timesheets.divergence_service import DivergenceService
from hub.web.core import Core
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month


@dataclass(frozen=True, slots=True)
class CapsPage:
    """A month's alerts, what it will come to, and the year's work beyond caps."""

    alerts: tuple[AlertLine, ...]
    outlooks: tuple[OutlookLine, ...]
    special: tuple[SpecialLine, ...]
    may_write: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """Divergences, and punches that wait."""

    own: tuple[DivergenceLine, ...]
    others: tuple[DivergenceLine, ...]
    waiting: tuple[WaitingLine, ...]
    may_judge_punches: bool


@dataclass(frozen=True, slots=True)
class OwnMonth:
    """One's own month, to be signed. `facts` are pairs of name and value."""

    month: str
    facts: tuple[tuple[str, str], ...]
    fingerprint: str
    signed: bool
    closed: bool
    employed: bool
    divergences: tuple[DivergenceLine, ...]
    adjustments: tuple[AdjustmentLine, ...]


@dataclass(frozen=True, slots=True)
class ClosingPages:
    """Reads for the pages."""

    core: Core
    closings: ClosingSheets
    divergences: DivergenceService
    alerts: AlertService
    attendance: AttendanceService

    def overview(self, who: Principal, month: Month, words: Words) -> tuple[ClosingLine, ...]:
        """Give every department one may see."""
        return tuple(closing_line(each, words) for each in self.closings.overview(who, month))

    def department(
        self, who: Principal, department_id: str, month: Month, words: Words
    ) -> ClosingPage:
        """Give a department's page; raises `not_found`."""
        sheet = self.closings.department(who, department_id, month)
        ids = {each.person_id for each in sheet.open.people} if sheet.open else set()
        ids |= {each.person_id for each in sheet.closed}
        ids |= {each.person_id for each in sheet.adjustments}
        actors = {each.closed_by for each in sheet.rounds}
        actors |= {each.reopened_by for each in sheet.rounds if each.reopened_by}
        actors |= {each.signed_by for each in sheet.adjustments if each.signed_by}
        signing = self.closings.signing(who, sheet.adjustments)
        ids |= {head for each in signing.values() for head in each.heads}
        names, users = self._names(ids, actors, words)
        closes = who.may(Right.ATTENDANCE_CLOSE)
        signs = sheet.is_head or (closes and not self.closings.has_head(department_id))
        return closing_page(sheet, names, users, words, signing, may_sign=signs, may_close=closes)

    def adjustments(self, who: Principal, words: Words) -> tuple[AdjustmentLine, ...]:
        """Give the adjustments one may see, the newest first."""
        found = self.closings.adjustments(who, None)
        return self.adjustment_lines(who, tuple(reversed(found)), words)

    def adjustment(self, who: Principal, adjustment_id: str, words: Words) -> AdjustmentLine:
        """Give one; raises `not_found`."""
        (line,) = self.adjustment_lines(who, (self.closings.adjustment(who, adjustment_id),), words)
        return line

    def adjustment_lines(
        self, who: Principal, found: Sequence[MonthAdjustment], words: Words
    ) -> tuple[AdjustmentLine, ...]:
        """Give lines of adjustments one may see, in their order."""
        signing = self.closings.signing(who, found)
        ids = {each.person_id for each in found}
        ids |= {head for each in signing.values() for head in each.heads}
        names, users = self._names(ids, {each.signed_by for each in found if each.signed_by}, words)
        return tuple(adjustment_line(each, names, users, words, signing[each.id]) for each in found)

    def own(self, who: Principal, month: Month, words: Words) -> OwnMonth:
        """Give one's own month."""
        facts = self.closings.own_facts(who, month)
        names, _ = self._names({who.person_id or ""}, set(), words)
        pending = self.divergences.inbox(who, month.first, month.last, person_id=who.person_id)
        return OwnMonth(
            month=month_words(month, words),
            facts=figure_lines(facts.figures, words),
            fingerprint=facts.fingerprint,
            signed=facts.signed,
            closed=facts.closed,
            employed=facts.employed,
            divergences=tuple(
                divergence_line(each, names, words, who.person_id) for each in pending
            ),
            adjustments=self.adjustment_lines(who, facts.adjustments, words),
        )

    def inbox(self, who: Principal, month: Month, words: Words, *, pending: bool) -> Inbox:
        """Give a month's divergences, and punches that wait (of any time)."""
        found = self.divergences.inbox(who, month.first, month.last, pending=pending)
        judges = who.may(Right.ATTENDANCE_READ)
        waiting = self.attendance.waiting(who) if judges or who.person_id else ()
        ids = {each.person_id for each in found} | {each.person_id for each in waiting}
        names, _ = self._names(ids, set(), words)
        lines = [divergence_line(each, names, words, who.person_id) for each in found]
        return Inbox(
            own=tuple(each for each in lines if each.is_own),
            others=tuple(each for each in lines if not each.is_own),
            waiting=tuple(waiting_line(each, names, words) for each in waiting),
            may_judge_punches=who.may(Right.ATTENDANCE_WRITE),
        )

    def divergence(self, who: Principal, divergence_id: str, words: Words) -> DivergencePage:
        """Give one with its trail; raises `not_found`."""
        sheet = self.divergences.sheet(who, divergence_id)
        actors = {each.actor for each in sheet.steps}
        names, users = self._names({sheet.divergence.person_id}, actors, words)
        return divergence_page(sheet, names, users, words, who.person_id)

    def caps(self, who: Principal, month: Month, words: Words) -> CapsPage:
        """Give a month's alerts and what it will come to."""
        alerts = self.alerts.alerts(who, month)
        outlooks = self.alerts.outlooks(who, month)
        special = self.alerts.special_works(who, month.fiscal_year)
        ids = {each.person_id for each in alerts} | {each.person_id for each in special}
        ids |= {each.outlook.person_id for each in outlooks}
        names, _ = self._names(ids, set(), words)
        recorded = {(each.person_id, each.month) for each in special}
        writes = who.may(Right.ATTENDANCE_WRITE)
        return CapsPage(
            alerts=tuple(
                alert_line(
                    each,
                    names,
                    words,
                    recorded=(each.person_id, each.month) in recorded,
                    may_write=each.person_id != who.person_id
                    and (writes or self.closings.leads(who, each.department_id)),
                )
                for each in alerts
            ),
            outlooks=tuple(outlook_line(each, names, words) for each in outlooks),
            special=tuple(
                special_line(each, names, words, month_words(each.month, words)) for each in special
            ),
            may_write=writes,
        )

    def today(self) -> date:
        """The date in the town."""
        return self.closings.today

    def _names(
        self, person_ids: Iterable[str], actors: Iterable[str], words: Words
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Give the names of people, by kana, and of users."""
        with self.core.db.read() as scope:
            found = people.people_by_id(scope, set(person_ids))
            users = user_names(scope, set(actors))
        ordered = sorted(found.values(), key=person_key)
        return {each.id: words.name(each.name, each.name_en) for each in ordered}, users
