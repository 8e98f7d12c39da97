"""The secure channel against the standard's example and AES vectors; tampering and replay."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.osdp.codes import SCBK_D, Malformed, OsdpError
from firmware_bridge.osdp.config import ConfigError, PDConfig
from firmware_bridge.osdp.keyring import KeyRing
from firmware_bridge.osdp.secure_channel import (
    SecureSession,
    SessionKeys,
    is_weak,
    pad,
    unpad,
)

# The standard's example: default key, panel random B0..B7, peripheral random A0..A7.
PANEL = bytes.fromhex("b0b1b2b3b4b5b6b7")
PERIPHERAL = bytes.fromhex("a0a1a2a3a4a5a6a7")
# NIST SP 800-38A, F.2.1
NIST_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
NIST_IV = bytes(range(16))
NIST_TEXT = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
NIST_LAST = bytes.fromhex("3ff1caa1681fac09120eca307586e1a7")


def nist_session(reply_mac: bytes = NIST_IV) -> SecureSession:
    return SecureSession(SessionKeys(NIST_KEY, NIST_KEY, NIST_KEY), reply_mac)


def pair() -> tuple[SecureSession, SecureSession]:
    keys = SessionKeys.derive(bytes(range(100, 116)), PANEL)
    return SecureSession(keys, bytes(16)), SecureSession(keys, bytes(16))


def test_session_keys_match_the_standards_example() -> None:
    keys = SessionKeys.derive(SCBK_D, PANEL)
    assert keys.mac1.hex() == "5e86c676603bdee2d8beafe178637332"
    assert keys.mac2.hex() == "6fda86e857777e81132035758239172e"
    assert keys.encryption.hex() == "bf8dc2a8329acb8c67c6d0cd9a451682"


def test_cryptograms_and_the_first_mac_match_the_standards_example() -> None:
    keys = SessionKeys.derive(SCBK_D, PANEL)
    server = keys.server_cryptogram(PANEL, PERIPHERAL)
    assert server.hex() == "26d3356e07762d262801fc8e6665a891"
    assert keys.client_cryptogram(PANEL, PERIPHERAL).hex() == "fde5d2f428ec16312471ea3c02bd7796"
    assert keys.initial_mac(server).hex() == "b2a30057eb98ba2229ec1f875662b524"


def test_a_mac_over_whole_blocks_matches_the_aes_vectors() -> None:
    assert nist_session().sign_command(NIST_TEXT) == NIST_LAST[:4]


def test_a_mac_over_a_part_of_a_block_is_padded() -> None:
    assert nist_session().sign_command(bytes(range(15))).hex() == "c5311f3d"


@pytest.mark.parametrize(
    ("data", "encrypted"),
    [
        (bytes(range(15)), "c5311f3d23d086ea86f5ee7f85247b40"),
        (
            bytes(range(16)),
            "7df76b0c1ab899b33e42f047b91b546fe2fe5bd6c1dfcdd19124f03e1a134d3b",
        ),
        (b"", "4c08220c79d9191022dc6674874ceaf8"),
    ],
)
def test_encryption_matches_the_aes_vectors(data: bytes, encrypted: str) -> None:
    session = nist_session(bytes(0xFF - byte for byte in NIST_IV))
    assert session.encrypt_command(data).hex() == encrypted
    assert session.decrypt_command(bytes.fromhex(encrypted)) == data


@given(st.binary(max_size=70))
def test_padding_comes_off_again(data: bytes) -> None:
    padded = pad(data)
    assert len(padded) % 16 == 0
    assert len(padded) > len(data)
    assert unpad(padded) == data


@pytest.mark.parametrize("wrong", [bytes(16), b"\x01" * 16, b"\x80" + bytes(31)])
def test_a_block_without_its_end_marker_is_refused(wrong: bytes) -> None:
    with pytest.raises(OsdpError) as caught:
        unpad(wrong)
    assert caught.value.cause is Malformed.PADDING


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.binary(max_size=40)), max_size=8))
def test_a_conversation_of_any_length_stays_in_step(exchanges: list[tuple[bytes, bytes]]) -> None:
    panel, board = pair()
    for command, answer in exchanges:
        sealed = panel.encrypt_command(command)
        board.verify_command(sealed, panel.sign_command(sealed))
        assert board.decrypt_command(sealed) == command
        sealed = board.encrypt_reply(answer)
        panel.verify_reply(sealed, board.sign_reply(sealed))
        assert panel.decrypt_reply(sealed) == answer


@given(st.binary(min_size=1, max_size=40), st.integers(0))
def test_a_changed_bit_is_noticed_and_leaves_the_chain_as_it_was(data: bytes, at: int) -> None:
    panel, board = pair()
    mac = panel.sign_command(data)
    forged = bytearray(data)
    forged[at % len(data)] ^= 1 << at % 8
    with pytest.raises(OsdpError) as caught:
        board.verify_command(bytes(forged), mac)
    assert caught.value.cause is Malformed.MAC
    board.verify_command(data, mac)


def test_a_replayed_message_is_refused() -> None:
    panel, board = pair()
    first = panel.sign_command(b"open")
    board.verify_command(b"open", first)
    panel.verify_reply(b"ack", board.sign_reply(b"ack"))
    with pytest.raises(OsdpError):
        board.verify_command(b"open", first)


@pytest.mark.parametrize(
    "weak",
    [
        SCBK_D,
        bytes(16),
        b"\xff" * 16,
        bytes(range(16)),
        bytes(range(16, 0, -1)),
        b"\x01\x02" * 8,
        b"short",
        bytes(17),
    ],
)
def test_a_key_that_an_attacker_tries_first_is_refused(weak: bytes) -> None:
    assert is_weak(weak)
    with pytest.raises(ConfigError, match="scbk must be 16 random bytes"):
        PDConfig(1, weak)


def test_random_keys_are_no_weak_keys() -> None:
    rng = random.Random(7)
    assert not any(is_weak(rng.randbytes(16)) for _ in range(2000))


def test_no_key_shows_in_a_repr() -> None:
    key = bytes.fromhex("00112233445566778899aabbccddeeff")[::-1]
    shown = repr((PDConfig(1, key := random.Random(1).randbytes(16)), KeyRing(key)))
    assert repr(key)[2:-1] not in shown
    assert "encryption" not in repr(SessionKeys.derive(key, PANEL))


@pytest.mark.parametrize("address", [-1, 127, 200])
def test_an_address_outside_of_the_bus_is_refused(address: int) -> None:
    with pytest.raises(ConfigError, match=r"use 0\.\.126"):
        PDConfig(address, random.Random(1).randbytes(16))
