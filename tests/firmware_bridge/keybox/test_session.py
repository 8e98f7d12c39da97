"""A whole session between host and virtual device, on a good line."""

from __future__ import annotations

import pytest

from firmware_bridge.keybox import requests as rq
from firmware_bridge.keybox.answers import Cleared, ClockAnswer, Drove, ListStanding
from firmware_bridge.keybox.codes import (
    Cause,
    CodeReason,
    Driven,
    Input,
    Kind,
    Output,
    RecordKind,
    Rights,
    Signalled,
)
from firmware_bridge.keybox.host_events import (
    MS,
    Ended,
    HostTimes,
    Noticed,
    Opened,
    Outcome,
    Stood,
)
from firmware_bridge.keybox.notices import BatteryNotice, InputsNotice, KeysNotice, LoggedNotice
from firmware_bridge.keybox.states import HostState, IllegalSignalError, Signal, advance
from wire.keybox_keys import MaintenanceSecret, SecretBundle
from wire.lock_list import ListEntry, list_digest, lock_pin_digest

from .conftest import DAY, DEVICE, MAINTENANCE, TIME_S, link_key, make_box, ticket

SECOND = 1_000 * MS


def test_both_sides_prove_their_key_and_the_status_comes_through(make_pair):
    pair = make_pair()
    pair.open()
    (opened,) = pair.of(Opened)
    assert opened.hello.kind == Kind.KEY_BOX
    status = pair.ask(rq.AskStatus()).answer
    assert (status.time_s, status.clock_known, status.tries_left) == (TIME_S, 1, 5)
    assert (status.secret_version, status.log_epoch, status.uses) == (1, 1, 0)


def test_nothing_secret_travels_in_clear(make_pair):
    pair = make_pair()
    pair.open()
    pair.ask(rq.AskStatus())
    line = b"".join(pair.to_device + pair.to_host)
    assert ticket().key not in line
    assert MAINTENANCE not in line


def test_the_log_is_read_in_pieces_and_a_gap_shows(make_pair):
    pair = make_pair(box=make_box(log_capacity=40))
    for _ in range(60):
        pair.box.write(RecordKind.OPENED)
    pair.open()
    read, start = [], 0
    while True:
        answer = pair.ask(rq.ReadLog(1, start)).answer
        assert len(answer.records) <= 19
        if not answer.records:
            break
        read += answer.records
        start = read[-1].index + 1
    indexes = [record.index for record in read]
    assert indexes == list(range(answer.oldest, answer.next))
    assert answer.oldest == answer.next - 40
    assert pair.ask(rq.ReadLog(99, 0)).answer.records == ()


def test_the_clock_is_set_and_a_day_later_its_rate_is_known(make_pair):
    pair = make_pair(box=make_box(crystal_ppm=30.0))
    pair.open()
    first = pair.ask(rq.SetClock(TIME_S + 40, 2)).answer
    assert first == ClockAnswer(-40, 0)
    pair.ask(rq.Close())
    pair.go(20 * 86_400 * SECOND)
    pair.host._credential = ticket(day=DAY + 20)
    pair.open()
    true_s = TIME_S + 40 + 20 * 86_400
    second = pair.ask(rq.SetClock(true_s, 2)).answer
    assert second.offset_s == pytest.approx(52, abs=2)
    assert second.rate == pytest.approx(300, abs=10)
    pair.ask(rq.Close())
    pair.go(20 * 86_400 * SECOND)
    assert abs(pair.box.clock.time_s(pair.now_ns) - (true_s + 20 * 86_400)) <= 2


@pytest.mark.parametrize(("time_s", "error_s"), [(TIME_S + 5, 61), (TIME_S - 1, 1)])
def test_the_clock_is_set_neither_vaguely_nor_backwards(make_pair, time_s, error_s):
    pair = make_pair()
    pair.open()
    refused = pair.ask(rq.SetClock(time_s, error_s))
    assert (refused.outcome, refused.cause) == (Outcome.REFUSED, Cause.BAD_VALUE)


def test_the_log_is_cleared_with_a_receipt_and_its_index_goes_on(make_pair):
    pair = make_pair()
    receipts = MaintenanceSecret(MAINTENANCE).receipt_key(DEVICE)
    pair.open()
    following = pair.box.log.next
    good = rq.ClearLog(1, following - 1, receipts.clear_receipt(1, following - 1))
    assert pair.ask(good).answer == Cleared(following)
    assert [one.kind for one in pair.box.log.read(0, 19)] == [RecordKind.LOG_CLEARED]
    assert pair.ask(rq.AskStatus()).answer.receipted == following
    again = pair.ask(good)
    assert again.outcome is Outcome.DONE
    assert pair.box.log.next == following + 1
    ahead = pair.ask(rq.ClearLog(1, 400, receipts.clear_receipt(1, 400)))
    assert ahead.cause == Cause.BAD_VALUE
    forged = pair.ask(rq.ClearLog(1, following, receipts.clear_receipt(2, following)))
    assert forged.cause == Cause.BAD_RECEIPT
    assert pair.box.log.next == following + 1


def test_new_secrets_end_the_session_and_the_old_ticket_with_it(make_pair):
    pair = make_pair()
    fresh = bytes(range(200, 232))
    wrap = MaintenanceSecret(MAINTENANCE).wrap_key(DEVICE)
    envelope = wrap.seal(2, bytes(16), SecretBundle(bytes(32), fresh, 1, 3))
    pair.open()
    pair.box.secrets.used[object()] = 1
    done = pair.ask(rq.InstallSecret(envelope.encode()))
    assert done.outcome is Outcome.DONE
    assert pair.of(Ended) == [Ended("closed")]
    assert (pair.box.secrets.version, pair.box.secrets.newest) == (2, 3)
    assert not pair.box.secrets.used
    pair.host.begin(pair.now_ns)
    pair.until(lambda: len(pair.of(Ended)) == 2)
    assert pair.of(Ended)[1] == Ended("bad_proof")
    pair.host._credential = ticket(secret=fresh)
    pair.open()
    older = wrap.seal(2, bytes(16), SecretBundle(bytes(32), fresh, 1))
    assert pair.ask(rq.InstallSecret(older.encode())).cause == Cause.BAD_RECEIPT
    wrap = MaintenanceSecret(fresh).wrap_key(DEVICE)
    older = wrap.seal(2, bytes(16), SecretBundle(bytes(32), fresh, 1))
    assert pair.ask(rq.InstallSecret(older.encode())).cause == Cause.TOO_OLD


def test_a_generation_is_retired_by_the_hubs_token_alone(make_pair):
    pair = make_pair()
    receipts = MaintenanceSecret(MAINTENANCE).receipt_key(DEVICE)
    pair.open()
    assert pair.ask(rq.Retire(2, receipts.retire_token(1, 3))).cause == Cause.BAD_RECEIPT
    assert pair.ask(rq.Retire(2, receipts.retire_token(1, 2))).outcome is Outcome.DONE
    assert pair.box.secrets.newest == 2
    assert pair.ask(rq.Retire(1, receipts.retire_token(1, 1))).cause == Cause.TOO_OLD


@pytest.mark.parametrize(
    ("request_", "right"),
    [(rq.Release(1_000), Rights.OPERATE), (rq.SetClock(TIME_S, 1), Rights.CLOCK)],
)
def test_a_ticket_does_what_its_rights_say_and_no_more(make_pair, request_, right):
    pair = make_pair(ticket(Rights(0x7F) & ~right))
    pair.open()
    assert pair.ask(request_).cause == Cause.NO_RIGHT
    assert pair.ask(rq.AskStatus()).outcome is Outcome.DONE
    assert not pair.box.outputs


def test_a_key_box_is_not_operated_from_afar(make_pair):
    pair = make_pair()
    pair.open()
    assert pair.ask(rq.Release(1_000)).cause == Cause.NOT_SUPPORTED


def test_a_session_ends_by_itself(make_pair):
    pair = make_pair()
    pair.open()
    pair.go(60 * SECOND)
    assert not pair.device.is_open
    lost = pair.ask(rq.AskStatus())
    assert (lost.outcome, lost.sent) == (Outcome.LOST, True)
    assert pair.of(Ended) == [Ended("session_gone")]


def test_a_new_session_ends_the_one_before(make_pair):
    pair = make_pair()
    pair.open()
    first = pair.device._session
    pair.host.end("unplugged")
    pair.run(1)
    pair.open()
    assert pair.device._session is not first
    assert pair.ask(rq.AskStatus()).outcome is Outcome.DONE


def test_a_silent_device_is_asked_and_missed_soon(make_pair):
    """With a Pi's times a dead lock is noticed within two seconds."""
    times = HostTimes(answer_ns=350 * MS, tries=4, idle_ns=500 * MS)
    pair = make_pair(link_key(), make_box(Kind.SERIAL_LOCK), times)
    pair.open()
    pair.run(2_000)
    assert len(pair.of(Stood)) >= 3
    pair.spoil = lambda _data, _to_host: b""
    began_ns = pair.now_ns
    pair.until(lambda: pair.of(Ended), 2_000)
    assert pair.now_ns - began_ns <= 2_000 * MS


# --- a lock --------------------------------------------------------------------------------------


def test_a_release_moves_the_bolt_and_ends_by_itself(lock_pair):
    pair = lock_pair
    assert pair.ask(rq.Release(200)).answer == Drove(Driven.DONE)
    assert pair.box.outputs == Output.RELEASED
    pair.run(250)
    assert not pair.box.outputs
    pair.run(20)
    inputs = [n.notice for n in pair.of(Noticed) if isinstance(n.notice, InputsNotice)]
    assert inputs == [
        InputsNotice(Input(0), Output(0)),
        InputsNotice(Input.BOLT, Output.RELEASED),
        InputsNotice(Input(0), Output(0)),
    ]


def test_hold_and_secure(lock_pair):
    assert lock_pair.ask(rq.Hold()).answer == Drove(Driven.DONE)
    lock_pair.run(6_000)
    assert lock_pair.box.outputs == Output.HELD
    assert lock_pair.ask(rq.SecureBolt()).answer == Drove(Driven.DONE)
    assert not lock_pair.box.outputs


def test_a_bolt_that_does_not_move_is_told_as_jammed_and_driven_once(lock_pair):
    lock_pair.box.stuck = True
    assert lock_pair.ask(rq.Release(5_000)).answer == Drove(Driven.JAMMED)
    assert lock_pair.box.uses == 1
    assert lock_pair.box.inputs & Input.JAMMED
    lock_pair.box.stuck = False
    assert lock_pair.ask(rq.Release(5_000)).answer == Drove(Driven.DONE)
    assert not lock_pair.box.inputs & Input.JAMMED


def test_what_happens_at_the_lock_is_told_once_and_in_order(lock_pair):
    pair = lock_pair
    pair.box.press("48", pair.now_ns)
    pair.box.press("2#", pair.now_ns)
    pair.box.set_input(Input.LEAF, True, pair.now_ns)
    pair.box.measure(5_900, 215, pair.now_ns)
    pair.run(60)
    told = [one.notice for one in pair.of(Noticed)]
    assert [n for n in told if isinstance(n, KeysNotice)] == [KeysNotice("48"), KeysNotice("2#")]
    assert [n for n in told if isinstance(n, BatteryNotice)] == [BatteryNotice(5_900, 215, 0)]
    assert InputsNotice(Input.LEAF, Output(0)) in told
    assert told[-2:-1] != told[-1:]
    assert max(n.next for n in told if isinstance(n, LoggedNotice)) == pair.box.log.next


def test_a_lock_shows_what_it_is_told(lock_pair):
    lock_pair.ask(rq.Signal(Signalled.DENIED))
    assert lock_pair.box.shown == [Signalled.DENIED]


def test_a_linked_lock_decides_nothing_and_a_dead_link_lets_it(lock_pair):
    pair, key = lock_pair, MaintenanceSecret(MAINTENANCE).list_key(DEVICE)
    digest = bytes.fromhex(lock_pin_digest(key, DEVICE, "482913"))
    entries = [ListEntry(digest, TIME_S - 60, TIME_S + 86_400)]
    entries += [ListEntry(bytes([n] * 16), 0, 1) for n in range(40)]
    pair.ask(rq.ListBegin(41, list_digest(entries)))
    for start in range(0, 41, 15):
        chunk = tuple(one.encode() for one in entries[start : start + 15])
        assert pair.ask(rq.ListData(chunk)).outcome is Outcome.DONE
    assert pair.ask(rq.ListEnd()).answer == ListStanding(list_digest(entries), 41)
    assert pair.ask(rq.AskList()).answer == ListStanding(list_digest(entries), 41)
    pair.box.press("482913#", pair.now_ns)
    pair.run(20)
    assert not pair.box.outputs
    pair.now_ns += 10 * SECOND  # the Pi is dead: nothing comes
    pair.device.step(pair.now_ns)
    assert not pair.device.is_open
    pair.box.press("482913#", pair.now_ns + 9 * SECOND)
    assert not pair.box.outputs
    pair.box.press("482913#", pair.now_ns + 10 * SECOND)
    assert pair.box.outputs == Output.RELEASED
    newest = pair.box.log.read(pair.box.log.next - 2, 2)
    accepted = [one for one in newest if one.kind == RecordKind.LIST_PIN_ACCEPTED]
    assert accepted[0].data == digest[:8]
    assert accepted[0].reason == CodeReason.VALID


def test_a_list_that_is_not_whole_changes_nothing(lock_pair):
    entries = [ListEntry(bytes([n] * 16), 0, 1) for n in range(3)]
    lock_pair.ask(rq.ListBegin(3, list_digest(entries)))
    lock_pair.ask(rq.ListData(tuple(one.encode() for one in entries[:2])))
    assert lock_pair.ask(rq.ListEnd()).cause == Cause.BAD_VALUE
    assert lock_pair.ask(rq.ListEnd()).cause == Cause.BAD_VALUE
    assert lock_pair.ask(rq.AskList()).answer == ListStanding(bytes(32), 0)


# --- the table -----------------------------------------------------------------------------------


def test_a_signal_that_a_state_does_not_know_raises():
    for state in HostState:
        assert advance(state, Signal.ENDED) is HostState.CLOSED
    with pytest.raises(IllegalSignalError):
        advance(HostState.GREETING, Signal.PROVED)
    with pytest.raises(IllegalSignalError):
        advance(HostState.OPEN, Signal.BEGUN)
