"""What a pattern would make of four weeks, before anybody works by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hub.database.engine import Database
from hub.rosters import repository
from hub.rosters.checks import RosterRules, findings
from hub.rosters.domain import ROSTER_DAYS, Finding, ShiftCode, WorkPattern
from hub.rosters.planning import days_between
from hub.rosters.service import PlannedDay
from hub.rosters.settings import RostersSettings
from hub.worktime.ordinance import Ordinances
from hub.worktime.patterns import DAY_OFF, plan_of


@dataclass(frozen=True, slots=True)
class PatternPreview:
    """Four weeks by a pattern. `week_min`: regular hours of a week on average over the whole cycle;
    `full_week_min` what the ordinance has."""

    days: tuple[PlannedDay, ...]
    findings: tuple[Finding, ...]
    week_min: int
    full_week_min: int
    days_off: int


class PatternPreviews:
    """Looks ahead."""

    def __init__(self, db: Database, ordinances: Ordinances, settings: RostersSettings) -> None:
        self._db = db
        self._ordinances = ordinances
        self._settings = settings

    def preview(self, pattern: WorkPattern, first: date) -> PatternPreview:
        """Give four weeks from a date on, with the town's holidays; `pattern` need not be kept."""
        first = max(first, self._ordinances.versions[0].since)
        last = first + timedelta(days=ROSTER_DAYS - 1)
        with self._db.read() as scope:
            codes = {each.id: each for each in repository.codes(scope)}
            holidays = repository.holidays(scope, first, last)
        days = []
        for day in days_between(first, last):
            code = _code(codes, pattern.code_on(day))
            shift = code.day if code else DAY_OFF
            plan = plan_of(shift, day, holidays.get(day), pattern.rostered)
            days.append(PlannedDay(plan, code))
        ordinance, settings = self._ordinances.at(last), self._settings
        rules = RosterRules.of(
            ordinance, settings.days_off_min, settings.rest_min, settings.slack_min
        )
        plans = {each.plan.work_date: each.plan for each in days}
        whole = sum(code.regular_min for each in pattern.codes if (code := _code(codes, each)))
        return PatternPreview(
            days=tuple(days),
            findings=findings("", plans, first, rules),
            week_min=whole * 7 // len(pattern.codes),
            full_week_min=ordinance.day.full_week_min,
            days_off=sum(1 for each in days if not each.plan.spans),
        )


def _code(codes: dict[str, ShiftCode], code_id: str | None) -> ShiftCode | None:
    return codes.get(code_id) if code_id else None
