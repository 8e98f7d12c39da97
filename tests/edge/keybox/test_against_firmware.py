"""Visits at the reference firmware: codes that people typed come into the journal, whatever is cut
meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from edge.core.clock_now import ClockNow
from edge.core.model import NewEvent
from edge.journal.journal import open_journal
from edge.keybox.orders import Errand, VisitOrder, VisitState
from edge.keybox.visits import Visits
from firmware_bridge.keybox.codes import Kind
from tests.firmware_bridge.keybox.conftest import CODE_SECRET, DEVICE, MAINTENANCE, TIME_S
from tests.firmware_bridge.keybox.test_against_firmware import (  # noqa: F401  its fixtures
    Firmware,
    firmware,
    program,
)
from wire.clock import ClockState
from wire.events import Event, EventKind, decode_event_body, decode_row
from wire.keybox_keys import MaintenanceSecret, link_instant
from wire.keybox_ticket import encode_ticket
from wire.offline_profiles import PROFILES
from wire.reasons import Reason
from wire.sealed_codes import CodeKey, SealedCode, seal_code

from .conftest import day_ticket

PROFILE = PROFILES["quarter"]
KEY = CodeKey.of(CODE_SECRET, DEVICE)


class Desk:
    """The loop's part: a real journal in a thread of its own."""

    def __init__(self, path) -> None:
        self.begun = time.monotonic()
        self.commits, self.on_last = 0, lambda: None
        self._loop = ThreadPoolExecutor(1)
        self.journal, _ = self._asked(open_journal, path, self.look(), capacity=4_000)

    def _asked(self, ask, *arguments, **values):
        return self._loop.submit(ask, *arguments, **values).result(timeout=10)

    def look(self) -> ClockNow:
        elapsed_s = time.monotonic() - self.begun
        at = link_instant(TIME_S + 30 + int(elapsed_s))
        return ClockNow("boot", time.monotonic_ns(), at, ClockState.TRUSTED, 500, at)

    def state(self, prefix: str) -> dict[str, bytes]:
        return self._asked(self.journal.state, prefix)

    def commit(self, events: tuple[NewEvent, ...], state: Mapping[str, bytes | None]) -> None:
        self._asked(self.journal.append, events, self.look(), state)
        self.commits -= 1
        if self.commits == 0:
            self.on_last()

    def collected(self) -> list[Event]:
        rows = [decode_row(data) for _, data in self._asked(self.journal.tail, 4_000)]
        return [row for row in rows if isinstance(row, Event) and row.origin is not None]

    def close(self) -> None:
        self._asked(self.journal.close)
        self._loop.shutdown()


class Box:
    """The firmware as a key box, and the agent that visits it."""

    def __init__(self, made: Firmware, desk: Desk) -> None:
        self.firmware, self.desk = made, desk
        made.provision(Kind.KEY_BOX)

    def enter(self, code: SealedCode) -> None:
        self.firmware.say(f"keys {seal_code(PROFILE, KEY, code)}#")

    def sync(self, ticket=None) -> VisitState:
        text = encode_ticket(ticket or day_ticket()).decode()
        visits = Visits(self.desk)
        visits.begin(VisitOrder(errand=Errand.SYNC, port=self.firmware.path, ticket=text))
        deadline = time.monotonic() + 20
        while not (state := visits.look(0)).over:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return state

    def indexes(self) -> list[int]:
        return [one.origin.index for one in self.desk.collected()]


@pytest.fixture
def box(firmware, tmp_path) -> Iterator[Box]:  # noqa: F811
    desk = Desk(tmp_path / "journal.db")
    yield Box(firmware, desk)
    desk.close()


def test_what_people_typed_is_in_the_journal_once(box):
    code = SealedCode(0, TIME_S // 900, 0, 1)
    box.enter(code)
    box.firmware.say("keys 123#")
    state = box.sync()
    assert state.cause is None
    assert state.report.lost == 0
    shown = box.firmware.show()
    assert box.indexes() == list(range(shown["log_next"]))
    bodies = {one.kind: decode_event_body(one) for one in box.desk.collected()}
    assert bodies[EventKind.ACCESS_GRANTED].code == code.tag
    assert bodies[EventKind.ACCESS_DENIED].reason is Reason.UNKNOWN_PIN
    assert abs(shown["set_s"] - TIME_S - 30) <= 5
    again = box.sync()
    assert (again.cause, again.report.lost) == (None, 0)
    indexes = box.indexes()
    assert indexes == list(range(box.firmware.show()["log_next"]))


def test_a_receipt_of_the_hub_clears_it(box):
    box.sync()
    through = box.indexes()[-1]
    epoch = box.desk.collected()[0].origin.log_epoch
    mac = MaintenanceSecret(MAINTENANCE).receipt_key(DEVICE).clear_receipt(epoch, through)
    state = box.sync(day_ticket(receipt=(epoch, through, mac)))
    assert (state.cause, state.report.cleared_through) == (None, through)
    assert box.firmware.show()["log_cleared"] == through + 1
    box.sync()
    assert box.indexes() == list(range(box.firmware.show()["log_next"]))


def test_a_ring_that_wrapped_shows_the_gap(box):
    box.sync()
    before = box.indexes()[-1]
    for _ in range(700):
        box.firmware.say("input absent 1")
        box.firmware.say("input absent 0")
    state = box.sync()
    assert state.cause is None
    assert state.report.lost > 0
    indexes = box.indexes()
    assert len(indexes) == len(set(indexes))
    assert indexes[-1] == box.firmware.show()["log_next"] - 1
    following = next(one for one in indexes if one > before)
    assert following - before - 1 == state.report.lost


def test_the_power_going_during_a_visit_loses_nothing(box):
    for number in range(120):
        box.firmware.say(f"input absent {number % 2}")
    box.desk.commits = 3
    box.desk.on_last = lambda: box.firmware.say("power-cut")
    assert box.sync().cause == "session_gone"
    assert 0 < len(box.indexes()) < 120
    again = box.sync()
    assert (again.cause, again.report.lost) == (None, 0)
    assert box.indexes() == list(range(box.firmware.show()["log_next"]))
