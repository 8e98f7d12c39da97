"""The authority on disk: its key, its certificate, what it issued, and its revocation list.

`ca.key` (0600, better with a passphrase), `ca.pem`, `crl.pem`, `issued.json`. Whoever holds
`ca.key` can make a hub: keep the directory off every machine that runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from provisioning.authority import (
    Authority,
    CertifiedKey,
    Purpose,
    Revocation,
    create_authority,
)
from provisioning.errors import ProvisioningError
from provisioning.keys import load_tls_key, private_pem
from provisioning.private_files import (
    PUBLIC_MODE,
    directory_lock,
    make_private_directory,
    read_file,
    read_private,
    refuse_existing,
    write_file,
)
from wire.certificates import load_certificates
from wire.clock import Instant, utc
from wire.epochs import prove_epoch
from wire.errors import WireError
from wire.messages import EpochProof

CA_KEY: Final = "ca.key"
CA_CERTIFICATE: Final = "ca.pem"
REVOCATION_LIST: Final = "crl.pem"
ISSUED: Final = "issued.json"


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate that was issued; `serial` in hexadecimal."""

    serial: str
    name: str
    purpose: str
    not_after: Instant
    revoked_at: Instant | None = None


class _Book(msgspec.Struct, frozen=True, kw_only=True):
    """`issued.json`: everything issued, the number of the last revocation list, and the newest hub
    epoch that was ever opened: none is opened twice, whatever copy of its file a hub brings."""

    v: int = 1
    crl_number: int = 0
    hub_epoch: int = 0
    issued: tuple[Issued, ...] = ()


class Register:
    """An authority and the book of what it issued, in one directory."""

    def __init__(self, directory: Path, authority: Authority) -> None:
        self.directory = directory
        self.authority = authority

    @classmethod
    def create(
        cls,
        directory: Path,
        organisation: str,
        now: datetime,
        lifetime: timedelta,
        *,
        demo: bool = False,
        passphrase: bytes | None = None,
    ) -> Register:
        """Make a new authority in a directory that holds none, with an empty revocation list."""
        make_private_directory(directory)
        refuse_existing(directory / CA_KEY)
        authority = create_authority(organisation, now, lifetime, demo=demo)
        made = cls(directory, authority)
        pem = authority.certificate.public_bytes(Encoding.PEM)
        write_file(directory / CA_CERTIFICATE, pem, PUBLIC_MODE)
        made._write(_Book(), now)
        write_file(directory / CA_KEY, private_pem(authority.key, passphrase))
        return made

    @classmethod
    def load(cls, directory: Path, passphrase: bytes | None = None) -> Register:
        """Open an authority; raise `ProvisioningError` where its files are missing or too open."""
        key = load_tls_key(directory / CA_KEY, passphrase)
        certificate = load_ca(directory / CA_CERTIFICATE)
        if certificate.public_key() != key.public_key():
            raise ProvisioningError(
                f"{directory / CA_CERTIFICATE} is not the certificate of {CA_KEY}"
            )
        return cls(directory, Authority(key, certificate))

    def issue(
        self,
        purpose: Purpose,
        name: str,
        key: CertifiedKey,
        now: datetime,
        lifetime: timedelta,
        hosts: Iterable[str] = (),
    ) -> bytes:
        """Certify a key, enter it in the book, and give the certificate as PEM."""
        certificate = self.authority.issue(purpose, name, key, now, lifetime, hosts)
        entry = Issued(
            serial=f"{certificate.serial_number:x}",
            name=name,
            purpose=purpose.value,
            not_after=certificate.not_valid_after_utc,
        )
        with directory_lock(self.directory):
            book = self._read()
            book = msgspec.structs.replace(book, issued=(*book.issued, entry))
            write_file(self.directory / ISSUED, msgspec.json.encode(book))
        return certificate.public_bytes(Encoding.PEM)

    def revoke(self, name: str, now: datetime) -> int:
        """Revoke every certificate under a name and write the new list; give how many there were.

        Raises `ProvisioningError` if nothing that still holds was issued under it.
        """
        with directory_lock(self.directory):
            book = self._read()
            hit = [e for e in book.issued if e.name == name and e.revoked_at is None]
            if not hit:
                raise ProvisioningError(f"nothing that still holds was issued to {name!r}")
            at = utc(now)
            issued = tuple(
                msgspec.structs.replace(e, revoked_at=at) if e in hit else e for e in book.issued
            )
            self._write(
                msgspec.structs.replace(book, issued=issued, crl_number=book.crl_number + 1), now
            )
        return len(hit)

    def renew_revocation_list(self, now: datetime) -> None:
        """Write the list again from the book, for one that was lost or damaged."""
        with directory_lock(self.directory):
            book = self._read()
            self._write(msgspec.structs.replace(book, crl_number=book.crl_number + 1), now)

    def issued(self) -> tuple[Issued, ...]:
        """Everything issued so far, oldest first."""
        return self._read().issued

    def revocation_list(self) -> bytes:
        """The current revocation list, PEM."""
        return read_file(self.directory / REVOCATION_LIST)

    def ca_pem(self) -> bytes:
        """The authority's certificate, PEM."""
        return self.authority.certificate.public_bytes(Encoding.PEM)

    def open_epoch(self, number: int, now: datetime) -> EpochProof:
        """Sign that a hub epoch was opened (`wire.epochs`)."""
        with directory_lock(self.directory):
            book = self._read()
            newest = max(book.hub_epoch, number)
            book = msgspec.structs.replace(book, hub_epoch=newest)
            write_file(self.directory / ISSUED, msgspec.json.encode(book))
        return prove_epoch(self.authority.key, number, now)

    @property
    def newest_epoch(self) -> int:
        """The newest hub epoch that was ever opened, 0 before the first."""
        return self._read().hub_epoch

    def _read(self) -> _Book:
        path = self.directory / ISSUED
        try:
            return msgspec.json.decode(read_private(path), type=_Book)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProvisioningError(f"{path} is damaged: {error}") from error

    def _write(self, book: _Book, now: datetime) -> None:
        revoked = [
            Revocation(int(entry.serial, 16), entry.revoked_at)
            for entry in book.issued
            if entry.revoked_at is not None
        ]
        made = self.authority.revocation_list(revoked, book.crl_number, now)
        write_file(self.directory / ISSUED, msgspec.json.encode(book))
        write_file(self.directory / REVOCATION_LIST, made.public_bytes(Encoding.PEM), PUBLIC_MODE)


def load_ca(path: Path) -> x509.Certificate:
    """Read the authority's certificate (P-256); raise `ProvisioningError` for anything else."""
    try:
        certificates = load_certificates(read_file(path))
    except WireError as error:
        raise ProvisioningError(f"{path} holds no certificate") from error
    if len(certificates) != 1:
        raise ProvisioningError(f"{path} holds {len(certificates)} certificates, want 1")
    if not isinstance(certificates[0].public_key(), ec.EllipticCurvePublicKey):
        raise ProvisioningError(f"{path} holds no P-256 certificate")
    return certificates[0]
