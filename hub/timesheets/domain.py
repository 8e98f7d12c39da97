"""What timesheets speak of: a person's month, its kept result, and what stands beside it.

Instants are UTC; a work date is a date in Asia/Tokyo; durations are whole minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from hub.attendance.domain import Day
from hub.people.domain import Person
from hub.staff.domain import Employment
from hub.timesheets.closing_domain import DepartmentClosing, MonthAdjustment
from hub.timesheets.divergence_domain import Divergence
from hub.worktime.domain import DayFile, DayPlan, DayResult, Month, MonthFile, MonthResult


class PersonMonthKey(NamedTuple):
    """One person's month."""

    person_id: str
    month: Month


# --- a person's month ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptMonth:
    """A reckoned month as it is kept. `fingerprint`: SHA-256 of everything it was reckoned from
    (`hub.timesheets.fingerprints`), so that reckoning it again is provably the same; `stale`:
    something it depends on has changed since."""

    key: PersonMonthKey
    file: MonthFile
    result: MonthResult
    fingerprint: str
    reckoned_at: datetime
    stale: bool


@dataclass(frozen=True, slots=True)
class MonthSheet:
    """Somebody's month as pages, closings and exports see it. `employments`: those in force on a
    date of the month, in order. `file`: plans, presence, orders and explanations by date, from
    which `result` was reckoned; of a closed month both are what was signed, and `adjustments` what
    was found since. `closed`: the closing that holds for it."""

    person: Person
    employments: tuple[Employment, ...]
    file: MonthFile
    result: MonthResult
    fingerprint: str
    closed: DepartmentClosing | None = None
    adjustments: tuple[MonthAdjustment, ...] = ()
    divergences: tuple[Divergence, ...] = ()


@dataclass(frozen=True, slots=True)
class DaySheet:
    """One date in full: what it was reckoned from, and `punched`, every punch with why it counts or
    not (None: nobody punched). The day's result is `result`. Of a closed month (`closed`) they are
    what was signed, but for `punched`, which is as known now; `adjustments`: those about it."""

    person: Person
    file: DayFile
    punched: Day | None
    result: DayResult
    closed: DepartmentClosing | None = None
    adjustments: tuple[MonthAdjustment, ...] = ()

    @property
    def plan(self) -> DayPlan:
        """Its plan, swaps done."""
        return self.file.plan
