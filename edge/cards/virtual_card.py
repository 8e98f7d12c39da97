"""Cards made of software, for the demo and the tests: a command's bytes in, the answer's out.

Pure but for the signing library's own randomness. A card that misbehaves does so here, on purpose,
so that every cause a driver names can be brought about.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edge.cards.atr import contactless_atr, storage_atr
from edge.cards.desfire import BLOCK, turned
from edge.cards.desfire import decrypted as desfire_open
from edge.cards.desfire import encrypted as desfire_block
from edge.cards.signatures import raw_signature
from wire.card_keys import aes_cmac

AID: Final = b"\xf0KAGIMORI\x01"
CMAC_AID: Final = b"\xf0KAGIMORI\x02"
LABEL: Final = b"kagimori/card-auth/v1"

_OK: Final = b"\x90\x00"
_WRONG_LENGTH: Final = b"\x67\x00"
_CONDITIONS: Final = b"\x69\x85"
_NO_FUNCTION: Final = b"\x6a\x81"
_NO_FILE: Final = b"\x6a\x82"
_NO_INSTRUCTION: Final = b"\x6d\x00"


class VirtualCard(Protocol):
    """What holds a card: its ATR, and its answers."""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""

    def answer(self, command: bytes) -> bytes | None:
        """Give the answer to a command: data and status word; None for never."""

    def reset(self) -> None:
        """Lose what was selected, as at power-on."""


class StorageKind(StrEnum):
    """The cards that readers show as storage cards, and their (standard, name) there."""

    MIFARE_1K = "mifare-1k"
    MIFARE_4K = "mifare-4k"
    MIFARE_MINI = "mifare-mini"
    ULTRALIGHT = "ultralight"
    FELICA = "felica"
    FELICA_ACR122 = "felica-acr122"
    VICINITY = "vicinity"
    TYPE_B = "type-b"


_NAMES: Final[dict[StorageKind, tuple[int, int]]] = {
    StorageKind.MIFARE_1K: (0x03, 0x0001),
    StorageKind.MIFARE_4K: (0x03, 0x0002),
    StorageKind.MIFARE_MINI: (0x03, 0x0026),
    StorageKind.ULTRALIGHT: (0x03, 0x0003),
    StorageKind.FELICA: (0x11, 0x003B),
    StorageKind.FELICA_ACR122: (0x03, 0xF011),
    StorageKind.VICINITY: (0x0B, 0x0014),
    StorageKind.TYPE_B: (0x07, 0x0000),
}


@dataclass(slots=True)
class UidCard:
    """A card that tells its number and nothing else: GET DATA is answered by the reader."""

    atr: bytes
    uid: bytes = field(repr=False)

    @classmethod
    def storage(cls, kind: StorageKind, uid: bytes) -> UidCard:
        """A storage card of this kind."""
        return cls(storage_atr(*_NAMES[kind]), uid)

    @classmethod
    def processor(cls, historical: bytes, uid: bytes) -> UidCard:
        """An ISO 14443-4 card with these historical bytes, its applications unknown to us."""
        return cls(contactless_atr(historical), uid)

    def answer(self, command: bytes) -> bytes | None:
        """Answer GET DATA; no other command is known."""
        if command[:4] == b"\xff\xca\x00\x00":
            return self.uid + _OK
        return _NO_FILE if command[1:2] == b"\xa4" else _NO_INSTRUCTION

    def reset(self) -> None:
        """Change nothing: such a card keeps no state."""


class EcdsaCard:
    """The card of profile `iso7816-ecdsa-p256` (docs/cards.md)."""

    def __init__(self, number: bytes, key: ec.EllipticCurvePrivateKey) -> None:
        self.number = number
        self._key = key
        self._selected = False

    @classmethod
    def with_scalar(cls, number: bytes, scalar: int) -> EcdsaCard:
        """A card whose private key is this number: fixed cards of a demo and of tests."""
        return cls(number, ec.derive_private_key(scalar, ec.SECP256R1()))

    @property
    def atr(self) -> bytes:
        """An ISO 14443-4 card with historical bytes `KAGI`."""
        return contactless_atr(b"KAGI")

    @property
    def public_key(self) -> str:
        """The public key as the policy holds it: uncompressed point, base64."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return base64.b64encode(point).decode("ascii")

    def reset(self) -> None:
        """Deselect the application."""
        self._selected = False

    def answer(self, command: bytes) -> bytes | None:
        """Answer SELECT, GET DATA of the number, INTERNAL AUTHENTICATE; refuse the rest."""
        if command[1:4] == b"\xa4\x04\x00":
            self._selected = _data(command) == AID
            return _OK if self._selected else _NO_FILE
        if command[:1] == b"\xff":
            return _NO_FUNCTION
        if not self._selected:
            return _CONDITIONS
        if command[:4] == b"\x00\xca\x01\x01":
            return self.number + _OK
        if command[:4] == b"\x00\x88\x00\x00":
            nonce = _data(command)
            return self._sign(nonce) + _OK if len(nonce) == 32 else _WRONG_LENGTH
        return _NO_INSTRUCTION

    def _sign(self, nonce: bytes) -> bytes:
        return raw_signature(self._key.sign(LABEL + nonce + self.number, ec.ECDSA(SHA256())))


class CmacCard:
    """The card of profile `iso7816-aes-cmac` (docs/cards.md): its proof is a MAC, not a signature.
    Everything else is as of `EcdsaCard`."""

    def __init__(self, number: bytes, key: bytes) -> None:
        self.number = number
        self.key = key
        self._selected = False

    @property
    def atr(self) -> bytes:
        """An ISO 14443-4 card with historical bytes `KAGC`."""
        return contactless_atr(b"KAGC")

    def reset(self) -> None:
        """Deselect the application."""
        self._selected = False

    def answer(self, command: bytes) -> bytes | None:
        """Answer SELECT, GET DATA of the number, INTERNAL AUTHENTICATE; refuse the rest."""
        if command[1:4] == b"\xa4\x04\x00":
            self._selected = _data(command) == CMAC_AID
            return _OK if self._selected else _NO_FILE
        if command[:1] == b"\xff":
            return _NO_FUNCTION
        if not self._selected:
            return _CONDITIONS
        if command[:4] == b"\x00\xca\x01\x01":
            return self.number + _OK
        if command[:4] == b"\x00\x88\x00\x00":
            nonce = _data(command)
            if len(nonce) != 32:
                return _WRONG_LENGTH
            return aes_cmac(self.key, LABEL + nonce + self.number) + _OK
        return _NO_INSTRUCTION


class DesfireCard:
    """A DESFire EV2 card with one application and its AES key 0: what the authentication needs."""

    def __init__(self, uid: bytes, key: bytes, application: bytes = b"\x4b\x47\x4d") -> None:
        self.uid = uid
        self._key = key
        self._application = application
        self._selected = False
        self._drawn = b""
        self._count = 0

    @property
    def atr(self) -> bytes:
        """An ISO 14443-4 card with the one historical byte of a DESFire."""
        return contactless_atr(b"\x80")

    def reset(self) -> None:
        """Deselect the application, forget a begun authentication."""
        self._selected = False
        self._drawn = b""

    def answer(self, command: bytes) -> bytes | None:
        """Answer GET DATA as a reader does, the application, the two frames; refuse the rest."""
        if command[:4] == b"\xff\xca\x00\x00":
            return self.uid + _OK
        if command[:1] != b"\x90":
            return _NO_INSTRUCTION
        begun, self._drawn = self._drawn, b""
        if command[1] == 0x5A:
            self._selected = _data(command) == self._application
            return b"\x91\x00" if self._selected else b"\x91\xa0"
        if command[1] == 0x71 and self._selected and _data(command) == b"\x00\x00":
            # It may be foretold: the reader's own bytes are what makes a proof fresh.
            self._count += 1
            self._drawn = aes_cmac(self._key, self._count.to_bytes(16, "big"))
            return desfire_block(self._key, self._drawn) + b"\x91\xaf"
        if command[1] == 0xAF and begun:
            return self._end(begun, _data(command))
        return b"\x91\x1c"

    def _end(self, drawn: bytes, sent: bytes) -> bytes:
        if len(sent) != 2 * BLOCK:
            return b"\x91\x7e"
        plain = desfire_open(self._key, sent)
        if plain[BLOCK:] != turned(drawn):
            return b"\x91\xae"
        told = b"\x4b\x61\x67\x69" + turned(plain[:BLOCK]) + bytes(12)
        return desfire_block(self._key, told) + b"\x91\x00"


class Misbehaviour(StrEnum):
    """What a card does wrong."""

    HANG = "hang"
    LEAVE = "leave"
    """It is pulled away before it can answer."""
    NO_STATUS = "no_status"
    TRUNCATE = "truncate"
    """Half of the data is missing."""
    ENDLESS = "endless"
    """Always says that more is to come."""
    OVERLONG = "overlong"


class CardLeftError(Exception):
    """The card was pulled away in the middle of a command."""


class MisbehavingCard:
    """A card that is in order until a command with instruction byte `at`."""

    def __init__(self, inner: VirtualCard, what: Misbehaviour, at: int) -> None:
        self._inner = inner
        self._what = what
        self._at = at

    @property
    def atr(self) -> bytes:
        """The ATR of the card inside."""
        return self._inner.atr

    def reset(self) -> None:
        """Reset the card inside."""
        self._inner.reset()

    def answer(self, command: bytes) -> bytes | None:
        """Answer as the card inside, or wrongly; raise `CardLeftError` when pulled away."""
        if command[1] != self._at and not (
            self._what is Misbehaviour.ENDLESS and command[1] == 0xC0
        ):
            return self._inner.answer(command)
        right = self._inner.answer(command) or b""
        match self._what:
            case Misbehaviour.HANG:
                return None
            case Misbehaviour.LEAVE:
                raise CardLeftError
            case Misbehaviour.NO_STATUS:
                return b"\x90"
            case Misbehaviour.TRUNCATE:
                return right[: (len(right) - 2) // 2] + right[-2:]
            case Misbehaviour.ENDLESS:
                return b"\x00\x61\x01"
            case Misbehaviour.OVERLONG:
                return bytes(256) + right


def _data(command: bytes) -> bytes:
    """Give the data of a short command, empty where it has none or where Lc lies."""
    if len(command) < 6 or len(command) not in (5 + command[4], 6 + command[4]):
        return b""
    return command[5 : 5 + command[4]]
