"""A port on which what one board says arrives spoilt, as from a bad transceiver."""

from __future__ import annotations

import random
from typing import Final

from firmware_bridge.osdp.codes import REPLY_BIT, SOM
from firmware_bridge.serial_link import BytePort

_MOST_NOISE_BYTES: Final = 6


class NoisyPort:
    """Fulfils `serial_link.BytePort`. Of the answers of `address` a share of `rate` has a bit
    changed and noise ahead; None is no board."""

    def __init__(self, port: BytePort, seed: int = 6) -> None:
        self._port = port
        self._rng = random.Random(seed)
        self.address: int | None = None
        self.rate = 1.0

    def fileno(self) -> int:
        """The descriptor that becomes readable."""
        return self._port.fileno()

    def read(self) -> bytes:
        """What the panel says, unspoilt."""
        return self._port.read()

    def write(self, data: bytes) -> None:
        """What a board says."""
        if self._is_spoilt(data):
            changed = bytearray(data)
            changed[self._rng.randrange(len(changed))] ^= 1 << self._rng.randrange(8)
            data = self._rng.randbytes(self._rng.randrange(_MOST_NOISE_BYTES)) + bytes(changed)
        self._port.write(data)

    def close(self) -> None:
        """Closes the line."""
        self._port.close()

    def _is_spoilt(self, data: bytes) -> bool:
        address = self.address
        if address is None or len(data) < 2 or data[0] != SOM or data[1] != REPLY_BIT | address:
            return False
        return self._rng.random() < self.rate
