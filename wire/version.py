"""The version of the wire that this code speaks."""

from __future__ import annotations

from typing import Final

MAJOR: Final = 1
"""Part of every topic (`kagimori/v1/...`); a change of meaning makes a new one."""

MINOR: Final = 1
"""Grows when fields or kinds are added. Two adjacent minors work together: unknown fields are
ignored, unknown kinds are rejected with a reason."""

WIRE_VERSION: Final = f"{MAJOR}.{MINOR}"
