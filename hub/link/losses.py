"""Controllers that are not heard: when one counts as lost (pure), and the row each has.

One loss stands for a controller however often its link comes and goes within an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.database.scope import Scope
from hub.link.tables import controller_losses

SAID_OFFLINE: Final = timedelta(seconds=60)
"""So long after its status said that it is away: a reconnection takes seconds."""
MISSED_REPORTS: Final = 2
"""So many telemetry reports in a row may be missing: an edge that lives sends them."""
ALLOWANCE: Final = timedelta(seconds=60)
ONE_LOSS: Final = timedelta(hours=1)
"""A link that is lost again within this goes on being the same loss."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A controller's last loss: since when, how often within it, and when it was heard again."""

    controller_id: str
    first_at: datetime
    lost_at: datetime
    times: int
    cleared_at: datetime | None


def is_lost(
    now: datetime,
    heard_at: datetime,
    up_since: datetime,
    report_every: timedelta,
    offline_at: datetime | None = None,
) -> bool:
    """Tell whether a controller counts as lost. `heard_at` is its last authenticated message;
    before `up_since` the hub itself had no link; `offline_at` is since when its status says that it
    is away, which whoever was heard since has outlived."""
    if offline_at is not None and offline_at >= heard_at:
        return now - max(offline_at, up_since) >= SAID_OFFLINE
    silence = now - max(heard_at, up_since)
    return silence >= MISSED_REPORTS * report_every + ALLOWANCE


def all_losses(scope: Scope) -> dict[str, Loss]:
    """Give each controller's last loss, those that are over included."""
    return {
        row.controller_id: Loss(
            row.controller_id, row.first_at, row.lost_at, int(row.times), row.cleared_at
        )
        for row in scope.all(scope.select(controller_losses))
    }


def lose(scope: Scope, before: Loss | None, controller_id: str, now: datetime) -> None:
    """Keep that a controller is lost: the loss before goes on if it was over only a moment."""
    same = before is not None and before.cleared_at is not None
    goes_on = before is not None and same and now - before.lost_at < ONE_LOSS
    row = {
        "controller_id": controller_id,
        "first_at": before.first_at if before is not None and goes_on else now,
        "lost_at": now,
        "times": before.times + 1 if before is not None and goes_on else 1,
        "cleared_at": None,
    }
    scope.upsert(controller_losses, row, key=("controller_id",))


def find(scope: Scope, controller_id: str, now: datetime) -> None:
    """Keep that a controller is heard again, or is none of ours any more."""
    where = controller_losses.c.controller_id == controller_id
    scope.update(controller_losses, {"cleared_at": now}, where)
