"""The hub: the production hub through its own bootstrap, on the demo's keys.

Two things differ from `kagimori-hub serve`: DEMO certificates are allowed, and on the first run an
API token and two logins are made and written to a file for the demo.
"""

from __future__ import annotations

import argparse
import json
import secrets
from pathlib import Path
from typing import Final

from deploy.demo.processes import end_with_parent
from hub.accounts.service import AccountsService
from hub.bootstrap import Hub, build
from hub.database.migrate import migrate
from hub.logs import configure_logs
from hub.serve import serve
from hub.settings import load_settings
from hub.web.rights import SYSTEM, Role
from provisioning.private_files import write_file

_LOGINS: Final = (
    ("admin", "管理者", "administrator", Role.ADMIN),
    ("clerk", "窓口", "clerk at the desk", Role.CLERK),
)
"""Login, name, what that is in English, rights."""


def main() -> None:
    """Run as `python -m deploy.demo.hub_process SETTINGS FIRST_RUN_FILE`."""
    parser = argparse.ArgumentParser(description="The demo's hub.")
    parser.add_argument("settings", type=Path)
    parser.add_argument("first_run", type=Path)
    given = parser.parse_args()
    end_with_parent()
    configure_logs()
    settings = load_settings(given.settings)
    migrate(settings.database.url)
    hub = build(settings, demo=True)
    if not given.first_run.exists():
        write_file(given.first_run, json.dumps(_first_run(hub)).encode())
    serve(hub)


def _first_run(hub: Hub) -> dict[str, object]:
    """Make the demo's token and logins, as somebody at the hub's command line would."""
    accounts = hub.services.get(AccountsService)
    _, token = accounts.create_token(SYSTEM, name="kagimori-demo", role=Role.ADMIN)
    logins = []
    for login, name, english, role in _LOGINS:
        password = secrets.token_urlsafe(9)
        accounts.add_user(SYSTEM, login=login, name=name, password=password, role=role)
        logins.append({"login": login, "password": password, "role": f"{name} {english}"})
    return {"token": token, "logins": logins}


if __name__ == "__main__":
    main()
