"""A man in the middle of the line: the attacks shown against OSDP in 2023, and a few more.

No encryption, downgrade by capabilities, the default key, KEYSET capture, weak keys (those
are refused in `test_secure_channel.py`), replay, forgery, and states that come in clear.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from firmware_bridge.osdp import (
    InstallBegan,
    InstallEnded,
    KeyChanged,
    KeySet,
    KeysPressed,
    Offline,
    OfflineReason,
    Online,
    Outcome,
    ReaderStatus,
    SetOutput,
)
from firmware_bridge.osdp.channel import PanelChannel
from firmware_bridge.osdp.codes import SCBK_D, CommandCode, Malformed, SecurityBlock
from firmware_bridge.osdp.commands import Poll
from firmware_bridge.osdp.config import SECOND
from firmware_bridge.osdp.framing import Check, Decoder, Frame, encode_frame
from firmware_bridge.osdp.handshake import Handshake, open_session
from firmware_bridge.osdp.replies import (
    Ack,
    Capabilities,
    Identity,
    Keys,
    Nak,
    Reply,
)
from firmware_bridge.osdp.reply_reader import decode_reply
from firmware_bridge.osdp.states import SERVING

MakeWire = Callable[..., Any]
CLEAR_COMMANDS = {CommandCode.ID, CommandCode.CHLNG, CommandCode.SCRYPT}
OTHER_KEY = bytes.fromhex("5f0a1b8c7d6e4f3021a9b8c7d6e5f401")


def frames(data: list[bytes]) -> list[Frame]:
    return [frame for chunk in data for frame in Decoder().feed(chunk)]


def nothing_said_in_clear(wire: Any) -> bool:
    """Whether our panel's clear frames were the three of the handshake only."""
    clear = {frame.payload[0] for frame in frames(wire.sent) if not frame.has_mac}
    return clear <= CLEAR_COMMANDS


def plain(address: int, sequence: int, reply: Reply) -> bytes:
    return encode_frame(Frame(address, True, sequence, reply.encode(), Check.CRC16))


def test_a_whole_day_shows_nothing_in_clear_but_the_handshake(make_wire: MakeWire) -> None:
    wire = make_wire(2)
    wire.until(lambda: len(wire.of(ReaderStatus)) == 2)
    wire.devices[1].press("271828#")
    wire.devices[2].present_card(32, b"CARD")
    wire.bus.submit(1, SetOutput(0, 2), wire.now_ns + SECOND, wire.now_ns)
    wire.run(3_000)
    assert nothing_said_in_clear(wire)
    assert not any(b"271828" in answer or b"CARD" in answer for answer in wire.answers)


def test_a_board_with_another_key_is_never_spoken_to_in_clear(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.boards[1].config.scbk = OTHER_KEY
    wire.devices[1].press("1234")
    wire.run(60_000)
    assert wire.of(Offline) == [Offline(1, OfflineReason.WRONG_KEY, was_online=False)]
    assert wire.of(Online) == wire.of(KeysPressed) == []
    assert nothing_said_in_clear(wire)


def test_capabilities_that_deny_encryption_change_nothing(make_wire: MakeWire) -> None:
    """Downgrade: the attacker answers in clear that the board knows no secure channel."""
    wire = make_wire()

    def downgrade(data: bytes, to_panel: bool) -> bytes:
        asked = frames(wire.sent[-1:])[0]
        if not to_panel or asked.has_mac:
            return data
        if asked.payload[0] == CommandCode.ID:
            return plain(1, asked.sequence, Identity(1, 1, 1, 1, (0, 0, 0)))
        if asked.payload[0] == CommandCode.CHLNG:
            return plain(1, asked.sequence, Capabilities(()))
        return data

    wire.spoil = downgrade
    wire.run(30_000)
    assert wire.of(Online) == []
    assert wire.of(Offline) == [Offline(1, OfflineReason.UNEXPECTED_REPLY, was_online=False)]
    assert nothing_said_in_clear(wire)


def test_a_refused_challenge_is_not_followed_by_clear_text(make_wire: MakeWire) -> None:
    wire = make_wire()

    def refuse(data: bytes, to_panel: bool) -> bytes:
        asked = frames(wire.sent[-1:])[0]
        if to_panel and asked.payload[0] == CommandCode.CHLNG:
            return plain(1, asked.sequence, Nak(5))
        return data

    wire.spoil = refuse
    wire.run(30_000)
    assert wire.of(Offline) == [Offline(1, OfflineReason.SECURITY_REFUSED, was_online=False)]
    assert nothing_said_in_clear(wire)


def test_the_default_key_is_refused_outside_of_an_installation(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.boards[1].config.install_mode = True
    wire.boards[1].config.scbk = OTHER_KEY
    wire.run(20_000)
    assert wire.of(Online) == []
    kinds = {frame.block_data for frame in frames(wire.sent) if frame.block == 0x11}
    assert kinds == {b"\x01"}


def test_an_installation_gives_the_key_and_nothing_else_under_the_default_key(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    board, own = wire.boards[1], wire.boards[1].config.scbk
    board.config.install_mode, board.config.scbk = True, OTHER_KEY
    wire.devices[1].press("1234")
    wire.bus.begin_install(1, wire.now_ns + 60 * SECOND, wire.now_ns)
    wire.until(lambda: wire.of(Online))
    assert board.config.scbk == own
    assert not board.config.install_mode
    kinds = [type(event) for event in wire.events]
    assert kinds.index(InstallBegan) < kinds.index(InstallEnded) < kinds.index(Online)
    assert wire.of(InstallEnded) == [InstallEnded(1, installed=True)]
    default_from = next(
        at for at, f in enumerate(frames(wire.sent)) if (f.block, f.block_data) == (0x11, b"\x00")
    )
    under_default = frames(wire.sent)[default_from + 2 : default_from + 4]
    assert [frame.payload[0] for frame in under_default] == [CommandCode.KEYSET, CommandCode.ID]


def test_an_installation_ends_by_itself(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.mute.add(1)
    wire.bus.begin_install(1, wire.now_ns + 5 * SECOND, wire.now_ns)
    wire.run(6_000)
    assert wire.of(InstallEnded) == [InstallEnded(1, installed=False)]
    wire.mute.clear()
    board = wire.boards[1]
    board.config.install_mode, board.config.scbk = True, OTHER_KEY
    wire.run(20_000)
    assert wire.of(Online) == []
    assert board.config.install_mode


def test_a_board_in_install_mode_moves_and_tells_nothing_under_the_default_key(
    make_wire: MakeWire,
) -> None:
    """An attacker who plays the panel with the key that everybody knows."""
    wire = make_wire()
    board = wire.boards[1]
    board.config.install_mode = True
    wire.devices[1].press("1234")
    channel = PanelChannel(1, Check.CRC16)
    handshake = Handshake(SCBK_D, bytes(8))

    def exchange(command: Any, block: Any = None, data: bytes = b"") -> Frame:
        (frame,) = frames([board.step(0, channel.seal(command, block, data).raw).send])
        channel.next()
        return frame

    answer = exchange(handshake.challenge, SecurityBlock.CHALLENGE, b"\x00")
    proof = handshake.prove(answer, decode_reply(answer.payload))
    answer = exchange(proof.command, SecurityBlock.CRYPTOGRAM, b"\x00")
    channel.session = open_session(proof, answer, decode_reply(answer.payload))
    for command in (Poll(), SetOutput(0, 2)):
        assert channel.open(exchange(command)) == Nak(6)
    assert wire.devices[1].outputs == (False, False)


def test_a_captured_keyset_tells_nothing_to_who_knows_only_the_default_key(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.sent.clear()
    wire.bus.submit(1, KeySet(OTHER_KEY), wire.now_ns + SECOND, wire.now_ns)
    wire.until(lambda: wire.of(KeyChanged))
    wire.until(lambda: len(wire.of(Online)) == 2)
    captured = [frame for frame in frames(wire.sent) if frame.payload[0] == CommandCode.KEYSET]
    assert [frame.block for frame in captured] == [0x17]
    assert all(OTHER_KEY not in sent for sent in wire.sent)


def test_a_weak_new_key_is_refused_before_the_wire(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    for weak in (SCBK_D, bytes(16), bytes(range(16))):
        command_id = wire.bus.submit(1, KeySet(weak), wire.now_ns + SECOND, wire.now_ns)
        wire.run(50)
        assert wire.results()[command_id].outcome is Outcome.REFUSED


def test_keys_injected_in_clear_are_dropped_and_counted(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))

    def inject(data: bytes, to_panel: bool) -> bytes:
        asked = frames(wire.sent[-1:])[0]
        return plain(1, asked.sequence, Keys(0, b"1234\r")) + data if to_panel else data

    wire.spoil = inject
    wire.run(2_000)
    assert wire.of(KeysPressed) == []
    assert wire.bus.malformed[Malformed.CLEAR_TEXT] > 10
    assert wire.of(Offline) == []


def test_an_acknowledgement_injected_in_clear_does_not_finish_a_command(
    make_wire: MakeWire,
) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.mute.add(1)
    wire.spoil = lambda data, to_panel: (
        plain(1, frames(wire.sent[-1:])[0].sequence, Ack()) if to_panel else data
    )
    command_id = wire.bus.submit(1, SetOutput(0, 2), wire.now_ns + 9 * SECOND, wire.now_ns)
    wire.until(lambda: command_id in wire.results())
    assert wire.results()[command_id].outcome is Outcome.LINK_LOST


@pytest.mark.parametrize("fresh_nonces", [True, False])
def test_a_recorded_conversation_played_back_opens_nothing_if_the_nonces_are_fresh(
    make_wire: MakeWire, fresh_nonces: bool
) -> None:
    """With the nonces of the recording it would: that is what an unseeded generator gives."""
    wire = make_wire(seed=1)
    wire.until(lambda: wire.of(ReaderStatus))
    wire.devices[1].press("1234")
    wire.until(lambda: wire.of(KeysPressed))
    recorded = iter(wire.answers)
    victim = make_wire(seed=1)
    fresh = iter(range(1, 1 << 20))
    for link in victim.bus._links if fresh_nonces else ():
        link._nonce = lambda: next(fresh).to_bytes(8)
        link._opening._nonce = link._nonce
    victim.mute.add(1)
    victim.spoil = lambda data, to_panel: next(recorded, b"") if to_panel else data
    victim.run(20_000)
    assert bool(victim.of(Online)) is not fresh_nonces
    assert bool(victim.of(KeysPressed)) is not fresh_nonces


def test_a_recorded_command_played_to_the_board_moves_nothing(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.bus.submit(1, SetOutput(0, 2), wire.now_ns + SECOND, wire.now_ns)
    wire.until(lambda: wire.devices[1].outputs[0])
    opened = next(raw for raw in reversed(wire.sent) if frames([raw])[0].payload[0] == 0x68)
    wire.bus.submit(1, SetOutput(0, 1), wire.now_ns + SECOND, wire.now_ns)
    wire.until(lambda: not wire.devices[1].outputs[0])
    for _ in range(10):
        wire.boards[1].step(wire.now_ns, opened)
    assert wire.devices[1].outputs == (False, False)


@pytest.mark.parametrize("at", range(5, 12))
def test_a_flipped_bit_with_a_right_check_character_is_still_a_wrong_mac(
    make_wire: MakeWire, at: int
) -> None:
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))

    def forge(data: bytes, to_panel: bool) -> bytes:
        if not to_panel or len(data) < 14:
            return data
        changed = bytearray(data[:-2])
        changed[at] ^= 0x01
        return bytes(changed) + Check.CRC16.over(bytes(changed))

    wire.spoil = forge
    wire.devices[1].press("1234")
    before = len(wire.events)
    wire.until(lambda: wire.of(Offline))
    assert [event for event in wire.events[before:] if isinstance(event, KeysPressed)] == []
    assert sum(wire.bus.malformed.values()) > 0


def test_a_plain_refusal_ends_the_session_and_what_follows_is_stale(make_wire: MakeWire) -> None:
    """A board that lost its session says so in clear; anybody else can only force a reconnect."""
    wire = make_wire()
    wire.until(lambda: wire.of(ReaderStatus))
    wire.run(6_000)
    wire.boards[1]._close()
    wire.devices[1].press("5")
    wire.until(lambda: len(wire.of(Online)) == 2)
    assert wire.of(Offline)[0].reason is OfflineReason.SESSION_LOST
    wire.until(lambda: wire.of(KeysPressed))
    assert wire.of(KeysPressed) == [KeysPressed(1, 0, "5", stale=True)]


def test_a_reflected_cryptogram_proves_nothing(make_wire: MakeWire) -> None:
    wire = make_wire()

    def reflect(data: bytes, to_panel: bool) -> bytes:
        asked = frames(wire.sent[-1:])[0]
        if to_panel and asked.block == 0x11:
            nonce = asked.payload[1:]
            payload = b"\x76" + bytes(8) + nonce + nonce + nonce
            return encode_frame(Frame(1, True, asked.sequence, payload, Check.CRC16, 0x12, b"\x01"))
        return data

    wire.spoil = reflect
    wire.run(10_000)
    assert wire.of(Online) == []
    assert wire.of(Offline)[0].reason is OfflineReason.WRONG_KEY


def test_states_say_for_themselves_that_clear_boards_are_not_served(make_wire: MakeWire) -> None:
    wire = make_wire()
    wire.boards[1].config.scbk = OTHER_KEY
    for _ in range(200):
        wire.run(20)
        (state,) = wire.bus.peripherals()
        assert state.state not in SERVING
        assert not state.serving
