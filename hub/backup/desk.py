"""How the command line asks a running hub for a backup: a Unix socket beside the database.

SQLite serves one process, so only the running hub may read its file. Who may write into the
database's folder may ask; nothing listens on the network.
"""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Final

import msgspec
import structlog

from hub.backup.copying import take
from hub.backup.manifest import BackupError, Manifest
from hub.clock import Clock
from hub.database.engine import Database

_LINE_BYTES: Final = 8_192
_ASK_S: Final = 6 * 3_600
_log = structlog.get_logger(__name__)


def socket_path(database: Path) -> Path:
    """Give where a hub listens for the command line."""
    return database.with_name(database.name + ".sock")


class BackupDesk:
    """A worker of the hub: takes backups when asked, one at a time."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._path = socket_path(Path(str(db.url.database)))
        self._listener: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="hub-backup", daemon=True)

    def start(self) -> None:
        """Listen. A folder that takes no socket costs the backup of a running hub, not the hub."""
        try:
            self._path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen(1)
        except OSError as error:
            _log.error("backup_desk_closed", path=str(self._path), error=str(error))
            return
        self._listener = listener
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            self._thread.join(5.0)
            self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while (listener := self._listener) is not None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._answer(connection)
                except Exception:  # the next one may ask all the same
                    _log.exception("backup_failed")

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(5.0)
        line = connection.makefile("rb").readline(_LINE_BYTES)
        try:
            path = Path(msgspec.json.decode(line, type=dict[str, str])["backup"])
            answer = {"manifest": msgspec.to_builtins(take(self._db, self._clock, path))}
        except (msgspec.DecodeError, KeyError):
            answer = {"error": "not understood"}
        except BackupError as error:
            answer = {"error": str(error)}
        connection.sendall(json.dumps(answer).encode() + b"\n")


def ask(database: Path, backup: Path) -> Manifest:
    """Let the running hub take a backup; raise `BackupError`."""
    path = socket_path(database)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ASK_S)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps({"backup": str(backup.absolute())}).encode() + b"\n")
            line = connection.makefile("rb").readline()
        except OSError as error:
            raise BackupError(
                f"{path}: {error.strerror}; another process has the database and is no hub of this "
                "version: stop it, or restart the hub"
            ) from error
    try:
        answer = json.loads(line)
        if "error" in answer:
            raise BackupError(answer["error"])
        return msgspec.convert(answer["manifest"], Manifest, strict=False)
    except (ValueError, KeyError) as error:
        raise BackupError("the hub gave up the backup: its log says why") from error
