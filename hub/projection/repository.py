"""The projection's own rows: watermark, rejects and anchors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.projection.clock import Anchor
from hub.projection.domain import Rejected, RejectReason
from hub.projection.tables import clock_anchors, projection_rejects, projection_watermarks

_NAME = "projection"
_DETAIL_MAX = 200


def watermark(scope: Scope) -> int:
    """Give the last raw id that was projected; 0 before the first."""
    row = scope.one(
        scope.select(projection_watermarks.c.raw_id).where(projection_watermarks.c.name == _NAME)
    )
    return int(row.raw_id) if row else 0


def move_watermark(scope: Scope, raw_id: int) -> None:
    """Set the watermark, in the transaction that wrote what it covers."""
    scope.upsert(projection_watermarks, {"name": _NAME, "raw_id": raw_id}, key=["name"])


def put_aside(scope: Scope, rejected: Rejected) -> None:
    """Keep a row that could not be projected, with the reason."""
    scope.upsert(
        projection_rejects,
        {
            "raw_id": rejected.raw_id,
            "controller_id": rejected.controller,
            "reason": rejected.reason,
            "detail": rejected.detail[:_DETAIL_MAX],
        },
        key=["raw_id"],
    )


def reject_counts(scope: Scope) -> Mapping[RejectReason, int]:
    """Count the rows put aside, by reason."""
    rows = scope.all(
        scope.select(
            projection_rejects.c.reason, sa.func.count(projection_rejects.c.raw_id).label("rows")
        ).group_by(projection_rejects.c.reason)
    )
    return {row.reason: int(row.rows) for row in rows}


def keep_anchor(scope: Scope, raw_id: int, anchor: Anchor) -> None:
    """Keep an anchor of a boot."""
    scope.upsert(
        clock_anchors,
        {
            "raw_id": raw_id,
            "controller_id": anchor.controller,
            "boot": anchor.boot,
            "mono_ns": anchor.mono_ns,
            "at": anchor.at,
            "error_ms": anchor.error_ms,
        },
        key=["raw_id"],
    )


def latest_anchor(scope: Scope, controller: str, boot: str) -> Anchor | None:
    """Give the newest anchor of a boot, or None."""
    table = clock_anchors
    row = scope.one(
        scope.select(table.c.mono_ns, table.c.at, table.c.error_ms)
        .where(table.c.controller_id == controller, table.c.boot == boot)
        .order_by(table.c.mono_ns.desc(), table.c.raw_id.desc())
        .limit(1)
    )
    if row is None:
        return None
    at: datetime = row.at
    return Anchor(controller, boot, int(row.mono_ns), at, row.error_ms)


def forget_all(scope: Scope) -> None:
    """Forget watermark, rejects and anchors, so that the next step begins from zero."""
    for table in (projection_watermarks, projection_rejects, clock_anchors):
        scope.delete(table, sa.true())
