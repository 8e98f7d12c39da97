"""A journal's life, for the recorder: run as a process of its own with what is promised told by
marks. Arguments: the folder, a scenario, its steps, a seed."""

from __future__ import annotations

import ctypes
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.core.clock_now import ClockNow
from edge.journal import file
from edge.journal.journal import SqliteJournal, open_journal
from edge.journal.limits import PAGE_BYTES
from edge.ports import JournalError, NewEvent, PolicyChange
from wire.clock import ClockState
from wire.events import DoorEventBody, EventKind
from wire.policy import PolicyDigest, entry_hash
from wire.samples import BOOT, DOOR, ENTRIES

BEGIN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DAY = 86_400
CAPACITY, RESERVE = 400, 40


def small_files() -> None:
    """The same code with a small WAL, so that checkpoints come often and images are small."""
    file.WAL_BYTES, file._WAL_USUAL_BYTES, file._WAL_PAGES = 96 * 1024, 64 * 1024, 48
    file._FILLER = 16 * 1024


def clock_at(seconds: float) -> ClockNow:
    at = BEGIN + timedelta(seconds=seconds)
    return ClockNow(BOOT, int(seconds * 1e9), at, ClockState.TRUSTED, 10, at)


def opened(number: int) -> NewEvent:
    return NewEvent(EventKind.DOOR_OPENED, DoorEventBody(door=DOOR, open_ms=number))


class Writer:
    """Does what the loop does to a journal, and tells what it may rely on."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path, self.chance = path, random.Random(seed)
        self.numbers, self.values, self.version, self.now_s = 0, 0, 0, 0.0
        tell = ctypes.CDLL(None).kagimori_mark
        tell.argtypes = [ctypes.c_char_p]
        self.mark = lambda **what: tell(json.dumps(what).encode())
        self.journal: SqliteJournal
        self.open()

    def open(self) -> None:
        self.journal, self.store = open_journal(
            self.path, clock_at(self.now_s), capacity=CAPACITY, reserve=RESERVE
        )
        self.mark(epoch=self.journal.epoch)

    def append(self) -> None:
        self.now_s += 1
        count = self.chance.choice((1, 1, 1, 2, 7))
        numbers = list(range(self.numbers, self.numbers + count))
        self.numbers += count
        state: dict[str, bytes | None] = {}
        if self.chance.random() < 0.4:
            self.values += 1
            state["uses/x"] = b"%d" % self.values
        self.mark(tried=numbers, value=self.values)
        self.journal.append([opened(one) for one in numbers], clock_at(self.now_s), state)
        self.mark(kept=numbers, value=self.values)

    def policy(self) -> None:
        self.version += 1
        some = [one for one in ENTRIES if self.chance.random() < 0.6]
        self.mark(policy_tried=self.version, digest=PolicyDigest(map(entry_hash, some)).hex)
        self.store.apply(PolicyChange(3, self.version, tuple(some), (), "0" * 64, snapshot=True))
        self.mark(policy=self.version)

    def acknowledge(self) -> None:
        journal = self.journal
        journal.offer(journal.last_seq)
        self.mark(offered=journal.last_seq, epoch=journal.epoch)
        through = self.chance.randint(journal.through_seq, journal.last_seq)
        journal.acknowledge(journal.epoch, through)

    def let_days_go(self) -> None:
        """Old acknowledged rows are deleted: they may be missing from now on."""
        journal = self.journal
        self.now_s += 16 * DAY
        told = [json.loads(data)["body"].get("open_ms") for _, data in journal.tail(10_000)]
        seqs = [seq for seq, _ in journal.tail(10_000)]
        gone = [
            n
            for seq, n in zip(seqs, told, strict=True)
            if n is not None and seq <= journal.through_seq
        ]
        self.mark(may_go=gone)
        journal.append([], clock_at(self.now_s))
        journal.acknowledge(journal.epoch, journal.through_seq)

    def reopen(self) -> None:
        self.journal.close()
        self.open()

    def new_epoch(self) -> None:
        self.mark(epoch_tried=True)
        self.journal.open_epoch("rolled_back", clock_at(self.now_s))
        self.mark(epoch=self.journal.epoch)

    def damage(self) -> None:
        """The policy's pages are overwritten: found at the next start, everything else is taken
        over into a new file."""
        page = self.journal._file.db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'entries'"
        ).fetchone()[0]
        self.journal.close()
        self.mark(damaged=True)
        with self.path.open("r+b", buffering=0) as raw:
            raw.seek((page - 1) * PAGE_BYTES)
            raw.write(b"\xff" * PAGE_BYTES)
        self.open()
        self.mark(healed=True)

    def run(self, steps: int, scenario: str) -> None:
        rare = {
            "usual": [self.let_days_go, self.reopen, self.new_epoch],
            "damage": [self.damage, self.reopen],
        }[scenario]
        for step in range(steps):
            self.append()
            if step % 5 == 2:
                self.acknowledge()
            if step % 9 == 4:
                self.policy()
            if step % 11 == 7:
                rare[(step // 11) % len(rare)]()
        self.mark(end=True)


if __name__ == "__main__":
    small_files()
    folder, scenario, steps, seed = sys.argv[1:]
    try:
        Writer(Path(folder) / "edge.sqlite3", int(seed)).run(int(steps), scenario)
    except JournalError as error:
        sys.exit(f"the journal failed: {error.cause}")
