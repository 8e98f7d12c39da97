"""SQL of what controllers reported: digests, rejections, alarms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.database.scope import Scope
from hub.policy.tables import policy_alarms, policy_rejections, policy_reports
from wire.messages import Rejected, Reported
from wire.policy import EntryKey


@dataclass(frozen=True, slots=True)
class Report:
    """What a controller said last, and what that proved. `confirmed_version` is the newest version
    it ever proved to hold within the present hub epoch."""

    hub_epoch: int
    version: int
    digest: str
    matches: bool
    mismatches: int
    reported_at: datetime
    confirmed_version: int


def last(scope: Scope, controller_id: str) -> Report | None:
    """Give what a controller reported last."""
    row = scope.one(
        scope.select(policy_reports).where(policy_reports.c.controller_id == controller_id)
    )
    if row is None:
        return None
    return Report(
        hub_epoch=row.hub_epoch,
        version=row.version,
        digest=row.digest,
        matches=row.matches,
        mismatches=row.mismatches,
        reported_at=row.reported_at,
        confirmed_version=row.confirmed_version,
    )


def keep(scope: Scope, controller_id: str, report: Report) -> None:
    """Keep what a controller said last."""
    scope.upsert(
        policy_reports,
        {
            "controller_id": controller_id,
            "hub_epoch": report.hub_epoch,
            "version": report.version,
            "digest": report.digest,
            "matches": report.matches,
            "mismatches": report.mismatches,
            "reported_at": report.reported_at,
            "confirmed_version": report.confirmed_version,
        },
        key=("controller_id",),
    )


def replace_rejections(scope: Scope, controller_id: str, rejected: Sequence[Rejected]) -> None:
    """Keep which entries a controller leaves out of its index now."""
    scope.delete(policy_rejections, policy_rejections.c.controller_id == controller_id)
    rows = {
        (item.kind, item.id): {
            "controller_id": controller_id,
            "kind": item.kind,
            "entry_id": item.id,
            "rev": item.rev,
            "reason": item.reason.value,
        }
        for item in rejected
    }
    scope.insert(policy_rejections, list(rows.values()))


def rejections(scope: Scope, controller_id: str) -> dict[EntryKey, str]:
    """Give the entries a controller leaves out, with its reasons."""
    rows = scope.all(
        scope.select(policy_rejections).where(policy_rejections.c.controller_id == controller_id)
    )
    return {EntryKey(row.kind, row.entry_id): row.reason for row in rows}


def raise_alarm(
    scope: Scope,
    alarm_id: str,
    controller_id: str,
    reported: Reported,
    expected: str,
    now: datetime,
) -> None:
    """Keep that a digest was not the one its version demands."""
    scope.insert(
        policy_alarms,
        {
            "id": alarm_id,
            "controller_id": controller_id,
            "version": reported.version,
            "expected": expected,
            "reported": reported.digest,
            "at": now,
        },
    )
