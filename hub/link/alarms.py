"""Alarms of the link: counted at once, written once a second, one row a kind and hour."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.link.tables import LinkAlarm, link_alarms

_Kind: TypeAlias = tuple[str, LinkAlarm, str, str]


class AlarmBook:
    """Counts alarms from any thread and writes them in somebody's transaction."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unwritten: Counter[_Kind] = Counter()
        self.counts: Counter[LinkAlarm] = Counter()
        """Everything since the start, for the metrics."""

    def note(
        self, controller: str, alarm: LinkAlarm, channel: str, cause: str = "", count: int = 1
    ) -> None:
        """Count an alarm; the controller is empty for one that nobody knows."""
        with self._lock:
            self._unwritten[controller, alarm, channel[:32], cause[:64]] += count
            self.counts[alarm] += count

    @property
    def pending(self) -> bool:
        """Whether something is not written yet."""
        return bool(self._unwritten)

    def take(self) -> Counter[_Kind]:
        """Hand over what is not written yet."""
        with self._lock:
            taken, self._unwritten = self._unwritten, Counter()
        return taken

    def give_back(self, taken: Counter[_Kind]) -> None:
        """It could not be written: keep it for the next time."""
        with self._lock:
            self._unwritten.update(taken)


def write_alarms(scope: Scope, alarms: Counter[_Kind], now: datetime) -> None:
    """Add counts to the rows of this hour."""
    scope.lock("link_alarms")
    hour = now.replace(minute=0, second=0, microsecond=0)
    for (controller, alarm, channel, cause), count in alarms.items():
        key = {
            "controller_id": controller,
            "alarm": alarm,
            "channel": channel,
            "cause": cause,
            "first_at": hour,
        }
        columns = link_alarms.c
        where = [columns[name] == value for name, value in key.items()]
        held = scope.scalar(scope.select(columns.count).where(*where))
        if held is None:
            scope.insert(link_alarms, {**key, "last_at": now, "count": count})
        else:
            scope.update(link_alarms, {"last_at": now, "count": held + count}, *where)


def alarm_counts(scope: Scope, since: datetime) -> dict[tuple[str, LinkAlarm], int]:
    """How often each alarm was noticed since an instant (by the hour), by controller."""
    columns = link_alarms.c
    rows = scope.all(
        scope.select(columns.controller_id, columns.alarm, sa.func.sum(columns.count).label("n"))
        .where(columns.last_at >= since)
        .group_by(columns.controller_id, columns.alarm)
    )
    return {(row.controller_id, row.alarm): int(row.n) for row in rows}
