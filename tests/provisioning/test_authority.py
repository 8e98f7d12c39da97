"""What each certificate says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from provisioning.authority import (
    Purpose,
    Revocation,
    check_request,
    create_authority,
    make_request,
)
from provisioning.errors import ProvisioningError
from provisioning.keys import new_tls_key
from wire.certificates import controller_id_in, is_demo, signers_from
from wire.errors import WireError

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
YEAR = timedelta(days=365)
NAME = "0123456789abcdef"


@pytest.fixture(scope="module")
def authority():
    return create_authority("Test Town", NOW, 20 * YEAR)


def usages(certificate) -> list[x509.ObjectIdentifier]:
    return list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)


def test_a_controllers_certificate_carries_its_id_and_is_for_clients_only(authority):
    key = new_tls_key()
    made = authority.issue(Purpose.CONTROLLER, NAME, key.public_key(), NOW, YEAR)
    made.verify_directly_issued_by(authority.certificate)
    assert controller_id_in(made) == NAME
    assert usages(made) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_servers_certificate_names_its_hosts_and_is_for_servers_only(authority):
    key = new_tls_key().public_key()
    made = authority.issue(Purpose.BROKER, "broker", key, NOW, YEAR, ["broker.town", "10.0.0.1"])
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.town"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]
    assert usages(made) == [ExtendedKeyUsageOID.SERVER_AUTH]


@pytest.mark.parametrize("hosts", [[], ["名前"], ["a.town", "ü"]])
def test_a_server_without_a_proper_host_is_refused(authority, hosts):
    with pytest.raises(ProvisioningError):
        authority.issue(Purpose.BROKER, "broker", new_tls_key().public_key(), NOW, YEAR, hosts)


def test_only_a_signing_certificate_is_taken_up_as_the_hubs_signing_key(authority):
    signing = Ed25519PrivateKey.generate().public_key()
    made = authority.issue(Purpose.HUB_SIGNING, "hub signing", signing, NOW, YEAR)
    signers_from(authority.certificate, [made], NOW)
    other = authority.issue(Purpose.CONTROLLER, NAME, new_tls_key().public_key(), NOW, YEAR)
    with pytest.raises(WireError):
        signers_from(authority.certificate, [other], NOW)


def test_a_purpose_takes_its_own_kind_of_key_only(authority):
    with pytest.raises(ProvisioningError):
        authority.issue(Purpose.HUB_SIGNING, "x", new_tls_key().public_key(), NOW, YEAR)
    key = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(ProvisioningError):
        authority.issue(Purpose.CONTROLLER, NAME, key, NOW, YEAR)


def test_no_certificate_outlives_its_authority(authority):
    made = authority.issue(Purpose.CONTROLLER, NAME, new_tls_key().public_key(), NOW, 99 * YEAR)
    assert made.not_valid_after_utc == authority.certificate.not_valid_after_utc


def test_a_demo_authority_marks_itself_and_everything_it_issues():
    demo = create_authority("Test Town", NOW, YEAR, demo=True)
    made = demo.issue(Purpose.CONTROLLER, NAME, new_tls_key().public_key(), NOW, YEAR)
    assert demo.is_demo
    assert is_demo(made)


def test_an_authority_in_earnest_is_not_marked_and_may_not_pretend(authority):
    assert not authority.is_demo
    for name in ("DEMO", "Town DEMO", "", "  ", "x" * 51):
        with pytest.raises(ProvisioningError):
            create_authority(name, NOW, YEAR)


def test_a_revocation_list_names_the_serials_and_ends_with_the_authority(authority):
    """A list that must be renewed in time would one day lock out every controller at once."""
    made = authority.revocation_list([Revocation(77, NOW)], 3, NOW)
    assert made.is_signature_valid(authority.certificate.public_key())
    assert [entry.serial_number for entry in made] == [77]
    assert made.next_update_utc == authority.certificate.not_valid_after_utc


def test_a_signing_request_gives_name_and_key():
    key = new_tls_key()
    name, public = check_request(make_request(key, NAME).public_bytes(Encoding.PEM))
    assert (name, public) == (NAME, key.public_key())


def test_a_signing_request_that_does_not_hold_is_refused():
    good = make_request(new_tls_key(), NAME).public_bytes(Encoding.DER)
    tampered = x509.load_der_x509_csr(good.replace(NAME.encode(), b"fedcba9876543210"))
    curve = make_request(ec.generate_private_key(ec.SECP384R1()), NAME)
    for pem in (
        b"",
        b"nonsense",
        tampered.public_bytes(Encoding.PEM),
        curve.public_bytes(Encoding.PEM),
    ):
        with pytest.raises(ProvisioningError):
            check_request(pem)
