"""Every thread of the real agent is watched, and one that dies is there again: its port serves on,
nobody else's notices, and its exception stands in the log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from edge.agent_log import lost_exceptions_logged
from edge.running_clock import running_ns
from tests.promises.supervision_bench import (
    BOARD_IDS,
    DESK_IDS,
    DESK_NAMES,
    LOCK,
    Site,
    until,
    whole_site,
)
from wire.events import EventKind


class Killed(BaseException):
    """What no thread of ours catches."""


def _die(*_: object, **__: object) -> None:
    raise Killed


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    with lost_exceptions_logged(), whole_site(tmp_path_factory.mktemp("revived")) as made:
        yield made


def _bus(site: Site) -> None:
    site.agent._drivers["bus0"]._bus._bus.step = _die


def _lock(site: Site) -> None:
    site.agent._drivers["lock"]._served.link._session.step = _die


def _watch(site: Site) -> None:
    watch = site.agent._drivers["desk"]._watch
    watch._watch_readers = _die
    site.desks.plug(DESK_NAMES[0], True)


def _reader(site: Site) -> None:
    worker = next(iter(site.agent._drivers["desk"]._workers.values()))
    worker._serve = _die
    site.desks.tap(worker.reader)


def _socket(site: Site) -> None:
    site.agent._socket._serve = _die
    from edge.control_socket import AgentAbsentError, Request, ask_agent

    with pytest.raises(AgentAbsentError):
        ask_agent(site.settings.socket_path, Request("status"))
    del site.agent._socket._serve


def _link(site: Site) -> None:
    link, beat = site.agent._link, site.agent._link._beat

    def last_beat() -> None:
        link._beat = beat
        raise Killed

    link._beat = last_beat


CASES = {
    "bus0: bus": (_bus, BOARD_IDS),
    "lock: link": (_lock, [LOCK]),
    "desk: watch": (_watch, DESK_IDS),
    f"desk: reader {DESK_IDS[0]}"[:64]: (_reader, DESK_IDS[:1]),
    "socket: control": (_socket, []),
    "link: mqtt": (_link, []),
}


@pytest.mark.parametrize("part", CASES)
def test_a_thread_that_dies_is_told_once_and_serves_again(
    site, part, capfd: pytest.CaptureFixture[str]
):
    kill, devices = CASES[part]
    offline = len(site.offline())
    kill(site)
    until(lambda: part in [body.part for body in site.bodies(EventKind.AGENT_FAULT)])
    until(lambda: _standing(site, part).revived == 1)
    until(lambda: all(site.is_online(device) for device in devices))
    until(lambda: _standing(site, part).state == "probation")
    faults = [body for body in site.bodies(EventKind.AGENT_FAULT) if body.part == part]
    assert [body.cause for body in faults] == ["died"]
    assert set(site.offline()[offline:]) <= set(devices)
    site.present_again(0)
    assert "Killed" in capfd.readouterr().err


def _standing(site: Site, part: str):
    found = [one for one in site.agent._parts.threads.standings if one.part == part]
    assert found, site.agent._parts.threads.standings
    return found[0]


def test_no_thread_of_the_agent_goes_unwatched(site):
    """Whatever thread of ours runs is the loop, which the main thread watches, or has a sign."""
    ours = ("loop", "osdp", "lock", "pcsc", "mqtt", "control", "gpio", "virtual", "keybox")
    simulated = ("osdp simulator", "key box")
    running = [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(ours) and not thread.name.startswith(simulated)
    ]
    signs = [sign for owner in site.agent._owners().values() for sign in owner.threads()]
    guards = [name for name in running if name.startswith("pcsc-guard")]  # one sign with its reader
    assert len(running) - len(guards) - 1 == len(signs), (running, signs)


def test_signs_of_life_are_younger_than_their_patience_while_nothing_happens(site):
    deadline = time.monotonic() + 2.5
    while time.monotonic() < deadline:
        now_ns = running_ns()
        for owner in site.agent._owners().values():
            for sign in owner.threads():
                assert now_ns - sign.beat_ns < sign.patience_s * 1e9 / 1.5, sign
        time.sleep(0.1)
