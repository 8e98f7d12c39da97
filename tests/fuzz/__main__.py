"""Runs fuzz targets; one JSON line each at the end. Exit 0 when nothing crashed, 1 else."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.target import Report, Target


def all_targets() -> list[Target]:
    """The targets of every `fuzz_*.py` beside this file."""
    found: list[Target] = []
    for file in sorted(Path(__file__).parent.glob("fuzz_*.py")):
        found += importlib.import_module(f"tests.fuzz.{file.stem}").TARGETS
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the targets that were named, or all."""
    targets = all_targets()
    names = sorted(target.name for target in targets)
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each target runs")
    parser.add_argument("name", nargs="?", choices=names, help="only this target")
    options = parser.parse_args(arguments)
    reports: list[Report] = []
    for target in targets:
        if options.name in (None, target.name):
            print(f"{target.name}: {options.seconds} s", file=sys.stderr)
            reports.append(target.run(options.seconds))
    for report in reports:
        if report.crashes:
            print(report.detail, file=sys.stderr)
    for report in reports:
        print(json.dumps(asdict(report) | {"detail": report.detail[-500:]}))
    return 1 if any(report.crashes for report in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
