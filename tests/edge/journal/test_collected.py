"""What was collected from a device keeps its own stamp, and is never refused for its kind: the
device forgets it once it counts as journaled."""

from __future__ import annotations

from datetime import timedelta

from edge.core.model import Stamp
from edge.ports import JournalError, NewEvent
from wire.clock import ClockState
from wire.events import BatteryBody, DoorEventBody, Event, EventKind, Origin, decode_row
from wire.samples import DEVICE, DOOR

from .conftest import BEGIN, clock_at


def collected(index: int) -> NewEvent:
    origin = Origin(device=DEVICE, log_epoch=3, index=index)
    stamp = Stamp(
        "kb-00000003-1", index, BEGIN - timedelta(days=9), ClockState.HOLDOVER, 4_000, origin
    )
    return NewEvent(EventKind.BATTERY, BatteryBody(device=DEVICE, millivolts=5_900), stamp)


def own() -> NewEvent:
    return NewEvent(EventKind.DOOR_OPENED, DoorEventBody(door=DOOR))


def test_it_keeps_its_own_stamp(box):
    journal = box.open()
    journal.append([collected(7)], clock_at(5))
    row = decode_row(journal.tail(1)[0][1])
    assert isinstance(row, Event)
    assert (row.origin.index, row.boot, row.mono_ns) == (7, "kb-00000003-1", 7)
    assert (row.at, row.clock, row.error_ms) == (
        BEGIN - timedelta(days=9),
        ClockState.HOLDOVER,
        4_000,
    )
    journal.close()


def test_in_a_full_journal_it_is_written_or_told_as_not_written(box):
    journal = box.open(capacity=60, reserve=20)
    written, cause = 0, ""
    while not cause:
        try:
            journal.append([collected(written)], clock_at(written))
            written += 1
        except JournalError as error:
            cause = error.cause
    assert cause == "full"
    rows = [decode_row(data) for _, data in journal.tail(200)]
    origins = [row.origin.index for row in rows if isinstance(row, Event) and row.origin]
    assert origins == list(range(written))
    assert written > 50
    journal.close()


def test_it_raises_no_floor(box):
    journal = box.open()
    journal.append([own()], clock_at(0))
    before = journal.floor()
    origin = Origin(device=DEVICE, log_epoch=3, index=0)
    late = Stamp("kb", 1, BEGIN + timedelta(days=900), ClockState.HOLDOVER, 10, origin)
    journal.append([NewEvent(EventKind.DOOR_OPENED, DoorEventBody(door=DOOR), late)], clock_at(1))
    assert journal.floor() == before
    journal.close()
