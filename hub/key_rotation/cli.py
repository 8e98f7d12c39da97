"""`kagimori-hub keys`: rotate the key that the database is sealed with, and see what uses which."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from sqlalchemy import create_engine

from hub.audit.service import record
from hub.clock import SystemClock
from hub.database.engine import database_url, open_database
from hub.database.errors import DatabaseBusyError
from hub.database.migrate import check_schema
from hub.database.scope import Scope
from hub.key_rotation.resealing import reseal_all, rows_not_under, rows_under
from hub.keys import HubKeys, KeyFileError
from hub.settings import Settings, load_settings
from hub.web.rights import Principal
from provisioning.hub_keys import DataKeys, load_data_keys, save_data_keys
from provisioning.keys import new_secret

SETTLED_S: Final = 60
"""A key is dropped only so long after the file changed last: a transaction that sealed a row under
it may have been under way."""

Config = Annotated[
    Path | None, typer.Option("--config", "--settings", help="The settings' TOML file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Retire = Annotated[
    bool, typer.Option("--retire", help="Draw no key; drop old ones that no row uses any more.")
]

INDEX_NOTE: Final = (
    "The index key stays: what it hides is which digits and cards are equal. Retired digits are "
    "kept by it alone; another key would forget which are barred for 30 days (docs/pins.md)."
)


def register(app: typer.Typer, who: Principal) -> None:
    """Add the commands."""
    keys_app = typer.Typer(no_args_is_help=True, help="The keys that the database is sealed with.")
    app.add_typer(keys_app, name="keys")

    @keys_app.command("rotate")
    def rotate_command(
        retire: Retire = False, config: Config = None, as_json: AsJson = False
    ) -> None:
        """Draw a new data key and seal every row anew under it, while the hub serves."""
        settings = load_settings(config)
        found = retire_keys(settings, who) if retire else rotate(settings, who)
        _say(as_json, found)
        if found.get("broken") or found.get("kept"):
            raise typer.Exit(3)

    @keys_app.command("status")
    def status_command(config: Config = None, as_json: AsJson = False) -> None:
        """Say how many rows each key of the file seals."""
        settings = load_settings(config)
        held = load_data_keys(settings.file("data_keys"))
        with _reading(settings) as scope:
            counted = rows_under(scope, tuple(held.encrypt))
            unknown = rows_not_under(scope, tuple(held.encrypt))
        _say(as_json, {"active": held.active, "rows": dict(counted), "of_no_key": unknown})


def rotate(settings: Settings, who: Principal) -> dict[str, Any]:
    """Put a new active key into the file, the old ones beside it, and seal every row anew. On
    SQLite a running hub does the second by itself."""
    path = settings.file("data_keys")
    before = load_data_keys(path)
    kid = _new_kid(before)
    _replace(
        path, DataKeys(kid, {**before.encrypt, kid: new_secret()}, before.index, before.pepper)
    )
    print(f"{path} names {kid} now; copy it to where you keep it safe", file=sys.stderr)
    counted = _reseal(settings, who, kid)
    by = "running_hub" if counted is None else "this_command"
    rows = {name: n for name, n in (counted or {}).items() if name != "broken"}
    return {
        "active": kid,
        "old": sorted(before.encrypt),
        "resealed_by": by,
        "rows": rows,
        "broken": (counted or Counter())["broken"],
        "note": INDEX_NOTE,
    }


def retire_keys(settings: Settings, who: Principal) -> dict[str, Any]:
    """Seal what is left anew, and drop every old key that no row uses: looked up, not assumed."""
    path = settings.file("data_keys")
    held = load_data_keys(path)
    old = tuple(kid for kid in held.encrypt if kid != held.active)
    age_s = time.time() - path.stat().st_mtime
    if old and age_s < SETTLED_S:
        raise KeyFileError(f"{path} changed {age_s:.0f} s ago; ask again after {SETTLED_S} s")
    counted = _reseal(settings, who, held.active)
    with _reading(settings) as scope:
        used = rows_under(scope, old)
    dropped = [kid for kid in old if not used[kid]]
    if dropped:
        left = {kid: key for kid, key in held.encrypt.items() if kid not in dropped}
        _replace(path, DataKeys(held.active, left, held.index, held.pepper))
        print(
            "A backup made before is sealed under what was dropped: keep the old key file with it.",
            file=sys.stderr,
        )
    return {
        "active": held.active,
        "dropped": sorted(dropped),
        "kept": {kid: used[kid] for kid in old if used[kid]},
        "resealed_by": "running_hub" if counted is None else "this_command",
        "broken": (counted or Counter())["broken"],
    }


def _reseal(settings: Settings, who: Principal, kid: str) -> Counter[str] | None:
    """Seal every row anew; None where a running hub has the file and does it by itself."""
    try:
        db = open_database(settings.database.url, settings.town.id)
    except DatabaseBusyError:
        print("the running hub seals the rows anew, a batch a second", file=sys.stderr)
        return None
    try:
        check_schema(db)
        keys = HubKeys.from_files(settings.file("data_keys"), settings.file("link_keys"))
        counted = reseal_all(db, keys, lambda name, n: print(f"{name}: {n}", file=sys.stderr))
        told = {"active": kid, "rows": sum(counted.values()) - counted["broken"]}
        at = SystemClock().now()
        db.write(lambda scope: record(scope, at, who, "keys.rotated", ("hub", "data_keys"), told))
        return counted
    finally:
        db.close()


@contextmanager
def _reading(settings: Settings) -> Iterator[Scope]:
    """Read the database beside a running hub: on SQLite from its file, without its lock."""
    url = database_url(settings.database.url)
    if url.get_backend_name() == "sqlite":
        url = url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            yield Scope(connection, settings.town.id)
    finally:
        engine.dispose()


def _new_kid(held: DataKeys) -> str:
    while (kid := secrets.token_hex(4)) in held.encrypt:
        continue
    return kid


def _replace(path: Path, keys: DataKeys) -> None:
    """Replace the key file in one step, its owner unchanged: the hub's user has to read it, and
    whoever rotates may be another."""
    before = path.stat()
    beside = path.with_name(f".{path.name}.next")
    save_data_keys(beside, keys)
    if os.geteuid() == 0:
        os.chown(beside, before.st_uid, before.st_gid)
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _say(as_json: bool, found: dict[str, Any]) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        print(f"{name}: {value}")
