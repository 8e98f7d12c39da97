"""The release key for the firmware of key boxes and serial locks, and what it signs.

The private key stays where releases are made; a firmware build takes the public half in, 32 bytes,
and from then on a device takes nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provisioning.errors import ProvisioningError
from provisioning.keys import load_signing_key, private_pem
from provisioning.private_files import (
    PUBLIC_MODE,
    make_private_directory,
    read_file,
    refuse_existing,
    write_file,
)
from wire.firmware_image import FirmwareImageError, signed_image

RELEASE_KEY: Final = "firmware-release.pem"
RELEASE_PUBLIC: Final = "firmware-release.pub"
"""Hexadecimal, one line: what a firmware build takes in."""


def create_release_key(directory: Path) -> str:
    """Draw a release key into a directory and give its public half in hexadecimal."""
    make_private_directory(directory)
    for name in (RELEASE_KEY, RELEASE_PUBLIC):
        refuse_existing(directory / name)
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    write_file(directory / RELEASE_KEY, private_pem(key))
    write_file(directory / RELEASE_PUBLIC, f"{public}\n".encode(), PUBLIC_MODE)
    return public


def sign_release(  # one argument a field of the header, and where from and to
    key: Path, image: Path, out: Path, *, kind: str, firmware: int, rollback: int
) -> int:
    """Sign the image in a file; give the number of bytes written. Raises `ProvisioningError`."""
    refuse_existing(out)
    signer = load_signing_key(key)
    try:
        made = signed_image(
            signer, read_file(image), kind=kind, firmware=firmware, rollback=rollback
        )
    except FirmwareImageError as error:
        raise ProvisioningError(f"{image} cannot be released: {error}") from error
    write_file(out, made, PUBLIC_MODE)
    return len(made)
