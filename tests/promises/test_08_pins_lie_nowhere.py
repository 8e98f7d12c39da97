"""A PIN lies nowhere in clear: at the edge as an HMAC under the controller's own key alone, in the
hub enciphered, and never in a log, a URL, a title, a topic, a metric or what the agent tells of
itself, whether it was right or mistyped.

A hub with its HTTP API and database, a broker under TLS and an agent with its files are run; PINs
are planted in them and typed; then every byte they left is searched. The PINs have ten digits: in
the some ten thousand numbers of that length that such a run leaves, one is met by chance once in
about 100,000 runs.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import paho.mqtt.client as paho
import pytest

from edge.bootstrap import build as build_agent
from edge.control_socket import Request, ask_agent
from edge.controller_files import load_controller
from edge.drivers.virtual import VirtualDriver
from edge.settings import settings_from
from hub.link.mqtt import MqttClient as HubClient
from tests.system.test_issue_to_placed import System
from wire.keys import PinKey
from wire.pins import pin_digest

pytestmark = pytest.mark.mosquitto
DEADLINE_S = 15.0
LENGTH = 10


def forms(digits: str) -> dict[str, bytes]:
    """What a PIN in clear, or as good as in clear, looks like."""
    clear = digits.encode()
    packed = bytes.fromhex(digits)
    hashes = {
        f"{name}{form}": found
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "sha3_256")
        for form, found in (
            ("", hashlib.new(name, clear).digest()),
            (", hex", hashlib.new(name, clear).hexdigest().encode()),
            (", base64", base64.b64encode(hashlib.new(name, clear).digest()).rstrip(b"=")),
        )
    }
    return {
        "clear": clear,
        "clear, 16 bit": digits.encode("utf-16-le"),
        "clear, 16 bit, big": digits.encode("utf-16-be"),
        "clear, 32 bit": digits.encode("utf-32-le"),
        "packed": packed,
        "packed, backwards": packed[::-1],
        "a byte a digit": bytes(int(digit) for digit in digits),
        "hex": clear.hex().encode(),
        "base64": base64.b64encode(clear).rstrip(b"="),
        "base64 of 16 bit": base64.b64encode(digits.encode("utf-16-le")).rstrip(b"="),
        "escaped": "".join(f"%{byte:02X}" for byte in clear).encode(),
        "keyed by a space": " ".join(digits).encode(),
        "keyed by a comma": ",".join(digits).encode(),
        **hashes,
    }


@dataclass
class Planted:
    """A town in which PINs are planted, and everything it said."""

    system: System
    site: VirtualDriver
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    pages: dict[str, bytes] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    """Every PIN that the hub gave out, those typed under duress and earlier ones included."""
    settings: Any = None

    def connect(self) -> None:
        """The agent, as `System.connect` makes it, with the keypad in our hand."""
        system = self.system
        table = {
            "data_dir": "edge",
            "journal_events": 2_000,
            "identity": {"directory": str(system.town.controllers[system.controller])},
            "mqtt": {"host": "127.0.0.1", "port": system.port},
            "ports": {"site": {"driver": "virtual"}},
        }
        self.settings = settings_from(table, "edge.toml", system.town.directory)
        system.agent = build_agent(self.settings, drivers={"site": self.site})
        system.agent.start()

    def get(self, path: str, **how: Any) -> Any:
        answer = self.system.client.get(path, **how)
        assert answer.status_code == 200, answer.text
        return answer

    def book(self, key: str) -> str:
        """Book from now on and give the PIN, by the one way that shows it."""
        start = datetime.now(UTC) - timedelta(minutes=1)
        body = {
            "doors": [self.system.door],
            "contact": {"name": "鍵守 花子", "email": "hanako@example.jp"},
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=2)).isoformat(),
            "digits": LENGTH,
            "holders": [{"name": "鍵守 花子", "duress": True}],
        }
        answer = self.system.client.put(f"/api/v1/bookings/{key}", json=body)
        assert answer.status_code == 201, answer.text
        return self.look(key)["pin"]

    def look(self, key: str) -> dict[str, str]:
        """Give a booking's PINs, by the one way that shows them."""
        (shown,) = self.get(f"/api/v1/bookings/{key}/pin").json()
        self.given += [shown["pin"], shown["duress"]]
        return dict(shown)

    def post(self, path: str, **how: Any) -> Any:
        answer = self.system.client.post(path, **how)
        assert answer.status_code in (200, 201), answer.text
        return answer

    def press(self, keys: str) -> None:
        (device,) = self.system.agent.status().devices
        self.site.press(device.id, keys)

    def wait_for_entry(self, kind: str, count: int) -> None:
        """Wait until the hub has heard of what happened at the door."""
        end = time.monotonic() + DEADLINE_S
        while len(self.get("/api/v1/entries", params={"kind": kind}).json()["items"]) < count:
            assert time.monotonic() < end, f"the hub never heard of {count} {kind}"
            time.sleep(0.05)


@pytest.fixture
def planted(town, mosquitto, monkeypatch) -> Iterator[Planted]:
    messages: list[tuple[str, bytes]] = []
    publish = paho.Client.publish

    def heard(client: paho.Client, topic: str, payload: Any = None, *more: Any, **how: Any) -> Any:
        messages.append((topic, bytes(payload or b"")))
        return publish(client, topic, payload, *more, **how)

    told = HubClient.publish

    def heard_of_hub(client: HubClient, topic: str, payload: bytes) -> bool:
        messages.append((topic, payload))
        return told(client, topic, payload)

    monkeypatch.setattr(paho.Client, "publish", heard)
    monkeypatch.setattr(HubClient, "publish", heard_of_hub)
    system = System(town, mosquitto().port)
    yield Planted(system, VirtualDriver(), messages=messages)
    system.stop()


def _told_of_itself(made: Planted) -> dict[str, bytes]:
    """What hub and agent answer to whoever asks, except to who may look a PIN up."""
    door = made.system.door
    told = {
        path: made.get(path).content
        for path in (
            "/metrics",
            "/api/v1/openapi.json",
            "/api/v1/audit",
            "/api/v1/entries",
            "/api/v1/bookings/right",
            "/api/v1/controllers",
            "/api/v1/devices",
            "/api/v1/readers",
            f"/api/v1/doors/{door}/access?at={datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
    }
    agent, socket = made.system.agent, made.settings.socket_path
    told["status"] = msgspec.json.encode(agent.status())
    told["status by socket"] = repr(ask_agent(socket, Request("status"))).encode()
    told["journal by socket"] = repr(ask_agent(socket, Request("journal", 500))).encode()
    told["repr"] = repr(agent).encode() + repr(vars(agent)).encode()
    memory = agent._ask(lambda parts, _now: repr(parts.memory) + repr(parts))
    told["memory's repr"] = memory.encode()
    return told


def _files(made: Planted) -> dict[str, bytes]:
    """Every file of hub, edge, broker and authority, databases with their WAL."""
    directory = made.system.town.directory
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def _dumps(made: Planted) -> dict[str, bytes]:
    """The databases as SQL."""
    found: dict[str, bytes] = {}
    directory = made.system.town.directory
    with sqlite3.connect(directory / "hub.db") as database:
        found["the hub's dump"] = "\n".join(database.iterdump()).encode()
    with sqlite3.connect(made.settings.journal_path) as database:
        found["the journal's dump"] = "\n".join(database.iterdump()).encode()
    return found


def _leaks(places: dict[str, bytes], secrets_: list[str]) -> list[tuple[str, str]]:
    """Where one of the digits stands in any form, and in which."""
    return [
        (place, form)
        for place, content in places.items()
        for digits in secrets_
        for form, needle in forms(digits).items()
        if needle in content
    ]


def test_pins_lie_nowhere(planted: Planted, capfd: pytest.CaptureFixture[str]) -> None:
    right, other = planted.book("right"), planted.book("other")
    mistyped = [f"{secrets.randbelow(10**LENGTH):0{LENGTH}d}" for _ in range(2)]
    assert len(right) == LENGTH
    planted.connect()
    for key in ("right", "other"):
        planted.system.wait_for(key, "active")
    link = planted.post("/api/v1/bookings/right/pin/link").json()["path"]
    shown = planted.get(link, headers={"Accept": "text/html"})
    planted.press(f"{right}#")
    planted.wait_for_entry("access_granted", 1)
    planted.press(f"{planted.look('right')['duress']}#")
    planted.wait_for_entry("access_duress", 1)
    alarms = planted.get("/api/v1/alarms").json()
    assert "duress" in {alarm["kind"] for alarm in alarms}
    console = planted.get("/api/v1/bookings/right").json()["id"]
    looked = planted.post(f"/bookings/{console}/pin", headers={"Accept": "text/html"})
    planted.post("/api/v1/bookings/other/pin/reissue")
    newest = planted.look("other")["pin"]
    planted.system.wait_for("other", "active")
    for digits in mistyped:
        planted.press(f"{digits}#")
    planted.press(f"{right}0"[1:] + "#")
    planted.wait_for_entry("access_denied", 3)
    told = _told_of_itself(planted)
    running = {f"while it runs: {name}": body for name, body in _files(planted).items()}
    planted.system.agent.stop()
    controller = load_controller(planted.settings)
    digests = [
        pin_digest(controller.pin, planted.system.door, digits) for digits in (right, newest)
    ]
    planted.system.stop()
    planted.system.agent = None
    out, err = capfd.readouterr()
    files = {**_files(planted), **_dumps(planted)}
    places = {
        **files,
        **running,
        **told,
        "the log": (out + err).encode(),
        "the topics": "\n".join(topic for topic, _ in planted.messages).encode(),
        **{f"message {n} on {topic}": body for n, (topic, body) in enumerate(planted.messages)},
        "the title": _title(shown.text).encode(),
        "the console's title": _title(looked.text).encode(),
        "the link's address": f"{link} {shown.url} {shown.history}".encode(),
    }
    assert len(set(planted.given)) == 6
    assert {right, other} < set(planted.given)
    assert _leaks(places, [*dict.fromkeys(planted.given), *mistyped]) == []
    _was_searched(planted, places, digests)


def _title(page: str) -> str:
    begin = page.index("<title")
    return page[begin : page.index("</title>", begin)]


def _was_searched(made: Planted, places: dict[str, bytes], digests: list[str]) -> None:
    """The search finds what must be there: else it would prove nothing."""
    everywhere: Callable[[str], list[str]] = lambda text: [  # noqa: E731
        place for place, content in places.items() if text.encode() in content
    ]
    for digest in digests:
        at_edge = [place for place in everywhere(digest) if place.startswith("edge/")]
        assert at_edge, "the edge holds the digest under its own key"
        assert "the log" not in everywhere(digest)
    assert "hub.db" in everywhere(made.system.door)
    assert any(place.startswith("message") for place in everywhere(made.system.door))
    assert any(topic.endswith("up/events") for topic, _ in made.messages)
    assert any(topic.endswith("down/policy") for topic, _ in made.messages)
    assert "the log" in everywhere("/api/v1/bookings/{reservation_key}")
    assert "kagimori" in places["/metrics"].decode()
    assert any(place.endswith("hub.db-wal") for place in places)
    for form, needle in forms(made.given[0]).items():
        assert ("planted", form) in _leaks({"planted": b"x" + needle + b"y"}, made.given[:1])


def test_pins_lie_nowhere_but_as_a_digest_of_this_door_under_this_controllers_key():
    """The same PIN at another door, or under another controller's key, looks like nothing known."""
    keys = [PinKey(secrets.token_bytes(32)) for _ in range(2)]
    doors = ["019d6016-cc00-7628-a981-6013dc41a0ca", "019d6016-cc00-7628-a981-6013dc41a0cb"]
    digests = {pin_digest(key, door, "4829153706") for key in keys for door in doors}
    assert len(digests) == 4
    assert all("4829153706" not in digest for digest in digests)
