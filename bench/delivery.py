"""The event path: the hub as shipped beside paho, a tutorial, and bare databases.

`kagimori-hub serve --role ingest` runs under TLS behind Mosquitto as provisioned, with envelope,
body hash, town and watermark; events have about 315 bytes and come from a publisher in C. Floors
and peers take turns with it, each line is the median of `--rounds`, and all lie on one disk. The
peers are spared TLS. What can be missing (PostgreSQL, the gateway's storage) is named on stderr and
its lines are left out.

Cases: `fresh` (one event a message, fifty, duplicates, the whole path from an edge's journal),
`postgresql`, `slow_disk`, `latency`, `stores`. Counts of kills are the soak's, not measured here.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.event_path import floors, stores
from bench.event_path.edge import run_edge
from bench.event_path.latency import measure_latency
from bench.event_path.load import Load, Publishing, write_load
from bench.event_path.native import build_publisher, build_slow_sync
from bench.event_path.postgresql import PostgresqlServer
from bench.event_path.site import HubProcess, Site
from bench.event_path.subscribers import COUNT, TUTORIAL_DEFAULTS, TUTORIAL_WAL, Subscriber
from bench.report import Report, percentile

ONE: Final = 1
MANY: Final = 50
_DELAY_US: Final = 10_000
_NS: Final = 1e9


@dataclass(frozen=True, slots=True)
class Size:
    """How much a round moves."""

    rounds: int = 3
    messages: int = 30_000
    backlog: int = 150_000
    tutorial: int = 3_000
    defaults: int = 1_000
    steady_s: float = 6.0
    steady_rates: tuple[int, ...] = (100, 1_000)
    accepted: int = 1_000
    samples: int = 40


class Rates:
    """Events a second by what was measured, over rounds."""

    def __init__(self) -> None:
        self._held: dict[str, list[float]] = {}

    def add(self, what: str, rate: float) -> None:
        self._held.setdefault(what, []).append(rate)
        print(f"  {what}: {rate:,.0f}/s", file=sys.stderr, flush=True)

    def __getitem__(self, what: str) -> float:
        return statistics.median(self._held[what])


class Bench:
    """A site with its loads; each case is a method."""

    def __init__(self, site: Site, report: Report, size: Size) -> None:
        self._site, self._report, self._size = site, report, size
        self._publisher = build_publisher(site.folder)
        self._key = site.link_key
        self._epoch = 0
        self._hubs = 0

    # --- the parts -------------------------------------------------------------------------------

    def _load(self, events: int, each: int) -> Load:
        self._epoch += 1
        path = self._site.folder / f"load-{self._epoch}"
        return write_load(
            path, self._site.controller, self._key, events=events, each=each, epoch=self._epoch
        )

    def _publish(self, load: Load) -> Publishing:
        return Publishing(self._publisher, self._site.plain_port, load)

    def _peer_rate(self, kind: str, count: int) -> float:
        load = self._load(count, ONE)
        port = self._site.plain_port
        with Subscriber(kind, port, load.messages, self._site.folder) as subscriber:
            begun_ns = self._publish(load).wait().begun_ns
            rate = count / ((subscriber.done_ns() - begun_ns) / _NS)
        load.path.unlink()
        return rate

    def _hub(self, **more: object) -> HubProcess:
        self._hubs += 1
        return HubProcess(self._site, f"hub-{self._hubs}", **more)  # type: ignore[arg-type]

    def _hub_rate(self, hub: HubProcess, load: Load) -> float:
        publishing = self._publish(load)
        done_ns = hub.committed_ns(load.epoch, load.events)
        return load.events / ((done_ns - publishing.wait().begun_ns) / _NS)

    def _replay_rate(self, hub: HubProcess, load: Load) -> float:
        """What was committed before, once more; a new event behind it tells when it was handled."""
        marker = self._load(1, ONE)
        with load.path.open("ab") as file:
            file.write(marker.path.read_bytes())
        again = replace(load, events=load.events + 1, epoch=marker.epoch)
        publishing = self._publish(again)
        done_ns = hub.committed_ns(marker.epoch, 1)
        return load.events / ((done_ns - publishing.wait().begun_ns) / _NS)

    def _whole_path_rate(self, events: int) -> float:
        """From the edge's journal to the hub's ack at the edge."""
        for path in self._site.folder.glob("journal.db*"):
            path.unlink()
        run_edge(self._site, "fill", str(events))
        begun_ns, done_ns = map(int, run_edge(self._site, "drain")[-1].split())
        return events / ((done_ns - begun_ns) / _NS)

    # --- the cases -------------------------------------------------------------------------------

    def fresh(self) -> None:
        """Ratios 1, 2 and 5."""
        size, rates = self._size, Rates()
        plain = floors.rows(size.backlog)
        own, floor = floors.hub_rows(plain), self._site.folder / "floor.db"
        for _ in range(size.rounds):
            rates.add(COUNT, self._peer_rate(COUNT, size.messages))
            rates.add(TUTORIAL_WAL, self._peer_rate(TUTORIAL_WAL, size.tutorial))
            rates.add(TUTORIAL_DEFAULTS, self._peer_rate(TUTORIAL_DEFAULTS, size.defaults))
            hub = self._hub()
            hub.start()
            try:
                one, many = self._load(size.messages, ONE), self._load(size.backlog, MANY)
                rates.add("one", self._hub_rate(hub, one))
                rates.add("one again", self._replay_rate(hub, one))
                rates.add("raw", floors.sqlite_rate(floor, own))
                rates.add("raw, plain", floors.sqlite_rate(floor, plain))
                rates.add("many", self._hub_rate(hub, many))
                rates.add("many again", self._replay_rate(hub, many))
                rates.add("raw", floors.sqlite_rate(floor, own))
                rates.add("whole", self._whole_path_rate(size.backlog))
            finally:
                hub.stop()
        self._report_fresh(rates)

    def _report_fresh(self, rates: Rates) -> None:
        line, unit = self._report.line, "events/s"
        one, many, raw = rates["one"], rates["many"], rates["raw"]
        peer = "paho, counts only"
        line("one event a message, SQLite", one, unit, "ratio >= 0.4", peer, rates[COUNT])
        peer = "tutorial, WAL and FULL"
        line("one event a message, SQLite", one, unit, "ratio >= 4", peer, rates[TUTORIAL_WAL])
        peer, value = "tutorial, SQLite's defaults", rates[TUTORIAL_DEFAULTS]
        line("one event a message, SQLite", one, unit, "ratio >= 16", peer, value)
        plainest = "raw SQLite, 500 a transaction, the plainest table"
        line(
            "50 events a message, SQLite",
            many,
            unit,
            "ratio >= 0.25",
            plainest,
            rates["raw, plain"],
        )
        peer = "raw SQLite, 500 a transaction, the hub's rows"
        line("50 events a message, SQLite", many, unit, "ratio >= 0.5", peer, raw)
        line(
            "the edge's journal to the hub's ack, SQLite",
            rates["whole"],
            unit,
            "ratio >= 0.4",
            peer,
            raw,
        )
        for what, name in (("one", "one event"), ("many", "50 events")):
            again = rates[f"{what} again"]
            line(f"duplicates, {name} a message", again, unit, "ratio >= 1", "fresh", rates[what])

    def postgresql(self) -> None:
        """Ratio 3."""
        if not PostgresqlServer.installed():
            print("PostgreSQL 15 is not installed: its line is left out", file=sys.stderr)
            return
        size, rates = self._size, Rates()
        plain = floors.rows(size.backlog // 2)
        own = floors.hub_rows(plain)
        with PostgresqlServer(self._site.folder) as server:
            hub = self._hub(postgresql=server.url)
            hub.start()
            try:
                for _ in range(size.rounds):
                    rates.add("raw", floors.postgresql_rate(server.url, own))
                    rates.add("raw, plain", floors.postgresql_rate(server.url, plain))
                    rates.add("many", self._hub_rate(hub, self._load(len(plain), MANY)))
            finally:
                hub.stop()
        line, many, unit = self._report.line, rates["many"], "events/s"
        peer, value = "raw COPY and ON CONFLICT, as many a time, the hub's rows", rates["raw"]
        line("50 events a message, PostgreSQL", many, unit, "ratio >= 0.7", peer, value)
        peer = "raw COPY and ON CONFLICT, as many a time, the plainest table"
        value = rates["raw, plain"]
        line("50 events a message, PostgreSQL", many, unit, "ratio >= 0.35", peer, value)

    def slow_disk(self) -> None:
        """Ratio 4."""
        size, rates = self._size, Rates()
        library = build_slow_sync(self._site.folder)
        for _ in range(size.rounds):
            for what, delay_us in (("as it is", 0), ("slow", _DELAY_US)):
                environment = {"KAGIMORI_SYNC_DELAY_US": str(delay_us)}
                hub = self._hub(preload=library, environment=environment)
                hub.start()
                try:
                    rates.add(what, self._hub_rate(hub, self._load(size.messages, ONE)))
                finally:
                    hub.stop()
        self._report.line(
            "one event a message, 10 ms added to each sync",
            rates["slow"],
            "events/s",
            "ratio >= 0.75",
            "nothing added",
            rates["as it is"],
        )

    def latency(self) -> None:
        """Ratio 6."""
        library = build_slow_sync(self._site.folder)
        for rate in self._size.steady_rates:
            record = self._site.folder / f"syncs-{rate}"
            hub = self._hub(preload=library, environment={"KAGIMORI_SYNC_RECORD": str(record)})
            hub.start()
            try:
                count = int(rate * self._size.steady_s)
                measured = measure_latency(self._site, hub, record, count, rate)
            finally:
                hub.stop()
            for percent, more_ms in ((50, 2.0), (99, 3.0)):
                sync_ms = percentile(measured.syncs_ms, percent)
                self._report.line(
                    f"durable on the edge to committed, {rate}/s, p{percent}",
                    percentile(measured.latencies_ms, percent),
                    "ms",
                    f"value <= {sync_ms + more_ms:.4f}",
                    "one sync in the hub",
                    sync_ms,
                )

    def stores(self) -> None:
        """The store at the edge beside the gateway's."""
        size, folder, line = self._size, self._site.folder, self._report.line
        if not stores.install_gateway():
            return
        for end, name in (("kill", "SIGKILL"), ("stop", "a stop")):
            values: dict[str, float] = {
                whose: stores.lost(whose, folder / f"{whose}-{end}", size.accepted, end)
                for whose in (stores.GATEWAY, stores.JOURNAL)
            }
            line(
                f"lost of {size.accepted} accepted, by {name}",
                values[stores.JOURNAL],
                "events",
                "value == 0",
                stores.GATEWAY_NAME,
                values[stores.GATEWAY],
            )
        times = {
            whose: stores.durable_times(whose, folder / f"{whose}-times", size.samples)
            for whose in (stores.GATEWAY, stores.JOURNAL)
        }
        line(
            "accepted to a row, p50",
            percentile(times[stores.JOURNAL], 50),
            "ms",
            "ratio <= 0.2",
            stores.GATEWAY_NAME,
            percentile(times[stores.GATEWAY], 50),
        )


CASES: Final[dict[str, Callable[[Bench], None]]] = {
    "fresh": Bench.fresh,
    "postgresql": Bench.postgresql,
    "slow_disk": Bench.slow_disk,
    "latency": Bench.latency,
    "stores": Bench.stores,
}


def measure(report: Report, folder: Path, size: Size, cases: Sequence[str]) -> None:
    """Run cases on a site made in `folder`."""
    site = Site(folder)
    site.broker.start()
    try:
        bench = Bench(site, report, size)
        for case in cases:
            print(f"{case}, load average {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
            CASES[case](bench)
    finally:
        site.broker.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=CASES, action="append", help="only this; repeatable")
    parser.add_argument("--rounds", type=int, default=Size().rounds)
    options = parser.parse_args(arguments)
    report = Report("delivery")
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        measure(report, Path(folder), Size(rounds=options.rounds), options.case or list(CASES))
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
