"""A hub with the town of the API's examples in it, anew for each test."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest

import hub.bootstrap
import hub.feeds.wiring
from hub.app import create_app
from hub.clock import HandMovedClock
from hub.notices.settings import MailSettings
from hub.settings import DatabaseSettings, Settings, TownSettings


@pytest.fixture(scope="session")
def example_towns() -> ModuleType:
    """`example_town.py` beside this file: no test module can be imported by its name."""
    spec = spec_from_file_location("hub_example_town", Path(__file__).with_name("example_town.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def open_example_hub(
    example_towns: ModuleType, fast_folder: Path
) -> Callable[[str, HandMovedClock], Any]:
    """`open_example_hub(database_url, clock)` builds a hub whose new rows can be given ids."""
    folder = fast_folder / "example-keys"
    example_towns.write_keys(folder)

    def make(url: str, clock: HandMovedClock) -> Any:
        settings = Settings(
            public_url="https://doors.test",
            directory=folder,
            town=TownSettings(id="0190a000-0000-7000-8000-000000000001", phone="0123-45-6789"),
            database=DatabaseSettings(url=url),
            mail=MailSettings.model_validate({"host": "localhost", "from": "doors@example.jp"}),
        )
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(hub.bootstrap, "Ids", example_towns.NamedIds)
            patched.setattr(hub.feeds.wiring, "CalendarClient", example_towns.OfflineCalendars)
            return example_towns.open_hub(settings, clock)

    return make


@pytest.fixture(scope="session")
def example_town_file(
    example_towns: ModuleType,
    open_example_hub: Callable[[str, HandMovedClock], Any],
    sqlite_template: Path,
    fast_folder: Path,
) -> tuple[Path, Any]:
    """The town as a database file that nobody has open, and how it was made."""
    path = fast_folder / "example-town.db"
    shutil.copy(sqlite_template, path)
    clock = HandMovedClock(example_towns.NOW)
    built = open_example_hub(f"sqlite:///{path}", clock)
    town = example_towns.make_town(built, clock)
    built.stop()
    return path, town


@pytest.fixture
def example_town(
    example_towns: ModuleType,
    open_example_hub: Callable[[str, HandMovedClock], Any],
    example_town_file: tuple[Path, Any],
    fast_folder: Path,
) -> Iterator[Any]:
    """The town of the examples in a hub of its own."""
    template, made = example_town_file
    folder = Path(tempfile.mkdtemp(dir=fast_folder))
    shutil.copy(template, folder / "hub.db")
    clock = HandMovedClock(example_towns.NOW)
    built = open_example_hub(f"sqlite:///{folder / 'hub.db'}", clock)
    app = create_app(built)
    app.openapi_schema = made.document  # made once: it is the same for every hub
    yield replace(made, hub=built, app=app, clock=clock)
    built.stop()
    shutil.rmtree(folder)


@pytest.fixture
def example_town_on_postgresql(
    example_towns: ModuleType,
    open_example_hub: Callable[[str, HandMovedClock], Any],
    request: pytest.FixtureRequest,
) -> Iterator[Any]:
    """The same town in PostgreSQL, made anew."""
    url: str = request.getfixturevalue("postgresql_url")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SET session_replication_role = replica; DO $$ DECLARE t text; BEGIN "
            "FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP "
            "EXECUTE format('DELETE FROM %I', t); END LOOP; END $$"
        )
    clock = HandMovedClock(example_towns.NOW)
    built = open_example_hub(url, clock)
    yield example_towns.make_town(built, clock)
    built.stop()
