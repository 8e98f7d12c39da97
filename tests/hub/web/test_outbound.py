"""The hub connects to no address that is nobody's, whatever name leads there, and waits for nobody
longer than it said."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpcore
import httpx
import pytest

from hub.clock import SystemClock
from hub.feeds.domain import AuthKind, FeedSecret, FetchResult
from hub.feeds.fetching import AddressError, CalendarClient, FetchFailed, check_address
from hub.feeds.settings import FeedsSettings
from hub.web.outbound import address_of, is_nobodys, transport
from hub.webhooks.domain import Fault, UrlRefusedError, check_url
from hub.webhooks.sending import Sender
from hub.webhooks.settings import WebhooksSettings

NOBODYS = [
    "169.254.169.254", "169.254.169.254.", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
    "169.16689662", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200", "0.0.0.0", "0",
    "0.0.0.1", "[::]", "224.0.0.1", "[ff02::1]", "255.255.255.255",
]  # fmt: skip


@pytest.mark.parametrize("host", NOBODYS)
def test_an_address_that_is_nobodys_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(AddressError):
        check_address(f"https://{host}/latest", AuthKind.NONE, FeedsSettings())
    with pytest.raises(UrlRefusedError):
        check_url(f"https://{host}/latest", insecure=True)


@pytest.mark.parametrize("host", ["10.1.2.3", "192.168.0.9", "127.0.0.1", "::1", "8.8.8.8"])
def test_a_towns_own_network_and_the_world_are_somebodys(host: str) -> None:
    address = address_of(host)
    assert address is not None
    assert not is_nobodys(address)


@pytest.mark.parametrize("found", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"])
def test_a_name_that_leads_to_one_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    """Also where another of its addresses would do, and though it led elsewhere a moment ago."""
    connected = []

    def looked_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        assert host == "calendar.example.jp"
        family = socket.AF_INET6 if ":" in found else socket.AF_INET
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port)),
            (family, socket.SOCK_STREAM, 6, "", (found, port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket, "create_connection", lambda *a, **_: connected.append(a))
    secret = FeedSecret("http://calendar.example.jp/latest/meta-data")
    with pytest.raises(FetchFailed) as caught:
        CalendarClient(FeedsSettings()).fetch(secret, AuthKind.NONE, datetime.now(UTC))
    assert caught.value.result is FetchResult.UNREACHABLE
    assert connected == []

    async def post() -> Any:
        sender = Sender(WebhooksSettings(timeout_s=2), SystemClock())
        try:
            return await sender.send("http://calendar.example.jp/latest", {}, b"{}")
        finally:
            await sender.close()

    outcome = asyncio.run(post())
    assert (outcome.status, outcome.fault) == (None, Fault.UNREACHABLE)


# --- patience --------------------------------------------------------------------------------


class Dripping:
    """A server that says a byte now and then, for ever."""

    def __init__(self, first: bytes, drop: bytes) -> None:
        self._first, self._drop = first, drop
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(self._first)
                while not self._over.wait(0.02):
                    connection.sendall(self._drop)
            except OSError:
                return

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()


@pytest.fixture(params=["head", "body"])
def dripping(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    """One that never ends its head, and one that never ends its body."""
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n"
    made = Dripping(whole if request.param == "body" else b"HTTP/1.1 200 OK\r\nX-A: ", b"a")
    yield made
    made.close()


def test_a_server_that_says_a_byte_now_and_then_is_waited_for_no_longer_than_said(
    dripping: Dripping,
) -> None:
    """Or the job of all feeds would hang in it."""
    client = CalendarClient(FeedsSettings(timeout_s=1))
    secret = FeedSecret(f"http://127.0.0.1:{dripping.port}/")
    began = time.monotonic()
    with pytest.raises(FetchFailed) as caught:
        client.fetch(secret, AuthKind.NONE, datetime.now(UTC))
    assert caught.value.result is FetchResult.TIMED_OUT
    assert time.monotonic() - began < 5


class Plain(httpcore.NetworkStream):
    """A connection that notes for which name it is to speak TLS, and breaks."""

    def __init__(self, names: list[str | None]) -> None:
        self._names = names

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        self._names.append(server_hostname)
        raise httpcore.ConnectError("enough")

    def close(self) -> None:
        return


def test_the_certificate_is_still_checked_against_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not against the address that is connected to."""
    names: list[str | None] = []
    hosts: list[str] = []

    def connect(_: Any, host: str, *__: Any) -> httpcore.NetworkStream:
        hosts.append(host)
        return Plain(names)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    way = transport(ssl.create_default_context(), end=time.monotonic() + 5)
    with httpx.Client(transport=way) as client, pytest.raises(httpx.ConnectError):
        client.get("https://localhost/")
    assert set(names) == {"localhost"}
    assert set(hosts) <= {"127.0.0.1", "::1"}
