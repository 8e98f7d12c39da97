"""The key box's arithmetic on its processor: instructions counted, milliseconds derived.

QEMU counts instructions of the Thumb build exactly (`firmware_bridge.keybox.firmware.qemu`); it
knows no cycles. Two an instruction are assumed, at the reference board's 133 MHz. That they are not
more is measured too: a PIN check is traced instruction by instruction, and each given the cycles
that the Cortex-M0+ manual gives it (`cycles.py`), with memory that does not wait, since the
reference image runs from RAM. That comes to 1.3 to 1.4; two leave room for what a table misses.

A PIN check is what stands between `#` and the verdict: ten rounds of HMAC and the window. Writing
the log and the state comes on top, and is the flash's time (a page 0.4 to 3 ms; a sector, once in
170 records, 45 to 400 ms), not the processor's.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.report import Report
from firmware_bridge.keybox.firmware.qemu.cycles import run_traced
from firmware_bridge.keybox.firmware.qemu.measure import (
    Request,
    build_harness,
    open_code,
    run,
    set_key,
    verify,
)
from wire.identity import uuid_bytes
from wire.offline_profiles import PROFILES, Profile
from wire.sealed_codes import CodeKey, SealedCode, seal_code

CLOCK_HZ: Final = 133_000_000
CYCLES_AN_INSTRUCTION: Final = 2
CODES: Final = 60
SECRET: Final = bytes(range(32))
LOCK: Final = "018f6f3e-7c1a-7b2d-9c3e-0123456789ab"
PIN_GOAL_MS: Final = 200
"""What a person does not notice between the last key and the bolt."""
LINK_ANSWER_MS: Final = 500
"""How long a host waits for an answer, and so for the verdict on a firmware header."""
HMAC_GOAL_MS: Final = 2


def _milliseconds(instructions: float) -> float:
    return instructions * CYCLES_AN_INSTRUCTION / CLOCK_HZ * 1_000


def _checks(profile: Profile) -> list[Request]:
    """Valid codes, expired ones and guesses."""
    draw, key = random.Random(profile.number), CodeKey.of(SECRET, LOCK)
    made = [set_key(profile.number, SECRET, uuid_bytes(LOCK))]
    for number in range(CODES):
        shape = draw.randrange(len(profile.shapes))
        code = SealedCode(shape, draw.randrange(profile.shapes[shape].slots), 0, 0)
        digits = f"{draw.randrange(10**profile.digits):0{profile.digits}d}"
        start_s, end_s = code.window_s(profile)
        now_s = start_s if number % 3 else end_s + 9_999
        digits = seal_code(profile, key, code) if number % 2 else digits
        made.append(open_code(digits, now_s, now_s + 60, 0))
    return made


def _both_lines(report: Report, case: str, instructions: int, goal_ms: int) -> None:
    most = int(goal_ms / 1_000 * CLOCK_HZ / CYCLES_AN_INSTRUCTION)
    report.line(f"{case}_instructions", instructions, "instructions", f"value <= {most}")
    unit = f"ms at {CLOCK_HZ // 1_000_000} MHz and {CYCLES_AN_INSTRUCTION} cycles an instruction"
    report.line(case, _milliseconds(instructions), unit, f"value <= {goal_ms}")


def measure(report: Report, folder: Path) -> None:
    """Measure all cases with a harness built in `folder`; each is the worst of its inputs."""
    elf = build_harness(folder)
    for profile in PROFILES.values():
        answers = run(elf, _checks(profile))
        worst = max(answer.instructions for answer in answers[1:])
        _both_lines(report, f"pin_check_{profile.name}", worst, PIN_GOAL_MS)
    key = set_key(1, SECRET, uuid_bytes(LOCK))
    hmac = run(elf, [key, Request("h", bytes(30))])[1]
    _both_lines(report, "hmac_of_30_bytes", hmac.instructions, HMAC_GOAL_MS)
    instructions, cycles = run_traced(elf, _checks(PROFILES["quarter"])[:2])
    goal = f"value <= {CYCLES_AN_INSTRUCTION}"
    report.line("cycles_an_instruction", cycles / instructions, "cycles", goal)
    signer = Ed25519PrivateKey.from_private_bytes(SECRET)
    public = signer.public_key().public_bytes_raw()
    messages = [bytes((number,)) * 68 for number in range(8)]
    answers = run(elf, [verify(public, signer.sign(each), each) for each in messages])
    if any(answer.result != "1" for answer in answers):
        raise RuntimeError("a signature that holds was refused")
    worst = max(answer.instructions for answer in answers)
    _both_lines(report, "ed25519_verification", worst, LINK_ANSWER_MS)


def main() -> int:
    """Print the lines; 0 when every goal was met."""
    report = Report("keybox")
    with tempfile.TemporaryDirectory() as folder:
        measure(report, Path(folder))
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
