"""Compile the firmware: `python -m firmware_bridge.keybox.firmware.build posix|asan|thumb [DIR]`.

`posix` is the simulator with its check programs, `asan` the same under AddressSanitizer and
UndefinedBehaviorSanitizer, `thumb` an archive of the core for a Cortex-M0+ without a C library.
Results go into DIR, by default below `~/.cache/kagimori/firmware`, never among the sources. A
target is built again only when a source or a flag has changed: its directory carries their digest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).resolve().parent
STRICT: Final = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-Wpedantic", "-Wconversion")
_HOSTED: Final = ("-D_XOPEN_SOURCE=700", "-g")
_THUMB: Final = (
    *("-mcpu=cortex-m0plus", "-mthumb", "-Os", "-ffreestanding"),
    *("-ffunction-sections", "-fdata-sections", "-fno-tree-loop-distribute-patterns"),
)


class BuildError(RuntimeError):
    """The compiler is missing or refuses; the text is what it says."""


@dataclass(frozen=True, slots=True)
class Target:
    """How one build is made: compiler, flags, the folders whose files join the core, programs."""

    compiler: str
    flags: tuple[str, ...]
    folders: tuple[str, ...]
    programs: tuple[str, ...]
    result: str


_TOOLS: Final = ("keybox-sim", "code-check", "frame-check")
_SANITIZED: Final = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
TARGETS: Final = {
    "posix": Target("cc", (*_HOSTED, "-O2"), ("hal/posix",), _TOOLS, "keybox-sim"),
    "asan": Target("cc", (*_HOSTED, *_SANITIZED), ("hal/posix",), _TOOLS, "keybox-sim"),
    "thumb": Target("arm-none-eabi-gcc", _THUMB, ("hal/freestanding",), (), "libkeybox.a"),
}


def default_root() -> Path:
    """Where builds go when nobody says otherwise."""
    return Path.home() / ".cache" / "kagimori" / "firmware"


def build(name: str, root: Path | None = None) -> Path:
    """Compile a target, once; give the path of its result (the simulator, or the core's archive).
    The other programs lie beside it. Raises `BuildError`."""
    target = TARGETS[name]
    place = (root or default_root()) / f"{name}-{_digest(target)[:16]}"
    if not (place / target.result).exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with (place.parent / f".{name}.lock").open("w") as lock:
            # Of two processes that want the same, one compiles and the other waits for it.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (place / target.result).exists():
                _compile_into(target, place)
    return place / target.result


def _compile_into(target: Target, place: Path) -> None:
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-") as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        _compile(target, made)
        made.rename(place)


def _library(target: Target) -> list[Path]:
    sources = sorted((SOURCES / "core").glob("*.c"))
    for folder in target.folders:
        sources += sorted((SOURCES / folder).glob("*.c"))
    return sources


def _programs(target: Target) -> dict[str, Path]:
    return {name: SOURCES / "tools" / f"{name.replace('-', '_')}.c" for name in target.programs}


def _digest(target: Target) -> str:
    digest = hashlib.sha256(repr(target).encode())
    for path in sorted(SOURCES.rglob("*.[ch]")):
        digest.update(str(path.relative_to(SOURCES)).encode() + path.read_bytes())
    return digest.hexdigest()


def _run(*command: str) -> None:
    if shutil.which(command[0]) is None:
        raise BuildError(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def _compile(target: Target, into: Path) -> None:
    flags = (*STRICT, *target.flags, f"-I{SOURCES / 'core'}", f"-I{SOURCES / 'hal'}")

    def compile_one(source: Path) -> str:
        made = into / f"{source.stem}.o"
        _run(target.compiler, *flags, "-c", str(source), "-o", str(made))
        return str(made)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, _library(target)))
    for program, source in _programs(target).items():
        _run(target.compiler, *flags, str(source), *objects, "-o", str(into / program))
    if not target.programs:
        archiver = target.compiler.replace("gcc", "ar")
        _run(archiver, "rcs", str(into / target.result), *objects)


def main(arguments: list[str]) -> int:
    """Build what the command line names and print the path of the result."""
    if len(arguments) not in (1, 2) or arguments[0] not in TARGETS:
        sys.stderr.write(f"usage: build {'|'.join(TARGETS)} [DIR]\n")
        return 2
    root = Path(arguments[1]).resolve() if len(arguments) == 2 else None
    try:
        sys.stdout.write(f"{build(arguments[0], root)}\n")
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
