"""Runs measurements: `python -m bench` all of them, `python -m bench osdp` one.

Each is a module with `main() -> int`, which prints one JSON line a case and gives 0 when every
`ok` is true. Exit status: 0 all hold, 1 one does not, 2 no such measurement.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_NOT_MEASUREMENTS = {"__init__", "__main__", "report"}


def names() -> list[str]:
    """Give the names of all measurements."""
    found = (path.stem for path in Path(__file__).parent.glob("*.py"))
    return sorted(name for name in found if name not in _NOT_MEASUREMENTS)


def run(wanted: list[str]) -> int:
    """Run measurements one after the other, each in a process of its own."""
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        print(f"no measurement {unknown[0]!r}; there are: {', '.join(names())}", file=sys.stderr)
        return 2
    failed = 0
    for name in wanted or names():
        print(f"bench {name}", file=sys.stderr, flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
