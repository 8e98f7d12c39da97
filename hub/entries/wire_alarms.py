"""Alarms about the wire: what the link refused, and policies that are not as they should be.

They come from no event of a journal: the link and the policy keep rows of their own. Here these
become alarms like the others, one a controller and kind, and are acknowledged like the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.entries.alarm_repository import Alarm
from hub.entries.alarms import MOMENTARY, AlarmKind
from hub.entries.tables import alarm_acknowledgements
from hub.link.losses import all_losses
from hub.link.tables import controller_losses, link_alarms
from hub.policy.failures import all_failures
from hub.policy.tables import policy_alarms, policy_failures, policy_reports
from hub.readiness.tables import readiness_watches

_ONLY_THE_LAST: Final = frozenset(
    {AlarmKind.POLICY_NOT_COMPILED, AlarmKind.CONTROLLER_LOST, AlarmKind.BOOKING_LATE}
)


@dataclass(frozen=True, slots=True)
class _Group:
    """What came of one kind from one controller."""

    kind: AlarmKind
    controller_id: str
    first_at: datetime
    last_at: datetime
    times: int
    cleared_at: datetime | None = None
    booking_id: str = ""
    door_id: str | None = None

    @property
    def subject(self) -> str:
        return self.booking_id or self.controller_id

    @property
    def id(self) -> int:
        return wire_alarm_id(self.subject, self.kind)


def wire_alarm_id(subject: str, kind: AlarmKind) -> int:
    """Give the number of an alarm of the wire: always the same for a controller or booking and
    kind, so that acknowledgements find it, and below zero, where no raw event's is."""
    digest = sha256(f"{subject}/{kind}".encode()).digest()
    return -1 - int.from_bytes(digest[:6], "big")


def standing_wire_alarms(scope: Scope) -> list[Alarm]:
    """Give those that came since they were acknowledged, and what goes on with a policy."""
    found = [
        *_link_groups(scope),
        *_policy_groups(scope),
        *_failure_groups(scope),
        *_loss_groups(scope),
        *_late_groups(scope),
    ]
    seen = _acknowledgements(scope, [group.id for group in found])
    alarms = []
    for group in found:
        note = seen.get(group.id)
        if note is not None and note.at < group.last_at:
            (group,) = _groups_since(scope, group, note.at)
        elif note is not None and (group.kind in MOMENTARY or group.cleared_at is not None):
            continue
        alarms.append(_alarm(group, note))
    return alarms


def newest_wire_alarm(scope: Scope) -> datetime | None:
    """Give when the wire alarmed last; None for never."""
    found = [
        scope.scalar(scope.select(sa.func.max(at)))
        for at in (
            link_alarms.c.last_at,
            policy_alarms.c.at,
            policy_failures.c.raised_at,
            controller_losses.c.lost_at,
            controller_losses.c.cleared_at,
            readiness_watches.c.late_at,
            readiness_watches.c.ready_at,
        )
    ]
    return max((at for at in found if at is not None), default=None)


def _groups_since(scope: Scope, group: _Group, since: datetime) -> list[_Group]:
    """The group without what was there when it was acknowledged. The link counts by the hour: of
    an hour in which somebody acknowledged, all is counted again."""
    if group.kind in _ONLY_THE_LAST:
        return [group]  # only the last one is kept
    if group.kind is AlarmKind.POLICY_MISMATCH:
        return _policy_groups(
            scope, policy_alarms.c.at > since, policy_alarms.c.controller_id == group.controller_id
        )
    return _link_groups(
        scope,
        link_alarms.c.last_at > since,
        link_alarms.c.controller_id == group.controller_id,
        link_alarms.c.alarm == group.kind.value,
    )


def _link_groups(scope: Scope, *where: sa.ColumnElement[bool]) -> list[_Group]:
    c = link_alarms.c
    rows = scope.all(
        scope.select(
            c.controller_id,
            c.alarm,
            sa.func.min(c.first_at).label("first_at"),
            sa.func.max(c.last_at).label("last_at"),
            sa.func.sum(c.count).label("times"),
        )
        .where(*where)
        .group_by(c.controller_id, c.alarm)
    )
    return [
        _Group(
            AlarmKind(row.alarm.value),
            row.controller_id,
            row.last_at if row.times == 1 else row.first_at,  # `first_at` is the full hour
            row.last_at,
            int(row.times),
        )
        for row in rows
    ]


def _policy_groups(scope: Scope, *where: sa.ColumnElement[bool]) -> list[_Group]:
    """A mismatch is over once the controller reports what it should hold."""
    c = policy_alarms.c
    rows = scope.all(
        scope.select(
            c.controller_id,
            sa.func.min(c.at).label("first_at"),
            sa.func.max(c.at).label("last_at"),
            sa.func.count().label("times"),
        )
        .where(*where)
        .group_by(c.controller_id)
    )
    ids = [row.controller_id for row in rows]
    reports = policy_reports.c
    over = {
        row.controller_id: row.reported_at
        for row in scope.all(
            scope.select(reports.controller_id, reports.reported_at).where(
                reports.controller_id.in_(ids), reports.matches
            )
        )
    }
    return [
        _Group(
            AlarmKind.POLICY_MISMATCH,
            row.controller_id,
            row.first_at,
            row.last_at,
            row.times,
            over.get(row.controller_id),
        )
        for row in rows
    ]


def _failure_groups(scope: Scope) -> list[_Group]:
    return [
        _Group(
            AlarmKind.POLICY_NOT_COMPILED,
            each.controller_id,
            each.raised_at,
            each.raised_at,
            1,
            each.cleared_at,
        )
        for each in all_failures(scope)
    ]


def _loss_groups(scope: Scope) -> list[_Group]:
    return [
        _Group(
            AlarmKind.CONTROLLER_LOST,
            each.controller_id,
            each.first_at,
            each.lost_at,
            each.times,
            each.cleared_at,
        )
        for each in all_losses(scope).values()
    ]


def _late_groups(scope: Scope) -> list[_Group]:
    """Bookings whose doors have not confirmed in time: until they do, or the window is over. Each
    rung of the ladder counts, and asks to be acknowledged again."""
    c = readiness_watches.c
    rows = scope.all(
        scope.select(readiness_watches).where(
            c.late_at.is_not(None), c.ready_at.is_(None), c.closed_at.is_(None)
        )
    )
    return [
        _Group(
            AlarmKind.BOOKING_LATE,
            row.late_controller_id or "",
            row.late_at,
            row.stepped_at,
            row.step,
            booking_id=row.booking_id,
            door_id=row.late_door_id,
        )
        for row in rows
    ]


def _acknowledgements(scope: Scope, ids: Iterable[int]) -> Mapping[int, sa.Row[Any]]:
    c = alarm_acknowledgements.c
    rows = scope.all(scope.select(alarm_acknowledgements).where(c.alarm_id.in_(list(ids))))
    return {row.alarm_id: row for row in rows}


def _alarm(group: _Group, note: sa.Row[Any] | None) -> Alarm:
    return Alarm(
        id=group.id,
        kind=group.kind,
        subject=group.subject,
        controller_id=group.controller_id,
        door_id=group.door_id,
        device_id=None,
        raised_at=group.first_at,
        last_at=group.last_at,
        last_received_at=group.last_at,
        times=group.times,
        cause="",
        cleared_at=group.cleared_at,
        acknowledged_at=note.at if note else None,
        acknowledged_by=note.user_id if note else None,
        note=note.note if note else "",
    )
