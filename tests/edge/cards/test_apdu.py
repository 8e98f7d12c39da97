"""Commands and answers, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.cards.apdu import Answer, decode_answer, encode_command, get_response, with_le
from edge.cards.faults import CardError, CardFault

HEADER = bytes.fromhex("00A40400")


@pytest.mark.parametrize(
    ("data", "le", "expected"),
    [
        (b"", None, "00A40400"),
        (b"", 256, "00A4040000"),
        (b"", 16, "00A4040010"),
        (b"\x01\x02", None, "00A40400020102"),
        (b"\x01\x02", 256, "00A4040002010200"),
    ],
)
def test_the_four_cases_of_a_short_command(data: bytes, le: int | None, expected: str) -> None:
    assert encode_command(HEADER, data, le).hex().upper() == expected


@pytest.mark.parametrize(
    ("header", "data", "le"),
    [(b"\x00", b"", None), (HEADER, bytes(256), None), (HEADER, b"", 0), (HEADER, b"", 257)],
)
def test_a_command_that_cannot_be_written_is_refused(
    header: bytes, data: bytes, le: int | None
) -> None:
    with pytest.raises(ValueError, match="command"):
        encode_command(header, data, le)


def test_follow_ups_ask_for_what_the_card_offers() -> None:
    assert with_le(bytes.fromhex("FFCA000000"), 7).hex() == "ffca000007"
    assert get_response(0x00, 0x1C).hex() == "00c000001c"


@given(st.binary(max_size=300))
def test_an_answer_is_split_or_named(raw: bytes) -> None:
    try:
        answer = decode_answer(raw)
    except CardError as error:
        assert error.fault is CardFault.MALFORMED_ANSWER
        assert not 2 <= len(raw) <= 258 or raw[-2] >> 4 not in (6, 9)
    else:
        assert answer == Answer(raw[:-2], int.from_bytes(raw[-2:], "big"))


def test_the_data_of_an_answer_is_not_shown() -> None:
    assert "a1b2" not in repr(decode_answer(bytes.fromhex("A1B29000"))).lower()
