"""Frames: the standard's vectors, one byte at a time, noise, bit flips, anything at all."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.osdp.codes import Malformed
from firmware_bridge.osdp.framing import MAX_FRAME_LEN, Check, Decoder, Frame, encode_frame

POLL_65 = bytes.fromhex("5365080004606090")
ID_65 = bytes.fromhex("536509000461 00d97a")


def decode(data: bytes) -> list[Frame]:
    return Decoder().feed(data)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Any frame that OSDP can carry."""
    block = draw(st.none() | st.integers(0x11, 0x18))
    has_mac = block is not None and block >= 0x15
    frame = Frame(
        address=draw(st.integers(0, 0x7F)),
        is_reply=draw(st.booleans()),
        sequence=draw(st.integers(0, 3)),
        payload=draw(st.binary(min_size=1, max_size=64)),
        check=draw(st.sampled_from(Check)),
        block=block,
        block_data=b"" if block is None else draw(st.binary(max_size=3)),
        mac=draw(st.binary(min_size=4, max_size=4)) if has_mac else b"",
    )
    raw = encode_frame(frame)
    signed = raw[: -4 - frame.check.value] if has_mac else b""
    return Frame(
        frame.address,
        frame.is_reply,
        frame.sequence,
        frame.payload,
        frame.check,
        frame.block,
        frame.block_data,
        frame.mac,
        signed,
    )


@pytest.mark.parametrize(
    ("check", "message", "tail"),
    [
        # The standard's examples: COMSET to the broadcast address, ID to address 0.
        (Check.CRC16, "537f0d00046e0080250000", "6e38"),
        (Check.CRC16, "53000900046100", "c066"),
        (Check.CHECKSUM, "537f0c00006e0080250000", "0f"),
        (Check.CHECKSUM, "53000800006100", "44"),
    ],
)
def test_check_characters_match_the_standards_examples(
    check: Check, message: str, tail: str
) -> None:
    assert check.over(bytes.fromhex(message)) == bytes.fromhex(tail)


def test_a_poll_reads_byte_for_byte() -> None:
    # 53 som, 65 address, 0800 length, 04 crc and sequence 0, 60 POLL, 6090 crc
    assert encode_frame(Frame(0x65, False, 0, b"\x60")) == POLL_65
    assert decode(POLL_65) == [Frame(0x65, False, 0, b"\x60")]


def test_an_id_request_reads_byte_for_byte() -> None:
    assert encode_frame(Frame(0x65, False, 0, b"\x61\x00")) == ID_65


@given(frames())
def test_every_frame_survives_the_wire(frame: Frame) -> None:
    assert decode(encode_frame(frame)) == [frame]


@given(st.lists(frames(), max_size=4))
def test_one_byte_at_a_time_gives_the_same_frames(expected: list[Frame]) -> None:
    decoder = Decoder()
    stream = b"\xff".join(encode_frame(frame) for frame in expected)
    found = [frame for byte in stream for frame in decoder.feed(bytes([byte]))]
    assert found == expected
    assert decoder.malformed == {}


@given(frames())
def test_no_single_bit_flip_passes_for_a_frame(frame: Frame) -> None:
    raw = encode_frame(frame)
    for bit in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        decoder = Decoder()
        assert frame not in decoder.feed(bytes(flipped)) + decoder.give_up()


@given(st.binary(max_size=300), frames())
def test_a_frame_behind_noise_is_found_when_the_line_falls_silent(
    noise: bytes, frame: Frame
) -> None:
    decoder = Decoder()
    found = decoder.feed(noise + encode_frame(frame)) + decoder.give_up()
    assert frame in found


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_anything_at_all_is_taken_and_nothing_is_kept_for_ever(chunks: list[bytes]) -> None:
    decoder = Decoder()
    for chunk in chunks:
        decoder.feed(chunk)
    decoder.give_up()
    assert not decoder.is_waiting


def test_mark_bytes_are_no_noise() -> None:
    decoder = Decoder()
    assert len(decoder.feed(b"\xff\xff" + POLL_65 + b"\xff" + POLL_65)) == 2
    assert decoder.malformed == {}


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"\x00\x01\x02", Malformed.NOISE),
        (flip(POLL_65, 7), Malformed.CHECK),
        (bytes.fromhex("5365070004"), Malformed.LENGTH),
        (
            bytes.fromhex("5365") + (MAX_FRAME_LEN + 1).to_bytes(2, "little") + b"\x04",
            Malformed.LENGTH,
        ),
        (POLL_65[:-1], Malformed.TRUNCATED),
        (
            encode_frame(Frame(1, False, 0, b"", Check.CRC16, 0x15, b"", bytes(4))),
            Malformed.LENGTH,
        ),
    ],
)
def test_every_malformed_input_is_counted_under_its_cause(data: bytes, cause: Malformed) -> None:
    decoder = Decoder()
    assert decoder.feed(data) + decoder.give_up() == []
    assert decoder.malformed[cause] == 1


def test_a_security_block_that_leaves_no_payload_is_counted_under_its_cause() -> None:
    message = bytes.fromhex("53010a000c") + bytes([3, 0x11, 1])
    decoder = Decoder()
    assert decoder.feed(message + Check.CRC16.over(message)) == []
    assert decoder.malformed[Malformed.SECURITY_BLOCK] == 1


def test_a_frame_inside_a_broken_frame_is_still_found() -> None:
    broken = bytes.fromhex("5301200004") + POLL_65 + bytes(19)
    assert decode(broken) == [Frame(0x65, False, 0, b"\x60")]


def test_all_sequences_and_checks_are_carried() -> None:
    for sequence, check in itertools.product(range(4), Check):
        frame = Frame(3, True, sequence, b"\x40", check)
        assert decode(encode_frame(frame)) == [frame]
