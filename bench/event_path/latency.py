"""From durable on the edge to committed in the hub, by what both sides wrote down.

The edge says when its journal had an event. The hub is not asked anything while it works: each of
its rows carries the instant at which its transaction began, and the library under it, with no delay
of its own (`slow_sync.c`), wrote down every sync. A row is committed when the first sync after that
instant is done. All by one clock, CLOCK_REALTIME of this machine.
"""

from __future__ import annotations

import sqlite3
import struct
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.event_path.edge import run_edge
from bench.event_path.site import HubProcess, Site

_SPAN: Final = struct.Struct("QQ")
_MS: Final = 1e6


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds, one for each event and one for each commit of theirs."""

    latencies_ms: list[float]
    syncs_ms: list[float]


def measure_latency(site: Site, hub: HubProcess, record: Path, count: int, rate: float) -> Measured:
    """Let an edge journal and send `count` events, `rate` a second, open loop."""
    for path in site.folder.glob("journal.db*"):
        path.unlink()
    epoch, *lines = run_edge(site, "steady", str(count), str(rate))
    durable = {int(seq): int(at) for seq, at in (line.split() for line in lines)}
    syncs = sorted(_SPAN.iter_unpack(record.read_bytes()))
    begins = [begin for begin, _ in syncs]
    latencies: list[float] = []
    commits: dict[int, float] = {}
    for seq, received_ns in _received(hub, int(epoch)):
        number = bisect_left(begins, received_ns)
        begin, end = syncs[number]
        commits[number] = (end - begin) / _MS
        if seq in durable:
            latencies.append((end - durable[seq]) / _MS)
    if len(latencies) != count:
        raise RuntimeError(f"{count} events were journaled, {len(latencies)} are in the hub")
    return Measured(latencies, list(commits.values()))


def _received(hub: HubProcess, epoch: int) -> list[tuple[int, int]]:
    """(seq, nanoseconds since 1970 at which its transaction began) of each row."""
    connection = sqlite3.connect(f"file:{hub.database}?mode=ro", uri=True)
    try:
        rows = connection.execute(
            "SELECT seq, received_at FROM raw_events WHERE epoch = ?", (epoch,)
        ).fetchall()
    finally:
        connection.close()
    return [(seq, _ns(datetime.fromisoformat(text).replace(tzinfo=UTC))) for seq, text in rows]


def _ns(instant: datetime) -> int:
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
