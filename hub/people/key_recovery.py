"""The public key that an ECDSA P-256 signature was made with: pure.

A signature (r, s) over a hash e fits two keys: Q = r^-1 (s R - e G) for the two points R whose x
is r (SEC 1, version 2.0, 4.1.6; that x may also be r + n is so rare, 2^-128, that such an answer is
no answer). A second answer of the same card tells which: its signature verifies under one of them.
So a card's key is taken up without a command of its own, from what it does at any tap.
"""

from __future__ import annotations

import base64
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from wire.card_offers import CardAnswer

# FIPS 186-5 and SP 800-186, 3.2.1.3: P-256, with a = -3.
_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_GX: Final = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
_GY: Final = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5

_Point = tuple[int, int] | None
"""An affine point; None is the point at infinity."""


def candidate_keys(answer: CardAnswer) -> tuple[str, ...]:
    """Give the keys (uncompressed points, base64) that an answer may come from: two, or none for
    what is no signature."""
    r, s = _halves(answer)
    e = int.from_bytes(answer.hashed, "big")
    if not (0 < r < _N and 0 < s < _N):
        return ()
    square = (pow(r, 3, _P) - 3 * r + _B) % _P
    root = pow(square, (_P + 1) // 4, _P)
    if root * root % _P != square:
        return ()
    inverse = pow(r, -1, _N)
    from_hash = _times(-e * inverse % _N, (_GX, _GY))
    found = (_add(_times(s * inverse % _N, (r, y)), from_hash) for y in (root, _P - root))
    return tuple(key for key in map(_key, found) if key is not None and _verifies(key, answer))


def confirmed_key(candidates: tuple[str, ...], answer: CardAnswer) -> str | None:
    """Give the one of some keys that another answer comes from; None where it is none of them, or
    more than one: an answer that is told twice fits whatever it fitted before."""
    found = [key for key in candidates if _verifies(key, answer)]
    return found[0] if len(found) == 1 else None


def _halves(answer: CardAnswer) -> tuple[int, int]:
    half = len(answer.signature) // 2
    return (
        int.from_bytes(answer.signature[:half], "big"),
        int.from_bytes(answer.signature[half:], "big"),
    )


def _key(point: _Point) -> str | None:
    if point is None:
        return None
    x, y = point
    return base64.b64encode(b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")).decode()


def _verifies(key: str, answer: CardAnswer) -> bool:
    """Whether a key made an answer, asked of the library and not of the arithmetic here."""
    try:
        point = base64.b64decode(key, validate=True)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        signature = encode_dss_signature(*_halves(answer))
        public.verify(signature, answer.hashed, ec.ECDSA(Prehashed(SHA256())))
    except (InvalidSignature, ValueError):
        return False
    return True


def _add(left: _Point, right: _Point) -> _Point:
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % _P == 0:
        return None
    if left == right:
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, _P) % _P
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, _P) % _P
    x3 = (slope * slope - x1 - x2) % _P
    return x3, (slope * (x1 - x3) - y1) % _P


def _times(factor: int, point: _Point) -> _Point:
    """Double and add: nothing here is secret, so its time may tell what it likes."""
    total: _Point = None
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total
