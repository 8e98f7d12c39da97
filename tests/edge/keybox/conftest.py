"""A visit's steps against a virtual box, a real journal, and time in the test's hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from edge.core.clock_now import ClockNow
from edge.core.model import NewEvent
from edge.journal.journal import SqliteJournal, open_journal
from edge.keybox.orders import JOURNALED, Errand, Journaled, VisitReport
from edge.keybox.visit import Visit
from edge.keybox.wants import (
    Ask,
    Commit,
    Look,
    OpenSession,
    Pause,
    SendImage,
    Tell,
    Want,
)
from firmware_bridge.keybox.host_events import (
    Ended,
    Opened,
    Outcome,
    cause_name,
)
from firmware_bridge.keybox.serial_host import KeyboxError
from firmware_bridge.keybox.virtual_box import VirtualBox
from tests.firmware_bridge.keybox.conftest import (
    DAY,
    DEVICE,
    MAINTENANCE,
    TIME_S,
    Pair,
    make_box,
    new_pair,
)
from wire.clock import ClockState
from wire.events import Event, EventBody, EventKind, decode_event_body, decode_row
from wire.keybox_keys import MaintenanceSecret, Right, link_instant
from wire.keybox_ticket import KeyboxTicket, make_ticket

ALL = Right(0x7F)


def day_ticket(rights: Right = ALL, receipt=None, envelope=None) -> KeyboxTicket:
    key = MaintenanceSecret(MAINTENANCE).ticket(DEVICE, DAY, rights)
    return make_ticket(DEVICE, DAY, rights, key, link_instant(TIME_S + 30_000), receipt, envelope)


class Killed(Exception):
    """The agent was killed."""


@dataclass
class Laptop:
    """An agent with a journal of its own, which may be killed after any step."""

    path: Path
    pair: Pair
    fast_s: int = 0
    """How far the true time is ahead of the line's clock."""
    state: ClockState = ClockState.TRUSTED
    journal: SqliteJournal = field(init=False)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.journal, _ = open_journal(self.path, self.now(), capacity=4_000, reserve=100)

    def kill(self) -> None:
        self.journal._file.db.conn.close()
        self.pair.host.end("killed")
        self.open()

    def now(self) -> ClockNow:
        at = link_instant(TIME_S) + timedelta(
            seconds=self.fast_s, microseconds=self.pair.now_ns / 1_000
        )
        error_ms = None if self.state is ClockState.UNTRUSTED else 40
        return ClockNow("boot", self.pair.now_ns, at, self.state, error_ms, at)

    def visit(
        self,
        ticket: KeyboxTicket | None = None,
        errand: Errand = Errand.SYNC,
        kill_after: int | None = None,
    ) -> VisitReport:
        """One visit; killed after so many steps where one is given, even in the midst of one."""
        visit = Visit(errand, ticket or day_ticket())
        steps, result, error, done = visit.steps(), None, None, 0
        while True:
            try:
                want = steps.send(result) if error is None else steps.throw(error)
            except StopIteration:
                return visit.report
            if kill_after is not None and done >= kill_after:
                raise Killed
            try:
                result, error = self._do(want), None
            except KeyboxError as thrown:
                error = thrown
            done += 1

    def _do(self, want: Want) -> object:
        pair = self.pair
        match want:
            case OpenSession():
                pair.host.end("again")
                pair.run(1)
                before = len(pair.events)
                pair.host.begin(pair.now_ns)
                pair.until(lambda: _last(pair, before) is not None)
                ended = _last(pair, before)
                if isinstance(ended, Ended):
                    raise KeyboxError(ended.cause)
                return ended.hello
            case Ask():
                finished = pair.ask(want.request)
                if finished.outcome is Outcome.REFUSED:
                    raise KeyboxError(cause_name(finished.cause))
                if finished.outcome is not Outcome.DONE:
                    raise KeyboxError("no_answer", sent=finished.sent)
                return finished.answer
            case SendImage() | Pause():
                return None
            case Look():
                return self.now(), self.journaled(want.device)
            case Commit():
                self.commit(want.events, want.state)
                return None
            case Tell():
                self.told.append(want.text)
                return None

    def journaled(self, device: str) -> Journaled | None:
        data = self.journal.state(JOURNALED).get(JOURNALED + device)
        return None if data is None else msgspec.json.decode(data, type=Journaled)

    def commit(self, events: tuple[NewEvent, ...], state: Mapping[str, bytes | None]) -> None:
        self.journal.append(events, self.now(), state)

    # --- what is in the journal ------------------------------------------------------------------

    def events(self, *kinds: EventKind) -> list[Event]:
        rows = [decode_row(data) for _, data in self.journal.tail(4_000)]
        return [row for row in rows if isinstance(row, Event) and (not kinds or row.kind in kinds)]

    def bodies(self, kind: EventKind) -> list[EventBody]:
        return [decode_event_body(event) for event in self.events(kind)]

    def rows(self) -> list[bytes]:
        return [data for _, data in self.journal.tail(4_000)]

    def indexes(self) -> list[int]:
        return [event.origin.index for event in self.events() if event.origin is not None]


def _last(pair: Pair, before: int):
    found = [one for one in pair.events[before:] if isinstance(one, Opened | Ended)]
    return found[-1] if found else None


@pytest.fixture
def make_laptop(tmp_path) -> Callable[..., Laptop]:
    made: list[Laptop] = []

    def make(pair: Pair | None = None, **values) -> Laptop:
        pair = pair or new_pair(box=make_box())
        laptop = Laptop(tmp_path / f"laptop-{len(made)}.db", pair, **values)
        made.append(laptop)
        return laptop

    yield make
    for laptop in made:
        laptop.journal._file.db.conn.close()


@pytest.fixture
def laptop(make_laptop) -> Laptop:
    return make_laptop()


def use(box: VirtualBox, times: int) -> None:
    """People come and go."""
    from firmware_bridge.keybox.codes import RecordKind

    for number in range(times):
        box.write(RecordKind.OPENED if number % 2 == 0 else RecordKind.CLOSED)
