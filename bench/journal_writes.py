"""What a journaled row costs the card: bytes written to the block device, as the kernel counts.

    python -m bench.journal_writes [FOLDER]

`/proc/self/io` counts the pages of files that are written back, whatever the device makes of them;
a file system's own journal and a card's erase blocks come on top. A folder in memory writes
nothing: use one on a disk.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from edge.core.clock_now import ClockNow
from edge.journal.journal import open_journal
from edge.ports import NewEvent
from wire.clock import ClockState
from wire.events import AccessBody, ActOutcome, ActResultBody, EventKind, Factor, Observed
from wire.reasons import Reason
from wire.samples import ACT, BOOKING, BOOT, CREDENTIAL, DOOR, GRANT, READER

BEGIN: Final = datetime(2026, 4, 6, tzinfo=UTC)
_IO: Final = Path("/proc/self/io")


@dataclass(frozen=True, slots=True)
class RowCost:
    """Bytes a row where each is a commit of its own (an opening is two rows), and in a burst of
    fifty a commit; checkpoints included. `row_bytes` is what a row itself holds."""

    row_bytes: int
    single: int
    burst: int


def written_bytes() -> int:
    """What this process had written to block devices so far."""
    fields = dict(line.split(": ") for line in _IO.read_text().splitlines())
    return int(fields["write_bytes"])


def row_cost(folder: Path, rows: int = 4_000) -> RowCost:
    """Journal openings into a new journal of a folder on a disk, and measure."""
    journal, _ = open_journal(folder / "cost.sqlite3", _clock(0), capacity=4 * rows)
    try:
        journal.append([], _clock(0))
        journal.offer(journal.last_seq)
        begun = written_bytes()
        for number in range(rows // 2):
            now = _clock(number)
            # As a PIN of a grant with a count of uses: the value is kept with the decision.
            journal.append([_granted()], now, {f"uses/{GRANT}": b"%d" % number})
            journal.append([_result()], now)
        single = (written_bytes() - begun) // rows
        begun = written_bytes()
        for number in range(rows // 50):
            journal.append([_granted(), _result()] * 25, _clock(number))
        burst = (written_bytes() - begun) // rows
        size = sum(len(data) for _, data in journal.tail(100)) // 100
    finally:
        journal.close()
    return RowCost(size, single, burst)


def _clock(seconds: int) -> ClockNow:
    at = BEGIN + timedelta(seconds=seconds)
    return ClockNow(BOOT, seconds * 1_000_000_000, at, ClockState.TRUSTED, 20, at)


def _granted() -> NewEvent:
    body = AccessBody(
        reason=Reason.PIN_VALID,
        factor=Factor.PIN,
        door=DOOR,
        reader=READER,
        credential=CREDENTIAL,
        grant=GRANT,
        booking=BOOKING,
        act=ACT,
    )
    return NewEvent(EventKind.ACCESS_GRANTED, body)


def _result() -> NewEvent:
    body = ActResultBody(
        act=ACT, door=DOOR, outcome=ActOutcome.DONE, observed=Observed.BOLT_RETRACTED
    )
    return NewEvent(EventKind.ACT_RESULT, body)


def main(arguments: list[str]) -> None:
    """Measure in a folder beside us, or in the given one, and print one JSON line."""
    where = Path(arguments[0]) if arguments else Path.cwd()
    with tempfile.TemporaryDirectory(dir=where) as folder:
        print(json.dumps({"bench": "journal_writes", **asdict(row_cost(Path(folder)))}))


if __name__ == "__main__":
    main(sys.argv[1:])
