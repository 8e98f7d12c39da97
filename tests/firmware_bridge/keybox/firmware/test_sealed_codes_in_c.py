"""The firmware judges codes as `wire.sealed_codes` does: by vectors, and by random codes."""

from __future__ import annotations

import importlib.util
import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from firmware_bridge.keybox.firmware import build
from wire.offline_profiles import EARLY_S, EPOCH, LIFETIME_S, PROFILES, Profile
from wire.sealed_codes import (
    CodeKey,
    CodeVerdict,
    LockClock,
    SealedCode,
    cover,
    judge_code,
    open_code,
    payload_of,
    seal_code,
)

VECTORS = Path(__file__).parents[4] / "tests" / "wire" / "vectors" / "sealed_codes.json"
NUMBERS = {
    CodeVerdict.VALID: 1,
    CodeVerdict.NOT_A_CODE: 2,
    CodeVerdict.RETIRED: 3,
    CodeVerdict.NOT_YET: 4,
    CodeVerdict.EARLY: 5,
    CodeVerdict.EXPIRED: 6,
    CodeVerdict.USED: 7,
}


def test_the_table_of_profiles_is_that_of_the_wire() -> None:
    place = Path(__file__).parent / "profile_table.py"
    spec = importlib.util.spec_from_file_location("profile_table", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TABLE.read_text() == module.render()


@dataclass(frozen=True, slots=True)
class Case:
    """A code at a lock, and what it comes to."""

    line: str
    expected: str


def case(
    profile: Profile,
    secret: bytes,
    lock: str,
    digits: str,
    clock: LockClock,
    newest: int,
    used: SealedCode | None = None,
) -> Case:
    """Judge in Python, and put the question to C into words."""
    code = open_code(profile, CodeKey.of(secret, lock), digits)
    verdict = judge_code(profile, code, clock, newest, () if used is None else (used,))
    payload = "-" if used is None else str(payload_of(profile, used))
    fields = "-"
    if code is not None:
        fields = f"{code.shape} {code.slot} {code.generation} {code.variant}"
    return Case(
        f"{profile.number} {secret.hex()} {lock.replace('-', '')} {digits} "
        f"{clock.earliest_s} {clock.latest_s} {newest} {payload}",
        f"{NUMBERS[verdict]} {fields}",
    )


def _clock_near(draw: random.Random, start_s: int, end_s: int, drift_s: int) -> LockClock:
    edge = draw.choice((start_s, start_s - EARLY_S, end_s))
    at = max(0, edge + draw.choice((-1, 0, 1, draw.randint(-90_000, 90_000))))
    doubt_s = draw.choice((0, 1, draw.randint(0, 2 * drift_s), 2 * drift_s))
    if draw.random() < 0.5:
        return LockClock(at, at + doubt_s)
    return LockClock(max(0, at - doubt_s), at)


def random_cases(count: int, seed: int) -> Iterator[Case]:
    """Valid codes at clocks near their edges, mutated ones, noise, other lengths, used ones."""
    draw = random.Random(seed)
    for number in range(count):
        if number % 50 == 0:
            profile = draw.choice(tuple(PROFILES.values()))
            secret = draw.randbytes(32)
            lock = str(UUID(bytes=draw.randbytes(16)))
            key = CodeKey.of(secret, lock)
        shape = draw.randrange(len(profile.shapes))
        code = SealedCode(
            shape,
            draw.randrange(profile.shapes[shape].slots),
            draw.randrange(profile.generations),
            draw.randrange(profile.variants),
        )
        digits = seal_code(profile, key, code)
        kind = draw.random()
        if kind < 0.15:
            place = draw.randrange(len(digits))
            digits = digits[:place] + str(draw.randrange(10)) + digits[place + 1 :]
        elif kind < 0.3:
            digits = "".join(draw.choices("0123456789", k=draw.choice((4, 8, 8, 9, 9, 9, 10))))
        opened = open_code(profile, key, digits) or code
        clock = _clock_near(draw, *opened.window_s(profile), profile.drift_s)
        newest = (opened.generation - draw.randint(-1, profile.ahead)) % profile.generations
        used = opened if draw.random() < 0.4 else None
        yield case(profile, secret, lock, digits, clock, newest, used)


def check(program: Path, cases: Iterable[Case]) -> Counter[str]:
    """Put all of them to the firmware's code; gives how often each verdict was met."""
    asked = list(cases)
    text = "\n".join(each.line for each in asked) + "\n"
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(asked)
    for each, answer in zip(asked, answers, strict=True):
        assert answer == each.expected, each.line
    return Counter(answer.split()[0] for answer in answers)


def test_random_codes_come_to_the_same_in_c_and_python(programs: Path) -> None:
    seen = check(programs / "code-check", random_cases(20_000, seed=1))
    assert set(seen) == {str(number) for number in NUMBERS.values()}
    assert min(seen.values()) > 100


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_million_codes_come_to_the_same_in_c_and_python() -> None:
    program = build.build("posix").parent / "code-check"
    seen: Counter[str] = Counter()
    for part in range(20):
        seen += check(program, random_cases(50_000, seed=100 + part))
    print(f"a million codes, verdicts: {dict(sorted(seen.items()))}")
    assert seen.total() == 1_000_000


def test_every_booked_length_opens_in_its_window_exactly_in_c_and_in_python(
    programs: Path,
) -> None:
    """Hours from 1 to 672 and days from 1 to 367, from an afternoon and from a midnight: at both
    edges, and a second outside. The verdict is written down here, so neither side sets it."""
    profile, secret, lock = PROFILES["stay"], bytes(range(32)), str(UUID(int=7))
    key = CodeKey.of(secret, lock)
    midnight = EPOCH + timedelta(days=900)
    booked = [(midnight + timedelta(hours=15), timedelta(hours=hours)) for hours in range(1, 673)]
    booked += [(midnight, timedelta(days=days)) for days in range(1, 368)]
    cases = []
    for number, (start, length) in enumerate(booked):
        shape, slot = cover(profile, start, start + length)
        code = SealedCode(shape, slot, number % profile.generations, number % profile.variants)
        digits = seal_code(profile, key, code)
        begins_s, ends_s = code.window_s(profile)
        edges = (
            (begins_s - EARLY_S - 1, CodeVerdict.NOT_YET),
            (begins_s - 1, CodeVerdict.EARLY),
            (begins_s, CodeVerdict.VALID),
            (ends_s - 1, CodeVerdict.VALID),
            (ends_s, CodeVerdict.EXPIRED),
        )
        for at_s, verdict in edges:
            clock = LockClock(at_s, at_s)
            asked = case(profile, secret, lock, digits, clock, code.generation)
            fields = f"{shape} {slot} {code.generation} {code.variant}"
            assert asked.expected == f"{NUMBERS[verdict]} {fields}"
            cases.append(asked)
    assert check(programs / "code-check", cases).total() == 5 * (672 + 367)


@pytest.mark.parametrize("name", ["hour", "stay"])
def test_the_last_window_of_a_lifetime_does_not_wrap(programs: Path, name: str) -> None:
    profile = PROFILES[name]
    shape = len(profile.shapes) - 1
    slot = profile.shapes[shape].slots - 1
    lasts_s = profile.shapes[shape].duration_s
    digits = seal_code(profile, CodeKey.of(bytes(32), "0" * 32), SealedCode(shape, slot, 0, 0))
    for at in (
        0,
        LIFETIME_S - 1,
        LIFETIME_S - 86_400 + lasts_s - 1,
        LIFETIME_S - 86_400 + lasts_s,
        2**32 - 1,
    ):
        check(
            programs / "code-check",
            [case(profile, bytes(32), "0" * 32, digits, LockClock(at, at), 0)],
        )


def _vector_cases() -> Iterator[Case]:
    for entry in json.loads(VECTORS.read_text())["profiles"]:
        head = f"{entry['number']} {entry['secret']} {entry['lock'].replace('-', '')}"
        for code in entry["codes"]:
            at = f"{code['start_s']} {code['start_s']} {code['generation']} -"
            fields = f"{code['shape']} {code['slot']} {code['generation']} {code['variant']}"
            yield Case(f"{head} {code['digits']} {at}", f"1 {fields}")
        for digits in [each["digits"] for each in entry["no_codes"]] + entry["malformed"]:
            if digits:
                yield Case(f"{head} {digits} 0 0 0 -", "2 -")
        for each in entry["verdicts"]:
            profile = PROFILES[entry["name"]]
            used = [payload_of(profile, SealedCode.of_tag(tag)) for tag in each["used"]]
            at = f"{each['earliest_s']} {each['latest_s']} {each['newest']}"
            verdict = NUMBERS[CodeVerdict(each["verdict"])]
            fields = each["tag"].replace(".", " ") if each["tag"] else "-"
            yield Case(
                f"{head} {each['digits']} {at} {used[0] if used else '-'}", f"{verdict} {fields}"
            )


def test_the_published_vectors_hold_in_c(programs: Path) -> None:
    seen = check(programs / "code-check", _vector_cases())
    assert seen.total() > 100
