"""The meters of readiness."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from hub.readiness.figures import BUCKETS_S, Took
from hub.readiness.tables import Latency


class ReadinessMeters:
    """Deadlines met and missed, and how long doors took, since this process began."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.met = Counter(
            "kagimori_readiness_deadline_met_total",
            "Deadlines by which every door of a booking had confirmed",
            registry=registry,
        )
        self.missed = Counter(
            "kagimori_readiness_deadline_missed_total",
            "Deadlines by which some door had not",
            registry=registry,
        )
        issue = Histogram(
            "kagimori_issue_to_placed_seconds",
            "From the change that a door had to learn to its digest",
            ["connected"],
            buckets=BUCKETS_S,
            registry=registry,
        )
        revoke = Histogram(
            "kagimori_revoke_to_dead_seconds",
            "From a revocation to the digest without the PIN",
            ["connected"],
            buckets=BUCKETS_S,
            registry=registry,
        )
        self._took = {Latency.ISSUE: issue, Latency.REVOKE: revoke}

    def took(self, found: Took) -> None:
        """Count one latency."""
        self._took[found.kind].labels("yes" if found.connected else "no").observe(found.seconds)
