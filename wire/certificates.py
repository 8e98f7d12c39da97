"""What both sides read from X.509 certificates: signing keys, controller ids, and the DEMO mark.

The provisioning CA (P-256) certifies the hub's Ed25519 signing keys, the broker and each
controller. A certificate's dates are held against the floor of the caller's clock only: a Pi whose
clock runs behind must still be able to talk to its hub.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID

from wire.errors import WireError, WireFault
from wire.identity import check_controller_id
from wire.keys import SignerRing

SIGNING_UNIT: Final = "kagimori hub signing"
"""Subject OU of a certificate for the hub's signing key: no other certificate carries it."""

DEMO_MARK: Final = "DEMO"
"""Stands in the CA's organisation name where nothing is secret; production refuses it."""


def _subject(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if len(found) == 1 else ""


def load_certificates(pem: bytes) -> list[x509.Certificate]:
    """Read one or more PEM certificates; raise `WireError(BAD_CERTIFICATE)` if there is none."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise WireError(WireFault.BAD_CERTIFICATE, "no PEM certificate") from error


def is_demo(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate was made by or for a demonstration."""
    names = [*certificate.subject, *certificate.issuer]
    return any(DEMO_MARK in str(name.value).split() for name in names)


def controller_id_in(certificate: x509.Certificate) -> str:
    """Give the controller id in a certificate's CN; raise `WireError(BAD_IDENTITY)` without."""
    return check_controller_id(_subject(certificate, NameOID.COMMON_NAME))


def signers_from(
    ca: x509.Certificate, certificates: Iterable[x509.Certificate], floor: datetime
) -> SignerRing:
    """Take up the hub's signing keys that the CA vouches for and that have not ended by `floor`.

    Raises `WireError(BAD_CERTIFICATE)` for a certificate that is not such a one (it would not be
    there by accident), and when none still holds.
    """
    keys: list[Ed25519PublicKey] = []
    for certificate in certificates:
        try:
            certificate.verify_directly_issued_by(ca)
        except (InvalidSignature, ValueError, TypeError) as error:
            raise WireError(WireFault.BAD_CERTIFICATE, "not issued by the CA") from error
        key = certificate.public_key()
        unit = _subject(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)
        if not isinstance(key, Ed25519PublicKey) or unit != SIGNING_UNIT:
            raise WireError(WireFault.BAD_CERTIFICATE, "not a hub signing certificate")
        if certificate.not_valid_after_utc > floor:
            keys.append(key)
    if not 1 <= len(keys) <= 2:
        raise WireError(WireFault.BAD_CERTIFICATE, f"{len(keys)} signing keys hold, want 1 or 2")
    return SignerRing(tuple(keys))
