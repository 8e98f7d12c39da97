"""Gathers what an application is checked against and who decides it, from the other topics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.applications import repository
from hub.applications.bodies import (
    ApplicationKind,
    Body,
    LeaveBody,
    PunchBody,
    SwapBody,
    WorkBody,
    first_and_last,
    minutes_of,
)
from hub.applications.chains import Asked, Case, Offices, asked
from hub.applications.checks import Facts, Refusal
from hub.applications.claims import claims_of, swap_kind
from hub.applications.covering import covered
from hub.applications.domain import HOLDS, Application, DayClaim, Delegation, State
from hub.applications.neighbours import Neighbours
from hub.database.scope import Scope
from hub.leave.domain import Amount
from hub.leave.service import LeaveService, Taking, summed
from hub.staff import repository as staff
from hub.staff.domain import Employment
from hub.worktime.domain import DayPlan

_AROUND = timedelta(days=62)
"""Swaps reach eight weeks; plans are read so far around a body's dates."""


@dataclass(frozen=True, slots=True)
class Today:
    """Who decides what, as of a date: read once, asked for many applications."""

    day: date
    offices: Offices
    delegations: tuple[Delegation, ...]

    def asked(self, application: Application, case: Case) -> Asked:
        """Give who may decide the step that an application waits at."""
        step = application.steps[application.step]
        return asked(step, case, self.offices, self.delegations, self.day)


class Gathering:
    """Reads neighbours for one transaction."""

    def __init__(self, neighbours: Neighbours, leave: LeaveService) -> None:
        self._neighbours = neighbours
        self._leave = leave

    # --- who decides ----------------------------------------------------------------------------

    def today(self, scope: Scope, day: date) -> Today:
        """Give offices, delegations and who is away on a date."""
        cache: dict[str, tuple[str, ...]] = {}

        def heads(department_id: str) -> Sequence[str]:
            if department_id not in cache:
                cache[department_id] = staff.heads_of(scope, department_id, day)
            return cache[department_id]

        known = {each.id: each for each in staff.departments(scope)}
        away = _away(scope, day)
        return Today(day, Offices(known, heads, away), repository.delegations_on(scope, day))

    def case(
        self,
        kind: ApplicationKind,
        person_id: str,
        body: Body,
        employment: Employment | None,
        department_id: str | None,
    ) -> Case:
        """Give what a chain is chosen by."""
        code = employment.kind if employment else None
        return Case(kind, person_id, department_id, code, minutes_of(body))

    def case_of(self, application: Application) -> Case:
        """Give the same of one that was handed in: its department is of that moment."""
        return self.case(
            application.kind,
            application.person_id,
            application.body,
            None,
            application.department_id,
        )

    def employment(self, scope: Scope, person_id: str, body: Body, day: date) -> Employment | None:
        """Give the employment by which somebody applies: that of the first date, else today's."""
        found = self.employments(scope, person_id, body, day)
        for wanted in (first_and_last(body)[0], day):
            for each in found:
                if each.holds(wanted):
                    return each
        return None

    def employments(
        self, scope: Scope, person_id: str, body: Body, day: date
    ) -> Sequence[Employment]:
        """Give the employments around a body's dates and a date."""
        first, last = first_and_last(body)
        found = staff.employments_between(scope, min(first, day), max(last, day), [person_id])
        return found.get(person_id, ())

    # --- what it is checked against -------------------------------------------------------------

    def plans(self, scope: Scope, person_id: str, first: date, last: date) -> dict[date, DayPlan]:
        """Give somebody's plans, approved swaps applied."""
        between = (first - _AROUND, last + _AROUND)
        plans = self._neighbours.plans.between(scope, [person_id], *between).get(person_id, {})
        holding = repository.holding_between(scope, [person_id], *between)
        claims = claims_of(holding, *between, self._leave.kinds)
        return self._neighbours.plans.swapped(plans, claims.swaps)

    def claims(self, scope: Scope, person_id: str, body: Body) -> tuple[DayClaim, ...]:
        """Give what a body covers, by the plans that hold now."""
        return covered(body, self.plans(scope, person_id, *first_and_last(body)))

    def facts(
        self,
        scope: Scope,
        person_id: str,
        kind: ApplicationKind,
        body: Body,
        claims: Sequence[DayClaim],
        now: datetime,
        today: date,
        application_id: str | None,
    ) -> Facts:
        """Give everything that a body is checked against."""
        first, last = first_and_last(body)
        plans = self.plans(scope, person_id, first, last)
        others = repository.active_around(scope, person_id, first, last, application_id)
        figures = self._neighbours.figures

        def swap_problem(swap: SwapBody) -> Refusal | None:
            return self._neighbours.plans.problem(swap, swap_kind(kind), plans)

        def punch_problem(punch: PunchBody) -> Refusal | None:
            return self._neighbours.corrections.problem(scope, person_id, punch, now)

        month = first.replace(day=1)
        caps = figures.caps(scope, [person_id], month) if isinstance(body, WorkBody) else {}
        return Facts(
            today=today,
            now=now,
            employments=self.employments(scope, person_id, body, today),
            plans=plans,
            others=others,
            leave_kind=self._leave.kinds.get(body.leave_kind)
            if isinstance(body, LeaveBody)
            else None,
            short=self.short(scope, person_id, body, claims, application_id),
            uses_up=self._uses_up(scope, person_id, body, claims),
            swap_problem=swap_problem,
            punch_problem=punch_problem,
            closed=lambda day: figures.closed(scope, person_id, day),
            caps={month: caps[person_id]} if person_id in caps else {},
        )

    def _uses_up(
        self, scope: Scope, person_id: str, body: Body, claims: Sequence[DayClaim]
    ) -> bool:
        """Tell whether nothing of the balance is left after it: what is below a unit may then be
        taken too."""
        kind = self._leave.kinds.get(body.leave_kind) if isinstance(body, LeaveBody) else None
        if not isinstance(body, LeaveBody) or kind is None or not kind.balanced:
            return False
        left = self._leave.left_from(scope, person_id, body.leave_kind, body.first)
        rest = left.plus(summed(takings(claims)).negative)
        return rest.half_minutes(kind.day_min) == 0

    def short(
        self,
        scope: Scope,
        person_id: str,
        body: Body,
        claims: Sequence[DayClaim],
        application_id: str | None,
        *,
        with_waiting: bool = True,
    ) -> list[date]:
        """Give the dates for which there is not enough leave, what waits for approval counted."""
        if not isinstance(body, LeaveBody) or body.leave_kind not in self._leave.kinds:
            return []
        reserved: list[Taking] = []
        if with_waiting:
            year = timedelta(days=400)
            for other in repository.active_around(
                scope, person_id, body.first - year, body.last + year, application_id
            ):
                waits = other.state is State.SUBMITTED and isinstance(other.body, LeaveBody)
                if waits and getattr(other.body, "leave_kind", "") == body.leave_kind:
                    reserved += takings(other.claims)
        return self._leave.short_of(scope, person_id, body.leave_kind, takings(claims), reserved)


def takings(claims: Sequence[DayClaim]) -> list[Taking]:
    """Give what claims of leave take, date by date."""
    return [Taking(each.work_date, Amount(each.half_days, each.minutes)) for each in claims]


def _away(scope: Scope, day: date) -> frozenset[str]:
    """Give who is on leave for the whole of a date."""
    found = repository.holding_between(scope, None, day, day, (ApplicationKind.LEAVE,))
    return frozenset(
        each.person_id
        for each in found
        if each.state in HOLDS
        and any(claim.work_date == day and claim.half_days >= 2 for claim in each.claims)
    )
