"""The chore that notices controllers which are not heard any more, and that one came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.clock import Clock
from hub.database.scope import Scope
from hub.ingest.heard import last_heard
from hub.link import losses, presence
from hub.link.losses import Loss, is_lost
from hub.sites import repository as sites
from hub.sites.domain import Controller

LOOK_EVERY: Final = timedelta(seconds=5)
TELEMETRY_S: Final = 300
"""How often an agent reports unless its setting `telemetry_s` says otherwise."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What is to be written of a controller."""

    controller_id: str
    before: Loss | None
    lost: bool


class LostLinks:
    """A chore of the policy worker. While the hub itself has no link nobody is to blame."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looked_at: datetime | None = None

    def is_due(self, scope: Scope) -> bool:
        """Tell whether a controller was lost or came back."""
        now = self._clock.now()
        if self._looked_at is not None and timedelta(0) <= now - self._looked_at < LOOK_EVERY:
            return False
        self._looked_at = now
        return bool(_changes(scope, now))

    def run(self, scope: Scope) -> None:
        """Write it down."""
        now = self._clock.now()
        scope.lock("controller_losses")
        for change in _changes(scope, now):
            if change.lost:
                losses.lose(scope, change.before, change.controller_id, now)
            else:
                losses.find(scope, change.controller_id, now)


def _changes(scope: Scope, now: datetime) -> list[_Change]:
    link = presence.link_up(scope)
    if link is None or now - link.beat_at > presence.BROKEN_AFTER:
        return []
    known = losses.all_losses(scope)
    heard = last_heard(scope)
    offline = presence.said_offline(scope)
    ours = {each.id: each for each in sites.active_controllers(scope)}
    changes: list[_Change] = []
    for controller_id in sorted(known.keys() | heard.keys()):
        before, own = known.get(controller_id), ours.get(controller_id)
        lost = own is not None and (
            controller_id in heard
            and is_lost(
                now,
                heard[controller_id],
                link.since,
                _report_every(own),
                offline.get(controller_id),
            )
        )
        stands = before is not None and before.cleared_at is None
        if lost is not stands:
            changes.append(_Change(controller_id, before, lost))
    return changes


def _report_every(controller: Controller) -> timedelta:
    """As the agent reads its setting."""
    every = controller.settings.get("telemetry_s", TELEMETRY_S)
    return timedelta(seconds=every if isinstance(every, int) and every >= 10 else TELEMETRY_S)
