"""The worker: everything once, in order; what cannot be read is put aside and nothing else lost."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from hub.attendance.projector import PROJECTOR as ATTENDANCE
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.database.tables import metadata
from hub.entries.projector import PROJECTOR as ENTRIES
from hub.projection import repository
from hub.projection.domain import ProjectedEvent, RejectReason
from hub.projection.memory_journal import MemoryJournal
from hub.projection.projector import Projector
from hub.projection.worker import ProjectionWorker
from wire import events as ev
from wire import samples
from wire.clock import ClockState
from wire.events import EventKind

DERIVED = ("entries", "door_states", "device_states", "alarms", "punches", "projection_rejects")


@pytest.fixture
def journal() -> MemoryJournal:
    """An empty journal."""
    return MemoryJournal()


def worker(db: Database, journal: MemoryJournal, *more: Projector) -> ProjectionWorker:
    return ProjectionWorker(db, journal.after, [ENTRIES, ATTENDANCE, *more])


def rows(db: Database, name: str) -> list[tuple[object, ...]]:
    table = metadata.tables[name]
    with db.read() as scope:
        return [tuple(row) for row in scope.all(scope.select(table).order_by(*table.primary_key))]


def drain(work: ProjectionWorker) -> None:
    while work.step():
        continue


def one_of_each(journal: MemoryJournal) -> None:
    for number, kind in enumerate(EventKind):
        sample = samples.sample_event(kind)
        journal.add(kind, ev.decode_event_body(sample), number)


def test_every_kind_of_event_is_projected(db: Database, journal: MemoryJournal) -> None:
    """None of the closed list makes a projector raise, and the watermark covers them all."""
    one_of_each(journal)
    work = worker(db, journal)
    drain(work)
    with db.read() as scope:
        assert repository.watermark(scope) == len(EventKind)
    assert rows(db, "projection_rejects") == []


def test_a_replay_from_zero_gives_the_same_tables(db: Database, journal: MemoryJournal) -> None:
    """Untrusted clocks, an anchor, gaps and unreadable rows included."""
    late = {"clock": ClockState.UNTRUSTED, "shown": journal.start.replace(year=2000)}
    punch = ev.decode_event_body(samples.sample_event(EventKind.PUNCH))
    journal.add(EventKind.PUNCH, punch, 5, **late)
    one_of_each(journal)
    journal.add_bytes(b'{"gap":[50,60],"reason":"unreadable"}')
    journal.add_bytes(b"\x00 not an event")
    journal.add(EventKind.PUNCH, punch, 90, **late)
    drain(work := worker(db, journal))
    before = {name: rows(db, name) for name in DERIVED}
    assert all(before.values())
    assert work.replay() == len(journal.rows)
    assert {name: rows(db, name) for name in DERIVED} == before


def test_projecting_in_one_batch_or_many_is_the_same(db: Database, journal: MemoryJournal) -> None:
    """Where a batch ends leaves no trace in the tables."""
    one_of_each(journal)
    singly = ProjectionWorker(
        db, lambda scope, after, _limit: journal.after(scope, after, 1), [ENTRIES, ATTENDANCE]
    )
    drain(singly)
    before = {name: rows(db, name) for name in DERIVED}
    worker(db, journal).replay()
    assert {name: rows(db, name) for name in DERIVED} == before


def test_an_unknown_kind_is_put_aside_by_name_and_the_rest_goes_on(
    db: Database, journal: MemoryJournal
) -> None:
    """A later minor version's event is counted, alarmed and loses nothing else."""
    opened = ev.DoorEventBody(door=samples.DOOR)
    row = ev.encode_event(samples.sample_event(EventKind.REX)).replace(b'"rex"', b'"teleport"')
    journal.add_bytes(row)
    journal.add(EventKind.DOOR_OPENED, opened)
    journal.add_bytes(row.replace(b"teleport", b"door_opened").replace(b'"door":', b'"dor":'))
    journal.add(EventKind.DOOR_CLOSED, opened)
    drain(work := worker(db, journal))
    with db.read() as scope:
        counts = repository.reject_counts(scope)
    assert counts == work.rejects == {RejectReason.UNKNOWN_KIND: 1, RejectReason.UNREADABLE: 1}
    assert [row[2] for row in rows(db, "entries")] == ["door_opened", "door_closed"]
    assert [row[2].value for row in rows(db, "alarms")] == ["event_rejected"]  # type: ignore[attr-defined]


def test_a_projector_that_raises_loses_its_event_alone(
    db: Database, journal: MemoryJournal
) -> None:
    """What the others wrote for that event is undone with it, so that a replay can set it right."""

    def fail(_scope: Scope, event: ProjectedEvent) -> None:
        if event.raw_id == 2:
            raise ZeroDivisionError("a secret")

    body = ev.DoorEventBody(door=samples.DOOR)
    for second in range(3):
        journal.add(EventKind.REX, body, second)
    drain(worker(db, journal, Projector("broken", frozenset(EventKind), fail)))
    assert [row[1] for row in rows(db, "entries")] == [1, 3]
    ((_, raw_id, _, reason, detail),) = rows(db, "projection_rejects")
    assert (raw_id, reason) == (2, RejectReason.PROJECTOR_FAILED)
    assert detail == "broken: ZeroDivisionError"


def test_a_database_that_fails_stops_the_batch_and_loses_nothing(
    db: Database, journal: MemoryJournal
) -> None:
    """The batch is tried again as a whole: no row is set aside for it."""
    down = True

    def away(scope: Scope, _event: ProjectedEvent) -> None:
        if down:
            raise sa.exc.OperationalError("disk I/O", {}, OSError())

    for second in range(3):
        journal.add(EventKind.REX, ev.DoorEventBody(door=samples.DOOR), second)
    work = worker(db, journal, Projector("away", frozenset(EventKind), away))
    with pytest.raises(sa.exc.OperationalError):
        work.step()
    assert rows(db, "entries") == []
    down = False
    drain(work)
    assert [row[1] for row in rows(db, "entries")] == [1, 2, 3]
    assert rows(db, "projection_rejects") == []


def test_a_wake_is_answered_at_once(db: Database, journal: MemoryJournal) -> None:
    """The thread projects as soon as ingest has committed, and says so after its own commit."""
    projected = threading.Event()
    work = ProjectionWorker(db, journal.after, [ENTRIES], projected.set)
    work.start()
    try:
        journal.add(EventKind.REX, ev.DoorEventBody(door=samples.DOOR))
        work.wake()
        assert projected.wait(5)
        assert len(rows(db, "entries")) == 1
    finally:
        work.stop()


@pytest.mark.parametrize("clock", list(ClockState))
def test_a_boot_that_no_database_can_hold_puts_its_row_aside_and_stops_nobody(
    db: Database, clock: ClockState
) -> None:
    """PostgreSQL takes no NUL: one controller's nonsense must not end everybody's projection."""
    journal, told = MemoryJournal(), []
    body = ev.DoorEventBody(door="d")
    journal.add(EventKind.DOOR_OPENED, body, 1, clock=clock, boot="nul\x00")
    journal.add(EventKind.DOOR_OPENED, body, 2)
    kinds = frozenset({EventKind.DOOR_OPENED})
    projector = Projector("p", kinds, lambda _scope, event: told.append(event.raw_id))
    work = ProjectionWorker(db, journal.after, [projector])
    assert work.step() == 2
    assert told == [2]
    assert work.rejects == {RejectReason.UNREADABLE: 1}
