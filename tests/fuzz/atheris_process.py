"""One target under atheris: `python -m tests.fuzz.atheris_process MODULE NAME PACKAGE [options]`.

The package is imported under instrumentation, so that its branches guide the search.
"""

from __future__ import annotations

import importlib
import sys

import atheris


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer ends the process."""
    module, name, package, *options = arguments
    with atheris.instrument_imports(include=[package], enable_loader_override=False):
        targets = importlib.import_module(module).TARGETS
    (one,) = [target.one for target in targets if target.name == name]
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
