"""The peripheral's session by itself: what it answers to whom, and its virtual board."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.osdp.channel import PanelChannel
from firmware_bridge.osdp.codes import BROADCAST, NakCode, OutputControl, SecurityBlock
from firmware_bridge.osdp.commands import (
    AskCapabilities,
    AskIdentity,
    AskInputs,
    AskLocalStatus,
    AskOutputs,
    AskReaders,
    Buzz,
    Command,
    ComSet,
    KeySet,
    Poll,
    SetLed,
    SetOutput,
    ShowText,
)
from firmware_bridge.osdp.config import MS, SECOND
from firmware_bridge.osdp.device import (
    CommunicationSet,
    KeyInstalled,
    OutputChanged,
    SignalShown,
    VirtualDevice,
)
from firmware_bridge.osdp.framing import Check, Decoder, Frame, encode_frame
from firmware_bridge.osdp.handshake import Handshake, open_session
from firmware_bridge.osdp.peripheral import PeripheralConfig, PeripheralSession
from firmware_bridge.osdp.replies import (
    Ack,
    Busy,
    Communication,
    Inputs,
    Keys,
    LocalState,
    Nak,
    Outputs,
    Readers,
    Reply,
)
from firmware_bridge.osdp.reply_reader import decode_reply

KEY = random.Random(3).randbytes(16)
NEW_KEY = random.Random(4).randbytes(16)


class Panel:
    """The other end, command by command."""

    def __init__(self) -> None:
        rng = random.Random(5)
        self.device = VirtualDevice(outputs=2, inputs=3)
        self.board = PeripheralSession(
            PeripheralConfig(1, KEY), self.device, lambda: rng.randbytes(8)
        )
        self.channel = PanelChannel(1, Check.CRC16)
        self.now_ns = 0

    def raw(self, data: bytes) -> bytes:
        return self.board.step(self.now_ns, data).send

    def frame(
        self, command: Command, block: SecurityBlock | None = None, data: bytes = b""
    ) -> Frame:
        (frame,) = Decoder().feed(self.raw(self.channel.seal(command, block, data).raw))
        self.channel.next()
        return frame

    def ask(self, command: Command) -> Reply:
        return self.channel.open(self.frame(command))

    def open(self, key: bytes = KEY) -> Panel:
        self.channel = PanelChannel(1, Check.CRC16)
        handshake = Handshake(key, b"12345678")
        answer = self.frame(handshake.challenge, SecurityBlock.CHALLENGE, handshake.key_kind)
        proof = handshake.prove(answer, decode_reply(answer.payload))
        answer = self.frame(proof.command, SecurityBlock.CRYPTOGRAM, handshake.key_kind)
        self.channel.session = open_session(proof, answer, decode_reply(answer.payload))
        return self


@pytest.fixture
def panel() -> Panel:
    return Panel()


@pytest.fixture
def secure(panel: Panel) -> Panel:
    return panel.open()


def test_without_a_session_it_tells_who_it_is_and_nothing_else(panel: Panel) -> None:
    assert panel.ask(AskIdentity()) == panel.device.identity
    assert panel.ask(AskCapabilities()) == panel.device.capabilities
    for command in (Poll(), AskInputs(), SetOutput(0, 2), KeySet(NEW_KEY), ComSet(2, 9600)):
        assert panel.ask(command) == Nak(NakCode.SECURITY_REQUIRED)
    assert panel.device.outputs == (False, False)
    assert panel.board.config == PeripheralConfig(1, KEY)


def test_in_a_session_it_answers_every_question(secure: Panel) -> None:
    secure.device.set_input(1, True)
    assert secure.ask(Poll()) == Inputs((False, True, False))
    assert secure.ask(Poll()) == Ack()
    assert secure.ask(AskInputs()) == Inputs((False, True, False))
    assert secure.ask(AskOutputs()) == Outputs((False, False))
    assert secure.ask(AskLocalStatus()) == LocalState(tamper=False, power_failure=False)
    assert secure.ask(AskReaders()) == Readers((0,))
    assert secure.board.is_secure


def test_a_repeated_command_gets_the_same_bytes_and_acts_once(secure: Panel) -> None:
    secure.device.press("12")
    sealed = secure.channel.seal(Poll())
    first = secure.raw(sealed.raw)
    assert secure.raw(sealed.raw) == first
    assert secure.channel.open(Decoder().feed(first)[0]) == Keys(0, b"12")
    secure.channel.next()
    assert secure.ask(Poll()) == Ack()


def test_a_wrong_sequence_is_refused(panel: Panel) -> None:
    panel.ask(AskIdentity())
    answer = panel.raw(encode_frame(Frame(1, False, 3, AskIdentity().encode())))
    assert decode_reply(Decoder().feed(answer)[0].payload) == Nak(NakCode.BAD_SEQUENCE)


def test_sequence_0_ends_the_session(secure: Panel) -> None:
    secure.channel = PanelChannel(1, Check.CRC16)
    assert secure.ask(AskIdentity()) == secure.device.identity
    assert not secure.board.is_secure


def test_silence_of_eight_seconds_ends_the_session(secure: Panel) -> None:
    assert secure.board.is_online(secure.now_ns)
    secure.now_ns += 8 * SECOND
    secure.board.step(secure.now_ns)
    assert not secure.board.is_secure
    assert not secure.board.is_online(secure.now_ns)


def test_a_clear_command_in_a_session_is_refused_and_ends_it(secure: Panel) -> None:
    clear = encode_frame(Frame(1, False, 3, SetOutput(0, 2).encode()))
    secure.ask(Poll())
    secure.ask(Poll())
    answer = Decoder().feed(secure.raw(clear))
    if answer and answer[0].sequence == 3:
        assert decode_reply(answer[0].payload) in (Nak(6), Nak(4))
    assert secure.device.outputs == (False, False)


def test_other_addresses_and_replies_are_passed_over(panel: Panel) -> None:
    assert panel.raw(encode_frame(Frame(2, False, 0, AskIdentity().encode()))) == b""
    assert panel.raw(encode_frame(Frame(1, True, 0, b"\x40"))) == b""
    assert panel.raw(encode_frame(Frame(BROADCAST, False, 0, AskIdentity().encode()))) != b""


def test_a_checksum_is_answered_with_a_checksum(panel: Panel) -> None:
    raw = encode_frame(Frame(1, False, 0, AskIdentity().encode(), Check.CHECKSUM))
    assert Decoder().feed(panel.raw(raw))[0].check is Check.CHECKSUM


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"\xee", NakCode.UNKNOWN_COMMAND), (b"\x61\x00\x00", NakCode.BAD_LENGTH)],
)
def test_what_it_cannot_read_is_refused_by_name(
    panel: Panel, payload: bytes, code: NakCode
) -> None:
    answer = panel.raw(encode_frame(Frame(1, False, 0, payload)))
    assert decode_reply(Decoder().feed(answer)[0].payload) == Nak(code)


def test_a_busy_board_says_so_without_touching_the_session(secure: Panel) -> None:
    secure.device.busy_until_ns = 5 * MS
    sealed = secure.channel.seal(SetOutput(0, OutputControl.ON_NOW))
    (busy,) = Decoder().feed(secure.raw(sealed.raw))
    assert (busy.sequence, decode_reply(busy.payload)) == (0, Busy())
    secure.now_ns = 5 * MS
    (done,) = Decoder().feed(secure.raw(sealed.raw))
    assert secure.channel.open(done) == Ack()
    assert secure.device.outputs == (True, False)


def test_a_new_key_holds_from_the_next_handshake_on(secure: Panel) -> None:
    assert secure.ask(KeySet(NEW_KEY)) == Ack()
    assert not secure.board.is_secure
    secure.open(NEW_KEY)
    assert secure.ask(Poll()) == Ack()
    assert secure.device.take_changes() == (KeyInstalled(),)


def test_a_new_address_holds_after_the_answer(secure: Panel) -> None:
    assert secure.ask(ComSet(9, 9600)) == Communication(9, 9600)
    assert secure.board.config.address == 9
    assert secure.device.take_changes() == (CommunicationSet(9, 9600),)


def test_half_a_frame_is_forgotten_after_the_character_gap(panel: Panel) -> None:
    raw = encode_frame(Frame(1, False, 0, AskIdentity().encode()))
    step = panel.board.step(0, raw[:6])
    assert step.wake_ns == 20 * MS
    panel.now_ns = 20 * MS
    assert panel.raw(raw) != b""


@given(st.lists(st.binary(max_size=60), max_size=12))
def test_anything_at_all_moves_no_output(chunks: list[bytes]) -> None:
    panel = Panel()
    panel.open()
    for chunk in chunks:
        panel.raw(chunk)
        panel.now_ns += 30 * MS
    assert panel.device.outputs == (False, False)
    assert panel.device.take_changes() == ()


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([(OutputControl.ON_NOW, 0)], [True, True]),
        ([(OutputControl.ON_NOW, 0), (OutputControl.OFF_NOW, 0)], [False, False]),
        ([(OutputControl.ON_TIMED, 10)], [True, False]),
        ([(OutputControl.ON_NOW, 0), (OutputControl.OFF_TIMED, 10)], [False, True]),
        ([(OutputControl.ON_TIMED, 10), (OutputControl.ON_AFTER_TIMED, 0)], [True, True]),
        (
            [
                (OutputControl.ON_NOW, 0),
                (OutputControl.ON_TIMED, 10),
                (OutputControl.OFF_AFTER_TIMED, 0),
            ],
            [True, False],
        ),
        ([(OutputControl.ON_TIMED, 10), (OutputControl.OFF_NOW, 0)], [False, False]),
        ([(OutputControl.ON_NOW, 0), (OutputControl.NO_CHANGE, 0)], [True, True]),
    ],
)
def test_an_output_shows_this_at_once_and_after_a_second(
    steps: list[tuple[OutputControl, int]], expected: list[bool]
) -> None:
    device = VirtualDevice()
    for control, time_100ms in steps:
        assert device.handle(SetOutput(1, control, time_100ms), 0) == Ack()
    shown = [device.outputs[1]]
    device.run_timers(SECOND)
    assert [*shown, device.outputs[1]] == expected


@pytest.mark.parametrize("command", [SetOutput(2, 1), SetOutput(0, 9)])
def test_an_output_or_control_that_is_not_there_is_refused(command: SetOutput) -> None:
    assert VirtualDevice().handle(command, 0) == Nak(NakCode.BAD_RECORD)


def test_a_pulse_is_noted_and_reported_at_both_ends() -> None:
    device = VirtualDevice()
    device.handle(SetOutput(0, OutputControl.ON_TIMED, 5), 0)
    assert device.next_timer_ns() == 500 * MS
    assert device.next_report(499 * MS) == Outputs((True, False))
    assert device.next_report(500 * MS) == Outputs((False, False))
    assert device.take_changes() == (OutputChanged(0, True), OutputChanged(0, False))
    assert device.next_timer_ns() is None


def test_signals_are_shown() -> None:
    device = VirtualDevice()
    signals: list[SetLed | Buzz | ShowText] = [SetLed(), Buzz(), ShowText("HELLO")]
    assert [device.handle(signal, 0) for signal in signals] == [Ack()] * 3
    assert device.take_changes() == tuple(SignalShown(signal) for signal in signals)


def test_only_changes_are_reported() -> None:
    device = VirtualDevice(inputs=1)
    for active in (True, True, False):
        device.set_input(0, active)
    device.set_local(tamper=True)
    device.set_local(tamper=True)
    reports = [device.next_report(0) for _ in range(4)]
    assert reports == [Inputs((True,)), Inputs((False,)), LocalState(True, False), None]


def test_long_key_sequences_come_in_parts() -> None:
    device = VirtualDevice()
    device.press("1" * 40)
    parts = [device.next_report(0), device.next_report(0)]
    assert parts == [Keys(0, b"1" * 32), Keys(0, b"1" * 8)]


@pytest.mark.parametrize(
    "misuse",
    [lambda device: device.press("12A"), lambda device: device.present_card(26, b"123")],
)
def test_what_a_door_cannot_do_is_refused(misuse: Callable[[VirtualDevice], None]) -> None:
    with pytest.raises(ValueError, match=r"not on this keypad|26 bits take 4 bytes"):
        misuse(VirtualDevice())
