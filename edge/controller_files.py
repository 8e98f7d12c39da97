"""The controller's own files: who it is, its keys, and whom it trusts.

Written by `kagimori-provision`; read here once, at a start. Nothing of them is ever logged.
"""

from __future__ import annotations

import base64
import binascii
import ssl
import stat
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from edge.settings import Settings, SettingsError
from wire.certificates import controller_id_in, is_demo, load_certificates, signers_from
from wire.errors import WireError
from wire.identity import check_controller_id
from wire.keys import LinkKey, PinKey, SignerRing
from wire.sealing import open_secret, seal_context

_VERSION = 1
_PROVISION = "Write the controller's files anew with kagimori-provision"


class _IdentityFile(msgspec.Struct, frozen=True, kw_only=True):
    """`identity.json`: keys in base64."""

    v: int
    controller: str
    link: str
    pin: str


@dataclass(frozen=True, slots=True)
class Controller:
    """Who this controller is."""

    id: str
    link: LinkKey = field(repr=False)
    pin: PinKey = field(repr=False)
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate
    ca: x509.Certificate
    hub_signing: tuple[x509.Certificate, ...]

    @property
    def demo(self) -> bool:
        """Whether its certificates were made for a demonstration."""
        return is_demo(self.certificate) or is_demo(self.ca)

    def open_card_key(self, credential: str, sealed: str) -> bytes:
        """Open the key that a card shares with us; raise `WireError` for one that is not ours."""
        return open_secret(self.key, sealed, seal_context(self.id, "card", credential))

    def signers(self, floor: datetime) -> SignerRing:
        """The hub's signing keys that hold at a floor; raise `WireError` if none does."""
        return signers_from(self.ca, self.hub_signing, floor)


def load_controller(settings: Settings) -> Controller:
    """Read all files; raise `SettingsError` naming file, key and remedy."""
    names = settings.identity
    path = settings.identity_file(names.identity)
    identity = _identity(path)
    certificate = _certificates(settings.identity_file(names.certificate), "certificate")[0]
    ca = _certificates(settings.identity_file(names.ca), "ca")[0]
    key = _key(settings.identity_file(names.key))
    signing = _certificates(settings.identity_file(names.hub_signing), "hub_signing")
    try:
        controller = check_controller_id(identity.controller)
        if controller_id_in(certificate) != controller:
            raise ValueError("the certificate names another controller")
        if certificate.public_key() != key.public_key():
            raise ValueError("the certificate is for another key")
        certificate.verify_directly_issued_by(ca)
        link = LinkKey(base64.b64decode(identity.link, validate=True))
        pin = PinKey(base64.b64decode(identity.pin, validate=True))
    except Exception as error:  # whatever does not fit together is told, never served with
        problem = str(error) or "not issued by the CA beside it"
        raise SettingsError(str(path.parent), "identity", problem, _PROVISION) from error
    return Controller(controller, link, pin, key, certificate, ca, tuple(signing))


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Make the TLS context for the broker: its certificate must be the CA's and name its host.

    Dates are not checked by the clock, which may be years behind after a power cut; what a stale
    certificate could give away, the envelope around every message protects.
    """
    names = settings.identity
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(settings.identity_file(names.ca))
    context.load_cert_chain(
        settings.identity_file(names.certificate), settings.identity_file(names.key)
    )
    context.verify_flags |= _NO_CHECK_TIME
    return context


_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME (OpenSSL 1.1), which Python does not name."""


def _read(path: Path, key: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        problem = error.strerror or str(error)
        raise SettingsError(str(path), f"identity.{key}", problem, _PROVISION) from error


def _read_private(path: Path, key: str) -> bytes:
    data = _read(path, key)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        raise SettingsError(
            str(path), f"identity.{key}", "others may read or write it", f"Run: chmod 600 {path}"
        )
    return data


def _identity(path: Path) -> _IdentityFile:
    try:
        identity = msgspec.json.decode(_read_private(path, "identity"), type=_IdentityFile)
        for text in (identity.link, identity.pin):
            base64.b64decode(text, validate=True)
    except (msgspec.DecodeError, binascii.Error, UnicodeDecodeError) as error:
        raise SettingsError(str(path), "identity.identity", "damaged", _PROVISION) from error
    if identity.v != _VERSION:
        problem = f"version {identity.v}, this agent reads {_VERSION}"
        raise SettingsError(str(path), "identity.identity", problem, _PROVISION)
    return identity


def _certificates(path: Path, key: str) -> list[x509.Certificate]:
    try:
        return load_certificates(_read(path, key))
    except WireError as error:
        raise SettingsError(str(path), f"identity.{key}", error.detail, _PROVISION) from error


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(_read_private(path, "key"), password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(str(path), "identity.key", "not a private key", _PROVISION) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SettingsError(str(path), "identity.key", "not a P-256 key", _PROVISION)
    return key
