"""Keys as the wire names them: K_link, K_pin, the hub's signing key, and the ids they go by.

A key id is not secret: eight bytes derived from the key itself, so that it cannot be mislabelled.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KID_LENGTH: Final = 8
KEY_LENGTH: Final = 32
TAG_LENGTH: Final = 32
SIGNATURE_LENGTH: Final = 64

_LINK_KID_LABEL: Final = b"kagimori/kid/link/v1"
_SIGNER_KID_LABEL: Final = b"kagimori/kid/signer/v1"


@dataclass(frozen=True, slots=True)
class LinkKey:
    """K_link, 32 bytes: authenticates every message between one controller and the hub."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_LENGTH:
            raise ValueError("K_link has 32 bytes")

    @property
    def kid(self) -> bytes:
        """The 8 bytes that name this key in an envelope."""
        return hmac.digest(self.secret, _LINK_KID_LABEL, "sha256")[:KID_LENGTH]

    def tag(self, data: bytes) -> bytes:
        """Give HMAC-SHA-256(K_link, data), 32 bytes."""
        return hmac.digest(self.secret, data, "sha256")


@dataclass(frozen=True, slots=True)
class PinKey:
    """K_pin, 32 bytes: turns PINs and card identities into digests for one controller."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_LENGTH:
            raise ValueError("K_pin has 32 bytes")


def signer_kid(public_key: Ed25519PublicKey) -> bytes:
    """Give the 8 bytes that name a signing key: a hash of its raw public key."""
    raw = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(_SIGNER_KID_LABEL + raw).digest()[:KID_LENGTH]


class HubSigner:
    """The hub's half of the signature: an Ed25519 private key and the id it goes by."""

    __slots__ = ("_key", "kid")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.kid = signer_kid(key.public_key())

    def sign(self, data: bytes) -> bytes:
        """Give the 64-byte Ed25519 signature (RFC 8032) over the data."""
        return self._key.sign(data)


class SignerRing:
    """The edge's half: the hub's signing keys that hold now, at most two while one is replaced.

    A key enters only through a certificate of the provisioning CA: see `wire.certificates`.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: tuple[Ed25519PublicKey, ...]) -> None:
        if not 1 <= len(keys) <= 2:
            raise ValueError("one signing key holds, or two while one is replaced")
        self._keys = {signer_kid(key): key for key in keys}

    def __contains__(self, kid: bytes) -> bool:
        return kid in self._keys

    def verifies(self, kid: bytes, signature: bytes, data: bytes) -> bool:
        """Tell whether the named key made this signature over the data."""
        key = self._keys.get(kid)
        if key is None:
            return False
        try:
            key.verify(signature, data)
        except InvalidSignature:
            return False
        return True
