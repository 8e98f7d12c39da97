"""Certificates, hub epochs and sealed secrets: only the CA, only the recipient, only this use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from wire.certificates import (
    SIGNING_UNIT,
    controller_id_in,
    is_demo,
    load_certificates,
    signers_from,
)
from wire.epochs import check_epoch, prove_epoch
from wire.errors import WireError, WireFault
from wire.sealing import open_secret, seal_context, seal_secret

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CA_KEY = ec.derive_private_key(1111, ec.SECP256R1())
OTHER_CA_KEY = ec.derive_private_key(2222, ec.SECP256R1())


def certificate(subject_key, issuer_key, *, cn="x", unit="", org="Town", days=10):
    def name(common: str, ou: str = "") -> x509.Name:
        parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, org)]
        if ou:
            parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, ou))
        return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])

    return (
        x509.CertificateBuilder()
        .subject_name(name(cn, unit))
        .issuer_name(name("Kagimori CA"))
        .public_key(subject_key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(issuer_key, hashes.SHA256())
    )


CA = certificate(CA_KEY, CA_KEY, cn="Kagimori CA")
SIGNING = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
GOOD = certificate(SIGNING, CA_KEY, unit=SIGNING_UNIT)


def test_a_signing_key_the_ca_vouches_for_is_taken_up() -> None:
    ring = signers_from(CA, [GOOD], NOW)
    assert ring.verifies(next(iter(ring._keys)), SIGNING.sign(b"x"), b"x")
    assert not ring.verifies(b"unknown!", SIGNING.sign(b"x"), b"x")


def test_a_clock_that_runs_behind_does_not_lock_the_hub_out() -> None:
    signers_from(CA, [GOOD], NOW - timedelta(days=9_000))


@pytest.mark.parametrize(
    "bad",
    [
        certificate(SIGNING, OTHER_CA_KEY, unit=SIGNING_UNIT),
        certificate(SIGNING, CA_KEY, unit="broker"),
        certificate(ec.derive_private_key(3, ec.SECP256R1()), CA_KEY, unit=SIGNING_UNIT),
    ],
    ids=["other CA", "not for signing", "a controller's kind of key"],
)
def test_any_other_certificate_is_refused(bad: x509.Certificate) -> None:
    with pytest.raises(WireError) as caught:
        signers_from(CA, [GOOD, bad], NOW)
    assert caught.value.fault is WireFault.BAD_CERTIFICATE


def test_a_signing_key_that_ended_below_the_floor_no_longer_holds() -> None:
    with pytest.raises(WireError, match="0 signing keys"):
        signers_from(CA, [GOOD], NOW + timedelta(days=11))


def test_the_demo_mark_is_seen_in_subject_and_issuer() -> None:
    assert is_demo(certificate(SIGNING, CA_KEY, org="DEMO Town"))
    assert not is_demo(certificate(SIGNING, CA_KEY, org="Demonstration-free DEMOCRACY"))


def test_the_controller_is_the_common_name() -> None:
    assert controller_id_in(certificate(SIGNING, CA_KEY, cn="a" * 16)) == "a" * 16
    with pytest.raises(WireError):
        controller_id_in(certificate(SIGNING, CA_KEY, cn="hub"))


def test_pem_is_read_and_anything_else_has_a_named_fault() -> None:
    assert load_certificates(GOOD.public_bytes(Encoding.PEM)) == [GOOD]
    with pytest.raises(WireError) as caught:
        load_certificates(b"no certificate")
    assert caught.value.fault is WireFault.BAD_CERTIFICATE


def test_only_the_ca_opens_a_hub_epoch() -> None:
    proof = prove_epoch(CA_KEY, 2, NOW)
    check_epoch(CA, proof)
    for bad in (
        prove_epoch(OTHER_CA_KEY, 2, NOW),
        msgspec.structs.replace(proof, hub_epoch=3),
        msgspec.structs.replace(proof, opened_at=NOW + timedelta(seconds=1)),
        msgspec.structs.replace(proof, signature="!!"),
        msgspec.structs.replace(proof, signature=""),
    ):
        with pytest.raises(WireError) as caught:
            check_epoch(CA, bad)
        assert caught.value.fault is WireFault.BAD_SIGNATURE


RECIPIENT = ec.derive_private_key(4444, ec.SECP256R1())
CONTEXT = seal_context("a" * 16, "device", "id-1")


def test_a_sealed_secret_opens_for_its_recipient_and_use_only() -> None:
    sealed = seal_secret(RECIPIENT.public_key(), b"sixteen byte key", CONTEXT)
    assert open_secret(RECIPIENT, sealed, CONTEXT) == b"sixteen byte key"
    assert "sixteen" not in sealed
    for key, context in (
        (CA_KEY, CONTEXT),
        (RECIPIENT, seal_context("a" * 16, "device", "id-2")),
        (RECIPIENT, seal_context("b" * 16, "device", "id-1")),
    ):
        with pytest.raises(WireError) as caught:
            open_secret(key, sealed, context)
        assert caught.value.fault is WireFault.BAD_SEAL


def test_two_sealings_of_one_secret_differ_and_a_vector_is_fixed() -> None:
    key = RECIPIENT.public_key()
    assert seal_secret(key, b"s", CONTEXT) != seal_secret(key, b"s", CONTEXT)
    fixed = ec.derive_private_key(5555, ec.SECP256R1())
    assert seal_secret(key, b"s", CONTEXT, fixed) == seal_secret(key, b"s", CONTEXT, fixed)


@pytest.mark.parametrize("sealed", ["", "AAAA", "!", "AQ==", "A" * 200])
def test_bytes_that_were_never_sealed_have_a_named_fault(sealed: str) -> None:
    with pytest.raises(WireError) as caught:
        open_secret(RECIPIENT, sealed, CONTEXT)
    assert caught.value.fault is WireFault.BAD_SEAL
