"""The hub's files of keys, outside its database and outside its backup.

`link-keys.json` holds every controller's K_link, K_pin and public key; `data-keys.json` what the
database is encrypted and indexed with; `hub-epoch.json` the CA's word for the hub epoch.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from provisioning.errors import ProvisioningError
from provisioning.keys import SECRET_BYTES, new_secret, public_pem
from provisioning.private_files import read_private, write_file
from wire.errors import WireError
from wire.identity import check_controller_id
from wire.keys import LinkKey, PinKey
from wire.messages import EpochProof

LINK_KEYS: Final = "link-keys.json"
DATA_KEYS: Final = "data-keys.json"
HUB_EPOCH: Final = "hub-epoch.json"
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class ControllerKeys:
    """What the hub holds for one controller."""

    link: LinkKey
    pin: PinKey
    public_key: ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class DataKeys:
    """What the hub's database is sealed with. `encrypt` maps key ids to AES-256 keys, `active`
    names the one that new rows take; `index` keys the blind index, `pepper` the password hashes."""

    active: str
    encrypt: Mapping[str, bytes] = field(repr=False)
    index: bytes = field(repr=False)
    pepper: bytes = field(repr=False)


class _LinkEntry(msgspec.Struct, frozen=True, kw_only=True):
    link: str
    pin: str
    public_key: str


class _LinkFile(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    controllers: dict[str, _LinkEntry]


class _EncryptEntry(msgspec.Struct, frozen=True, kw_only=True):
    active: str
    keys: dict[str, str]


class _DataFile(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    encrypt: _EncryptEntry
    index: str
    pepper: str


_File = TypeVar("_File", _LinkFile, _DataFile)


def encode_secret(secret: bytes) -> str:
    """Give a key as base64 text."""
    return base64.b64encode(secret).decode()


def decode_secret(text: str, where: str) -> bytes:
    """Read a 32-byte key from base64; raise `ProvisioningError` naming `where`, never the text."""
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProvisioningError(f"{where} is not base64") from error
    if len(secret) != SECRET_BYTES:
        raise ProvisioningError(f"{where} has {len(secret)} bytes, want {SECRET_BYTES}")
    return secret


def new_data_keys() -> DataKeys:
    """Draw the keys of a new database."""
    kid = secrets.token_hex(4)
    return DataKeys(kid, {kid: new_secret()}, new_secret(), new_secret())


def save_data_keys(path: Path, keys: DataKeys) -> None:
    """Write `data-keys.json`."""
    encrypt = _EncryptEntry(
        active=keys.active, keys={kid: encode_secret(key) for kid, key in keys.encrypt.items()}
    )
    content = _DataFile(
        v=VERSION,
        encrypt=encrypt,
        index=encode_secret(keys.index),
        pepper=encode_secret(keys.pepper),
    )
    write_file(path, msgspec.json.encode(content))


def load_data_keys(path: Path) -> DataKeys:
    """Read `data-keys.json`; raise `ProvisioningError` if it is damaged or too open."""
    content = _decode(path, _DataFile)
    if content.encrypt.active not in content.encrypt.keys:
        raise ProvisioningError(f"{path}: encrypt.active names none of its keys")
    return DataKeys(
        content.encrypt.active,
        {k: decode_secret(v, f"{path}: key {k}") for k, v in content.encrypt.keys.items()},
        decode_secret(content.index, f"{path}: index"),
        decode_secret(content.pepper, f"{path}: pepper"),
    )


def save_link_keys(path: Path, controllers: Mapping[str, ControllerKeys]) -> None:
    """Write `link-keys.json` with every controller."""
    content = _LinkFile(
        v=VERSION,
        controllers={
            name: _LinkEntry(
                link=encode_secret(keys.link.secret),
                pin=encode_secret(keys.pin.secret),
                public_key=public_pem(keys.public_key),
            )
            for name, keys in sorted(controllers.items())
        },
    )
    write_file(path, msgspec.json.encode(content))


def load_link_keys(path: Path) -> dict[str, ControllerKeys]:
    """Read `link-keys.json`: controller id -> its keys; raise `ProvisioningError` if damaged."""
    content = _decode(path, _LinkFile)
    return {name: _read_entry(path, name, entry) for name, entry in content.controllers.items()}


def _read_entry(path: Path, name: str, entry: _LinkEntry) -> ControllerKeys:
    where = f"{path}: controller {name}"
    try:
        check_controller_id(name)
        key = load_pem_public_key(entry.public_key.encode())
    except (WireError, ValueError) as error:
        raise ProvisioningError(f"{where} has a bad id or public key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ProvisioningError(f"{where} has no P-256 public key")
    return ControllerKeys(
        LinkKey(decode_secret(entry.link, f"{where}, link")),
        PinKey(decode_secret(entry.pin, f"{where}, pin")),
        key,
    )


def save_hub_epoch(path: Path, proof: EpochProof) -> None:
    """Write `hub-epoch.json`."""
    write_file(path, msgspec.json.encode(proof))


def load_hub_epoch(path: Path) -> EpochProof:
    """Read `hub-epoch.json`; raise `ProvisioningError` if it is damaged."""
    try:
        return msgspec.json.decode(read_private(path), type=EpochProof)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProvisioningError(f"{path} is damaged") from error


def _decode(path: Path, kind: type[_File]) -> _File:
    try:
        content = msgspec.json.decode(read_private(path), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProvisioningError(f"{path} is damaged") from error
    if content.v != VERSION:
        raise ProvisioningError(f"{path} has version {content.v}, want {VERSION}")
    return content
