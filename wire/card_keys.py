"""Keys of cards that prove themselves with a secret they share: 16 bytes, one key a card.

AES-128 to most; to FeliCa Lite-S its block CK, two DES keys, as it is written to the card.
A card's key is made from a master and the card's own number (NXP AN10922, 2.2: AES-128 key
diversification by CMAC), so that a controller that was taken yields the keys of the cards granted
there, and never the master from which all others follow.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

CARD_KEY_LEN: Final = 16
_AES128: Final = b"\x01"
_INPUT_MAX: Final = 31


def aes_cmac(key: bytes, message: bytes) -> bytes:
    """Give the AES-CMAC of a message: 16 bytes (NIST SP 800-38B). `key` has 16 bytes."""
    if len(key) != CARD_KEY_LEN:
        raise ValueError("a card's key has 16 bytes")
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


def diversified_key(master: bytes, number: bytes, application: bytes = b"") -> bytes:
    """Give a card's own key: 16 bytes. `number` is its UID (or other number), `application` what
    sets this use apart: the AID and a system identifier. Together they have 1 to 31 bytes.

    The input is padded to two blocks before the MAC, as the note demands of short ones.
    """
    given = number + application
    if not number or len(given) > _INPUT_MAX:
        raise ValueError("number and application have 1 to 31 bytes together")
    if len(master) != CARD_KEY_LEN:
        raise ValueError("a master key has 16 bytes")
    return _two_block_cmac(master, _AES128 + given)


def _two_block_cmac(key: bytes, message: bytes) -> bytes:
    """AN10922's MAC: CMAC's second subkey and padding, over 32 bytes always."""
    if len(message) == 2 * CARD_KEY_LEN:
        return aes_cmac(key, message)
    if len(message) > CARD_KEY_LEN:
        return aes_cmac(key, message)  # CMAC pads a last block that is not full by itself
    padded = (message + b"\x80").ljust(2 * CARD_KEY_LEN, b"\x00")
    return _cbc_last(key, _xor(padded, bytes(CARD_KEY_LEN) + _second_subkey(key)))


def _second_subkey(key: bytes) -> bytes:
    return _doubled(_doubled(_cbc_last(key, bytes(CARD_KEY_LEN))))


def _doubled(block: bytes) -> bytes:
    value = int.from_bytes(block, "big") << 1
    if value >> 128:
        value = (value & ((1 << 128) - 1)) ^ 0x87
    return value.to_bytes(CARD_KEY_LEN, "big")


def _cbc_last(key: bytes, data: bytes) -> bytes:
    """The last block of AES-CBC with a zero vector."""
    encryptor = Cipher(AES(key), CBC(bytes(CARD_KEY_LEN))).encryptor()
    return (encryptor.update(data) + encryptor.finalize())[-CARD_KEY_LEN:]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
