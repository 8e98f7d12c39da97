"""What is searched for stands sealed in addresses: for one page and one person."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.keys import HubKeys
from hub.pages.sealed_words import opened_words, sealed_words
from hub.web.rights import Principal, PrincipalKind, Role
from provisioning.hub_keys import DataKeys

KEYS = HubKeys(lambda: DataKeys("k", {"k": b"k" * 32}, b"i" * 32, b"p" * 32), dict)
HANA = Principal(PrincipalKind.SESSION, "hana", "花", Role.ADMIN)
TARO = Principal(PrincipalKind.SESSION, "taro", "太郎", Role.ADMIN)


@given(st.text(max_size=100))
def test_words_come_back_and_fit_an_address(text: str) -> None:
    sealed = sealed_words(KEYS, HANA, "staff", text)
    assert sealed.isascii()
    assert len(sealed) <= 1000
    wanted = text.replace("\x00", "").strip()
    assert opened_words(KEYS, HANA, "staff", sealed) == wanted


def test_they_are_of_no_use_to_anybody_else_or_elsewhere() -> None:
    sealed = sealed_words(KEYS, HANA, "staff", "山田")
    assert opened_words(KEYS, HANA, "staff", sealed) == "山田"
    assert opened_words(KEYS, TARO, "staff", sealed) == ""
    assert opened_words(KEYS, HANA, "cards", sealed) == ""


@given(st.text(max_size=60))
def test_whatever_else_stands_there_means_no_words(text: str) -> None:
    assert opened_words(KEYS, HANA, "staff", text) == ""
