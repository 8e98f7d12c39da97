"""What an attempt means for its delivery and its endpoint: written in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Histogram

from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind, Subject
from hub.happenings.repository import tell
from hub.webhooks import repository
from hub.webhooks.domain import (
    FAILING_AFTER,
    Attempt,
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointState,
    Fault,
    Outcome,
    wait_s,
)

_attempts = Counter("kagimori_webhook_attempts_total", "Attempts to deliver", ["fault"])
_took = Histogram("kagimori_webhook_attempt_seconds", "Time an attempt took")
_log = structlog.get_logger(__name__)


def settle(
    scope: Scope, sent: Delivery, outcome: Outcome, at: datetime, chance: float
) -> Delivery | None:
    """Write down what came of an attempt; give the delivery as it stands now, None if it is gone.

    Whoever lost the delivery meanwhile (its lease ended, or somebody had it sent again) adds to its
    log alone, unless the message was taken: that is true whoever sent it.
    """
    _took.observe(outcome.latency_ms / 1000)
    _attempts.labels(outcome.fault.value if outcome.fault else "none").inc()
    endpoint = repository.endpoint(scope, sent.endpoint_id, to_change=True)
    before = repository.delivery(scope, sent.id, to_change=True)
    if before is None or endpoint is None:
        return None
    tried = replace(before, tries=before.tries + 1)
    repository.add_attempt(scope, _attempt(tried, outcome, at))
    ours = before.state is DeliveryState.PENDING and before.next_at == sent.next_at
    after = _delivered(tried, at) if outcome.succeeded else tried
    if ours and not outcome.succeeded:
        after = _failed(tried, outcome, at, chance)
    repository.write_delivery(scope, after)
    _follow(scope, endpoint, after, outcome, at)
    return after


def _attempt(tried: Delivery, outcome: Outcome, at: datetime) -> Attempt:
    return Attempt(
        delivery_id=tried.id,
        number=tried.tries,
        at=at,
        status=outcome.status,
        latency_ms=outcome.latency_ms,
        fault=outcome.fault,
        answer=outcome.answer,
    )


def _delivered(tried: Delivery, at: datetime) -> Delivery:
    return replace(tried, state=DeliveryState.DELIVERED, attempts=tried.attempts + 1, settled_at=at)


def _failed(tried: Delivery, outcome: Outcome, at: datetime, chance: float) -> Delivery:
    attempts = tried.attempts + 1
    waits = wait_s(attempts, chance, outcome.retry_after_s)
    if outcome.fault is Fault.GONE:
        waits = None
    if waits is None:
        return replace(tried, state=DeliveryState.FAILED, attempts=attempts, settled_at=at)
    return replace(tried, attempts=attempts, next_at=at + timedelta(seconds=waits))


def _follow(
    scope: Scope, endpoint: Endpoint, after: Delivery, outcome: Outcome, at: datetime
) -> None:
    """Bring the endpoint's own standing in line."""
    if outcome.succeeded:
        known = replace(endpoint, failures=0, last_success_at=at)
        if endpoint.state is EndpointState.FAILING:
            known = replace(known, state=EndpointState.ACTIVE)
            _tell(scope, endpoint, HappeningKind.WEBHOOK_RECOVERED, at, "delivered")
        repository.write_endpoint(scope, known)
        return
    known = replace(endpoint, failures=endpoint.failures + 1, last_failure_at=at)
    if outcome.fault is Fault.GONE and endpoint.state is not EndpointState.DISABLED:
        known = replace(known, state=EndpointState.DISABLED)
        repository.give_up(scope, endpoint.id, at)
        _tell(scope, endpoint, HappeningKind.WEBHOOK_FAILING, at, "gone")
    elif endpoint.state is EndpointState.ACTIVE and (
        known.failures >= FAILING_AFTER or after.state is DeliveryState.FAILED
    ):
        known = replace(known, state=EndpointState.FAILING)
        fault = outcome.fault.value if outcome.fault else ""
        _tell(scope, endpoint, HappeningKind.WEBHOOK_FAILING, at, fault)
    repository.write_endpoint(scope, known)


def _tell(scope: Scope, endpoint: Endpoint, kind: HappeningKind, at: datetime, reason: str) -> None:
    """Tell staff, by whatever they are told by."""
    _log.warning(kind.value.replace(".", "_"), endpoint=endpoint.id, reason=reason)
    only = endpoint.sites[0] if endpoint.sites and len(endpoint.sites) == 1 else None
    subject = Subject(site_id=only, other_id=endpoint.id)
    tell(scope, at, kind, subject, "webhooks", {"reason": reason})
