"""Taking a backup while the hub goes on: through the one writer on SQLite, by pg_dump otherwise."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Final

from hub.backup.manifest import (
    BackupError,
    Manifest,
    digest_of,
    manifest_path,
    sync_folder,
    write_manifest,
)
from hub.clock import Clock
from hub.database.engine import Database
from hub.policy import hub_epoch
from wire.clock import utc

_PG_DUMP_S: Final = 6 * 3_600


def take(db: Database, clock: Clock, backup: Path) -> Manifest:
    """Write a backup and its manifest, readable for the owner alone; nothing of that name may be
    there. Raises `BackupError`."""
    if backup.exists() or manifest_path(backup).exists():
        raise BackupError(f"{backup} is there already: name another file")
    partial = backup.with_name(backup.name + ".partial")
    taken_at = clock.now()
    try:
        # What a crash left, or somebody put there, may be readable for others.
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _copy(db, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        with db.read() as scope:
            epoch = hub_epoch.number(scope) or 0
        manifest = Manifest(
            kind=db.dialect,
            town=db.town_id,
            taken_at=utc(taken_at),
            level=db.revision() or "",
            hub_epoch=epoch,
            bytes=partial.stat().st_size,
            sha256=digest_of(partial),
        )
        partial.replace(backup)
        sync_folder(backup.parent)
        write_manifest(backup, manifest)
    except OSError as error:
        raise BackupError(f"{backup}: {error.strerror or error}") from error
    except (sqlite3.Error, subprocess.TimeoutExpired) as error:  # the disk is full, most likely
        raise BackupError(f"{backup}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return manifest


def _copy(db: Database, partial: Path) -> None:
    if db.dialect == "postgresql":
        _dump(db, partial)
        return
    db.copy_to(partial)
    check_sqlite(partial)


def check_sqlite(path: Path) -> None:
    """Raise `BackupError` unless a SQLite file is whole."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            found = connection.execute("PRAGMA quick_check").fetchone()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{path} is no whole database: {error}") from error
    if found != ("ok",):
        raise BackupError(f"{path} is damaged: {found[0]}")


def _dump(db: Database, partial: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise BackupError(
            "pg_dump is not installed: on Debian `apt-get install postgresql-client`, or take the "
            "backup on the database's machine"
        )
    url = db.url
    named = {"host": url.host, "port": url.port, "username": url.username, "dbname": url.database}
    words = [f"--{name}={value}" for name, value in named.items() if value is not None]
    words += [f"--{name}={value}" for name, value in url.query.items() if name == "host"]
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run(  # noqa: S603 - our own words
        [program, "--format=custom", "--no-owner", f"--file={partial}", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=_PG_DUMP_S,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise BackupError(f"pg_dump: {lines[-1] if lines else done.returncode}")
