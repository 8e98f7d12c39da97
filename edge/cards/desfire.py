"""AuthenticateEV2First of DESFire EV2, EV3 and their like, with an AES-128 key. Pure.

The card proves its key by turning round bytes that we drew, we prove ours by turning round the
card's (NXP MF3D(H)x2, 9.2.5). The whole exchange is the proof: whoever has the key can check it,
and nobody without it could have made the card's half.

    reader -> card   71 | key number | 00
    card -> reader   E(K, RndB)                                        91AF
    reader -> card   AF | E(K, RndA | RndB <<< 8)
    card -> reader   E(K, TI | RndA <<< 8 | PDcap2 | PCDcap2)          9100
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

BLOCK: Final = 16
MORE_FRAMES: Final = 0x91AF
DONE: Final = 0x9100
AUTHENTICATION_ERROR: Final = 0x91AE
_TI: Final = 4


@dataclass(frozen=True, slots=True)
class Transcript:
    """What went over the air after the first command: 16, 32 and 32 bytes."""

    asked: bytes = field(repr=False)
    sent: bytes = field(repr=False)
    answered: bytes = field(repr=False)

    def joined(self) -> bytes:
        """The whole as bytes: 80."""
        return self.asked + self.sent + self.answered

    @classmethod
    def parted(cls, data: bytes) -> Transcript:
        """Read it back; raise `ValueError` unless it has 80 bytes."""
        if len(data) != 5 * BLOCK:
            raise ValueError("a transcript has 80 bytes")
        return cls(data[:BLOCK], data[BLOCK : 3 * BLOCK], data[3 * BLOCK :])


def first_command(key_number: int) -> bytes:
    """Make the command that begins, wrapped in ISO 7816-4: key 0 to 13, no capabilities."""
    return bytes([0x90, 0x71, 0x00, 0x00, 0x02, key_number, 0x00, 0x00])


def second_command(sent: bytes) -> bytes:
    """Make the command that carries our half: 32 bytes."""
    return bytes([0x90, 0xAF, 0x00, 0x00, len(sent)]) + sent + b"\x00"


def our_half(key: bytes, asked: bytes, drawn: bytes) -> bytes:
    """Give E(K, RndA | RndB turned round): `asked` is what the card sent, `drawn` our RndA."""
    card_drew = decrypted(key, asked)
    return encrypted(key, drawn + turned(card_drew))


def proves(key: bytes, drawn: bytes, given: Transcript) -> bool:
    """Tell whether the exchange was made with this key and our RndA, by both sides."""
    if len(key) != BLOCK or len(drawn) != BLOCK:
        return False
    card_drew = decrypted(key, given.asked)
    if decrypted(key, given.sent) != drawn + turned(card_drew):
        return False
    return decrypted(key, given.answered)[_TI : _TI + BLOCK] == turned(drawn)


def turned(block: bytes) -> bytes:
    """Give the bytes turned round by one to the left."""
    return block[1:] + block[:1]


def encrypted(key: bytes, data: bytes) -> bytes:
    """AES-CBC with a zero vector, as the authentication uses it: whole blocks."""
    encryptor = Cipher(AES(key), CBC(bytes(BLOCK))).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def decrypted(key: bytes, data: bytes) -> bytes:
    """The same undone."""
    decryptor = Cipher(AES(key), CBC(bytes(BLOCK))).decryptor()
    return decryptor.update(data) + decryptor.finalize()
