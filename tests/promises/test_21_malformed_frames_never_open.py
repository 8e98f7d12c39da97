"""Malformed frames never crash the agent nor open a door: whatever comes in over an OSDP line, a
serial lock's cable, Wiegand wires, a card service or the virtual site, nothing moves, the loop
lives, and the next good PIN is served.

The built agent with its threads has all five drivers at once, each on its real line (pseudo-
terminals with boards behind their own sessions, gpiozero's mock pins, a card service). Between
boards and agent everything is spoilt: bits flipped, frames cut, doubled, forged with a right check
character, bursts of noise.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.core.model import CardFailed, CardPresented, KeysPressed, Source
from tests.edge.conftest import made_id
from tests.promises.pins_bench import openings, quick_folder, rig_at, soak_line
from tests.promises.spoilt_lines_bench import Site, acknowledge_all
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.events import EventKind

SHORT_S, SOAK_S = 2.5, 120.0
CALM_S = 40.0


@pytest.fixture
def seed() -> int:
    made = random.SystemRandom().randrange(2**32)
    print(f"seed {made}")
    return made


@pytest.fixture
def site(tmp_path: Path, seed: int) -> Iterator[Site]:
    with ExitStack() as stack:
        made = Site(tmp_path, random.Random(seed), stack)
        _until(lambda: _online(made) >= 4, "the devices came online")
        yield made


def _online(made: Site) -> int:
    return sum(one.online is True for one in made.agent.status().devices)


def _until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + CALM_S
    while not holds():
        assert time.monotonic() < end, f"it never came to it that {what}"
        time.sleep(0.02)


def _check(site: Site, seconds: float) -> dict[str, int]:
    assert site.moved() == []
    done = site.spoil(seconds)
    _until(lambda: _online(site) >= 4, "the devices came back")
    status, kinds = site.agent.status(), site.kinds()
    assert site.moved() == [], "something moved"
    assert kinds["access_granted"] == kinds["access_duress"] == 0
    assert status.journal.failure is None
    counters = site.agent._ask(lambda parts, _now: dict(parts.memory.counters))
    assert counters.get("internal_errors", 0) == 0, "something was raised that nobody expected"
    assert counters.get("granted", 0) == 0
    for port in ("virtual", "osdp", "serial_lock", "gpio"):
        _serves(site, port)
    return {name: done[name] for name in sorted(done)}


def test_malformed_frames_never_open_nor_crash(site):
    done = _check(site, SHORT_S)
    assert sum(done.values()) > 100


def _serves(site: Site, port: str) -> None:
    """Somebody types the right PIN, and again where a board still had noise to tell."""
    end = time.monotonic() + CALM_S
    while not site.granted(port):
        assert time.monotonic() < end, f"{port} never served again"
        site.forgive()
        site.good_pin(port)
        again = time.monotonic() + 2
        while not site.granted(port) and time.monotonic() < again:
            time.sleep(0.05)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_malformed_frames_never_open_nor_crash_for_long(site, seed, capsys):
    done = _check(site, SOAK_S)
    with capsys.disabled():
        print(soak_line("malformed frames", seed=seed, granted=0, crashed=0, **done))


# --- into the loop, whatever a driver may hand over ----------------------------------------------

channels = st.integers(-1, 300)
names = st.sampled_from([made_id(3), "", "nobody", "x" * 200])
sources = st.builds(Source, names, channels)
moments = st.integers(-(2**63), 2**70) | st.just(1_000_000_000_000)
items = st.one_of(
    st.builds(KeysPressed, sources, st.text(max_size=40), moments, st.booleans()),
    st.builds(CardFailed, sources, st.text(max_size=200), moments),
    st.builds(
        CardPresented,
        sources,
        st.text(max_size=80) | st.sampled_from(["uid", "idm"]),
        st.binary(max_size=600),
        st.sampled_from(pb.Assurance),
        moments,
        st.none(),
        st.booleans(),
    ),
)


@pytest.fixture(scope="module")
def rig() -> Iterator[Any]:
    with quick_folder() as folder, rig_at(folder / "edge.sqlite3") as rig:
        yield rig


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given=st.lists(items, max_size=6))
def test_malformed_presentations_never_open_nor_crash(rig, given):
    """Whatever a driver hands over, however wrong: denied, or dropped; and the loop takes the next
    one."""
    rig.parts.memory.budgets.clear()
    before, errors = openings(rig), rig.parts.memory.counters["internal_errors"]
    for item in given:
        rig.loop.handle(item)
    rig.settle()
    assert openings(rig) == before
    assert rig.parts.memory.counters["internal_errors"] == errors
    assert rig.loop.now().state is ClockState.TRUSTED
    assert len(rig.bodies(EventKind.ACCESS_GRANTED)) == 0
    acknowledge_all(rig.journal.journal)
    rig.time.go(20)
