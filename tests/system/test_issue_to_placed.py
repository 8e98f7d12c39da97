"""A booking is *placed* when the digest of the controller's own index says so, and not before.

The hub and the agent as they are built for production, with a real broker between them.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from edge.bootstrap import build as build_agent
from edge.settings import settings_from
from hub.accounts.service import AccountsService
from hub.app import create_app
from hub.bootstrap import build
from hub.database.migrate import migrate
from hub.link.desk import Desk
from hub.policy import repository
from hub.settings import DatabaseSettings, MqttSettings, Settings
from hub.web.rights import SYSTEM, Role
from wire.topics import Channel

pytestmark = pytest.mark.mosquitto
DEADLINE_S = 15.0
QUIET_S = 0.6
"""Longer than the worker's poll: whatever were to happen by itself would have happened."""


class Reports:
    """Holds back what controllers report until it is let through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.came, self._through = threading.Event(), threading.Event()
        self._through.set()
        serve = Desk.serve

        def held_back(desk: Desk, arrived: Any) -> None:
            if any(opened.channel is Channel.REPORTED for opened, _ in arrived):
                self.came.set()
                self._through.wait(DEADLINE_S)
            serve(desk, arrived)

        monkeypatch.setattr(Desk, "serve", held_back)

    def hold_back(self) -> None:
        self.came.clear()
        self._through.clear()

    def let_through(self) -> None:
        self._through.set()


class System:
    """A hub that runs, a door with a keypad at one controller, and its agent once it is started."""

    def __init__(self, town, port: int) -> None:
        self.town, self.port, self.agent = town, port, None
        self.controller = town.add_controller()
        url = f"sqlite:///{town.directory / 'hub.db'}"
        migrate(url)
        self.hub = build(
            Settings(
                directory=town.hub,
                database=DatabaseSettings(url=url),
                mqtt=MqttSettings(host="127.0.0.1", port=port),
            )
        )
        accounts = self.hub.services.get(AccountsService)
        _, token = accounts.create_token(SYSTEM, name="desk", role=Role.ADMIN)
        headers = {"Authorization": f"Bearer {token}"}
        base = self.hub.core.settings.public_url
        self.client = TestClient(create_app(self.hub), base_url=base, headers=headers)
        self.door = self._wire()
        self.hub.start()

    def _wire(self) -> str:
        site = self._made("sites", name="体育館")
        at = {"site_id": site, "name": "玄関"}
        self._made("controllers", id=self.controller, **at)
        device = self._made(
            "devices", controller_id=self.controller, name="盤", driver="virtual", port="site"
        )
        strike = {"device": device, "channel": 0}
        door = self._made("doors", controller_id=self.controller, strike=strike, **at)
        self._made("readers", device_id=device, door_id=door, name="鍵盤", keypad=True)
        return door

    def _made(self, path: str, **body: Any) -> str:
        answer = self.client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def book(self, key: str) -> None:
        start = datetime.now(UTC) + timedelta(hours=2)
        window = {"starts_at": start, "ends_at": start + timedelta(hours=2)}
        times = {name: at.isoformat() for name, at in window.items()}
        body = {"doors": [self.door], "contact": {"name": "山田"}, **times}
        answer = self.client.put(f"/api/v1/bookings/{key}", json=body)
        assert answer.status_code == 201, answer.text

    def readiness(self, key: str) -> str:
        return str(self.client.get(f"/api/v1/bookings/{key}").json()["readiness"])

    def wait_for(self, key: str, readiness: str) -> None:
        end = time.monotonic() + DEADLINE_S
        while self.readiness(key) != readiness:
            assert time.monotonic() < end, f"still {self.readiness(key)}, not {readiness}"
            time.sleep(0.005)

    def wait_for_figures(self, *, issued: int, revoked: int) -> dict[str, Any]:
        day = datetime.now(UTC).date()
        span = f"from={day - timedelta(days=1)}&to={day + timedelta(days=1)}"
        end = time.monotonic() + DEADLINE_S
        while True:
            found = self.client.get(f"/api/v1/readiness/figures?{span}").json()
            counts = (found["issue_to_placed"], found["revoke_to_dead"])
            if [each["every"]["count"] for each in counts] == [issued, revoked]:
                return dict(found)
            assert time.monotonic() < end, f"never timed: {counts}"
            time.sleep(0.02)

    def stays(self, key: str, readiness: str) -> None:
        end = time.monotonic() + QUIET_S
        while time.monotonic() < end:
            assert self.readiness(key) == readiness
            time.sleep(0.05)

    def door_holds_what_is_desired(self) -> bool:
        with self.hub.core.db.read() as scope:
            desired = repository.held(scope, self.controller)
        policy = self.agent.status().policy
        return (policy.version, policy.digest) == (desired.version, desired.digest)

    def connect(self) -> None:
        table = {
            "data_dir": "edge",
            "journal_events": 2_000,
            "identity": {"directory": str(self.town.controllers[self.controller])},
            "mqtt": {"host": "127.0.0.1", "port": self.port},
            "ports": {"site": {"driver": "virtual"}},
        }
        self.agent = build_agent(settings_from(table, "edge.toml", self.town.directory))
        self.agent.start()

    def disconnect(self) -> None:
        if self.agent is not None:
            self.agent.stop()
            self.agent = None

    def stop(self) -> None:
        self.disconnect()
        self.hub.stop()


@pytest.fixture
def reports(monkeypatch) -> Reports:
    return Reports(monkeypatch)


@pytest.fixture
def system(town, mosquitto, reports):
    made = System(town, mosquitto().port)
    yield made
    reports.let_through()
    made.stop()


def test_a_booking_is_placed_by_the_digest_of_a_connected_controller_alone(system, reports):
    """Not while the controller is away, nor once it holds the PIN and has not said so."""
    system.book("away")
    system.wait_for("away", "placing")
    system.stays("away", "placing")

    system.connect()
    system.wait_for("away", "placed")

    reports.hold_back()
    system.book("silent")
    system.wait_for("silent", "placing")
    assert reports.came.wait(DEADLINE_S)
    assert system.door_holds_what_is_desired()
    system.stays("silent", "placing")
    reports.let_through()
    system.wait_for("silent", "placed")

    began = time.monotonic()
    system.book("quick")
    system.wait_for("quick", "placed")
    took_s = time.monotonic() - began
    assert took_s < 5, f"from the order to placed: {took_s * 1000:.0f} ms"

    system.disconnect()
    system.book("gone-again")
    system.wait_for("gone-again", "placing")
    system.stays("gone-again", "placing")


def test_the_latency_that_the_hub_publishes_is_the_one_that_was(system):
    """Issue and revocation as the hub timed them, no longer than as somebody outside saw them; and
    apart from them the issue that waited for a controller which was away."""
    system.book("waits")
    system.wait_for("waits", "placing")
    time.sleep(QUIET_S)
    system.connect()
    system.wait_for("waits", "placed")

    began = time.monotonic()
    system.book("quick")
    system.wait_for("quick", "placed")
    issued_s = time.monotonic() - began
    began = time.monotonic()
    assert system.client.delete("/api/v1/bookings/quick").status_code == 200
    figures = system.wait_for_figures(revoked=1, issued=2)
    revoked_s = time.monotonic() - began

    issue, revoke = figures["issue_to_placed"], figures["revoke_to_dead"]
    assert issue["connected"]["count"] == issue["away"]["count"] == 1
    assert 0 < issue["connected"]["max_s"] <= issued_s
    assert issue["away"]["max_s"] >= QUIET_S
    assert 0 < revoke["connected"]["max_s"] <= revoked_s
    text = system.client.get("/metrics").text
    assert 'kagimori_revoke_to_dead_seconds_count{connected="yes"} 1.0' in text
    assert system.client.get("/api/v1/bookings/waits/readiness").json()["level"] != "blocked"
