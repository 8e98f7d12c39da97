"""What timesheets ask of topics they stand on, in one place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from hub.attendance.domain import Day, Punch
from hub.attendance.repository import punches_between
from hub.database.scope import Scope
from hub.rosters.neighbours import Ordinances, merged
from hub.staff.domain import DepartmentTerm
from hub.timesheets.domain import Adjustment, Closing, Divergence
from hub.worktime.domain import (
    DayPlan,
    Explained,
    Month,
    MonthFile,
    MonthResult,
    Order,
    Presence,
    Swap,
)
from hub.worktime.ordinance import Ordinance


@dataclass(frozen=True, slots=True)
class Claims:
    """Somebody's approved claims (`hub.applications.claims.Claims`)."""

    orders: tuple[Order, ...] = ()
    explained: tuple[Explained, ...] = ()
    swaps: tuple[Swap, ...] = ()


class _Shipped:
    """The shipped ordinance alone."""

    def __init__(self) -> None:
        file = resources.files("hub.worktime").joinpath("ordinances/standard.toml")
        self.versions = (msgspec.toml.decode(file.read_bytes(), type=Ordinance),)

    def at(self, day: date) -> Ordinance:
        """Give it."""
        if day < self.versions[0].since:
            raise LookupError(f"no ordinance is in force on {day}")
        return self.versions[0]


def terms_between(scope: Scope, first: date, last: date) -> dict[str, tuple[DepartmentTerm, ...]]:
    """Give what holds for departments within `[first, last]`, in order."""
    there = merged("hub.staff.repository")
    return dict(there.terms_between(scope, first, last)) if there else {}


def punches_of(
    scope: Scope, person_ids: Collection[str], start: datetime, end: datetime
) -> Sequence[Punch]:
    """Give some people's punches of `[start, end)`, corrections applied."""
    if len(person_ids) == 1:
        (one,) = person_ids
        return punches_between(scope, start, end, one)
    wanted = set(person_ids)
    every = punches_between(scope, start, end)
    return [punch for punch in every if punch.person_id in wanted]


def claims_between(
    scope: Scope, person_ids: Collection[str], first: date, last: date
) -> Mapping[str, Claims]:
    """Give approved claims that concern a date of `[first, last]`; of a swap either date."""
    there = merged("hub.applications.claims")
    found: Mapping[str, Claims] = (
        there.claims_between(scope, person_ids, first, last) if there else {}
    )
    return found


def load_ordinances(folder: Path | None) -> Ordinances:
    """Give the shipped ordinance, and the town's own from a folder."""
    there = merged("hub.worktime.ordinance_files")
    found: Ordinances = there.load_ordinances(folder) if there else _Shipped()
    return found


def apply_swaps(plans: Mapping[date, DayPlan], swaps: Sequence[Swap]) -> dict[date, DayPlan]:
    """Give plans with the swaps done."""
    there = merged("hub.worktime.swaps")
    found: dict[date, DayPlan] = there.apply_swaps(plans, swaps) if there else dict(plans)
    return found


def presence_of(day: Day) -> Presence:
    """Give somebody's presence of a day that was read from punches."""
    found: Presence = merged("hub.worktime.presence").presence_of(day)
    return found


def staying(file: MonthFile, orders: tuple[Order, ...]) -> MonthFile:
    """Give a month's file with the orders of the date before its first."""
    if not hasattr(file, "stays_orders"):
        return file
    later: dict[str, Any] = {"stays_orders": orders}
    return replace(file, **later)


def reckon_month(file: MonthFile, ordinances: Ordinances) -> MonthResult:
    """Reckon one person's month."""
    found: MonthResult = merged("hub.worktime.reckoning").reckon_month(file, ordinances)
    return found


def closings_of(
    scope: Scope,  # noqa: ARG001  # what stands beside a month is another module's
    month: Month,  # noqa: ARG001
    person_ids: Collection[str],  # noqa: ARG001
) -> Mapping[str, Closing]:
    """Give the closings that hold for somebody's month."""
    return {}


def signed_of(
    scope: Scope,  # noqa: ARG001
    month: Month,  # noqa: ARG001
    person_ids: Collection[str],  # noqa: ARG001
) -> Mapping[str, MonthResult]:
    """Give the results of closed months as they were signed."""
    return {}


def adjustments_of(
    scope: Scope,  # noqa: ARG001
    month: Month,  # noqa: ARG001
    person_ids: Collection[str],  # noqa: ARG001
) -> Mapping[str, tuple[Adjustment, ...]]:
    """Give what closed months would come to now."""
    return {}


def divergences_of(
    scope: Scope,  # noqa: ARG001
    month: Month,  # noqa: ARG001
    person_ids: Collection[str],  # noqa: ARG001
) -> Mapping[str, tuple[Divergence, ...]]:
    """Give the dates on which order, punches and presence do not agree."""
    return {}
