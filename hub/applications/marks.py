"""Says which dates must be reckoned anew once an application counts, or counts no longer."""

from __future__ import annotations

from datetime import date, datetime

from hub.applications.bodies import SwapBody
from hub.applications.domain import Application
from hub.attendance.touched import touch
from hub.database.scope import Scope


def mark_claims(scope: Scope, changed: Application, at: datetime) -> None:
    """Mark the dates of its claims, of a swap both. A corrected punch has marks of its own."""
    for day in sorted(_dates(changed)):
        touch(scope, changed.person_id, day, day, at)


def _dates(changed: Application) -> set[date]:
    if isinstance(changed.body, SwapBody):
        return {changed.body.worked_date, changed.body.off_date}
    return {claim.work_date for claim in changed.claims}
