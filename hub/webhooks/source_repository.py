"""SQL of sources and what came from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.webhooks.source_domain import About, Received, Source
from hub.webhooks.tables import webhook_received as received
from hub.webhooks.tables import webhook_sources as sources
from hub.webhooks.tables import webhook_stamps as stamps


def source(scope: Scope, source_id: str, *, to_change: bool = False) -> Source | None:
    """Give a source; `to_change` holds its row until the transaction ends."""
    query = scope.select(sources).where(sources.c.id == source_id)
    row = scope.one(query.with_for_update() if to_change else query)
    return None if row is None else _source(row)


def all_sources(scope: Scope) -> list[Source]:
    """Give every source in the order they were made: there are few."""
    return [_source(row) for row in scope.all(scope.select(sources).order_by(sources.c.id))]


def write_source(scope: Scope, kept: Source, *, new: bool = False) -> None:
    """Insert or change a source."""
    names = [column.name for column in sources.c if column.name != "town_id"]
    values = {name: getattr(kept, name) for name in names}
    values["sites"] = None if kept.sites is None else list(kept.sites)
    if new:
        scope.insert(sources, values)
    else:
        del values["id"]
        scope.update(sources, values, sources.c.id == kept.id)


def delete_source(scope: Scope, source_id: str) -> None:
    """Remove a source with what came from it; its bookings stay."""
    scope.delete(sources, sources.c.id == source_id)


def _source(row: Any) -> Source:
    values = dict(row._mapping)  # noqa: SLF001  # its documented name, in spite of the underscore
    del values["town_id"]
    values["sites"] = None if values["sites"] is None else tuple(values["sites"])
    return Source(**values)


# --- what came -----------------------------------------------------------------------------------


def by_message(scope: Scope, source_id: str, message_id: str) -> Received | None:
    """Give what became of a message of that id, if it came before."""
    query = scope.select(received).where(
        received.c.source_id == source_id, received.c.message_id == message_id
    )
    return as_one(Received, scope.one(query))


def count_since(scope: Scope, source_id: str, since: datetime) -> int:
    """Count what came from a source since an instant."""
    query = scope.select(sa.func.count()).where(
        received.c.source_id == source_id, received.c.received_at > since
    )
    return int(scope.scalar(query) or 0)


def keep_received(scope: Scope, kept: Received, *, new: bool) -> None:
    """Write down what came and what became of it."""
    values = asdict(kept)
    if new:
        scope.insert(received, values)
    else:
        del values["id"]
        scope.update(received, values, received.c.id == kept.id)


def page(
    scope: Scope, source_id: str, where: Sequence[sa.ColumnElement[bool]], limit: int
) -> list[Received]:
    """Give what came from a source, the newest first."""
    query = (
        scope.select(received)
        .where(received.c.source_id == source_id, *where)
        .order_by(received.c.received_at.desc(), received.c.id.desc())
        .limit(limit)
    )
    return list(as_all(Received, scope.all(query)))


def stamp(scope: Scope, source_id: str, reservation_key: str, about: About) -> int | None:
    """Give the newest stamp that a source gave a booking; None where it gave none."""
    query = scope.select(stamps.c.stamp).where(
        stamps.c.source_id == source_id,
        stamps.c.reservation_key == reservation_key,
        stamps.c.about == about,
    )
    found = scope.scalar(query)
    return None if found is None else int(found)


def set_stamp(
    scope: Scope, source_id: str, reservation_key: str, about: About, value: int, at: datetime
) -> None:
    """Keep the newest stamp of a booking."""
    row = {
        "source_id": source_id,
        "reservation_key": reservation_key,
        "about": about,
        "stamp": value,
        "at": at,
    }
    scope.upsert(stamps, row, key=["source_id", "reservation_key", "about"])


def forget_before(scope: Scope, at: datetime, stamps_at: datetime) -> int:
    """Delete what came before an instant, and stamps before another; give how many rows."""
    gone = scope.delete(received, received.c.received_at < at)
    return gone + scope.delete(stamps, stamps.c.at < stamps_at)
