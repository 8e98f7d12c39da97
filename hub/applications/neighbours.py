"""What applications ask of other topics, as ports. `hub.applications.wiring` fills them in; topics
that stand on this one (`hub.timesheets`) put theirs in their own wiring:

    services.get(Neighbours).figures = MonthFigures(...)
    services.get(Neighbours).missing.append(MissingPunches(...))
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from hub.applications.bodies import PunchBody, SwapBody
from hub.applications.checks import CapFacts, Refusal
from hub.applications.domain import Application
from hub.applications.missing import MissingSource
from hub.database.scope import Scope
from hub.web.rights import Principal
from hub.worktime.domain import DayPlan, Swap, SwapKind


class Plans(Protocol):
    """Plans of `hub.rosters`, and what swaps do to them (`hub.worktime.swaps`)."""

    def between(
        self, scope: Scope, person_ids: Collection[str], first: date, last: date
    ) -> dict[str, dict[date, DayPlan]]:
        """Give plans before swaps, by person and date."""
        ...

    def swapped(self, plans: Mapping[date, DayPlan], swaps: Sequence[Swap]) -> dict[date, DayPlan]:
        """Give them after swaps."""
        ...

    def problem(
        self, body: SwapBody, kind: SwapKind, plans: Mapping[date, DayPlan]
    ) -> Refusal | None:
        """Tell why a swap cannot be."""
        ...

    def window(self, body_date: date, kind: SwapKind) -> tuple[date, date]:
        """Give the first and last date on which the day off for a worked date may lie."""
        ...


class Corrections(Protocol):
    """`hub.attendance.corrections`."""

    def problem(
        self, scope: Scope, person_id: str, body: PunchBody, now: datetime
    ) -> Refusal | None:
        """Tell why a correction could not be recorded as things stand."""
        ...

    def record(
        self, scope: Scope, who: Principal, found: Application, body: PunchBody, now: datetime
    ) -> Refusal | None:
        """Correct a punch, as an approved application says; give why it cannot be, and write
        nothing then."""
        ...


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What is known of one person's date for whoever decides: minutes ordered before, presence as
    spans of minutes; None where nothing was read yet."""

    present: tuple[tuple[int, int], ...] | None = None


class Figures(Protocol):
    """What `hub.timesheets` knows of months and days."""

    def caps(self, scope: Scope, person_ids: Collection[str], month: date) -> dict[str, CapFacts]:
        """Give what counts towards the month's cap so far, by person."""
        ...

    def day(self, scope: Scope, person_id: str, day: date) -> DayFigures:
        """Give what is known of a date."""
        ...

    def closed(self, scope: Scope, person_id: str, day: date) -> bool:
        """Tell whether the date's month is closed for the person."""
        ...


class NoFigures:
    """While no timesheets are kept: nothing is known, nothing is closed."""

    def caps(
        self,
        scope: Scope,  # noqa: ARG002  # whatever is asked
        person_ids: Collection[str],  # noqa: ARG002
        month: date,  # noqa: ARG002
    ) -> dict[str, CapFacts]:
        """Nothing."""
        return {}

    def day(self, scope: Scope, person_id: str, day: date) -> DayFigures:  # noqa: ARG002
        """Nothing."""
        return DayFigures()

    def closed(self, scope: Scope, person_id: str, day: date) -> bool:  # noqa: ARG002
        """No."""
        return False


@dataclass(slots=True)
class Neighbours:
    """The other topics, as the bootstrap put them together."""

    plans: Plans
    corrections: Corrections
    figures: Figures = field(default_factory=NoFigures)
    missing: list[MissingSource] = field(default_factory=list)
