"""Keys that cards share: NIST's and NXP's published vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.card_keys import aes_cmac, diversified_key

NIST_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")


@pytest.mark.parametrize(
    ("message", "mac"),
    [
        ("", "bb1d6929e95937287fa37d129b756746"),
        ("6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c"),
        (
            "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
            "dfa66747de9ae63030ca32611497c827",
        ),
    ],
)
def test_the_cmac_is_that_of_sp_800_38b(message: str, mac: str) -> None:
    assert aes_cmac(NIST_KEY, bytes.fromhex(message)).hex() == mac


def test_the_diversified_key_is_that_of_an10922() -> None:
    """Section 2.2.1, the example of AES-128: UID, AID 3042F5, system identifier `NXP Abu`."""
    master = bytes.fromhex("00112233445566778899aabbccddeeff")
    uid = bytes.fromhex("04782e21801d80")
    application = bytes.fromhex("3042f5") + b"NXP Abu"
    made = diversified_key(master, uid, application)
    assert made.hex() == "a8dd63a3b89d54b37ca802473fda9175"


@given(
    master=st.binary(min_size=16, max_size=16),
    one=st.binary(min_size=1, max_size=20),
    other=st.binary(min_size=1, max_size=20),
)
def test_two_numbers_have_two_keys(master: bytes, one: bytes, other: bytes) -> None:
    same = diversified_key(master, one) == diversified_key(master, other)
    assert same == (one == other)


@pytest.mark.parametrize(
    ("master", "number", "application"),
    [(bytes(15), b"1", b""), (bytes(16), b"", b"x"), (bytes(16), bytes(20), bytes(12))],
)
def test_what_makes_no_key_is_refused(master: bytes, number: bytes, application: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        diversified_key(master, number, application)
