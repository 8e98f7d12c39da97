"""The firmware's own Ed25519 beside OpenSSL's, built with the address and undefined sanitisers."""

from __future__ import annotations

import hashlib
import random
import re
import secrets
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CORE: Final = Path(__file__).parents[4] / "firmware_bridge/keybox/firmware/core"
P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
ROOT: Final = pow(2, (P - 1) // 4, P)

Case = tuple[bytes, bytes, bytes]
"""Key, signature, message."""
Verify = Callable[[list[Case]], list[bool]]
Point = tuple[int, int]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ed25519") / "harness"
    sources = [Path(__file__).with_name("ed25519_harness.c")]
    sources += [CORE / "kb_sha512.c"]
    sanitise = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
    subprocess.run(["gcc", *flags, *sanitise, "-I", CORE, *sources, "-o", made], check=True)
    return made


@pytest.fixture(scope="module")
def verify(program: Path) -> Verify:
    def run(cases: list[Case]) -> list[bool]:
        records = [k + s + len(m).to_bytes(4, "little") + m for k, s, m in cases]
        words = [program, "verify"]
        done = subprocess.run(words, input=b"".join(records), capture_output=True, check=True)
        assert len(done.stdout) == len(cases)
        return [each == ord("1") for each in done.stdout]

    return run


def openssl(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signed(message: bytes) -> Case:
    key = Ed25519PrivateKey.generate()
    return key.public_key().public_bytes_raw(), key.sign(message), message


# --- RFC 8032, section 7.1: key, signature, message --------------------------------------------

RFC_VECTORS: Final = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
            "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ),
]


@pytest.mark.parametrize("vector", RFC_VECTORS, ids=["empty", "one", "two", "sha_abc"])
def test_rfc_8032_vectors_hold(verify: Verify, vector: tuple[str, str, str, str]) -> None:
    secret, key, message, signature = (bytes.fromhex(part) for part in vector)
    signer = Ed25519PrivateKey.from_private_bytes(secret)
    assert signer.public_key().public_bytes_raw() == key
    assert signer.sign(message) == signature
    assert verify([(key, signature, message)]) == [True]


def test_200_signatures_of_another_library_hold(verify: Verify) -> None:
    cases = [signed(secrets.token_bytes(length)) for length in range(0, 400, 2)]
    assert verify(cases) == [True] * 200


def test_one_changed_bit_anywhere_breaks_a_signature(verify: Verify) -> None:
    def flipped(data: bytes, bit: int) -> bytes:
        return bytes(b ^ (1 << bit % 8 if i == bit // 8 else 0) for i, b in enumerate(data))

    key, signature, message = signed(b"kagimori/firmware/v1" + bytes(48))
    cases = [(key, flipped(signature, bit), message) for bit in range(0, 512, 3)]
    cases += [(flipped(key, bit), signature, message) for bit in range(0, 256, 3)]
    cases += [(key, signature, flipped(message, bit)) for bit in range(0, 8 * len(message), 7)]
    cases += [(key, signature, message + b"\0"), (key, signature, message[:-1])]
    assert not any(verify(cases))


def test_an_s_that_is_not_canonical_is_refused(verify: Verify) -> None:
    cases = []
    for _ in range(20):
        key, signature, message = signed(b"s")
        s = int.from_bytes(signature[32:], "little")
        cases += [
            (key, signature[:32] + (s + n * L).to_bytes(32, "little"), message)
            for n in range(1, (2**256 - 1 - s) // L + 1)
        ]
    key, signature, message = signed(b"s")
    cases += [(key, signature[:32] + s.to_bytes(32, "little"), message) for s in (L, 2**256 - 1)]
    assert not any(openssl(*case) for case in cases)
    assert not any(verify(cases))


# --- keys on the edge: the curve once more, in integers -----------------------------------------


def sum_of(p: Point, q: Point) -> Point:
    product = D * p[0] * q[0] * p[1] * q[1] % P
    x = (p[0] * q[1] + q[0] * p[1]) * pow(1 + product, -1, P)
    return x % P, (p[1] * q[1] + p[0] * q[0]) * pow(1 - product, -1, P) % P


def times(scalar: int, p: Point) -> Point:
    result = (0, 1)
    for bit in f"{scalar:b}":
        result = sum_of(result, result)
        result = sum_of(result, p) if bit == "1" else result
    return result


def x_of(y: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    return next((r for r in (x, x * ROOT % P) if r * r % P == square), None)


def encoded(p: Point) -> bytes:
    return (p[1] | (p[0] & 1) << 255).to_bytes(32, "little")


def base() -> Point:
    y = 4 * pow(5, -1, P) % P
    x = x_of(y)
    assert x is not None
    return (x if x % 2 == 0 else P - x), y


def of_order_8() -> Point:
    """[L]P of any P is of small order; the first of order 8 will do."""
    for y in range(2, 200):
        x = x_of(y)
        if x is not None:
            point = times(L, (x, y))
            if times(4, point) != (0, 1):
                return point
    raise AssertionError


def test_the_constants_follow_from_their_definitions() -> None:
    source = (CORE / "kb_ed25519.c").read_text()

    def table(name: str) -> int:
        body = re.search(rf"{name}\[32\] = {{([^}}]*)}}", source)
        assert body is not None
        found = re.findall(r"0x([0-9a-f]{2}),", body[1])
        return int.from_bytes(bytes.fromhex("".join(found)), "little")

    assert table("d_bytes") == D
    assert table("root_of_minus_one") == ROOT
    assert table("base_point") == int.from_bytes(encoded(base()), "little")


def forged(key: bytes) -> Case:
    """What holds for any message under the neutral element as key: R = [S]B."""
    seed = Ed25519PrivateKey.generate()
    digest = bytearray(hashlib.sha512(seed.private_bytes_raw()).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    s = int.from_bytes(digest, "little") % L
    return key, seed.public_key().public_bytes_raw() + s.to_bytes(32, "little"), b"any"


def test_keys_of_small_order_are_refused_though_openssl_takes_them(verify: Verify) -> None:
    torsion = of_order_8()
    keys = [encoded(times(n, torsion)) for n in range(8)]
    assert len(set(keys)) == 8
    assert openssl(*forged(keys[0])), "the forgery is a real one"
    attempts = [forged(key) for key in keys for _ in range(16)]
    assert sum(openssl(*case) for case in attempts) > 16
    assert not any(verify(attempts))


def test_keys_that_are_not_canonical_are_refused(verify: Verify) -> None:
    one = (P + 1).to_bytes(32, "little")
    minus_zero = (1 | 1 << 255).to_bytes(32, "little")
    keys = [one, minus_zero, *((P + n).to_bytes(32, "little") for n in range(2, 19))]
    keys += [(P + n | 1 << 255).to_bytes(32, "little") for n in range(19)]
    assert not any(verify([forged(key) for key in keys]))


def test_keys_off_the_curve_are_refused(verify: Verify) -> None:
    off = [y.to_bytes(32, "little") for y in range(400) if x_of(y) is None]
    assert len(off) > 100
    assert not any(verify([(key, *signed(b"m")[1:]) for key in off]))


def decoded(program: Path, keys: list[bytes]) -> list[bool]:
    words = [program, "decode"]
    done = subprocess.run(words, input=b"".join(keys), capture_output=True, check=True)
    return [each == ord("1") for each in done.stdout]


def test_a_key_is_a_point_by_section_5_1_3_or_none(program: Path) -> None:
    """y below p, an x that fits, and no sign for x = 0: with either sign, at all edges."""
    ys = [*range(120), *range(P - 120, P + 19), *(random.Random(y).randrange(P) for y in range(60))]
    keys, wanted = [], []
    for y in ys:
        x = x_of(y % P)
        for sign in (0, 1):
            keys.append((y | sign << 255).to_bytes(32, "little"))
            wanted.append(y < P and x is not None and not (x == 0 and sign == 1))
    assert decoded(program, keys) == wanted
    assert 100 < sum(wanted) < len(wanted) - 100


EDGES: Final = [
    [0] * 20,
    [8_191] * 20,
    [8_191, 8_191, 8_192, *[8_191] * 17],
    [0, 0, 8_192, *[8_191] * 17],
    [8_191 - 18, *[8_191] * 18, 255],
    [8_191 - 19, *[8_191] * 18, 255],
    [8_191, *[8_191] * 18, 255],
    [*[8_191] * 19, 511],
    [0, *[0] * 18, 256],
    [8_190, 8_191, 8_192, *[8_191] * 16, 8_191],
    [1, *[0] * 19],
]


def test_field_arithmetic_is_that_of_integers_at_the_edges_of_its_limbs(program: Path) -> None:
    draw = random.Random(25519)
    elements = [*EDGES, *([draw.randrange(8_192) for _ in range(20)] for _ in range(12))]
    elements += [[draw.choice((0, 1, 8_190, 8_191)) for _ in range(20)] for _ in range(12)]
    records, wanted = [], []
    for a in elements:
        for b in elements:
            one, other = (sum(limb << 13 * i for i, limb in enumerate(each)) for each in (a, b))
            results = {"+": one + other, "-": one - other, "*": one * other, "2": one * one}
            results |= {"=": one, "/": pow(one % P, P - 2, P)} if b is elements[0] else {}
            for operation, result in results.items():
                records.append(operation.encode() + struct.pack("<40H", *a, *b))
                wanted.append((result % P).to_bytes(32, "little"))
    words = [program, "field"]
    done = subprocess.run(words, input=b"".join(records), capture_output=True, check=True)
    assert done.stdout == b"".join(wanted)


def test_the_cofactor_is_left_out_as_openssl_does(verify: Verify) -> None:
    """Under A = [a]B + T, T of order 8, S = r + h a holds without the cofactor only where 8 | h."""
    cases, torsion, draw = [], of_order_8(), random.Random(8032)
    for number in range(32):
        a, r = draw.randrange(L), draw.randrange(L)
        key = encoded(sum_of(times(a, base()), torsion))
        nonce, message = encoded(times(r, base())), bytes([number])
        h = int.from_bytes(hashlib.sha512(nonce + key + message).digest(), "little") % L
        cases.append((key, nonce + ((r + h * a) % L).to_bytes(32, "little"), message))
    verdicts = verify(cases)
    assert verdicts == [openssl(*case) for case in cases]
    assert len(set(verdicts)) == 2


@pytest.mark.parametrize("step", [1, 7, 128, 1000])
def test_sha_512_is_that_of_hashlib_in_pieces_of_any_size(program: Path, step: int) -> None:
    for length in (0, 1, 111, 112, 113, 127, 128, 129, 239, 240, 256, 777):
        data = secrets.token_bytes(length)
        done = subprocess.run(
            [program, "hash", str(step)], input=data, capture_output=True, check=True
        )
        assert done.stdout.decode() == hashlib.sha512(data).hexdigest()
