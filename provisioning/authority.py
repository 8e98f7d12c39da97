"""What each certificate says: one authority, a closed list of purposes, dates handed in.

Every certificate names one purpose in its extended key usage or its unit, so that a controller's
cannot serve as the broker's, nor the broker's as the hub's signing key.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provisioning.errors import ProvisioningError
from provisioning.keys import new_tls_key
from wire.certificates import DEMO_MARK, SIGNING_UNIT, is_demo

BACKDATED: Final = timedelta(days=1)
"""A new certificate holds from a day ago: clocks at the doors run behind, not ahead."""

CertifiedKey: TypeAlias = ec.EllipticCurvePublicKey | Ed25519PublicKey


class Purpose(Enum):
    """What a certificate is for; the value is its unit (OU)."""

    CONTROLLER = "kagimori controller"
    BROKER = "kagimori broker"
    HUB_CLIENT = "kagimori hub client"
    HUB_WEB = "kagimori hub web"
    HUB_SIGNING = SIGNING_UNIT


_USAGES: Final[dict[Purpose, x509.ObjectIdentifier | None]] = {
    Purpose.CONTROLLER: ExtendedKeyUsageOID.CLIENT_AUTH,
    Purpose.BROKER: ExtendedKeyUsageOID.SERVER_AUTH,
    Purpose.HUB_CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH,
    Purpose.HUB_WEB: ExtendedKeyUsageOID.SERVER_AUTH,
    Purpose.HUB_SIGNING: None,
}


@dataclass(frozen=True, slots=True)
class Revocation:
    """A certificate that no longer holds, by serial number."""

    serial: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority's key and certificate: issues certificates and revocation lists."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def organisation(self) -> str:
        """The organisation its certificates carry."""
        found = self.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return str(found[0].value)

    @property
    def is_demo(self) -> bool:
        """Whether everything it issues is refused in production."""
        return is_demo(self.certificate)

    def issue(
        self,
        purpose: Purpose,
        name: str,
        key: CertifiedKey,
        now: datetime,
        lifetime: timedelta,
        hosts: Iterable[str] = (),
    ) -> x509.Certificate:
        """Certify a public key for one purpose under the common name `name`.

        `hosts` are DNS names and IP addresses (servers only, at least one). It ends at the latest
        with the authority's own certificate. Raises `ProvisioningError` for a key that the purpose
        does not take.
        """
        _check_key(purpose, key)
        subject = _name(self.organisation, name, purpose.value)
        own = self.certificate.public_key()
        assert isinstance(own, ec.EllipticCurvePublicKey)  # noqa: S101 - made below, checked on load
        builder = (
            _dated(subject, key, now, min(now + lifetime, self.certificate.not_valid_after_utc))
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(issuing=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
        )
        usage = _USAGES[purpose]
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        if usage == ExtendedKeyUsageOID.SERVER_AUTH:
            builder = builder.add_extension(_alternative_names(hosts), critical=False)
        return builder.sign(self.key, SHA256())

    def revocation_list(
        self, revoked: Iterable[Revocation], number: int, now: datetime
    ) -> x509.CertificateRevocationList:
        """Make the list of revoked certificates.

        It ends with the authority itself: the broker refuses everybody under a list that has
        ended, and a list that must be renewed in time would one day lock out the whole town.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(max(now - BACKDATED, self.certificate.not_valid_before_utc))
            .next_update(self.certificate.not_valid_after_utc)
            .add_extension(x509.CRLNumber(number), critical=False)
        )
        for entry in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder()
                .serial_number(entry.serial)
                .revocation_date(entry.at)
                .build()
            )
        return builder.sign(self.key, SHA256())


def create_authority(
    organisation: str, now: datetime, lifetime: timedelta, *, demo: bool = False
) -> Authority:
    """Make a new authority. With `demo` its organisation says so, and production refuses it.

    Raises `ProvisioningError` for an organisation without a name, or one that says DEMO in earnest.
    """
    if not organisation.strip() or len(organisation) > 50:
        raise ProvisioningError("the organisation has no name of 1 to 50 characters")
    if not demo and DEMO_MARK in organisation.split():
        raise ProvisioningError(f"an organisation in earnest does not say {DEMO_MARK}")
    if demo and DEMO_MARK not in organisation.split():
        organisation = f"{organisation} {DEMO_MARK}"
    key = new_tls_key()
    public = key.public_key()
    subject = _name(organisation, "Kagimori CA", None)
    certificate = (
        _dated(subject, public, now, now + lifetime)
        .issuer_name(subject)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(issuing=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, SHA256())
    )
    return Authority(key, certificate)


def check_request(pem: bytes) -> tuple[str, ec.EllipticCurvePublicKey]:
    """Read a controller's signing request (PKCS10 PEM); give its common name and P-256 key.

    Raises `ProvisioningError` for one whose signature, key or name does not hold.
    """
    try:
        request = x509.load_pem_x509_csr(pem)
        valid = request.is_signature_valid
        key = request.public_key()
    except ValueError as error:
        raise ProvisioningError("the signing request cannot be read") from error
    if not valid:
        raise ProvisioningError("the signing request is not signed by its own key")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ProvisioningError("the signing request holds no P-256 key")
    names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1:
        raise ProvisioningError("the signing request has no common name")
    return str(names[0].value), key


def make_request(key: ec.EllipticCurvePrivateKey, name: str) -> x509.CertificateSigningRequest:
    """Make the request a controller sends in place of its key."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, SHA256())


def _check_key(purpose: Purpose, key: CertifiedKey) -> None:
    wanted = Ed25519PublicKey if purpose is Purpose.HUB_SIGNING else ec.EllipticCurvePublicKey
    if not isinstance(key, wanted):
        raise ProvisioningError(f"a {purpose.value} certificate does not take such a key")


def _name(organisation: str, common_name: str, unit: str | None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    if unit is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def _dated(
    subject: x509.Name, key: CertifiedKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    start = min(now, until) - BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(until)
    )


def _key_usage(*, issuing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not issuing,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issuing,
        crl_sign=issuing,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_names(hosts: Iterable[str]) -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            try:
                names.append(x509.DNSName(host))
            except ValueError as error:
                raise ProvisioningError(
                    f"{host!r} is neither a host name nor an address"
                ) from error
    if not names:
        raise ProvisioningError("a server's certificate names at least one host")
    return x509.SubjectAlternativeName(names)
