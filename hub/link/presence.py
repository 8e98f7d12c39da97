"""What statuses say of controllers, and since when this hub has a link at all.

Both are for telling people: no state of a PIN, door or command is derived from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.database.scope import Scope
from hub.link.tables import controller_presence, link_beats

BEAT_S: Final = 20.0
"""How often a process with a link says so."""
BROKEN_AFTER: Final = timedelta(seconds=3 * BEAT_S)
_LINK: Final = "link"


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Since when the hub has had a link without a pause, and when it said so last."""

    since: datetime
    beat_at: datetime


def keep_presence(scope: Scope, controller_id: str, *, online: bool, now: datetime) -> None:
    """Keep what a status says, since when; the same again changes nothing."""
    c = controller_presence.c
    before = scope.scalar(scope.select(c.online).where(c.controller_id == controller_id))
    if before is None or bool(before) is not online:
        row = {"controller_id": controller_id, "online": online, "said_at": now}
        scope.upsert(controller_presence, row, key=("controller_id",))


def said_offline(scope: Scope) -> dict[str, datetime]:
    """Give the controllers whose status says that they are away, and since when it does."""
    c = controller_presence.c
    rows = scope.all(scope.select(c.controller_id, c.said_at).where(c.online.is_(False)))
    return {row.controller_id: row.said_at for row in rows}


def beat(scope: Scope, now: datetime) -> None:
    """Note that a process of this hub has the broker; after a pause the link counts as new."""
    before = link_up(scope)
    goes_on = before is not None and now - before.beat_at <= BROKEN_AFTER
    since = before.since if before is not None and goes_on else now
    scope.upsert(link_beats, {"name": _LINK, "since": since, "beat_at": now}, key=("name",))


def link_up(scope: Scope) -> LinkUp | None:
    """Give the last beat; None where no process ever had a link."""
    row = scope.one(scope.select(link_beats).where(link_beats.c.name == _LINK))
    return LinkUp(row.since, row.beat_at) if row else None
