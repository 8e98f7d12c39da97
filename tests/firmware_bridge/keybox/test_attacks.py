"""Who sits on the line, or holds the wrong key, gets nowhere."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.keybox import device
from firmware_bridge.keybox import requests as rq
from firmware_bridge.keybox.codes import Cause, Kind, RecordKind, Rights, TicketKind, Type
from firmware_bridge.keybox.framing import Decoder, Frame, encode_frame
from firmware_bridge.keybox.host_events import (
    MS,
    Credential,
    Ended,
    Noticed,
    Opened,
    Outcome,
)
from firmware_bridge.keybox.notices import LoggedNotice
from firmware_bridge.keybox.opening import Provision, Refused
from firmware_bridge.keybox.secure import SessionKeys
from firmware_bridge.keybox.virtual_box import VirtualBox
from wire.keybox_keys import MaintenanceSecret, Right

from .conftest import DAY, DEVICE, MAINTENANCE, link_key, make_box, new_pair, ticket

SECOND = 1_000 * MS
OTHER = "0192f0c1-d2e3-7a4b-8c5d-6e7f80910a1c"


def refused(pair) -> str:
    pair.host.begin(pair.now_ns)
    pair.until(lambda: pair.of(Ended))
    assert not pair.of(Opened)
    return pair.of(Ended)[-1].cause


def changed(credential: Credential, **values) -> Credential:
    of = {name: getattr(credential, name) for name in ("ticket", "device", "day", "rights", "key")}
    return Credential(**{**of, **values})


@pytest.mark.parametrize(
    ("credential", "cause"),
    [
        (ticket(secret=bytes(32)), "bad_proof"),
        (changed(ticket(Rights.READ), rights=Rights.READ | Rights.CLEAR), "bad_proof"),
        (changed(ticket(), day=DAY + 1), "bad_proof"),
        (changed(ticket(device=OTHER), device=uuid.UUID(DEVICE).bytes), "bad_proof"),
        (ticket(device=OTHER), "another_device"),
        (changed(link_key(), ticket=TicketKind.DAY), "bad_proof"),
        (changed(ticket(), ticket=TicketKind.LINK, day=0), "bad_proof"),
        (changed(link_key(), day=3), "bad_value"),
        (ticket(Rights(0)), "bad_value"),
        (ticket(Rights(0x81)), "bad_value"),
        (ticket(day=DAY - 2), "bad_day"),
        (ticket(day=DAY + 2), "bad_day"),
    ],
    ids=[
        "another secret",
        "more rights than it has",
        "another day than it has",
        "the ticket of another box",
        "another box on the line",
        "a link key as a day ticket",
        "a day ticket as a link key",
        "a link key with a day",
        "no rights",
        "rights that do not exist",
        "of the day before yesterday",
        "of the day after tomorrow",
    ],
)
def test_a_key_that_does_not_fit_opens_no_session(make_pair, credential, cause):
    pair = make_pair(credential)
    assert refused(pair) == cause
    assert not pair.device.is_open


def test_a_refused_session_is_in_the_log(make_pair):
    pair = make_pair(ticket(secret=bytes(32)))
    refused(pair)
    last = pair.box.log.read(0, 19)[-1]
    assert (last.kind, last.reason) == (RecordKind.SESSION_REFUSED, Cause.BAD_PROOF)
    assert last.session == (DAY, 0x7F)
    pair.events.clear()
    written = pair.box.log.next
    refused(pair)
    assert pair.box.log.next == written
    pair.go(600 * SECOND)
    pair.events.clear()
    refused(pair)
    assert pair.box.log.next == written + 1


def test_days_never_go_back_even_where_the_clock_is_gone(make_pair):
    pair = make_pair(ticket(day=DAY + 1))
    pair.open()
    pair.ask(rq.Close())
    pair.box.clock.forget()
    pair.events.clear()
    pair.host._credential = ticket(day=DAY)
    assert refused(pair) == "bad_day"


def test_five_wrong_proofs_close_the_door_for_a_minute(make_pair):
    pair = make_pair(ticket(secret=bytes(32)))
    for _ in range(5):
        assert refused(pair) == "bad_proof"
        pair.events.clear()
    pair.host._credential = ticket()
    assert refused(pair) == "try_later"
    pair.events.clear()
    pair.go(61 * SECOND)
    pair.open()


def test_a_recorded_session_replayed_opens_nothing(lock_pair):
    """A stale release, and everything around it, byte for byte."""
    pair = lock_pair
    assert pair.ask(rq.Release(500)).outcome is Outcome.DONE
    pair.run(3_000)
    assert (pair.box.uses, bool(pair.box.outputs)) == (1, False)
    recorded = list(pair.to_device)
    for _ in range(2):
        for data in recorded:  # within the live session
            pair.turn(data)
        pair.ask(rq.Close())
        for data in recorded:  # after it
            pair.turn(data)
        pair.host.end("again")
        pair.run(5)
        pair.open()
        for data in recorded:  # within another
            pair.turn(data)
        pair.run(600)
    assert (pair.box.uses, bool(pair.box.outputs)) == (1, False)


def test_a_repeat_is_answered_alike_and_not_carried_out_twice(lock_pair):
    pair = lock_pair
    pair.ask(rq.Release(500))
    release, answer = pair.to_device[-1], pair.to_host[-1]
    pair.run(700)
    before = len(pair.to_host)
    pair.turn(release)
    frames = [f for data in pair.to_host[before:] for f in Decoder().feed(data)]
    answers = [f for f in Decoder().feed(answer) if f.type == Type.RELEASE | 0x80]
    assert [f for f in frames if f.type == Type.RELEASE | 0x80] == answers
    assert pair.box.uses == 1


@settings(max_examples=60, deadline=None)
@given(bit=st.integers(0, 2_000))
def test_a_release_with_any_bit_changed_moves_nothing(bit):
    """Even where the attacker makes the crc right again."""
    pair = new_pair(link_key(), make_box(Kind.SERIAL_LOCK))
    pair.open()
    pair.host.submit(rq.Release(500))
    data = pair.host.step(pair.now_ns + MS).send
    (frame,) = Decoder().feed(data)
    body = bytearray(bytes((frame.type, frame.seq)) + frame.body)
    place = bit % (len(body) * 8)
    body[place // 8] ^= 1 << place % 8
    forged = Frame(body[0], body[1], bytes(body[2:]))
    pair.device.step(pair.now_ns + MS, encode_frame(forged))
    assert pair.box.uses == 0


def test_a_frame_of_another_counter_is_dropped(lock_pair):
    pair = lock_pair
    keys = pair.device._session.keys.host
    for counter in (0, 2, 3, 2**32 - 1):
        frame = keys.seal(Type.RELEASE, 9, counter, rq.Release(500).encode())
        pair.device.step(pair.now_ns, encode_frame(frame))
    assert pair.box.uses == 0
    assert pair.device.counts["unexpected"] == 4


def test_the_devices_own_frames_sent_back_to_it_mean_nothing(lock_pair):
    pair = lock_pair
    pair.ask(rq.Release(500))
    for data in list(pair.to_host):
        pair.device.step(pair.now_ns, data)
    assert pair.box.uses == 1


def test_no_request_is_believed_outside_a_session(make_pair):
    """No downgrade: an unsecured release, or one under keys of zero, is refused or dropped."""
    pair = make_pair(link_key(), make_box(Kind.SERIAL_LOCK))
    keys = SessionKeys.derive(bytes(32), bytes(16), bytes(16))
    plain = Frame(Type.RELEASE, 1, rq.Release(500).encode())
    forged = keys.host.seal(Type.RELEASE, 1, 1, rq.Release(500).encode())
    for _ in range(2):
        for frame in (plain, forged):
            pair.device.step(pair.now_ns, encode_frame(frame))
        if not pair.of(Opened):
            pair.open()
    assert pair.box.uses == 0


def test_a_device_that_does_not_hold_the_key_is_no_device(make_pair, monkeypatch):
    """Whoever answers in the box's place without its secret is found out before a word is said."""
    pair = make_pair()
    monkeypatch.setattr(device.hmac, "compare_digest", lambda *_: True)
    monkeypatch.setattr(pair.device, "_ticket", lambda _message: bytes(32))
    pair.host.begin(0)
    pair.turn()
    pair.until(lambda: pair.device.is_open)
    monkeypatch.undo()
    pair.until(lambda: pair.of(Ended))
    assert pair.of(Ended) == [Ended("bad_device_proof")]
    assert not pair.of(Opened)


@pytest.mark.parametrize("cause", [*Cause])
def test_a_forged_refusal_ends_at_most_the_session(lock_pair, cause):
    """It is unsecured, so that it is believed for nothing else."""
    pair = lock_pair
    pair.spoil = lambda data, to_host: b"" if to_host else data
    number = pair.host.submit(rq.Release(500))
    pair.run(2)
    seq = pair.host._flight.seq
    forged = Frame(Type.REFUSED_CLEAR, seq, Refused(cause).encode())
    events = pair.host.step(pair.now_ns, encode_frame(forged)).events
    ended = [one for one in events if isinstance(one, Ended)]
    assert bool(ended) is (cause is Cause.NO_SESSION)
    outcomes = [one.outcome for one in events if getattr(one, "id", None) == number]
    assert outcomes == ([Outcome.LOST] if ended else [])


def test_a_replayed_notice_is_not_told_again(lock_pair):
    pair = lock_pair
    pair.box.write(RecordKind.TAMPER)
    pair.run(10)
    pair.box.write(RecordKind.TAMPER_CLEARED)
    pair.run(10)
    told = [one.notice for one in pair.of(Noticed)]
    for data in list(pair.to_host):
        pair.events += pair.host.step(pair.now_ns, data).events
    assert [one.notice for one in pair.of(Noticed)] == told
    assert len([one for one in told if isinstance(one, LoggedNotice)]) == 2


def test_only_a_blank_device_can_be_provisioned(make_pair):
    blank = VirtualBox()
    pair = make_pair(box=blank)
    assert refused(pair) == "blank"
    mine = Provision(uuid.UUID(DEVICE).bytes, Kind.KEY_BOX, MAINTENANCE)
    assert MAINTENANCE.hex() not in repr(mine)
    theirs = Provision(uuid.UUID(OTHER).bytes, Kind.KEY_BOX, bytes(32))
    answers = [
        Decoder().feed(pair.device.step(0, encode_frame(Frame(Type.PROVISION, 5, one.encode()))))
        for one in (mine, theirs)
    ]
    assert [frame.type for (frame,) in answers] == [Type.DONE, Type.REFUSED_CLEAR]
    assert answers[1][0].body == bytes((Cause.NOT_BLANK,))
    pair.events.clear()
    pair.open()
    assert blank.device == DEVICE


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=8))
def test_rubbish_never_breaks_either_side(chunks):
    pair = new_pair(link_key(), make_box(Kind.SERIAL_LOCK))
    pair.open()
    for chunk in chunks:
        pair.device.step(pair.now_ns, chunk)
        pair.host.step(pair.now_ns, chunk + b"\x00")
        frame = Frame(chunk[0] if chunk else 0, 1, chunk[1:])
        pair.device.step(pair.now_ns, b"\x00" + encode_frame(frame))
        pair.host.step(pair.now_ns, encode_frame(frame))
    assert pair.box.uses == 0


def test_the_ticket_a_right_makes_is_not_the_ticket_of_another():
    secret = MaintenanceSecret(MAINTENANCE)
    keys = {secret.ticket(DEVICE, DAY, Right(bits)) for bits in range(1, 128)}
    assert len(keys) == 127


def test_an_open_serves_once_and_a_replayed_one_starts_nothing_anew(lock_pair):
    """Without its hello, so that the nonce of the live session is the newest."""
    pair = lock_pair
    pair.ask(rq.Release(500))
    frames = [frame for data in pair.to_device for frame in Decoder().feed(data)]
    session = pair.device._session
    for frame in frames:
        if frame.type != Type.HELLO:
            pair.device.step(pair.now_ns, encode_frame(frame))
    assert pair.device._session is session
    assert pair.box.uses == 1
    assert pair.ask(rq.AskStatus()).outcome is Outcome.DONE


def test_an_authentic_answer_of_another_request_is_not_taken(lock_pair):
    """A seq comes again after 256 requests, a counter never."""
    pair = lock_pair
    keys = pair.device._session.keys.device
    pair.spoil = lambda data, to_host: b"" if to_host else data
    number = pair.host.submit(rq.AskList())
    pair.run(2)
    flight = pair.host._flight
    old = keys.seal(rq.AskList.TYPE | 0x80, flight.seq, flight.counter + 1, bytes(34))
    events = pair.host.step(pair.now_ns, encode_frame(old)).events
    assert not [one for one in events if getattr(one, "id", None) == number]
    right = keys.seal(rq.AskList.TYPE | 0x80, flight.seq, flight.counter, bytes(34))
    events = pair.host.step(pair.now_ns, encode_frame(right)).events
    assert [one.outcome for one in events if getattr(one, "id", None) == number] == [Outcome.DONE]
