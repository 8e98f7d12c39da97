"""The agent's own settings: one TOML file, read once. Everything else is the hub's policy.

What is wrong is told with file, key and remedy. Relative paths count from the file's folder.
"""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from edge.journal.limits import KEPT, Limits, least_bytes
from edge.settings_gpio import GpioPort
from edge.settings_terminal import Terminal
from edge.words import Language
from firmware_bridge.osdp.codes import BAUD_RATES
from firmware_bridge.serial_names import USB, UsbName

_MB: Final = 1_000_000
_AT: Final = re.compile(r" - at `\$\.?(?P<key>[^`]*)`$")


class SettingsError(Exception):
    """A setting that cannot work: `str` gives file, key, what is wrong and what to do."""

    def __init__(self, file: str, key: str, problem: str, remedy: str) -> None:
        self.file, self.key, self.problem, self.remedy = file, key, problem, remedy
        super().__init__(f"{file}: {key}: {problem}. {remedy}")


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables share: a misspelt key is an error, not a default."""


def _check_port(path: str) -> None:
    """Raise `ValueError` for a USB name that cannot be read."""
    if path.lower().startswith(USB):
        UsbName.of(path)


class OsdpPort(_Table, frozen=True, kw_only=True, tag="osdp", tag_field="driver"):
    """A serial line with OSDP peripherals. `face` says how its readers send card numbers."""

    path: str
    baud: int = 115_200
    rs485: bool = False
    face: str | None = None

    def __post_init__(self) -> None:
        _check_port(self.path)
        if self.baud not in BAUD_RATES:
            raise ValueError(f"baud must be one of {', '.join(map(str, BAUD_RATES))}")


class PcscPort(_Table, frozen=True, kw_only=True, tag="pcsc", tag_field="driver"):
    """All card readers of the machine's PC/SC service. Profiles are tried in their order."""

    profiles: tuple[str, ...] = ()
    narrow_to: str | None = None


class SerialLockPort(_Table, frozen=True, kw_only=True, tag="serial_lock", tag_field="driver"):
    """A serial line with one lock (docs/keybox-link.md)."""

    path: str

    def __post_init__(self) -> None:
        _check_port(self.path)


class VirtualPort(_Table, frozen=True, kw_only=True, tag="virtual", tag_field="driver"):
    """A virtual site in memory, for trying things out."""


Port: TypeAlias = OsdpPort | PcscPort | SerialLockPort | GpioPort | VirtualPort


class Mqtt(_Table, frozen=True, kw_only=True):
    """Where the broker is. The client certificate is the controller's own."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 8_883
    protocol: Literal["5", "3.1.1"] = "5"
    keepalive_s: Annotated[int, msgspec.Meta(ge=5, le=600)] = 30


class Identity(_Table, frozen=True, kw_only=True):
    """The files `kagimori-provision` wrote for this controller, in one folder."""

    directory: str
    identity: str = "identity.json"
    key: str = "controller.key"
    certificate: str = "controller.pem"
    ca: str = "ca.pem"
    hub_signing: str = "hub-signing.pem"


class Supervision(_Table, frozen=True, kw_only=True):
    """The second contact of the fire panel's line, on the same device: `fault_channel` is the
    panel's fault relay (which opens on a fault unless `inverted` is false), `rest_channel` the rest
    side of its change-over alarm contact. Exactly one of the two."""

    fault_channel: Annotated[int, msgspec.Meta(ge=0, le=63)] | None = None
    rest_channel: Annotated[int, msgspec.Meta(ge=0, le=63)] | None = None
    inverted: bool | None = None

    def __post_init__(self) -> None:
        if (self.fault_channel is None) == (self.rest_channel is None):
            raise ValueError("name exactly one of fault_channel and rest_channel")


class FireInput(_Table, frozen=True, kw_only=True):
    """The input the fire panel is wired to. It stands here and not in the policy, so that no hub
    can take it away. Without `doors` it releases every door. `on_fault` says what a line does that
    is cut, shorted or told faulty, `on_offline` what a device does that no longer answers."""

    device: str
    channel: Annotated[int, msgspec.Meta(ge=0, le=63)] = 0
    inverted: bool = False
    doors: tuple[str, ...] | None = None
    supervised: Supervision | None = None
    on_fault: Literal["release", "report"] = "release"
    on_offline: Literal["release", "report"] = "report"

    def __post_init__(self) -> None:
        second = self.supervised
        if second is not None and self.channel in (second.fault_channel, second.rest_channel):
            raise ValueError("the second contact needs a channel of its own")


class ShelterSwitch(_Table, frozen=True, kw_only=True):
    """The input that opens this site's shelter without a hub: a key switch, or with `latching` a
    contact that only gives a sign. Without `doors` it opens those the hub calls a shelter's."""

    device: str
    channel: Annotated[int, msgspec.Meta(ge=0, le=63)] = 0
    inverted: bool = False
    latching: bool = False
    doors: tuple[str, ...] | None = None


class Settings(_Table, frozen=True, kw_only=True):
    """All settings."""

    data_dir: str
    mqtt: Mqtt
    identity: Identity
    ports: dict[str, Port] = {}
    rtc: bool = False
    language: Language = Language.JA
    socket: str | None = None
    fire_alarm: FireInput | None = None
    shelter: ShelterSwitch | None = None
    terminal: Terminal | None = None
    cards_dir: str | None = None
    journal_events: Annotated[int, msgspec.Meta(ge=1_000, le=10_000_000)] = 100_000
    journal_days: Annotated[int, msgspec.Meta(ge=KEPT.days, le=3_650)] = KEPT.days
    journal_mb: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None

    def __post_init__(self) -> None:
        least_mb = -(-least_bytes(self.journal_events) // _MB)
        if self.journal_mb is not None and self.journal_mb < least_mb:
            raise ValueError(
                f"journal_mb must be at least {least_mb} for journal_events = {self.journal_events}"
            )

    @property
    def journal_limits(self) -> Limits:
        """How many unsent events the journal has room for, and how long and large what the hub
        has may stay beside them."""
        size_bytes = None if self.journal_mb is None else self.journal_mb * _MB
        keep = timedelta(days=self.journal_days)
        return Limits(self.journal_events, keep=keep, size_bytes=size_bytes)

    @property
    def journal_path(self) -> Path:
        """The one SQLite file."""
        return Path(self.data_dir) / "edge.sqlite3"

    @property
    def socket_path(self) -> Path:
        """The Unix socket that `status`, `journal` and `doctor` speak to."""
        return Path(self.socket) if self.socket else Path(self.data_dir) / "edge.sock"

    def identity_file(self, name: str) -> Path:
        """The path of one of the controller's files."""
        return Path(self.identity.directory) / name


def load_settings(path: Path) -> Settings:
    """Read a settings file; raise `SettingsError`."""
    file = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        remedy = "Give the file with --settings, readable for the agent's user"
        raise SettingsError(file, "(the file)", error.strerror or str(error), remedy) from error
    except UnicodeDecodeError as error:
        raise SettingsError(file, "(the file)", "not UTF-8", "Save it as UTF-8") from error
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(file, "(the file)", str(error), "Write it as TOML") from error
    return settings_from(table, file, path.parent)


def settings_from(table: dict[str, object], file: str, folder: Path) -> Settings:
    """Check a parsed table; raise `SettingsError` naming file, key and remedy."""
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        text = str(error)
        found = _AT.search(text)
        key = (found["key"] if found else "") or "(top level)"
        problem = _AT.sub("", text)
        raise SettingsError(file, key, problem, _remedy(problem)) from error
    return _absolute(settings, folder)


def _remedy(problem: str) -> str:
    if "missing required field" in problem:
        return "Add the key; docs/edge.md shows a whole file"
    if "unknown field" in problem:
        return "Correct the spelling or take the key away"
    return "Correct the value"


def _absolute(settings: Settings, folder: Path) -> Settings:
    def path(text: str | None) -> str | None:
        return None if text is None else str(folder / text)

    return msgspec.structs.replace(
        settings,
        data_dir=str(folder / settings.data_dir),
        socket=path(settings.socket),
        cards_dir=path(settings.cards_dir),
        identity=msgspec.structs.replace(
            settings.identity, directory=str(folder / settings.identity.directory)
        ),
    )
