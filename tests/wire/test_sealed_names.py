"""Names on the wire: opened by their controller alone, for the person they were sealed for."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import WireError
from wire.keys import LinkKey
from wire.sealed_names import NAME_CHARACTERS, NameKey

KEY = NameKey.of("k7w2m9x4c1t8z5qa", LinkKey(bytes(range(32))))
NAMES = st.text(
    st.characters(exclude_characters="\x00", exclude_categories=("Cs",)),
    min_size=1,
    max_size=NAME_CHARACTERS,
)


@given(NAMES, st.uuids().map(str))
def test_a_name_comes_back_and_the_same_name_seals_alike(name: str, person: str) -> None:
    sealed = KEY.seal(person, name)
    assert KEY.open(person, sealed) == name
    assert KEY.seal(person, name) == sealed


@pytest.mark.parametrize("other", ["山", "田中", "長谷川", "勅使河原", "Smith"])
def test_the_length_of_a_name_does_not_show(other: str) -> None:
    assert len(KEY.seal("p", other)) == len(KEY.seal("p", "山田"))
    assert KEY.seal("p", other) != KEY.seal("q", other)


def test_it_opens_for_no_other_person_controller_or_key() -> None:
    sealed = KEY.seal("p", "山田")
    others = [
        (KEY, "q"),
        (NameKey("another", KEY.secret), "p"),
        (NameKey.of(KEY.controller, LinkKey(bytes(32))), "p"),
    ]
    for key, person in others:
        with pytest.raises(WireError):
            key.open(person, sealed)


@given(st.one_of(st.binary(max_size=200).map(lambda b: base64.b64encode(b).decode()), st.text()))
def test_anything_else_is_one_named_error(sealed: str) -> None:
    with pytest.raises(WireError):
        KEY.open("p", sealed)


@pytest.mark.parametrize("name", ["", "a" * 101, "a\x00"])
def test_what_is_no_name_is_not_sealed(name: str) -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        KEY.seal("p", name)


def test_neither_key_nor_name_is_in_what_is_printed() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert "secret" not in repr(KEY)
