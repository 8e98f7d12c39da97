"""Receivers that behave well or badly, on loopback, and a hall whose bookings are told."""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hub.bootstrap import Hub
from hub.clock import HandMovedClock
from hub.webhooks.post import WebhookPost

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Got:
    """A request as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> Any:
        return json.loads(self.body)


class Server(socketserver.ThreadingTCPServer):
    """A TCP server of its own words: it may speak HTTP, or not."""

    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle is no error here."""


@dataclass
class Receiver:
    """Somebody who is told. `answer(count)` gives the bytes of the answer to the request of that
    number, from 1; a `float` waits first, None closes at once."""

    answer: Callable[[int], bytes | list[bytes | float] | None] = lambda _: OK
    tls: ssl.SSLContext | None = None
    got: list[Got] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        receiver = self

        class Handler(socketserver.StreamRequestHandler):
            def setup(self) -> None:
                if receiver.tls is not None:
                    self.request = receiver.tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self) -> None:
                receiver.handle(self.rfile, self.request)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self.thread.start()

    @property
    def url(self) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://localhost:{self.server.server_address[1]}/hook"

    def handle(self, read: Any, connection: Any) -> None:
        line = read.readline().decode()
        if not line:
            return
        headers: dict[str, str] = {}
        while (text := read.readline().decode().strip()) != "":
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        body = read.read(int(headers.get("content-length", "0")))
        with self.lock:
            self.got.append(Got(line.split(" ")[1], headers, body))
            count = len(self.got)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        said = self.answer(count)
        try:
            for part in said if isinstance(said, list) else [said]:
                if isinstance(part, float):
                    self.over.wait(part)
                elif part is not None:
                    connection.sendall(part)
            if isinstance(connection, ssl.SSLSocket):
                connection.unwrap()
        except OSError:
            pass  # it has hung up
        finally:
            with self.lock:
                self.at_once -= 1

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    """Makes receivers; each is closed at the end."""
    made: list[Receiver] = []

    def make(*arguments: Any, **more: Any) -> Receiver:
        made.append(Receiver(*arguments, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


@dataclass
class Post:
    """The hub's job, run by hand."""

    hub: Hub
    clock: HandMovedClock
    admin: TestClient

    @property
    def job(self) -> WebhookPost:
        return self.hub.services.get(WebhookPost)

    def run(self) -> None:
        """Run until nothing is due and nothing is under way."""
        self.job.run()
        end = time.monotonic() + 20
        while True:
            assert self.job.settled()
            assert time.monotonic() < end
            if not self.job.send_due():
                return

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    def add(self, url: str, *kinds: str, **more: Any) -> dict[str, Any]:
        """Add an endpoint; happenings from now on are told to it."""
        body = {"url": url, "kinds": list(kinds or ("booking.*",)), **more}
        answer = self.admin.post("/api/v1/webhooks", json=body)
        assert answer.status_code == 201, answer.text
        self.job.run()
        found: dict[str, Any] = answer.json()
        return found

    def deliveries(self, webhook: dict[str, Any], **asked: str) -> list[dict[str, Any]]:
        answer = self.admin.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", params=asked)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    def state(self, webhook: dict[str, Any]) -> str:
        return str(self.admin.get(f"/api/v1/webhooks/{webhook['id']}").json()["state"])


@pytest.fixture
def post(hub: Hub, clock: HandMovedClock, admin: TestClient) -> Post:
    """The job."""
    return Post(hub, clock, admin)


@pytest.fixture
def facility(hub_town: Any, admin: TestClient) -> dict[str, Any]:
    """A hall that can be booked."""
    site = hub_town.site()
    door = hub_town.door(site, hub_town.controller(site))
    body = {"site_id": site, "name_ja": "体育館", "doors": [door], "approval": "automatic"}
    answer = admin.post("/api/v1/facilities", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.fixture
def book(admin: TestClient, facility: dict[str, Any], clock: HandMovedClock) -> Callable[..., Any]:
    """Books the hall: `book("R-1", 24)` from so many hours from now."""

    def make(key: str, start_h: float = 24, **more: Any) -> Any:
        start = clock.now() + timedelta(hours=start_h)
        body = {
            "facility_id": facility["id"],
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(hours=1)).isoformat(),
            "contact": {"name": "山田 花子", "email": "y@example.jp", "phone": "0123-45-6789"},
            "purpose": "卓球",
            **more,
        }
        answer = admin.put(f"/api/v1/bookings/{key}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    return make
