"""A lock's own list of PINs, for the hours in which its Raspberry Pi is dead.

The hub makes each digest under the lock's list key, which the Pi does not hold; the Pi adds the
windows, hands the list to the lock and compares what the lock proves of it. docs/keybox-link.md,
"A lock's own list", is the specification.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from wire.identity import uuid_bytes
from wire.pins import MAX_DIGITS, MIN_DIGITS

ENTRY_LENGTH: Final = 24
MOST_ENTRIES: Final = 300
"""As many as every lock has room for."""
DIGEST_LENGTH: Final = 16
REFERENCE_LENGTH: Final = 8

_LABEL: Final = b"kagimori/lock-list/v1"
_DIGITS: Final = re.compile(rf"[0-9]{{{MIN_DIGITS},{MAX_DIGITS}}}")
_MODULUS: Final = 1 << 256


def lock_pin_digest(list_key: bytes, device: str, digits: str) -> str:
    """Give HMAC-SHA-256(list key, label | device id, 16 bytes | ASCII digits), its first 16 bytes
    as 32 hexadecimal digits: `PinBody.at_lock`. Raises `ValueError` unless there are 4 to 10 ASCII
    digits."""
    if not _DIGITS.fullmatch(digits):
        raise ValueError(f"a PIN has {MIN_DIGITS} to {MAX_DIGITS} digits")
    data = _LABEL + uuid_bytes(device) + digits.encode("ascii")
    return hmac.digest(list_key, data, "sha256")[:DIGEST_LENGTH].hex()


@dataclass(frozen=True, slots=True, order=True)
class ListEntry:
    """One PIN of a lock's list: its digest (16 bytes) and the window `[start_s, end_s)` in seconds
    since the epoch of sealed codes."""

    digest: bytes
    start_s: int
    end_s: int

    def encode(self) -> bytes:
        """24 bytes, as the lock keeps them."""
        return self.digest + self.start_s.to_bytes(4, "big") + self.end_s.to_bytes(4, "big")

    @classmethod
    def decode(cls, data: bytes) -> ListEntry:
        """Read 24 bytes; raise `ValueError` for another number."""
        if len(data) != ENTRY_LENGTH:
            raise ValueError("an entry has 24 bytes")
        start_s, end_s = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:], "big")
        return cls(data[:DIGEST_LENGTH], start_s, end_s)

    @property
    def reference(self) -> str:
        """How the lock's log names it: the first 8 bytes of the digest, as hexadecimal digits."""
        return self.digest[:REFERENCE_LENGTH].hex()


def list_digest(entries: Iterable[ListEntry]) -> bytes:
    """Give the list's digest: the sum of SHA-256 over its entries modulo 2^256, 32 bytes. The order
    does not count; the digest of an empty list is 32 zeros."""
    total = sum(int.from_bytes(hashlib.sha256(entry.encode()).digest(), "big") for entry in entries)
    return (total % _MODULUS).to_bytes(32, "big")
