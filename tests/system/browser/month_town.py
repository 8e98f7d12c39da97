"""A town for a month: its hub over TLS, its attendance terminal, and one time for both.

Time is moved by hand. For the agent the machine sleeps meanwhile: its own running clock tells it
so, as it does after a real suspend, and NTP agrees when it wakes. What the agent journals is given
to the hub as ingest stores it; there is no other way from a tap to a page.
"""

from __future__ import annotations

import datetime as dt
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from edge.agent import Agent
from edge.bootstrap import build as build_agent
from edge.core.clock import Clock
from edge.core.clock_anchors import ClockBounds
from edge.drivers.virtual import VirtualDriver
from edge.journal.journal import open_journal
from edge.ports import KernelClock, PolicyChange
from edge.running_clock import running_ns
from edge.settings import load_settings
from hub.accounts.passwords import Passwords
from hub.accounts.service import AccountsService
from hub.app import create_app
from hub.attendance.domain import start_of
from hub.bootstrap import Hub
from hub.bootstrap import build as build_hub
from hub.database.all_tables import all_tables
from hub.database.scope import Scope
from hub.ingest.repository import store
from hub.ingest.rows import read_rows
from hub.policy import repository as policy
from hub.projection.worker import ProjectionWorker
from hub.settings import DatabaseSettings, ListenSettings, Settings, TownSettings
from hub.web.rights import SYSTEM, Role
from provisioning import enrolment
from provisioning.register import Register
from wire.messages import Events

PASSWORD = "kagi-mori-2026"  # opens nothing but this test's hub
BEGAN = dt.datetime(2026, 10, 30, 0, 0, tzinfo=dt.UTC)
"""Friday 30 October 2026, 09:00 in Tokyo: the terminal is put up."""
CARDS = {"hanako": bytes.fromhex("04a1b2c3d4e5f6"), "megumi": bytes.fromhex("04a1b2c3d4e5f7")}
KEYS = {"in": "1", "out": "2"}
_DELIVERY_S = 10.0


def at(day: dt.date, clock: str) -> dt.datetime:
    """The instant of a clock's time on a work date in Tokyo."""
    hours, minutes = clock.split(":")
    return start_of(day) + dt.timedelta(hours=int(hours), minutes=int(minutes))


class MovedTime:
    """Fulfils `edge.ports.TimeSource` and `hub.clock.Clock`: one time, which runs and is moved."""

    boot = "3f0c6a52-9f0e-4f0e-8f0e-2f6f0b7d9a11"

    def __init__(self) -> None:
        self._slept_ns = 0
        self._began_ns = running_ns()

    def read(self, clock: int) -> int:
        """The machine's clocks, with the sleep that was had."""
        slept_ns = self._slept_ns if clock == time.CLOCK_BOOTTIME else 0
        return time.clock_gettime_ns(clock) + slept_ns

    def move(self, to: dt.datetime) -> None:
        """Sleep until an instant; it never goes back."""
        sleep = to - self.wall()
        assert sleep > dt.timedelta(0), f"{to} is past"
        self._slept_ns += int(sleep / dt.timedelta(microseconds=1)) * 1_000

    def mono_ns(self) -> int:
        return running_ns()

    def wall(self) -> dt.datetime:
        return BEGAN + dt.timedelta(microseconds=(running_ns() - self._began_ns) // 1_000)

    def now(self) -> dt.datetime:
        return self.wall()

    def kernel(self) -> KernelClock:
        return KernelClock(synchronised=True, error_ms=10)

    def rtc(self) -> dt.datetime | None:
        return None

    def entropy(self, count: int) -> bytes:
        return secrets.token_bytes(count)


def hub_at(folder: Path, tls: tuple[Path, Path], listener: socket.socket, clock: MovedTime) -> Hub:
    """The hub as it runs in production, on a database of its own."""
    database = f"sqlite:///{folder / 'hub.db'}"
    engine = create_engine(database, poolclass=NullPool)
    all_tables().create_all(engine)
    engine.dispose()
    port = listener.getsockname()[1]
    settings = Settings(
        public_url=f"https://localhost:{port}",
        directory=folder / "hub",
        town=TownSettings(name="阿蘇町", name_en="Aso Town", phone="0967-22-3111"),
        database=DatabaseSettings(url=database),
        listen=ListenSettings(port=port),
        tls_certificate=tls[0],
        tls_key=tls[1],
    )
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    return build_hub(settings, clock=clock, passwords=cheap)


@dataclass
class MonthTown:
    """The hub under test, its terminal, and hands with cards."""

    hub: Hub
    folder: Path
    time: MovedTime
    controller: str
    site: VirtualDriver
    ids: dict[str, str] = field(default_factory=dict)
    agent: Agent | None = None
    page: str = ""
    sent: int = 0
    """The last seq that the hub has."""

    def furnish(self) -> None:
        """Put the office, its people and their cards in, over the hub's own API."""
        accounts = self.hub.services.get(AccountsService)
        _, token = accounts.create_token(SYSTEM, name="furniture", role=Role.ADMIN)
        url = self.hub.core.settings.public_url
        with TestClient(create_app(self.hub), base_url=url) as client:
            client.headers["Authorization"] = f"Bearer {token}"
            self._furnish(client)

    def _furnish(self, client: TestClient) -> None:
        def add(as_: str, path: str, **body: object) -> str:
            answer = client.post(f"/api/v1/{path}", json=body)
            assert answer.status_code == 201, answer.text
            self.ids[as_] = answer.json()["id"]
            return self.ids[as_]

        site = add("site", "sites", name="町役場")
        add("controller", "controllers", id=self.controller, site_id=site, name="役場 通用口")
        at_desk = {"controller_id": self.controller, "driver": "virtual", "port": "site"}
        device = add("device", "devices", name="勤怠端末", **at_desk)
        chosen = {"side": "terminal", "keypad": True, "punch": "chosen"}
        add("reader", "readers", device_id=device, name="勤怠端末", **chosen)
        office = add("office", "staff/departments", code="0103", name="生涯学習課")
        general = add("general", "staff/departments", code="0101", name="総務課")
        for as_, name, number, place in (
            ("hanako", "山田 花子", "10427", {"department_id": office, "kind": "regular"}),
            (
                "megumi",
                "佐藤 恵",
                "10011",
                {"department_id": office, "kind": "manager", "post": "課長", "heads": True},
            ),
            ("ichiro", "鈴木 一郎", "10203", {"department_id": general, "kind": "regular"}),
        ):
            person = add(as_, "people", name=name, staff_number=number)
            where = {"starts_on": "2020-04-01", **place}
            add(f"{as_}/post", f"staff/people/{person}/employments", **where)
            role = "personnel" if as_ == "ichiro" else "staff"
            user = {"login": as_, "name": name, "password": PASSWORD, "person_id": person}
            add(f"{as_}/user", "users", role=role, **user)
            if as_ in CARDS:
                card = {"namespace": "uid", "identity": CARDS[as_].hex(), "label": "職員証"}
                add(f"{as_}/card", "cards", person_id=person, **card)
        granted = client.post("/api/v1/leave/grants", json={"leave_kind": "annual", "year": 2026})
        assert granted.status_code == 200, granted.text

    def install(self) -> None:
        """Give the terminal the policy that the hub made for it, and switch it on."""
        edge, free = self.folder / "edge.toml", ("127.0.0.1", 0)
        with socket.create_server(free) as page, socket.create_server(free) as broker:
            ports = page.getsockname()[1], broker.getsockname()[1]
        edge.write_text(
            'data_dir = "data"\njournal_events = 2000\n[identity]\ndirectory = "edge"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = {ports[1]}\n[ports.site]\ndriver = "virtual"\n'
            f"[terminal]\nport = {ports[0]}\nshown_s = 2\n",
            encoding="utf-8",
        )
        settings = load_settings(edge)
        until(lambda: self.hub.core.db.write(self._policy), "the hub compiled no policy")
        change = self.hub.core.db.write(self._policy)
        assert change is not None
        clock, mono_ns = Clock(self.time.boot, None, ClockBounds()), self.time.mono_ns()
        anchored = clock.welcome(self.time.wall(), mono_ns, mono_ns)
        now = clock.now(mono_ns, self.time.wall())
        Path(settings.data_dir).mkdir()
        journal, policies = open_journal(settings.journal_path, now, capacity=2_000)
        policies.apply(change)
        journal.append(anchored, now)  # without a time that the hub said, NTP is not believed
        journal.close()
        self.agent = build_agent(settings, drivers={"site": self.site}, time=self.time)
        self.agent.start()
        assert self.agent._page is not None
        assert self.agent._page.listening.wait(10)
        self.page = f"http://localhost:{ports[0]}/"

    def _policy(self, scope: Scope) -> PolicyChange | None:
        held = policy.held(scope, self.controller)
        if held.version == 0 or policy.any_mark(scope, ()):
            return None
        entries = tuple(each.data for each in policy.entries(scope, self.controller))
        return PolicyChange(1, held.version, entries, (), held.digest, snapshot=True)

    # --- what happens ----------------------------------------------------------------------------

    def move(self, day: dt.date, clock: str) -> None:
        """Let it be that time; the terminal wakes, and asks NTP."""
        self._settle()
        self.time.move(at(day, clock))
        self._settle()

    def _settle(self) -> None:
        """Wait until the terminal has done what was at its reader, and what time demanded."""
        assert self.agent is not None
        for _ in range(2):  # a tick may come between two questions, and never within one
            self.agent.status()

    def card(self, who: str) -> None:
        """Hold a card to the terminal."""
        self.site.tap(self.ids["device"], "uid", CARDS[who])

    def tap(self, who: str, direction: str) -> None:
        """Press the reader's own key and hold a card to it, without a look at the screen."""
        self.site.press(self.ids["device"], KEYS[direction])
        self.card(who)

    def deliver(self) -> None:
        """Let the hub have what the terminal journaled since, as ingest stores it."""
        self._settle()
        assert self.agent is not None
        new = [(seq, data) for seq, data in self.agent.tail(1_000) if seq > self.sent]
        raw = tuple(msgspec.Raw(data) for _, data in new)
        rows = read_rows(self.controller, Events(epoch=1, first_seq=new[0][0], events=raw))
        self.hub.core.db.write(lambda scope: store(scope, [rows], self.time.now()))
        self.sent = new[-1][0]
        worker = self.hub.services.get(ProjectionWorker)
        worker.wake()
        assert worker.rejects == {}

    def stop(self) -> None:
        if self.agent is not None:
            self.agent.stop()


def until(holds: Callable[[], object], what: str, timeout_s: float = _DELIVERY_S) -> None:
    """Wait until something holds."""
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def enrol(folder: Path) -> str:
    """Make the keys of the hub and of one controller; give its id."""
    register = Register.create(folder / "ca", "Test Town", BEGAN, dt.timedelta(days=3_650))
    enrolment.init_hub(register, folder / "hub", BEGAN)
    controller = enrolment.new_controller_id()
    enrolment.add_controller(register, folder / "hub", folder / "edge", BEGAN, controller)
    return controller
