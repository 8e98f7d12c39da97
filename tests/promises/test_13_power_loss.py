"""Power may go at any moment: every event that was accepted is there, in order, once; so is the
policy, and nothing that SQLite or the file system had not yet written matters.

Not kill -9 alone: a real journal's operations on its folder are recorded, and after each of them
what was not synced is dropped, torn at sectors, filled with garbage, and its names forgotten.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.journal import file
from edge.journal.journal import open_journal
from edge.journal.standing_tables import StandingTables
from edge.journal.wal_frames import _header
from tests.promises.power_bench import Disk, Op, Promised, cuts, read_ops, write_image
from tests.promises.power_writer import (
    CAPACITY,
    RESERVE,
    clock_at,
    opened,
    small_files,
)
from wire.events import Gap, decode_row
from wire.policy import PolicyDigest, entry_hash

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OPENS_WITHIN_S = 3.0
SHORT_STEPS, SHORT_CUTS = 60, 160
SOAK_STEPS, SOAK_TEARINGS = 400, 6
TORN_STEPS, TORN_SEED, TORN_AT = 400, 101702, 3208


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder in memory where there is one: the images need no disk."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="kgm-power-", dir=where))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def recorder(place: Path) -> Path:
    """The recorder, compiled."""
    if shutil.which("gcc") is None:
        pytest.fail("gcc is not installed: run deploy/dev/system-packages.sh")
    library = place / "write_recorder.so"
    source = HERE / "write_recorder.c"
    command = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)
    return library


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WAL_BYTES", "_WAL_USUAL_BYTES", "_WAL_PAGES", "_FILLER"):
        monkeypatch.setattr(file, name, getattr(file, name))
    small_files()


@pytest.fixture
def recorded(place: Path, recorder: Path, small: None):
    """Record a scenario; give its operations and the folder as it was left."""

    def record(scenario: str, steps: int, seed: int) -> tuple[list[Op], Path]:
        folder, log = place / f"{scenario}-{seed}", place / f"{scenario}-{seed}.log"
        folder.mkdir()
        subprocess.run(
            [sys.executable, HERE / "power_writer.py", folder, scenario, str(steps), str(seed)],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "LD_PRELOAD": str(recorder),
                "KAGIMORI_WATCH": str(folder),
                "KAGIMORI_RECORD": str(log),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            check=True,
            timeout=300,
        )
        return read_ops(log), folder

    return record


def is_header_garbage(image: dict[str, tuple[int, bytes]]) -> bool:
    """Whether a cut left a log whose header is neither whole nor empty."""
    _, data = image.get("edge.sqlite3-wal", (0, b""))
    return any(data[:32]) and _header(data) is None


class Judge:
    """Opens what a cut left with the real code, and compares with what was promised."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = place / "image"
        self.inodes: dict[int, int] = {}
        self.slowest_s = 0.0
        self.counts: Counter[str] = Counter()
        real = StandingTables.inode.fget
        assert real is not None
        # A file that comes back from a cut has the inode it had.
        monkeypatch.setattr(
            StandingTables,
            "inode",
            property(lambda tables: self.inodes.get(real(tables), real(tables))),
        )

    def judge(self, disk: Disk, promised: Promised, chance: random.Random | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        image = disk.cut(chance)
        self.inodes = write_image(image, self.folder)
        began = time.monotonic()
        journal, store = open_journal(
            self.folder / "edge.sqlite3", clock_at(1e8), capacity=CAPACITY, reserve=RESERVE
        )
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        self.counts["cuts"] += 1
        try:
            aside = journal._file.set_aside is not None
            self._events(journal, promised, taken_over=aside or promised.was_damaged)
            self._values(journal, promised)
            if not promised.was_damaged:
                self._policy(store, promised)
                # Garbage in the log's header cannot be told from damage: nothing is lost by it.
                assert not aside or is_header_garbage(image)
                self.counts["header_garbage"] += aside
            if not (aside or promised.was_damaged):
                self._epoch(journal, promised)
            journal.append([opened(999_999)], clock_at(1e8 + 1))  # it goes on
            assert json.loads(journal.tail(1)[0][1])["body"]["open_ms"] == 999_999
        finally:
            journal._file.db.conn.close()

    def _events(self, journal, promised: Promised, *, taken_over: bool) -> None:
        numbers, unsent = [], []
        for seq, data in journal.tail(100_000):
            found = decode_row(data)
            assert not isinstance(found, Gap)
            number = json.loads(bytes(found.body)).get("open_ms")
            if number is not None:
                numbers.append(number)
                unsent += [number] if seq > journal.through_seq else []
        assert numbers == sorted(set(numbers)), "out of order, or twice"
        missing = set(promised.kept) - set(numbers) - promised.may_go
        if taken_over:  # a new file takes over what the hub does not have; it may have all by now
            for first in (unsent or numbers)[:1]:  # it may be the very one that was being written
                missing = {one for one in missing if one > first}
        assert not missing, sorted(missing)
        more = [one for one in numbers if one not in set(promised.kept)]
        assert more in ([], promised.trying), "half of a commit"
        self.counts["events"] += len(numbers)

    def _values(self, journal, promised: Promised) -> None:
        value = int(journal.state("uses/x").get("uses/x", b"0"))
        assert value in (promised.value, promised.value_trying)

    def _policy(self, store, promised: Promised) -> None:
        held = store.load()
        assert held.version in (promised.policy, max(promised.digests, default=0))
        if held.version:
            digest = PolicyDigest(map(entry_hash, held.entries)).hex
            assert digest == promised.digests[held.version]
            self.counts["policies"] += 1

    def _epoch(self, journal, promised: Promised) -> None:
        if promised.epochs and journal.epoch == promised.epochs[-1]:
            assert journal.offered_seq >= min(promised.offered, journal.last_seq)
            assert journal.through_seq <= journal.offered_seq
        self.counts["epochs_opened_anew"] += journal.epoch not in promised.epochs


def play(ops, folder, judge, promised, *, tearings, every=1, seed=0) -> int:
    """Cut after every operation (or each `every`th): once with all that was done there, and
    `tearings` times with a chance of its own."""
    told = 0
    for number, disk, marks in cuts(ops, folder):
        for mark in marks:
            promised.take(mark)
        if number % (every if promised.epochs else every * 8):  # making the file is long and dull
            continue
        for tearing in range(-1, tearings):
            chance = None if tearing < 0 else random.Random(f"{seed}/{number}/{tearing}")
            try:
                judge.judge(disk, promised, chance)
            except BaseException as error:
                what = f"seed {seed}, after operation {number} of {len(ops)}, tearing {tearing}"
                raise AssertionError(what) from error
        told += 1
    return told


def test_the_recorder_saw_everything_that_was_done_to_the_folder(recorded):
    """Its operations, applied to an empty folder, give the very bytes that lie there."""
    ops, folder = recorded("usual", 30, 1)
    disk = Disk(folder)
    for op in ops:
        disk.do(op)
    image = {name: data for name, (_, data) in disk.cut(None).items()}
    assert image == {one.name: one.read_bytes() for one in folder.iterdir()}
    kinds = Counter(op.kind for op in ops)
    assert kinds["S"] > 30
    assert set("CWTASRUM") >= set(kinds) >= set("CWASRUM")


@pytest.mark.parametrize("scenario", ["usual", "damage"])
def test_an_accepted_event_survives_a_cut_at_any_moment(recorded, place, monkeypatch, scenario):
    seed = 13
    ops, folder = recorded(scenario, SHORT_STEPS, seed)
    judge, promised = Judge(place, monkeypatch), Promised()
    every = max(len(ops) // SHORT_CUTS, 1) | 1
    play(ops, folder, judge, promised, tearings=1, every=every, seed=seed)
    assert promised.kept
    assert judge.counts["cuts"] >= SHORT_CUTS
    assert judge.slowest_s < OPENS_WITHIN_S


def test_an_accepted_event_survives_a_frame_whose_head_was_torn_on_two_sectors(
    recorded, place, monkeypatch
):
    """Found by chance: what lay there before lent the frame its commit, and looked like damage."""
    ops, folder = recorded("usual", TORN_STEPS, TORN_SEED)
    judge, promised = Judge(place, monkeypatch), Promised()
    for number, disk, marks in cuts(ops, folder):
        for mark in marks:
            promised.take(mark)
        if number == TORN_AT:
            judge.judge(disk, promised, random.Random(f"{TORN_SEED}/{number}/0"))
            break
    assert judge.counts["cuts"] == 1


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_an_accepted_event_survives_a_cut_after_every_operation_of_a_long_life(
    recorded, place, monkeypatch, capsys
):
    judge, prefixes, operations = Judge(place, monkeypatch), 0, 0
    seed = time.time_ns() % 1_000_000
    for scenario in ("usual", "damage"):
        ops, folder = recorded(scenario, SOAK_STEPS, seed)
        prefixes += play(ops, folder, judge, Promised(), tearings=SOAK_TEARINGS, seed=seed)
        operations += len(ops)
    with capsys.disabled():
        counts = {"operations": operations, "prefixes": prefixes, **judge.counts}
        slowest_ms = round(judge.slowest_s * 1_000)
        print(json.dumps({"soak": "power", "seed": seed, **counts, "slowest_open_ms": slowest_ms}))
