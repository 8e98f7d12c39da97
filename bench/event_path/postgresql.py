"""A PostgreSQL server of a measurement's own, which syncs as it ships."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

BIN: Final = Path("/usr/lib/postgresql/15/bin")


class PostgresqlServer:
    """Use it as a context; it listens on a socket in its folder only. `url` names its database."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / "postgresql"
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.url = f"postgresql://postgres@/postgres?host={self._home}"

    @staticmethod
    def installed() -> bool:
        """Tell whether there is one to start."""
        return (BIN / "postgres").exists()

    def __enter__(self) -> Self:
        self._home.mkdir()
        if self._as_user:
            shutil.chown(self._home, "postgres", "postgres")
        self._run("initdb", "-A", "trust", "-U", "postgres", "--no-locale", "-EUTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._home}'"
        self._run("pg_ctl", "-o", options, "-w", "start")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._run("pg_ctl", "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(BIN / program), "-D", str(self._home / "data"), *arguments]
        # Output goes to a file: the server inherits it and would hold a pipe open.
        with (self._home.parent / "postgresql.log").open("ab") as log:
            subprocess.run(command, cwd=self._home, stdout=log, stderr=log, check=True)
