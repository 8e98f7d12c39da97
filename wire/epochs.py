"""Hub epochs: a restored hub opens a new one, and only the CA can say so.

A hub that was restored from a backup counts its policy versions from an older number. It proves
with the CA's signature that it is the newer one; an edge then takes its snapshot whatever its
version, and ignores every older hub epoch from then on.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from wire.clock import utc
from wire.errors import WireError, WireFault
from wire.messages import EpochProof


def epoch_statement(hub_epoch: int, opened_at: datetime) -> bytes:
    """Give the bytes the CA signs: label, hub epoch as u64 and time in ms since 1970 as u64."""
    opened_ms = int(utc(opened_at).timestamp()) * 1000 + utc(opened_at).microsecond // 1000
    return b"kagimori/hub-epoch/v1" + hub_epoch.to_bytes(8, "big") + opened_ms.to_bytes(8, "big")


def prove_epoch(ca_key: ec.EllipticCurvePrivateKey, hub_epoch: int, at: datetime) -> EpochProof:
    """Sign a new hub epoch with the CA's P-256 key (ECDSA, SHA-256)."""
    signature = ca_key.sign(epoch_statement(hub_epoch, at), ec.ECDSA(SHA256()))
    return EpochProof(
        hub_epoch=hub_epoch, opened_at=utc(at), signature=base64.b64encode(signature).decode()
    )


def check_epoch(ca: x509.Certificate, proof: EpochProof) -> None:
    """Raise `WireError(BAD_SIGNATURE)` unless the CA opened this hub epoch."""
    key = ca.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise WireError(WireFault.BAD_CERTIFICATE, "the CA has no P-256 key")
    try:
        key.verify(
            base64.b64decode(proof.signature, validate=True),
            epoch_statement(proof.hub_epoch, proof.opened_at),
            ec.ECDSA(SHA256()),
        )
    except (InvalidSignature, binascii.Error, ValueError, OverflowError) as error:
        raise WireError(WireFault.BAD_SIGNATURE, "hub epoch") from error
