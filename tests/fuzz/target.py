"""What a fuzz target is, and how one written in Python is run."""

from __future__ import annotations

import importlib.util
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

CORPUS: Final = Path(__file__).parent / "corpus"
_GRACE_S: Final = 60
_CRASH_TEXT_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. `detail` shows the first crash, with its input in hex."""

    fuzz: str
    engine: str
    seconds: float
    cases: int
    crashes: int
    detail: str = ""


class Target(Protocol):
    """One thing to be fuzzed."""

    @property
    def name(self) -> str:
        """Its name on the command line and in reports."""

    def run(self, seconds: float) -> Report:
        """Fuzz it for that long."""

    def replay(self) -> int:
        """Run every seed of its corpus once, raising what a seed raises; how many there were."""


@dataclass(frozen=True, slots=True)
class PythonTarget:
    """A function that takes bytes and returns, whatever they are. `module` holds it in `TARGETS`;
    `instrument` names the package whose branches guide atheris;
    inputs have up to `max_len` bytes."""

    name: str
    one: Callable[[bytes], None]
    module: str
    instrument: str
    max_len: int = 512

    @property
    def corpus(self) -> Path:
        """The folder of its seeds."""
        return CORPUS.joinpath(*self.name.split("_", 1))

    def seeds(self) -> list[bytes]:
        """Its seeds, in order of their names."""
        return [file.read_bytes() for file in sorted(self.corpus.iterdir()) if file.is_file()]

    def replay(self) -> int:
        """Run every seed once."""
        seeds = self.seeds()
        for seed in seeds:
            self.one(seed)
        return len(seeds)

    def run(self, seconds: float) -> Report:
        """Fuzz with atheris where there is one, else with mutations of the seeds."""
        if importlib.util.find_spec("atheris") is not None:
            return self._run_atheris(seconds)
        return self.mutate(seconds)

    def mutate(self, seconds: float, seed: int = 1) -> Report:
        """Mutations of the seeds: no coverage guides them, any Python runs them."""
        rng = random.Random(seed)
        seeds = self.seeds() or [b""]
        begun, cases = time.monotonic(), 0
        while time.monotonic() - begun < seconds:
            data = mutated(rng, seeds)[: self.max_len]
            cases += 1
            try:
                self.one(data)
            except Exception:
                detail = f"{traceback.format_exc()[-_CRASH_TEXT_MAX:]}input {data.hex()}"
                return self._report("mutations", begun, cases, 1, detail)
        return self._report("mutations", begun, cases, 0)

    def _report(
        self, engine: str, begun: float, cases: int, crashes: int, detail: str = ""
    ) -> Report:
        return Report(self.name, engine, round(time.monotonic() - begun, 1), cases, crashes, detail)

    def _run_atheris(self, seconds: float) -> Report:
        """In a process of its own: libFuzzer ends the one it runs in."""
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as work:
            command: Sequence[str] = [
                sys.executable,
                "-m",
                "tests.fuzz.atheris_process",
                self.module,
                self.name,
                self.instrument,
                f"-max_total_time={max(round(seconds), 1)}",
                f"-max_len={self.max_len}",
                "-print_final_stats=1",
                "-timeout=10",
                f"-artifact_prefix={work}/",
                work,
                str(self.corpus),
            ]
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds + _GRACE_S, check=False
            )
            artifacts = [file for file in Path(work).iterdir() if re.match(r"\w+-", file.name)]
            crashed = [f for f in artifacts if f.name.startswith(("crash", "timeout", "oom"))]
            inputs = " ".join(f"input {file.read_bytes().hex()}" for file in crashed)
        units = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
        failed = done.returncode != 0
        text = (done.stdout + done.stderr)[-_CRASH_TEXT_MAX:] + inputs if failed else ""
        return self._report("atheris", begun, int(units[1]) if units else 0, int(failed), text)


def mutated(rng: random.Random, seeds: Sequence[bytes]) -> bytes:
    """A seed with a few bytes changed, cut, doubled, or joined with another."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[at:at] = rng.randbytes(rng.randint(1, 8))
            case 1:
                del data[at : at + rng.randint(1, 8)]
            case 2 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 3 if at < len(data):
                data[at] = rng.choice((0, 1, 0x53, 0x7F, 0x80, 0xFF))
            case 4:
                data[at:at] = data[at : at + rng.randint(1, 16)]
            case _:
                data[at:] = rng.choice(seeds)[at:]
    return bytes(data)
