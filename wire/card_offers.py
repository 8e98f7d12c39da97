"""What an edge tells of an unknown card that is to be enrolled: its number, sealed.

An enrolment has a key pair of its own. The hub keeps the private half until the enrolment ends and
then destroys it, so that neither the broker, nor the journal, nor a backup of raw events can tell a
card's number. A card that answers a challenge tells its answer as well: the hub works out the
card's public key from two of them (`hub.people.key_recovery`).
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wire.errors import WireError, WireFault
from wire.sealing import open_secret, seal_secret

_CONTEXT: Final = b"kagimori/enrolment/v1\x00"
_POINT_BYTES: Final = 65


class CardAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An ECDSA answer: SHA-256 of what was signed (32 bytes) and r with s (64 bytes)."""

    hashed: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]

    def __repr__(self) -> str:
        return "CardAnswer()"


class CardOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A card as a reader told it. `profile` is the one that challenged it, None for a bare number.
    Its number is in no `repr`."""

    namespace: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    identity: Annotated[bytes, msgspec.Meta(min_length=1, max_length=128)]
    profile: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    answer: CardAnswer | None = None

    def __repr__(self) -> str:
        return f"CardOffer(namespace={self.namespace!r}, profile={self.profile!r})"


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(CardOffer).decode


def enrolment_point(key: ec.EllipticCurvePublicKey) -> str:
    """Give an enrolment's public key as the policy carries it: 88 characters of base64."""
    return base64.b64encode(
        key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    ).decode()


def seal_offer(recipient: str, enrolment: str, offer: CardOffer) -> str:
    """Seal an offer to an enrolment's key; raise `WireError(BAD_FIELD)` for a recipient that is no
    point of P-256."""
    try:
        point = base64.b64decode(recipient, validate=True)
        if len(point) != _POINT_BYTES:
            raise ValueError("not an uncompressed point")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except (binascii.Error, ValueError) as error:
        raise WireError(WireFault.BAD_FIELD, "an enrolment's key") from error
    return seal_secret(key, _encode(offer), _context(enrolment))


def open_offer(key: ec.EllipticCurvePrivateKey, enrolment: str, sealed: str) -> CardOffer:
    """Give an offer back; raise `WireError` with `BAD_SEAL` or `BAD_FIELD`."""
    plain = open_secret(key, sealed, _context(enrolment))
    try:
        return _decode(plain)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(WireFault.BAD_FIELD, "not a card offer") from error


def _context(enrolment: str) -> bytes:
    return _CONTEXT + enrolment.encode()
