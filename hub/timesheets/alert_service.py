"""Alerts about caps: raised once, seen by somebody; what a month will come to; the record of work
beyond a cap, with its cause, and its analysis after the year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from http import HTTPStatus
from typing import Final

from hub.attendance.domain import work_date_of
from hub.audit.service import record
from hub.clock import Ids
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.timesheets import alert_repository as rows
from hub.timesheets.alert_domain import (
    AlertLevel,
    CapAlert,
    Outlook,
    ReplacedText,
    SpecialWork,
    alerts_due,
    outlook,
)
from hub.timesheets.alert_tables import cap_alerts
from hub.timesheets.closing_domain import month_of_text
from hub.timesheets.closing_settings import ClosingSettings
from hub.timesheets.leading import leads, sees
from hub.timesheets.sources import DerivedMonth, Sources
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, NOT_FOUND, Problem, ProblemKind
from hub.web.rights import Principal, Right
from hub.worktime.domain import Month

NOT_BEYOND: Final = ProblemKind("not_beyond_cap", HTTPStatus.CONFLICT)
YEAR_NOT_OVER: Final = ProblemKind("year_not_over", HTTPStatus.CONFLICT)


@dataclass(frozen=True, slots=True)
class PersonOutlook:
    """What somebody's month will come to, and their department."""

    department_id: str
    outlook: Outlook


def raise_alerts(
    scope: Scope, ids: Ids, derived: DerivedMonth, department_id: str, now: datetime
) -> tuple[CapAlert, ...]:
    """Raise what a derived month calls for and was not raised yet, and tell it."""
    raised = []
    for due in alerts_due(derived, work_date_of(now)):
        made = CapAlert(
            id=ids.new(),
            person_id=derived.person_id,
            month=str(derived.file.month),
            department_id=department_id,
            kind=due.kind,
            level=due.level,
            limit_min=due.limit_min,
            minutes=due.minutes,
            months=due.months,
            raised_at=now,
        )
        if rows.raise_once(scope, made):
            raised.append(made)
            _tell(scope, made, now)
    return tuple(raised)


def _tell(scope: Scope, made: CapAlert, now: datetime) -> None:
    kind = HappeningKind.ATTENDANCE_CAP_ALERT
    if made.level is AlertLevel.BREACH:
        kind = HappeningKind.ATTENDANCE_CAP_BREACHED
    details = {
        "person_id": made.person_id,
        "department_id": made.department_id,
        "month": made.month,
        "cap": made.kind.value,
        "level": made.level.value,
        "limit_min": made.limit_min,
        "minutes": made.minutes,
        "months": made.months,
    }
    tell(scope, now, kind, Subject(other_id=made.id), "hub", details)


class AlertService:
    """Reads alerts, and records work beyond caps."""

    def __init__(self, core: Core, sources: Sources, settings: ClosingSettings) -> None:
        self._core = core
        self._sources = sources
        self._settings = settings

    @property
    def today(self) -> date:
        """The date in the town."""
        return work_date_of(self._core.clock.now())

    def alerts(self, who: Principal, month: Month) -> tuple[CapAlert, ...]:
        """Give a month's alerts that one may see, one's own among them, the newest first."""
        with self._core.db.read() as scope:
            found = rows.alerts(scope, cap_alerts.c.month == str(month))
            return tuple(
                each
                for each in found
                if each.person_id == who.person_id or self._sees(scope, who, each.department_id)
            )

    def outlooks(self, who: Principal, month: Month) -> tuple[PersonOutlook, ...]:
        """Give what everybody's month one may see comes to, the highest first."""
        with self._core.db.read() as scope:
            placed = self._sources.staffing.placed(scope, month, self._settings.by_last_day)
            seen = {each: self._sees(scope, who, each) for each in set(placed.values())}
            wanted = [p for p, unit in placed.items() if seen[unit] or p == who.person_id]
            derived = self._sources.derivation.standing(scope, month, wanted)
            found = [
                PersonOutlook(placed[each.person_id], outlook(each, self.today))
                for each in derived.values()
            ]
        order = sorted(found, key=lambda one: (-one.outlook.projected_min, one.outlook.person_id))
        return tuple(order)

    def see(self, who: Principal, alert_id: str) -> CapAlert:
        """Note that a head or personnel has seen an alert."""
        now = self._core.clock.now()

        def work(scope: Scope) -> CapAlert:
            found = rows.alert(scope, alert_id)
            if found is None or not self._sees(scope, who, found.department_id):
                raise Problem(NOT_FOUND, "no such alert")
            if found.seen_at is not None:
                return found
            rows.keep_seen(scope, alert_id, who.actor, now)
            record(scope, now, who, "cap_alert.seen", ("cap_alert", alert_id))
            return replace(found, seen_by=who.actor, seen_at=now)

        return self._core.db.write(work)

    # --- work beyond a cap -----------------------------------------------------------------------

    def special_works(self, who: Principal, fiscal_year: int) -> tuple[SpecialWork, ...]:
        """Give the records of a fiscal year (April to March) that one may see, by month."""
        with self._core.db.read() as scope:
            return tuple(
                each
                for each in rows.special_works_of(scope, fiscal_year)
                if self._sees(scope, who, each.department_id)
            )

    def record_special_work(
        self, who: Principal, person_id: str, month: Month, cause: str
    ) -> SpecialWork:
        """Record why somebody worked beyond a cap; anew for the same month, the cause is replaced
        (its history keeps both)."""
        now = self._core.clock.now()

        def work(scope: Scope) -> SpecialWork:
            broken = rows.breaches(scope, person_id, str(month))
            if not broken:
                raise Problem(NOT_BEYOND, "no cap was broken in this month")
            department_id = broken[0].department_id
            self._check_writer(scope, who, department_id, person_id)
            before = rows.special_work_of(scope, person_id, str(month))
            made = SpecialWork(
                id=before.id if before else self._core.ids.new(),
                person_id=person_id,
                month=str(month),
                fiscal_year=month.fiscal_year,
                department_id=department_id,
                kinds=tuple(dict.fromkeys(each.kind for each in broken)),
                minutes=max(each.minutes for each in broken),
                cause=cause,
                recorded_by=who.actor,
                recorded_at=now,
                analysis=before.analysis if before else "",
                analysed_by=before.analysed_by if before else None,
                analysed_at=before.analysed_at if before else None,
            )
            if before:
                self._keep_replaced(scope, before.id, "cause", before.cause, before.recorded_by)
                rows.keep_special_work(scope, made)
            else:
                rows.add_special_work(scope, made)
            said = {"person_id": person_id, "month": str(month), "cause_chars": len(cause)}
            record(scope, now, who, "special_work.recorded", ("special_work", made.id), said)
            return made

        return self._core.db.write(work)

    def analyse(self, who: Principal, work_id: str, analysis: str) -> SpecialWork:
        """Record what was made of it after the year: its factors, and what follows."""
        now = self._core.clock.now()

        def work(scope: Scope) -> SpecialWork:
            found = rows.special_work(scope, work_id)
            if found is None or not self._sees(scope, who, found.department_id):
                raise Problem(NOT_FOUND, "no such record")
            self._check_writer(scope, who, found.department_id, found.person_id)
            if self.today <= Month(found.fiscal_year + 1, 3).last:
                raise Problem(YEAR_NOT_OVER, "it is analysed once its fiscal year is over")
            made = replace(found, analysis=analysis, analysed_by=who.actor, analysed_at=now)
            if found.analysis:
                by = found.analysed_by or ""
                self._keep_replaced(scope, found.id, "analysis", found.analysis, by)
            rows.keep_special_work(scope, made)
            said = {
                "person_id": found.person_id,
                "month": found.month,
                "analysis_chars": len(analysis),
            }
            record(scope, now, who, "special_work.analysed", ("special_work", made.id), said)
            return made

        return self._core.db.write(work)

    def _keep_replaced(self, scope: Scope, work_id: str, field: str, text: str, by: str) -> None:
        made = ReplacedText(
            id=self._core.ids.new(),
            special_work_id=work_id,
            field=field,
            text=text,
            written_by=by,
            replaced_at=self._core.clock.now(),
        )
        rows.add_replaced(scope, made)

    # --- reach -----------------------------------------------------------------------------------

    def _sees(self, scope: Scope, who: Principal, department_id: str) -> bool:
        return sees(scope, self._sources, who, department_id, self.today)

    def _check_writer(self, scope: Scope, who: Principal, department_id: str, about: str) -> None:
        if who.person_id is not None and who.person_id == about:
            raise Problem(FORBIDDEN, "nobody records why they worked beyond a cap themselves")
        if not (
            who.may(Right.ATTENDANCE_WRITE)
            or leads(scope, self._sources, who, department_id, self.today, about)
        ):
            raise Problem(FORBIDDEN, "a head or personnel records it")


def month_or_none(text: str) -> Month | None:
    """Give the month of `2026-04`; None for what is none."""
    try:
        return month_of_text(text)
    except ValueError:
        return None
