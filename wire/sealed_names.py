"""The names that an attendance terminal shows, sealed to its controller: no message carries one in
clear, and the broker learns neither a name nor its length.

AES-SIV (RFC 5297) under a key derived from K_link, with controller and person as associated data:
the same name of the same person always seals to the same text, so that a policy which is compiled
again does not change, and a seal cannot be moved to somebody else or to another controller. What
repeats tells that a name did not change, and no more. Names are padded to 32 bytes or a multiple.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from wire.errors import WireError, WireFault
from wire.keys import LinkKey

NAME_CHARACTERS: Final = 100
_BLOCK: Final = 32
_TAG: Final = 16
_LABEL: Final = b"kagimori/names/v1"
_VERSION: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class NameKey:
    """Seals and opens the names of one controller."""

    controller: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, controller: str, link: LinkKey) -> NameKey:
        """Derive it: 64 bytes, HMAC-SHA-512 of K_link over a label of its own."""
        return cls(controller, hmac.digest(link.secret, _LABEL, "sha512"))

    def seal(self, person: str, name: str) -> str:
        """Seal a name of 1 to 100 characters and give it as base64."""
        plain = name.encode()
        if not 1 <= len(name) <= NAME_CHARACTERS or b"\x00" in plain:
            raise ValueError("a name has 1 to 100 characters, none of them NUL")
        padded = plain + bytes(-len(plain) % _BLOCK)
        sealed = AESSIV(self.secret).encrypt(padded, self._about(person))
        return base64.b64encode(_VERSION + sealed).decode()

    def open(self, person: str, sealed: str) -> str:
        """Give the name back; raise `WireError(BAD_SEAL)` for what was not sealed for this person
        at this controller."""
        try:
            data = base64.b64decode(sealed, validate=True)
            size = len(data) - len(_VERSION) - _TAG
            if data[:1] != _VERSION or size < _BLOCK or size % _BLOCK:
                raise WireError(WireFault.BAD_SEAL, "shape")
            plain = AESSIV(self.secret).decrypt(data[1:], self._about(person))
            return plain.rstrip(b"\x00").decode()
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise WireError(WireFault.BAD_SEAL) from error

    def _about(self, person: str) -> list[bytes]:
        return [self.controller.encode(), person.encode()]
