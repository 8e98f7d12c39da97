"""The hub's settings: one TOML file, over it `KAGIMORI_...` from the environment.

`KAGIMORI_DATABASE__URL` is `[database] url`. The files of keys lie in `directory`, as
`kagimori-provision` writes them; each may be named apart. Relative paths start at the file.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from hub.applications.settings import ApplicationsSettings
from hub.csv_bookings.settings import CsvSettings
from hub.database.engine import database_url
from hub.database.errors import DatabaseError
from hub.feeds.settings import FeedsSettings
from hub.leave.settings import LeaveSettings
from hub.notices.settings import LineSettings, MailSettings, NoticesSettings
from hub.readiness.settings import ReadinessSettings
from hub.rosters.settings import RostersSettings
from hub.settings_section import Section
from hub.staff.settings import StaffSettings
from hub.timesheets.closing_settings import ClosingSettings
from hub.timesheets.settings import TimesheetsSettings
from hub.visitors.settings import VisitorsSettings
from hub.webhooks.settings import WebhooksSettings
from provisioning import enrolment, hub_keys
from wire.certificates import is_demo, load_certificates
from wire.errors import WireError

CONFIG_VARIABLE: Final = "KAGIMORI_CONFIG"
_PREFIX: Final = "KAGIMORI_"
DEFAULT_CONFIG: Final = Path("/etc/kagimori/hub.toml")
FIRST_TOWN: Final = "01900000-0000-7000-8000-000000000001"
"""The id of an installation's only town; a second town in one database takes another."""


class ConfigError(Exception):
    """The settings cannot be used; the message names file, key and remedy."""


class ListenSettings(Section):
    """Where the hub listens. Off loopback it speaks TLS, or trusts one named proxy that does."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8443
    tls: bool = True
    trusted_proxy: str | None = None
    max_body_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 1024 * 1024

    @field_validator("trusted_proxy")
    @classmethod
    def _one_address(cls, value: str | None) -> str | None:
        if value is not None:
            ipaddress.ip_address(value)
        return value

    @property
    def loopback(self) -> bool:
        """Tell whether only this machine can connect."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @model_validator(mode="after")
    def _encrypted(self) -> ListenSettings:
        if not self.tls and self.trusted_proxy is None and not self.loopback:
            raise ValueError(
                "plain HTTP is served on loopback only: set tls = true, or trusted_proxy to the "
                "address of the one proxy that speaks TLS in front"
            )
        return self


class TownSettings(Section):
    """The town: what pages show and in which zone its days begin."""

    id: str = FIRST_TOWN
    name: str = "鍵守町"
    name_en: str = "Kagimori Town"
    timezone: str = "Asia/Tokyo"
    phone: str = ""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, ZoneInfoNotFoundError) as error:
            raise ValueError("no such time zone: write one like Asia/Tokyo") from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The zone itself."""
        return ZoneInfo(self.timezone)


class DatabaseSettings(Section):
    """Where the data lies."""

    url: str = "sqlite:////var/lib/kagimori/hub.db"

    @field_validator("url")
    @classmethod
    def _usable(cls, value: str) -> str:
        try:
            database_url(value)
        except DatabaseError as error:
            raise ValueError(str(error)) from error
        return value


class MqttSettings(Section):
    """The broker; certificate, key and CA default to those in `directory`."""

    host: str = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    protocol: Literal["5", "3.1.1"] = "5"
    keepalive_s: Annotated[int, Field(ge=5, le=3600)] = 30
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class SessionSettings(Section):
    """How long a login lasts."""

    idle_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    absolute_hours: Annotated[int, Field(ge=1, le=7 * 24)] = 12


class ResidentsSettings(Section):
    """What people without a login may do: so many bookings asked for from one address an hour."""

    requests_an_hour: Annotated[int, Field(ge=1, le=10_000)] = 20


class Settings(BaseSettings):
    """Everything a hub is told. Frozen; see the sections."""

    model_config = SettingsConfigDict(
        env_prefix="KAGIMORI_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    public_url: str = "https://localhost:8443"
    directory: Path = Path("/var/lib/kagimori/hub")
    listen: ListenSettings = ListenSettings()
    town: TownSettings = TownSettings()
    database: DatabaseSettings = DatabaseSettings()
    mqtt: MqttSettings = MqttSettings()
    sessions: SessionSettings = SessionSettings()
    residents: ResidentsSettings = ResidentsSettings()
    notices: NoticesSettings = NoticesSettings()
    mail: MailSettings = MailSettings()
    line: LineSettings = LineSettings()
    feeds: FeedsSettings = FeedsSettings()
    webhooks: WebhooksSettings = WebhooksSettings()
    readiness: ReadinessSettings = ReadinessSettings()
    rosters: RostersSettings = RostersSettings()
    timesheets: TimesheetsSettings = TimesheetsSettings()
    csv: CsvSettings = CsvSettings()
    staff: StaffSettings = StaffSettings()
    closing: ClosingSettings = ClosingSettings()
    visitors: VisitorsSettings = VisitorsSettings()
    leave: LeaveSettings = LeaveSettings()
    applications: ApplicationsSettings = ApplicationsSettings()
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    signing_key: Path | None = None
    signing_certificates: tuple[Path, ...] = ()
    ca: Path | None = None
    data_keys: Path | None = None
    link_keys: Path | None = None
    hub_epoch: Path | None = None

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("write scheme, host and port only: https://doors.example.jp")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("residents reach the hub by https; plain http is for loopback only")
        return value.rstrip("/")

    @property
    def public_host(self) -> str:
        """The host name that the world uses."""
        return urlsplit(self.public_url).hostname or "localhost"

    def file(self, key: str) -> Path:
        """Give the path of a key file: as named, or where provisioning wrote it."""
        named: Path | None = (
            getattr(self.mqtt, key.removeprefix("mqtt_"))
            if key.startswith("mqtt_")
            else getattr(self, key)
        )
        return named or self.directory / _IN_DIRECTORY[key]

    @property
    def signing_certificate_files(self) -> tuple[Path, ...]:
        """The certificates of the signing keys that hold now, one or two."""
        return self.signing_certificates or (self.directory / enrolment.SIGNING_CERTIFICATE,)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # a .env file is not ours
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # nor are these
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the environment; `load_settings` adds the file."""
        return init_settings, env_settings, *cls._file_source(settings_cls)

    @classmethod
    def _file_source(cls, settings_cls: type[BaseSettings]) -> list[PydanticBaseSettingsSource]:
        return [TomlConfigSettingsSource(settings_cls)]


_IN_DIRECTORY: Final = {
    "tls_certificate": enrolment.HTTPS_CERTIFICATE,
    "tls_key": enrolment.HTTPS_KEY,
    "signing_key": enrolment.SIGNING_KEY,
    "ca": enrolment.CA,
    "data_keys": hub_keys.DATA_KEYS,
    "link_keys": hub_keys.LINK_KEYS,
    "hub_epoch": hub_keys.HUB_EPOCH,
    "mqtt_ca": enrolment.CA,
    "mqtt_certificate": enrolment.MQTT_CERTIFICATE,
    "mqtt_key": enrolment.MQTT_KEY,
}
_PATHS: Final = ("directory", "tls_certificate", "tls_key", "signing_key", "ca", "data_keys")
_MORE_PATHS: Final = ("link_keys", "hub_epoch")


def config_path(given: Path | None = None) -> Path | None:
    """Give the file to read: the given one, `KAGIMORI_CONFIG`, or the default if it exists."""
    if given is not None:
        return given
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    if DEFAULT_CONFIG.exists():
        return DEFAULT_CONFIG
    if any(name.upper().startswith(_PREFIX) for name in os.environ):
        return None  # a container is told everything by its environment
    raise ConfigError(
        f"{DEFAULT_CONFIG}: no settings there; write that file (docs/install.md has one), or name "
        f"another with --config or {CONFIG_VARIABLE}"
    )


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; raise `ConfigError` naming file, key and remedy."""
    found = config_path(path)
    try:
        settings = _with_file(found)()
    except ValidationError as error:
        raise ConfigError(_told(found, error)) from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{found}: {error}; correct the file or name another") from error
    return _anchored(settings, found.parent) if found else settings


def _with_file(path: Path | None) -> type[Settings]:
    if path is not None and not path.is_file():
        raise ConfigError(f"{path}: no such file; name it with --config or {CONFIG_VARIABLE}")

    class FromFile(Settings):
        @classmethod
        def _file_source(cls, settings_cls: type[BaseSettings]) -> list[PydanticBaseSettingsSource]:
            return [TomlConfigSettingsSource(settings_cls, path)] if path else []

    return FromFile


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Take relative paths as relative to the file that names them."""
    changed: dict[str, Any] = {}
    for key in (*_PATHS, *_MORE_PATHS):
        value: Path | None = getattr(settings, key)
        if value is not None:
            changed[key] = folder / value
    changed["signing_certificates"] = tuple(folder / p for p in settings.signing_certificates)
    mqtt = {
        key: folder / value
        for key in ("ca", "certificate", "key")
        if (value := getattr(settings.mqtt, key)) is not None
    }
    changed["mqtt"] = settings.mqtt.model_copy(update=mqtt)
    files = (
        ("mail", ("ca", "password_file")),
        ("line", ("token_file", "secret_file")),
        ("webhooks", ("ca",)),
        ("csv", ("folder",)),
    )
    for name, keys in files:
        section = getattr(settings, name)
        paths = {key: folder / value for key in keys if (value := getattr(section, key))}
        changed[name] = section.model_copy(update=paths)
    return settings.model_copy(update=changed)


def _told(path: Path | None, error: ValidationError) -> str:
    """One line for each wrong key; values are not repeated, for some are secret."""
    lines = []
    for one in error.errors(include_input=False, include_url=False, include_context=False):
        key = ".".join(str(part) for part in one["loc"]) or "(file)"
        reason = one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            reason = "is no setting of this version; remove it or correct its spelling"
        lines.append(f"{path or 'environment'}: {key}: {reason}")
    return "\n".join(lines)


def refuse_demo(settings: Settings) -> None:
    """Raise `ConfigError` if any certificate in use was made for a demonstration."""
    files = {
        "tls_certificate": settings.file("tls_certificate") if settings.listen.tls else None,
        "ca": settings.file("ca"),
        "mqtt.certificate": settings.file("mqtt_certificate"),
        "mqtt.ca": settings.file("mqtt_ca"),
        **{f"signing_certificates: {p}": p for p in settings.signing_certificate_files},
    }
    for key, path in files.items():
        if path is None or not path.exists():
            continue  # what is missing is named by whoever opens it
        try:
            demo = any(is_demo(found) for found in load_certificates(path.read_bytes()))
        except (WireError, OSError) as error:
            raise ConfigError(f"{path}: {key}: {error}; issue it again") from error
        if demo:
            raise ConfigError(
                f"{path}: {key}: a DEMO certificate guards nothing; make a real authority with "
                "`kagimori-provision ca`"
            )
