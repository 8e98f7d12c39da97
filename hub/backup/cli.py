"""`kagimori-hub backup` and `kagimori-hub restore`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.backup import restoring
from hub.backup.copying import take
from hub.backup.desk import ask
from hub.backup.manifest import BackupError, Manifest, aware
from hub.clock import SystemClock
from hub.database.engine import database_url, open_database
from hub.database.errors import DatabaseBusyError
from hub.database.migrate import check_schema
from hub.settings import Settings, load_settings
from hub.web.rights import Principal
from provisioning import enrolment
from provisioning.private_files import read_private
from provisioning.register import Register

Config = Annotated[
    Path | None, typer.Option("--config", "--settings", help="The settings' TOML file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer, who: Principal) -> None:
    """Put the commands on a command line whose doings are audited as `who`."""

    @app.command("backup")
    def backup_command(
        file: Annotated[
            Path, typer.Argument(help="Where to write it; a folder gets a name by the time.")
        ],
        config: Config = None,
        as_json: AsJson = False,
    ) -> None:
        """Copy the database, also while the hub runs. Keys are not in it: keep them apart."""
        settings = load_settings(config)
        path = file / f"hub-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db" if file.is_dir() else file
        manifest = _take(settings, path)
        found = {
            "backup": str(path),
            "taken_at": aware(manifest.taken_at),
            "bytes": manifest.bytes,
            "hub_epoch": manifest.hub_epoch,
        }
        _say(as_json, found, f"{path}: {manifest.bytes} bytes; the keys are not in it")

    @app.command("restore")
    def restore_command(
        file: Annotated[Path | None, typer.Argument(help="The backup.")] = None,
        in_place: Annotated[
            bool, typer.Option("--in-place", help="The database was put back by other means.")
        ] = False,
        release: Annotated[
            bool, typer.Option("--release", help="All was looked at: send policies again.")
        ] = False,
        ca: Annotated[
            Path | None, typer.Option("--ca", help="The authority: opens the next hub epoch.")
        ] = None,
        passphrase_file: Annotated[Path | None, typer.Option("--passphrase-file")] = None,
        config: Config = None,
        as_json: AsJson = False,
    ) -> None:
        """Put a backup back, as a new life of the hub. The hub must be stopped."""
        if sum((file is not None, in_place, release and file is None and not in_place)) != 1:
            raise typer.BadParameter("name a backup, or --in-place, or --release alone")
        settings, clock = load_settings(config), SystemClock()
        open_epoch = _opener(settings, ca, passphrase_file)
        found: dict[str, Any] = {}
        if file is not None or in_place:
            done = (
                restoring.put_back(settings, clock, who, file, open_epoch)
                if file is not None
                else restoring.adopt(settings, clock, who, open_epoch)
            )
            found = {
                "hub_epoch": done.hub_epoch,
                "taken_at": aware(done.taken_at) if done.taken_at else None,
                "set_aside": str(done.set_aside) if done.set_aside else None,
                **done.ended,
            }
            _warn(done)
        if release:
            found["released"] = restoring.release(settings, clock, who)
        _say(as_json, found, "\n".join(f"{key}: {value}" for key, value in found.items()))


def _take(settings: Settings, path: Path) -> Manifest:
    url = database_url(settings.database.url)
    try:
        db = open_database(settings.database.url, settings.town.id)
    except DatabaseBusyError:
        return ask(Path(str(url.database)), path)
    try:
        check_schema(db)
        return take(db, SystemClock(), path)
    finally:
        db.close()


def _opener(
    settings: Settings, ca: Path | None, passphrase_file: Path | None
) -> Callable[[], object] | None:
    if ca is None:
        return None
    passphrase = read_private(passphrase_file).strip() if passphrase_file else None
    authority = Register.load(ca, passphrase)
    return lambda: enrolment.open_next_epoch(authority, settings.directory, datetime.now(UTC))


def _warn(done: restoring.Restored) -> None:
    since = f"since {aware(done.taken_at)} " if done.taken_at else ""
    print(
        f"What was changed {since}is not known here: bookings, cancelled ones, new and retired "
        "PINs and cards, users and tokens. Doors keep the policy they hold until you have looked "
        "and run `kagimori-hub restore --release`.",
        file=sys.stderr,
    )


def _say(as_json: bool, found: dict[str, Any], text: str) -> None:
    print(json.dumps(found, ensure_ascii=False) if as_json else text)


__all__ = ["BackupError", "register"]
