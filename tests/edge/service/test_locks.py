"""Locks that decide alone: what they are handed, and how what they tell is journaled."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from edge.core.lock_lists import lock_list
from edge.core.model import JamChanged, ListPlaced, LogCollected
from edge.drivers.virtual import VirtualDriver
from edge.keybox.orders import JOURNALED
from edge.service.acts import Drivers
from edge.service.locks import Locks
from firmware_bridge.keybox.codes import CodeReason, RecordKind
from firmware_bridge.keybox.records import LogRecord, code_data
from wire.clock import ClockState
from wire.events import EventKind
from wire.keybox_keys import link_instant, link_seconds
from wire.lock_list import ListEntry
from wire.policy import EntryKind
from wire.policy_bodies import DeviceBody, DeviceDriver, DoorMode

AT_LOCK = "cd" * 16


@dataclass
class LockSite(VirtualDriver):
    """A virtual site whose device decides alone."""

    lists: list = field(default_factory=list)
    times: list = field(default_factory=list)
    resumed: list = field(default_factory=list)

    def __post_init__(self) -> None:
        VirtualDriver.__init__(self, threaded=False)

    def place(self, device, entries) -> None:
        self.lists.append((device, entries))

    def set_time(self, device, now) -> None:
        self.times.append((device, now.at))

    def resume(self, device, log_epoch, following) -> None:
        self.resumed.append((device, log_epoch, following))


class Bench:
    def __init__(self, rig) -> None:
        self.rig, self.site = rig, LockSite()
        memory, recorder = rig.parts.memory, rig.parts.recorder
        self.device = rig.town.device_id
        self.locks = Locks(memory, recorder, Drivers({"site": self.site}, memory))

    def tick(self) -> None:
        self.locks.tick(self.rig.loop.now())

    def handle(self, item) -> None:
        self.locks.handle(item, self.rig.loop.now())

    def collected(self, *records: LogRecord, first: int = 0, clock_s=None) -> None:
        following = records[-1].index + 1 if records else first
        mono = self.rig.time.mono
        item = LogCollected(self.device, 7, first, following, records, clock_s, mono)
        self.handle(item)


@pytest.fixture
def bench(rig) -> Bench:
    return Bench(rig)


def record(index: int, kind=RecordKind.OPENED, time_s: int = 60_000_000, **values) -> LogRecord:
    return LogRecord(index, time_s, 1, 3, kind, **values)


def test_a_lock_is_handed_its_list_with_the_policy_and_again_only_when_it_changed(bench):
    rig = bench.rig
    rig.policy(rig.town.pin(at_lock=AT_LOCK))
    bench.tick()
    ((device, entries),) = bench.site.lists
    assert device == bench.device
    assert [entry.digest.hex() for entry in entries] == [AT_LOCK]
    assert entries == lock_list(rig.parts.memory.index, [rig.town.door_id], rig.loop.now())
    rig.policy(rig.town.person())
    bench.tick()
    assert len(bench.site.lists) == 1
    rig.policy(rig.town.pin())
    bench.tick()
    assert bench.site.lists[-1] == (bench.device, ())


def test_a_lockdown_empties_the_list_at_once(bench):
    rig = bench.rig
    rig.policy(rig.town.pin(at_lock=AT_LOCK))
    bench.tick()
    rig.policy(rig.town.mode(DoorMode.LOCKDOWN, 1))
    bench.tick()
    assert bench.site.lists[-1] == (bench.device, ())


def test_a_window_that_ended_leaves_the_list_by_itself(bench):
    rig = bench.rig
    rig.policy(rig.town.pin(at_lock=AT_LOCK))
    bench.tick()
    rig.time.go(2 * 3_600 + 1)
    bench.tick()
    assert bench.site.lists[-1] == (bench.device, ())


def test_a_lock_that_was_moved_to_another_line_is_made_ready_there(bench):
    rig, other = bench.rig, LockSite()
    rig.policy(rig.town.pin(at_lock=AT_LOCK))
    bench.tick()
    bench.collected(record(0), record(1))
    bench.locks._drivers.by_port["other"] = other
    body = DeviceBody(driver=DeviceDriver.VIRTUAL, port="other", address=1)
    rig.policy(rig.town.put(EntryKind.DEVICE, bench.device, body))
    bench.tick()
    assert other.resumed == [(bench.device, 7, 2)]
    assert other.lists == bench.site.lists
    assert [device for device, _ in other.times] == [bench.device]


def test_its_clock_is_set_now_and_then_by_a_clock_that_is_relied_on(bench):
    bench.tick()
    assert [device for device, _ in bench.site.times] == [bench.device]
    bench.rig.time.go(3_600)
    bench.tick()
    assert len(bench.site.times) == 1
    bench.rig.time.go(6 * 3_600)
    bench.tick()
    assert len(bench.site.times) == 2


def test_what_a_lock_proves_is_journaled_when_it_changes(bench):
    entries = (ListEntry(bytes(16), 0, 1),)
    for wanted in (False, True, True):
        bench.handle(ListPlaced(bench.device, b"\x01" * 32, len(entries), wanted, 5))
    bodies = bench.rig.bodies(EventKind.LOCK_LIST_PLACED)
    assert [(one.placed, one.count, one.digest) for one in bodies] == [
        (False, 1, "01" * 32),
        (True, 1, "01" * 32),
    ]


def test_what_it_decided_alone_is_journaled_with_its_origin_at_its_door(bench):
    rig = bench.rig
    accepted = record(
        4, RecordKind.CODE_ACCEPTED, reason=CodeReason.VALID, data=code_data(0, 9, 0, 0)
    )
    bench.collected(record(3), accepted, first=3)
    opened, granted = [one for one in rig.events() if one.origin is not None]
    assert (opened.origin.log_epoch, opened.origin.index) == (7, 3)
    assert opened.boot == "kb-00000007-3"
    assert rig.last(EventKind.ACCESS_GRANTED).door == rig.town.door_id
    assert rig.last(EventKind.ACCESS_GRANTED).code == "0.9.0.0"
    assert granted.kind == EventKind.ACCESS_GRANTED
    assert bench.site.resumed[-1] == (bench.device, 7, 5)


def test_whose_pin_opened_by_the_locks_own_list_is_told_while_the_policy_knows_it(bench):
    rig = bench.rig
    rig.policy(rig.town.pin(at_lock=AT_LOCK))
    opened = record(
        0,
        RecordKind.LIST_PIN_ACCEPTED,
        reason=CodeReason.VALID,
        data=bytes.fromhex(AT_LOCK)[:8],
    )
    bench.collected(opened)
    granted = rig.last(EventKind.ACCESS_GRANTED)
    (pin,) = rig.parts.memory.index.door_pins(rig.town.door_id)
    assert (granted.credential, granted.booking) == (pin.credential, pin.booking)
    assert granted.credential is not None
    rig.policy(rig.town.pin())
    bench.collected(
        record(1, RecordKind.LIST_PIN_ACCEPTED, data=bytes.fromhex(AT_LOCK)[:8]), first=1
    )
    assert rig.last(EventKind.ACCESS_GRANTED).credential is None


def test_its_times_are_put_right_by_ours(bench):
    rig = bench.rig
    true_s = link_seconds(rig.loop.now().at)
    bench.collected(record(0, time_s=true_s + 100 - 3_600), clock_s=true_s + 100)
    (event,) = [one for one in rig.events() if one.origin is not None]
    assert abs(event.at - link_instant(true_s - 3_600)) <= timedelta(seconds=1)
    assert event.clock is ClockState.HOLDOVER


def test_a_gap_in_its_log_is_told(bench):
    bench.collected(record(10), record(12), first=4)
    causes = [one.cause for one in bench.rig.bodies(EventKind.DEVICE_LOG_GAP)]
    assert causes == ["00000007 4-9", "00000007 11-11"]


def test_records_that_cannot_be_read_at_all_are_told(bench):
    bench.handle(LogCollected(bench.device, 7, 4, 9, (), None, bench.rig.time.mono))
    (gap,) = bench.rig.bodies(EventKind.DEVICE_LOG_GAP)
    assert (gap.cause, gap.count) == ("00000007 4-8", 5)
    assert bench.site.resumed[-1] == (bench.device, 7, 9)


def test_another_log_than_the_one_before_is_told(bench):
    bench.collected(record(0))
    mono = bench.rig.time.mono
    bench.handle(LogCollected(bench.device, 8, 0, 1, (record(0),), None, mono))
    (gap,) = bench.rig.bodies(EventKind.DEVICE_LOG_GAP)
    assert gap.cause == "new log, before it 00000007"
    assert bench.site.resumed[-1] == (bench.device, 8, 1)


def test_how_far_is_kept_in_the_same_transaction_and_taken_up_after_a_restart(bench):
    bench.collected(record(0), record(1))
    state = bench.rig.journal.state(JOURNALED)
    assert state == {JOURNALED + bench.device: b'{"epoch":7,"next":2}'}
    bench.rig.restart(crash=True)
    again = Bench(bench.rig)
    again.tick()
    assert again.site.resumed == [(bench.device, 7, 2)]


def test_a_lock_never_met_is_read_from_its_beginning(bench):
    bench.tick()
    assert bench.site.resumed == [(bench.device, 0, 0)]


def test_what_cannot_be_journaled_is_not_asked_on(bench):
    bench.tick()
    bench.rig.journal.cause = "disk_io"
    bench.collected(record(0))
    assert bench.site.resumed == [(bench.device, 0, 0)]
    bench.rig.journal.cause = None
    bench.collected(record(0))
    assert bench.site.resumed[-1] == (bench.device, 7, 1)


def test_while_we_listen_only_how_far_is_kept(bench):
    before = len(bench.rig.kinds())
    bench.handle(LogCollected(bench.device, 7, 2, 9, (), None, 5, heard=True))
    assert bench.rig.journal.state(JOURNALED) == {JOURNALED + bench.device: b'{"epoch":7,"next":9}'}
    assert bench.rig.since(before) == []


def test_a_jam_is_told_when_it_begins_and_ends(rig):
    before = len(rig.kinds())
    for active in (True, False):
        rig.loop.handle(JamChanged(rig.town.device_id, active, rig.time.mono))
    assert rig.since(before) == [EventKind.LOCK_JAMMED, EventKind.LOCK_JAM_CLEARED]
    assert rig.parts.memory.counters["fault.jammed"] == 1


def test_a_clock_that_was_set_meanwhile_splits_the_times(bench):
    rig = bench.rig
    true_s = link_seconds(rig.loop.now().at)
    setting = record(1, RecordKind.CLOCK_SET, time_s=true_s, data=struct.pack(">ihH", 500, 0, 0))
    bench.collected(record(0, time_s=true_s + 400), setting, clock_s=true_s)
    first, _ = [one for one in rig.events() if one.origin is not None]
    assert first.at == link_instant(true_s - 100)
