"""SQL of how far the entry log and the alarms were looked at for endpoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

import sqlalchemy as sa

from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.entries.alarm_repository import Alarm, alarms_by_id
from hub.entries.alarms import AlarmKind
from hub.webhooks.tables import webhook_alarms, webhook_marks


@dataclass(frozen=True, slots=True)
class KnownAlarm:
    """An alarm that endpoints know of; `over`: of its end, too."""

    id: int
    kind: AlarmKind
    controller_id: str
    door_id: str | None
    device_id: str | None
    raised_at: datetime
    over: bool

    @classmethod
    def of(cls, alarm: Alarm) -> Self:
        """Know an alarm."""
        return cls(
            alarm.id,
            alarm.kind,
            alarm.controller_id,
            alarm.door_id,
            alarm.device_id,
            alarm.raised_at,
            alarm.cleared_at is not None,
        )

    def ended(self, at: datetime) -> Alarm:
        """The alarm, over at an instant."""
        return Alarm(
            id=self.id,
            kind=self.kind,
            subject="",
            controller_id=self.controller_id,
            door_id=self.door_id,
            device_id=self.device_id,
            raised_at=self.raised_at,
            last_at=at,
            last_received_at=at,
            times=1,
            cause="",
            cleared_at=at,
            acknowledged_at=None,
            acknowledged_by=None,
            note="",
        )


def mark(scope: Scope, name: str) -> int | None:
    """Give how far somebody looked; None before the first time."""
    query = scope.select(webhook_marks.c.through).where(webhook_marks.c.name == name)
    found = scope.scalar(query)
    return None if found is None else int(found)


def any_mark(scope: Scope) -> bool:
    """Tell whether anybody looked."""
    return scope.one(scope.select(webhook_marks.c.name).limit(1)) is not None


def set_mark(scope: Scope, name: str, through: int) -> None:
    """Write down how far somebody looked."""
    if mark(scope, name) != through:
        scope.upsert(webhook_marks, {"name": name, "through": through}, key=["name"])


def alarms(scope: Scope) -> dict[int, KnownAlarm]:
    """Give the alarms that endpoints know of, by id."""
    rows = as_all(KnownAlarm, scope.all(scope.select(webhook_alarms)))
    return {each.id: each for each in rows}


def keep_alarms(scope: Scope, known: Iterable[KnownAlarm]) -> None:
    """Write down the alarms that endpoints know of now."""
    scope.delete(webhook_alarms, sa.true())
    scope.insert(webhook_alarms, [asdict(each) for each in known])


def ended(scope: Scope, gone: Sequence[KnownAlarm], now: datetime) -> list[Alarm]:
    """Give alarms that stand no more as they ended: those of the journal by their rows, those of
    the wire, which keep none, as of now."""
    rows = [each.id for each in gone if each.id >= 0]
    found = [each for each in alarms_by_id(scope, rows) if each.cleared_at] if rows else []
    return found + [each.ended(now) for each in gone if each.id < 0]


def forget_all(scope: Scope) -> None:
    """Forget how far was looked: nobody listens any more."""
    scope.delete(webhook_marks, sa.true())
    scope.delete(webhook_alarms, sa.true())
