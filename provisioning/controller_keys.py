"""A controller's files: identity with K_link and K_pin, key, certificate, whom it trusts.

A controller that draws its own key sends a signing request and gets its secrets sealed to that
key: neither the key nor the secrets are ever readable on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning.errors import ProvisioningError
from provisioning.hub_keys import VERSION, decode_secret, encode_secret
from provisioning.private_files import PUBLIC_MODE, read_private, write_file
from wire.errors import WireError
from wire.identity import check_controller_id
from wire.keys import LinkKey, PinKey
from wire.sealing import open_secret, seal_context, seal_secret

IDENTITY: Final = "identity.json"
SEALED_IDENTITY: Final = "identity.sealed.json"
CONTROLLER_KEY: Final = "controller.key"
CONTROLLER_CERTIFICATE: Final = "controller.pem"
CONTROLLER_REQUEST: Final = "controller.csr"
HUB_SIGNING: Final = "hub-signing.pem"
CA: Final = "ca.pem"

_SEALED_KIND: Final = "identity"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a controller is, and the two keys it shares with the hub."""

    controller: str
    link: LinkKey
    pin: PinKey


class _IdentityFile(msgspec.Struct, frozen=True, kw_only=True):
    """Both shapes of the file: base64 keys, plain or sealed to the controller's public key."""

    v: int
    controller: str
    link: str
    pin: str


def save_identity(path: Path, identity: Identity) -> None:
    """Write `identity.json`."""
    content = _IdentityFile(
        v=VERSION,
        controller=identity.controller,
        link=encode_secret(identity.link.secret),
        pin=encode_secret(identity.pin.secret),
    )
    write_file(path, msgspec.json.encode(content))


def load_identity(path: Path) -> Identity:
    """Read `identity.json`; raise `ProvisioningError` if it is damaged or too open."""
    content = _decode(path)
    return Identity(
        content.controller,
        LinkKey(decode_secret(content.link, f"{path}: link")),
        PinKey(decode_secret(content.pin, f"{path}: pin")),
    )


def save_sealed_identity(
    path: Path, identity: Identity, recipient: ec.EllipticCurvePublicKey
) -> None:
    """Write the identity so that only the holder of the controller's key can read its secrets."""

    def sealed(secret: bytes, name: str) -> str:
        context = seal_context(identity.controller, _SEALED_KIND, name)
        return seal_secret(recipient, secret, context)

    content = _IdentityFile(
        v=VERSION,
        controller=identity.controller,
        link=sealed(identity.link.secret, "link"),
        pin=sealed(identity.pin.secret, "pin"),
    )
    write_file(path, msgspec.json.encode(content), PUBLIC_MODE)


def open_sealed_identity(data: bytes, key: ec.EllipticCurvePrivateKey) -> Identity:
    """Read a sealed identity with the controller's key; raise `ProvisioningError` for another."""
    content = _parse(data, SEALED_IDENTITY)

    def opened(sealed: str, name: str) -> bytes:
        return open_secret(key, sealed, seal_context(content.controller, _SEALED_KIND, name))

    try:
        return Identity(
            content.controller,
            LinkKey(opened(content.link, "link")),
            PinKey(opened(content.pin, "pin")),
        )
    except ValueError as error:
        raise ProvisioningError("the identity was not sealed for this key") from error


def _decode(path: Path) -> _IdentityFile:
    return _parse(read_private(path), str(path))


def _parse(data: bytes, where: str) -> _IdentityFile:
    try:
        content = msgspec.json.decode(data, type=_IdentityFile)
        check_controller_id(content.controller)
    except (msgspec.DecodeError, UnicodeDecodeError, WireError) as error:
        raise ProvisioningError(f"{where} is damaged") from error
    if content.v != VERSION:
        raise ProvisioningError(f"{where} has version {content.v}, want {VERSION}")
    return content
