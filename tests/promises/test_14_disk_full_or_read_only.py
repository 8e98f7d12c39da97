"""A disk that is full, read-only or broken has a decided outcome at every door: fire, egress and
emergency always act, other openings follow the door's setting, and nothing is lost in silence.

The agent's own loop on real small disks: others fill them at each step, the kernel turns them
read-only in mid-run, and writes are refused and allowed again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.agent_log import configure_log
from edge.core.clock import Clock, ClockBounds
from edge.core.clock_now import ClockNow
from edge.journal.journal import open_journal
from edge.ports import JournalError, NewEvent, PolicyChange
from edge.service.happenings import FireAlarm
from tests.edge.conftest import HandTime, Town
from tests.edge.service.conftest import HandHub, Rig
from tests.promises.small_disk import CardImage, SmallDisk, memory_disk, need_root, refused_writes
from wire.events import DoorEventBody, Event, EventKind, Gap, decode_row
from wire.policy import EntryKind, decode_entry
from wire.policy_bodies import DoorMode, OnJournalFailure
from wire.reasons import Reason
from wire.topics import Channel

CAPACITY, RESERVE = 2_000, 200
"""Those of the rig; the agent's own are 100,000 and 10,000."""
DISK_MB = 24
PIN, REX, FIRE = "482915#", 2, 4
EVENTS_AT_A_FULL_DISK = 1_500


class Site:
    """A door on a disk, with its hub."""

    def __init__(self, path: Path) -> None:
        self.rig = Rig.__new__(Rig)
        Rig.__init__(self.rig, path, HandTime(), Town())
        self.hub = HandHub(self.rig)

    def usual(self, **door: object) -> Rig:
        """The usual policy for a year, with a fire alarm."""
        rig = self.rig
        rig.usual()
        rig.policy(rig.town.door(**door), rig.town.grant())
        rig.fire_alarm = FireAlarm(next(iter(rig.parts.memory.index.devices)), FIRE)
        rig.restart()
        return rig

    def close(self) -> None:
        self.rig.journal.journal._file.db.conn.close()


@pytest.fixture(autouse=True)
def _log() -> None:
    """The agent's own log, which no disk can stop."""
    configure_log()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with memory_disk(tmp_path / "disk", DISK_MB) as made:
        yield made


@pytest.fixture
def site(disk: SmallDisk) -> Iterator[Site]:
    made = Site(disk.folder / "edge.sqlite3")
    yield made
    made.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "edge.sqlite3")
    yield made
    made.close()


def enter(rig: Rig) -> bool:
    """Somebody enters the PIN; tell whether the door opened, and let it lock again."""
    rig.press(PIN)
    opened = rig.unlocked
    rig.go(8, step_s=2)
    return opened


def told_since(rig: Rig, mark: int) -> list[str]:
    """The kinds of the events journaled after a seq."""
    rows = ((seq, decode_row(data)) for seq, data in rig.journal.tail(CAPACITY))
    return [row.kind for seq, row in rows if seq > mark and isinstance(row, Event)]


def decision_under(rule: OnJournalFailure) -> EventKind:
    """What a right PIN comes to while the journal fails."""
    return EventKind.ACCESS_GRANTED if rule is OnJournalFailure.OPEN else EventKind.ACCESS_DENIED


def leave(rig: Rig) -> bool:
    """Somebody presses the exit button; tell whether the door opened."""
    rig.set_input(REX, True)
    opened = rig.unlocked
    rig.set_input(REX, False)
    rig.go(8, step_s=2)
    return opened


def everything_that_always_acts(rig: Rig) -> None:
    """Egress, an emergency that stands, and fire, in this order."""
    assert leave(rig)
    rig.set_input(FIRE, True)
    assert rig.unlocked
    rig.set_input(FIRE, False)
    rig.go(8, step_s=2)


# --- full, by others ----------------------------------------------------------------------------


def test_a_disk_that_others_fill_is_no_failure_of_the_journal(disk, site):
    """Its blocks are its own: hundreds of openings and many checkpoints later nothing was refused,
    and a start on the full disk, after an end in order and after a crash, goes on."""
    rig = site.usual()
    disk.fill()
    for crash in (False, True, False):
        assert enter(rig)
        for _ in range(EVENTS_AT_A_FULL_DISK // 3 // 5):
            rig.parts.recorder.record(_door_events(5), rig.loop.now())
        assert rig.parts.recorder.failure is None
        rig.journal.acknowledge(rig.journal.epoch, rig.journal.last_seq)
        rig.restart(crash=crash)
    assert enter(rig)
    assert rig.events(EventKind.JOURNAL_FAILED) == []
    assert len(rig.events(EventKind.DOOR_HELD)) == EVENTS_AT_A_FULL_DISK


def _door_events(count: int) -> list[NewEvent]:
    return [_held()] * count


@pytest.mark.parametrize("left_kb", [0, 4, 64, 300, 1_100, 1_300, 2_500, 5_000, 6_500])
def test_a_journal_that_cannot_be_made_for_want_of_room_is_named_and_made_later(disk, left_kb):
    """The disk fills up at whichever step: either it is made and takes rows, or the cause is told
    (the agent tries again every 5 s) and it is made once there is room, whole."""
    path, now = disk.folder / "edge.sqlite3", _now(HandTime())
    disk.fill(leave=left_kb * 1_024)
    journal, kept = None, 0
    try:
        journal, _ = open_journal(path, now, capacity=CAPACITY, reserve=RESERVE)
        while kept < 1_900:
            journal.append([_held()] * 10, now)
            kept += 10
    except JournalError as error:
        assert error.cause == "disk_full"
        assert left_kb < 2_500
    disk.free()
    if journal is not None:
        journal.append([_held()], now)
        kept += 1
        journal.close()
    journal, _ = open_journal(path, now, capacity=CAPACITY, reserve=RESERVE)
    kinds = [row.kind for row in (decode_row(data) for _, data in journal.tail(CAPACITY))]
    assert kinds == ["epoch_opened"] + ["door_held"] * kept
    journal.append([_held()], now)
    journal.close()


def _held() -> NewEvent:
    return NewEvent(EventKind.DOOR_HELD, DoorEventBody(door=Town.door_id, open_ms=1))


def _now(time: HandTime) -> ClockNow:
    return Clock(time.boot, None, ClockBounds()).now(time.mono_ns(), time.wall())


def test_a_policy_that_has_no_room_is_refused_whole_and_the_door_goes_on(disk, site):
    rig = site.usual()
    disk.fill()
    version, digest = rig.parts.memory.held.version, rig.parts.memory.index.digest
    grants = [rig.town.grant(rig.town.id(5_000 + n)) for n in range(20_000)]
    change = PolicyChange(1, version + 1, tuple(grants), (), "0" * 64, snapshot=False)
    assert not rig.parts.policies.apply(change, rig.loop.now())
    assert (rig.parts.memory.held.version, rig.parts.memory.index.digest) == (version, digest)
    assert enter(rig)
    assert rig.parts.recorder.failure is None
    assert (rig.store.load().version, len(rig.store.load().entries)) == (
        version,
        len(rig.parts.memory.index),
    )


# --- full of what the hub does not have ---------------------------------------------------------


@pytest.mark.parametrize("rule", list(OnJournalFailure))
def test_full_of_unsent_rows_telemetry_goes_first_then_doors_follow_their_setting(disk, site, rule):
    rig = site.usual(on_journal_failure=rule)
    disk.fill()
    while rig.journal.journal._unacknowledged < CAPACITY - RESERVE:
        rig.journal.journal.append(_door_events(1), rig.loop.now())
    before = len(rig.events(EventKind.TELEMETRY))
    rig.go(1_000, step_s=100)
    assert len(rig.events(EventKind.TELEMETRY)) == before
    assert rig.journal.counters()["refused"] >= 2
    assert _gaps(rig)[-1].reason == "refused_full"
    assert enter(rig)  # the reserve is for doors
    room = rig.journal.journal._room()
    rig.journal.journal.append(_door_events(room), rig.loop.now())
    mark = rig.journal.last_seq
    assert enter(rig) is (rule is OnJournalFailure.OPEN)
    assert rig.parts.recorder.failure == "full"
    everything_that_always_acts(rig)
    assert told_since(rig, mark) == []

    rig.journal.acknowledge(rig.journal.epoch, rig.journal.last_seq)  # the hub is back
    rig.loop.tick()
    assert rig.parts.recorder.failure is None
    told = told_since(rig, mark)
    assert (told[0], told[-1]) == ("journal_failed", "journal_restored")
    assert {"fire_alarm", "fire_alarm_cleared"} <= set(told)
    assert rig.last(EventKind.JOURNAL_RESTORED).unjournaled == len(told) - 2
    decisions = [kind for kind in told if kind.startswith("access_")]
    assert decisions == [decision_under(rule), "access_granted"]  # the latter is the egress
    assert enter(rig)


def _gaps(rig: Rig) -> list[Gap]:
    rows = [decode_row(data) for _, data in rig.journal.tail(CAPACITY * 2)]
    return [row for row in rows if isinstance(row, Gap)]


# --- writes that are refused ---------------------------------------------------------------------


@pytest.mark.parametrize("rule", list(OnJournalFailure))
def test_while_no_write_is_taken_doors_follow_their_setting_and_tell_it_afterwards(elsewhere, rule):
    """Each event keeps its own time and comes once, flagged, in order; the hub hears it at once
    when the disk takes writes again."""
    rig = elsewhere.usual(on_journal_failure=rule)
    elsewhere.hub.welcome()
    mark, entered_at = rig.journal.last_seq, rig.time.wall_now
    with refused_writes():
        assert enter(rig) is (rule is OnJournalFailure.OPEN)
        failed = rig.parts.recorder.failure
        everything_that_always_acts(rig)
        emergency = rig.town.mode(DoorMode.EMERGENCY_OPEN, 1)
        rig.go(30, step_s=5)
        assert told_since(rig, mark) == []
    assert failed == "disk_io"
    rig.loop.tick()
    told = told_since(rig, mark)
    assert (told[0], told[-1]) == ("journal_failed", "journal_restored")
    assert told.count("fire_alarm") == told.count("fire_alarm_cleared") == 1
    reason = rig.last(EventKind.ACCESS_DENIED).reason if rule is OnJournalFailure.DENY else None
    assert reason in (None, Reason.JOURNAL_FAILED)
    kind = decision_under(rule)
    decision, *_ = rig.events(kind)
    decisions = [kind for kind in told if kind.startswith("access_")]
    assert decisions == [kind.value, "access_granted"]  # the latter is the egress
    assert abs((decision.at - entered_at).total_seconds()) < 0.1
    rig.link.sent.clear()
    elsewhere.hub.welcome()
    sent = [json.loads(body) for body in elsewhere.hub.said(Channel.EVENTS)]
    kinds = [event["kind"] for message in sent for event in message["events"]]
    assert kinds[mark:][: len(told)] == told
    rig.policy(emergency)
    assert rig.unlocked


def test_an_emergency_holds_a_door_open_whatever_its_journal_does(elsewhere):
    rig = elsewhere.usual()
    rig.policy(rig.town.mode(DoorMode.EMERGENCY_OPEN, 1))
    with refused_writes():
        for _ in range(5):
            rig.go(60, step_s=20)
            assert rig.unlocked
    rig.loop.tick()
    assert rig.parts.recorder.failure is None


def test_what_could_not_be_written_is_written_once_however_often_it_is_tried(elsewhere):
    rig = elsewhere.usual(on_journal_failure=OnJournalFailure.OPEN)
    mark = rig.journal.last_seq
    for _ in range(6):
        with refused_writes():
            rig.press("777777#")
            rig.go(1)
        rig.loop.tick()
    told = told_since(rig, mark)
    assert told.count("access_denied") == 6
    assert told.count("journal_failed") == told.count("journal_restored") == 6


# --- read-only in mid-run ------------------------------------------------------------------------


def test_a_card_gone_read_only_in_mid_run_keeps_everything_before_and_works_after_its_repair(
    tmp_path,
):
    need_root()
    card = CardImage(tmp_path / "card.img", tmp_path / "card")
    card.mount()
    try:
        site = Site(card.folder / "edge.sqlite3")
        rig = site.usual(on_journal_failure=OnJournalFailure.DENY)
        assert enter(rig)
        seqs = rig.journal.last_seq
        card.fail()
        assert not enter(rig)
        assert rig.parts.recorder.failure in ("read_only", "disk_io")
        everything_that_always_acts(rig)
        assert rig.journal.last_seq == seqs
        site.close()
        with pytest.raises(JournalError) as caught:  # the agent tries again every 5 s
            open_journal(rig.path, rig.loop.now(), capacity=CAPACITY)
        assert caught.value.cause in ("read_only", "disk_io", "cannot_open")
        card.repair()
        rig.open()
        assert [kind for kind in rig.kinds() if kind == "access_granted"] == ["access_granted"]
        assert rig.journal.last_seq >= seqs
        held = {decode_entry(body).key.kind for body in rig.store.load().entries}
        assert EntryKind.DOOR in held
        assert enter(rig)
        site.close()
    finally:
        card.take_out()
