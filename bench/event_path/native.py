"""The parts in C, compiled when they are used: the publisher, and the disk that syncs slowly."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).resolve().parent
ROOT: Final = SOURCES.parents[1]
_FLAGS: Final = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror")


class NoCompilerError(RuntimeError):
    """There is no C compiler."""


def build_publisher(folder: Path) -> Path:
    """Compile `publisher.c`; raise `NoCompilerError` or `CalledProcessError`."""
    return _compile(folder / "publisher", "publisher.c")


def build_slow_sync(folder: Path) -> Path:
    """Compile `slow_sync.c` into a library for `LD_PRELOAD`; raises as `build_publisher`."""
    return _compile(folder / "slow_sync.so", "slow_sync.c", "-shared", "-fPIC", "-ldl", "-lpthread")


def _compile(target: Path, source: str, *more: str) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise NoCompilerError("no C compiler: run deploy/dev/system-packages.sh")
    subprocess.run([compiler, *_FLAGS, "-o", target, SOURCES / source, *more], check=True)
    return target
