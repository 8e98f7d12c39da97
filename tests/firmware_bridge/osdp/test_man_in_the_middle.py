"""Attacks on a real pseudo-terminal pair: each is refused, and each is reported.

The panel is the production bus and its thread, the boards are production peripherals, and
between them sits somebody who reads, changes, drops and adds frames.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from firmware_bridge.osdp import (
    AttackKind,
    AttackSeen,
    Bus,
    BytesDropped,
    CardRead,
    CommandFinished,
    ConfigError,
    KeyChanged,
    KeySet,
    KeysPressed,
    LocalStatus,
    Offline,
    OfflineReason,
    Online,
    Outcome,
    PDConfig,
    ReaderStatus,
    SerialBus,
    SetOutput,
    Timing,
)
from firmware_bridge.osdp.channel import PanelChannel
from firmware_bridge.osdp.codes import SCBK_D, CommandCode, ReplyCode
from firmware_bridge.osdp.config import MS
from firmware_bridge.osdp.device import VirtualDevice
from firmware_bridge.osdp.framing import Check, Decoder, Frame, encode_frame
from firmware_bridge.osdp.handshake import Handshake
from firmware_bridge.osdp.peripheral import PeripheralConfig, PeripheralSession
from firmware_bridge.osdp.replies import Capabilities, ClientCryptogram, Keys, Nak
from firmware_bridge.osdp.secure_channel import SessionKeys
from firmware_bridge.osdp.simulator import SimulatedDoor, SimulatedLine
from firmware_bridge.serial_link import PtyPort, SerialSettings
from tests.firmware_bridge.osdp.man_in_the_middle import (
    ManInTheMiddle,
    in_clear,
    resealed,
    with_flipped_bit,
)

BAUD = 115200
CLEAR_COMMANDS = {CommandCode.ID, CommandCode.CHLNG, CommandCode.SCRYPT}
QUICK = Timing(
    reply_ns=60 * MS,
    probe_ns=30 * MS,
    first_retry_ns=20 * MS,
    longest_retry_ns=60 * MS,
)


class Scene:
    """Panel, attacker and two boards, all online."""

    def __init__(self, tmp: PtyPort, recorder: Any) -> None:
        self.heard = recorder
        self.keys = {address: secrets.token_bytes(16) for address in (1, 2)}
        self.doors = [SimulatedDoor(PeripheralConfig(no, key)) for no, key in self.keys.items()]
        self.boards = SimulatedLine(tmp, self.doors)
        self.attacker = ManInTheMiddle(tmp.far_path, BAUD)
        bus = Bus(
            [PDConfig(no, key) for no, key in self.keys.items()],
            baud=BAUD,
            nonce=lambda: secrets.token_bytes(8),
            timing=QUICK,
        )
        self.panel = SerialBus(SerialSettings(self.attacker.panel_path, BAUD), bus, recorder)

    def attacks(self, kind: AttackKind, address: int = 1) -> list[AttackSeen]:
        return [
            event
            for event in self.heard.of(AttackSeen)
            if event.kind is kind and event.address == address
        ]

    def reported(self, kind: AttackKind, address: int = 1) -> None:
        self.heard.wait_until(lambda: self.attacks(kind, address), what=f"report of {kind}")

    def online_again(self, count: int, address: int = 1) -> None:
        def is_back() -> bool:
            return len([e for e in self.heard.of(Online) if e.address == address]) >= count

        self.heard.wait_until(is_back, what="online again")

    def plays_until_reported(self, recorded: Frame) -> None:
        """Plays a command to the boards until the panel has told an attack: the board refuses in
        clear, to a panel that has not asked or that has to begin anew."""
        deadline = time.monotonic() + 8
        while not self.heard.of(AttackSeen):
            assert time.monotonic() < deadline, "no attack was reported"
            self.attacker.to_boards(encode_frame(recorded))
            time.sleep(0.02)

    def nothing_opened(self) -> bool:
        """Whether nothing that opens a door came out of the panel, and no output moved."""
        opening = [*self.heard.of(KeysPressed), *self.heard.of(CardRead)]
        moved = any(any(self.boards.outputs(no)) for no in self.keys)
        return not moved and all(event.stale for event in opening)

    def said_nothing_in_clear(self) -> bool:
        clear = {frame.payload[0] for frame in self.attacker.commands if not frame.has_mac}
        return clear <= CLEAR_COMMANDS


@pytest.fixture
def scene(pty_port: PtyPort, recorder: Any) -> Iterator[Scene]:
    one = Scene(pty_port, recorder)
    with one.attacker, one.boards, one.panel:
        recorder.wait_until(lambda: len(recorder.of(ReaderStatus)) == 2, what="both boards")
        yield one


# --- Badge of Shame ------------------------------------------------------------------------------


def test_who_listens_learns_neither_pin_nor_card(scene: Scene) -> None:
    scene.boards.press(1, "271828#")
    scene.boards.present_card(2, 32, b"CARD")
    scene.heard.wait_for(KeysPressed)
    scene.heard.wait_for(CardRead)
    passed = scene.attacker.commands + scene.attacker.replies
    assert not any(b"271828" in f.payload or b"CARD" in f.payload for f in passed)
    assert scene.said_nothing_in_clear()
    assert scene.heard.of(AttackSeen) == []


@pytest.mark.parametrize("answer", [Capabilities(()), Nak(5), Nak(6)], ids=lambda a: str(a)[:12])
def test_a_board_said_to_know_no_encryption_is_not_spoken_to(scene: Scene, answer: Any) -> None:
    """Downgrade: the challenge is answered by capabilities without security, or refused."""

    def on_reply(frame: Frame) -> bytes:
        asked = scene.attacker.last_command()
        if frame.address == 1 and asked.payload[0] == CommandCode.CHLNG:
            return in_clear(asked, answer)
        return encode_frame(frame) if frame.address == 2 or not frame.has_mac else b""

    scene.attacker.on_reply = on_reply
    scene.reported(AttackKind.DOWNGRADE)
    assert scene.said_nothing_in_clear()
    assert scene.nothing_opened()
    scene.boards.press(2, "1")
    assert scene.heard.wait_for(KeysPressed)[0].address == 2


def test_a_board_that_proves_the_default_key_is_refused(scene: Scene) -> None:
    """The attacker plays a board in install mode, with the key that everybody knows."""

    def on_reply(frame: Frame) -> bytes:
        asked = scene.attacker.last_command()
        if frame.address != 1:
            return encode_frame(frame)
        if asked.payload[0] != CommandCode.CHLNG:
            return b"" if frame.has_mac else encode_frame(frame)
        nonce = asked.payload[1:]
        keys = SessionKeys.derive(SCBK_D, nonce)
        proof = ClientCryptogram(bytes(8), bytes(8), keys.client_cryptogram(nonce, bytes(8)))
        reply = Frame(1, True, asked.sequence, proof.encode(), asked.check, 0x12, b"\x00")
        return encode_frame(reply)

    scene.attacker.on_reply = on_reply
    scene.reported(AttackKind.DEFAULT_KEY)
    kinds = {frame.block_data for frame in scene.attacker.commands if frame.block == 0x11}
    assert kinds == {b"\x01"}
    assert CommandCode.KEYSET not in {frame.payload[0] for frame in scene.attacker.commands}


def test_a_panel_with_the_default_key_gets_nowhere_at_a_board_with_its_own(scene: Scene) -> None:
    """The attacker cuts the panel off and challenges the board under the default key."""
    scene.attacker.on_command = lambda _frame: b""
    scene.attacker.on_reply = lambda _frame: b""
    time_up = time.monotonic() + 5
    channel = PanelChannel(1, Check.CRC16)
    handshake = Handshake(SCBK_D, bytes(8))
    before = len(scene.attacker.replies)
    scene.attacker.to_boards(channel.seal(handshake.challenge, 0x11, b"\x00").raw)
    while len(scene.attacker.replies) == before:
        assert time.monotonic() < time_up
        time.sleep(0.002)
    assert scene.attacker.replies[-1].payload[0] == ReplyCode.NAK
    scene.heard.wait_until(
        lambda: Offline(1, OfflineReason.NO_REPLY, was_online=True) in scene.heard.events
    )
    assert scene.nothing_opened()


def test_a_captured_key_change_cannot_be_read_nor_played_again(scene: Scene) -> None:
    new_key, newest_key = secrets.token_bytes(16), secrets.token_bytes(16)
    done = scene.panel.submit(1, KeySet(new_key))
    assert done.result(5).outcome is Outcome.DONE
    (captured,) = [f for f in scene.attacker.commands if f.payload[0] == CommandCode.KEYSET]
    assert captured.block == 0x17
    assert new_key not in encode_frame(captured)
    scene.online_again(2)
    assert scene.panel.submit(1, KeySet(newest_key)).result(5).outcome is Outcome.DONE
    scene.online_again(3)
    scene.plays_until_reported(captured)
    assert scene.doors[0].session.config.scbk == newest_key
    assert len(scene.heard.of(KeyChanged)) == 2


@pytest.mark.parametrize("weak", [SCBK_D, bytes(16), bytes(range(16)), b"\xaa" * 16])
def test_a_key_that_an_attacker_would_guess_never_reaches_the_wire(
    scene: Scene, weak: bytes
) -> None:
    assert scene.panel.submit(1, KeySet(weak)).result(5).outcome is Outcome.REFUSED
    assert CommandCode.KEYSET not in {f.payload[0] for f in scene.attacker.commands}
    with pytest.raises(ConfigError, match="default key"):
        PDConfig(1, weak)


# --- replay, order, forgery ----------------------------------------------------------------------


def test_a_recorded_answer_played_again_is_refused(scene: Scene) -> None:
    scene.boards.press(1, "1234#")
    scene.heard.wait_for(KeysPressed)
    recorded = [f for f in scene.attacker.replies if f.payload[0] == ReplyCode.KEYPAD][-1]

    def on_reply(frame: Frame) -> bytes:
        replayed = frame.address == 1 and frame.sequence == recorded.sequence
        return encode_frame(recorded if replayed else frame)

    scene.attacker.on_reply = on_reply
    scene.reported(AttackKind.FORGED_REPLY)
    assert len(scene.heard.of(KeysPressed)) == 1


def test_recorded_answers_thrown_in_at_random_are_refused(scene: Scene) -> None:
    scene.boards.press(1, "1234#")
    scene.heard.wait_for(KeysPressed)
    recorded = [f for f in scene.attacker.replies if f.payload[0] == ReplyCode.KEYPAD][-1]
    rng = random.Random(3)
    scene.attacker.on_reply = lambda frame: (
        encode_frame(recorded) + encode_frame(frame) if rng.random() < 0.5 else encode_frame(frame)
    )
    scene.reported(AttackKind.REPLAYED_REPLY)
    scene.reported(AttackKind.FORGED_REPLY)
    assert len(scene.heard.of(KeysPressed)) == 1


def test_a_recorded_session_played_to_a_panel_that_begins_anew_is_refused(scene: Scene) -> None:
    """The attacker knows every byte of an earlier handshake with this board."""
    recorded = [
        (asked, answer)
        for asked, answer in zip(scene.attacker.commands, scene.attacker.replies, strict=False)
        if answer.address == 1
    ]
    answers: dict[int, Frame] = {}
    for _, answer in recorded:
        answers.setdefault(answer.payload[0], answer)
    cryptogram, accepted = answers[ReplyCode.CCRYPT], answers[ReplyCode.RMAC_I]

    def on_reply(frame: Frame) -> bytes:
        asked = scene.attacker.last_command().payload[0]
        if frame.address != 1:
            return encode_frame(frame)
        if asked == CommandCode.CHLNG:
            return encode_frame(cryptogram)
        if asked == CommandCode.SCRYPT:
            return encode_frame(accepted)
        return b"" if frame.has_mac else encode_frame(frame)

    scene.attacker.on_reply = on_reply
    scene.reported(AttackKind.IMPOSTOR)
    assert Offline(1, OfflineReason.WRONG_KEY, was_online=False) in scene.heard.events
    assert scene.nothing_opened()


def test_a_held_back_command_comes_too_late_for_the_board(scene: Scene) -> None:
    """Reordering: the unlock is kept and delivered after what was said later."""
    held: list[Frame] = []

    def on_command(frame: Frame) -> bytes:
        if frame.address == 1 and frame.payload[0] == CommandCode.OUT:
            held.append(frame)
            return b""
        return encode_frame(frame)

    scene.attacker.on_command = on_command
    finished = scene.panel.submit(1, SetOutput(0, 2), life_s=0.2).result(5)
    assert finished.sent
    assert finished.outcome in (Outcome.EXPIRED, Outcome.LINK_LOST)
    scene.attacker.honest()
    scene.online_again(2)
    scene.plays_until_reported(held[0])
    assert scene.nothing_opened()


def test_keys_added_in_clear_are_refused(scene: Scene) -> None:
    scene.attacker.on_reply = lambda frame: (
        in_clear(scene.attacker.last_command(), Keys(0, b"1234\r")) + encode_frame(frame)
    )
    scene.reported(AttackKind.CLEAR_REPLY)
    assert scene.heard.of(KeysPressed) == []
    assert scene.heard.of(Offline) == []


def test_keys_added_with_a_guessed_mac_are_refused(scene: Scene) -> None:
    def on_reply(frame: Frame) -> bytes:
        forged = Frame(
            frame.address, True, frame.sequence, b"\x53" + bytes(16), frame.check, 0x18, b"", b""
        )
        return resealed(forged, secrets.token_bytes(4)) + encode_frame(frame)

    scene.attacker.on_reply = on_reply
    scene.reported(AttackKind.FORGED_REPLY, 1)
    scene.reported(AttackKind.FORGED_REPLY, 2)
    assert scene.heard.of(KeysPressed) == []


def test_an_answer_in_clear_finishes_no_command(scene: Scene) -> None:
    def on_reply(frame: Frame) -> bytes:
        asked = scene.attacker.last_command()
        return in_clear(asked, Keys(0, b"")) if asked.address == 1 else encode_frame(frame)

    scene.attacker.on_reply = on_reply
    scene.attacker.on_command = lambda frame: (
        encode_frame(frame) if frame.payload[0] != CommandCode.OUT else b""
    )
    finished = scene.panel.submit(1, SetOutput(0, 2), life_s=0.5).result(5)
    assert finished.outcome in (Outcome.EXPIRED, Outcome.LINK_LOST)
    assert scene.nothing_opened()


def test_sessions_broken_again_and_again_are_reported(scene: Scene) -> None:
    """A refusal in clear makes the panel begin anew: allowed once, told when it goes on."""
    refusal = Nak(6)
    scene.attacker.on_reply = lambda frame: (
        in_clear(scene.attacker.last_command(), refusal)
        if frame.address == 1 and frame.has_mac
        else encode_frame(frame)
    )
    scene.reported(AttackKind.FORCED_RECONNECTS)
    assert Offline(1, OfflineReason.SESSION_LOST, was_online=True) in scene.heard.events
    assert scene.nothing_opened()


# --- bits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("instead", [True, False], ids=["instead", "ahead"])
def test_flipped_bits_are_noise_and_each_key_still_arrives_once(
    scene: Scene, instead: bool
) -> None:
    """The check character not repaired: every second bit of an answer ahead of the true one, a
    sample of them in its place, so that the panel has to ask again."""
    scene.boards.press(1, "1")
    scene.heard.wait_for(KeysPressed)
    size = len(encode_frame([f for f in scene.attacker.replies if f.payload[0] == 0x53][-1]))
    todo = list(range(0, 8 * size, 31 if instead else 2))

    def on_reply(frame: Frame) -> bytes:
        raw = encode_frame(frame)
        if not (todo and frame.address == 1 and frame.payload[0] == 0x53):
            return raw
        flipped = with_flipped_bit(raw, todo.pop(), repaired=False)
        repeated = len(todo) % 2 == 0
        return flipped if instead and not repeated else flipped + raw

    scene.attacker.on_reply = on_reply
    count = 1
    while todo:
        scene.boards.press(1, "2")
        count += 1
        scene.heard.wait_for(KeysPressed, count)
    assert [event.keys for event in scene.heard.of(KeysPressed)] == ["1"] + ["2"] * (count - 1)
    assert scene.heard.of(AttackSeen) == []
    assert scene.heard.of(Offline) == []


def test_every_flipped_bit_with_a_repaired_crc_is_a_forgery(scene: Scene) -> None:
    """Every fifth bit between the header and the check character."""
    scene.boards.press(1, "1")
    scene.heard.wait_for(KeysPressed)
    size = len(encode_frame([f for f in scene.attacker.replies if f.payload[0] == 0x53][-1]))
    todo = list(range(8 * 7, 8 * (size - 2), 5))
    refused: list[int] = []

    def on_reply(frame: Frame) -> bytes:
        raw = encode_frame(frame)
        if not (todo and frame.address == 1 and frame.payload[0] == 0x53):
            return raw
        bit = todo.pop()
        refused.append(bit)
        return with_flipped_bit(raw, bit, repaired=True) + raw

    scene.attacker.on_reply = on_reply
    count = 1
    while todo:
        scene.boards.press(1, "2")
        count += 1
        scene.heard.wait_for(KeysPressed, count)
    assert [event.keys for event in scene.heard.of(KeysPressed)] == ["1"] + ["2"] * (count - 1)
    scene.reported(AttackKind.FORGED_REPLY)
    scene.heard.wait_until(lambda: scene.panel._bus.malformed["mac"] >= len(refused))


def test_truncated_answers_are_noise_and_cost_the_link_only(scene: Scene) -> None:
    rng = random.Random(5)

    def on_reply(frame: Frame) -> bytes:
        raw = encode_frame(frame)
        return raw[: rng.randrange(1, len(raw))] if frame.address == 1 else raw

    scene.attacker.on_reply = on_reply
    scene.boards.press(1, "1")
    scene.heard.wait_until(
        lambda: Offline(1, OfflineReason.NO_REPLY, was_online=True) in scene.heard.events
    )
    scene.heard.wait_for(BytesDropped)
    scene.attacker.honest()
    scene.online_again(2)
    assert scene.heard.of(AttackSeen) == []


def test_noise_alone_is_no_attack(scene: Scene) -> None:
    rng = random.Random(8)

    def noisy(frame: Frame) -> bytes:
        raw = bytearray(encode_frame(frame))
        if rng.random() < 0.3:
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return rng.randbytes(rng.randrange(4)) + bytes(raw)

    scene.attacker.on_reply = noisy
    for no in range(10):
        scene.boards.press(1 + no % 2, "3")
        time.sleep(0.1)
    scene.heard.wait_for(BytesDropped)
    assert scene.heard.of(AttackSeen) == []


# --- stale ---------------------------------------------------------------------------------------


def test_keys_kept_while_the_line_was_cut_are_stale(scene: Scene) -> None:
    scene.attacker.on_command = lambda frame: b"" if frame.address == 1 else encode_frame(frame)
    scene.heard.wait_for(Offline)
    scene.boards.press(1, "1234#")
    scene.attacker.honest()
    assert scene.heard.wait_for(KeysPressed) == [KeysPressed(1, 0, "1234#", stale=True)]


def test_a_command_for_a_board_cut_off_is_never_delivered_later(scene: Scene) -> None:
    recorded: list[Frame] = []

    def on_command(frame: Frame) -> bytes:
        if frame.address != 1:
            return encode_frame(frame)
        if frame.payload[0] == CommandCode.OUT:
            recorded.append(frame)
        return b""

    scene.attacker.on_command = on_command
    first = scene.panel.submit(1, SetOutput(0, 2), life_s=30)
    scene.heard.wait_for(Offline)
    late = scene.panel.submit(1, SetOutput(0, 2), life_s=30)
    assert [one.result(5).outcome for one in (first, late)] == [Outcome.LINK_LOST] * 2
    scene.attacker.honest()
    scene.online_again(2)
    scene.heard.wait_until(lambda: len(scene.heard.of(LocalStatus)) >= 3)
    for frame in recorded:
        scene.attacker.to_boards(encode_frame(frame))
    time.sleep(0.1)
    assert scene.nothing_opened()
    assert len(scene.heard.of(CommandFinished)) == 2


# --- others on the line --------------------------------------------------------------------------


def clone_of(address: int) -> Callable[[Frame], bytes]:
    """A board of the attacker's own at somebody else's address, with a key of its own."""
    device = VirtualDevice()
    session = PeripheralSession(
        PeripheralConfig(address, secrets.token_bytes(16)), device, lambda: secrets.token_bytes(8)
    )

    def answer(command: Frame) -> bytes:
        device.press("1234#")
        return session.step(time.monotonic_ns(), encode_frame(command)).send

    return answer


def test_a_clone_that_takes_a_boards_place_is_refused(scene: Scene) -> None:
    clone = clone_of(1)

    def on_command(frame: Frame) -> bytes:
        if frame.address != 1:
            return encode_frame(frame)
        scene.attacker.to_panel(clone(frame))
        return b""

    scene.attacker.on_command = on_command
    scene.reported(AttackKind.IMPOSTOR)
    assert Offline(1, OfflineReason.WRONG_KEY, was_online=False) in scene.heard.events
    assert scene.nothing_opened()
    scene.attacker.honest()
    scene.online_again(2)


def test_a_board_that_answers_for_another_is_refused_and_both_go_on(scene: Scene) -> None:
    """A true board's answer with another address on it, and one of an address nobody has."""

    def on_reply(frame: Frame) -> bytes:
        raw = encode_frame(frame)
        other = bytearray(raw)
        other[1] = 0x80 | (9 if frame.address == 2 else 2)
        message = bytes(other[: -frame.check.value])
        return message + frame.check.over(message) + raw

    scene.attacker.on_reply = on_reply
    scene.reported(AttackKind.UNASKED_REPLY, 2)
    scene.reported(AttackKind.UNASKED_REPLY, 9)
    scene.boards.press(1, "1")
    scene.boards.press(2, "2")
    assert {event.address for event in scene.heard.wait_for(KeysPressed, 2)} == {1, 2}
    assert scene.heard.of(Offline) == []


def test_a_second_panel_on_the_line_is_reported(scene: Scene) -> None:
    scene.attacker.on_reply = lambda frame: (
        encode_frame(Frame(frame.address, False, 2, b"\x60", frame.check)) + encode_frame(frame)
    )
    scene.reported(AttackKind.SECOND_PANEL, 1)
    scene.reported(AttackKind.SECOND_PANEL, 2)
    assert scene.heard.of(Offline) == []


def test_an_attack_that_goes_on_is_told_once_in_ten_seconds(scene: Scene) -> None:
    scene.attacker.on_reply = lambda frame: (
        in_clear(scene.attacker.last_command(), Keys(0, b"1")) + encode_frame(frame)
    )
    scene.reported(AttackKind.CLEAR_REPLY, 1)
    before = scene.panel._bus.malformed["clear_text"]
    scene.heard.wait_until(lambda: scene.panel._bus.malformed["clear_text"] > before + 20)
    assert len(scene.attacks(AttackKind.CLEAR_REPLY, 1)) == 1


def test_decoded_frames_pass_the_attacker_unchanged() -> None:
    """The attacker's own tool: what it passes on is what it got."""
    frame = Frame(3, True, 2, b"\x53" + bytes(16), Check.CRC16, 0x18, b"", b"abcd")
    raw = encode_frame(frame)
    assert encode_frame(Decoder().feed(raw)[0]) == raw
