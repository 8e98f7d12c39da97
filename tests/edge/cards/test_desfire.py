"""AuthenticateEV2First: a published run, and every way in which it must not hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.cards.desfire import Transcript, decrypted, our_half, proves

KEY = bytes(16)
DRAWN = bytes.fromhex("13c5db8a5930439fc3def9a4c675360f")
RUN = Transcript(
    asked=bytes.fromhex("a04c124213c186f22399d33ac2a30215"),
    sent=bytes.fromhex("35c3e05a752e0144bac0de51c1f22c56b34408a23d8aea266cab947ea8e0118d"),
    answered=bytes.fromhex("3fa64db5446d1f34cd6ea311167f5e4985b89690c04a05f17fa7ab2f08120663"),
)
"""NXP AN12196, 5.6: AuthenticateEV2First with a key of zeros."""


def test_the_published_run_is_what_we_would_have_said() -> None:
    assert decrypted(KEY, RUN.asked).hex() == "b9e2fc789b64bf237cccaa20ec7e6e48"
    assert our_half(KEY, RUN.asked, DRAWN) == RUN.sent


def test_the_published_run_proves_the_key() -> None:
    assert proves(KEY, DRAWN, RUN)
    assert Transcript.parted(RUN.joined()) == RUN


@given(place=st.integers(0, 79), bit=st.integers(0, 7))
def test_a_run_with_any_bit_turned_that_matters_proves_nothing(place: int, bit: int) -> None:
    """Bytes of the last block carry capabilities, not the proof."""
    data = bytearray(RUN.joined())
    data[place] ^= 1 << bit
    holds = proves(KEY, DRAWN, Transcript.parted(bytes(data)))
    told = decrypted(KEY, bytes(data[48:]))[4:20] == DRAWN[1:] + DRAWN[:1]
    assert holds == (place >= 48 and told)


@given(key=st.binary(min_size=16, max_size=16).filter(lambda key: key != KEY))
def test_another_key_proves_nothing(key: bytes) -> None:
    assert not proves(key, DRAWN, RUN)


def test_a_run_for_another_tap_proves_nothing() -> None:
    assert not proves(KEY, bytes(16), RUN)
