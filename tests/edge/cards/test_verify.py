"""What a proof is worth."""

from __future__ import annotations

import base64
import dataclasses

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from edge.cards.profile_files import load_profiles
from edge.cards.script import read_card, run_script
from edge.cards.signatures import raw_signature
from edge.cards.verify import CardVerifier, Verdict
from edge.cards.virtual_card import EcdsaCard
from edge.core.model import CardPresented, ChallengeProof, Source
from wire.policy_bodies import Assurance, CardBody

PROFILES = load_profiles()
VERIFIER = CardVerifier(PROFILES.values())
CARD = EcdsaCard.with_scalar(bytes(range(16)), 12345)
OTHER = EcdsaCard.with_scalar(bytes(range(16)), 54321)
ENROLLED = CardBody(
    credential="c",
    namespace="p256",
    digest="0" * 64,
    profile="iso7816-ecdsa-p256",
    public_key=CARD.public_key,
)


def tap(card: EcdsaCard, nonce: bytes = bytes(32)) -> CardPresented:
    script = read_card(PROFILES.values(), card.atr, lambda _: nonce)
    read = run_script(script, lambda command: card.answer(command) or b"")
    return CardPresented(
        Source("d"),
        read.identity.namespace,
        read.identity.value,
        Assurance.IDENTIFIER,
        0,
        read.proof,
    )


TAP = tap(CARD)
assert TAP.proof is not None


def with_proof(**changes: object) -> CardPresented:
    assert TAP.proof is not None
    return dataclasses.replace(TAP, proof=dataclasses.replace(TAP.proof, **changes))


def test_a_card_is_verified_under_the_key_it_is_enrolled_with() -> None:
    assert VERIFIER.verify(TAP, ENROLLED) is Verdict.VERIFIED
    assert VERIFIER.holds(TAP, ENROLLED)


def test_a_copy_that_knows_the_number_alone_is_not() -> None:
    assert VERIFIER.verify(tap(OTHER), ENROLLED) is Verdict.BAD_SIGNATURE
    assert not VERIFIER.holds(tap(OTHER), ENROLLED)


def test_an_answer_to_an_earlier_challenge_is_worth_nothing() -> None:
    replayed = with_proof(challenge=b"\x01" * 32)
    assert VERIFIER.verify(replayed, ENROLLED) is Verdict.BAD_SIGNATURE


def test_a_signature_says_nothing_for_another_cards_number() -> None:
    moved = dataclasses.replace(TAP, identity=bytes(16))
    assert VERIFIER.verify(moved, ENROLLED) is Verdict.BAD_SIGNATURE


def test_a_signature_without_our_label_is_worth_nothing() -> None:
    class Unlabelled(EcdsaCard):
        def _sign(self, nonce: bytes) -> bytes:
            return raw_signature(self._key.sign(nonce + self.number, ec.ECDSA(SHA256())))

    card = Unlabelled.with_scalar(CARD.number, 12345)
    assert VERIFIER.verify(tap(card), ENROLLED) is Verdict.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"public_key": None}, Verdict.NO_KEY),
        ({"public_key": "!!"}, Verdict.BAD_KEY),
        ({"public_key": base64.b64encode(bytes(65)).decode()}, Verdict.BAD_KEY),
        ({"public_key": base64.b64encode(b"\x04" + b"\x01" * 64).decode()}, Verdict.BAD_KEY),
        ({"public_key": base64.b64encode(bytes(33)).decode()}, Verdict.BAD_KEY),
        ({"public_key": OTHER.public_key}, Verdict.BAD_SIGNATURE),
        ({"profile": "identifier"}, Verdict.OTHER_PROFILE),
        ({"profile": None}, Verdict.VERIFIED),
    ],
)
def test_the_policys_word_on_the_card_decides(
    changes: dict[str, str | None], verdict: Verdict
) -> None:
    card = msgspec.structs.replace(ENROLLED, **changes)
    assert VERIFIER.verify(TAP, card) is verdict


def test_without_a_proof_nothing_is_proven() -> None:
    assert VERIFIER.verify(dataclasses.replace(TAP, proof=None), ENROLLED) is Verdict.NO_PROOF


@pytest.mark.parametrize("profile", ["identifier", "unheard-of"])
def test_a_proof_of_a_profile_that_proves_nothing_is_refused(profile: str) -> None:
    assert VERIFIER.verify(with_proof(profile=profile), ENROLLED) is Verdict.OTHER_PROFILE


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_no_other_signature_or_challenge_is_ever_verified(
    challenge: bytes, signature: bytes
) -> None:
    forged = dataclasses.replace(
        TAP, proof=ChallengeProof("iso7816-ecdsa-p256", challenge, signature)
    )
    assert VERIFIER.verify(forged, ENROLLED) is Verdict.BAD_SIGNATURE


def test_a_presentation_shows_no_number() -> None:
    assert TAP.identity.hex() not in repr(TAP)
    assert repr(TAP.identity) not in repr(TAP)
