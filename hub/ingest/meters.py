"""What the link took in and refused, for `/metrics`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from hub.ingest.assembly import HubLink
from hub.link.tables import LinkAlarm


class LinkMeters(Collector):
    """Reads the counts of the running link whenever somebody asks; `link` gives None before the
    start."""

    def __init__(self, registry: CollectorRegistry, link: Callable[[], HubLink | None]) -> None:
        self._link = link
        registry.register(self)

    def describe(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        """The families without values: nothing is asked of the link while it is built."""
        return [*_families()]

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        """The families with what was counted since the start."""
        link = self._link()
        connected, messages, rows, commits, alarms = _families()
        connected.add_metric([], float(link is not None and link.connected))
        if link is not None:
            counts = link.counts
            messages.add_metric([], counts.messages)
            rows.add_metric(["new"], counts.rows_new)
            rows.add_metric(["known"], counts.rows_known)
            rows.add_metric(["conflict"], counts.conflicts)
            rows.add_metric(["malformed"], counts.malformed)
            commits.add_metric(["done"], counts.commits)
            commits.add_metric(["retried"], counts.retries)
            for alarm in LinkAlarm:
                alarms.add_metric([alarm.value], link.alarms.counts[alarm])
        yield from (connected, messages, rows, commits, alarms)


def _families() -> tuple[
    GaugeMetricFamily,
    CounterMetricFamily,
    CounterMetricFamily,
    CounterMetricFamily,
    CounterMetricFamily,
]:
    return (
        GaugeMetricFamily("kagimori_broker_connected", "Whether the broker is reached."),
        CounterMetricFamily("kagimori_ingest_messages", "Events messages that came in."),
        CounterMetricFamily(
            "kagimori_ingest_rows", "Rows of events messages, by what they were.", labels=["was"]
        ),
        CounterMetricFamily(
            "kagimori_ingest_commits", "Transactions of the ingest.", labels=["outcome"]
        ),
        CounterMetricFamily(
            "kagimori_link_alarms", "What was refused or noticed on the way up.", labels=["alarm"]
        ),
    )
