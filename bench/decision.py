"""How long a decision takes, and how long from the last key to the frame that unlocks.

`decide` is asked with 10, 1,000 and 100,000 grants, each with its PIN, at one door: it must not
notice, nor at a door into a zone with hard anti-passback and as many persons about. A full zone of
1,000 is counted anew for each who comes. From the last key to the unlock frame there is one journal
commit, measured beside a bare INSERT into SQLite with the same durability on the same disk in the
same run, the two taking turns.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from bench.report import Report, percentile
from edge.agent_log import configure_log
from edge.core.attempts import CardAttempt, PinAttempt
from edge.core.circumstances import Circumstances
from edge.core.clock import Clock
from edge.core.clock_anchors import ClockBounds
from edge.core.clock_now import ClockNow
from edge.core.decide import decide
from edge.core.model import Act, Feedback, KeysPressed, Source
from edge.core.policy_index import PolicyIndex
from edge.core.whereabouts import Mark, Stay, Whereabouts
from edge.drivers.osdp_words import command_for
from edge.journal.journal import SqliteJournal, open_journal
from edge.machine import Machine
from edge.ports import Emit
from edge.service.acts import Acts, Drivers
from edge.service.memory import Memory
from edge.service.presentations import Presentations
from edge.service.recorder import Recorder
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.identity import pin_policy_id, uuid7
from wire.keys import PinKey
from wire.pins import pin_digest
from wire.policy import EntryKind, encode_entry
from wire.reasons import Reason

SIZES: Final = (10, 1_000, 100_000)
_ROUNDS: Final = 2_000
_FULL: Final = 1_000
_FULL_ROUNDS: Final = 100
_BATCHES: Final = 15
_OPENINGS: Final = 1_000
_BLOCKS: Final = 5
_KEY: Final = PinKey(bytes(32))
_AT: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_MS: Final = 1_000_000


def _id(number: int) -> str:
    return uuid7(1_790_000_000_000 + number, number.to_bytes(10, "big"))


_DOOR: Final = _id(1)
_DEVICE: Final = _id(2)
_READER: Final = _id(3)
_ZONE: Final = _id(4)


def _policy(grants: int) -> PolicyIndex:
    """An index with so many PINs, each with its grant, at one door."""
    door = pb.DoorBody(strike=pb.Point(_DEVICE, 0))
    reader = pb.ReaderBody(device=_DEVICE, door=_DOOR, keypad=True)
    device = pb.DeviceBody(driver=pb.DeviceDriver.VIRTUAL, port="site", address=1)
    entries = [
        encode_entry(EntryKind.DOOR, _DOOR, 1, door),
        encode_entry(EntryKind.READER, _READER, 1, reader),
        encode_entry(EntryKind.DEVICE, _DEVICE, 1, device),
    ]
    for number in range(grants):
        credential = _id(1_000 + 2 * number)
        digest = pin_digest(_KEY, _DOOR, f"{number:06d}")
        pin = pb.PinBody(credential=credential, door=_DOOR, digest=digest)
        grant = pb.GrantBody(
            door=_DOOR,
            credential=credential,
            start=_AT - timedelta(hours=1),
            end=_AT + timedelta(hours=1),
        )
        entry_id = pin_policy_id(credential, _DOOR)
        entries.append(encode_entry(EntryKind.CREDENTIAL, entry_id, 1, pin))
        entries.append(encode_entry(EntryKind.GRANT, _id(1_001 + 2 * number), 1, grant))
    index = PolicyIndex()
    index.swap(index.prepare(entries))
    return index


def _now(mono_ns: int = 10**12) -> ClockNow:
    return ClockNow("bench", mono_ns, _AT, ClockState.TRUSTED, 5, _AT - timedelta(hours=1))


def _deciding(index: PolicyIndex, grants: int) -> Callable[[], int]:
    """A batch of decisions about PINs all over the index; gives how many opened."""
    about = Circumstances(index, _now(), {}, lambda _reader, _kind: False, lambda _door: False)
    source = Source(_DEVICE, 0)
    step = max(grants // 97, 1)
    attempts = [
        PinAttempt(source, 6, partial(_digest, f"{number % grants:06d}"))
        for number in range(0, step * 200, step)
    ]

    def run() -> int:
        opened = 0
        for _ in range(_ROUNDS // len(attempts)):
            for attempt in attempts:
                opened += decide(attempt, about).granted
        return opened

    return run


def _digest(digits: str, door: str) -> str:
    return pin_digest(_KEY, door, digits)


def measure_decisions(report: Report) -> None:
    """The three sizes take turns, so that the machine's moods fall on all of them alike; of the
    batches the least disturbed counts."""
    least = _least({size: _deciding(_policy(size), size) for size in SIZES}, _ROUNDS)
    small = SIZES[0]
    for size in SIZES:
        report.line(
            f"decide, {size} grants",
            least[size],
            "us",
            "ratio <= 1.5 and value < 100",
            peer=f"{small} grants",
            peer_value=least[small],
        )


def _least(runs: Mapping[int, Callable[[], int]], rounds: int) -> dict[int, float]:
    """The time of one decision in us in the least disturbed batch, the sizes taking turns."""
    taken: dict[int, list[float]] = {size: [] for size in runs}
    for _ in range(_BATCHES):
        for size, run in runs.items():
            begun = time.perf_counter()
            right = run()
            taken[size].append((time.perf_counter() - begun) / rounds * 1e6)
            if right != rounds:
                raise RuntimeError(f"only {right} of {rounds} decisions came out right")
    return {size: min(values) for size, values in taken.items()}


def _zone(persons: int, full: bool) -> tuple[PolicyIndex, Whereabouts]:
    """An index with so many persons, each with a card and a grant, at a door into a zone with hard
    anti-passback; every other one is in it, and with `full` it holds no more."""
    inside = persons // 2
    zone = pb.ZoneBody(
        anti_passback=pb.AntiPassback.HARD, occupancy_max=inside if full else persons + 1
    )
    door = pb.DoorBody(
        strike=pb.Point(_DEVICE, 0), zone_in=_ZONE, min_assurance=pb.Assurance.IDENTIFIER
    )
    reader = pb.ReaderBody(device=_DEVICE, door=_DOOR)
    entries = [
        encode_entry(EntryKind.ZONE, _ZONE, 1, zone),
        encode_entry(EntryKind.DOOR, _DOOR, 1, door),
        encode_entry(EntryKind.READER, _READER, 1, reader),
    ]
    whereabouts = Whereabouts()
    for number in range(persons):
        person, card, grant = (_id(1_000 + 3 * number + one) for one in range(3))
        body = pb.CardBody(credential=card, namespace="uid", digest=_card(number), person=person)
        entries.append(encode_entry(EntryKind.CREDENTIAL, card, 1, body))
        entries.append(encode_entry(EntryKind.PERSON_FLAGS, person, 1, pb.PersonFlagsBody()))
        entries.append(
            encode_entry(EntryKind.GRANT, grant, 1, pb.GrantBody(door=_DOOR, person=person))
        )
        if number % 2:
            whereabouts.set(person, Stay((Mark(_ZONE, 0, _AT, 0),)))
    index = PolicyIndex()
    index.swap(index.prepare(entries))
    return index, whereabouts


def _card(number: int) -> str:
    return f"{number:064x}"


def _entering(persons: int, rounds: int, *, full: bool) -> Callable[[], int]:
    """A batch of decisions about persons outside; gives how many were answered as they should be:
    let in, or told that the zone is full."""
    index, whereabouts = _zone(persons, full)
    about = Circumstances(
        index,
        _now(),
        {},
        lambda _reader, _kind: False,
        lambda _door: False,
        whereabouts=whereabouts,
    )
    source = Source(_DEVICE, 0)
    step = 2 * max(persons // 194, 1)
    attempts = [
        CardAttempt(source, "uid", _card(number % persons), pb.Assurance.IDENTIFIER)
        for number in range(0, step * min(rounds, 200), step)
    ]
    expected = Reason.ZONE_FULL if full else Reason.CARD_VALID

    def run() -> int:
        answered = 0
        for _ in range(rounds // len(attempts)):
            for attempt in attempts:
                answered += decide(attempt, about).reason is expected
        return answered

    return run


def measure_zones(report: Report) -> None:
    """As `measure_decisions`, with zones."""
    runs = {size: _entering(size, _ROUNDS, full=False) for size in SIZES}
    least = _least(runs, _ROUNDS)
    small = SIZES[0]
    for size in SIZES:
        report.line(
            f"decide, hard zone, {size} persons",
            least[size],
            "us",
            "ratio <= 1.5 and value < 100",
            peer=f"{small} persons",
            peer_value=least[small],
        )
    full = _least({_FULL: _entering(2 * _FULL, _FULL_ROUNDS, full=True)}, _FULL_ROUNDS)[_FULL]
    report.line(
        f"decide, full zone of {_FULL}",
        full / 1e3,
        "ms",
        "value < 50",
        peer=f"hard zone, {SIZES[-1]} persons",
        peer_value=least[SIZES[-1]] / 1e3,
    )


class _FrameDriver:
    """A driver that makes the OUT frame's payload and notes when: what the bus would send."""

    def __init__(self) -> None:
        self.at_ns = 0
        self.payload = b""

    def start(self, emit: Emit) -> None:
        """Nothing to begin."""

    def configure(self, devices: dict[str, pb.DeviceBody], secrets: dict[str, bytes]) -> None:
        """Nothing to set up."""

    def act(self, act: Act) -> None:
        self.payload = command_for(act).encode()
        self.at_ns = time.perf_counter_ns()

    def show(self, source: Source, feedback: Feedback) -> None:
        """Nothing to show."""

    def stop(self) -> None:
        """Nothing to end."""


class _BareInsert:
    """The floor: one row into SQLite, as durable as the journal's."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE row (seq INTEGER PRIMARY KEY, body BLOB)")
        self._body = bytes(400)

    def insert_ns(self) -> int:
        begun = time.perf_counter_ns()
        self._db.execute("INSERT INTO row (body) VALUES (?)", (self._body,))
        return time.perf_counter_ns() - begun


def _presentations(journal: SqliteJournal, driver: _FrameDriver) -> Presentations:
    memory, recorder = Memory(index=_policy(1_000)), Recorder(journal)
    memory.meet_doors(memory.index.doors, 0)
    memory.served = memory.index.devices
    drivers = Drivers({"site": driver}, memory)
    machine = Machine()
    acts = Acts(drivers, memory, recorder, lambda: uuid7(1, machine.entropy(10)))
    return Presentations(memory, recorder, acts, drivers, _KEY, lambda _presented, _card: False)


def measure_openings(report: Report) -> None:
    """Last key to unlock frame, and the bare insert, in turns on one disk."""
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
        clock = Clock("bench", None, ClockBounds())
        now = clock.now(0, _AT)
        journal, _ = open_journal(Path(folder) / "edge.sqlite3", now)
        floor = _BareInsert(Path(folder) / "bare.sqlite3")
        driver = _FrameDriver()
        presentations = _presentations(journal, driver)
        source = Source(_DEVICE, 0)
        openings: list[float] = []
        inserts: list[float] = []
        for number in range(_OPENINGS):
            now = _now(10**12 + number * 6_000 * _MS)
            presentations.handle(KeysPressed(source, f"{number:06d}", now.mono_ns), now)
            begun = time.perf_counter_ns()
            presentations.handle(KeysPressed(source, "#", now.mono_ns), now)
            if driver.at_ns < begun:
                raise RuntimeError("a valid PIN did not open")
            openings.append((driver.at_ns - begun) / 1e6)
            inserts.append(floor.insert_ns() / 1e6)
        journal.close()
    for percent in (50, 99):
        fsync, value = _typical(inserts, percent), _typical(openings, percent)
        report.line(
            f"last key to unlock frame, p{percent}",
            value,
            "ms",
            f"value <= {fsync + 3:.4f}",
            peer="bare SQLite insert, synchronous=FULL",
            peer_value=fsync,
        )


def _typical(samples: list[float], percent: float) -> float:
    """The percentile of the middle one of several blocks: a disk that is busy with others for a
    moment spoils one block, not the figure."""
    size = len(samples) // _BLOCKS
    blocks = [samples[start : start + size] for start in range(0, size * _BLOCKS, size)]
    return statistics.median(percentile(block, percent) for block in blocks)


def main() -> int:
    """Run both; exit code 1 if a goal was missed."""
    configure_log()
    report = Report("decision")
    measure_decisions(report)
    measure_zones(report)
    measure_openings(report)
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
