"""From a booking to a PIN that is proven at its door, and from a cancellation to one that is dead.

The hub as shipped (`kagimori-hub serve`, TLS to a Mosquitto as provisioned) is asked over HTTP by a
booking system: 20 changes a second for 60 s, half of them bookings and half cancellations, at
instants fixed beforehand; every latency counts from its instant, whatever the answers before it
took. The doors' controllers are simulated, 1, 100 or 1,000 in one process: each with the edge's own
session, policy store, journal and index, its own connection and client id. They verify, commit and
report as an agent does, and have no TLS. `placed` and `revoked` count once another process sees
them committed in the hub's database. Hub, broker and simulator share this machine.

The peer is the same way with nothing in it (`bench.pin_path.floors`), in the same run. Afterwards
what the doors wrote down is held against the hub's history: nothing is placed before its door had
it, and in the end both hold the same. The load average is told on stderr.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import psycopg

from bench.event_path.postgresql import PostgresqlServer
from bench.event_path.site import HubProcess, Site
from bench.pin_path.changes import Asked, Change, Desk
from bench.pin_path.fleet_process import FleetProcess
from bench.pin_path.floors import Floor
from bench.pin_path.town import Town, found_town
from bench.pin_path.watch import HistoryWatch
from bench.report import Report, percentile
from hub.database.migrate import migrate

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
SUSTAINED: Final = "sustained"
LARGE: Final = "large"
PLACED: Final = "confirm"
REVOKED: Final = "confirm_revoked"
_ROLES: Final = ("api", "ingest", "jobs")
_DOORS: Final = 20
"""Doors of a controller that is alone: bookings at one door must not meet."""
_LONG_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much is asked, of how many."""

    controllers: tuple[int, ...] = (1, 100, 1_000)
    rate: float = 20.0
    seconds: float = 60.0
    warm: int = 60
    floor_changes: int = 400
    burst: bool = True
    few: int = 100
    many: int = 10_000
    changes: int = 40


QUICK: Final = Size(
    controllers=(20,), seconds=3.0, warm=40, floor_changes=20, many=1_000, changes=10
)


@dataclass(frozen=True, slots=True)
class Run:
    """A hub that runs, its fleet connected, and what watches it."""

    kind: str
    hub: HubProcess
    fleet: FleetProcess
    town: Town
    desk: Desk
    watch: HistoryWatch

    @property
    def count(self) -> int:
        """How many controllers there are."""
        return len(self.town.members)


class Bench:
    """A site, and what is measured on it."""

    def __init__(self, site: Site, report: Report, size: Size) -> None:
        self._site, self._report, self._size = site, report, size
        self._runs = 0
        self._credentials: dict[str, str] = {}

    def sustained(self, kind: str, count: int) -> None:
        """All that is measured with one hub and so many controllers."""
        _say(f"{kind}, {count} controllers, load average {os.getloadavg()[0]:.1f}")
        self._credentials.clear()
        with self._database(kind) as (name, url), self._running(kind, name, url, count) as run:
            warm = run.desk.bookings(_paced(self._size.warm, self._size.rate), count)
            self._placed(run, run.desk.ask(warm))
            self._steady(run, [change.key for change in warm])
            if self._size.burst:
                self._burst(run)
            self._check(run, f"{count} controllers, {kind}")
        _say(f"load average {os.getloadavg()[0]:.1f}")

    def large(self, kind: str) -> None:
        """One controller that holds many grants: what a change costs on the wire, and how long it
        takes beside one that holds few."""
        took: dict[int, float] = {}
        for grants in (self._size.few, self._size.many):
            _say(f"{kind}, {grants} grants, load average {os.getloadavg()[0]:.1f}")
            with (
                self._database(kind) as (name, url),
                self._running(kind, name, url, 1, grants) as run,
            ):
                before = run.fleet.ask("tell")["policy_bytes"]
                took[grants] = self._one_by_one(run)
                self._check(run, f"{grants} grants, {kind}")
                sent = run.fleet.ask("tell")["policy_bytes"][len(before) :]
        self._report.line(
            f"the largest of {len(sent)} changes on the wire, {self._size.many} grants, {kind}",
            max(sent),
            "bytes",
            "value < 2000",
            "the whole policy",
            sum(before),
        )
        self._report.line(
            f"issue to placed, {self._size.many} grants, {kind}, p50",
            took[self._size.many],
            "ms",
            "ratio <= 1.5",
            f"{self._size.few} grants",
            took[self._size.few],
        )

    def _one_by_one(self, run: Run) -> float:
        """Book and cancel, each once the last is proven, so that every change has a delta of its
        own; give the median time of a booking, milliseconds."""
        took: list[float] = []
        for _ in range(self._size.changes):
            asked = run.desk.ask(run.desk.bookings([0.0], 1))
            took += self._placed(run, asked)
            self._revoked(run, run.desk.ask([Change(0.0, key, None) for key in asked.credentials]))
        return percentile(took, 50)

    # --- making a run ----------------------------------------------------------------------------

    @contextmanager
    def _database(self, kind: str) -> Iterator[tuple[str, str | None]]:
        self._runs += 1
        name = f"hub-{self._runs}"
        if kind == SQLITE:
            yield name, None
            return
        folder = self._site.folder / f"{name}-server"
        folder.mkdir()
        folder.chmod(0o711)
        with PostgresqlServer(folder) as server:
            yield name, server.url

    @contextmanager
    def _running(
        self, kind: str, name: str, postgresql: str | None, count: int, grants: int = 0
    ) -> Iterator[Run]:
        hub = HubProcess(self._site, name, roles=_ROLES, postgresql=postgresql)
        migrate(hub.url)
        town = found_town(self._site, hub.url, count, max(1, _DOORS // count), grants)
        changes = self._size.rate * self._size.seconds + self._size.warm
        capacity = 400 + int(3 * changes / count)
        folder = self._site.folder / f"{name}-fleet"
        with FleetProcess(self._site, folder, capacity) as fleet:
            self._floors = self._floor(fleet, town, postgresql, folder)
            hub.start()
            try:
                _compiled(hub, postgresql, count)
                self._storm(kind, hub, fleet, count)
                with HistoryWatch(hub.database, postgresql) as watch:
                    yield Run(kind, hub, fleet, town, Desk(hub.http_port, town), watch)
            finally:
                hub.stop()
        shutil.rmtree(folder)

    def _floor(
        self, fleet: FleetProcess, town: Town, postgresql: str | None, folder: Path
    ) -> list[float]:
        fleet.ask("attach")
        fleet.send("floor")
        names = [each.controller for each in town.members]
        floor = Floor(self._site.plain_port, postgresql, folder)
        taken = floor.measure(names, self._size.rate, self._size.floor_changes)
        fleet.ask("detach")
        return taken

    def _storm(self, kind: str, hub: HubProcess, fleet: FleetProcess, count: int) -> None:
        work = _Work(hub=hub.pid, controllers=fleet.pid)
        told = fleet.ask("greet")
        _say(f"  welcomed {told['welcomed']:.2f} s, held {told['held']:.2f} s; {work}")
        if count > 1:
            case = f"{count} controllers connect at once, {kind}"
            self._report.line(f"{case}: all welcomed", told["welcomed"], "s", "value <= 30")
            self._report.line(f"{case}: all hold their policy", told["held"], "s", "value <= 60")

    # --- what is measured ------------------------------------------------------------------------

    def _steady(self, run: Run, booked: list[str]) -> None:
        """Every other change cancels the booking made longest ago."""
        dues = _paced(int(self._size.rate * self._size.seconds), self._size.rate)
        bookings = run.desk.bookings(dues[::2], run.count)
        keys = [*booked, *(change.key for change in bookings)]
        cancellations = [Change(due, key, None) for due, key in zip(dues[1::2], keys, strict=False)]
        work = _Work(hub=run.hub.pid, controllers=run.fleet.pid)
        asked = run.desk.ask([*bookings, *cancellations])
        issued = self._placed(run, asked)
        revoked = self._revoked(run, asked)
        _say(
            f"  answered p99 {percentile(asked.answered_ms, 99):.0f} ms, left late p99 "
            f"{percentile(asked.late_ms, 99):.0f} ms; {work} for {len(dues)} changes"
        )
        for what, taken in (("issue to placed", issued), ("revoke to dead", revoked)):
            for percent, goal in ((50, "value <= 250"), (99, "value <= 1000")):
                self._report.line(
                    f"{what}, {run.count} controllers, {run.kind}, p{percent}",
                    percentile(taken, percent),
                    "ms",
                    goal,
                    "bare transactions and messages",
                    percentile(self._floors, percent),
                )

    def _placed(self, run: Run, asked: Asked) -> list[float]:
        """Milliseconds from each booking's instant to its PIN being placed. One that was cancelled
        before is counted until it was dead: no booking gets away by being late."""
        self._none_failed(asked)
        self._credentials |= asked.credentials
        seen = run.watch.wait_for((PLACED, REVOKED), asked.credentials.values())
        dues = [asked.due_ns["book", key] for key in asked.credentials]
        return [(each.seen_ns - due) / 1e6 for each, due in zip(seen, dues, strict=True)]

    def _revoked(self, run: Run, asked: Asked) -> list[float]:
        self._none_failed(asked)
        due = {key: at for (what, key), at in asked.due_ns.items() if what == "cancel"}
        seen = run.watch.wait_for((REVOKED,), [self._credentials[key] for key in due])
        return [(each.seen_ns - at) / 1e6 for each, at in zip(seen, due.values(), strict=True)]

    def _burst(self, run: Run) -> None:
        """One booking at each controller, all due at one instant."""
        work = _Work(hub=run.hub.pid, controllers=run.fleet.pid)
        asked = run.desk.ask(run.desk.bookings([0.0] * run.count, run.count))
        taken = self._placed(run, asked)
        _say(f"  burst {max(taken) / 1000:.1f} s; {work}")
        self._report.line(
            f"a booking at each of {run.count} controllers at once, {run.kind}: the last placed",
            max(taken) / 1000,
            "s",
            "value <= 60",
            "all answered",
            max(asked.answered_ms) / 1000,
        )

    def _check(self, run: Run, where: str) -> None:
        """Hold what the doors wrote down against what the hub did."""
        told = run.fleet.ask("tell")
        doors = {door: each.controller for each in run.town.members for door in each.doors}
        commits: dict[tuple[str, int], int] = {
            (name, commit[0]): commit[1]
            for name, each in told["controllers"].items()
            for commit in each["commits"]
        }
        early = sum(
            commits.get((doors[seen.door], int(seen.cause.rsplit(" ", 1)[1])), seen.written_ns + 1)
            > seen.written_ns
            for seen in run.watch.seen
            if seen.event in (PLACED, REVOKED)
        )
        desired = _desired(run.hub, run.hub.url if run.kind == POSTGRESQL else None)
        differ = sum(
            desired[name] != tuple(each["held"]) for name, each in told["controllers"].items()
        )
        line = self._report.line
        line(f"proven before the door had it, {where}", early, "placements", "value == 0")
        line(f"digests that differ in the end, {where}", differ, "controllers", "value == 0")
        faults = told["alarms"] + told["lost"]
        line(f"refused messages and lost connections, {where}", faults, "", "value == 0")

    @staticmethod
    def _none_failed(asked: Asked) -> None:
        if asked.failed:
            raise RuntimeError(f"{len(asked.failed)} requests failed: {asked.failed[:3]}")


def _paced(count: int, rate: float) -> list[float]:
    return [number / rate for number in range(count)]


def _rows(hub: HubProcess, postgresql: str | None, sql: str) -> list[Any]:
    if postgresql is not None:
        with psycopg.connect(postgresql) as server:
            return server.execute(sql.encode()).fetchall()
    file = sqlite3.connect(f"file:{hub.database}?mode=ro", uri=True)
    try:
        return file.execute(sql).fetchall()
    finally:
        file.close()


def _compiled(hub: HubProcess, postgresql: str | None, count: int) -> None:
    """Wait until every controller has its first version, and nothing is marked."""
    deadline = time.monotonic() + _LONG_S
    sql = (
        "SELECT (SELECT count(DISTINCT controller_id) FROM policy_versions),"
        " (SELECT count(*) FROM policy_keys), (SELECT count(*) FROM policy_dirty)"
    )
    while tuple(_rows(hub, postgresql, sql)[0]) != (count, count + 1, 0):
        if time.monotonic() > deadline:
            raise TimeoutError("the hub does not compile")
        time.sleep(0.1)


def _desired(hub: HubProcess, postgresql: str | None) -> dict[str, tuple[int, str]]:
    """What each controller should hold."""
    sql = "SELECT controller_id, version, digest FROM policy_versions ORDER BY version"
    return {name: (version, digest) for name, version, digest in _rows(hub, postgresql, sql)}


class _Work:
    """Seconds of the processor that processes took, told apart: what a busy machine does not
    change."""

    def __init__(self, **processes: int) -> None:
        self._processes = processes
        self._before = self._now()

    def _now(self) -> dict[str, float]:
        found = {}
        for name, pid in self._processes.items():
            numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found[name] = (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")
        return found

    def __str__(self) -> str:
        now = self._now()
        taken = [f"{name} {now[name] - before:.1f} s" for name, before in self._before.items()]
        return "of the processor: " + ", ".join(taken)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(
    report: Report,
    folder: Path,
    size: Size,
    kinds: Sequence[str] = (SQLITE, POSTGRESQL),
    cases: Sequence[str] = (SUSTAINED, LARGE),
) -> None:
    """Run everything on a site made in `folder`."""
    site = Site(folder)
    site.broker.start()
    try:
        bench = Bench(site, report, size)
        for kind in kinds:
            if kind == POSTGRESQL and not PostgresqlServer.installed():
                _say("PostgreSQL 15 is not installed: its lines are left out")
                continue
            for case in cases:
                if case == LARGE:
                    bench.large(kind)
                else:
                    for count in size.controllers:
                        bench.sustained(kind, count)
    finally:
        site.broker.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases; 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", choices=(SUSTAINED, LARGE), action="append")
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL), action="append")
    parser.add_argument("--controllers", type=int, action="append", help="repeatable")
    parser.add_argument("--seconds", type=float, default=Size().seconds)
    parser.add_argument("--rate", type=float, default=Size().rate, help="changes a second")
    parser.add_argument("--quick", action="store_true", help="20 controllers, a few seconds")
    options = parser.parse_args(arguments)
    size = replace(Size(), seconds=options.seconds, rate=options.rate)
    if options.quick:
        size = QUICK
    if options.controllers:
        size = replace(size, controllers=tuple(options.controllers))
    report = Report("pins")
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        measure(
            report,
            Path(folder),
            size,
            options.database or (SQLITE, POSTGRESQL),
            options.case or (SUSTAINED, LARGE),
        )
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
