"""What the link refused can be read at /metrics, by kind, from the first moment on."""

from __future__ import annotations

from types import SimpleNamespace

from prometheus_client import CollectorRegistry, generate_latest

from hub.ingest.meters import LinkMeters
from hub.ingest.worker import IngestCounts
from hub.link.alarms import AlarmBook
from hub.link.tables import LinkAlarm


def test_every_count_has_its_line():
    registry, alarms = CollectorRegistry(), AlarmBook()
    link = SimpleNamespace(
        connected=True, alarms=alarms, counts=IngestCounts(messages=3, rows_new=7, retries=1)
    )
    LinkMeters(registry, lambda: link)
    alarms.note("", LinkAlarm.FORGED_MESSAGE, "up/events", "bad_tag", 5)
    text = generate_latest(registry).decode()
    assert "kagimori_broker_connected 1.0" in text
    assert "kagimori_ingest_messages_total 3.0" in text
    assert 'kagimori_ingest_rows_total{was="new"} 7.0' in text
    assert 'kagimori_ingest_commits_total{outcome="retried"} 1.0' in text
    assert 'kagimori_link_alarms_total{alarm="forged_message"} 5.0' in text
    assert 'kagimori_link_alarms_total{alarm="two_bodies"} 0.0' in text


def test_before_the_start_the_broker_counts_as_away():
    registry = CollectorRegistry()
    LinkMeters(registry, lambda: None)
    assert "kagimori_broker_connected 0.0" in generate_latest(registry).decode()
