"""What reminders say of divergences, of cards that did not count and of caps that are near: to whom
it concerns, and to the heads who have to see to it. Implements
`hub.applications.missing.MissingSource`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from hub.applications.bodies import ApplicationKind
from hub.applications.chains import Case, principals
from hub.applications.domain import Approver, Step
from hub.applications.gathering import Gathering, Today
from hub.applications.missing import Missing, MissingKind
from hub.attendance import refused
from hub.attendance.domain import start_of, work_date_of
from hub.database.scope import Scope
from hub.staff import repository as staff
from hub.timesheets import alert_repository as alerts
from hub.timesheets import divergence_repository as divergences
from hub.timesheets.alert_domain import CapAlert
from hub.timesheets.alert_tables import cap_alerts
from hub.timesheets.divergence_domain import PENDING, Divergence, DivergenceState
from hub.worktime.domain import month_of

M: Final = MissingKind
_HEAD: Final = Step(approver=Approver.HEAD)
_REFUSED_FOR: Final = timedelta(days=7)
_APPLY: Final = "/my/applications/new?kind=punch"
_TOLD_FOR: Final = timedelta(days=1)
"""Whose minutes they are is told of an alert on the day on which it is raised, and the day after:
it may have come after the day's mail."""


def heads_over(today: Today, person_id: str, department_id: str | None) -> tuple[str, ...]:
    """Give the heads who see to somebody's matters: never the person, but the head above."""
    case = Case(ApplicationKind.OVERTIME_AFTER, person_id, department_id, None, 0)
    return principals(_HEAD, case, today.offices)


class OpenDivergences:
    """Divergences of this month and the last: the person explains, then a head decides."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering

    def missing(
        self, scope: Scope, person_ids: Collection[str] | None, today: date
    ) -> Sequence[Missing]:
        """Give them to those who have to do something about them."""
        first = month_of(today).plus(-1).first
        pending = divergences.between(scope, first, today, None, PENDING)
        asked = [each for each in pending if each.state is DivergenceState.OPEN]
        told = [each for each in pending if each.state is not DivergenceState.OPEN]
        found = [
            Missing(
                each.person_id, M.DIVERGENCE, each.work_date, _page_of(each), minutes=each.minutes
            )
            for each in asked
        ]
        found += self._to_decide(scope, told, today)
        return [each for each in found if person_ids is None or each.person_id in person_ids]

    def _to_decide(self, scope: Scope, told: list[Divergence], today: date) -> Iterator[Missing]:
        if not told:
            return
        people = sorted({each.person_id for each in told})
        first = min(each.work_date for each in told)
        employed = staff.employments_between(scope, first, today, people)
        known = self._gathering.today(scope, today)
        for each in told:
            theirs = employed.get(each.person_id, ())
            place = next((e.department_id for e in theirs if e.holds(each.work_date)), None)
            for head in heads_over(known, each.person_id, place):
                yield Missing(
                    head,
                    M.DIVERGENCE_WAITS,
                    each.work_date,
                    _page_of(each),
                    about_person_id=each.person_id,
                    minutes=each.minutes,
                )


class RefusedTaps:
    """Cards that were held to a terminal in the last days and did not count: the person applies for
    the punch, unless they made one since. For seven days, for a needless tap needs nothing."""

    def missing(
        self, scope: Scope, person_ids: Collection[str] | None, today: date
    ) -> Sequence[Missing]:
        """Give the first of each person and day."""
        start, end = start_of(today - _REFUSED_FOR), start_of(today + timedelta(days=1))
        found: dict[tuple[str, date], Missing] = {}
        for tap in refused.uncounted(scope, start, end, person_ids):
            person, day = tap.person_id or "", work_date_of(tap.corrected_at)
            link = f"{_APPLY}&date={day.isoformat()}"
            made = Missing(person, M.PUNCH_REFUSED, day, link, at=tap.corrected_at)
            found.setdefault((person, day), made)
        return list(found.values())


class CapAlerts:
    """Alerts about caps of this month and the last that no head has seen yet."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering

    def missing(
        self, scope: Scope, person_ids: Collection[str] | None, today: date
    ) -> Sequence[Missing]:
        """Give them to the heads until one has seen them, and at first to the person as well."""
        this = month_of(today)
        c = cap_alerts.c
        months = (str(this.plus(-1)), str(this))
        unseen = alerts.alerts(scope, c.month.in_(months), c.seen_at.is_(None))
        if not unseen:
            return []
        known = self._gathering.today(scope, today)
        found = [each for alert in unseen for each in _of_alert(alert, known, today)]
        return [each for each in found if person_ids is None or each.person_id in person_ids]


def _of_alert(alert: CapAlert, known: Today, today: date) -> Iterator[Missing]:
    raised = work_date_of(alert.raised_at)
    link = f"/caps?month={alert.month}"
    if today <= raised + _TOLD_FOR:
        yield Missing(alert.person_id, M.CAP_NEAR, raised, link, minutes=alert.minutes)
    for head in heads_over(known, alert.person_id, alert.department_id):
        yield Missing(
            head,
            M.CAP_NEAR,
            raised,
            link,
            about_person_id=alert.person_id,
            minutes=alert.minutes,
        )


def _page_of(each: Divergence) -> str:
    return f"/divergences/{each.id}"
