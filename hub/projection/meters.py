"""What the projection counts, for the metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

from hub.projection.domain import RejectReason


class ProjectionMeters:
    """Raw events projected, and those put aside by reason."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.projected = Counter(
            "kagimori_projected_events", "Raw events projected.", registry=registry
        )
        self.rejected = Counter(
            "kagimori_projection_rejects",
            "Raw events put aside because they could not be projected.",
            ["reason"],
            registry=registry,
        )
        for reason in RejectReason:
            self.rejected.labels(reason.value)
