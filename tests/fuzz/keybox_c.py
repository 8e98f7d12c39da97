"""The firmware of key boxes under libFuzzer, with the address and undefined sanitisers.

Stands on nothing else in this folder: `run(seconds)` fuzzes all three targets of
`firmware_bridge/keybox/firmware/fuzz/fuzz_main.c`, `TARGETS` lists them one by one.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from firmware_bridge.keybox.firmware.build import SOURCES, default_root

CORPUS: Final = SOURCES / "fuzz" / "corpus"
NAMES: Final = ("link", "keypad", "storage")
ENGINE: Final = "libfuzzer"
_PLAIN: Final = ("-std=c99", "-g", "-Wall", "-Wextra", "-Werror", "-Wpedantic")
_WATCHED: Final = ("-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
_ARITHMETIC: Final = ("kb_ed25519", "kb_sha512")
"""Not watched here, where it would take nine tenths of the time: no input steers it but by its
length. `test_ed25519.py` runs it under the same sanitisers."""
_MAX_LEN: Final = 4_000
_GRACE_S: Final = 120
_DETAIL_MAX: Final = 4_000


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found; `detail` shows the first crash, with its input in hex."""

    fuzz: str
    engine: str
    seconds: float
    cases: int
    crashes: int
    detail: str = ""


def build() -> Path:
    """Compile the targets, once for each state of the sources; their objects lie beside them."""
    digest = hashlib.sha256(repr((_PLAIN, _WATCHED, _ARITHMETIC)).encode())
    for path in sorted(SOURCES.rglob("*.[ch]")):
        digest.update(str(path.relative_to(SOURCES)).encode() + path.read_bytes())
    place = default_root() / f"fuzz-{digest.hexdigest()[:16]}"
    if not (place / "fuzz").exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        # Two processes may build at once: each works apart, and the first to finish names it.
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".fuzz-") as folder:
            made = Path(folder) / "made"
            made.mkdir()
            sources = [*(SOURCES / "core").glob("*.c"), *(SOURCES / "fuzz").glob("*.c")]
            with ThreadPoolExecutor(max_workers=2) as pool:
                objects = list(pool.map(lambda source: _compile(source, made), sorted(sources)))
            _clang(*_WATCHED, *map(str, objects), "-o", str(made / "fuzz"))
            try:
                made.rename(place)
            except OSError:
                if not (place / "fuzz").exists():
                    raise
    return place / "fuzz"


def build_spoilt(name: str, text: str, folder: Path) -> Path:
    """The same with `text` in the place of one file of the core: so a test can spoil a device."""
    objects = [path for path in build().parent.glob("*.o") if path.stem != Path(name).stem]
    (folder / name).write_text(text)
    objects.append(_compile(folder / name, folder))
    _clang(*_WATCHED, *map(str, objects), "-o", str(folder / "fuzz"))
    return folder / "fuzz"


def _compile(source: Path, into: Path) -> Path:
    made = into / f"{source.stem}.o"
    includes = [f"-I{SOURCES / each}" for each in ("core", "fuzz")]
    flags = ("-O2",) if source.stem in _ARITHMETIC else _WATCHED
    _clang(*flags, *includes, "-c", str(source), "-o", str(made))
    return made


def _clang(*words: str) -> None:
    done = subprocess.run(["clang", *_PLAIN, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"clang cannot build the fuzz targets:\n{done.stderr[-_DETAIL_MAX:]}")


def _told(text: str) -> str:
    """What matters of libFuzzer's words: what broke, then the end of it all."""
    found = re.search(
        r"^.*(property does not hold|runtime error|ERROR: Addr).*$", text, re.MULTILINE
    )
    return (found[0] + "\n" if found else "") + text[-_DETAIL_MAX:]


@dataclass(frozen=True, slots=True)
class KeyboxTarget:
    """One of the three."""

    target: str
    program: Path | None = None
    """A build of another core; None for that of the tree."""

    @property
    def name(self) -> str:
        """Its name on the command line and in reports."""
        return f"keybox_c_{self.target}"

    def replay(self) -> int:
        """Run every seed once, raising what a seed shows; how many there were."""
        seeds = sorted(path for path in (CORPUS / self.target).iterdir() if path.is_file())
        done = self._start(map(str, seeds), 0)
        if done.returncode != 0:
            raise AssertionError(_told(done.stderr))
        return len(seeds)

    def run(self, seconds: float) -> Result:
        """Fuzz it for that long, from its seeds."""
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as work:
            options = [
                f"-max_total_time={max(round(seconds), 1)}",
                f"-max_len={_MAX_LEN}",
                "-timeout=20",
                "-print_final_stats=1",
                f"-artifact_prefix={work}/found-",
                work,
                str(CORPUS / self.target),
            ]
            done = self._start(options, seconds)
            found = sorted(Path(work).glob("found-*"))
            inputs = " ".join(f"input {path.read_bytes().hex()}" for path in found)
        units = re.search(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
        failed = done.returncode != 0
        detail = _told(done.stderr) + inputs if failed else ""
        took_s = round(time.monotonic() - begun, 1)
        return Result(self.name, ENGINE, took_s, int(units[1]) if units else 0, int(failed), detail)

    def _start(self, words: Iterable[str], seconds: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.program or build()), *words],
            env={**os.environ, "KEYBOX_FUZZ": self.target},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds + _GRACE_S,
            check=False,
        )


TARGETS: Final = [KeyboxTarget(name) for name in NAMES]


def run(seconds: float) -> Result:
    """Fuzz all targets, a third of the time each."""
    results = [target.run(seconds / len(TARGETS)) for target in TARGETS]
    return Result(
        "keybox_c",
        ENGINE,
        round(sum(each.seconds for each in results), 1),
        sum(each.cases for each in results),
        sum(each.crashes for each in results),
        "\n".join(each.detail for each in results if each.detail),
    )
