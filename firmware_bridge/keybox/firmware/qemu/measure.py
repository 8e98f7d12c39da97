"""Run requests on the harness and read its answers.

QEMU has no RP2040; its micro:bit is a Cortex-M0, which has the same instructions. `-icount shift=0`
lets its clock run by instructions, one a nanosecond, so the harness's SysTick at 16 MHz counts one
for 62.5. Cycles are another matter: see `bench/keybox.py`.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_bridge.keybox.firmware.build import SOURCES, STRICT, BuildError
from firmware_bridge.keybox.firmware.toolchain import run_tool

INSTRUCTIONS_A_TICK: Final = 62.5
TIMEOUT_S: Final = 60
_CORE: Final = ("code", "profiles", "sha256", "sha512", "ed25519", "mem")
QEMU: Final = (
    *("qemu-system-arm", "-M", "microbit", "-nographic", "-monitor", "none", "-serial", "none"),
    *("-icount", "shift=0", "-semihosting-config", "enable=on,target=native"),
)


class QemuError(RuntimeError):
    """The emulator is missing, fails, or answers less than it was asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request came to, and how many instructions it took (to 62.5 of them)."""

    result: str
    instructions: int


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the kinds stand in harness.c."""

    kind: str
    payload: bytes

    def pack(self) -> bytes:
        """Give its bytes."""
        return self.kind.encode() + len(self.payload).to_bytes(2, "big") + self.payload


def set_key(profile: int, secret: bytes, lock: bytes) -> Request:
    """Derive the key of a lock's codes, for the requests after this one."""
    return Request("k", bytes((profile,)) + secret + lock)


def open_code(digits: str, earliest_s: int, latest_s: int, newest: int) -> Request:
    """Open digits and judge them: one check of a PIN."""
    times = earliest_s.to_bytes(4, "big") + latest_s.to_bytes(4, "big")
    return Request("o", times + bytes((newest,)) + digits.encode())


def verify(key: bytes, signature: bytes, message: bytes) -> Request:
    """Verify an Ed25519 signature."""
    return Request("e", key + signature + message)


def calibrate(rounds: int) -> Request:
    """Run a loop of two instructions a round."""
    return Request("c", rounds.to_bytes(4, "big"))


def build_harness(folder: Path) -> Path:
    """Compile the harness with the flags of the firmware; raise `BuildError`."""
    elf = folder / "harness.elf"
    sources = [SOURCES / "core" / f"kb_{name}.c" for name in _CORE]
    sources += [SOURCES / "qemu" / "harness.c", SOURCES / "hal" / "freestanding" / "mem.c"]
    machine = ("-mcpu=cortex-m0", "-mthumb", "-masm-syntax-unified", "-Os", "-ffreestanding")
    sort = (
        "-nostdlib",
        "-ffunction-sections",
        "-fno-tree-loop-distribute-patterns",
        "-Wl,--gc-sections",
    )
    script = ("-T", str(SOURCES / "qemu" / "microbit.ld"), f"-I{SOURCES / 'core'}")
    words = (*STRICT, *machine, *sort, *script, *map(str, sources), "-lgcc", "-o", str(elf))
    run_tool("arm-none-eabi-gcc", *words)
    return elf


def run(elf: Path, requests: Sequence[Request]) -> list[Answer]:
    """Give the answers in order; raise `QemuError`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "requests").write_bytes(b"".join(each.pack() for each in requests))
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                [*QEMU, "-kernel", elf],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise QemuError(f"qemu-system-arm does not run: {error}") from error
    lines = (done.stdout + done.stderr).splitlines()
    answers = [line.rsplit(" @", 1) for line in lines if " @" in line]
    if done.returncode != 0 or len(answers) != len(requests):
        raise QemuError(f"{len(answers)} of {len(requests)} answers: {done.stderr[-500:]}")
    return [Answer(text, round(int(ticks) * INSTRUCTIONS_A_TICK)) for text, ticks in answers]


__all__ = [
    "QEMU",
    "TIMEOUT_S",
    "Answer",
    "BuildError",
    "QemuError",
    "Request",
    "build_harness",
    "calibrate",
    "open_code",
    "run",
    "set_key",
    "verify",
]
