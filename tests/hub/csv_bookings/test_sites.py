"""Who is limited to some sites has the files of those sites, and nobody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.accounts.service import AccountsService
from hub.csv_bookings.folder import CsvFolder
from hub.csv_bookings.settings import CsvSettings
from hub.web.rights import SYSTEM, Role

PROFILES, IMPORTS = "/api/v1/csv_profiles", "/api/v1/csv_imports"


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """The facts do not depend on the kind of database."""
    return sqlite_at


@pytest.fixture
def at(desk: Any) -> Any:
    """Headers of a clerk at some sites."""
    accounts = desk.hub.services.get(AccountsService)

    def make(*sites: str) -> dict[str, str]:
        token = accounts.create_token(SYSTEM, name="c", role=Role.CLERK, sites=list(sites))[1]
        return {"Authorization": f"Bearer {token}"}

    return make


def test_a_clerk_of_another_site_neither_sees_nor_touches_files_of_this_one(
    desk: Any, at: Any, hub_town: Any
) -> None:
    desk.set_profile(complete=True)
    lines = [desk.line(f"k{n}", 利用日=f"2026/4/{10 + n}") for n in range(3)]
    desk.done(desk.file(*lines))
    asked = desk.send(desk.file(lines[0])).json()
    assert asked["missing_held"]
    there = at(hub_town.site())
    ask = desk.client
    assert ask.get(PROFILES, headers=there).json() == []
    assert ask.get(IMPORTS, headers=there).json()["items"] == []
    path = f"{PROFILES}/{desk.profile}"
    body = desk.body | {"facilities": {}}
    assert ask.get(path, headers=there).status_code == 404
    assert ask.put(path, json=body, headers=there).status_code == 404
    assert ask.delete(path, headers=there).status_code == 404
    confirm = f"{IMPORTS}/{asked['import_id']}/confirm"
    assert ask.post(confirm, headers=there).status_code == 404
    tried = ask.post(
        f"{IMPORTS}?dry_run=true",
        data={"profile_id": desk.profile},
        files={"file": ("a.csv", desk.file(*lines), "text/csv")},
        headers=there,
    )
    assert tried.status_code == 404
    page = ask.get("/joins/csv", headers=there | {"Accept": "text/html"}).text
    assert "april.csv" not in page
    assert ask.post(confirm).json()["counts"]["missing"] == 2, "the question is still asked"


def test_a_profile_of_a_limited_clerk_is_limited_whoever_runs_it(
    desk: Any, at: Any, hub_town: Any, tmp_path: Path
) -> None:
    """Also the folder's job, which otherwise may everything."""
    site = hub_town.site()
    here = at(site)
    made = desk.client.post(PROFILES, json=desk.body | {"name": "支所"}, headers=here)
    assert made.status_code == 201, made.text
    listed = desk.client.get(PROFILES, headers=here).json()
    assert [each["name"] for each in listed] == ["支所"]
    (tmp_path / "支所").mkdir()
    (tmp_path / "支所" / "a.csv").write_bytes(desk.file(desk.line("mine")))
    job = CsvFolder(desk.service, CsvSettings(folder=tmp_path), desk.hub.core.clock)
    job.run()
    job.run()
    assert desk.booking("mine") == {}, "its facility is at another site"
    desk.profile = made.json()["id"]
    assert desk.done(desk.file(desk.line("mine")))[0][1] == "refused"
    items = desk.client.get(IMPORTS, headers=here).json()["items"]
    assert {each["profile_id"] for each in items} == {desk.profile}
