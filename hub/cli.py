"""`kagimori-hub`: serve, migrate, backup, restore, user, token, audit, config, keys.

Results go to stdout (`--json` for programs), everything else to stderr. Exit 0 is ok, 1 failed,
2 usage.
"""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.accounts.service import AccountsService
from hub.audit.service import AuditService
from hub.backup import cli as backup_cli
from hub.backup.manifest import BackupError
from hub.bootstrap import ALL_ROLES, Hub, ProcessRole, build
from hub.clock import SystemClock
from hub.database.errors import DatabaseError
from hub.database.migrate import check_schema, head_revision, migrate
from hub.key_rotation import cli as key_cli
from hub.keys import KeyFileError
from hub.logs import configure_logs
from hub.serve import serve
from hub.settings import ConfigError, load_settings, refuse_demo
from hub.web.problems import Problem
from hub.web.rights import Principal, PrincipalKind, Role
from provisioning.errors import ProvisioningError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The Kagimori hub.")
user_app = typer.Typer(no_args_is_help=True, help="Users who log in with a password.")
token_app = typer.Typer(no_args_is_help=True, help="Bearer tokens for programs.")
audit_app = typer.Typer(no_args_is_help=True, help="The audit log.")
config_app = typer.Typer(no_args_is_help=True, help="The settings.")
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
app.add_typer(audit_app, name="audit")
app.add_typer(config_app, name="config")

Config = Annotated[
    Path | None, typer.Option("--config", "--settings", help="The settings' TOML file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Sites = Annotated[list[str] | None, typer.Option("--site", help="Limit to this site; repeatable.")]
Roles = Annotated[
    list[ProcessRole] | None,
    typer.Option("--role", help="What this process does; repeatable. All, if left away."),
]

_AT_THE_COMMAND_LINE = Principal(PrincipalKind.SYSTEM, "command-line", "kagimori-hub", Role.ADMIN)
backup_cli.register(app, _AT_THE_COMMAND_LINE)
key_cli.register(app, _AT_THE_COMMAND_LINE)


@app.command("serve")
def serve_command(config: Config = None, role: Roles = None) -> None:
    """Serve the API and pages, take in events and do the jobs."""
    configure_logs()
    settings = load_settings(config)
    hub = build(settings, roles=frozenset(role) if role else ALL_ROLES)
    serve(hub)


@app.command("migrate")
def migrate_command(config: Config = None, as_json: AsJson = False) -> None:
    """Bring the database to this version's schema. Stop the hub and make a backup first."""
    level = migrate(load_settings(config).database.url)
    _say(as_json, {"level": level}, f"the database is at level {level}")


@user_app.command("add")
def add_user(
    login: Annotated[str, typer.Argument(help="The login name.")],
    name: Annotated[str, typer.Option(help="The name shown on pages.")] = "",
    role: Annotated[Role, typer.Option(help="What they may do.")] = Role.VIEWER,
    site: Sites = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Add a user. The password is asked for, or read from the first line of a piped stdin."""
    password = _password()
    with _built(config) as hub:
        user = hub.services.get(AccountsService).add_user(
            _AT_THE_COMMAND_LINE,
            login=login,
            name=name or login,
            password=password,
            role=role,
            sites=site or None,
        )
    _say(as_json, {"id": user.id, "login": user.login}, f"user {user.login} was added")


@token_app.command("create")
def create_token(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Annotated[Role, typer.Option(help="What it may do.")] = Role.INTEGRATION,
    site: Sites = None,
    days: Annotated[int | None, typer.Option(min=1, help="It expires after so many days.")] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Create a bearer token and print it: this once."""
    expires_at = SystemClock().now() + timedelta(days=days) if days else None
    with _built(config) as hub:
        token, text = hub.services.get(AccountsService).create_token(
            _AT_THE_COMMAND_LINE, name=name, role=role, sites=site or None, expires_at=expires_at
        )
    _say(as_json, {"id": token.id, "token": text}, text)


@token_app.command("revoke")
def revoke_token(
    token_id: Annotated[str, typer.Argument(help="Its id.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a token worthless from now on."""
    with _built(config) as hub:
        hub.services.get(AccountsService).revoke_token(_AT_THE_COMMAND_LINE, token_id)
    _say(as_json, {"id": token_id, "revoked": True}, f"token {token_id} is revoked")


@audit_app.command("verify")
def verify_audit(config: Config = None, as_json: AsJson = False) -> None:
    """Walk the whole audit chain; exit 1 if anything was changed, removed or moved."""
    with _built(config) as hub:
        report = hub.services.get(AuditService).verify()
    found = {"entries": report.entries, "head": report.head, "broken_at": report.broken_at}
    if report.intact:
        _say(as_json, found, f"{report.entries} entries hold; head {report.head}")
        return
    _say(as_json, found, f"broken at entry {report.broken_at}")
    raise typer.Exit(1)


@config_app.command("check")
def check_config(config: Config = None, as_json: AsJson = False) -> None:
    """Read the settings and every key file, and say whether the hub could serve with them."""
    settings = load_settings(config)
    refuse_demo(settings)
    with _built(config) as hub:
        hub.core.keys.check()
        check_schema(hub.core.db)
    _say(as_json, {"ok": True, "level": head_revision()}, "all is well")


# --- what the commands share -------------------------------------------------------------------


@contextmanager
def _built(config: Path | None) -> Iterator[Hub]:
    """A hub that is built, used without its workers, and closed."""
    hub = build(load_settings(config))
    try:
        check_schema(hub.core.db)
        yield hub
    finally:
        hub.core.db.close()


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise ConfigError("the two passwords differ; nothing was changed")
    return first


def _say(as_json: bool, found: dict[str, Any], text: str) -> None:
    print(json.dumps(found, ensure_ascii=False) if as_json else text)


def main(run: Callable[[], Any] = app) -> None:
    """Run the command line; an expected failure is one line on stderr and exit 1."""
    try:
        run()
    except Problem as problem:
        named = [f"{one.field.removeprefix('body.')}: {one.message}" for one in problem.fields]
        print(f"kagimori-hub: {'; '.join(named) or problem}", file=sys.stderr)
        sys.exit(1)
    except (ConfigError, DatabaseError, KeyFileError, BackupError, ProvisioningError) as error:
        print(f"kagimori-hub: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
