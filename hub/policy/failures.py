"""SQL of controllers whose policy could not be compiled as it should be: one row each, which stands
until everything of the controller was compiled again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.database.scope import Scope
from hub.policy.tables import policy_failures

SEAL_BROKEN: Final = "seal_broken"
"""A row cannot be opened with the keys there are: its PIN or card is left out, and opens nothing.
Any other cause is the name of the exception; the controller keeps what it has."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Since when a controller's policy has not been compiled as it should be, and why."""

    controller_id: str
    cause: str
    raised_at: datetime
    cleared_at: datetime | None


def all_failures(scope: Scope) -> list[Failure]:
    """Give each controller's last failure, those that are over included."""
    rows = scope.all(scope.select(policy_failures).order_by(policy_failures.c.controller_id))
    return [Failure(row.controller_id, row.cause, row.raised_at, row.cleared_at) for row in rows]


def standing(scope: Scope) -> dict[str, str]:
    """Give the cause of each failure that is not over, by controller."""
    return {each.controller_id: each.cause for each in all_failures(scope) if not each.cleared_at}


def raise_failure(scope: Scope, controller_id: str, cause: str, now: datetime) -> None:
    """Keep that it fails from now on. While it fails in the same way, do not call this again: who
    took note of it need not do so every thirty seconds."""
    row = {"controller_id": controller_id, "cause": cause[:64], "raised_at": now}
    scope.upsert(policy_failures, row | {"cleared_at": None}, key=("controller_id",))


def clear_failure(scope: Scope, controller_id: str, now: datetime) -> None:
    """Keep that it is over."""
    where = policy_failures.c.controller_id == controller_id
    scope.update(policy_failures, {"cleared_at": now}, where)
