"""The Thumb build on an emulated Cortex-M0: the same answers, and few enough instructions."""

from __future__ import annotations

import hashlib
import hmac
import random
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.keybox.firmware.qemu.cycles import (
    Timing,
    UnknownInstructionError,
    count,
    run_traced,
)
from firmware_bridge.keybox.firmware.qemu.measure import (
    Answer,
    QemuError,
    Request,
    build_harness,
    calibrate,
    open_code,
    run,
    set_key,
    verify,
)
from wire.identity import uuid_bytes
from wire.offline_profiles import PROFILES, Profile
from wire.sealed_codes import (
    CodeKey,
    CodeVerdict,
    LockClock,
    SealedCode,
    judge_code,
    seal_code,
)
from wire.sealed_codes import open_code as open_in_python

SECRET: Final = bytes(range(32))
LOCK: Final = "018f6f3e-7c1a-7b2d-9c3e-0123456789ab"
VERDICTS: Final = {
    CodeVerdict.VALID: 1,
    CodeVerdict.RETIRED: 3,
    CodeVerdict.NOT_YET: 4,
    CodeVerdict.EARLY: 5,
    CodeVerdict.EXPIRED: 6,
}


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_harness(tmp_path_factory.mktemp("qemu"))


def expected(profile: Profile, digits: str, clock: LockClock, newest: int) -> str:
    code = open_in_python(profile, CodeKey.of(SECRET, LOCK), digits)
    if code is None:
        return "none"
    verdict = VERDICTS[judge_code(profile, code, clock, newest)]
    return f"{verdict} {code.shape} {code.slot} {code.generation} {code.variant}"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_sealed_codes_open_on_thumb_as_in_python(elf: Path, profile: Profile) -> None:
    draw = random.Random(profile.number)
    key = CodeKey.of(SECRET, LOCK)
    requests, wanted = [set_key(profile.number, SECRET, uuid_bytes(LOCK))], ["key"]
    for number in range(120):
        shape = draw.randrange(len(profile.shapes))
        slot = draw.randrange(profile.shapes[shape].slots)
        generation, variant = draw.randrange(profile.generations), draw.randrange(profile.variants)
        code = SealedCode(shape, slot, generation, variant)
        digits = f"{draw.randrange(10**profile.digits):0{profile.digits}d}"
        if number % 3:
            digits = seal_code(profile, key, code)
        start_s, end_s = code.window_s(profile)
        middle_s = max(
            draw.choice((start_s - 5_000, start_s - 1_000, start_s, end_s, end_s + 5)), 0
        )
        clock = LockClock(max(middle_s - 300, 0), middle_s + 300)
        newest = draw.randrange(profile.generations)
        requests.append(open_code(digits, clock.earliest_s, clock.latest_s, newest))
        wanted.append(expected(profile, digits, clock, newest))
    answers = run(elf, requests)
    assert [each.result for each in answers] == wanted
    assert len({each.split()[0] for each in wanted}) >= 5, "all sorts of verdicts were met"
    assert max(each.instructions for each in answers) < 500_000


def test_hashes_on_thumb_are_hashlibs(elf: Path) -> None:
    key = CodeKey.of(SECRET, LOCK)
    pieces = [bytes(range(length)) for length in (0, 1, 55, 56, 63, 64, 65, 119, 120, 200)]
    requests = [set_key(1, SECRET, uuid_bytes(LOCK))]
    requests += [Request(kind, piece) for kind in "sh" for piece in pieces]
    answers = [each.result for each in run(elf, requests)][1:]
    assert answers[:10] == [hashlib.sha256(piece).hexdigest() for piece in pieces]
    assert answers[10:] == [hmac.digest(key.secret, piece, "sha256").hex() for piece in pieces]


def test_signatures_are_judged_on_thumb_as_elsewhere(elf: Path) -> None:
    signer = Ed25519PrivateKey.from_private_bytes(SECRET)
    public = signer.public_key().public_bytes_raw()
    requests, wanted = [], []
    for number in range(4):
        message = bytes((number,)) * 68
        signature = signer.sign(message)
        spoilt = bytearray(signature)
        spoilt[17 * number] ^= 4
        requests += [verify(public, signature, message), verify(public, bytes(spoilt), message)]
        wanted += ["1", "0"]
    answers = run(elf, requests)
    assert [each.result for each in answers] == wanted
    assert max(each.instructions for each in answers) < 20_000_000


@pytest.mark.parametrize("rounds", [1_000, 50_000, 1_000_000])
def test_instructions_are_counted_to_a_tick(elf: Path, rounds: int) -> None:
    (answer,) = run(elf, [calibrate(rounds)])
    assert answer.result == "loop"
    assert abs(answer.instructions - 2 * rounds) <= 130


def test_cycles_are_counted_by_the_manual(elf: Path) -> None:
    """A round of the loop is `subs`, one cycle, and a branch that is taken, two."""
    short = run_traced(elf, [calibrate(100)])
    long = run_traced(elf, [calibrate(5_100)])
    # The number of rounds is read by the same instructions, and printed by some more of them.
    assert 10_000 <= long[0] - short[0] <= 10_500
    assert 15_000 <= long[1] - short[1] <= 15_700


def test_the_timing_table_knows_what_moves_several_registers() -> None:
    pushed = Timing.of(2, "push", "{r4, r5, r6, r7, lr}")
    assert (pushed.passing, Timing.of(2, "pop", "{r4-r7, pc}").leaving) == (6, 8)
    assert Timing.of(2, "muls", "r0, r1").passing == 1
    assert (Timing.of(2, "bne.n", "x").passing, Timing.of(2, "bne.n", "x").leaving) == (1, 2)
    with pytest.raises(UnknownInstructionError):
        count(["Trace 0: 0x1 [0/00000abc/0/0] x"], {})


def test_the_same_request_takes_the_same_number_of_instructions(elf: Path) -> None:
    requests = [set_key(1, SECRET, uuid_bytes(LOCK)), open_code("123456789", 0, 1, 0)]

    def counts(answers: list[Answer]) -> list[int]:
        return [each.instructions for each in answers]

    assert counts(run(elf, requests)) == counts(run(elf, requests))


def test_a_request_that_nobody_knows_is_an_error(elf: Path) -> None:
    with pytest.raises(QemuError):
        run(elf, [Request("?", b"")])
