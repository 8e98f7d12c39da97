"""Against a real producer of others' making: Radicale, a CalDAV server, on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.mosquitto.process import free_port
from hub.bookings.tables import BookingState
from hub.feeds.domain import AuthKind, EventState, FetchResult


@pytest.fixture
def database_at(sqlite_at: str) -> str:
    """What is asked here does not depend on the kind of database: once is enough."""
    return sqlite_at


@dataclass
class Radicale:
    """A running server with one calendar of one user."""

    port: int
    client: httpx.Client

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/town/hall/"

    def put(self, uid: str, *events: str) -> None:
        content = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//JA\r\n" + "".join(events)
        answer = self.client.put(
            f"{self.url}{uid}.ics",
            content=(content + "END:VCALENDAR\r\n").encode(),
            headers={"Content-Type": "text/calendar; charset=utf-8"},
        )
        assert answer.status_code in (201, 204), answer.text

    def delete(self, uid: str) -> None:
        assert self.client.delete(f"{self.url}{uid}.ics").status_code == 200


@pytest.fixture(scope="module")
def radicale_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server of this test run's own."""
    if find_spec("radicale") is None:
        if os.environ.get("CI"):
            pytest.fail("Radicale is missing: install the dev lock")
        pytest.skip("Radicale is missing: install the dev lock")
    folder = tmp_path_factory.mktemp("radicale")
    users = folder / "users"
    users.write_text("town:sesame\n")
    port = free_port()
    config = folder / "config"
    config.write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n"
        f"[auth]\ntype = htpasswd\nhtpasswd_filename = {users}\nhtpasswd_encryption = plain\n"
        f"[storage]\nfilesystem_folder = {folder / 'data'}\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "radicale", "--config", str(config)],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        _wait_for(port, process, folder / "log")
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/.well-known/caldav", trust_env=False)
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def radicale(radicale_port: int) -> Iterator[Radicale]:
    """The server with an empty calendar."""
    with httpx.Client(auth=("town", "sesame"), trust_env=False) as client:
        made = Radicale(radicale_port, client)
        client.delete(made.url)
        body = (
            '<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" '
            'xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop><D:displayname>hall'
            "</D:displayname></D:prop></D:set></C:mkcalendar>"
        )
        assert client.request("MKCALENDAR", made.url, content=body).status_code == 201
        yield made


def test_what_a_caldav_server_publishes_is_followed(
    desk: Any, radicale: Radicale, ical: Any
) -> None:
    feed = desk.add(url=radicale.url, auth=AuthKind.BASIC, user="town", secret="sesame")
    at, start = ical.utc, desk.later(24)
    tokyo = f"{start + timedelta(hours=9):%Y%m%dT%H%M%S}"
    series = ical.event(
        "UID:series",
        f"DTSTART;TZID=Asia/Tokyo:{tokyo}",
        "DURATION:PT1H",
        "RRULE:FREQ=DAILY;COUNT=4",
        "SUMMARY:卓球クラブ",
    )
    for i in range(8):
        radicale.put(f"s{i}", desk.event(f"s{i}", 400 + i, 1, "SUMMARY:稽古"))
    radicale.put("series", series)
    run = desk.poll(feed)
    assert (run.result, run.made, run.refused) == (FetchResult.OK, 12, 0)
    assert desk.poll(feed, 5).result in (FetchResult.NOT_MODIFIED, FetchResult.OK)

    # One occurrence is moved: it keeps its key.
    moved = ical.event(
        "UID:series",
        f"RECURRENCE-ID;TZID=Asia/Tokyo:{tokyo}",
        f"DTSTART:{at(start + timedelta(hours=3))}",
        f"DTEND:{at(start + timedelta(hours=5))}",
        "SUMMARY:卓球クラブ",
    )
    radicale.put("series", series, moved)
    run = desk.poll(feed, 5)
    assert (run.made, run.changed, run.cancelled, run.absent) == (0, 1, 0, 0)
    key = desk.events(feed)[f"series/{at(start)}"].reservation_key
    assert desk.booked()[key][1:] == (start + timedelta(hours=3), start + timedelta(hours=5))

    # It is cancelled, at once.
    radicale.put("series", series, moved.replace("SUMMARY", "STATUS:CANCELLED\r\nSUMMARY"))
    assert desk.poll(feed, 5).cancelled == 1
    assert desk.booked()[key][0] is BookingState.CANCELLED

    # An event is deleted: gone after two fetches.
    radicale.delete("s7")
    assert desk.poll(feed, 5).cancelled == 0
    assert desk.poll(feed, 11).cancelled == 1
    assert desk.events(feed)["s7"].state is EventState.GONE

    # The calendar is emptied: nothing changes.
    before = desk.booked()
    for uid in ("series", *(f"s{i}" for i in range(7))):
        radicale.delete(uid)
    for _ in range(3):
        assert desk.poll(feed, 30).result is FetchResult.SHRANK
    assert desk.booked() == before


def test_a_wrong_password_is_a_failed_fetch(desk: Any, radicale: Radicale) -> None:
    feed = desk.add(url=radicale.url, auth=AuthKind.BASIC, user="town", secret="wrong")
    assert desk.poll(feed).result is FetchResult.UNAUTHORIZED
