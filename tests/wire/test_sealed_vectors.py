"""The vectors of sealed codes hold: against the library, and against the specification written down
once more from docs/offline-pin.md with nothing of ours."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime
from typing import Any

import pytest

from tests.wire import make_code_vectors as made
from wire.offline_profiles import PROFILES, Profile
from wire.sealed_codes import (
    CodeError,
    CodeKey,
    CodeVerdict,
    SealedCode,
    code_of,
    cover,
    open_code,
    payload_of,
    permute,
    seal_code,
    unpermute,
)

FILE: dict[str, Any] = json.loads(made.VECTORS.read_text(encoding="utf-8"))
ALL = [pytest.param(one, id=one["name"]) for one in FILE["profiles"]]


def parts(vectors: dict[str, Any]) -> tuple[Profile, CodeKey]:
    return PROFILES[vectors["name"]], CodeKey.of(bytes.fromhex(vectors["secret"]), vectors["lock"])


def own_hmac(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA-256 as RFC 2104 has it, of a key of at most 64 bytes."""
    padded = key.ljust(64, b"\x00")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in padded) + data).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in padded) + inner).digest()


def own_permutation(vectors: dict[str, Any], number: int) -> int:
    """The permutation from the page alone."""
    digits = vectors["digits"]
    a, b = digits // 2, digits - digits // 2
    left, right = number // 10**b, number % 10**b
    for step in range(FILE["rounds"]):
        message = FILE["round_label"].encode() + bytes([vectors["number"], digits, step])
        digest = own_hmac(bytes.fromhex(vectors["key"]), message + right.to_bytes(4, "big"))
        modulus = 10 ** (a if step % 2 == 0 else b)
        left, right = right, (left + int.from_bytes(digest[:8], "big")) % modulus
    return int(left * 10**b + right)


def test_the_file_is_what_the_script_writes() -> None:
    assert made.VECTORS.read_text(encoding="utf-8") == made.text()


def test_every_profile_has_vectors() -> None:
    assert [one["name"] for one in FILE["profiles"]] == list(PROFILES)


@pytest.mark.parametrize("vectors", ALL)
def test_the_key_is_the_secrets_hmac_over_label_and_lock(vectors: dict[str, Any]) -> None:
    data = FILE["key_label"].encode() + uuid.UUID(vectors["lock"]).bytes
    assert own_hmac(bytes.fromhex(vectors["secret"]), data).hex() == vectors["key"]
    assert parts(vectors)[1].secret.hex() == vectors["key"]


@pytest.mark.parametrize("vectors", ALL)
def test_the_example_passes_every_round(vectors: dict[str, Any]) -> None:
    code, rounds = vectors["example"]["code"], vectors["example"]["rounds"]
    large = 10 ** (vectors["digits"] - vectors["digits"] // 2)
    left, right = divmod(code["payload"], large)
    for step in rounds:
        assert (step["left"], step["right"]) == (left, right)
        message = bytes.fromhex(step["message"])
        assert int.from_bytes(message[-4:], "big") == right
        digest = own_hmac(bytes.fromhex(vectors["key"]), message)
        assert digest.hex() == step["digest"]
        assert int.from_bytes(digest[:8], "big") % step["modulus"] == step["value"]
        left, right = right, (left + step["value"]) % step["modulus"]
        assert (step["left_after"], step["right_after"]) == (left, right)
    assert len(rounds) == FILE["rounds"]
    assert f"{left * large + right:0{vectors['digits']}d}" == code["digits"]


@pytest.mark.parametrize("vectors", ALL)
def test_the_permutation_gives_its_pairs_and_undoes_them(vectors: dict[str, Any]) -> None:
    profile, key = parts(vectors)
    for number, sealed in vectors["permutation"]:
        assert own_permutation(vectors, number) == sealed == permute(key, profile, number)
        assert unpermute(key, profile, sealed) == number
    for number, opened in vectors["inverse"]:
        assert unpermute(key, profile, number) == opened
        assert own_permutation(vectors, opened) == number


@pytest.mark.parametrize("vectors", ALL)
def test_codes_have_their_fields_window_payload_and_digits(vectors: dict[str, Any]) -> None:
    profile, key = parts(vectors)
    epoch = datetime.fromisoformat(FILE["epoch"])
    for row in vectors["codes"]:
        code = SealedCode(row["shape"], row["slot"], row["generation"], row["variant"])
        shape = vectors["shapes"][code.shape]
        place = code.slot * vectors["generations"] + code.generation
        payload = shape["first_payload"] + place * vectors["variants"] + code.variant
        assert payload == row["payload"] == payload_of(profile, code)
        assert code_of(profile, payload) == code == SealedCode.of_tag(row["tag"])
        assert code.tag == row["tag"]
        assert row["start_s"] == code.slot * shape["grid_s"]
        assert row["end_s"] == row["start_s"] + shape["duration_s"]
        assert code.window_s(profile) == (row["start_s"], row["end_s"])
        window = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
        assert code.window(profile) == window
        assert (window[0] - epoch).total_seconds() == row["start_s"]
        assert own_permutation(vectors, payload) == int(row["digits"])
        assert seal_code(profile, key, code) == row["digits"]
        assert open_code(profile, key, row["digits"]) == code


@pytest.mark.parametrize("vectors", ALL)
def test_digits_beyond_the_capacity_and_malformed_ones_are_no_code(vectors: dict[str, Any]) -> None:
    profile, key = parts(vectors)
    for row in vectors["no_codes"]:
        assert own_permutation(vectors, row["payload"]) == int(row["digits"])
        assert row["payload"] >= vectors["capacity"]
        assert open_code(profile, key, row["digits"]) is None
    for digits in vectors["malformed"]:
        assert open_code(profile, key, digits) is None


@pytest.mark.parametrize("vectors", ALL)
def test_the_profile_is_the_one_published(vectors: dict[str, Any]) -> None:
    profile, _ = parts(vectors)
    for name in ("number", "digits", "generations", "ahead", "variants", "drift_s"):
        assert getattr(profile, name) == vectors[name]
    assert (profile.capacity, profile.acceptable) == (vectors["capacity"], vectors["acceptable"])
    shapes = [(one["grid_s"], one["duration_s"], one["once"]) for one in vectors["shapes"]]
    assert [(one.grid_s, one.duration_s, one.once) for one in profile.shapes] == shapes


EDGES = {
    "long before": "not_yet",
    "a second before the early hour": "not_yet",
    "early hour begins": "early",
    "start - 1": "early",
    "start": "valid",
    "middle": "valid",
    "end - 1": "valid",
    "end": "expired",
    "long after": "expired",
    "doubt ends a second before the early hour": "not_yet",
    "doubt ends as the early hour begins": "early",
    "doubt ends at start - 1": "early",
    "doubt ends at start": "valid",
    "doubt lies about start": "valid",
    "doubt begins at end - 1": "valid",
    "doubt begins at end": "expired",
    "one-time, used": "used",
    "one-time, used, expired": "expired",
    "one-time, used, early": "early",
    "one-time, another variant was used": "valid",
    "no one-time code is ever used": "valid",
    "not a code": "not_a_code",
}
"""What the names of the cases promise."""


@pytest.mark.parametrize("vectors", ALL)
def test_verdicts_at_the_edges_are_what_their_names_promise(vectors: dict[str, Any]) -> None:
    profile, key = parts(vectors)
    named = set()
    for row in vectors["verdicts"]:
        expected = EDGES.get(row["name"])
        if row["name"] == "generations":
            newest = range(row["newest"], row["newest"] + profile.ahead)
            taken = {generation % profile.generations for generation in newest}
            generation = SealedCode.of_tag(row["tag"]).generation
            expected = "valid" if generation in taken else "retired"
        assert row["verdict"] == expected, row
        assert row["spends_try"] == (row["verdict"] not in ("valid", "early"))
        again = made.verdict_of(profile, key, row)
        assert again == {name: row[name] for name in again}
        if row["verdict"] == CodeVerdict.VALID:
            earliest_s, latest_s = row["narrowed_s"]
            assert row["earliest_s"] <= earliest_s <= latest_s <= row["latest_s"]
        named.add(row["name"])
    assert named == {*EDGES, "generations"}


@pytest.mark.parametrize("vectors", ALL)
def test_covering_windows_are_those_named(vectors: dict[str, Any]) -> None:
    profile, _ = parts(vectors)
    for row in vectors["covers"]:
        start, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
        if row["window"] is None:
            with pytest.raises(CodeError):
                cover(profile, start, end, once=row["once"])
            continue
        window = cover(profile, start, end, once=row["once"])
        assert window == (row["window"]["shape"], row["window"]["slot"])
