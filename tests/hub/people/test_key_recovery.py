"""A card's key follows from two of its answers, by the published arithmetic and by no other."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.people.key_recovery import candidate_keys, confirmed_key
from wire.card_offers import CardAnswer

SCALARS = st.integers(1, 2**200) | st.integers(2**255, 2**255 + 2**200)


def answer_of(key: ec.EllipticCurvePrivateKey, message: bytes) -> CardAnswer:
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return CardAnswer(hashed=hashlib.sha256(message).digest(), signature=signature)


def point_of(key: ec.EllipticCurvePrivateKey) -> str:
    raw = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.b64encode(raw).decode()


@settings(max_examples=15, deadline=None)
@given(scalar=SCALARS, first=st.binary(), second=st.binary())
def test_one_answer_fits_two_keys_and_another_tells_which(
    scalar: int, first: bytes, second: bytes
) -> None:
    key = ec.derive_private_key(scalar, ec.SECP256R1())
    candidates = candidate_keys(answer_of(key, first))
    assert len(candidates) == 2
    assert point_of(key) in candidates
    assert confirmed_key(candidates, answer_of(key, second)) == point_of(key)


def test_an_answer_of_another_card_confirms_nothing() -> None:
    mine, theirs = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    candidates = candidate_keys(answer_of(mine, b"tap"))
    assert confirmed_key(candidates, answer_of(theirs, b"tap again")) is None


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, bytes(63) + b"\x01"])
def test_what_is_no_signature_has_no_key(signature: bytes) -> None:
    assert candidate_keys(CardAnswer(hashed=bytes(32), signature=signature)) == ()
