"""The demo's files: a new DEMO authority at each start, the hub's, the broker's, two controllers'.

Everything lies in one directory that goes when the demo ends, unless one was asked for.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.demo.broker import DemoMosquitto, EmbeddedBrokerProcess
from deploy.demo.plan import LAPTOP_PLAN, PHONE, SITES
from deploy.mosquitto.process import BrokerProcess, find_mosquitto, free_port
from edge.machine import Machine
from provisioning import enrolment
from provisioning.errors import ProvisioningError
from provisioning.register import Register

_LONGEST_SOCKET_PATH: Final = 100
"""What every system takes as the path of a Unix socket."""
_LIFETIME: Final = timedelta(days=7)
OSDP_PORT: Final = "bus"
CARD_PORT: Final = "cards"
READER_FACE: Final = "whole"


@dataclass(frozen=True, slots=True)
class Installation:
    """Where everything lies, and on which loopback ports it listens."""

    directory: Path
    broker: BrokerProcess
    hub_port: int
    controllers: dict[str, str]
    """Site key, or the laptop's, to controller id."""
    mqtt_protocol: str

    @property
    def hub(self) -> Path:
        """The hub's directory of keys."""
        return self.directory / "hub"

    @property
    def ca(self) -> Path:
        """The authority's certificate."""
        return self.hub / "ca.pem"

    @property
    def database(self) -> Path:
        """The hub's SQLite file."""
        return self.directory / "hub.db"

    @property
    def hub_settings(self) -> Path:
        """The hub's settings file."""
        return self.directory / "hub.toml"

    def edge(self, site: str) -> Path:
        """A site's controller directory."""
        return self.directory / f"edge-{site}"

    def edge_socket(self, site: str) -> Path:
        """Where a site's agent answers questions."""
        return self.directory / f"{site}.sock"

    def edge_settings(self, site: str) -> Path:
        """A site's agent settings file."""
        return self.edge(site) / "edge.toml"


def make_installation(directory: Path, *, embedded: bool) -> Installation:
    """Write all keys, certificates and the broker's directory; `embedded` forces our broker."""
    agents = (*SITES, LAPTOP_PLAN)
    longest = max(len(str(directory / f"{one.key}.sock")) for one in agents)
    if longest > _LONGEST_SOCKET_PATH:
        raise ProvisioningError(f"{directory} is too long a path", "name a shorter --directory")
    now = datetime.now(UTC)
    register = Register.create(directory / "ca", "Kagimori", now, _LIFETIME, demo=True)
    enrolment.init_hub(register, directory / "hub", now)
    port = free_port()
    user = pwd.getpwuid(os.geteuid()).pw_name
    at = directory / "broker"
    enrolment.init_broker(register, at, now, port=port, bind="127.0.0.1", user=user)
    ours = embedded or find_mosquitto() is None
    broker = EmbeddedBrokerProcess(at, port) if ours else DemoMosquitto(at, port)
    controllers = {}
    for one in agents:
        made = enrolment.add_controller(
            register, directory / "hub", directory / f"edge-{one.key}", now
        )
        controllers[one.key] = made.controller
    return Installation(directory, broker, free_port(), controllers, "3.1.1" if ours else "5")


def write_hub_settings(made: Installation) -> None:
    """Write `hub.toml`: loopback, TLS of the demo's authority, SQLite in the demo's directory."""
    made.hub_settings.write_text(
        f"""# Made by kagimori-demo.
public_url = "https://localhost:{made.hub_port}"
directory = "{made.hub}"

[listen]
host = "127.0.0.1"
port = {made.hub_port}

[town]
name = "鍵守町（DEMO）"
name_en = "Kagimori Town (DEMO)"
phone = "{PHONE}"

[database]
url = "sqlite:///{made.database}"

[mqtt]
host = "127.0.0.1"
port = {made.broker.port}
protocol = "{made.mqtt_protocol}"
""",
        encoding="utf-8",
    )


def write_edge_settings(
    made: Installation,
    site: str,
    osdp_path: str,
    broker_port: int,
    screen_port: int | None = None,
) -> None:
    """Write a site's `edge.toml`: OSDP line, card reader, the broker behind the cable, and where
    there is one the port of the attendance terminal's page."""
    ports = f"""
[ports.{OSDP_PORT}]
driver = "osdp"
path = "{osdp_path}"
face = "{READER_FACE}"

[ports.{CARD_PORT}]
driver = "pcsc"
"""
    if screen_port is not None:
        ports += f"\n[terminal]\nport = {screen_port}\n"
    _write_edge_settings(made, site, broker_port, ports)


def write_laptop_settings(made: Installation) -> None:
    """Write the laptop's `edge.toml`: an agent without doors, straight at the broker."""
    _write_edge_settings(made, LAPTOP_PLAN.key, made.broker.port, ports="")


def _write_edge_settings(made: Installation, name: str, broker_port: int, ports: str) -> None:
    # Where this machine shows no battery clock, the agent would rightly say so on the board.
    has_rtc = Machine().rtc() is not None
    made.edge_settings(name).write_text(
        f"""# Made by kagimori-demo.
data_dir = "data"
socket = "{made.edge_socket(name)}"
rtc = {str(has_rtc).lower()}

[mqtt]
host = "127.0.0.1"
port = {broker_port}
protocol = "{made.mqtt_protocol}"

[identity]
directory = "."
{ports}""",
        encoding="utf-8",
    )
