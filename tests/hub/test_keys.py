"""Keys at work: sealing, blind indexes, and files that change while the hub runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.keys import HubKeys, KeyFileError, SealBrokenError
from provisioning import hub_keys
from provisioning.hub_keys import DataKeys

KEYS = DataKeys("a", {"a": b"a" * 32, "b": b"b" * 32}, b"i" * 32, b"p" * 32)


def _keys(data: DataKeys = KEYS) -> HubKeys:
    return HubKeys(lambda: data, dict)


@given(st.binary(max_size=200), st.text(max_size=50))
@settings(max_examples=50)
def test_what_was_sealed_for_a_row_comes_back_for_that_row_only(plain: bytes, row: str) -> None:
    sealed = _keys().seal(plain, row)
    assert _keys().unseal(sealed, row) == plain
    with pytest.raises(SealBrokenError):
        _keys().unseal(sealed, row + "x")


@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=1, max_value=255))
@settings(max_examples=50)
def test_a_changed_byte_is_noticed(place: int, change: int) -> None:
    sealed = bytearray(_keys().seal(b"482716", "pins:1"))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(KeyFileError):
        _keys().unseal(bytes(sealed), "pins:1")


def test_two_seals_of_the_same_differ() -> None:
    assert _keys().seal(b"482716", "pins:1") != _keys().seal(b"482716", "pins:1")


def test_an_old_key_still_opens_and_a_forgotten_one_is_named() -> None:
    sealed = _keys().seal(b"x", "r")
    turned = DataKeys("b", KEYS.encrypt, KEYS.index, KEYS.pepper)
    assert _keys(turned).unseal(sealed, "r") == b"x"
    forgotten = DataKeys("b", {"b": b"b" * 32}, KEYS.index, KEYS.pepper)
    with pytest.raises(KeyFileError, match="not in the key file"):
        _keys(forgotten).unseal(sealed, "r")
    for rubbish in (b"", b"\x05a", b"\x01a", b"\x01a" + bytes(12)):
        with pytest.raises(KeyFileError):
            _keys().unseal(rubbish, "r")


def test_a_blind_index_tells_parts_apart() -> None:
    keys = _keys()
    assert keys.blind("card", b"ab", b"c") != keys.blind("card", b"a", b"bc")
    assert keys.blind("card", b"ab") != keys.blind("pin", b"ab")
    assert keys.blind("card", b"ab") == _keys().blind("card", b"ab")
    assert keys.token_hash("session", "t") != keys.token_hash("api-token", "t")


def test_a_changed_file_is_read_again_and_a_broken_one_leaves_the_old_keys(
    tmp_path: Path,
) -> None:
    data, links = tmp_path / "data-keys.json", tmp_path / "link-keys.json"
    keys = HubKeys.from_files(data, links)
    with pytest.raises(KeyFileError, match=r"data-keys\.json"):
        keys.check()
    hub_keys.save_data_keys(data, KEYS)
    hub_keys.save_link_keys(links, {})
    keys.check()
    first = keys.blind("x", b"1")
    other = DataKeys("a", KEYS.encrypt, b"j" * 32, KEYS.pepper)
    hub_keys.save_data_keys(data, other)
    second = keys.blind("x", b"1")
    assert second != first
    data.write_text("{")
    os.utime(data, ns=(1, 1))
    assert keys.blind("x", b"1") == second
    data.unlink()
    assert keys.blind("x", b"1") == second
