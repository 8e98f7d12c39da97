"""What a backup is: a file, and beside it a manifest that says what is in it."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from wire.clock import Instant

VERSION: Final = 1
_CHUNK: Final = 1 << 20


class BackupError(Exception):
    """A backup cannot be made, read or put back; the message names the file and the remedy."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`NAME.json` beside `NAME`: from which town, when, at which level, in which hub epoch."""

    v: int = VERSION
    kind: str
    town: str
    taken_at: Instant
    level: str
    hub_epoch: int
    bytes: int
    sha256: str


def manifest_path(backup: Path) -> Path:
    """Give where a backup's manifest lies."""
    return backup.with_name(backup.name + ".json")


def digest_of(path: Path) -> str:
    """Give a file's SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write_manifest(backup: Path, manifest: Manifest) -> None:
    """Write a manifest durably."""
    path = manifest_path(backup)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def read_manifest(backup: Path, town: str) -> Manifest:
    """Read a backup's manifest and check the file against it; raise `BackupError`."""
    path = manifest_path(backup)
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise BackupError(
            f"{path}: {error.strerror}; a backup is the file and its manifest, keep them together"
        ) from error
    except msgspec.DecodeError as error:
        raise BackupError(f"{path} is damaged; take another backup") from error
    if manifest.v != VERSION:
        raise BackupError(f"{path} has version {manifest.v}, this hub reads {VERSION}")
    if manifest.town != town:
        raise BackupError(f"{backup} is of the town {manifest.town}, the settings say {town}")
    try:
        whole = backup.stat().st_size == manifest.bytes and digest_of(backup) == manifest.sha256
    except OSError as error:
        raise BackupError(f"{backup}: {error.strerror}") from error
    if not whole:
        raise BackupError(f"{backup} is not what its manifest says: damaged; take another backup")
    return manifest


def sync_folder(folder: Path) -> None:
    """Make a renaming in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def aware(at: datetime) -> str:
    """Give an instant as it stands in reports."""
    return at.isoformat(timespec="seconds")
