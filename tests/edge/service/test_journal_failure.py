"""When a commit fails: deny by default, open where the door says so; egress, fire and emergency
always; what was held comes afterwards, flagged."""

from __future__ import annotations

import errno

import pytest

from edge.ports import JournalError, PolicyChange
from edge.service.happenings import FireAlarm
from wire.events import EventKind
from wire.policy_bodies import Assurance, DoorMode, OnJournalFailure
from wire.reasons import Reason

REX, FIRE = 2, 4


def test_a_door_denies_what_it_cannot_journal(rig):
    rig.journal.cause = "read_only"
    rig.press("482915#")
    assert not rig.unlocked
    rig.journal.cause = None
    rig.loop.tick()
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.JOURNAL_FAILED
    assert rig.events(EventKind.ACCESS_GRANTED) == []


def test_a_door_that_says_so_opens_and_journals_it_later_flagged(rig):
    rig.policy(rig.town.door(on_journal_failure=OnJournalFailure.OPEN))
    mark = len(rig.kinds())
    rig.journal.cause = "disk_io"
    rig.press("482915#")
    assert rig.unlocked
    held_at = rig.time.wall_now
    rig.go(3)
    assert rig.since(mark) == []
    rig.journal.cause = None
    rig.loop.tick()
    told = rig.since(mark)
    assert told[0] == "journal_failed"
    assert told[1] == "access_granted"
    assert told[-1] == "journal_restored"
    granted = rig.events(EventKind.ACCESS_GRANTED)[-1]
    assert abs((granted.at - held_at).total_seconds()) < 0.1
    assert rig.last(EventKind.JOURNAL_RESTORED).unjournaled == len(told) - 2
    assert rig.last(EventKind.JOURNAL_FAILED).cause == "disk_io"


def test_egress_is_never_refused(rig):
    rig.journal.cause = "read_only"
    rig.set_input(REX, True)
    assert rig.unlocked


def test_egress_is_never_refused_whatever_the_journal_raises(rig, monkeypatch):
    def broken(*_args, **_kwargs):
        raise OSError(errno.EIO, "the card is gone")

    monkeypatch.setattr(rig.journal.journal, "append", broken)
    rig.set_input(REX, True)
    assert rig.unlocked


def test_the_fire_alarm_needs_no_journal(make_rig):
    rig = make_rig().usual()
    rig.fire_alarm = FireAlarm(next(iter(rig.parts.memory.index.devices)), FIRE)
    rig.restart()
    rig.journal.cause = "read_only"
    rig.set_input(FIRE, True)
    assert rig.unlocked


def test_an_emergency_that_stands_needs_no_journal(rig):
    emergency = rig.town.mode(DoorMode.EMERGENCY_OPEN, 1)
    append = rig.journal.journal.append
    rig.journal.journal.append = lambda *_, **__: append([], rig.loop.now())
    rig.policy(emergency)
    assert rig.unlocked


def test_a_failed_journal_is_tried_again_by_the_next_presentation(rig):
    rig.journal.cause = "busy"
    rig.press("482915#")
    rig.journal.cause = None
    rig.press("482915#")
    assert rig.unlocked
    assert rig.parts.recorder.failure is None


def test_a_use_that_was_denied_for_the_journal_is_not_used_up(rig):
    rig.policy(rig.town.grant(max_uses=1))
    rig.journal.cause = "read_only"
    rig.press("482915#")
    rig.journal.cause = None
    rig.press("482915#")
    assert rig.unlocked


def test_wrong_pins_are_counted_while_the_journal_fails(rig):
    rig.journal.cause = "read_only"
    for _ in range(5):
        rig.press("777777#")
    rig.journal.cause = None
    rig.loop.tick()
    rig.press("482915#")
    assert rig.last(EventKind.ACCESS_DENIED).reason is Reason.THROTTLED


def test_a_policy_that_cannot_be_stored_is_not_in_force(rig, monkeypatch):
    def failing(_change):
        raise JournalError("disk_full")

    monkeypatch.setattr(rig.store, "apply", failing)
    before = rig.parts.memory.index.digest
    lock = rig.town.mode(DoorMode.LOCKED, 1)
    change = PolicyChange(1, 99, (lock,), (), "0" * 64, snapshot=False)
    assert not rig.parts.policies.apply(change, rig.loop.now())
    assert rig.parts.memory.index.digest == before
    assert rig.parts.memory.held.version != 99


@pytest.mark.parametrize("held", [3])
def test_telemetry_is_not_worth_holding(rig, held):
    rig.journal.cause = "full"
    rig.go(held * 301, step_s=50)
    rig.journal.cause = None
    rig.go(1)
    assert len(rig.events(EventKind.TELEMETRY)) <= 1


def test_a_card_is_denied_like_a_pin(rig):
    rig.journal.cause = "read_only"
    rig.tap(assurance=Assurance.READER_VERIFIED)
    assert not rig.unlocked
