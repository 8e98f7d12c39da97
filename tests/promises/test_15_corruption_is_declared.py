"""Damage to the journal's file is found, set aside and declared, never silent: what is read is byte
for byte what was written, whatever is missing is told as a gap or by a new epoch, and the agent
serves its doors within seconds.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.journal import file
from edge.journal.journal import open_journal
from edge.journal.limits import PAGE_BYTES
from edge.journal.standing_tables import StandingTables
from edge.ports import PolicyChange
from tests.promises.power_writer import clock_at, opened
from wire.events import Gap, decode_row
from wire.policy import PolicyDigest, entry_hash
from wire.samples import ENTRIES

ROWS, ACKNOWLEDGED = 600, 150
UP_WITHIN_S = 3.0
SHORT_PAGES, SHORT_SEED = 20, 15
SOAK_FLIPS = 4


class Original:
    """A journal with 600 events, a policy and values, as it lies on the disk: closed in order, or
    after a crash with its newest rows in the WAL alone."""

    def __init__(self, folder: Path, crashed: bool) -> None:
        self.folder, self.crashed = folder, crashed
        path = folder / "edge.sqlite3"
        journal, store = open_journal(path, clock_at(0), capacity=1_000, reserve=20)
        for start in range(0, ROWS, 20):
            numbers = range(start, start + 20)
            journal.append([opened(n) for n in numbers], clock_at(start), {"uses/x": b"7"})
        journal.offer(journal.last_seq)
        journal.acknowledge(journal.epoch, ACKNOWLEDGED + 1)  # the first row opened the epoch
        journal.append([], clock_at(ROWS), {"try/y": b"4"})
        digest = PolicyDigest(map(entry_hash, ENTRIES)).hex
        store.apply(PolicyChange(3, 7, tuple(ENTRIES), (), digest, snapshot=True))
        if not crashed:
            journal.close()
        self.bytes = {
            one.name: one.read_bytes()
            for one in folder.iterdir()
            if not one.name.endswith("ballast")
        }
        if crashed:
            journal._file.db.conn.close()
        self.inode = path.stat().st_ino
        self.epoch = journal.epoch
        self.told = {n: _body(n) for n in range(ROWS)}

    def pages(self, name: str = "edge.sqlite3") -> list[int]:
        """The offsets of the pages (or stretches of the WAL) that hold something."""
        data = self.bytes[name]
        return [at for at in range(0, len(data), PAGE_BYTES) if any(data[at : at + PAGE_BYTES])]


def _body(number: int) -> dict[str, object]:
    return {"door": json.loads(bytes(_sample(number)))["door"], "open_ms": number}


def _sample(number: int) -> bytes:
    from wire.events import encode_body

    one = opened(number)
    return bytes(encode_body(one.kind, one.body))


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="kgm-damage-", dir=where))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=["closed", "crashed"])
def original(place: Path, request: pytest.FixtureRequest) -> Original:
    folder = place / f"original-{request.param}"
    folder.mkdir()
    return Original(folder, request.param == "crashed")


class Judge:
    """Lays a damaged copy down, opens it with the real code, and looks what it says."""

    def __init__(self, place: Path, original: Original, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.original = place, original
        self.folder = place / "damaged"
        self.counts: Counter[str] = Counter()
        self.slowest_s = 0.0
        self._copy = 0
        real = StandingTables.inode.fget
        assert real is not None
        monkeypatch.setattr(  # the copy is no journal put back: it is the damaged one itself
            StandingTables,
            "inode",
            property(lambda one: self.original.inode if real(one) == self._copy else real(one)),
        )
        monkeypatch.setattr(file, "_sync", lambda _path: None)  # nothing here outlives the test

    def lay(self, **changed: bytes | None) -> Path:
        """Lay the original down with these files changed (None: missing)."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        names = {"db": "edge.sqlite3", "wal": "edge.sqlite3-wal"}
        files = {**self.original.bytes, **{names[key]: data for key, data in changed.items()}}
        for name, data in files.items():
            if data is not None:
                (self.folder / name).write_bytes(data)
        path = self.folder / "edge.sqlite3"
        self._copy = path.stat().st_ino if path.exists() else 0
        return path

    def judge(self, path: Path, *, may_lose: bool = True) -> None:
        """The agent opens it and goes on; tells what it found, or has everything."""
        began = time.monotonic()
        journal, store = open_journal(path, clock_at(1e7), capacity=1_000, reserve=20)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        self.counts["damages"] += 1
        try:
            numbers, gaps = self._read(journal)
            assert numbers == sorted(set(numbers)), "out of order, or twice"
            missing = set(range(ACKNOWLEDGED, ROWS)) - set(numbers)
            new_epoch = journal.epoch != self.original.epoch
            if missing:
                assert may_lose, sorted(missing)
                assert gaps or new_epoch, f"{len(missing)} events are gone in silence"
                self.counts["lost_and_declared"] += 1
                self.counts["events_lost"] += len(missing)
            self.counts["set_aside"] += journal._file.set_aside is not None
            self.counts["gaps"] += len(gaps)
            self.counts["unnoticed_and_whole"] += not (missing or gaps or new_epoch)
            held = store.load()
            assert held.version == 0 or (
                held.version == 7 and sorted(held.entries) == sorted(ENTRIES)
            )
            assert set(held.entries) <= set(ENTRIES)
            assert journal.state("uses/") in ({}, {"uses/x": b"7"})
            assert journal.state("try/") in ({}, {"try/y": b"4"})
            journal.append([opened(1)], clock_at(1e7 + 1), {"uses/x": b"8"})
            assert journal.state("uses/") == {"uses/x": b"8"}
        finally:
            journal._file.db.conn.close()

    def _read(self, journal) -> tuple[list[int], list[Gap]]:
        """Everything that would be sent, in its order."""
        numbers, gaps, expected = [], [], journal.through_seq + 1
        for row in journal.rows_from(expected, 10_000):
            assert row.first_seq == expected
            expected = row.last_seq + 1
            found = decode_row(row.data)
            if isinstance(found, Gap):
                gaps.append(found)
                continue
            body = json.loads(bytes(found.body))
            if "open_ms" in body:
                assert body == self.original.told[body["open_ms"]], "a changed event passed"
                numbers.append(body["open_ms"])
        assert expected == journal.last_seq + 1
        return numbers, gaps


@pytest.fixture
def judge(place: Path, original: Original, monkeypatch: pytest.MonkeyPatch) -> Judge:
    return Judge(place, original, monkeypatch)


def flipped(data: bytes, at: int, flips: int, chance: random.Random) -> bytes:
    """Bits of a page flipped."""
    bad, size = bytearray(data), min(PAGE_BYTES, len(data) - at)
    for _ in range(flips):
        bad[at + chance.randrange(size)] ^= 1 << chance.randrange(8)
    return bytes(bad)


def damage_pages(judge: Judge, places: list[tuple[str, int]], seed: int, flips: int) -> None:
    """Flip bits of one place after the other."""
    names = {"db": "edge.sqlite3", "wal": "edge.sqlite3-wal"}
    for key, at in places:
        chance = random.Random(f"{seed}/{key}/{at}/{flips}")
        bad = flipped(judge.original.bytes[names[key]], at, flips, chance)
        try:
            judge.judge(judge.lay(**{key: bad}))
        except BaseException as error:
            raise AssertionError(f"seed {seed}, {flips} flips of {key} at {at}") from error


def places_of(original: Original) -> list[tuple[str, int]]:
    """Every page of the file, and every stretch of the WAL after a crash."""
    wal = original.pages("edge.sqlite3-wal") if original.crashed else []
    return [("db", at) for at in original.pages()] + [("wal", at) for at in wal]


def test_the_undamaged_file_is_found_whole(judge):
    judge.judge(judge.lay(), may_lose=False)
    assert judge.counts["unnoticed_and_whole"] == 1


def test_flipped_bits_in_any_page_are_declared_or_harmless(judge, original):
    """The first page, a sample of all others, and of the WAL."""
    chance = random.Random(SHORT_SEED)
    places = places_of(original)
    sample = {("db", 0), *chance.sample(places, min(SHORT_PAGES, len(places)))}
    damage_pages(judge, sorted(sample), SHORT_SEED, 1)
    damage_pages(judge, sorted(sample)[::3], SHORT_SEED, 8)
    assert judge.slowest_s < UP_WITHIN_S
    if not original.crashed:  # a WAL after its crash is read anew, whatever the pages hold
        assert judge.counts["gaps"] + judge.counts["set_aside"] > 0


def test_every_bit_of_an_event_counts(judge, original):
    """Each bit of one stored event flipped in turn: it is told as a gap, or the file was set aside;
    never does another event come out of it."""
    key, name = ("wal", "edge.sqlite3-wal") if original.crashed else ("db", "edge.sqlite3")
    data = original.bytes[name]
    at = data.rfind(b'"open_ms":400')  # of the page's versions in a WAL the newest
    assert at > 0
    for bit in range(0, 13 * 8, 7):
        bad = bytearray(data)
        bad[at + bit // 8] ^= 1 << bit % 8
        judge.judge(judge.lay(**{key: bytes(bad)}))
    assert judge.counts["lost_and_declared"] == judge.counts["damages"]
    assert judge.counts["events_lost"] == judge.counts["damages"]  # that one alone


@pytest.mark.parametrize(
    "ruin",
    ["zeroed page", "first page zeroed", "truncated", "half", "empty", "garbage", "wal garbage"],
)
def test_a_ruined_file_is_set_aside_or_begun_anew_and_declared(judge, original, ruin):
    data = original.bytes["edge.sqlite3"]
    middle = original.pages()[len(original.pages()) // 2]
    wal = original.bytes.get("edge.sqlite3-wal", b"")
    changes: dict[str, dict[str, bytes | None]] = {
        "zeroed page": {"db": data[:middle] + bytes(PAGE_BYTES) + data[middle + PAGE_BYTES :]},
        "first page zeroed": {"db": bytes(PAGE_BYTES) + data[PAGE_BYTES:]},
        "truncated": {"db": data[: middle + 100]},
        "half": {"db": data[: len(data) // 2]},
        "empty": {"db": b""},
        "garbage": {"db": random.Random(3).randbytes(50_000)},
        "wal garbage": {"wal": random.Random(4).randbytes(len(wal) or 50_000)},
    }
    judge.judge(judge.lay(**changes[ruin]))
    assert judge.slowest_s < UP_WITHIN_S


def test_a_folder_in_the_files_place_is_set_aside(judge):
    path = judge.lay(db=None, wal=None)
    path.mkdir()
    (path / "something").write_text("else")
    judge.judge(path)
    assert (path.parent / "edge.sqlite3.corrupt-1" / "something").exists()


def test_damage_is_found_while_the_agent_runs(judge, original):
    """A row that turns bad under the running agent is told as a gap when it is sent."""
    path = judge.lay()
    journal, _ = open_journal(path, clock_at(1e7), capacity=1_000, reserve=20)
    journal._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal._file.db.execute("PRAGMA cache_size=0")
    journal._file.db.execute("PRAGMA shrink_memory")
    data = path.read_bytes()
    at = data.find(b'"open_ms":400')
    with path.open("r+b", buffering=0) as raw:
        raw.seek(at)
        raw.write(b'"open_ms":999')
    numbers, gaps = judge._read(journal)
    assert set(range(ACKNOWLEDGED, ROWS)) - set(numbers) == {400}
    assert [gap.gap[1] - gap.gap[0] for gap in gaps] == [0]
    assert journal.kept().gaps == 1
    journal._file.db.conn.close()


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_flipped_bits_in_every_page_are_declared_or_harmless(judge, original, capsys):
    seed = time.time_ns() % 1_000_000
    places = places_of(original)
    for flips in range(1, SOAK_FLIPS + 1):
        damage_pages(judge, places, seed, flips)
    with capsys.disabled():
        state = "crashed" if original.crashed else "closed"
        counts = {"pages": len(places), **judge.counts}
        slowest_ms = round(judge.slowest_s * 1_000)
        print(
            json.dumps(
                {
                    "soak": f"corruption_{state}",
                    "seed": seed,
                    **counts,
                    "slowest_open_ms": slowest_ms,
                }
            )
        )
