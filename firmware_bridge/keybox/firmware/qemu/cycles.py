"""How many cycles a Cortex-M0+ would take: every instruction that QEMU executes, by its timing.

Timings: Cortex-M0+ Technical Reference Manual (DDI 0484), table 3-1, with the one-cycle multiplier
that the RP2040 has, and memory without wait states, as its RAM is.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_bridge.keybox.firmware.qemu.measure import QEMU, TIMEOUT_S, QemuError, Request
from firmware_bridge.keybox.firmware.toolchain import run_tool

_LINE: Final = re.compile(r"^\s*([0-9a-f]+):\t([0-9a-f ]+)\t(\S+)\s*([^@;<]*)")
_TRACED: Final = re.compile(r"\[[0-9a-f]+/([0-9a-f]+)/")
_FEW: Final = {"bl": 3, "msr": 3, "mrs": 3, "dmb": 3, "dsb": 3, "isb": 3}
_LEAVING: Final = {"b", "b.n", "bx", "blx"}


class UnknownInstructionError(RuntimeError):
    """The trace names an address that the program does not have."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Cycles of an instruction that goes on with the next, and of one that does not."""

    size: int
    passing: int
    leaving: int

    @classmethod
    def of(cls, size: int, name: str, operands: str) -> Timing:
        """Look it up."""
        if name in _FEW:
            return cls(size, _FEW[name], _FEW[name])
        if name in _LEAVING:
            return cls(size, 2, 2)
        if name in ("push", "pop", "ldmia", "stmia", "ldm", "stm"):
            count = _registers(operands)
            return cls(size, 1 + count, 3 + count)
        if name.startswith(("ldr", "str")):
            return cls(size, 2, 2)
        return cls(size, 1, 2)


def _registers(operands: str) -> int:
    listed = operands[operands.index("{") + 1 : operands.index("}")]
    count = 0
    for part in listed.split(","):
        first, _, last = part.strip().partition("-")
        count += int(last[1:]) - int(first[1:]) + 1 if last else 1
    return count


def timings(elf: Path) -> dict[int, Timing]:
    """Give every instruction of a program, by its address."""
    found = {}
    for line in run_tool("arm-none-eabi-objdump", "-d", str(elf)).splitlines():
        match = _LINE.match(line)
        if match is not None:
            size = len(match[2].replace(" ", "")) // 2
            found[int(match[1], 16)] = Timing.of(size, match[3], match[4])
    return found


def count(trace: Iterable[str], known: dict[int, Timing]) -> tuple[int, int]:
    """Give instructions and cycles of a trace; raise `UnknownInstructionError`."""
    instructions = cycles = 0
    before: Timing | None = None
    expected = 0
    for line in trace:
        match = _TRACED.search(line)
        if match is None:
            continue
        address = int(match[1], 16)
        if before is not None:
            cycles += before.passing if address == expected else before.leaving
        before = known.get(address)
        if before is None:
            raise UnknownInstructionError(f"nothing stands at {address:#x}")
        expected = address + before.size
        instructions += 1
    return instructions, cycles


def run_traced(elf: Path, requests: Sequence[Request]) -> tuple[int, int]:
    """Run requests one instruction at a time; give instructions and cycles of all of it, the
    harness's own included. Raises `QemuError`."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "requests").write_bytes(b"".join(each.pack() for each in requests))
        trace = Path(folder) / "trace"
        options = ("-singlestep", "-d", "exec,nochain", "-D", str(trace), "-kernel", str(elf))
        done = subprocess.run(  # noqa: S603 - our own words
            [*QEMU, *options], cwd=folder, capture_output=True, timeout=TIMEOUT_S, check=False
        )
        if done.returncode != 0:
            raise QemuError(f"the traced run failed: {done.stderr[-500:]!r}")
        with trace.open() as lines:
            return count(lines, timings(elf))
