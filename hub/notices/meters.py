"""What is measured of notices: never whom they are for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from hub.notices.domain import OPEN, Channel, NoticeState, Outcome


class NoticeMeters:
    """Counts of tries, and how the outbox stands."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._tries = Counter(
            "kagimori_notice_tries_total",
            "Messages handed to a channel",
            ["channel", "outcome"],
            registry=registry,
        )
        self._rows = Gauge(
            "kagimori_notices", "Rows of the outbox", ["channel", "state"], registry=registry
        )
        self._oldest = Gauge(
            "kagimori_notice_oldest_due_seconds",
            "How long the row that is due longest has been due",
            registry=registry,
        )

    def tried(self, channel: Channel, outcome: Outcome) -> None:
        """Count one try."""
        self._tries.labels(channel.value, outcome.value).inc()

    def measure(
        self,
        counts: Mapping[tuple[NoticeState, Channel], int],
        oldest: datetime | None,
        now: datetime,
    ) -> None:
        """Take the outbox as it stands."""
        for channel in Channel:
            for state in (*OPEN, NoticeState.SENT, NoticeState.FAILED):
                many = counts.get((state, channel), 0)
                self._rows.labels(channel.value, state.value).set(many)
        self._oldest.set(0 if oldest is None else max(0.0, (now - oldest).total_seconds()))
