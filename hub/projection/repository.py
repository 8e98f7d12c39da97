"""The projection's own rows: watermark, rejects and anchors."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from hub.database.scope import Scope
from hub.projection.clock import Anchor, BootSpan
from hub.projection.domain import Rejected, RejectReason
from hub.projection.tables import (
    boot_spans,
    clock_anchors,
    projection_rejects,
    projection_watermarks,
)

_NAME = "projection"
_DETAIL_MAX = 200
NEAR = 8
"""Anchors come hourly: beyond these a nearer one says more."""


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


def anchors_near(scope: Scope, controller: str, boot: str, mono_ns: int) -> tuple[Anchor, ...]:
    """Give the boot's anchors around a reading, `NEAR` on either side at most."""
    c = clock_anchors.c
    found: list[Anchor] = []
    for where, order in (
        (c.mono_ns <= mono_ns, c.mono_ns.desc()),
        (c.mono_ns > mono_ns, c.mono_ns),
    ):
        rows = scope.all(
            scope.select(c.mono_ns, c.at, c.error_ms)
            .where(c.controller_id == controller, c.boot == boot, where)
            .order_by(order, c.raw_id)
            .limit(NEAR)
        )
        found += [Anchor(controller, boot, int(r.mono_ns), r.at, int(r.error_ms)) for r in rows]
    return tuple(found)


def boot_span(scope: Scope, controller: str, epoch: int, boot: str) -> BootSpan | None:
    """Give what is known of a boot in an epoch, or None."""
    c = boot_spans.c
    row = scope.one(
        scope.select(c.first_seq, c.last_mono_ns).where(
            c.controller_id == controller, c.epoch == epoch, c.boot == boot
        )
    )
    return None if row is None else BootSpan(epoch, boot, row.first_seq, row.last_mono_ns)


def spans_of(scope: Scope, controller: str) -> tuple[BootSpan, ...]:
    """Give a controller's boots in the order in which they came."""
    c = boot_spans.c
    rows = scope.all(
        scope.select(c.epoch, c.boot, c.first_seq, c.last_mono_ns)
        .where(c.controller_id == controller)
        .order_by(c.first_seq)
    )
    return tuple(BootSpan(r.epoch, r.boot, r.first_seq, r.last_mono_ns) for r in rows)


def keep_span(scope: Scope, controller: str, span: BootSpan) -> None:
    """Keep what is known of a boot in an epoch."""
    values = {name: getattr(span, name) for name in BootSpan.__slots__}
    key = ["controller_id", "epoch", "boot"]
    scope.upsert(boot_spans, {"controller_id": controller, **values}, key=key)


def forget_all(scope: Scope) -> None:
    """Forget watermark, rejects and anchors, so that the next step begins from zero."""
    for table in (projection_watermarks, projection_rejects, clock_anchors, boot_spans):
        scope.delete(table, sa.true())
