"""SQL of endpoints and their outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.webhooks.domain import (
    LONGEST,
    SENT_IN,
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
)
from hub.webhooks.tables import webhook_attempts as attempts
from hub.webhooks.tables import webhook_deliveries as deliveries
from hub.webhooks.tables import webhook_endpoints as endpoints

# --- endpoints -----------------------------------------------------------------------------------


def endpoint(scope: Scope, endpoint_id: str, *, to_change: bool = False) -> Endpoint | None:
    """Give an endpoint; `to_change` holds its row until the transaction ends."""
    query = scope.select(endpoints).where(endpoints.c.id == endpoint_id)
    row = scope.one(query.with_for_update() if to_change else query)
    return None if row is None else _endpoint(row)


def all_endpoints(scope: Scope) -> list[Endpoint]:
    """Give every endpoint in the order they were made: there are few."""
    return [_endpoint(row) for row in scope.all(scope.select(endpoints).order_by(endpoints.c.id))]


def write_endpoint(scope: Scope, kept: Endpoint, *, new: bool = False) -> None:
    """Insert or change an endpoint."""
    values = asdict(kept) | {"kinds": list(kept.kinds), "sites": _listed(kept.sites)}
    if new:
        scope.insert(endpoints, values)
    else:
        del values["id"]
        scope.update(endpoints, values, endpoints.c.id == kept.id)


def delete_endpoint(scope: Scope, endpoint_id: str) -> None:
    """Remove an endpoint with its deliveries."""
    scope.delete(endpoints, endpoints.c.id == endpoint_id)


def _endpoint(row: Any) -> Endpoint:
    values = dict(row._mapping)  # noqa: SLF001  # its documented name, in spite of the underscore
    del values["town_id"]
    values["kinds"] = tuple(values["kinds"])
    values["sites"] = None if values["sites"] is None else tuple(values["sites"])
    return Endpoint(**values)


def _listed(sites: tuple[str, ...] | None) -> list[str] | None:
    return None if sites is None else list(sites)


# --- the outbox ----------------------------------------------------------------------------------


def has_message(scope: Scope, endpoint_id: str, message_id: str) -> bool:
    """Tell whether a message was made for an endpoint already."""
    found = scope.select(deliveries.c.id).where(
        deliveries.c.endpoint_id == endpoint_id, deliveries.c.message_id == message_id
    )
    return scope.one(found) is not None


def add_delivery(scope: Scope, made: Delivery) -> None:
    """Put a message into the outbox."""
    scope.insert(deliveries, asdict(made))


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a delivery's time has come. One that waits for longer than any wait is was put off by
    a clock that ran ahead."""
    return sa.or_(deliveries.c.next_at <= now, deliveries.c.next_at > now + LONGEST)


def due_endpoints(scope: Scope, now: datetime) -> list[tuple[str, EndpointState]]:
    """Give the endpoints for which something is to be sent now."""
    due = (
        scope.select(deliveries.c.endpoint_id)
        .where(deliveries.c.state == DeliveryState.PENDING, _is_due(now))
        .distinct()
    )
    query = (
        scope.select(endpoints.c.id, endpoints.c.state)
        .where(endpoints.c.state.in_(sorted(SENT_IN)), endpoints.c.id.in_(due))
        .order_by(endpoints.c.id)
    )
    return [(row.id, row.state) for row in scope.all(query)]


def claim(
    scope: Scope, endpoint_id: str, now: datetime, until: datetime, limit: int
) -> list[Delivery]:
    """Take what is due for an endpoint, the oldest first: nobody else takes it before `until`."""
    query = (
        scope.select(deliveries)
        .where(
            deliveries.c.endpoint_id == endpoint_id,
            deliveries.c.state == DeliveryState.PENDING,
            _is_due(now),
        )
        .order_by(deliveries.c.next_at, deliveries.c.seq)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = as_all(Delivery, scope.all(query))
    if found:
        ids = [each.id for each in found]
        scope.update(deliveries, {"next_at": until}, deliveries.c.id.in_(ids))
    return [replace(each, next_at=until) for each in found]


def delivery(scope: Scope, delivery_id: str, *, to_change: bool = False) -> Delivery | None:
    """Give a delivery; `to_change` holds its row until the transaction ends."""
    query = scope.select(deliveries).where(deliveries.c.id == delivery_id)
    rows = scope.all(query.with_for_update() if to_change else query)
    return next(iter(as_all(Delivery, rows)), None)


def write_delivery(scope: Scope, kept: Delivery) -> None:
    """Change a delivery's standing; what it says stays."""
    names = ("state", "attempts", "tries", "next_at", "settled_at")
    values = {name: getattr(kept, name) for name in names}
    scope.update(deliveries, values, deliveries.c.id == kept.id)


def add_attempt(scope: Scope, made: Attempt) -> None:
    """Keep an attempt."""
    scope.insert(attempts, asdict(made))


def attempts_of(scope: Scope, delivery_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """Give the attempts of deliveries, in order, by the delivery's id."""
    found: dict[str, list[Attempt]] = {each: [] for each in delivery_ids}
    query = (
        scope.select(attempts)
        .where(attempts.c.delivery_id.in_(list(delivery_ids)))
        .order_by(attempts.c.delivery_id, attempts.c.number)
    )
    for each in as_all(Attempt, scope.all(query)):
        found[each.delivery_id].append(each)
    return found


def page(
    scope: Scope, endpoint_id: str, where: Sequence[sa.ColumnElement[bool]], limit: int
) -> list[Delivery]:
    """Give deliveries of an endpoint, the newest first."""
    query = (
        scope.select(deliveries)
        .where(deliveries.c.endpoint_id == endpoint_id, *where)
        .order_by(deliveries.c.seq.desc())
        .limit(limit)
    )
    return list(as_all(Delivery, scope.all(query)))


def counts(scope: Scope) -> dict[tuple[str, DeliveryState], int]:
    """Count deliveries by endpoint and state."""
    c = deliveries.c
    query = scope.select(c.endpoint_id, c.state, sa.func.count().label("rows")).group_by(
        c.endpoint_id, c.state
    )
    return {(row.endpoint_id, row.state): int(row.rows) for row in scope.all(query)}


def send_again(
    scope: Scope, now: datetime, *where: sa.ColumnElement[bool], attempts: int = 0
) -> int:
    """Make deliveries pending anew, due now, with a whole schedule before them; give how many."""
    values = {
        "state": DeliveryState.PENDING,
        "attempts": attempts,
        "next_at": now,
        "settled_at": None,
    }
    return scope.update(deliveries, values, *where)


def give_up(scope: Scope, endpoint_id: str, now: datetime) -> int:
    """Let everything that waits for an endpoint be failed; give how many."""
    values = {"state": DeliveryState.FAILED, "settled_at": now}
    waits = deliveries.c.state == DeliveryState.PENDING
    return scope.update(deliveries, values, deliveries.c.endpoint_id == endpoint_id, waits)


def forget_before(scope: Scope, at: datetime) -> int:
    """Delete deliveries made before an instant, whatever became of them; give how many."""
    return scope.delete(deliveries, deliveries.c.created_at < at)
