"""The controllers' link keys, read from the file that provisioning writes.

The file is outside the database. It is read again when it changed, and looked at no more than once
a second: a controller enrolled now is heard now.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import structlog

from provisioning.errors import ProvisioningError
from provisioning.hub_keys import load_link_keys
from wire.keys import LinkKey

_LOOK_EVERY_S: Final = 1.0
_log = structlog.get_logger(__name__)


class FileLinkKeys:
    """Fulfils `hub.link.ports.LinkKeys`. Raises `ProvisioningError` if the file is damaged at the
    start; later damage is logged and the keys known so far go on."""

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path, self._monotonic = path, monotonic
        self._lock = threading.Lock()
        self._looked_at = monotonic()
        self._stamp = self._stamp_now()
        self._keys = self._read()

    def of(self, controller: str) -> Mapping[bytes, LinkKey]:
        """The keys that hold for a controller by key id; empty if it is unknown."""
        if self._monotonic() - self._looked_at >= _LOOK_EVERY_S:
            self._look()
        return self._keys.get(controller, {})

    def _look(self) -> None:
        with self._lock:
            self._looked_at = self._monotonic()
            stamp = self._stamp_now()
            if stamp == self._stamp:
                return
            self._stamp = stamp
            try:
                self._keys = self._read()
            except ProvisioningError as error:
                _log.error("link_keys_unreadable", error=str(error))

    def _read(self) -> dict[str, dict[bytes, LinkKey]]:
        return {
            name: {keys.link.kid: keys.link} for name, keys in load_link_keys(self._path).items()
        }

    def _stamp_now(self) -> tuple[int, int, int]:
        try:
            stat = self._path.stat()
        except OSError:
            return 0, 0, 0
        return stat.st_mtime_ns, stat.st_ino, stat.st_size
