"""The meters of the web, on a registry that belongs to one hub and not to the process."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class WebMeters:
    """Requests by method, route and status; seconds by method and route."""

    __slots__ = ("logins", "requests", "seconds")

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "kagimori_http_requests",
            "Requests by method, route and status.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "kagimori_http_request_seconds",
            "Time to answer, by method and route.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self.logins = Counter(
            "kagimori_logins", "Password logins by outcome.", ("outcome",), registry=registry
        )
