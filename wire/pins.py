"""The mathematics of PINs: digests for doors on a network, sealed codes for locks without one.

A networked door compares *digests*: what an edge holds in place of digits and card numbers. They do
not hide a 6-digit PIN from somebody who has both digests and K_pin (see docs/threat-model.md):
hence the 72-hour horizon.

A lock without a network holds no list: a *sealed code* carries its window in its own digits. The
published algorithm is docs/offline-pin.md; `wire.sealed_codes` holds permutation, payload and
verdict, `wire.offline_profiles` the windows with their bound, `wire.code_guessing` what a patient
guesser comes to. Their public names are given here as well::

    key = CodeKey.of(secret, lock_id)
    shape, slot = cover(profile, start, end)
    digits = seal_code(profile, key, SealedCode(shape, slot, generation, variant))
    code = open_code(profile, key, digits)
    verdict = judge_code(profile, code, LockClock(earliest_s, latest_s), newest, used)
"""

from __future__ import annotations

import hmac
import re
from typing import Final

from wire.identity import uuid_bytes
from wire.keys import PinKey
from wire.offline_profiles import DEFAULT_PROFILE, PROFILES, Profile, ProfileError, profile_numbered
from wire.sealed_codes import (
    CodeError,
    CodeKey,
    CodeVerdict,
    LockClock,
    SealedCode,
    cover,
    judge_code,
    open_code,
    seal_code,
)

__all__ = [
    "DEFAULT_PROFILE",
    "EARLY_GRACE_S",
    "MAX_DIGITS",
    "MIN_DIGITS",
    "PROFILES",
    "CodeError",
    "CodeKey",
    "CodeVerdict",
    "LockClock",
    "Profile",
    "ProfileError",
    "SealedCode",
    "card_digest",
    "cover",
    "judge_code",
    "open_code",
    "pin_digest",
    "profile_numbered",
    "seal_code",
]

PIN_LABEL: Final = b"kagimori/pin/v1"
CARD_LABEL: Final = b"kagimori/card/v1"
MIN_DIGITS: Final = 4
MAX_DIGITS: Final = 10
EARLY_GRACE_S: Final = 3_600
"""A right PIN typed at most this long before its window spends no try: people come early. Earlier
ones do, or a guesser could learn of a code by the lockout that fails to come. The hub counts this
hour into the guess-risk."""

_DIGITS = re.compile(r"[0-9]{4,10}")
_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")


def pin_digest(key: PinKey, door_id: str, digits: str) -> str:
    """Give HMAC-SHA-256(K_pin, "kagimori/pin/v1" | door id, 16 bytes | ASCII digits) as hex.

    The door is inside, so that the digest of one door says nothing at another. Raises
    `ValueError` unless `digits` are 4 to 10 ASCII digits.
    """
    if not _DIGITS.fullmatch(digits):
        raise ValueError("a PIN has 4 to 10 digits")
    data = PIN_LABEL + uuid_bytes(door_id) + digits.encode("ascii")
    return hmac.digest(key.secret, data, "sha256").hex()


def card_digest(key: PinKey, namespace: str, identity: bytes) -> str:
    """Give HMAC-SHA-256(K_pin, "kagimori/card/v1" | namespace | 0x00 | identity) as hex.

    `namespace` says how the identity was read (`uid`, `felica`, `p256`, ...): the same bytes in
    two namespaces are two cards. Raises `ValueError` for a bad namespace or no identity.
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise ValueError("a namespace is 1 to 32 of a-z, 0-9, dot, dash, underscore")
    if not 1 <= len(identity) <= 128:
        raise ValueError("a card identity has 1 to 128 bytes")
    data = CARD_LABEL + namespace.encode("ascii") + b"\x00" + identity
    return hmac.digest(key.secret, data, "sha256").hex()
