"""Passwords as argon2id (RFC 9106), two at a time at most: each takes 64 MiB while it is worked.

Never called on the event loop. Verifying takes as long for an unknown user as for a known one.
"""

from __future__ import annotations

import secrets
import threading
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE: Final = 2
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
"""Read from a screen and typed elsewhere: without what looks alike (l 1, o 0)."""
_GROUPS: Final = (5, 5, 5, 5)


def made_password() -> str:
    """Give a new password of 100 bits, in groups to read by: `ab3de-…`."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(size)) for size in _GROUPS)
    return "-".join(groups)


class Passwords:
    """Hashes and verifies. The defaults follow RFC 9106, 4 (second recommendation: 64 MiB, t=3)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._gate = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._decoy: str | None = None

    def hash(self, password: str) -> str:
        """Give the argon2id hash of a password."""
        with self._gate:
            return self._hasher.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether a password is the stored one; with None, for an unknown user, do the same
        work and say no."""
        against = stored if stored is not None else self._decoy_hash()
        with self._gate:
            try:
                self._hasher.verify(against, password)
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _decoy_hash(self) -> str:
        with self._lock:
            if self._decoy is None:
                self._decoy = self.hash("nobody's password")
            return self._decoy
