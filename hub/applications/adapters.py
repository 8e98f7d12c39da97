"""The neighbours' functions behind the ports of `hub.applications.neighbours`: plans of
`hub.rosters`, swaps of `hub.worktime`, corrections of `hub.attendance`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from hub.applications.bodies import PunchBody, PunchChange, SwapBody
from hub.applications.checks import Refusal
from hub.applications.domain import Application
from hub.attendance import corrections
from hub.attendance.corrected import CorrectionProblem, problem_of
from hub.attendance.domain import CorrectionAction, CorrectionWish, start_of, work_date_of
from hub.attendance.repository import corrected_punch
from hub.catalogue import Language, Translator
from hub.database.scope import Scope
from hub.rosters.repository import plans_between
from hub.web.rights import Principal
from hub.worktime import swaps as rules
from hub.worktime.domain import DayPlan, Swap, SwapKind
from hub.worktime.ordinance import Ordinances
from hub.worktime.swaps import SwapProblem

_DAY: Final = timedelta(days=1)

SWAP_REFUSAL: Final = {
    SwapProblem.SAME_DAY: Refusal.SAME_DATE,
    SwapProblem.OUTSIDE_WINDOW: Refusal.OUTSIDE_WINDOW,
    SwapProblem.UNKNOWN_DATE: Refusal.NO_PLAN,
    SwapProblem.NOT_A_WORKDAY: Refusal.NOTHING_TO_MOVE,
    SwapProblem.NOT_A_DAY_OFF: Refusal.ALREADY_WORKED,
    SwapProblem.NOT_A_HOLIDAY: Refusal.NO_HOLIDAY_WORKED,
    SwapProblem.WHOLE_DAYS_ONLY: Refusal.WHOLE_DAYS_ONLY,
    SwapProblem.OVERLAPS: Refusal.MOVED_ALREADY,
}
"""What is refused for each reason why a swap cannot be."""

PUNCH_REFUSAL: Final = {
    CorrectionProblem.NO_PUNCH: Refusal.PUNCH_UNKNOWN,
    CorrectionProblem.NEEDS_INSTANT: Refusal.PUNCH_TIME_MISSING,
    CorrectionProblem.NEEDS_DIRECTION: Refusal.PUNCH_DIRECTION_MISSING,
    CorrectionProblem.IN_FUTURE: Refusal.PUNCH_IN_FUTURE,
    CorrectionProblem.ALREADY_VOID: Refusal.PUNCH_VOID,
    CorrectionProblem.NOT_VOID: Refusal.PUNCH_SAME,
    CorrectionProblem.SAME: Refusal.PUNCH_SAME,
}
"""What is refused for each reason why a correction cannot be recorded."""

ACTION: Final = {
    PunchChange.ADD: CorrectionAction.ADD,
    PunchChange.MOVE: CorrectionAction.MOVE,
    PunchChange.TURN: CorrectionAction.TURN,
    PunchChange.VOID: CorrectionAction.VOID,
}


class RosterPlans:
    """Plans by the town's rosters and ordinances, swaps by its rules."""

    def __init__(self, ordinances: Ordinances) -> None:
        self._ordinances = ordinances
        self._begins = ordinances.versions[0].since

    def between(
        self, scope: Scope, person_ids: Collection[str], first: date, last: date
    ) -> dict[str, dict[date, DayPlan]]:
        """Give plans before swaps, by person and date; none before the first ordinance."""
        first = max(first, self._begins)
        if last < first:
            return {person_id: {} for person_id in person_ids}
        return plans_between(scope, person_ids, first, last, self._ordinances)

    def swapped(self, plans: Mapping[date, DayPlan], swaps: Sequence[Swap]) -> dict[date, DayPlan]:
        """Give them after swaps."""
        return rules.apply_swaps(plans, swaps)

    def problem(
        self, body: SwapBody, kind: SwapKind, plans: Mapping[date, DayPlan]
    ) -> Refusal | None:
        """Tell why a swap cannot be."""
        if body.worked_date < self._begins:
            return Refusal.NO_PLAN
        swap = Swap("", kind, body.worked_date, body.off_date, body.part)
        found = rules.swap_problem(swap, plans, self._ordinances.at(body.worked_date))
        return None if found is None else SWAP_REFUSAL[found]

    def window(self, body_date: date, kind: SwapKind) -> tuple[date, date]:
        """Give the first and last date on which the day off for a worked date may lie."""
        ordinance = self._ordinances.at(max(body_date, self._begins))
        return rules.window(kind, body_date, ordinance)


class AttendanceCorrections:
    """Corrections of punches by `hub.attendance.corrections`."""

    def problem(
        self, scope: Scope, person_id: str, body: PunchBody, now: datetime
    ) -> Refusal | None:
        """Tell why a correction could not be recorded as things stand."""
        wish = wish_of(person_id, body)
        before = None
        if wish.punch_id is not None:
            before = corrected_punch(scope, wish.punch_id)
        found = problem_of(wish, before, now)
        if found is not None:
            return PUNCH_REFUSAL[found]
        days = (body.work_date, body.work_date + _DAY)
        if before is not None and work_date_of(before.corrected_at) not in days:
            return Refusal.PUNCH_UNKNOWN
        return None

    def record(
        self, scope: Scope, who: Principal, found: Application, body: PunchBody, now: datetime
    ) -> Refusal | None:
        """Correct a punch as an approved application says; give why it cannot be, and write
        nothing then."""
        try:
            corrections.record(
                scope,
                now,
                wish_of(found.person_id, body),
                asked_by=f"person:{found.person_id}",
                approved_by=f"person:{who.person_id}" if who.person_id else who.actor,
                application_id=found.id,
            )
        except corrections.CorrectionRefusedError as error:
            return PUNCH_REFUSAL[error.problem]
        return None


def wish_of(person_id: str, body: PunchBody) -> CorrectionWish:
    """Give what an application asks of a punch, as attendance takes it. The cause is for people,
    in Japanese as the rest of the record."""
    told = Translator(Language.JA)(f"application.cause.{body.cause.value}")
    added = body.change is PunchChange.ADD
    instant = None
    if body.minute is not None:
        instant = start_of(body.work_date) + timedelta(minutes=body.minute)
    return CorrectionWish(
        action=ACTION[body.change],
        person_id=person_id,
        punch_id=None if added else body.punch_id,
        at=instant,
        direction=body.direction,
        cause=f"{told}：{body.reason.strip()}" if body.reason.strip() else told,
    )
