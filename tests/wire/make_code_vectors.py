"""Writes the vectors of sealed codes: `python -m tests.wire.make_code_vectors`.

Secrets are fixed and worthless. What the reference firmware and every other implementation must
give stands in the file; docs/offline-pin.md quotes it. A number's meaning is never changed: vectors
of a published profile may be added, none altered.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from wire.offline_profiles import EARLY_S, EPOCH, LIFETIME_S, MAX_BOUND, PROFILES, Profile
from wire.sealed_codes import (
    KEY_LABEL,
    ROUND_LABEL,
    ROUNDS,
    CodeError,
    CodeKey,
    CodeVerdict,
    LockClock,
    SealedCode,
    cover,
    judge_code,
    open_code,
    payload_of,
    permute,
    seal_code,
    unpermute,
)

VECTORS: Final = Path(__file__).parent / "vectors" / "sealed_codes.json"
SECRET: Final = bytes(range(0xA0, 0xC0))
LOCK: Final = "01a0c450-6c03-7000-8000-000000000007"
_SEED: Final = 20_250_101
_NOON: Final = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
"""18:30 in Japan: a window of the worked example begins here."""
_MIDNIGHT: Final = datetime(2026, 11, 28, 15, tzinfo=UTC)
"""Of the day after, in Japan."""


def key_for(_profile: Profile) -> CodeKey:
    """The key of every vector: profiles differ by what the rounds hash, not by the key."""
    return CodeKey.of(SECRET, LOCK)


# --- permutation ---------------------------------------------------------------------------------


def _round(key: CodeKey, profile: Profile, step: int, half: int) -> tuple[bytes, bytes]:
    """The message and the whole digest of one round, written down anew from the specification."""
    message = ROUND_LABEL + bytes((profile.number, profile.digits, step)) + half.to_bytes(4, "big")
    return message, hmac.digest(key.secret, message, "sha256")


def rounds_of(key: CodeKey, profile: Profile, number: int) -> list[dict[str, Any]]:
    """Seal a number round by round."""
    small_digits = profile.digits // 2
    moduli = (10**small_digits, 10 ** (profile.digits - small_digits))
    left, right = divmod(number, moduli[1])
    steps = []
    for step in range(ROUNDS):
        message, digest = _round(key, profile, step, right)
        modulus = moduli[step % 2]
        value = int.from_bytes(digest[:8], "big") % modulus
        after = right, (left + value) % modulus
        steps.append(
            {
                "round": step,
                "left": left,
                "right": right,
                "message": message.hex(),
                "digest": digest.hex(),
                "modulus": modulus,
                "value": value,
                "left_after": after[0],
                "right_after": after[1],
            }
        )
        left, right = after
    return steps


def _numbers(profile: Profile, random: Random) -> list[int]:
    top = 10**profile.digits
    split = 10 ** (profile.digits - profile.digits // 2)
    named = [0, 1, 2, split - 1, split, profile.capacity - 1, profile.capacity, top // 2, top - 1]
    return named + [random.randrange(top) for _ in range(16)]


# --- codes ---------------------------------------------------------------------------------------


def told(profile: Profile, key: CodeKey, code: SealedCode) -> dict[str, Any]:
    """A code with everything that follows from it."""
    start_s, end_s = code.window_s(profile)
    return {
        **asdict(code),
        "tag": code.tag,
        "once": profile.shapes[code.shape].once,
        "start_s": start_s,
        "end_s": end_s,
        "start": code.window(profile)[0].isoformat(),
        "end": code.window(profile)[1].isoformat(),
        "payload": payload_of(profile, code),
        "digits": seal_code(profile, key, code),
    }


def _slot(profile: Profile, shape: int, at: datetime) -> int:
    return int((at - EPOCH).total_seconds()) // profile.shapes[shape].grid_s


def _codes(profile: Profile, random: Random) -> list[SealedCode]:
    codes = []
    for shape, one in enumerate(profile.shapes):
        codes += [
            SealedCode(shape, 0, 0, 0),
            SealedCode(shape, one.slots - 1, profile.generations - 1, profile.variants - 1),
            SealedCode(shape, _slot(profile, shape, _NOON), 0, 0),
        ]
    for _ in range(24):
        shape = random.randrange(len(profile.shapes))
        codes.append(
            SealedCode(
                shape,
                random.randrange(profile.shapes[shape].slots),
                random.randrange(profile.generations),
                random.randrange(profile.variants),
            )
        )
    return codes


def _no_codes(profile: Profile, key: CodeKey, random: Random) -> list[dict[str, Any]]:
    top = 10**profile.digits
    payloads = [profile.capacity, profile.capacity + 1, top - 1]
    payloads += [random.randrange(profile.capacity, top) for _ in range(5)]
    return [
        {"digits": f"{permute(key, profile, payload):0{profile.digits}d}", "payload": payload}
        for payload in payloads
    ]


def _malformed(profile: Profile) -> list[str]:
    nine = "123456789012"[: profile.digits]
    return ["", nine[:-1], nine + "0", nine[:-1] + "#", nine[:-1] + " ", "-" + nine[1:]]


# --- verdicts ------------------------------------------------------------------------------------


def verdict_of(profile: Profile, key: CodeKey, case: dict[str, Any]) -> dict[str, Any]:
    """What a case comes to."""
    clock = LockClock(case["earliest_s"], case["latest_s"])
    code = open_code(profile, key, case["digits"])
    used = frozenset(SealedCode.of_tag(tag) for tag in case["used"])
    verdict = judge_code(profile, code, clock, case["newest"], used)
    outcome: dict[str, Any] = {"verdict": verdict.value, "spends_try": verdict.spends_try}
    if verdict is CodeVerdict.VALID and code is not None:
        left = clock.narrowed(*code.window_s(profile))
        outcome |= {"narrowed_s": [left.earliest_s, left.latest_s], "newest_after": code.generation}
    return outcome


def _edges(start_s: int, end_s: int, drift_s: int) -> dict[str, tuple[int, int]]:
    """Clocks at the edges of a window: the name says where, the doubt is none or the widest."""
    known = {
        "long before": start_s - 86_400,
        "a second before the early hour": start_s - EARLY_S - 1,
        "early hour begins": start_s - EARLY_S,
        "start - 1": start_s - 1,
        "start": start_s,
        "middle": (start_s + end_s) // 2,
        "end - 1": end_s - 1,
        "end": end_s,
        "long after": end_s + 86_400,
    }
    wide = 2 * drift_s
    doubtful = {
        "doubt ends a second before the early hour": start_s - EARLY_S - 1,
        "doubt ends as the early hour begins": start_s - EARLY_S,
        "doubt ends at start - 1": start_s - 1,
        "doubt ends at start": start_s,
        "doubt lies about start": start_s + drift_s,
        "doubt begins at end - 1": end_s - 1 + wide,
        "doubt begins at end": end_s + wide,
    }
    return {name: (at, at) for name, at in known.items()} | {
        name: (latest - wide, latest) for name, latest in doubtful.items()
    }


def _verdicts(profile: Profile, key: CodeKey) -> list[dict[str, Any]]:
    once = next(number for number, shape in enumerate(profile.shapes) if shape.once)
    last = profile.generations - 1
    cases: list[tuple[str, SealedCode, tuple[int, int], int, list[str]]] = []
    for shape in (0, once, len(profile.shapes) - 1):
        code = SealedCode(shape, _slot(profile, shape, _NOON), 1, profile.variants - 1)
        for name, clock in _edges(*code.window_s(profile), profile.drift_s).items():
            cases.append((name, code, clock, 1, []))
    slot = _slot(profile, 0, _NOON)
    for newest in (0, 1, last - 1, last):
        for generation in range(profile.generations):
            code = SealedCode(0, slot, generation, 0)
            start_s, _ = code.window_s(profile)
            cases.append(("generations", code, (start_s, start_s), newest, []))
    one_time = SealedCode(once, _slot(profile, once, _NOON), 0, 0)
    start_s, end_s = one_time.window_s(profile)
    other = SealedCode(once, one_time.slot, 0, 1)
    reusable = SealedCode(0, slot, 0, 0)
    for name, code, at in (
        ("one-time, used", one_time, start_s),
        ("one-time, used, expired", one_time, end_s),
        ("one-time, used, early", one_time, start_s - 1),
        ("one-time, another variant was used", other, start_s),
        ("no one-time code is ever used", reusable, reusable.window_s(profile)[0]),
    ):
        cases.append((name, code, (at, at), 0, [one_time.tag, reusable.tag]))
    found = []
    for name, code, (earliest_s, latest_s), newest, used in cases:
        case = {
            "name": name,
            "tag": code.tag,
            "digits": seal_code(profile, key, code),
            "earliest_s": earliest_s,
            "latest_s": latest_s,
            "newest": newest,
            "used": used,
        }
        found.append(case | verdict_of(profile, key, case))
    wrong = {
        "name": "not a code",
        "tag": None,
        "digits": f"{permute(key, profile, profile.capacity):0{profile.digits}d}",
        "earliest_s": start_s,
        "latest_s": start_s,
        "newest": 0,
        "used": [],
    }
    return [*found, wrong | verdict_of(profile, key, wrong)]


# --- covering ------------------------------------------------------------------------------------


def _covers(profile: Profile) -> list[dict[str, Any]]:
    minute = timedelta(minutes=1)
    asked = [
        (_NOON, _NOON + 60 * minute, False),
        (_NOON + 7 * minute, _NOON + 67 * minute, False),
        (_NOON, _NOON + 150 * minute, False),
        (_NOON, _NOON + 26 * 60 * minute, False),
        (_NOON, _NOON + 60 * minute, True),
        (_NOON, _NOON + 400 * 1440 * minute, False),
        (datetime(2028, 2, 28, 15, tzinfo=UTC), datetime(2028, 2, 29, 15, tzinfo=UTC), False),
        (datetime(2027, 12, 31, 14, tzinfo=UTC), datetime(2027, 12, 31, 16, tzinfo=UTC), False),
        (_NOON, _NOON + 100 * 1440 * minute, False),
        (_MIDNIGHT, _MIDNIGHT + 100 * 1440 * minute, False),
        (_MIDNIGHT, _MIDNIGHT + 367 * 1440 * minute, False),
        (_NOON - 10 * minute, _NOON + (672 * 60 + 10) * minute, False),
    ]
    found = []
    for start, end, once in asked:
        try:
            shape, slot = cover(profile, start, end, once=once)
        except CodeError:
            window = None
        else:
            window = {"shape": shape, "slot": slot}
        case = {"start": start.isoformat(), "end": end.isoformat(), "once": once}
        found.append(case | {"window": window})
    return found


# --- the file ------------------------------------------------------------------------------------


def _profile_vectors(profile: Profile) -> dict[str, Any]:
    random = Random(_SEED + profile.number)
    key = key_for(profile)
    example = SealedCode(0, _slot(profile, 0, _NOON), 3, 1)
    payload = payload_of(profile, example)
    numbers = _numbers(profile, random)
    return {
        "number": profile.number,
        "name": profile.name,
        "digits": profile.digits,
        "shapes": [
            {**asdict(shape), "slots": shape.slots, "first_payload": profile.first_payload(number)}
            for number, shape in enumerate(profile.shapes)
        ],
        "generations": profile.generations,
        "ahead": profile.ahead,
        "variants": profile.variants,
        "drift_s": profile.drift_s,
        "capacity": profile.capacity,
        "acceptable": profile.acceptable,
        "secret": SECRET.hex(),
        "lock": LOCK,
        "key": key.secret.hex(),
        "example": {
            "code": told(profile, key, example),
            "rounds": rounds_of(key, profile, payload),
        },
        "permutation": [[number, permute(key, profile, number)] for number in numbers],
        "inverse": [[number, unpermute(key, profile, number)] for number in numbers],
        "codes": [told(profile, key, code) for code in _codes(profile, random)],
        "no_codes": _no_codes(profile, key, random),
        "malformed": _malformed(profile),
        "verdicts": _verdicts(profile, key),
        "covers": _covers(profile),
    }


def vectors() -> dict[str, Any]:
    """Give everything that the file holds."""
    return {
        "algorithm": ROUND_LABEL.decode(),
        "key_label": KEY_LABEL.decode(),
        "round_label": ROUND_LABEL.decode(),
        "rounds": ROUNDS,
        "epoch": EPOCH.isoformat(),
        "lifetime_s": LIFETIME_S,
        "early_s": EARLY_S,
        "max_bound": [MAX_BOUND.numerator, MAX_BOUND.denominator],
        "profiles": [_profile_vectors(profile) for profile in PROFILES.values()],
    }


def text() -> str:
    """Give the file's text: one row to a line where a row is what one compares."""
    return _lines(vectors(), 0) + "\n"


def _lines(value: Any, depth: int) -> str:
    flat = json.dumps(value)
    if not isinstance(value, dict | list) or len(flat) <= 96 or depth > 4:
        return flat
    pad, end = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, dict):
        rows = [f"{json.dumps(name)}: {_lines(item, depth + 1)}" for name, item in value.items()]
        return "{" + pad + ("," + pad).join(rows) + end + "}"
    row_depth = depth + 1 if depth < 2 else 5
    return "[" + pad + ("," + pad).join(_lines(item, row_depth) for item in value) + end + "]"


if __name__ == "__main__":
    VECTORS.parent.mkdir(exist_ok=True)
    VECTORS.write_text(text(), encoding="utf-8")
