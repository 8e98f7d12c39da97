"""Files to a peripheral: whole or not at all, and never at the cost of a keypad."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_bridge.osdp import (
    FileOutcome,
    FileProgress,
    FileTransferFinished,
    KeysPressed,
    Offline,
    OfflineReason,
    Online,
    Outcome,
    ReaderStatus,
    SetOutput,
)
from firmware_bridge.osdp.codes import CapabilityCode, CommandCode, FileStatusCode, OsdpError
from firmware_bridge.osdp.commands import FileFragment
from firmware_bridge.osdp.config import MS, SECOND
from firmware_bridge.osdp.file_receiver import FileReceiver
from firmware_bridge.osdp.file_sender import fragment_len, receive_buffer_len
from firmware_bridge.osdp.framing import Check, Decoder, Frame, encode_frame
from firmware_bridge.osdp.replies import Capabilities, Capability, FileStatus
from firmware_bridge.osdp.secure_channel import pad
from firmware_bridge.osdp.virtual_files import FileReceived, VirtualFiles

MakeWire = Callable[..., Any]
CONTENT = random.Random(9).randbytes(20_000)


def begin(wire: Any, content: bytes = CONTENT, address: int = 1, life_ms: int = 60_000) -> int:
    wire.until(lambda: len(wire.of(ReaderStatus)) == len(wire.boards))
    transfer: int = wire.bus.send_file(address, 1, content, wire.now_ns + life_ms * MS, wire.now_ns)
    return transfer


def finished(wire: Any) -> FileTransferFinished:
    wire.until(lambda: wire.of(FileTransferFinished), 120_000)
    (event,) = wire.of(FileTransferFinished)
    return event  # type: ignore[no-any-return]


def received(wire: Any, address: int = 1) -> list[FileReceived]:
    changes = wire.devices[address].take_changes()
    return [change for change in changes if isinstance(change, FileReceived)]


def codes_sent(wire: Any, address: int = 1) -> list[int]:
    frames = [frame for raw in wire.sent for frame in Decoder().feed(raw)]
    return [frame.payload[0] for frame in frames if frame.address == address]


def test_a_file_arrives_whole_encrypted_and_told_step_by_step(make_wire: MakeWire) -> None:
    wire = make_wire()
    transfer = begin(wire)
    end = finished(wire)
    assert end == FileTransferFinished(1, transfer, 1, FileOutcome.DELIVERED, len(CONTENT))
    assert received(wire) == [FileReceived(1, CONTENT)]
    steps = [event.sent_len for event in wire.of(FileProgress)]
    assert steps == sorted(set(steps))
    assert not any(CONTENT[at : at + 32] in b"".join(wire.sent) for at in (0, 5_000, 19_000))


def test_between_two_fragments_stands_a_poll(make_wire: MakeWire) -> None:
    wire = make_wire()
    begin(wire)
    first = len(wire.sent)
    finished(wire)
    codes = codes_sent(wire)[first:]
    assert codes.count(CommandCode.FILETRANSFER) > 20
    pairs = pairwise(codes)
    assert all(pair != (CommandCode.FILETRANSFER, CommandCode.FILETRANSFER) for pair in pairs)


def test_keys_pressed_during_a_file_are_heard_at_once_on_every_board(make_wire: MakeWire) -> None:
    wire = make_wire(8)
    begin(wire)
    delays = []
    for no in range(24):
        address = 1 + no % 8
        wire.run(37)
        assert not wire.of(FileTransferFinished)
        pressed_ns, before = wire.now_ns, len(wire.of(KeysPressed))
        wire.devices[address].press("7")
        wire.until(lambda before=before: len(wire.of(KeysPressed)) > before, 1_000)
        delays.append(wire.now_ns - pressed_ns)
    assert max(delays) < 250 * MS
    assert finished(wire).outcome is FileOutcome.DELIVERED


def test_a_command_for_a_door_goes_before_the_next_fragment(make_wire: MakeWire) -> None:
    wire = make_wire()
    begin(wire)
    wire.run(200)
    command = wire.bus.submit(1, SetOutput(0, 2), wire.now_ns + SECOND, wire.now_ns)
    asked_ns = wire.now_ns
    wire.until(lambda: command in wire.results())
    assert wire.results()[command].outcome is Outcome.DONE
    assert wire.now_ns - asked_ns < 150 * MS
    assert finished(wire).outcome is FileOutcome.DELIVERED


@pytest.mark.parametrize("buffer_len", [64, 128, 256, 700, 1440])
def test_no_frame_is_longer_than_the_boards_buffer(make_wire: MakeWire, buffer_len: int) -> None:
    wire = make_wire()
    kept = tuple(
        entry
        for entry in wire.devices[1].capabilities.entries
        if entry.function != CapabilityCode.RECEIVE_BUFFER
    )
    size = Capability(CapabilityCode.RECEIVE_BUFFER, buffer_len & 0xFF, buffer_len >> 8)
    wire.devices[1].capabilities = Capabilities((*kept, size))
    begin(wire, CONTENT[:3_000])
    assert finished(wire).outcome is FileOutcome.DELIVERED
    longest = max(len(raw) for raw in wire.sent)
    assert buffer_len - 16 < longest <= buffer_len or longest <= 700


def test_a_board_without_a_named_buffer_gets_the_standards_128_bytes() -> None:
    assert receive_buffer_len(Capabilities()) == 128


@given(st.integers(0, 1440), st.sampled_from(Check))
def test_a_fragment_fills_its_frame_and_never_more(frame_len: int, check: Check) -> None:
    room = fragment_len(frame_len, check)
    if not room:
        return
    payload = pad(FileFragment(1, room, 0, bytes(room)).encode()[1:])
    frame = Frame(1, False, 1, b"\x7c" + payload, check, 0x17, b"", bytes(4))
    assert frame_len - 16 < len(encode_frame(frame)) <= frame_len


def test_what_the_board_asks_for_its_next_fragment_is_done(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.devices[1].files.terms = FileStatus(0, delay_ms=300, longest_len=100)
    wire.until(lambda: wire.of(ReaderStatus))
    began_ns = wire.now_ns
    begin(wire, CONTENT[:1_500])
    wire.sent.clear()
    assert finished(wire).outcome is FileOutcome.DELIVERED
    fragments = [
        raw for raw in wire.sent if Decoder().feed(raw)[0].payload[0] == CommandCode.FILETRANSFER
    ]
    assert all(len(raw) <= 100 for raw in fragments[1:])
    assert wire.now_ns - began_ns >= (len(fragments) - 1) * 300 * MS


def test_a_board_that_wants_no_polls_in_between_is_polled_once_a_second(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    wire.devices[1].files.terms = FileStatus(0, delay_ms=400, interleave=False)
    begin(wire, CONTENT[:6_000])
    wire.sent.clear()
    assert finished(wire).outcome is FileOutcome.DELIVERED
    codes = codes_sent(wire)
    assert 0 < codes.count(CommandCode.POLL) < codes.count(CommandCode.FILETRANSFER)


def test_a_request_for_clear_text_is_not_granted(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.devices[1].files.terms = FileStatus(0, leave_secure=True)
    begin(wire)
    wire.sent.clear()
    assert finished(wire).outcome is FileOutcome.DELIVERED
    assert all(Decoder().feed(raw)[0].block == 0x17 for raw in wire.sent if len(raw) > 60)


@pytest.mark.parametrize("finishing_s", [0.2, 12.0])
def test_a_board_that_is_finishing_is_asked_until_it_has(
    make_wire: MakeWire, finishing_s: float
) -> None:
    wire = make_wire()
    wire.devices[1].files.finishing_ns = round(finishing_s * SECOND)
    begin(wire)
    began_ns = wire.now_ns
    assert finished(wire).outcome is FileOutcome.DELIVERED
    assert wire.now_ns - began_ns >= finishing_s * SECOND
    assert wire.of(Offline) == []


def test_a_board_that_reboots_has_the_file_and_is_opened_anew(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.devices[1].files.end = FileStatus(FileStatusCode.REBOOTING)
    begin(wire)
    assert finished(wire).outcome is FileOutcome.REBOOTING
    assert wire.of(Offline) == [Offline(1, OfflineReason.REBOOTING, was_online=True)]
    wire.until(lambda: len(wire.of(Online)) == 2)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (-1, FileOutcome.ABORTED),
        (-2, FileOutcome.UNRECOGNIZED),
        (-3, FileOutcome.MALFORMED),
        (-77, FileOutcome.REFUSED),
    ],
)
def test_a_refusal_ends_the_transfer_by_its_name(
    make_wire: MakeWire, status: int, outcome: FileOutcome
) -> None:
    wire = make_wire()
    wire.devices[1].files.terms = FileStatus(status)
    begin(wire)
    assert finished(wire).outcome is outcome
    assert received(wire) == []
    wire.run(500)
    assert wire.of(Offline) == []


def test_a_board_that_claims_the_file_too_early_does_not_have_it(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.devices[1].files.terms = FileStatus(FileStatusCode.PROCESSED)
    begin(wire)
    assert finished(wire).outcome is FileOutcome.MALFORMED
    assert codes_sent(wire)[-1] == CommandCode.ABORT or CommandCode.ABORT in codes_sent(wire)


def test_a_board_without_files_refuses(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.boards[1]._files = None
    begin(wire)
    assert finished(wire).outcome is FileOutcome.REFUSED


def test_a_cancelled_file_is_forgotten_by_the_board(make_wire: MakeWire) -> None:
    wire = make_wire()
    transfer = begin(wire)
    wire.until(lambda: len(wire.of(FileProgress)) > 3)
    wire.bus.cancel_file(transfer)
    assert finished(wire).outcome is FileOutcome.CANCELLED
    assert wire.boards[1]._files._content is None
    assert received(wire) == []


def test_a_file_that_runs_out_of_time_is_forgotten_by_the_board(make_wire: MakeWire) -> None:
    wire = make_wire()
    begin(wire, life_ms=150)
    assert finished(wire).outcome is FileOutcome.EXPIRED
    assert wire.boards[1]._files._content is None


def test_a_lost_link_ends_a_file_and_nothing_is_resumed(make_wire: MakeWire) -> None:
    wire = make_wire()
    begin(wire)
    wire.until(lambda: len(wire.of(FileProgress)) > 3)
    wire.mute.add(1)
    assert finished(wire).outcome is FileOutcome.LINK_LOST
    wire.mute.clear()
    wire.until(lambda: len(wire.of(Online)) == 2)
    wire.sent.clear()
    wire.run(3_000)
    assert CommandCode.FILETRANSFER not in codes_sent(wire)
    assert received(wire) == []


def test_a_board_offline_takes_no_file_later(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.bus.send_file(1, 1, CONTENT, SECOND, 0)
    assert finished(wire).outcome is FileOutcome.LINK_LOST


def test_one_file_at_a_time(make_wire: MakeWire) -> None:
    wire = make_wire()
    begin(wire)
    second = wire.bus.send_file(1, 1, b"x", wire.now_ns + SECOND, wire.now_ns)
    wire.until(lambda: len(wire.of(FileTransferFinished)) == 2, 60_000)
    outcomes = {event.transfer_id: event.outcome for event in wire.of(FileTransferFinished)}
    assert outcomes.pop(second) is FileOutcome.REFUSED
    assert list(outcomes.values()) == [FileOutcome.DELIVERED]


def test_a_file_that_cannot_be_meant_is_refused_by_name(make_wire: MakeWire) -> None:
    wire = make_wire()
    for file_type, content in ((256, b"x"), (1, b"")):
        with pytest.raises(OsdpError):
            wire.bus.send_file(1, file_type, content, SECOND, 0)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 1_000), loss=st.sampled_from([0.02, 0.1]))
def test_on_a_lossy_line_a_file_is_whole_or_not_there(
    make_wire: MakeWire, seed: int, loss: float
) -> None:
    wire = make_wire(1, seed)
    begin(wire, CONTENT[:4_000])
    rng = random.Random(seed)
    wire.spoil = lambda data, _to_panel: b"" if rng.random() < loss else data
    outcome = finished(wire).outcome
    wire.spoil = lambda data, _to_panel: data
    arrived = received(wire)
    assert arrived in ([], [FileReceived(1, CONTENT[:4_000])])
    if outcome is FileOutcome.DELIVERED:
        assert arrived


@given(
    st.lists(
        st.builds(
            lambda total, at, data: FileFragment(1, max(total, at + len(data)), at, data),
            st.just(24),
            st.sampled_from([0, 0, 8, 16, 4]),
            st.sampled_from([b"", b"abcdefgh", b"xyz", b"ABCDEFGHIJKLMNOP"]),
        ),
        max_size=12,
    )
)
def test_whatever_order_fragments_come_in_a_board_keeps_only_files_without_holes(
    fragments: list[FileFragment],
) -> None:
    kept: list[FileReceived] = []
    receiver = FileReceiver(VirtualFiles(kept.append))
    in_order = b""
    for fragment in fragments:
        before = len(kept)
        receiver.take(fragment, 0)
        if fragment.fragment:
            fits = fragment.offset == len(in_order)
            in_order = (
                fragment.fragment
                if fragment.offset == 0
                else (in_order + fragment.fragment if fits else b"")
            )
        if len(kept) > before:
            assert kept[-1].content == in_order
