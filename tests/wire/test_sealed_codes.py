"""What docs/offline-pin.md claims of the algorithm: permutation, payload, round trip, tags."""

from __future__ import annotations

from collections import Counter
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import pins, sealed_codes
from wire.errors import WireError
from wire.offline_profiles import PROFILES, Profile
from wire.sealed_codes import (
    CodeError,
    CodeKey,
    SealedCode,
    code_of,
    open_code,
    payload_of,
    permute,
    seal_code,
    unpermute,
)

LOCK = "01a0c450-6c03-7000-8000-000000000007"
KEY = CodeKey.of(bytes(range(32)), LOCK)
QUARTER = PROFILES["quarter"]

keys = st.builds(CodeKey, st.binary(min_size=32, max_size=32))
profiles = st.sampled_from(list(PROFILES.values()))


@st.composite
def codes(draw: st.DrawFn) -> tuple[Profile, SealedCode]:
    profile = draw(profiles)
    shape = draw(st.integers(0, len(profile.shapes) - 1))
    return profile, SealedCode(
        shape,
        draw(st.integers(0, profile.shapes[shape].slots - 1)),
        draw(st.integers(0, profile.generations - 1)),
        draw(st.integers(0, profile.variants - 1)),
    )


# --- permutation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_a_permutation_of_few_digits_meets_every_number_once(digits: int) -> None:
    """Exhaustive, for even and odd widths: only number and digits of a profile go in."""
    small = cast("Profile", SimpleNamespace(number=1, digits=digits))
    top = 10**digits
    sealed = [permute(KEY, small, number) for number in range(top)]
    assert sorted(sealed) == list(range(top))
    assert [unpermute(KEY, small, number) for number in sealed] == list(range(top))


@pytest.mark.soak
@pytest.mark.parametrize("digits", [6])
def test_a_permutation_of_six_digits_meets_every_number_once(digits: int) -> None:
    test_a_permutation_of_few_digits_meets_every_number_once(digits)


@given(keys, profiles, st.data())
def test_opening_undoes_sealing_and_both_stay_within_the_digits(
    key: CodeKey, profile: Profile, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, 10**profile.digits - 1))
    sealed, opened = permute(key, profile, number), unpermute(key, profile, number)
    assert 0 <= sealed < 10**profile.digits
    assert 0 <= opened < 10**profile.digits
    assert unpermute(key, profile, sealed) == number == permute(key, profile, opened)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda one: one.name)
def test_neighbouring_payloads_scatter_evenly(profile: Profile) -> None:
    """Of 4,000 payloads in a row each leading and each last pair of digits is met about 40 times;
    chi-squared of 99 degrees passes 160 once in 10,000 keys, and the key is fixed."""
    sealed = [permute(KEY, profile, 1_000_000 + number) for number in range(4_000)]
    for pair in (lambda one: one // 10 ** (profile.digits - 2), lambda one: one % 100):
        counts = Counter(map(pair, sealed))
        assert sum((counts[value] - 40) ** 2 / 40 for value in range(100)) < 160


def test_two_profiles_permute_apart_under_one_key() -> None:
    other = cast("Profile", SimpleNamespace(number=QUARTER.number + 1, digits=QUARTER.digits))
    same = sum(permute(KEY, QUARTER, n) == permute(KEY, other, n) for n in range(1_000))
    assert same == 0


# --- codes ---------------------------------------------------------------------------------------


@given(keys, codes())
def test_a_sealed_code_opens_to_its_own_fields(
    key: CodeKey, made: tuple[Profile, SealedCode]
) -> None:
    profile, code = made
    digits = seal_code(profile, key, code)
    assert len(digits) == profile.digits
    assert digits.isdigit()
    assert open_code(profile, key, digits) == code


@given(profiles, st.data())
def test_every_payload_below_the_capacity_is_one_code_and_none_beyond_it(
    profile: Profile, data: st.DataObject
) -> None:
    payload = data.draw(st.integers(0, profile.capacity - 1))
    code = code_of(profile, payload)
    assert code is not None
    assert payload_of(profile, code) == payload
    beyond = data.draw(st.integers(profile.capacity, 10**profile.digits - 1))
    assert code_of(profile, beyond) is None


@given(codes(), st.data())
def test_fields_the_profile_has_not_are_refused(
    made: tuple[Profile, SealedCode], data: st.DataObject
) -> None:
    profile, code = made
    field, limit = data.draw(
        st.sampled_from(
            [
                ("shape", len(profile.shapes)),
                ("slot", profile.shapes[code.shape].slots),
                ("generation", profile.generations),
                ("variant", profile.variants),
            ]
        )
    )
    wrong = data.draw(st.sampled_from([-1, limit, limit + 1_000_000]))
    fields = {name: getattr(code, name) for name in SealedCode.__slots__} | {field: wrong}
    with pytest.raises(CodeError):
        seal_code(profile, KEY, SealedCode(**fields))


def test_variants_and_generations_of_one_window_have_different_digits() -> None:
    for profile in PROFILES.values():
        sealed = {
            seal_code(profile, KEY, SealedCode(0, 5_000, generation, variant))
            for generation in range(profile.generations)
            for variant in range(profile.variants)
        }
        assert len(sealed) == profile.generations * profile.variants


@given(codes(), keys, keys)
def test_a_tag_says_nothing_of_the_digits(
    made: tuple[Profile, SealedCode], one: CodeKey, other: CodeKey
) -> None:
    """The tag is made of fields alone, the same under every secret; the digits are not."""
    profile, code = made
    assert SealedCode.of_tag(code.tag) == code
    sealed = [seal_code(profile, CodeKey(bytes([byte]) * 32), code) for byte in range(8)]
    assert len(set(sealed)) > 4
    if one != other:
        row = [SealedCode(0, slot, 0, 0) for slot in range(4)]
        assert [seal_code(profile, one, each) for each in row] != [
            seal_code(profile, other, each) for each in row
        ]


@given(st.text(max_size=12))
def test_any_text_opens_to_a_code_or_to_nothing(text: str) -> None:
    code = open_code(QUARTER, KEY, text)
    if code is not None:
        assert seal_code(QUARTER, KEY, code) == text


@pytest.mark.parametrize(
    "digits", ["１２３４５６７８９", "٠١٢٣٤٥٦٧٨", "12345678", "1234567890", "²23456789"]
)
def test_only_ascii_digits_of_the_right_number_are_opened(digits: str) -> None:
    assert open_code(QUARTER, KEY, digits) is None


# --- keys ----------------------------------------------------------------------------------------


def test_a_key_is_of_one_secret_and_one_lock() -> None:
    made = {
        CodeKey.of(secret, lock).secret
        for secret in (bytes(32), bytes(31) + b"\x01")
        for lock in (LOCK, LOCK[:-1] + "8")
    }
    assert len(made) == 4
    assert all(len(one) == 32 for one in made)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_secret_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        CodeKey.of(bytes(length), LOCK)


def test_a_lock_without_a_proper_id_is_refused() -> None:
    with pytest.raises(WireError):
        CodeKey.of(bytes(32), "lock-7")


def test_a_key_does_not_show_its_secret() -> None:
    secret = Random(3).randbytes(32)
    shown = repr(CodeKey.of(secret, LOCK)) + repr(CodeKey(secret))
    assert secret.hex() not in shown
    assert repr(secret) not in shown


def test_the_mathematics_of_pins_is_found_in_one_place() -> None:
    names: Any = vars(pins)
    for name in ("CodeKey", "SealedCode", "cover", "judge_code", "open_code", "seal_code"):
        assert names[name] is vars(sealed_codes)[name]
        assert name in pins.__all__
