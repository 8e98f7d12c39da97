"""Putting a backup back: the same data, as a new life of the hub.

The new hub epoch, signed by the CA, tells every controller that this hub knows less than the one
before: they send again what it lacks, and take its policy as a snapshot, but not before somebody
has looked at what the backup cannot know (`release`).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.audit.service import record
from hub.backup import repository
from hub.backup.copying import check_sqlite
from hub.backup.manifest import BackupError, Manifest, aware, read_manifest, sync_folder
from hub.backup.repository import Restore
from hub.clock import Clock
from hub.database.engine import database_url, open_database
from hub.database.migrate import migrate
from hub.database.scope import Scope
from hub.database.sqlite import lock_file
from hub.policy import hub_epoch
from hub.settings import Settings
from hub.web.rights import Principal
from provisioning.hub_keys import load_hub_epoch
from wire.messages import EpochProof

_BESIDE = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did."""

    hub_epoch: int
    taken_at: datetime | None
    set_aside: Path | None
    ended: dict[str, int]


def put_back(
    settings: Settings,
    clock: Clock,
    who: Principal,
    backup: Path,
    open_epoch: Callable[[], object] | None,
) -> Restored:
    """Put a SQLite backup in the database's place; what was there is set aside, not deleted.

    `open_epoch` opens the next hub epoch; without it one must have been opened since. Raises
    `BackupError`, having changed nothing, and `DatabaseBusyError` while a hub runs.
    """
    url = database_url(settings.database.url)
    if url.get_backend_name() != "sqlite":
        raise BackupError(
            "a PostgreSQL database is put back by pg_restore: stop every hub process, "
            "`pg_restore --clean --if-exists --no-owner -d DATABASE FILE`, then "
            "`kagimori-hub restore --in-place`"
        )
    database = Path(str(url.database))
    incoming = database.with_name(database.name + ".incoming")
    held = lock_file(url)
    try:
        manifest = read_manifest(backup, settings.town.id)
        if manifest.kind != "sqlite":
            raise BackupError(f"{backup} is of {manifest.kind}, database.url names SQLite")
        check_sqlite(backup)
        return _put_back(settings, clock, who, manifest, (backup, incoming, database), open_epoch)
    except OSError as error:  # the disk is full, most likely
        raise BackupError(f"{error.filename or incoming}: {error.strerror or error}") from error
    finally:
        _discard(incoming)
        held.close()


def _put_back(
    settings: Settings,
    clock: Clock,
    who: Principal,
    manifest: Manifest,
    files: tuple[Path, Path, Path],
    open_epoch: Callable[[], object] | None,
) -> Restored:
    """Make the new life ready beside the database, then let it take its place in one step: a power
    cut leaves either what was there or a database that sends no policy yet."""
    backup, incoming, database = files
    _discard(incoming)
    os.close(os.open(incoming, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    shutil.copyfile(backup, incoming)
    beside = database_url(settings.database.url).set(database=str(incoming))
    url = beside.render_as_string(hide_password=False)
    migrate(url)
    known = max(_epoch_in(incoming) or 0, _epoch_in(database) or 0)
    proof = _new_epoch(settings, known, open_epoch)
    if proof.opened_at <= manifest.taken_at:
        raise BackupError(
            f"{settings.file('hub_epoch')} was opened before this backup was taken: open the "
            "next one with `kagimori-provision hub epoch`, or name the authority with --ca"
        )
    ended = _begin_life(settings, url, (clock.now(), who), proof, manifest)
    with incoming.open("rb") as file:
        os.fsync(file.fileno())
    set_aside = _set_aside(database, clock.now())
    incoming.replace(database)
    sync_folder(database.parent)
    return Restored(proof.hub_epoch, manifest.taken_at, set_aside, ended)


def _discard(incoming: Path) -> None:
    """Remove what is left of a database that was to come in."""
    for ending in (*_BESIDE, ".lock"):
        incoming.with_name(incoming.name + ending).unlink(missing_ok=True)


def adopt(
    settings: Settings, clock: Clock, who: Principal, open_epoch: Callable[[], object] | None
) -> Restored:
    """The database was put back by other means (pg_restore, a machine's snapshot): begin its new
    life. Raises `BackupError`."""
    db = open_database(settings.database.url, settings.town.id)
    try:
        with db.read() as scope:
            known = hub_epoch.number(scope) or 0
    finally:
        db.close()
    proof = _new_epoch(settings, known, open_epoch)
    ended = _begin_life(settings, settings.database.url, (clock.now(), who), proof, None)
    return Restored(proof.hub_epoch, None, None, ended)


def release(settings: Settings, clock: Clock, who: Principal) -> int:
    """Somebody has looked: send policies again; give how many restores waited."""
    db = open_database(settings.database.url, settings.town.id)

    def write(scope: Scope) -> int:
        released = repository.release(scope, clock.now())
        if released:
            record(scope, clock.now(), who, "restore.released", ("hub", "hub"))
        return released

    try:
        return db.write(write)
    finally:
        db.close()


def _epoch_in(path: Path) -> int | None:
    """The newest hub epoch in a SQLite file; None where none can be read."""
    if not path.exists():
        return None
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            found = connection.execute("SELECT max(hub_epoch) FROM hub_epochs").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error:
        return None
    return None if found is None else int(found)


def _new_epoch(
    settings: Settings, known: int, open_epoch: Callable[[], object] | None
) -> EpochProof:
    path = settings.file("hub_epoch")
    if open_epoch is not None:
        open_epoch()
    proof = load_hub_epoch(path)
    if proof.hub_epoch <= known:
        raise BackupError(
            f"{path} says hub epoch {proof.hub_epoch}, which this hub has lived already: run "
            "`kagimori-provision hub epoch --hub KEYS --ca CA` where the authority's key is and "
            "bring the file here, or name the authority with --ca"
        )
    return proof


def _set_aside(database: Path, now: datetime) -> Path | None:
    if not database.exists():
        return None
    aside = database.with_name(f"{database.name}.before-restore-{now:%Y%m%dT%H%M%SZ}")
    try:
        os.link(database, aside)  # it stays in its place until the other takes it
    except OSError:  # a file system without links
        database.replace(aside)
    for ending in _BESIDE[1:]:
        part = database.with_name(database.name + ending)
        if part.exists():
            part.replace(aside.with_name(aside.name + ending))
    return aside


def _begin_life(
    settings: Settings,
    url: str,
    by: tuple[datetime, Principal],
    proof: EpochProof,
    manifest: Manifest | None,
) -> dict[str, int]:
    (now, who), taken_at = by, manifest.taken_at if manifest else None
    db = open_database(url, settings.town.id)

    def write(scope: Scope) -> dict[str, int]:
        hub_epoch.ensure(scope, proof)
        repository.note(scope, Restore(proof.hub_epoch, taken_at, now, None))
        ended = repository.end_former_life(scope)
        said = {"hub_epoch": proof.hub_epoch, "taken_at": aware(taken_at) if taken_at else None}
        record(scope, now, who, "hub.restored", ("hub", "hub"), {**said, **ended})
        return ended

    try:
        return db.write(write)
    finally:
        db.close()
