"""The firmware of key boxes, where `python -m tests.fuzz` looks for targets."""

from __future__ import annotations

from tests.fuzz.keybox_c import TARGETS

__all__ = ["TARGETS"]
