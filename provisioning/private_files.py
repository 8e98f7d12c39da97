"""Files that hold keys: written whole or not at all, readable by their owner alone."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from provisioning.errors import ProvisioningError

PRIVATE_MODE: Final = 0o600
PUBLIC_MODE: Final = 0o644
_OTHERS: Final = 0o077
_MAX_BYTES: Final = 16 * 1024 * 1024


def make_private_directory(path: Path) -> Path:
    """Make a directory (0700) and its parents; one that exists is left as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_file(path: Path, data: bytes, mode: int = PRIVATE_MODE) -> None:
    """Replace a file in one step: after a power cut it holds the old bytes or the new ones.

    It never exists with a wider mode than asked, not even for a moment.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_file(path: Path) -> bytes:
    """Read a public file; raise `ProvisioningError` naming it if that is impossible."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ProvisioningError(f"{path} cannot be read: {error.strerror}") from error


def read_private(path: Path) -> bytes:
    """Read a file of keys; raise `ProvisioningError` if anybody but its owner could read it too.

    The mode is that of the opened file, so that nothing can be swapped in between.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ProvisioningError(f"{path} is no regular file")
            if status.st_mode & _OTHERS:
                raise ProvisioningError(
                    f"{path} may be read by others (mode {stat.S_IMODE(status.st_mode):04o})",
                    f"chmod 600 {path}, and replace its keys if anybody else was on the machine",
                )
            return file.read(_MAX_BYTES)
    except OSError as error:
        raise ProvisioningError(f"{path} cannot be read: {error.strerror}") from error


def refuse_existing(path: Path) -> None:
    """Raise `ProvisioningError` where a file of keys is there already: none is ever overwritten."""
    if path.exists():
        raise ProvisioningError(f"{path} exists already", "choose another directory")


@contextmanager
def directory_lock(path: Path) -> Iterator[None]:
    """Hold a directory for one change; another process that wants to change it waits."""
    descriptor = os.open(path / ".lock", os.O_RDWR | os.O_CREAT, PRIVATE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
