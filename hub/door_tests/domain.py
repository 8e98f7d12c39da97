"""What a test of a door is, and how its latest one stands today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

GOOD_FOR: Final = timedelta(days=365)
"""How long a test that was passed counts: the yearly inspection of a building's equipment."""


class TestedBy(StrEnum):
    """Who told of a test."""

    __test__ = False  # not one of pytest's

    CLERK = "clerk"
    """Somebody at the door, through the API or the door's page."""
    PI = "pi"
    """The controller, which watched the contact meanwhile."""


class Standing(StrEnum):
    """How a door stands by its latest test."""

    NEVER = "never"
    PASSED = "passed"
    FAILED = "failed"
    OVERDUE = "overdue"

    @property
    def is_bad(self) -> bool:
        """Whether somebody has to go there."""
        return self in (Standing.FAILED, Standing.OVERDUE)


@dataclass(frozen=True, slots=True)
class DoorTest:
    """One test. `actor` is the user or token that told of it; the Pi knows nobody."""

    id: str
    door_id: str
    told_by: TestedBy
    passed: bool
    cause: str
    note: str
    actor: str | None
    tested_at: datetime
    recorded_at: datetime


def standing(latest: DoorTest | None, now: datetime) -> Standing:
    """Give how a door stands; a test that is told for a time to come counts as one of now."""
    if latest is None:
        return Standing.NEVER
    if not latest.passed:
        return Standing.FAILED
    return Standing.OVERDUE if now - latest.tested_at > GOOD_FOR else Standing.PASSED
