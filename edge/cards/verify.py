"""Does a card's proof hold? Pure: a presentation, the policy's public key, a verdict.

The card signs label | nonce | card number, so that a signature made for anything else, for
another tap or by another card says nothing here. The nonce is fresh because the driver drew it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from edge.cards import desfire
from edge.cards.desfire import Transcript
from edge.cards.profile import CardProfile, Challenge, Scheme, SignedPart
from edge.cards.signatures import der_signature
from edge.core.model import CardPresented, ChallengeProof
from wire.card_keys import aes_cmac
from wire.policy_bodies import CardBody

_POINT_BYTES: Final = 65


class Verdict(StrEnum):
    """What a proof is worth. Only `VERIFIED` raises the assurance to `challenge`."""

    VERIFIED = "verified"
    NO_PROOF = "no_proof"
    NO_KEY = "no_key"
    BAD_KEY = "bad_key"
    OTHER_PROFILE = "other_profile"
    """Made by a profile that this agent does not know, or not the one the card is enrolled for."""
    BAD_SIGNATURE = "bad_signature"


def _none(_card: CardBody) -> bytes | None:
    return None


class CardVerifier:
    """Verifies proofs made under the profiles it knows, with the keys that the policy holds: public
    ones of the card's entry, shared ones out of `keys`."""

    def __init__(
        self, profiles: Iterable[CardProfile], key_for: Callable[[CardBody], bytes | None] = _none
    ) -> None:
        self._key_for = key_for
        self._challenges = {one.id: one.challenge for one in profiles if one.challenge is not None}

    def holds(self, presented: CardPresented, card: CardBody) -> bool:
        """Whether the proof holds: what the loop asks."""
        return self.verify(presented, card) is Verdict.VERIFIED

    def verify(self, presented: CardPresented, card: CardBody) -> Verdict:
        """Judge a presentation's proof under the key the policy holds for that card."""
        proof = presented.proof
        if proof is None:
            return Verdict.NO_PROOF
        challenge = self._challenges.get(proof.profile)
        if challenge is None or card.profile not in (None, proof.profile):
            return Verdict.OTHER_PROFILE
        if challenge.scheme is not Scheme.ECDSA:
            return _shared(challenge, proof, presented.identity, self._key_for(card))
        if card.public_key is None:
            return Verdict.NO_KEY
        if len(proof.challenge) != challenge.nonce_bytes:
            return Verdict.BAD_SIGNATURE
        try:
            key = public_key(card.public_key)
        except ValueError:
            return Verdict.BAD_KEY
        message = signed_message(challenge, proof.challenge, presented.identity)
        return _check(key, proof.signature, message)

    def signed_hash(self, presented: CardPresented) -> bytes | None:
        """Give SHA-256 of what the card should have signed, for taking up its key; None for a
        presentation without a proof under a profile that is known."""
        proof = presented.proof
        challenge = self._challenges.get(proof.profile) if proof is not None else None
        if proof is None or challenge is None:
            return None
        message = signed_message(challenge, proof.challenge, presented.identity)
        return hashlib.sha256(message).digest()


def _shared(
    challenge: Challenge, proof: ChallengeProof, number: bytes, key: bytes | None
) -> Verdict:
    """Judge a proof made with a key that we share with the card."""
    if key is None:
        return Verdict.NO_KEY
    if challenge.scheme is Scheme.DESFIRE:
        try:
            holds = desfire.proves(key, proof.challenge, Transcript.parted(proof.signature))
        except ValueError:
            holds = False
    elif challenge.scheme is Scheme.FELICA:
        from edge.cards import felica_lite_s

        holds = felica_lite_s.proves(key, proof.challenge, proof.signature)
    else:
        message = signed_message(challenge, proof.challenge, number)
        right = aes_cmac(key, message)[: challenge.mac_bytes]
        fresh = len(proof.challenge) == challenge.nonce_bytes
        holds = fresh and hmac.compare_digest(right, proof.signature)
    return Verdict.VERIFIED if holds else Verdict.BAD_SIGNATURE


def public_key(text: str) -> ec.EllipticCurvePublicKey:
    """Read a P-256 key (uncompressed point, base64); raise `ValueError` for anything else."""
    try:
        point = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a card's public key is base64") from error
    if len(point) != _POINT_BYTES:
        raise ValueError("a card's public key is an uncompressed point of 65 bytes")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def signed_message(challenge: Challenge, nonce: bytes, number: bytes) -> bytes:
    """Give the bytes that a card signs (of ECDSA their SHA-256) or makes its CMAC over."""
    parts = {
        SignedPart.LABEL: challenge.label.encode("ascii"),
        SignedPart.NONCE: nonce,
        SignedPart.NUMBER: number,
    }
    return b"".join(parts[part] for part in challenge.signed)


def _check(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> Verdict:
    try:
        key.verify(der_signature(signature), message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return Verdict.BAD_SIGNATURE
    return Verdict.VERIFIED
