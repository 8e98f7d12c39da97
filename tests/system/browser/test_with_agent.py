"""The pages with a real agent behind them: production hub and agent, Mosquitto, a virtual site.

Nothing is put in by hand: what the screen shows went from the reader through the agent's journal,
the broker and the hub, and what is clicked goes the same way back.
"""

from __future__ import annotations

import os
import pwd
import secrets
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from deploy.mosquitto.process import MosquittoProcess, free_port
from edge.bootstrap import build as build_agent
from edge.core.model import Source
from edge.drivers.virtual import VirtualDriver
from edge.settings import load_settings
from hub.accounts.passwords import Passwords
from hub.accounts.service import AccountsService
from hub.bootstrap import Hub
from hub.bootstrap import build as build_hub
from hub.database.all_tables import all_tables
from hub.settings import DatabaseSettings, ListenSettings, MqttSettings, Settings, TownSettings
from hub.web.rights import SYSTEM, Role
from provisioning import enrolment
from provisioning.register import Register
from wire.policy_bodies import Assurance

pytestmark = [pytest.mark.browser, pytest.mark.mosquitto]
PASSWORD = "kagi-mori-2026"  # opens nothing but this test's hub
STRIKE, CONTACT = 0, 1
CARD = bytes.fromhex("0123456789abcdef")
FEED = "return document.querySelector('.feed')?.innerText ?? ''"


@dataclass
class Place:
    """A town with one door: its hub's API and the hands at the door."""

    url: str
    api: httpx.Client
    site: VirtualDriver
    ids: dict[str, str] = field(default_factory=dict)

    def add(self, as_: str, kind: str, **body: object) -> str:
        answer = self.api.post(f"/api/v1/{kind}", json=body)
        assert answer.status_code == 201, answer.text
        self.ids[as_] = answer.json()["id"]
        return self.ids[as_]


def until(holds: Callable[[], object], what: str, timeout_s: float = 10.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def hub_at(folder: Path, tls: tuple[Path, Path], url: str, port: int, broker: int) -> Hub:
    """The hub as it runs in production, on a database of its own."""
    database = f"sqlite:///{folder / 'hub.db'}"
    engine = create_engine(database, poolclass=NullPool)
    all_tables().create_all(engine)
    engine.dispose()
    settings = Settings(
        public_url=url,
        directory=folder / "hub",
        town=TownSettings(name="阿蘇町", phone="0967-22-3111"),
        database=DatabaseSettings(url=database),
        listen=ListenSettings(port=port),
        mqtt=MqttSettings(host="127.0.0.1", port=broker),
        tls_certificate=tls[0],
        tls_key=tls[1],
    )
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    return build_hub(settings, passwords=cheap)


def furnish(place: Place, controller: str) -> None:
    """A door with strike and contact, somebody with a card, and a booking that runs now."""
    site = place.add("site", "sites", name="町民体育館")
    place.add("controller", "controllers", id=controller, site_id=site, name="体育館の制御装置")
    device = place.add(
        "device",
        "devices",
        controller_id=controller,
        name="玄関テンキー",
        driver="virtual",
        port="gym",
    )
    door = place.add(
        "door",
        "doors",
        site_id=site,
        controller_id=controller,
        name="体育館 正面玄関",
        strike={"device": device, "channel": STRIKE},
        contact={"device": device, "channel": CONTACT},
    )
    place.add(
        "reader",
        "readers",
        device_id=device,
        door_id=door,
        name="玄関",
        assurance="identifier",
        punch="in",
    )
    person = place.add("person", "people", name="田中 一郎", staff_number="1")
    card = {"person_id": person, "namespace": "uid", "identity": CARD.hex(), "label": "職員証"}
    place.add("card", "cards", **card)
    place.add("grant", "grants", door_id=door, person_id=person)
    now = datetime.now(UTC)
    body = {
        "doors": [door],
        "starts_at": (now - timedelta(minutes=1)).isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "state": "confirmed",
        "contact": {"name": "山田 花子"},
        "holders": [{"name": "山田 花子"}],
    }
    answer = place.api.put("/api/v1/bookings/now", json=body)
    assert answer.status_code in (200, 201), answer.text


@pytest.fixture(scope="module")
def place(tls_files: tuple[Path, Path], serve_hub: Any) -> Iterator[Place]:
    """Everything running, and the booking's PIN at the door."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with ExitStack() as last_first, tempfile.TemporaryDirectory(prefix="kgm-", dir=memory) as made:
        folder, now = Path(made), datetime.now(UTC)
        register = Register.create(folder / "ca", "Test Town", now, timedelta(days=30))
        enrolment.init_hub(register, folder / "hub", now)
        at, port = folder / "broker", free_port()
        user = pwd.getpwuid(os.geteuid()).pw_name
        enrolment.init_broker(register, at, now, port=port, bind="127.0.0.1", user=user)
        controller = enrolment.new_controller_id()
        enrolment.add_controller(register, folder / "hub", folder / "edge", now, controller)
        broker = MosquittoProcess(at, port)
        broker.start()
        last_first.callback(broker.stop)
        listener = socket.create_server(("127.0.0.1", 0))
        own = listener.getsockname()[1]
        url = f"https://localhost:{own}"
        hub = hub_at(folder, tls_files, url, own, port)
        last_first.callback(hub.stop)
        accounts = hub.services.get(AccountsService)
        _, token = accounts.create_token(SYSTEM, name="furniture", role=Role.ADMIN)
        accounts.add_user(SYSTEM, login="admin", name="佐藤 恵", password=PASSWORD, role=Role.ADMIN)
        hub.start()
        last_first.enter_context(serve_hub(hub, listener))
        trust = ssl.create_default_context(cafile=tls_files[0])
        api = httpx.Client(base_url=url, verify=trust, headers={"Authorization": f"Bearer {token}"})
        last_first.callback(api.close)
        place = Place(url, api, VirtualDriver())
        furnish(place, controller)
        (folder / "edge.toml").write_text(
            f'data_dir = "data"\nrtc = true\n[mqtt]\nhost = "127.0.0.1"\nport = {port}\n'
            '[identity]\ndirectory = "edge"\n[ports.gym]\ndriver = "virtual"\n',
            encoding="utf-8",
        )
        agent = build_agent(load_settings(folder / "edge.toml"), drivers={"gym": place.site})
        agent.start()
        last_first.callback(agent.stop)
        until(lambda: ready(place), "the PIN is not at the door", 15)
        yield place
        last_first.close()


def ready(place: Place) -> bool:
    """Whether the controller has proven that it holds the PIN."""
    return place.api.get("/api/v1/bookings/now").json()["readiness"] in ("placed", "active")


@pytest.fixture
def at_board(place: Place, fresh: Any) -> Any:
    """The browser on that town's board, logged in, its stream open."""
    console = type(fresh)(fresh.driver, place.url)
    console.open("/login?lang=ja")
    console.find("#login").send_keys("admin")
    console.find("#password").send_keys(PASSWORD, "\n")
    console.wait(lambda: "自動で更新しています" in console.text())
    return console


def test_an_unlock_from_the_page_says_what_the_contact_saw(place: Place, at_board: Any) -> None:
    """Confirmed with a reason, done at the door, and told on the page without a reload."""
    at_board.open(f"/doors/{place.ids['door']}/unlock")
    at_board.find("#reason").send_keys("忘れ物を取りに来た利用者のため")
    at_board.find("input[name='sure']").click()
    at_board.find("form[action$='/unlock'] button").click()
    strike = Source(place.ids["device"], STRIKE)
    at_board.wait(lambda: place.site.outputs().get(strike))
    place.site.set_input(place.ids["device"], CONTACT, True)
    at_board.wait(lambda: at_board.told(".notice.good"))
    for told in ("解錠しました", "扉が開きました", "忘れ物"):
        assert told in at_board.told(".notice.good")
    place.site.set_input(place.ids["device"], CONTACT, False)
    at_board.wait(lambda: "閉" in at_board.told(".facts"))
    assert at_board.complaints() == []


def test_a_pin_at_the_reader_is_on_the_board_within_a_second(place: Place, at_board: Any) -> None:
    """The right one with the name of who booked; a wrong one with its reason."""
    [found] = place.api.get("/api/v1/bookings/now/pin").json()
    wrong = found["pin"]
    while wrong == found["pin"]:
        wrong = "".join(secrets.choice("0123456789") for _ in found["pin"])
    for keys, told in ((found["pin"], "山田 花子"), (wrong, "登録のない暗証番号です")):
        assert told not in at_board.run(FEED)
        place.site.press(place.ids["device"], f"{keys}#")
        assert at_board.wait(lambda: told in at_board.run(FEED)) < 1.0  # noqa: B023
        assert keys not in at_board.text().replace(" ", "")


def test_a_card_shows_its_holder_on_the_board_and_in_attendance(
    place: Place, at_board: Any
) -> None:
    """The tap opens the door and clocks in, both within a second on the screen."""
    people = "return document.querySelector('.people')?.innerText ?? ''"
    place.site.tap(place.ids["device"], "uid", CARD, assurance=Assurance.IDENTIFIER)
    assert at_board.wait(lambda: "田中 一郎" in at_board.run(people)) < 1.0
    assert "田中 一郎" in at_board.run(FEED)
    at_board.open("/attendance")
    assert "田中 一郎" in at_board.text()
    assert "勤務中" in at_board.text()
    assert at_board.complaints() == []
