"""The neighbours' functions behind the ports of `hub.applications.neighbours`: the one file that
knows where they stand (`hub.rosters`, `hub.worktime`, `hub.attendance.corrections`)."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec

import hub.worktime
from hub.applications.bodies import PunchBody, SwapBody
from hub.applications.checks import Refusal
from hub.database.scope import Scope
from hub.people.domain import Calendar, CalendarSource
from hub.people.holiday_dates import dates_of
from hub.web.problems import UNAVAILABLE, Problem
from hub.web.rights import Principal
from hub.worktime.domain import DayKind, DayPlan, Swap, SwapKind
from hub.worktime.minutes import Span, Spans
from hub.worktime.ordinance import Ordinance

_SHIPPED: Final = Path(hub.worktime.__file__).parent / "ordinances" / "standard.toml"


def _module(name: str) -> ModuleType | None:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


class RosterPlans:
    """Plans by `hub.rosters.repository`, swaps by `hub.worktime.swaps`; where those are not there,
    the regular week of the shipped ordinance."""

    def __init__(self, ordinances: Any | None = None) -> None:
        """`ordinances`: what `hub.worktime.ordinance_files.load_ordinances` gave."""
        self._ordinances = ordinances
        self._standard = msgspec.convert(
            tomllib.loads(_SHIPPED.read_text(encoding="utf-8")), Ordinance
        )

    def between(
        self, scope: Scope, person_ids: Collection[str], first: date, last: date
    ) -> dict[str, dict[date, DayPlan]]:
        """Give plans before swaps, by person and date."""
        rosters = _module("hub.rosters.repository")
        if rosters is not None and self._ordinances is not None:
            found: dict[str, dict[date, DayPlan]] = rosters.plans_between(
                scope, person_ids, first, last, self._ordinances
            )
            return found
        week = _regular_week(self._standard, first, last)
        return {person_id: dict(week) for person_id in person_ids}

    def swapped(self, plans: Mapping[date, DayPlan], swaps: Sequence[Swap]) -> dict[date, DayPlan]:
        """Give them after swaps."""
        rules = _module("hub.worktime.swaps")
        if rules is None:
            return dict(plans)
        moved: dict[date, DayPlan] = rules.apply_swaps(plans, swaps)
        return moved

    def problem(
        self, body: SwapBody, kind: SwapKind, plans: Mapping[date, DayPlan]
    ) -> Refusal | None:
        """Tell why a swap cannot be."""
        rules = _module("hub.worktime.swaps")
        ordinance = self._at(body.worked_date)
        if rules is None:
            return self._window_problem(body, kind, plans)
        swap = Swap("", kind, body.worked_date, body.off_date, body.part)
        found = rules.swap_problem(swap, plans, ordinance)
        if found is None:
            return None
        value = str(getattr(found, "value", found))
        return Refusal(value) if value in set(Refusal) else Refusal.SWAP_REFUSED

    def window(self, body_date: date, kind: SwapKind) -> tuple[date, date]:
        """Give the first and last date on which the day off for a worked date may lie."""
        swaps = self._at(body_date).swaps
        if kind is SwapKind.COMPENSATORY:
            after = timedelta(days=swaps.compensatory_after_days)
            return body_date + timedelta(days=1), body_date + after
        before = timedelta(days=swaps.swap_before_days)
        return body_date - before, body_date + timedelta(days=swaps.swap_after_days)

    def _at(self, day: date) -> Ordinance:
        found: Ordinance = self._ordinances.at(day) if self._ordinances else self._standard
        return found

    def _window_problem(
        self, body: SwapBody, kind: SwapKind, plans: Mapping[date, DayPlan]
    ) -> Refusal | None:
        first, last = self.window(body.worked_date, kind)
        if not first <= body.off_date <= last:
            return Refusal.OUTSIDE_WINDOW
        off, worked = plans.get(body.off_date), plans.get(body.worked_date)
        if off is None or off.kind is not DayKind.WORKDAY or not off.spans:
            return Refusal.NOTHING_TO_MOVE
        holidays = (DayKind.HOLIDAY, DayKind.YEAR_END)
        if kind is SwapKind.COMPENSATORY and (worked is None or worked.kind not in holidays):
            return Refusal.NO_HOLIDAY_WORKED
        if kind is SwapKind.SWAP and worked is not None and worked.kind is not DayKind.DAY_OFF:
            return Refusal.ALREADY_WORKED
        return None


class AttendanceCorrections:
    """Corrections of punches by `hub.attendance.corrections`."""

    def record(
        self,
        scope: Scope,
        who: Principal,
        person_id: str,
        body: PunchBody,
        application_id: str,
        at: datetime,
    ) -> None:
        """Correct a punch; what cannot be recorded is not approved either."""
        corrections = _module("hub.attendance.corrections")
        if corrections is None:
            raise Problem(UNAVAILABLE, "this hub takes no corrections of punches")
        corrections.record(
            scope,
            who,
            person_id=person_id,
            body=body,
            application_id=application_id,
            at=at,
        )


def _regular_week(ordinance: Ordinance, first: date, last: date) -> dict[date, DayPlan]:
    """Monday to Friday by an ordinance, national holidays and the year's end apart."""
    rules = ordinance.day
    breaks = (Span(rules.break_from_min, rules.break_to_min),)
    spans: Spans = (
        Span(rules.starts_min, rules.break_from_min),
        Span(rules.break_to_min, rules.ends_min),
    )
    now = datetime.min  # noqa: DTZ901  # a calendar that is stored nowhere
    japan = Calendar("", "", "", CalendarSource.JAPAN, (), (), now, now)
    free = set(dates_of(japan, first, last))
    plans: dict[date, DayPlan] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day.weekday() >= 5:
            plans[day] = DayPlan(day, DayKind.DAY_OFF, holiday=day in free)
            continue
        year_end = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
        kind = DayKind.YEAR_END if year_end else DayKind.HOLIDAY
        kind = kind if day in free else DayKind.WORKDAY
        plans[day] = DayPlan(day, kind, spans, breaks, spans, holiday=day in free)
    return plans
