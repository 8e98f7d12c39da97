"""What every test of the hub stands on: both databases, a clock moved by hand, ids."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from hub.accounts.passwords import Passwords
from hub.accounts.service import AccountsService
from hub.app import create_app
from hub.bootstrap import Hub, build
from hub.clock import HandMovedClock, Ids
from hub.database.all_tables import all_tables
from hub.database.engine import Database, database_url, open_database
from hub.database.tables import metadata
from hub.keys import HubKeys
from hub.logs import configure_logs
from hub.settings import DatabaseSettings, Settings, TownSettings
from hub.web.rights import SYSTEM, Role
from provisioning import hub_keys
from wire.keys import LinkKey, PinKey

TABLES = list(all_tables().sorted_tables)
POSTGRESQL_BIN = Path("/usr/lib/postgresql/15/bin")

# Deletes the rows of every table, past foreign keys and triggers: far quicker than TRUNCATE.
_EMPTY_EVERY_TABLE = """
SET session_replication_role = replica;
DO $$ DECLARE t text; BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM %I', t);
  END LOOP;
END $$;
"""


@pytest.fixture(scope="session")
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: tests sync often and keep nothing."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="kgm-test-", dir=where))
    folder.chmod(0o711)  # the database server runs as another user
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_socket(fast_folder: Path) -> Iterator[Path]:
    """The socket folder of a PostgreSQL server of this test run's own; it listens nowhere else."""
    if not (POSTGRESQL_BIN / "postgres").exists():
        pytest.fail("PostgreSQL 15 is not installed: run deploy/dev/system-packages.sh")
    home = fast_folder / "pg"
    home.mkdir()
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(home, "postgres", "postgres")

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(POSTGRESQL_BIN / program), *arguments]
        # Output goes to a file: the server inherits it and would hold a pipe open.
        with (fast_folder / "pg.log").open("ab") as log:
            done = subprocess.run(command, cwd=home, stdout=log, stderr=log, timeout=60)
        if done.returncode:
            pytest.fail(f"{program} failed:\n{(fast_folder / 'pg.log').read_text()}")

    data = str(home / "data")
    run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "--no-locale", "-EUTF8")
    options = (
        f"-c listen_addresses='' -c unix_socket_directories='{home}' -c fsync=off "
        "-c synchronous_commit=off -c full_page_writes=off -c shared_buffers=64MB"
    )
    run("pg_ctl", "-D", data, "-o", options, "-w", "start")
    yield home
    run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@pytest.fixture(scope="session")
def postgresql_url(postgresql_socket: Path) -> str:
    """A database that holds every table, emptied before each test."""
    url = f"postgresql://postgres@/postgres?host={postgresql_socket}"
    engine = create_engine(database_url(url), poolclass=NullPool)
    metadata.create_all(engine, tables=TABLES)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def sqlite_template(fast_folder: Path) -> Path:
    """A file that holds every table and no row."""
    path = fast_folder / "template.db"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    metadata.create_all(engine, tables=TABLES)
    engine.dispose()
    return path


@pytest.fixture
def town_id() -> str:
    """The town of the tests."""
    return "0190a000-0000-7000-8000-000000000001"


@pytest.fixture
def sqlite_at(fast_folder: Path, sqlite_template: Path) -> Iterator[str]:
    """The URL of an empty SQLite database with every table."""
    folder = Path(tempfile.mkdtemp(dir=fast_folder))
    shutil.copy(sqlite_template, folder / "hub.db")
    yield f"sqlite:///{folder / 'hub.db'}"
    shutil.rmtree(folder)


@pytest.fixture
def postgresql_at(postgresql_url: str) -> str:
    """The URL of an empty PostgreSQL database with every table."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(_EMPTY_EVERY_TABLE)
    return postgresql_url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_at(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database with every table: each test runs once on each kind.

    A module whose facts do not depend on the kind overrides this fixture with `sqlite_at`; a class
    of its few that do, with `postgresql_at`.
    """
    if request.param == "sqlite":
        path: str = request.getfixturevalue("sqlite_at")
        return path
    url: str = request.getfixturevalue("postgresql_at")
    return url


@pytest.fixture
def db(database_at: str, town_id: str) -> Iterator[Database]:
    """An empty database of one town."""
    database = open_database(database_at, town_id)
    yield database
    database.close()


@pytest.fixture
def clock() -> HandMovedClock:
    """Stands at Monday 2026-04-06, 09:00 in Tokyo, until moved."""
    return HandMovedClock(datetime(2026, 4, 6, 0, 0, tzinfo=UTC))


@pytest.fixture
def ids(clock: HandMovedClock) -> Ids:
    """Makes UUIDv7 at the hand-moved time."""
    return Ids(clock)


# --- a whole hub -------------------------------------------------------------------------------

PUBLIC_URL = "https://doors.test"


@pytest.fixture(scope="session")
def hub_directory(fast_folder: Path) -> Path:
    """The hub's directory of keys: data keys and, at first, no controllers."""
    folder = fast_folder / "hub"
    folder.mkdir()
    hub_keys.save_data_keys(folder / hub_keys.DATA_KEYS, hub_keys.new_data_keys())
    hub_keys.save_link_keys(folder / hub_keys.LINK_KEYS, {})
    return folder


@pytest.fixture
def settings(database_at: str, town_id: str, hub_directory: Path) -> Settings:
    """Settings of a hub under test."""
    return Settings(
        public_url=PUBLIC_URL,
        directory=hub_directory,
        town=TownSettings(id=town_id, phone="0123-45-6789"),
        database=DatabaseSettings(url=database_at),
    )


@pytest.fixture(scope="session", autouse=True)
def _production_logs() -> None:
    """Log as the service does, so that tests see what a log would hold."""
    configure_logs()


@pytest.fixture
def hub(settings: Settings, clock: HandMovedClock) -> Iterator[Hub]:
    """A hub, built and not started, on each kind of database."""
    # Real argon2id with the least of work: what it costs is not what these tests are about.
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    built = build(settings, clock=clock, passwords=cheap)
    yield built
    built.stop()


@pytest.fixture
def keys(hub: Hub) -> HubKeys:
    """The hub's keys."""
    return hub.core.keys


@pytest.fixture
def app(hub: Hub) -> FastAPI:
    """The hub's web application."""
    return create_app(hub)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the hub that nobody knows yet; answers of 500 come back as answers."""
    with TestClient(
        app, base_url=PUBLIC_URL, raise_server_exceptions=False, follow_redirects=False
    ) as made:
        yield made


@pytest.fixture
def tokens(hub: Hub) -> Mapping[Role, str]:
    """A bearer token of each role, for the whole town."""
    accounts = hub.services.get(AccountsService)
    return {role: accounts.create_token(SYSTEM, name=role, role=role)[1] for role in Role}


@pytest.fixture
def as_role(client: TestClient, tokens: Mapping[Role, str]) -> Callable[[Role], TestClient]:
    """`as_role(Role.CLERK)` gives the client with that role's token."""

    def use(role: Role) -> TestClient:
        client.headers["Authorization"] = f"Bearer {tokens[role]}"
        return client

    return use


@pytest.fixture
def admin(as_role: Callable[[Role], TestClient]) -> TestClient:
    """The client with an administrator's token."""
    return as_role(Role.ADMIN)


# --- a town ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def town_type() -> type[Any]:
    """`Town` of `town.py` beside this file: no test module can be imported by its name."""
    spec = spec_from_file_location("hub_town", Path(__file__).with_name("town.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found: type[Any] = module.Town
    return found


@pytest.fixture
def town(town_type: type[Any], db: Database, clock: HandMovedClock, ids: Ids) -> Any:
    """An empty town with keys of its own, held in memory; its controllers are enrolled."""
    links: dict[str, hub_keys.ControllerKeys] = {}
    data = hub_keys.new_data_keys()
    return town_type(db, clock, ids, HubKeys(lambda: data, lambda: links), links)


@pytest.fixture
def hub_town(town_type: type[Any], hub: Hub, clock: HandMovedClock) -> Any:
    """An empty town in the database of the hub that `client` talks to."""
    return town_type(hub.core.db, clock, hub.core.ids, hub.core.keys, {})


@pytest.fixture
def enrolled(hub_directory: Path) -> Iterator[Callable[[str], ec.EllipticCurvePrivateKey]]:
    """`enrolled(controller_id)` puts a controller's keys into the hub's file, as provisioning
    does, and gives the controller's own private key."""
    path = hub_directory / hub_keys.LINK_KEYS

    def enrol(controller_id: str) -> ec.EllipticCurvePrivateKey:
        own = ec.generate_private_key(ec.SECP256R1())
        new = hub_keys.ControllerKeys(
            LinkKey(secrets.token_bytes(32)), PinKey(secrets.token_bytes(32)), own.public_key()
        )
        hub_keys.save_link_keys(path, {**hub_keys.load_link_keys(path), controller_id: new})
        return own

    yield enrol
    hub_keys.save_link_keys(path, {})
