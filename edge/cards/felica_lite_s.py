"""The internal authentication of FeliCa Lite-S by MAC_A, under the card's own key. Pure.

We write 16 bytes that we drew into the card's block RC. From these and its key the card makes
session keys, and under them a MAC over the blocks that are read together with block MAC_A: whoever
has the key can check it, and nobody without it could have made it for our bytes (Sony, FeliCa
Lite-S User's Manual, internal authentication; `tests/edge/cards/test_felica_lite_s.py` holds this
file to vectors of nfcpy 1.0.4).

    reader -> card   08 | IDm | 0009 | RC                        Write Without Encryption
    card -> reader   09 | IDm | status
    reader -> card   06 | IDm | 000B | ID, CKV, MAC_A            Read Without Encryption
    card -> reader   07 | IDm | status | 3 | 48 bytes

Numbers on the card are little-endian, 8 bytes at a time: each half of a block is turned round
before it is enciphered, and the MAC after. A card's key here is block CK as it is written to the
card, first byte first.

Imported when the first such card is read: few agents read any, and the others shall not pay for it.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC

from edge.cards.faults import CardError, CardFault

CHALLENGE: Final = 16
KEY: Final = 16
IDM: Final = 8
PROOF: Final = 40
"""Blocks ID and CKV, and the 8 bytes of the MAC over them."""

_HALF: Final = 8
_BLOCK: Final = 16
_WRITE, _WRITTEN = 0x08, 0x09
_READ, _HAS_READ = 0x06, 0x07
_ANY: Final = b"\x0b\x00"
"""The service that reads every block, lowest byte first; the next one writes."""
_WRITABLE: Final = b"\x09\x00"
_RC: Final = 0x80
_PROVING: Final = (0x82, 0x86, 0x91)
"""ID, CKV, MAC_A: in the order in which they are read and the MAC names them."""
_ANSWER_HEAD: Final = 12
"""Length, response code, IDm, two status flags."""
_TOLD: Final = len(_PROVING) * _BLOCK


def write_challenge(idm: bytes, drawn: bytes) -> bytes:
    """Make the frame that gives the card our 16 bytes."""
    return _frame(bytes([_WRITE]) + idm + b"\x01" + _WRITABLE + b"\x01" + _listed(_RC) + drawn)


def read_proof(idm: bytes) -> bytes:
    """Make the frame that asks for ID, CKV and the MAC over them."""
    blocks = b"".join(_listed(number) for number in _PROVING)
    return _frame(bytes([_READ]) + idm + b"\x01" + _ANY + bytes([len(_PROVING)]) + blocks)


def check_written(answer: bytes, idm: bytes) -> None:
    """Raise `CardError` unless the card says that it took our bytes."""
    if _body(answer, _WRITTEN, idm):
        raise CardError(CardFault.WRONG_LENGTH, f"write challenge: {len(answer)} bytes")


def told(answer: bytes, idm: bytes) -> bytes:
    """Give a proof (40 bytes) out of the answer to `read_proof`; raise `CardError`."""
    body = _body(answer, _HAS_READ, idm)
    if len(body) != 1 + _TOLD or body[0] != len(_PROVING):
        raise CardError(CardFault.WRONG_LENGTH, f"read MAC_A: {len(answer)} bytes")
    return body[1 : 1 + PROOF]


def proves(key: bytes, drawn: bytes, proof: bytes) -> bool:
    """Tell whether a proof was made with this key over the bytes that we drew; for any bytes."""
    if (len(key), len(drawn), len(proof)) != (KEY, CHALLENGE, PROOF):
        return False
    return hmac.compare_digest(mac_a(key, drawn, proof[:-_HALF]), proof[-_HALF:])


def mac_a(key: bytes, drawn: bytes, blocks: bytes) -> bytes:
    """Give the card's MAC (8 bytes) over blocks ID and CKV (32 bytes), for the bytes of block RC.

    The session keys are RC enciphered under the card's key. The MAC is the last block of a chain
    that begins with RC's first half and the numbers of the blocks, `FFFF` where a fourth would be.
    """
    challenge = _turned(drawn)
    session = _chained(_turned(key), bytes(_HALF), challenge)
    numbers = b"".join(bytes([number, 0]) for number in _PROVING) + b"\xff\xff"
    return _chained(session, challenge[:_HALF], _turned(numbers + blocks))[: -_HALF - 1 : -1]


def _listed(number: int) -> bytes:
    return bytes([0x80, number])


def _frame(content: bytes) -> bytes:
    return bytes([1 + len(content)]) + content


def _body(answer: bytes, code: int, idm: bytes) -> bytes:
    """Give what follows the status flags; raise `CardError` for what is no such answer."""
    if len(answer) < _ANSWER_HEAD or answer[0] != len(answer):
        raise CardError(CardFault.WRONG_LENGTH, f"FeliCa frame: {len(answer)} bytes")
    if answer[1] != code or answer[2 : 2 + IDM] != idm:
        raise CardError(CardFault.MALFORMED_ANSWER, "FeliCa frame: not the answer")
    if answer[10]:
        raise CardError(CardFault.BAD_STATUS, f"FeliCa: {answer[10]:02X}{answer[11]:02X}")
    return answer[_ANSWER_HEAD:]


def _turned(data: bytes) -> bytes:
    """Turn round each 8 bytes."""
    return b"".join(data[at : at + _HALF][::-1] for at in range(0, len(data), _HALF))


def _chained(key: bytes, vector: bytes, data: bytes) -> bytes:
    """Two-key triple DES in CBC, whole blocks."""
    encryptor = Cipher(TripleDES(key + key[:_HALF]), CBC(vector)).encryptor()
    return encryptor.update(data) + encryptor.finalize()
