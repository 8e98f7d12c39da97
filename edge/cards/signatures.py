"""ECDSA P-256 signatures as our cards and proofs carry them: r and s, 32 bytes each."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from edge.cards.faults import CardError, CardFault

RAW_BYTES: Final = 64
_HALF: Final = 32


def raw_signature(der: bytes) -> bytes:
    """Give r and s of an ASN.1 signature; raise `CardError(MALFORMED_ANSWER)` if it is none."""
    try:
        r, s = decode_dss_signature(der)
        return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
    except (ValueError, OverflowError) as error:
        raise CardError(CardFault.MALFORMED_ANSWER, "signature") from error


def der_signature(raw: bytes) -> bytes:
    """Give the ASN.1 form of r and s; raise `ValueError` unless they are 64 bytes."""
    if len(raw) != RAW_BYTES:
        raise ValueError("a raw P-256 signature has 64 bytes")
    return encode_dss_signature(
        int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big")
    )
