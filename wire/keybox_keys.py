"""Keys of the maintenance link, and what hub and device prove to one another across a laptop.

Everything comes from one maintenance secret a device (K_maint); docs/keybox-link.md is the
specification. A laptop holds a ticket for one box and one day, a Raspberry Pi the link key of the
lock it is wired to; receipts, envelopes and lists are the hub's and the device's alone.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import IntFlag
from typing import Final

from wire.errors import WireError, WireFault
from wire.identity import uuid_bytes
from wire.offline_profiles import EPOCH

KEY_LENGTH: Final = 32
MAC_LENGTH: Final = 16
IV_LENGTH: Final = 16
BUNDLE_LENGTH: Final = 66

_TICKET: Final = b"kagimori/keybox/ticket/v1"
_LINK: Final = b"kagimori/keybox/link/v1"
_RECEIPT: Final = b"kagimori/keybox/receipt/v1"
_WRAP: Final = b"kagimori/keybox/wrap/v1"
_LIST: Final = b"kagimori/keybox/list/v1"
_FIRST_DAY: Final = date(2025, 1, 1)
_DAY_S: Final = 86_400


class Right(IntFlag):
    """What a ticket or link key lets its holder do; part of the key itself."""

    READ = 1
    CLOCK = 2
    CLEAR = 4
    SECRET = 8
    FIRMWARE = 16
    OPERATE = 32
    LIST = 64


LINK_RIGHTS: Final = Right.READ | Right.CLOCK | Right.CLEAR | Right.OPERATE | Right.LIST
"""The rights of the link key that a Raspberry Pi holds for the lock it is wired to."""


def day_number(day: date) -> int:
    """Give a date in Japan as the link counts days: 2025-01-01 is 0."""
    return (day - _FIRST_DAY).days


def date_of(number: int) -> date:
    """Give the date of a day number."""
    return _FIRST_DAY + timedelta(days=number)


def link_seconds(instant: datetime) -> int:
    """Give an instant in whole seconds since the epoch of sealed codes, rounded down."""
    return (instant - EPOCH) // timedelta(seconds=1)


def link_instant(seconds: int) -> datetime:
    """Give the instant of a second count, UTC."""
    return (EPOCH + timedelta(seconds=seconds)).astimezone(UTC)


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _four(number: int) -> bytes:
    return number.to_bytes(4, "big")


# --- keys ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MaintenanceSecret:
    """K_maint of one device, 32 bytes; kept by the hub (enciphered) and by the device."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_LENGTH:
            raise ValueError("K_maint has 32 bytes")

    def ticket(self, device: str, day: int, rights: Right) -> bytes:
        """The day ticket: good for that device (a UUID), on that day (`day_number`)."""
        data = uuid_bytes(device) + _four(day) + int(rights).to_bytes(2, "big")
        return _mac(self.secret, _TICKET + data)

    def link_key(self, device: str, rights: Right = LINK_RIGHTS) -> bytes:
        """What the Raspberry Pi holds for the lock it is wired to."""
        return _mac(self.secret, _LINK + uuid_bytes(device) + int(rights).to_bytes(2, "big"))

    def receipt_key(self, device: str) -> ReceiptKey:
        """Makes receipts and tokens; hub and device alone."""
        return ReceiptKey(_mac(self.secret, _RECEIPT + uuid_bytes(device)))

    def wrap_key(self, device: str) -> WrapKey:
        """Seals new secrets on their way through a laptop; hub and device alone."""
        return WrapKey(_mac(self.secret, _WRAP + uuid_bytes(device)))

    def list_key(self, device: str) -> bytes:
        """Makes the digests of a lock's own list (`wire.lock_list`); hub and device alone."""
        return _mac(self.secret, _LIST + uuid_bytes(device))


@dataclass(frozen=True, slots=True)
class ReceiptKey:
    """Proves the hub's word to a device across whoever carries it."""

    secret: bytes = field(repr=False)

    def clear_receipt(self, log_epoch: int, through: int) -> bytes:
        """The hub holds every record of that log epoch through that index: 16 bytes with which the
        device may forget them."""
        return _mac(self.secret, b"clear" + _four(log_epoch) + _four(through))[:MAC_LENGTH]

    def retire_token(self, secret_version: int, generation: int) -> bytes:
        """The newest generation of the device's codes is to be this one: 16 bytes."""
        data = b"retire" + _four(secret_version) + bytes((generation,))
        return _mac(self.secret, data)[:MAC_LENGTH]


# --- envelopes -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SecretBundle:
    """What is stored in a device at once: its code secret and K_maint, 32 bytes each, the number of
    its profile (`wire.offline_profiles`) and the newest generation of its codes."""

    code_secret: bytes = field(repr=False)
    maintenance: bytes = field(repr=False)
    profile: int
    generation: int = 0

    def __post_init__(self) -> None:
        if not len(self.code_secret) == len(self.maintenance) == KEY_LENGTH:
            raise ValueError("a device's secrets have 32 bytes each")

    def encode(self) -> bytes:
        """The 66 bytes that are sealed."""
        return self.code_secret + self.maintenance + bytes((self.profile, self.generation))

    @classmethod
    def decode(cls, data: bytes) -> SecretBundle:
        """Read the 66 bytes; raise `WireError(BAD_SEAL)` for another number."""
        if len(data) != BUNDLE_LENGTH:
            raise WireError(WireFault.BAD_SEAL, "length")
        return cls(data[:32], data[32:64], data[64], data[65])


@dataclass(frozen=True, slots=True)
class SecretEnvelope:
    """A bundle sealed by the hub for one device; a laptop carries it and learns nothing of it."""

    version: int
    iv: bytes
    ciphertext: bytes = field(repr=False)
    tag: bytes

    LENGTH = 4 + IV_LENGTH + BUNDLE_LENGTH + MAC_LENGTH

    def encode(self) -> bytes:
        """102 bytes: the body of `install_secret`."""
        return _four(self.version) + self.iv + self.ciphertext + self.tag

    @classmethod
    def decode(cls, data: bytes) -> SecretEnvelope:
        """Read 102 bytes; raise `WireError(BAD_SEAL)` for another number."""
        if len(data) != cls.LENGTH:
            raise WireError(WireFault.BAD_SEAL, "length")
        return cls(int.from_bytes(data[:4], "big"), data[4:20], data[20:86], data[86:])


@dataclass(frozen=True, slots=True)
class WrapKey:
    """Seals and opens envelopes for one device: encrypt, then authenticate."""

    secret: bytes = field(repr=False)

    def seal(self, version: int, iv: bytes, bundle: SecretBundle) -> SecretEnvelope:
        """Seal a bundle under a version that must exceed the device's; `iv` is 16 random bytes,
        never used twice under one key."""
        if len(iv) != IV_LENGTH:
            raise ValueError("an iv has 16 bytes")
        ciphertext = self._cipher(iv, bundle.encode())
        return SecretEnvelope(version, iv, ciphertext, self._tag(version, iv, ciphertext))

    def open(self, envelope: SecretEnvelope) -> SecretBundle:
        """Give the bundle; raise `WireError(BAD_SEAL)` for one that was not sealed under this
        key."""
        tag = self._tag(envelope.version, envelope.iv, envelope.ciphertext)
        if not hmac.compare_digest(tag, envelope.tag):
            raise WireError(WireFault.BAD_SEAL)
        return SecretBundle.decode(self._cipher(envelope.iv, envelope.ciphertext))

    def _cipher(self, iv: bytes, data: bytes) -> bytes:
        key = _mac(self.secret, b"enc")
        stream = b"".join(_mac(key, iv + number.to_bytes(2, "big")) for number in range(3))
        return bytes(a ^ b for a, b in zip(data, stream, strict=False))

    def _tag(self, version: int, iv: bytes, ciphertext: bytes) -> bytes:
        key = _mac(self.secret, b"mac")
        return _mac(key, _four(version) + iv + ciphertext)[:MAC_LENGTH]
