"""Keys of devices: drawn from the system's randomness, and the ones that are refused.

The same rule as the OSDP panel's own (`firmware_bridge.osdp.secure_channel.is_weak`), which the hub
does not import: a key that the panel would refuse must not get into a policy.
"""

from __future__ import annotations

import secrets
from itertools import pairwise
from typing import Final

OSDP_KEY_LEN: Final = 16
LOCK_SECRET_LEN: Final = 32
"""The maintenance secret of a serial lock (docs/keybox-link.md)."""
# OSDP's default base key (SCBK-D), which everybody knows.
_DEFAULT_KEY: Final = bytes(range(0x30, 0x40))
_LEAST_DIFFERENT: Final = 5


def sealed_row(device_id: str) -> str:
    """The row a device's secret is sealed for in the hub."""
    return f"devices:{device_id}"


def is_weak(key: bytes) -> bool:
    """Whether a key is one that an attacker tries first: OSDP's default, a constant, a ramp, or
    one of few different bytes."""
    steps = {(after - before) & 0xFF for before, after in pairwise(key)}
    return key == _DEFAULT_KEY or len(steps) <= 1 or len(set(key)) < _LEAST_DIFFERENT


def draw_key(length: int = OSDP_KEY_LEN) -> bytes:
    """A new key of 16 bytes, or as many as asked for."""
    while True:
        key = secrets.token_bytes(length)
        if not is_weak(key):
            return key
