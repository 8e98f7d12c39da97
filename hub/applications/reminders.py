"""What is missing: the sources of applications, and everybody's list."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta

from hub.applications import repository
from hub.applications.bodies import ApplicationKind, SwapBody, WorkBody
from hub.applications.domain import ACTIVE, State
from hub.applications.gathering import Gathering
from hub.applications.lapsing import LapsingLeave
from hub.applications.missing import Missing, MissingKind, MissingSource
from hub.applications.neighbours import Neighbours
from hub.applications.settings import ApplicationsSettings
from hub.applications.tables import applications
from hub.attendance.domain import work_date_of
from hub.database.scope import Scope
from hub.leave.domain import Kinds
from hub.web.core import Core
from hub.web.problems import FORBIDDEN, Problem
from hub.web.rights import Principal, Right
from hub.worktime.domain import SwapKind

M = MissingKind


class WaitingApprovals:
    """Applications that have waited for somebody for some days."""

    def __init__(self, gathering: Gathering, waiting_days: int) -> None:
        self._gathering = gathering
        self._waiting_days = waiting_days

    def missing(
        self, scope: Scope, person_ids: Collection[str] | None, today: date
    ) -> Sequence[Missing]:
        """Give them to everybody whom their step asks; what asks personnel alone, to nobody."""
        found: list[Missing] = []
        whom = self._gathering.today(scope, today)
        for each in repository.waiting(scope):
            if each.waiting_since is None or each.step >= len(each.steps):
                continue
            since = work_date_of(each.waiting_since)
            if (today - since).days < self._waiting_days:
                continue
            asked = whom.asked(each, self._gathering.case_of(each)).people
            found += [
                Missing(
                    person_id=person_id,
                    kind=M.APPROVAL_WAITS,
                    day=since,
                    link=f"/my/applications/{each.id}",
                    about_person_id=each.person_id,
                )
                for person_id in asked
                if person_ids is None or person_id in person_ids
            ]
        return found


class ReturnedApplications:
    """Applications that came back and wait for their applicant."""

    def missing(
        self,
        scope: Scope,
        person_ids: Collection[str] | None,
        today: date,  # noqa: ARG002  # they are missing until they are dealt with
    ) -> Sequence[Missing]:
        """Give them to the applicants."""
        where = [applications.c.state == State.RETURNED]
        return [
            Missing(each.person_id, M.RETURNED, each.first, f"/my/applications/{each.id}")
            for each in repository.listed(scope, where)
            if person_ids is None or each.person_id in person_ids
        ]


class ExpiringRest:
    """Worked holidays for which a compensatory day is to be taken and is not, near the end of the
    weeks in which it can be."""

    def __init__(self, neighbours: Neighbours, days_before: int) -> None:
        self._neighbours = neighbours
        self._days_before = days_before

    def missing(
        self, scope: Scope, person_ids: Collection[str] | None, today: date
    ) -> Sequence[Missing]:
        """Give them to whoever worked, until the weeks are over."""
        longest = timedelta(days=366)
        worked = repository.holding_between(
            scope, person_ids, today - longest, today, (ApplicationKind.HOLIDAY_WORK,)
        )
        found: list[Missing] = []
        for each in worked:
            body = each.body
            if not isinstance(body, WorkBody) or not body.rest_later:
                continue
            last = self._neighbours.plans.window(body.work_date, SwapKind.COMPENSATORY)[1]
            near = last - timedelta(days=self._days_before) <= today <= last
            if near and not self._is_taken(scope, each.person_id, body.work_date):
                link = f"/my/applications/new?kind=compensatory&date={body.work_date.isoformat()}"
                found.append(Missing(each.person_id, M.REST_EXPIRES, body.work_date, link, last))
        return found

    @staticmethod
    def _is_taken(scope: Scope, person_id: str, worked: date) -> bool:
        """A compensatory day or a swap for the date counts from the moment it is handed in."""
        a = applications.c
        where = [a.person_id == person_id, a.state.in_(ACTIVE), a.first <= worked, a.last >= worked]
        return any(
            isinstance(each.body, SwapBody) and each.body.worked_date == worked
            for each in repository.listed(scope, where)
        )


def own_sources(
    settings: ApplicationsSettings, gathering: Gathering, neighbours: Neighbours, kinds: Kinds
) -> list[MissingSource]:
    """Give the sources of applications."""
    return [
        WaitingApprovals(gathering, settings.waiting_days),
        ReturnedApplications(),
        ExpiringRest(neighbours, settings.rest_days_before),
        LapsingLeave(kinds, settings.lapse_days_before),
    ]


class RemindersService:
    """Everybody's list of what is missing."""

    def __init__(self, core: Core, neighbours: Neighbours) -> None:
        self._core = core
        self._neighbours = neighbours

    def listed(self, who: Principal, person_id: str | None = None) -> Sequence[Missing]:
        """Give one's own; with `attendance:read` somebody's."""
        whose = person_id or who.person_id
        if whose is None:
            return ()
        if whose != who.person_id and not who.may(Right.ATTENDANCE_READ):
            raise Problem(FORBIDDEN, "others' reminders need the right attendance:read")
        with self._core.db.read() as scope:
            return self.missing(scope, (whose,))

    def everybody(self, who: Principal) -> Sequence[Missing]:
        """Give everybody's."""
        if not who.may(Right.ATTENDANCE_READ):
            raise Problem(FORBIDDEN, "others' reminders need the right attendance:read")
        with self._core.db.read() as scope:
            return self.missing(scope, None)

    def missing(self, scope: Scope, person_ids: Collection[str] | None) -> Sequence[Missing]:
        """Give what every source knows, by person and date."""
        today = self.today()
        known = (
            each
            for source in self._neighbours.missing
            for each in source.missing(scope, person_ids, today)
        )
        return in_order(known)

    def today(self) -> date:
        """The date in the town."""
        return self._core.clock.now().astimezone(self._core.settings.town.zone).date()


def in_order(found: Iterable[Missing]) -> list[Missing]:
    """Give each thing once: by person, what is too late soonest first, then by date."""
    return sorted(
        set(found),
        key=lambda one: (one.person_id, one.until or date.max, one.day, one.kind.value, one.link),
    )
