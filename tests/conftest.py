"""What tests of several packages share: an authority with its hub, and a real broker under TLS."""

from __future__ import annotations

import os
import pwd
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.mosquitto.process import MosquittoProcess, free_port
from provisioning import enrolment
from provisioning.register import Register


def client_context(ca: Path, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """TLS as our MQTT clients use it; without certificate for the one who has none."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


@dataclass
class Town:
    """An authority, a hub's keys and any number of controllers, all in one directory."""

    directory: Path
    register: Register
    controllers: dict[str, Path] = field(default_factory=dict)

    @property
    def hub(self) -> Path:
        return self.directory / "hub"

    @property
    def ca(self) -> Path:
        return self.hub / "ca.pem"

    def add_controller(self, controller: str | None = None) -> str:
        """Enrol a controller; its files are in `controllers[id]`."""
        name = controller or enrolment.new_controller_id()
        target = self.directory / "controllers" / name
        enrolment.add_controller(self.register, self.hub, target, datetime.now(UTC), name)
        self.controllers[name] = target
        return name

    def hub_context(self) -> ssl.SSLContext:
        """TLS of the hub's MQTT client."""
        return client_context(self.ca, self.hub / "mqtt.pem", self.hub / "mqtt.key")

    def controller_context(self, controller: str) -> ssl.SSLContext:
        """TLS of one controller's MQTT client."""
        at = self.controllers[controller]
        return client_context(self.ca, at / "controller.pem", at / "controller.key")


class RunningBroker(MosquittoProcess):
    """A Mosquitto that runs on 127.0.0.1 with certificate, ACL and revocation list of a town."""

    host = "127.0.0.1"

    def __init__(self, town: Town, directory: Path, port: int) -> None:
        super().__init__(directory, port)
        self.town = town

    def wait_for_log(self, text: str, deadline_s: float = 5.0) -> None:
        """Wait until the broker has said something."""
        end = time.monotonic() + deadline_s
        while text not in self.log_path.read_text(errors="replace"):
            assert time.monotonic() < end, f"the broker never said {text!r}"
            time.sleep(0.02)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A new town: an authority in earnest (not DEMO) and its hub's keys."""
    now = datetime.now(UTC)
    register = Register.create(tmp_path / "ca", "Test Town", now, timedelta(days=30))
    enrolment.init_hub(register, tmp_path / "hub", now)
    return Town(tmp_path, register)


@pytest.fixture
def mosquitto(town: Town) -> Iterator[Callable[[], RunningBroker]]:
    """A factory of real brokers under TLS for `town`; each is stopped at the end of the test."""
    started: list[RunningBroker] = []

    def start() -> RunningBroker:
        port = free_port()
        directory = town.directory / f"broker-{port}"
        user = pwd.getpwuid(os.geteuid()).pw_name
        enrolment.init_broker(
            town.register, directory, datetime.now(UTC), port=port, bind="127.0.0.1", user=user
        )
        broker = RunningBroker(town, directory, port)
        broker.start()
        started.append(broker)
        return broker

    yield start
    for broker in started:
        broker.stop()
