"""What timesheets speak of: a person's month, its kept result, and what stands beside it.

Instants are UTC; a work date is a date in Asia/Tokyo; durations are whole minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from hub.attendance.domain import Day
from hub.people.domain import Person
from hub.staff.domain import Employment
from hub.worktime.domain import DayFile, DayPlan, DayResult, Month, MonthFile, MonthResult


class PersonMonthKey(NamedTuple):
    """One person's month."""

    person_id: str
    month: Month


# --- beside a month: who signed, what came late, what does not agree ------------------------------


@dataclass(frozen=True, slots=True)
class Closing:
    """A department's month, signed off. What changes afterwards becomes an adjustment.

    `fingerprint` is that of the results as they stood; `reopened_at`: it was opened again, and
    holds no longer."""

    id: str
    department_id: str
    month: Month
    closed_at: datetime
    closed_by: str
    remark: str
    fingerprint: str
    reopened_at: datetime | None = None
    reopened_by: str | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a closed month would come to now, against what was signed: never a silent change.

    `changed`: field of the month (`pay.overtime`, `missing_min`, ...) -> minutes more or fewer."""

    id: str
    person_id: str
    month: Month
    cause: str
    changed: dict[str, int]
    found_at: datetime
    settled_at: datetime | None = None
    settled_by: str | None = None
    remark: str = ""


class DivergenceKind(StrEnum):
    """Which two of the three (ordered, reported, present) do not agree."""

    ORDERED_NOT_REPORTED = "ordered_not_reported"
    REPORTED_NOT_ORDERED = "reported_not_ordered"
    PRESENT_NOT_REPORTED = "present_not_reported"
    REPORTED_NOT_PRESENT = "reported_not_present"


class DivergenceState(StrEnum):
    """How far somebody has looked into it."""

    OPEN = "open"
    ASKED = "asked"
    SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class Divergence:
    """A date on which two of the three differ by `divergence_min` of the ordinance or more."""

    id: str
    person_id: str
    work_date: date
    kind: DivergenceKind
    minutes: int
    state: DivergenceState
    reason: str
    found_at: datetime
    settled_at: datetime | None = None
    settled_by: str | None = None


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
    which `result` was reckoned; of a closed month `result` is what was signed. `closed`: the
    closing that holds for it."""

    person: Person
    employments: tuple[Employment, ...]
    file: MonthFile
    result: MonthResult
    fingerprint: str
    closed: Closing | None = None
    adjustments: tuple[Adjustment, ...] = ()
    divergences: tuple[Divergence, ...] = ()


@dataclass(frozen=True, slots=True)
class DaySheet:
    """One date in full: what it was reckoned from, and `punched`, every punch with why it counts or
    not (None: nobody punched). The day's result is `result`."""

    person: Person
    file: DayFile
    punched: Day | None
    result: DayResult

    @property
    def plan(self) -> DayPlan:
        """Its plan, swaps done."""
        return self.file.plan
