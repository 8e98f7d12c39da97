"""Raising, clearing and acknowledging alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.entries.alarms import CRITICAL, GROUPED_WITHIN, MOMENTARY, AlarmKind, Clear, Raise
from hub.entries.tables import alarm_acknowledgements, alarms
from hub.ingest.tables import raw_origins


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as people see it. It stands until it is acknowledged and, where an event can clear
    it, cleared."""

    id: int
    kind: AlarmKind
    subject: str
    controller_id: str
    door_id: str | None
    device_id: str | None
    raised_at: datetime
    last_at: datetime
    last_received_at: datetime
    times: int
    cause: str
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str

    @property
    def is_critical(self) -> bool:
        """Red rather than amber."""
        return self.kind in CRITICAL


def raise_alarm(scope: Scope, alarm: Raise) -> None:
    """Raise an alarm, or count up the one of that kind and subject that is not over."""
    found = _newest(scope, alarm.kind, alarm.subject)
    if found is not None and _goes_on(found, alarm):
        scope.update(
            alarms,
            {
                "times": found.times + alarm.count,
                "last_at": max(found.last_at, alarm.at) if alarm.is_belated else alarm.at,
                "last_received_at": alarm.received_at,
                "cause": alarm.cause,
            },
            alarms.c.id == found.id,
        )
        return
    scope.upsert_ignore(
        alarms,
        {
            "id": alarm.raw_id,
            "kind": alarm.kind,
            "subject": alarm.subject,
            "controller_id": alarm.controller_id,
            "door_id": alarm.door_id,
            "device_id": alarm.device_id,
            "raised_at": alarm.at,
            "last_at": alarm.at,
            "last_received_at": alarm.received_at,
            "times": alarm.count,
            "cause": alarm.cause,
            "cleared_at": None,
        },
    )


def _goes_on(found: Alarm, alarm: Raise) -> bool:
    if found.kind in MOMENTARY:
        return alarm.at - found.last_at < GROUPED_WITHIN
    return found.cleared_at is None


def clear_alarm(scope: Scope, clear: Clear) -> None:
    """Mark the alarms of that kind and subject as over; by a belated one, those raised before
    its time, or by a collected record."""
    where = [
        alarms.c.kind == clear.kind,
        alarms.c.subject == clear.subject,
        alarms.c.cleared_at.is_(None),
    ]
    if clear.is_belated:
        collected = scope.select(raw_origins.c.raw_id)
        where.append(sa.or_(alarms.c.last_at <= clear.at, alarms.c.id.in_(collected)))
    scope.update(alarms, {"cleared_at": clear.at}, *where)


def acknowledge(scope: Scope, alarm_id: int, user_id: str, at: datetime, note: str) -> bool:
    """Note who dealt with an alarm last. Tells whether there is such an alarm; those of the wire
    (below zero) have no row here."""
    if (
        alarm_id >= 0
        and scope.one(scope.select(alarms.c.id).where(alarms.c.id == alarm_id)) is None
    ):
        return False
    values = {"alarm_id": alarm_id, "user_id": user_id, "at": at, "note": note}
    scope.upsert(alarm_acknowledgements, values, key=["alarm_id"])
    return True


def standing_alarms(scope: Scope, limit: int = 200) -> Sequence[Alarm]:
    """Give alarms nobody acknowledged since they were last raised, and those acknowledged but not
    over, newest first. A momentary alarm is over once it is acknowledged."""
    seen_at = alarm_acknowledgements.c.at
    unseen = sa.or_(seen_at.is_(None), seen_at < alarms.c.last_received_at)
    lasting = sa.and_(alarms.c.cleared_at.is_(None), alarms.c.kind.not_in(sorted(MOMENTARY)))
    rows = scope.all(
        _joined(scope)
        .where(sa.or_(unseen, lasting))
        .order_by(alarms.c.raised_at.desc(), alarms.c.id.desc())
        .limit(limit)
    )
    return [_alarm(row) for row in rows]


def alarms_by_id(scope: Scope, alarm_ids: Sequence[int]) -> list[Alarm]:
    """Give alarms whether they stand or not, in the order in which they were raised."""
    wanted = alarms.c.id.in_(list(alarm_ids))
    return [_alarm(row) for row in scope.all(_joined(scope).where(wanted).order_by(alarms.c.id))]


def forget_all(scope: Scope) -> None:
    """Remove alarms, but never who acknowledged them."""
    scope.delete(alarms, sa.true())


def _joined(scope: Scope) -> sa.Select[Any]:
    seen = alarm_acknowledgements
    on = sa.and_(seen.c.town_id == alarms.c.town_id, seen.c.alarm_id == alarms.c.id)
    return scope.select(
        alarms,
        seen.c.at.label("acknowledged_at"),
        seen.c.user_id.label("acknowledged_by"),
        seen.c.note,
    ).select_from(alarms.outerjoin(seen, on))


def _newest(scope: Scope, kind: AlarmKind, subject: str) -> Alarm | None:
    row = scope.one(
        _joined(scope)
        .where(alarms.c.kind == kind, alarms.c.subject == subject)
        .order_by(alarms.c.id.desc())
        .limit(1)
    )
    return _alarm(row) if row else None


def _alarm(row: sa.Row[Any]) -> Alarm:
    return Alarm(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        controller_id=row.controller_id,
        door_id=row.door_id,
        device_id=row.device_id,
        raised_at=row.raised_at,
        last_at=row.last_at,
        last_received_at=row.last_received_at,
        times=row.times,
        cause=row.cause,
        cleared_at=row.cleared_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        note=row.note or "",
    )
