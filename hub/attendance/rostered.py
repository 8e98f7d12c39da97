"""The port by which attendance learns of rostered nights. It stands below rosters and cannot import
them: `hub.timesheets` plugs in what knows (`AttendanceService.rosters`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Protocol

from hub.attendance.domain import Nights
from hub.database.scope import Scope


class RosteredNights(Protocol):
    """Whoever knows rosters."""

    def nights(
        self, scope: Scope, person_ids: Collection[str], first: date, last: date, /
    ) -> Mapping[str, Nights]:
        """Give some people's nights of `[first, last]`, swaps done."""
        ...


class NoRosters:
    """A town without rosters."""

    def nights(
        self,
        scope: Scope,  # noqa: ARG002
        person_ids: Collection[str],  # noqa: ARG002
        first: date,  # noqa: ARG002
        last: date,  # noqa: ARG002
        /,
    ) -> Mapping[str, Nights]:
        """There are none."""
        return {}
