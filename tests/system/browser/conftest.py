"""A real hub over TLS on loopback, with a small town in it, and headless Chromium in front.

The hub's clock stands at Friday 2026-11-20, 09:00 in Tokyo, until a test moves it.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import uvicorn
from argon2 import PasswordHasher
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from hub.accounts.passwords import Passwords
from hub.accounts.service import AccountsService
from hub.app import create_app
from hub.bookings.residents import ResidentsService
from hub.bookings.service import BookingsService
from hub.bootstrap import Hub, build
from hub.clock import HandMovedClock
from hub.database.all_tables import all_tables
from hub.entries.live import Live
from hub.ingest.repository import store
from hub.ingest.rows import read_rows
from hub.link.sessions import confirm, greet
from hub.link.wiring import LinkWorker
from hub.projection.worker import ProjectionWorker
from hub.settings import DatabaseSettings, ListenSettings, Settings, TownSettings
from hub.web.rights import SYSTEM, Role
from provisioning import hub_keys
from wire.clock import ClockReading, ClockState
from wire.events import Event, EventBody, EventKind, Origin, encode_body, encode_event
from wire.messages import EdgePolicy, Events, Hello

NINE = dt.datetime(2026, 11, 20, 0, 0, tzinfo=dt.UTC)
CONTROLLER = "k7w2m9x4c1t8z5qa"
BOOT = "3f0c6a52-9f0e-4f0e-8f0e-2f6f0b7d9a11"
PASSWORD = "kagi-mori-2026"  # opens nothing but this test's hub


@dataclass
class Town:
    """The hub under test and what stands in it."""

    hub: Hub
    url: str
    clock: HandMovedClock
    ids: dict[str, str] = field(default_factory=dict)
    seq: int = 0

    def happen(
        self,
        kind: EventKind,
        body: EventBody,
        at: dt.datetime | None = None,
        origin: Origin | None = None,
        clock: ClockState = ClockState.TRUSTED,
    ) -> None:
        """Let the controller's event come in, as ingest stores it; `at` is now unless given, and an
        `origin` says that it was collected from an offline device."""
        self.seq += 1
        event = Event(
            kind=kind.value,
            boot=BOOT,
            mono_ns=self.seq * 1_000_000_000,
            at=at or self.clock.now(),
            clock=clock,
            body=encode_body(kind, body),
            origin=origin,
        )
        message = Events(epoch=1, first_seq=self.seq, events=(msgspec.Raw(encode_event(event)),))
        rows, now = read_rows(CONTROLLER, message), self.clock.now()
        self.hub.core.db.write(lambda scope: store(scope, [rows], now))
        self.hub.services.get(ProjectionWorker).wake()

    def link(self, booking_id: str) -> str:
        """Give the path of a new PIN link of a booking, as a clerk would send it."""
        bookings = self.hub.services.get(BookingsService)
        key = bookings.by_id(SYSTEM, booking_id).booking.reservation_key
        return f"/p/{self.hub.services.get(ResidentsService).new_link(SYSTEM, key)}"

    def connect(self) -> None:
        """Give the controller a session, as if it had said hello and answered the welcome."""
        hello = Hello(
            session="00112233445566778899aabbccddeeff",
            boot_id=BOOT,
            agent="0.1.0",
            epoch=1,
            last_seq=0,
            policy=EdgePolicy(hub_epoch=0, version=0, digest="0" * 64),
            clock=ClockReading(state=ClockState.TRUSTED, now=NINE),
        )
        self.hub.core.db.write(lambda scope: greet(scope, CONTROLLER, hello, NINE))
        self.hub.core.db.write(lambda scope: confirm(scope, CONTROLLER, hello.session, NINE))


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that nobody else trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "tls.pem", folder / "tls.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder in memory where there is one."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    made = Path(tempfile.mkdtemp(prefix="kgm-browser-", dir=where))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def tls_files(folder: Path) -> tuple[Path, Path]:
    """Certificate and key of every hub under test."""
    return self_signed(folder)


@contextmanager
def served(hub: Hub, listener: socket.socket) -> Iterator[None]:
    """Serve a hub's pages over TLS while it lasts."""
    listen = hub.core.settings
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(hub),
            log_config=None,
            ssl_certfile=str(listen.tls_certificate),
            ssl_keyfile=str(listen.tls_key),
            timeout_graceful_shutdown=2,
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        hub.services.get(Live).stop()
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="session")
def serve_hub() -> Callable[[Hub, socket.socket], AbstractContextManager[None]]:
    """`with serve_hub(hub, listener):` serves a hub's pages."""
    return served


@pytest.fixture(scope="session")
def town(folder: Path, tls_files: tuple[Path, Path]) -> Iterator[Town]:
    """The hub, serving."""
    hub_keys.save_data_keys(folder / hub_keys.DATA_KEYS, hub_keys.new_data_keys())
    hub_keys.save_link_keys(folder / hub_keys.LINK_KEYS, {})
    engine = create_engine(f"sqlite:///{folder / 'hub.db'}", poolclass=NullPool)
    all_tables().create_all(engine)
    engine.dispose()
    certificate, key = tls_files
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"https://localhost:{listener.getsockname()[1]}"
    settings = Settings(
        public_url=url,
        directory=folder,
        town=TownSettings(name="阿蘇町", name_en="Aso Town", phone="0967-22-3111"),
        database=DatabaseSettings(url=f"sqlite:///{folder / 'hub.db'}"),
        listen=ListenSettings(port=listener.getsockname()[1]),
        tls_certificate=certificate,
        tls_key=key,
    )
    clock = HandMovedClock(NINE)
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    hub = build(settings, clock=clock, passwords=cheap)
    made = Town(hub, url, clock)
    furnish(made)
    # All but the link: what comes from controllers is put in by `Town.happen`.
    workers = [worker for worker in hub.workers if not isinstance(worker, LinkWorker)]
    for worker in workers:
        worker.start()
    with served(hub, listener):
        yield made
    for worker in reversed(workers):
        worker.stop()
    hub.core.db.close()


def furnish(town: Town) -> None:
    """Put a site with a door, people and facilities in the town, over its own API."""
    accounts = town.hub.services.get(AccountsService)
    _, token = accounts.create_token(SYSTEM, name="furniture", role=Role.ADMIN)
    client = TestClient(create_app(town.hub), base_url=town.url)
    client.headers["Authorization"] = f"Bearer {token}"

    def add(as_: str, path: str, **body: object) -> str:
        answer = client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == 201, answer.text
        town.ids[as_] = answer.json()["id"]
        return town.ids[as_]

    site = add("site", "sites", name="町民体育館", name_en="Town Gym")
    add("controller", "controllers", id=CONTROLLER, site_id=site, name="体育館の制御装置")
    keypad = {"controller_id": CONTROLLER, "name": "玄関テンキー", "driver": "osdp", "port": "bus0"}
    point = {"device": add("keypad", "devices", **keypad, address=1), "channel": 0}
    door = add(
        "door",
        "doors",
        site_id=site,
        controller_id=CONTROLLER,
        name="体育館 正面玄関",
        name_en="Gym main entrance",
        key_holder="教育課 内線231",
        strike=point,
        contact=point,
    )
    zone = add(
        "zone", "zones", site_id=site, name="体育館の中", name_en="Inside the gym", occupancy_max=30
    )
    reader = {"device_id": town.ids["keypad"], "door_id": door, "name": "玄関の読取機"}
    add("reader", "readers", **reader)
    week = [{"days": [0, 1, 2, 3, 4], "spans": [[510, 720], [780, 1035]]}]
    schedule = add("schedule", "schedules", name="平日の開館時間", name_en="Weekdays", week=week)
    rules = {"zone_in": zone, "hold_schedule": schedule, "first_person": "hold"}
    assert client.patch(f"/api/v1/doors/{door}", json=rules).status_code == 200
    person = add("person", "people", name="田中 一郎", name_en="Ichiro Tanaka", staff_number="1")
    accounts.add_user(
        SYSTEM, login="admin", name="佐藤 恵", password=PASSWORD, role=Role.ADMIN, person_id=person
    )
    opening = [{"weekday": day, "start_min": 510, "end_min": 1320} for day in range(7)]
    both = {
        "site_id": site,
        "doors": [door],
        "opening": opening,
        "phone": "0967-22-3113",
        "margin_before_min": 15,
        "margin_after_min": 15,
        "longest_min": 240,
    }
    at_once = {"approval": "automatic"}
    add("gym", "facilities", name_ja="町民体育館", name_en="Town Gym", **at_once, **both)
    add("room", "facilities", name_ja="会議室", name_en="Meeting room", **both)
    place = "管理小屋の入口、右の柱"
    named = {"name": "グラウンド小屋のキーボックス", "name_en": "Ground hut key box"}
    box = add("box", "key_boxes", site_id=site, place=place, key_holder="教育課", **named)
    ground = {**both, "doors": [], "key_boxes": [box], **at_once}
    add("ground", "facilities", name_ja="町民グラウンド", name_en="Town Ground", **ground)
    hall = {**both, "key_boxes": [box], **at_once}
    add("hall", "facilities", name_ja="武道館", name_en="Budo Hall", **hall)
    client.close()


# --- the browser -------------------------------------------------------------------------------


@dataclass
class Browser:
    """Headless Chromium, with what the tests ask of it."""

    driver: webdriver.Chrome
    url: str

    def open(self, path: str) -> None:
        """Open a page of the hub."""
        self.driver.get(self.url + path)

    def size(self, width: int, height: int) -> None:
        """Look through a window of that size."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def prefer(self, **features: str) -> None:
        """Ask for dark colours or forced colours, as a person's machine would."""
        asked = [{"name": name.replace("_", "-"), "value": v} for name, v in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": asked})

    def run(self, script: str, *arguments: object) -> object:
        """Run a script in the page and give what it returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, holds: Callable[[], object], timeout_s: float = 10.0) -> float:
        """Wait until something holds; give how long it took, in seconds."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > timeout_s:
                pytest.fail(f"did not come about within {timeout_s} s: {self.text()[:400]}")
            time.sleep(0.02)
        return time.monotonic() - began

    def text(self) -> str:
        """What the page's body says."""
        return str(self.run("return document.body.innerText"))

    def find(self, selector: str) -> WebElement:
        """Give the first element of a CSS selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def told(self, selector: str) -> str:
        """What that element says now, "" where there is none: asked in one step, since a live page
        may put another in its place between two."""
        asked = "return document.querySelector(arguments[0])?.innerText ?? ''"
        return str(self.run(asked, selector))

    def complaints(self) -> list[str]:
        """What the console said since it was asked last: errors, CSP refusals, failed requests."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


def start_chromium(profile: Path) -> webdriver.Chrome:
    """Start headless Chromium on a profile folder of its own."""
    if shutil.which("chromedriver") is None:
        pytest.fail("chromedriver is not installed: run deploy/dev/system-packages.sh")
    options = Options()
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--hide-scrollbars",
        "--lang=ja",
        "--accept-lang=ja",
        # No name but localhost resolves: a request to anywhere else fails, and is seen.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    options.accept_insecure_certs = True
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(shutil.which("chromedriver"), log_output=subprocess.DEVNULL)
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_page_load_timeout(20)
    return driver


@pytest.fixture(scope="session")
def browser(town: Town, folder: Path) -> Iterator[Browser]:
    """One browser for all tests; each begins logged out (see `fresh`)."""
    made = Browser(start_chromium(folder / "chromium"), town.url)
    yield made
    made.driver.quit()


@pytest.fixture
def fresh(browser: Browser, folder: Path) -> Browser:
    """The browser without a cookie, 1280 wide, in light colours. One that died between two tests is
    started anew: that is no fault of the next page."""
    try:
        browser.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    except WebDriverException:
        browser.driver.quit()
        browser.driver = start_chromium(Path(tempfile.mkdtemp(prefix="chromium-", dir=folder)))
    browser.size(1280, 900)
    browser.prefer(prefers_color_scheme="light")
    browser.complaints()
    return browser


@pytest.fixture
def staff(fresh: Browser) -> Browser:
    """The browser, logged in as the administrator through the login form."""
    fresh.open("/login?lang=ja")
    fresh.find("#login").send_keys("admin")
    fresh.find("#password").send_keys(PASSWORD, "\n")
    fresh.wait(lambda: fresh.driver.current_url == fresh.url + "/")
    return fresh
