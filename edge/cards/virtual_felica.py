"""A FeliCa Lite-S card of software, behind a reader that passes frames through.

Its MAC is reckoned in another way than `edge.cards.felica_lite_s` checks it: block by block, in
numbers, so that a slip in one of the two shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

from edge.cards.atr import storage_atr

_OK: Final = b"\x90\x00"
_FAILED: Final = b"\x63\x00"
_NO_INSTRUCTION: Final = b"\x6d\x00"
_RC, _ID, _CKV, _MAC_A = 0x80, 0x82, 0x86, 0x91
_REFUSED: Final = b"\xff\xa8"
"""Status flags: no such block, or not so."""


@dataclass(slots=True)
class FelicaLiteSCard:
    """A card with its key written: what the internal authentication needs of it.

    `key` = block CK as it was written, 16 bytes; `head` leads a frame on its way to the card,
    `answer_head` on its way back, as of readers that pass on another chip's commands.
    """

    idm: bytes
    key: bytes = field(repr=False)
    key_version: int = 1
    head: bytes = b""
    answer_head: bytes = b""
    challenge: bytes | None = field(default=None, repr=False)

    @property
    def atr(self) -> bytes:
        """What readers give every FeliCa card."""
        return storage_atr(0x11, 0x003B)

    def reset(self) -> None:
        """Forget the challenge, as without power."""
        self.challenge = None

    def answer(self, command: bytes) -> bytes | None:
        """Answer GET DATA as a reader does, and FeliCa's two commands; refuse the rest."""
        if command[:4] == b"\xff\xca\x00\x00":
            return self.idm + _OK
        if command[:4] != b"\xff\x00\x00\x00":
            return _NO_INSTRUCTION
        passed = command[5 : 5 + command[4]]
        frame = passed[len(self.head) :]
        if not passed.startswith(self.head) or len(frame) < 16 or frame[0] != len(frame):
            return _FAILED
        if frame[2:10] != self.idm:
            return _FAILED  # the card is silent: it is not meant
        answer = self._written(frame) if frame[1] == 0x08 else self._read(frame)
        return self.answer_head + bytes([1 + len(answer)]) + answer + _OK

    def _written(self, frame: bytes) -> bytes:
        taken = frame[10:16] == bytes([1, 9, 0, 1, 0x80, _RC]) and len(frame) == 32
        if taken:
            self.challenge = frame[16:]
        return b"\x09" + self.idm + (b"\x00\x00" if taken else _REFUSED)

    def _read(self, frame: bytes) -> bytes:
        numbers = list(frame[15::2])
        whole = len(numbers) == frame[13] <= 4 and frame[10:13] == b"\x01\x0b\x00"
        if frame[1] != 0x06 or not whole or not {*numbers} <= {_ID, _CKV, _MAC_A}:
            return b"\x07" + self.idm + _REFUSED
        if self.challenge is None and _MAC_A in numbers:
            return b"\x07" + self.idm + _REFUSED
        blocks = b"".join(self._block(number, numbers) for number in numbers)
        return b"\x07" + self.idm + b"\x00\x00" + bytes([len(numbers)]) + blocks

    def _block(self, number: int, numbers: list[int]) -> bytes:
        if number == _ID:
            return self.idm + bytes(8)
        if number == _CKV:
            return self.key_version.to_bytes(2, "little") + bytes(14)
        over = [self._block(one, numbers) for one in numbers if one != _MAC_A]
        return self.mac(numbers, b"".join(over)) + bytes(8)

    def mac(self, numbers: list[int], blocks: bytes) -> bytes:
        """Give the MAC over these blocks (16 bytes each) for the challenge that was written."""
        challenge = self.challenge or bytes(16)
        first, second = _numbers(challenge)
        key = _numbers(self.key)
        one = _enciphered(key, first)
        session = [one, _enciphered(key, second ^ one)]
        named = sum(number << 16 * place for place, number in enumerate(numbers))
        named |= sum(0xFFFF << 16 * place for place in range(len(numbers), 4))
        state = first
        for value in [named, *_numbers(blocks)]:
            state = _enciphered(session, state ^ value)
        return state.to_bytes(8, "little")


def _numbers(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]


def _enciphered(key: list[int], value: int) -> int:
    parts = b"".join(part.to_bytes(8, "big") for part in [key[0], key[1], key[0]])
    encryptor = Cipher(TripleDES(parts), ECB()).encryptor()  # noqa: S305 - one block of the card's
    return int.from_bytes(encryptor.update(value.to_bytes(8, "big")), "big")
