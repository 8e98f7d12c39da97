"""The agent's own loop, journal file and virtual site for the promises about PINs and doors, with
time in the test's hand (`tests.edge.service.conftest.Rig`)."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edge.agent_log import configure_log
from edge.core.model import Source
from tests.edge.conftest import DEVICE, HandTime, Town, made_id
from tests.edge.service.conftest import Rig
from wire.events import AccessBody, Event, EventKind, decode_event_body, decode_row
from wire.policy_bodies import Assurance
from wire.reasons import Reason

OTHER_DOOR, OTHER_READER, BESIDE_READER = made_id(101), made_id(102), made_id(103)
OTHER_STRIKE, OTHER_BOLT = 4, 5


class ManyBoots(HandTime):
    """Boots have short names, however many there are."""

    boots = 1

    def reboot(self) -> None:
        self.boots += 1
        self.boot, self.mono = f"boot-{self.boots}", 5_000_000_000


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: thousands of commits then cost no disk."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as made:
        yield Path(made)


@contextmanager
def rig_at(path: Path, **settings: Any) -> Iterator[Rig]:
    """A door with the usual policy (`Town.usual`) and a clock that is trusted."""
    configure_log()
    rig = Rig.__new__(Rig)
    for name, value in settings.items():
        setattr(rig, name, value)
    Rig.__init__(rig, path, ManyBoots(), Town())
    try:
        yield rig.usual()
    finally:
        rig.journal.journal._file.db.conn.close()


def acknowledged(rig: Rig) -> None:
    """The hub has everything: the journal of a long test never fills up."""
    journal = rig.journal.journal
    journal.offer(journal.last_seq)
    journal.acknowledge(journal.epoch, journal.last_seq)


def told_since(rig: Rig, seq: int) -> list[Event]:
    """The events journaled after one, oldest first."""
    rows = rig.journal.tail(rig.journal.last_seq - seq)
    return [row for row in (decode_row(data) for _, data in rows) if isinstance(row, Event)]


def last_reason(rig: Rig) -> Reason:
    """What the newest decision was for."""
    for event in reversed(told_since(rig, rig.journal.last_seq - 6)):
        body = decode_event_body(event)
        if isinstance(body, AccessBody):
            return body.reason
    raise AssertionError("nothing was decided lately")


def shut(rig: Rig) -> None:
    """Time passes until every pulse is over."""
    rig.time.go(6)
    rig.site.advance(rig.time.mono)
    rig.settle()
    rig.loop.tick()
    rig.settle()


def openings(rig: Rig) -> int:
    """How often the strike was told to release."""
    target = Source(DEVICE, rig.town.strike)
    return sum(act.target == target and act.pulse_ms > 0 for act in rig.site.acts())


def grants(rig: Rig) -> int:
    """How many openings the journal knows of."""
    return len(rig.events(EventKind.ACCESS_GRANTED, EventKind.ACCESS_DURESS))


def verified(rig: Rig) -> None:
    """The reader's word on a card counts."""
    rig.policy(rig.town.reader(assurance=Assurance.READER_VERIFIED))


def soak_line(name: str, **counts: object) -> str:
    """The line that `make soak` ends a promise with."""
    return json.dumps({"soak": name, **counts})


def de_bruijn(digits: int, length: int) -> str:
    """The shortest cyclic row of digits in which every code of a length occurs once."""
    word, found = [0] * digits * length, []

    def extend(at: int, period: int) -> None:
        if at > length:
            if length % period == 0:
                found.extend(word[1 : period + 1])
            return
        word[at] = word[at - period]
        extend(at + 1, period)
        for digit in range(word[at - period] + 1, digits):
            word[at] = digit
            extend(at + 1, at)

    extend(1, 1)
    return "".join(map(str, found))
