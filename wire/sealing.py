"""Sealing a secret to a controller's own public key: OSDP keys, card keys, device secrets.

Whoever sees the policy (a broker, a backup of the hub's messages) learns nothing from it.
Construction: ephemeral P-256 ECDH, HKDF-SHA-256 over the shared secret with both public points as
salt, AES-256-GCM with a zero nonce (each key is used for one secret) and the context as associated
data. A policy says the same thing in the same bytes each time it is compiled: what is sealed anew
at each compilation takes its ephemeral key from a keyed hash over recipient, context and secret
(`hub.policy.card_seals`), so that another secret has another key, and the same one the same text::

    version 1 (0x01) | ephemeral point 65 | ciphertext and tag
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wire.errors import WireError, WireFault

_VERSION: Final = b"\x01"
_POINT: Final = 65
_NONCE: Final = bytes(12)
_INFO: Final = b"kagimori/seal/v1"


def seal_context(controller: str, kind: str, entry_id: str) -> bytes:
    """Name what a secret is for, so that it cannot be moved to another entry or controller."""
    return f"{controller}\x00{kind}\x00{entry_id}".encode()


def seal_secret(
    recipient: ec.EllipticCurvePublicKey,
    secret: bytes,
    context: bytes,
    ephemeral: ec.EllipticCurvePrivateKey | None = None,
) -> str:
    """Seal a secret of up to 1,024 bytes and give it as base64. `ephemeral` is for vectors, and for
    whoever makes it of a secret key, the recipient, the context and the secret together: with any
    other choice two secrets could share a key and a nonce."""
    if not 1 <= len(secret) <= 1024:
        raise ValueError("a sealed secret has 1 to 1024 bytes")
    own = ephemeral or ec.generate_private_key(ec.SECP256R1())
    point = _point(own.public_key())
    key = _derive(own, recipient, point + _point(recipient))
    return base64.b64encode(
        _VERSION + point + AESGCM(key).encrypt(_NONCE, secret, context)
    ).decode()


def open_secret(recipient: ec.EllipticCurvePrivateKey, sealed: str, context: bytes) -> bytes:
    """Give the secret back; raise `WireError(BAD_SEAL)` if it was not sealed for this recipient
    and context."""
    try:
        data = base64.b64decode(sealed, validate=True)
        if data[:1] != _VERSION or len(data) < 1 + _POINT + 16:
            raise WireError(WireFault.BAD_SEAL, "shape")
        point = data[1 : 1 + _POINT]
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key = _derive(recipient, sender, point + _point(recipient.public_key()))
        return AESGCM(key).decrypt(_NONCE, data[1 + _POINT :], context)
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise WireError(WireFault.BAD_SEAL) from error


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(
    own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey, salt: bytes
) -> bytes:
    return HKDF(SHA256(), 32, salt, _INFO).derive(own.exchange(ec.ECDH(), other))
