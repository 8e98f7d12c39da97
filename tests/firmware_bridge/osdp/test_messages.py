"""Commands and replies: bytes and back, and every misfit refused by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.osdp import commands as c
from firmware_bridge.osdp import replies as r
from firmware_bridge.osdp.codes import CommandCode, Malformed, OsdpError, ReplyCode
from firmware_bridge.osdp.command_reader import decode_command
from firmware_bridge.osdp.reply_reader import decode_reply
from firmware_bridge.osdp.reports import key_names

byte = st.integers(0, 0xFF)
word = st.integers(0, 0xFFFF)
long = st.integers(0, 0xFFFFFFFF)
key = st.binary(min_size=16, max_size=16)
nonce = st.binary(min_size=8, max_size=8)
text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=32)

COMMANDS: st.SearchStrategy[c.Command] = st.one_of(
    st.sampled_from(
        [
            c.Poll(),
            c.AskIdentity(),
            c.AskCapabilities(),
            c.AskLocalStatus(),
            c.AskInputs(),
            c.AskOutputs(),
            c.AskReaders(),
            c.Abort(),
        ]
    ),
    st.builds(c.SetOutput, byte, byte, word),
    st.builds(
        c.SetLed,
        byte,
        byte,
        st.builds(c.TemporaryLed, byte, byte, byte, byte, byte, word),
        st.builds(c.PermanentLed, byte, byte, byte, byte, byte),
    ),
    st.builds(c.Buzz, byte, byte, byte, byte, byte),
    st.builds(c.ShowText, text, byte, byte, byte, byte, byte),
    st.builds(c.ComSet, byte, long),
    st.builds(c.KeySet, key),
    st.builds(c.Challenge, nonce),
    st.builds(c.ServerCryptogram, key),
    st.builds(c.PanelBufferSize, word),
    st.builds(
        lambda file_type, before, fragment, after: c.FileFragment(
            file_type, before + len(fragment) + after, before, fragment
        ),
        byte,
        word,
        st.binary(max_size=200),
        word,
    ),
)


@st.composite
def raw_cards(draw: st.DrawFn) -> r.RawCard:
    bits = draw(st.integers(0, 512))
    size = (bits + 7) // 8
    return r.RawCard(draw(byte), draw(byte), bits, draw(st.binary(min_size=size, max_size=size)))


REPLIES: st.SearchStrategy[r.Reply] = st.one_of(
    st.sampled_from([r.Ack(), r.Busy()]),
    st.builds(r.Nak, byte, st.binary(max_size=4)),
    st.builds(r.Identity, st.integers(0, 0xFFFFFF), byte, byte, long, st.tuples(byte, byte, byte)),
    st.builds(r.Capabilities, st.lists(st.builds(r.Capability, byte, byte, byte)).map(tuple)),
    st.builds(r.LocalState, st.booleans(), st.booleans()),
    st.builds(r.Inputs, st.lists(st.booleans()).map(tuple)),
    st.builds(r.Outputs, st.lists(st.booleans()).map(tuple)),
    st.builds(r.Readers, st.lists(byte).map(tuple)),
    raw_cards(),
    st.builds(r.FormattedCard, byte, byte, st.binary(max_size=64)),
    st.builds(r.Keys, byte, st.binary(max_size=64)),
    st.builds(r.Communication, byte, long),
    st.builds(r.ClientCryptogram, nonce, nonce, key),
    st.builds(r.InitialMac, key),
    st.builds(
        r.FileStatus,
        st.integers(-0x8000, 0x7FFF),
        word,
        word,
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
)


@given(COMMANDS)
def test_every_command_survives_its_bytes(command: c.Command) -> None:
    assert decode_command(command.encode()) == (command,)


@given(REPLIES)
def test_every_reply_survives_its_bytes(reply: r.Reply) -> None:
    assert decode_reply(reply.encode()) == reply


@given(st.binary(max_size=80))
def test_any_payload_is_a_message_or_a_named_error(payload: bytes) -> None:
    for decode in (decode_command, decode_reply):
        try:
            decode(payload)
        except OsdpError as error:
            assert error.cause in (Malformed.PAYLOAD, Malformed.UNKNOWN_CODE)


@pytest.mark.parametrize("code", list(CommandCode))
def test_a_command_with_a_byte_too_many_is_refused(code: CommandCode) -> None:
    with pytest.raises(OsdpError):
        decode_command(bytes([code]) + bytes(41))


@pytest.mark.parametrize("code", sorted(set(ReplyCode) - {0x41, 0x49, 0x4A, 0x4B, 0x46}))
def test_a_reply_of_the_wrong_length_is_refused(code: ReplyCode) -> None:
    with pytest.raises(OsdpError):
        decode_reply(bytes([code]) + bytes([7] * 11))


def test_an_output_command_reads_byte_for_byte() -> None:
    # 68 OUT, output 1, control 5 (on, timed), 300 x 100 ms little-endian: sixteen bits, not eight
    assert c.SetOutput(1, 5, 300).encode() == bytes.fromhex("6801052c01")


def test_several_records_of_one_command_become_several_commands() -> None:
    payload = bytes.fromhex("68 00020000 01050a00")
    assert decode_command(payload) == (c.SetOutput(0, 2, 0), c.SetOutput(1, 5, 10))


def test_a_card_reads_byte_for_byte() -> None:
    # 50 RAW, reader 0, format 1, 26 bits little-endian, the bits left-aligned
    payload = bytes.fromhex("50 00 01 1a00 3a5f1c40")
    assert decode_reply(payload) == r.RawCard(0, 1, 26, bytes.fromhex("3a5f1c40"))


def test_keys_are_named_as_a_keypad_shows_them() -> None:
    assert key_names(b"0123456789\r\x7f#*A") == "0123456789#*#*?"


@pytest.mark.parametrize(
    "command",
    [c.SetOutput(256, 1), c.SetOutput(0, 1, 65536), c.SetOutput(-1, 1), c.Buzz(count=300)],
)
def test_a_number_that_does_not_fit_is_refused_before_the_wire(command: c.Command) -> None:
    with pytest.raises(OsdpError, match="payload"):
        command.encode()


@pytest.mark.parametrize("wrong", ["x" * 33, "鍵", "a\nb"])
def test_text_that_a_display_cannot_show_is_refused(wrong: str) -> None:
    with pytest.raises(OsdpError):
        c.ShowText(wrong)


def test_no_key_shows_in_a_repr() -> None:
    assert "deadbeef" not in repr(c.KeySet(bytes.fromhex("deadbeef" * 4)))
    assert "\\xde" not in repr(c.KeySet(bytes.fromhex("deadbeef" * 4)))


def test_a_nak_says_its_error_in_words() -> None:
    assert r.Nak(6).name == "security_required"
    assert r.Nak(200).name == "error_200"
