"""Cards and profiles that the tests of this folder share."""

from __future__ import annotations

import pytest

from edge.cards.profile import CardProfile
from edge.cards.profile_files import load_profiles
from edge.cards.virtual_card import EcdsaCard

NUMBER = bytes.fromhex("00112233445566778899aabbccddeeff")


@pytest.fixture(scope="session")
def profiles() -> dict[str, CardProfile]:
    """The shipped profiles, by id."""
    return load_profiles()


@pytest.fixture
def card() -> EcdsaCard:
    """A card that proves itself, number 0011...eeff, private key 12345."""
    return EcdsaCard.with_scalar(NUMBER, 12345)
