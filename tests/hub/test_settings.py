"""Settings: one file and the environment; every error names file, key and remedy."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.bootstrap import ProcessRole, build
from hub.database.errors import DatabaseBusyError
from hub.serve import server_options
from hub.settings import ConfigError, DatabaseSettings, Settings, load_settings, refuse_demo
from provisioning.enrolment import init_hub
from provisioning.register import Register

GOOD = """
public_url = "https://doors.example.jp"
directory = "keys"

[listen]
host = "0.0.0.0"
port = 443

[town]
name = "鍵守町"
timezone = "Asia/Tokyo"

[database]
url = "sqlite:////var/lib/kagimori/hub.db"

[mqtt]
host = "broker.example.jp"
protocol = "3.1.1"
"""


def _file(folder: Path, text: str) -> Path:
    path = folder / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_and_its_paths_start_beside_it(tmp_path: Path) -> None:
    settings = load_settings(_file(tmp_path, GOOD))
    assert settings.public_host == "doors.example.jp"
    assert settings.mqtt.protocol == "3.1.1"
    assert settings.file("data_keys") == tmp_path / "keys" / "data-keys.json"
    assert settings.file("mqtt_certificate") == tmp_path / "keys" / "mqtt.pem"
    assert settings.signing_certificate_files == (tmp_path / "keys" / "signing.pem",)


def test_the_environment_goes_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGIMORI_MQTT__HOST", "other.example.jp")
    monkeypatch.setenv("KAGIMORI_DATABASE__URL", "postgresql://hub@db/kagimori")
    settings = load_settings(_file(tmp_path, GOOD))
    assert settings.mqtt.host == "other.example.jp"
    assert settings.database.url.startswith("postgresql://")


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ('[listen]\nhost = "0.0.0.0"\ntls = false', "listen", "trusted_proxy"),
        ('[listen]\ntrusted_proxy = "10.0.0.0/8"', "listen.trusted_proxy", "address"),
        ("[listen]\nport = 70000", "listen.port", "65535"),
        ('[database]\nurl = "mysql://root:s3cret@db/x"', "database.url", "postgresql"),
        ('[town]\ntimezone = "Asia/Nowhere"', "town.timezone", "Asia/Tokyo"),
        ('public_url = "http://doors.example.jp"', "public_url", "https"),
        ('public_url = "https://doors.example.jp/hub"', "public_url", "host and port only"),
        ('colour = "red"', "colour", "spelling"),
        ('[mqtt]\nprotocol = "4"', "mqtt.protocol", "3.1.1"),
    ],
)
def test_a_bad_setting_names_file_key_and_remedy_and_no_secret(
    tmp_path: Path, text: str, key: str, remedy: str
) -> None:
    path = _file(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    said = str(caught.value)
    assert str(path) in said
    assert f"{key}:" in said
    assert remedy in said
    assert "s3cret" not in said


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_settings(tmp_path / "nothing.toml")
    with pytest.raises(ConfigError, match=r"hub\.toml"):
        load_settings(_file(tmp_path, "public_url = "))


def test_a_hub_that_was_told_nothing_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.settings.DEFAULT_CONFIG", tmp_path / "hub.toml")
    for name in [name for name in os.environ if name.startswith("KAGIMORI_")]:
        monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match="no settings there") as caught:
        load_settings()
    assert "--config" in str(caught.value)
    monkeypatch.setenv("KAGIMORI_TOWN__PHONE", "0000-00-0000")
    assert load_settings().town.phone == "0000-00-0000"


def test_several_processes_need_postgresql(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    settings = Settings(directory=tmp_path, database=DatabaseSettings(url=url))
    with pytest.raises(ConfigError, match="need PostgreSQL"):
        build(settings, roles=[ProcessRole.API])


def test_the_one_process_on_sqlite_may_only_take_in(tmp_path: Path, hub_directory: Path) -> None:
    """`serve --role ingest`: after a long time away, before anybody is let in again."""
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    settings = Settings(directory=hub_directory, database=DatabaseSettings(url=url))
    hub = build(settings, roles=[ProcessRole.INGEST])
    try:
        assert [probe.name for probe in hub.probes] == ["database", "schema", "keys", "broker"]
        with pytest.raises(DatabaseBusyError):
            build(settings, roles=[ProcessRole.INGEST])
    finally:
        hub.stop()


@pytest.fixture(scope="module")
def demo_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's directory whose authority says DEMO."""
    folder = tmp_path_factory.mktemp("demo")
    now = datetime(2026, 4, 6, tzinfo=UTC)
    register = Register.create(folder / "ca", "Kagimori", now, timedelta(days=10), demo=True)
    init_hub(register, folder / "hub", now)
    return folder / "hub"


def test_a_demo_certificate_is_refused_except_by_the_demo(
    demo_directory: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    settings = Settings(directory=demo_directory, database=DatabaseSettings(url=url))
    with pytest.raises(ConfigError, match="DEMO"):
        refuse_demo(settings)
    with pytest.raises(ConfigError, match="DEMO"):
        build(settings)
    build(settings, demo=True).core.db.close()


def test_tls_files_that_cannot_be_used_are_named_with_the_remedy(
    demo_directory: Path, tmp_path: Path
) -> None:
    good = server_options(Settings(directory=demo_directory))
    assert good["ssl_certfile"].endswith("https.pem")
    with pytest.raises(ConfigError, match="kagimori-provision"):
        server_options(Settings(directory=tmp_path))


def test_the_folder_of_csv_files_starts_beside_the_file_too(tmp_path: Path) -> None:
    """Not in whatever folder the hub was started from."""
    path = tmp_path / "more.toml"
    path.write_text('[csv]\nfolder = "drop"\n')
    assert load_settings(path).csv.folder == tmp_path / "drop"
