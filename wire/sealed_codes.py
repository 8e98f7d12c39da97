"""Sealed codes: a window in the digits themselves, under the secret of one lock.

A code is a number below 10^d. A keyed permutation turns it into a payload that names shape, start,
generation and variant, or into one that names nothing: one check, no search. docs/offline-pin.md is
the specification; `tests/wire/vectors/sealed_codes.json` holds its vectors, which the reference
firmware passes as well.
"""

from __future__ import annotations

import hmac
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wire.identity import uuid_bytes
from wire.offline_profiles import EARLY_S, EPOCH, Profile

KEY_LABEL: Final = b"kagimori/sealed-code/key/v1"
ROUND_LABEL: Final = b"kagimori/sealed-code/v1"
ROUNDS: Final = 10
SECRET_LENGTH: Final = 32


class CodeError(ValueError):
    """No code can be made of what was asked for; the text says why."""


@dataclass(frozen=True, slots=True)
class CodeKey:
    """The key of one lock's permutation: HMAC-SHA-256(secret, label | lock id, 16 bytes)."""

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes, lock_id: str) -> CodeKey:
        """Derive it from the lock's 32-byte code secret and its id: of a key box its device id, of
        a networked door the door's."""
        if len(secret) != SECRET_LENGTH:
            raise ValueError("a code secret has 32 bytes")
        return cls(hmac.digest(secret, KEY_LABEL + uuid_bytes(lock_id), "sha256"))


@dataclass(frozen=True, slots=True)
class SealedCode:
    """What a code carries: which shape of its profile, the start counted in the shape's grid from
    the epoch, the generation and the variant."""

    shape: int
    slot: int
    generation: int
    variant: int

    @property
    def tag(self) -> str:
        """Names the code in logs and events; without the secret no digits follow from it."""
        return f"{self.shape}.{self.slot}.{self.generation}.{self.variant}"

    @classmethod
    def of_tag(cls, tag: str) -> SealedCode:
        """Read a tag back; raise `ValueError`."""
        shape, slot, generation, variant = (int(part) for part in tag.split("."))
        return cls(shape, slot, generation, variant)

    def window_s(self, profile: Profile) -> tuple[int, int]:
        """The window `[start, end)` in seconds since the epoch."""
        shape = profile.shapes[self.shape]
        start_s = self.slot * shape.grid_s
        return start_s, start_s + shape.duration_s

    def window(self, profile: Profile) -> tuple[datetime, datetime]:
        """The window `[start, end)` as instants."""
        start_s, end_s = self.window_s(profile)
        return EPOCH + timedelta(seconds=start_s), EPOCH + timedelta(seconds=end_s)


# --- the permutation -----------------------------------------------------------------------------


def _round(key: CodeKey, profile: Profile, number: int, half: int, modulus: int) -> int:
    message = ROUND_LABEL + bytes((profile.number, profile.digits, number))
    digest = hmac.digest(key.secret, message + half.to_bytes(4, "big"), "sha256")
    return int.from_bytes(digest[:8], "big") % modulus


def _widths(profile: Profile) -> tuple[int, int]:
    left = profile.digits // 2
    return 10**left, 10 ** (profile.digits - left)


def permute(key: CodeKey, profile: Profile, number: int) -> int:
    """Seal: from a payload to a code, both in [0, 10^d). Ten rounds of an alternating Feistel
    network over decimal halves, as NIST SP 800-38G's FF1 has them, with HMAC-SHA-256 inside."""
    small, large = _widths(profile)
    left, right = divmod(number, large)
    for step in range(ROUNDS):
        modulus = small if step % 2 == 0 else large
        left, right = right, (left + _round(key, profile, step, right, modulus)) % modulus
    return left * large + right


def unpermute(key: CodeKey, profile: Profile, number: int) -> int:
    """Open: from a code to a payload; undoes `permute`."""
    small, large = _widths(profile)
    left, right = divmod(number, large)
    for step in reversed(range(ROUNDS)):
        modulus = small if step % 2 == 0 else large
        left, right = (right - _round(key, profile, step, left, modulus)) % modulus, left
    return left * large + right


# --- codes ---------------------------------------------------------------------------------------


def payload_of(profile: Profile, code: SealedCode) -> int:
    """Give the number a code's fields make; raise `CodeError` for fields the profile has not."""
    within = (
        0 <= code.shape < len(profile.shapes)
        and 0 <= code.slot < profile.shapes[code.shape].slots
        and 0 <= code.generation < profile.generations
        and 0 <= code.variant < profile.variants
    )
    if not within:
        raise CodeError(f"the profile {profile.name} has no code {code.tag}")
    place = (code.slot * profile.generations + code.generation) * profile.variants
    return profile.first_payload(code.shape) + place + code.variant


def code_of(profile: Profile, payload: int) -> SealedCode | None:
    """Give the fields of a payload, None for one that names nothing."""
    rest = payload
    for number, shape in enumerate(profile.shapes):
        size = shape.slots * profile.generations * profile.variants
        if rest < size:
            place, variant = divmod(rest, profile.variants)
            slot, generation = divmod(place, profile.generations)
            return SealedCode(number, slot, generation, variant)
        rest -= size
    return None


def seal_code(profile: Profile, key: CodeKey, code: SealedCode) -> str:
    """Give a code's digits; raise `CodeError` for fields the profile has not."""
    return f"{permute(key, profile, payload_of(profile, code)):0{profile.digits}d}"


def open_code(profile: Profile, key: CodeKey, digits: str) -> SealedCode | None:
    """Give what the digits carry, None where they are no code of this lock."""
    if len(digits) != profile.digits or not (digits.isascii() and digits.isdigit()):
        return None
    return code_of(profile, unpermute(key, profile, int(digits)))


def cover(
    profile: Profile, start: datetime, end: datetime, *, once: bool = False
) -> tuple[int, int]:
    """Give the shape and slot of the shortest window that covers `[start, end)`, of equal ones the
    latest; raise `CodeError` where the profile has none so long or so late."""
    start_s, rest = divmod(start - EPOCH, timedelta(seconds=1))
    end_s = -((EPOCH - end) // timedelta(seconds=1))
    if start_s < 0 or end_s <= start_s + (rest > timedelta(0)):
        raise CodeError("a window starts after 2025-01-01 in Japan and ends after it starts")
    best: tuple[int, int, int] | None = None
    for number, shape in enumerate(profile.shapes):
        slot = start_s // shape.grid_s
        if shape.once != once or slot >= shape.slots:
            continue
        found = (shape.duration_s, -slot * shape.grid_s, number)
        if slot * shape.grid_s + shape.duration_s >= end_s and (best is None or found < best):
            best = found
    if best is None:
        raise CodeError(f"the profile {profile.name} has no window that covers so much")
    shape = profile.shapes[best[2]]
    return best[2], -best[1] // shape.grid_s


# --- at the lock ---------------------------------------------------------------------------------


class CodeVerdict(StrEnum):
    """What a lock says of digits that were confirmed."""

    VALID = "valid"
    NOT_A_CODE = "not_a_code"
    RETIRED = "retired"
    NOT_YET = "not_yet"
    EARLY = "early"
    """Not yet, but within `EARLY_S`: spends no try."""
    EXPIRED = "expired"
    USED = "used"

    @property
    def spends_try(self) -> bool:
        """Whether it counts as a wrong try: all that a blind guess can come to."""
        return self not in (CodeVerdict.VALID, CodeVerdict.EARLY)


@dataclass(frozen=True, slots=True)
class LockClock:
    """Where a lock's clock stands: the true time is certainly within `[earliest_s, latest_s]`,
    seconds since the epoch; never further apart than twice the profile's drift."""

    earliest_s: int
    latest_s: int

    def narrowed(self, start_s: int, end_s: int) -> LockClock:
        """What is left of the doubt once a code of that window was taken: holders use codes within
        their windows. Never leaves what was possible before."""
        return LockClock(max(self.earliest_s, start_s), min(self.latest_s, end_s - 1))


def is_retired(profile: Profile, generation: int, newest: int) -> bool:
    """Whether a code's generation lies before the newest that the lock has seen (in a circle)."""
    return (generation - newest) % profile.generations >= profile.ahead


def judge_code(
    profile: Profile,
    code: SealedCode | None,
    clock: LockClock,
    newest: int,
    used: Container[SealedCode] = (),
) -> CodeVerdict:
    """Say what a code comes to at a lock that has seen generation `newest` and the one-time codes
    `used`. Pure; the caller remembers generation, use and the narrowed clock of a valid one."""
    if code is None:
        return CodeVerdict.NOT_A_CODE
    if is_retired(profile, code.generation, newest):
        return CodeVerdict.RETIRED
    start_s, end_s = code.window_s(profile)
    if start_s > clock.latest_s:
        early = start_s - clock.latest_s <= EARLY_S
        return CodeVerdict.EARLY if early else CodeVerdict.NOT_YET
    if clock.earliest_s >= end_s:
        return CodeVerdict.EXPIRED
    if profile.shapes[code.shape].once and code in used:
        return CodeVerdict.USED
    return CodeVerdict.VALID
