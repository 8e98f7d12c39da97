"""Private keys as files: P-256 for TLS, Ed25519 for the hub's signatures, 32 bytes for MACs."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from provisioning.errors import ProvisioningError
from provisioning.private_files import read_private

SECRET_BYTES: Final = 32


def new_secret() -> bytes:
    """Draw a symmetric key of 32 bytes from the system's generator."""
    return secrets.token_bytes(SECRET_BYTES)


def new_tls_key() -> ec.EllipticCurvePrivateKey:
    """Draw a P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def private_pem(
    key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey, passphrase: bytes | None = None
) -> bytes:
    """Give a key as PKCS8 PEM, encrypted if a passphrase is given."""
    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase:
        encryption = BestAvailableEncryption(passphrase)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def public_pem(key: ec.EllipticCurvePublicKey) -> str:
    """Give a public key as SubjectPublicKeyInfo PEM text."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def load_tls_key(path: Path, passphrase: bytes | None = None) -> ec.EllipticCurvePrivateKey:
    """Read a P-256 key that only its owner can read; raise `ProvisioningError` otherwise."""
    key = _load(path, passphrase)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ProvisioningError(f"{path} holds no P-256 key")
    return key


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """Read the hub's Ed25519 key; raise `ProvisioningError` for anything else."""
    key = _load(path, None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ProvisioningError(f"{path} holds no Ed25519 key")
    return key


def _load(path: Path, passphrase: bytes | None) -> object:
    try:
        return load_pem_private_key(read_private(path), passphrase)
    except TypeError as error:
        needed = "needs its passphrase" if passphrase is None else "is not encrypted"
        raise ProvisioningError(f"the key in {path} {needed}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ProvisioningError(
            f"{path} holds no readable private key", "is the passphrase right?"
        ) from error
