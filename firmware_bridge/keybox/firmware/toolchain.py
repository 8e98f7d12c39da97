"""Run a compiler or one of its companions."""

from __future__ import annotations

import shutil
import subprocess

from firmware_bridge.keybox.firmware.build import BuildError


def run_tool(*command: str) -> str:
    """Give what a program printed; raise `BuildError` with what it said where it fails."""
    if shutil.which(command[0]) is None:
        raise BuildError(f"{command[0]} is not installed")
    done = subprocess.run(  # noqa: S603 - the words come from the build's own tables
        command, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout
