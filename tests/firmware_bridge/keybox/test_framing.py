"""Frames: stuffing, crc, and a decoder that loses nothing but what is broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.keybox.codes import MAX_FRAME, Malformed
from firmware_bridge.keybox.framing import (
    Decoder,
    Frame,
    cobs_decode,
    cobs_encode,
    crc16,
    encode_frame,
)

FRAMES = st.builds(
    Frame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=MAX_FRAME - 5)
)


def test_the_crc_is_the_catalogued_one() -> None:
    """CRC-16/IBM-3740 (also CCITT-FALSE): its check value over the ASCII digits 1 to 9."""
    assert crc16(b"123456789") == b"\x29\xb1"


@pytest.mark.parametrize(
    ("data", "coded"),
    [
        ("00", "0101"),
        ("0000", "010101"),
        ("00 11 00", "01021101"),
        ("11 22 00 33", "0311220233"),
        ("11 22 33 44", "0511223344"),
        ("11 00 00 00", "021101 0101"),
    ],
)
def test_stuffing_is_that_of_cheshire_and_baker(data: str, coded: str) -> None:
    assert cobs_encode(bytes.fromhex(data)) == bytes.fromhex(coded)


def test_long_blocks_are_stuffed_as_published() -> None:
    run = bytes(range(1, 255))
    assert cobs_encode(run) == b"\xff" + run
    assert cobs_encode(b"\x00" + run) == b"\x01\xff" + run
    assert cobs_encode(run + b"\xff") == b"\xff" + run + b"\x02\xff"
    assert cobs_encode(run + b"\x00") == b"\xff" + run + b"\x01\x01"


@given(st.binary(max_size=700))
def test_stuffing_leaves_no_zero_and_comes_back(data: bytes) -> None:
    coded = cobs_encode(data)
    assert 0 not in coded
    assert len(coded) <= len(data) + len(data) // 254 + 1
    assert cobs_decode(coded) == data


@given(st.binary(max_size=600))
def test_unstuffing_survives_any_bytes(coded: bytes) -> None:
    try:
        data = cobs_decode(coded)
    except ValueError:
        return
    assert cobs_decode(cobs_encode(data)) == data


@given(st.lists(FRAMES, max_size=5), st.data())
def test_frames_come_through_in_any_pieces(frames: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(map(encode_frame, frames))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    decoder, found = Decoder(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += decoder.feed(stream[start:end])
    assert found == frames
    assert not decoder.malformed


def test_a_frame_comes_through_byte_by_byte() -> None:
    frame = Frame(0x10, 7, bytes(range(256)))
    decoder = Decoder()
    found = [one for byte in encode_frame(frame) for one in decoder.feed(bytes([byte]))]
    assert found == [frame]


@given(FRAMES, st.integers(0, 10_000))
def test_a_frame_with_a_flipped_bit_is_never_taken_for_itself(frame: Frame, place: int) -> None:
    data = bytearray(encode_frame(frame))
    bit = place % ((len(data) - 1) * 8)
    data[bit // 8] ^= 1 << bit % 8
    assert frame not in Decoder().feed(bytes(data))


@given(st.binary(max_size=2_000), FRAMES)
def test_after_any_noise_the_next_frame_is_heard(noise: bytes, frame: Frame) -> None:
    decoder = Decoder()
    decoder.feed(noise + b"\x00")
    assert decoder.feed(encode_frame(frame)) == [frame]


def test_each_sort_of_rubbish_is_counted_by_its_name() -> None:
    decoder = Decoder()
    other = b"\x02\x10\x01"
    for part in (
        b"\x01" * 2_000,
        cobs_encode(b"\x01\x10" + crc16(b"\x01\x10")),
        b"\x05\x01",
        cobs_encode(b"\x01\x10\x01xx"),
        cobs_encode(other + crc16(other)),
        b"",
    ):
        assert decoder.feed(part + b"\x00") == []
    assert decoder.malformed == {
        Malformed.TOO_LONG: 1,
        Malformed.TOO_SHORT: 1,
        Malformed.CODING: 1,
        Malformed.CRC: 1,
        Malformed.VERSION: 1,
    }


def test_a_frame_has_at_most_512_bytes() -> None:
    longest = Frame(0x10, 1, bytes(MAX_FRAME - 5))
    assert Decoder().feed(encode_frame(longest)) == [longest]
    with pytest.raises(ValueError, match="at most 512"):
        encode_frame(Frame(0x10, 1, bytes(MAX_FRAME - 4)))
