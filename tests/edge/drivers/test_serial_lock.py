"""The driver of serial locks: every word of the lock in the loop's own, and a lock that is ready
for the hours without us."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from edge.core.clock_now import ClockNow
from edge.core.model import (
    Act,
    ActFinished,
    BatteryRead,
    DeviceOffline,
    DeviceOnline,
    Feedback,
    InputChanged,
    JamChanged,
    KeysPressed,
    ListPlaced,
    LogCollected,
    OutputChanged,
    OutputMode,
    PowerChanged,
    Source,
    TamperChanged,
)
from edge.drivers.serial_lock import SerialLockDriver
from edge.drivers.serial_lock_words import LockWords, finished_act, request_for
from edge.running_clock import running_ns
from firmware_bridge.keybox import requests as rq
from firmware_bridge.keybox.answers import Drove
from firmware_bridge.keybox.codes import Cause, Driven, Input, Kind, Output, RecordKind, Signalled
from firmware_bridge.keybox.host_events import (
    Finished,
    Outcome,
)
from firmware_bridge.keybox.notices import BatteryNotice, InputsNotice, KeysNotice, LoggedNotice
from firmware_bridge.keybox.simulator import SimulatedBox
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.serial_link import PtyPort, SerialSettings
from wire.clock import ClockState
from wire.events import ActOutcome, Observed
from wire.keybox_keys import MaintenanceSecret, link_instant, link_seconds
from wire.lock_list import ListEntry, list_digest
from wire.policy_bodies import DeviceBody, DeviceDriver
from wire.samples import sample_id

LOCK, OTHER = sample_id(60), sample_id(61)
SECRET = MaintenanceSecret(bytes(range(32)))
BODY = DeviceBody(driver=DeviceDriver.SERIAL_LOCK, port="lock")
ENTRIES = tuple(ListEntry(bytes([n] * 16), 0, 4_000_000_000) for n in range(20))


# --- words ---------------------------------------------------------------------------------------


def test_the_first_notice_of_a_session_tells_states_and_the_next_what_happens():
    words = LockWords(LOCK)
    words.opened()
    first = words.hear(InputsNotice(Input.LEAF, Output(0)), 5)
    assert first == [
        InputChanged(Source(LOCK, 0), True, 5, True),
        InputChanged(Source(LOCK, 1), False, 5, True),
        InputChanged(Source(LOCK, 2), False, 5, True),
        InputChanged(Source(LOCK, 3), False, 5, True),
        OutputChanged(Source(LOCK), False, 5),
    ]
    assert words.hear(InputsNotice(Input.LEAF | Input.BOLT, Output.RELEASED), 6) == [
        InputChanged(Source(LOCK, 1), True, 6),
        OutputChanged(Source(LOCK), True, 6),
    ]
    assert words.hear(InputsNotice(Input.LEAF | Input.BOLT, Output.HELD), 7) == []
    words.opened()
    assert [one.initial for one in words.hear(InputsNotice(Input(0), Output(0)), 8)[:4]] == [
        True
    ] * 4


@pytest.mark.parametrize(
    ("bit", "kind"),
    [
        (Input.TAMPER, TamperChanged),
        (Input.JAMMED, JamChanged),
        (Input.SUPPLY_LOW, PowerChanged),
    ],
)
def test_conditions_are_told_when_they_begin_and_end_and_once_over_sessions(bit, kind):
    words = LockWords(LOCK)
    words.opened()
    words.hear(InputsNotice(Input(0), Output(0)), 1)
    assert words.hear(InputsNotice(bit, Output(0)), 2) == [kind(LOCK, True, 2)]
    words.opened()
    again = words.hear(InputsNotice(bit, Output(0)), 3)
    assert not [one for one in again if isinstance(one, kind)]
    assert words.hear(InputsNotice(Input(0), Output(0)), 4) == [kind(LOCK, False, 4)]


def test_keys_and_battery_come_with_their_words():
    words = LockWords(LOCK)
    assert words.hear(KeysNotice("42#"), 5) == [KeysPressed(Source(LOCK), "42#", 5)]
    read = BatteryRead(LOCK, 5_900, 5, 215, 31)
    assert words.hear(BatteryNotice(5_900, 215, 31), 5) == [read]
    assert words.hear(LoggedNotice(4), 5) == []


ACT = Act("act", Source(LOCK), OutputMode.PULSE, 10, 5_000)


@pytest.mark.parametrize(
    ("mode", "pulse_ms", "request_"),
    [
        (OutputMode.PULSE, 5_000, rq.Release(5_000)),
        (OutputMode.PULSE, 0, rq.Release(1)),
        (OutputMode.PULSE, 999_999, rq.Release(300_000)),
        (OutputMode.ON, 0, rq.Hold()),
        (OutputMode.OFF, 0, rq.SecureBolt()),
    ],
)
def test_an_act_is_a_request(mode, pulse_ms, request_):
    assert request_for(Act("a", Source(LOCK), mode, 10, pulse_ms)) == request_


@pytest.mark.parametrize(
    ("outcome", "sent", "answer", "cause", "expected", "detail"),
    [
        (Outcome.DONE, True, Drove(Driven.DONE), None, ActOutcome.DONE, ""),
        (Outcome.DONE, True, Drove(Driven.JAMMED), None, ActOutcome.FAILED, "jammed"),
        (Outcome.EXPIRED, False, None, None, ActOutcome.EXPIRED, ""),
        (Outcome.LOST, False, None, None, ActOutcome.FAILED, "lost"),
        (Outcome.LOST, True, None, None, ActOutcome.OUTCOME_UNKNOWN, "lost"),
        (Outcome.REFUSED, True, None, Cause.NO_RIGHT, ActOutcome.REFUSED, "no_right"),
        (Outcome.MALFORMED, True, None, None, ActOutcome.OUTCOME_UNKNOWN, "malformed"),
    ],
)
def test_what_became_of_a_request_is_what_became_of_the_act(
    outcome, sent, answer, cause, expected, detail
):
    done = finished_act(ACT, Finished(1, rq.Release(1), outcome, sent, answer, cause), 7)
    assert (done.act, done.outcome, done.detail) == ("act", expected, detail)
    assert (done.observed is Observed.OUTPUT_ON) is (expected is ActOutcome.DONE)


# --- on a line -----------------------------------------------------------------------------------


class Line:
    """A virtual lock, its driver, and what the loop hears."""

    def __init__(self, pty: PtyPort, simulated: SimulatedBox) -> None:
        self.simulated = simulated
        self.heard: queue.Queue = queue.Queue()
        self.seen: list = []
        self.driver = SerialLockDriver(SerialSettings(pty.far_path, 115_200))
        self.driver.start(self.heard.put)

    @property
    def box(self) -> VirtualBox:
        return self.simulated.box

    def serve(self) -> Line:
        self.driver.configure({LOCK: BODY}, {LOCK: SECRET.link_key(LOCK)})
        self.wait(DeviceOnline)
        return self

    def wait(self, kind: type, **values):
        deadline = time.monotonic() + 6
        while True:
            item = self.heard.get(timeout=max(deadline - time.monotonic(), 0.001))
            self.seen.append(item)
            if isinstance(item, kind) and all(
                getattr(item, name) == value for name, value in values.items()
            ):
                return item

    def act(self, mode: OutputMode = OutputMode.PULSE) -> ActFinished:
        deadline_ns = running_ns() + 3_000_000_000
        self.driver.act(Act("act", Source(LOCK), mode, deadline_ns, 60_000))
        return self.wait(ActFinished)

    def until(self, holds) -> None:
        deadline = time.monotonic() + 5
        while not holds():
            assert time.monotonic() < deadline, "did not come to hold"
            time.sleep(0.01)

    def of(self, kind: type) -> list:
        return [one for one in self.seen if isinstance(one, kind)]


@pytest.fixture
def line() -> Iterator[Line]:
    box = VirtualBox(LOCK, Kind.SERIAL_LOCK, SECRET.secret, log_epoch=9)
    with PtyPort() as pty, SimulatedBox(pty, box) as simulated:
        made = Line(pty, simulated)
        yield made
        made.driver.stop()


@pytest.mark.parametrize(
    ("devices", "secrets", "cause"),
    [
        ({LOCK: BODY}, {}, "no_key"),
        ({LOCK: BODY}, {LOCK: bytes(16)}, "bad_key_or_id"),
        ({"lock": BODY}, {"lock": bytes(32)}, "bad_key_or_id"),
        (
            {LOCK: BODY, OTHER: BODY},
            {LOCK: SECRET.link_key(LOCK), OTHER: bytes(32)},
            "line_taken",
        ),
        ({LOCK: BODY}, {LOCK: bytes(32)}, "bad_proof"),
        ({OTHER: BODY}, {OTHER: SECRET.link_key(OTHER)}, "another_device"),
    ],
)
def test_a_lock_that_cannot_be_served_is_told_with_its_cause(line, devices, secrets, cause):
    line.driver.configure(devices, secrets)
    line.wait(DeviceOffline, cause=cause)


def test_what_a_lock_answers_is_told_at_its_online(line):
    line.driver.configure({LOCK: BODY}, {LOCK: SECRET.link_key(LOCK)})
    assert line.wait(DeviceOnline).detail == "serial_lock firmware 1"


def test_a_jam_fails_the_act_and_is_told(line):
    line.serve()
    line.simulated.do(lambda box, _now_ns: setattr(box, "stuck", True))
    finished = line.act()
    assert (finished.outcome, finished.detail) == (ActOutcome.FAILED, "jammed")
    if not [one for one in line.of(JamChanged) if one.active]:
        line.wait(JamChanged, active=True)
    line.simulated.do(lambda box, _now_ns: setattr(box, "stuck", False))
    assert line.act().outcome is ActOutcome.DONE
    if not [one for one in line.of(JamChanged) if not one.active]:
        line.wait(JamChanged, active=False)


def test_feedback_is_shown(line):
    line.serve()
    for feedback in Feedback:
        line.driver.show(Source(LOCK), feedback)
    line.until(lambda: len(line.box.shown) == len(Feedback))
    assert line.box.shown[:2] == [Signalled.GRANTED, Signalled.DENIED]


def test_a_key_that_changed_is_used_at_once(line):
    line.serve()
    line.driver.configure({LOCK: BODY}, {LOCK: bytes(32)})
    line.wait(DeviceOffline, cause="bad_proof")
    line.driver.configure({LOCK: BODY}, {LOCK: SECRET.link_key(LOCK)})
    line.wait(DeviceOnline)


def test_a_list_is_placed_where_it_differs_and_proved(line):
    line.driver.place(LOCK, ENTRIES)
    line.serve()
    assert line.wait(ListPlaced).wanted is False
    placed = line.wait(ListPlaced)
    assert (placed.wanted, placed.count, placed.digest) == (True, 20, list_digest(ENTRIES))
    assert line.box.entries == ENTRIES
    written = line.box.log.next
    line.simulated.power_cycle()
    line.wait(DeviceOnline)
    assert line.wait(ListPlaced).wanted is True
    kinds = [one.kind for one in line.box.log._records if one.index >= written]
    assert RecordKind.LIST_PLACED not in kinds
    line.driver.place(LOCK, ())
    line.wait(ListPlaced, wanted=True, count=0)
    assert line.box.entries == ()


def test_its_clock_is_set(line):
    now = datetime.now(UTC)
    line.serve()
    clock = ClockNow("boot", running_ns(), now, ClockState.TRUSTED, 20, now)
    line.driver.set_time(LOCK, clock)
    line.until(lambda: line.box.clock.known)
    error_s = line.box.clock.time_s(time.monotonic_ns()) - link_seconds(datetime.now(UTC))
    assert abs(error_s) <= 1


def test_a_clock_that_is_not_relied_on_sets_none(line):
    now = link_instant(5)
    clock = ClockNow("boot", running_ns(), now, ClockState.UNTRUSTED, None, now)
    line.driver.set_time(LOCK, clock)
    line.driver.place(LOCK, ENTRIES)
    line.serve()
    line.wait(ListPlaced, wanted=True)
    assert not line.box.clock.known


def test_what_it_wrote_alone_is_collected_and_what_we_heard_is_not(line):
    line.driver.resume(LOCK, 9, 0)
    line.serve()
    before = line.wait(LogCollected)
    assert [one.kind for one in before.records][:1] == [RecordKind.STARTED]
    line.driver.resume(LOCK, 9, before.next)
    line.simulated.do(lambda box, _now_ns: box.write(RecordKind.OPENED))  # while we listen
    upkeep = line.driver._served.upkeep
    line.until(lambda: upkeep._log.next == line.box.log.next > before.next)
    line.simulated.set_mute(True)
    line.wait(DeviceOffline)
    for _ in range(30):
        line.simulated.do(lambda box, _now_ns: box.write(RecordKind.LIST_PIN_ACCEPTED, 1))
    line.simulated.set_mute(False)
    line.wait(DeviceOnline)
    kinds: list[int] = []
    while kinds.count(RecordKind.LIST_PIN_ACCEPTED) < 30:
        batch = line.wait(LogCollected)
        kinds += [one.kind for one in batch.records]
        line.driver.resume(LOCK, 9, batch.next)
    assert RecordKind.OPENED not in kinds
    assert len(kinds) <= 32


def test_what_we_heard_is_not_collected_when_the_key_changes(line):
    line.driver.resume(LOCK, 9, 0)
    line.serve()
    before = line.wait(LogCollected)
    line.driver.resume(LOCK, 9, before.next)
    line.simulated.do(lambda box, _now_ns: box.write(RecordKind.OPENED))  # while we listen
    upkeep = line.driver._served.upkeep
    line.until(lambda: upkeep._log.next == line.box.log.next > before.next)
    line.driver.configure({}, {})
    line.simulated.do(lambda box, _now_ns: box.write(RecordKind.LIST_PIN_ACCEPTED, 1))
    line.serve()
    kinds = [one.kind for one in line.wait(LogCollected).records]
    assert RecordKind.LIST_PIN_ACCEPTED in kinds
    assert RecordKind.OPENED not in kinds


def test_nothing_is_read_on_before_the_loop_has_journaled(line):
    for _ in range(60):
        line.simulated.do(lambda box, _now_ns: box.write(RecordKind.OPENED))
    line.driver.resume(LOCK, 9, 0)
    line.serve()
    first = line.wait(LogCollected)
    assert len(first.records) == 19
    line.simulated.do(lambda box, _now_ns: box.write(RecordKind.CLOSED))  # told while we listen
    line.act()
    line.act()
    assert len(line.of(LogCollected)) == 1
    line.driver.resume(LOCK, 9, first.next)
    assert line.wait(LogCollected).first == first.next


def test_a_new_log_is_read_from_its_beginning(line):
    line.driver.resume(LOCK, 4, 4_000)
    line.serve()
    batch = line.wait(LogCollected)
    assert (batch.log_epoch, batch.first) == (9, 0)
    assert batch.at_ns <= running_ns()
