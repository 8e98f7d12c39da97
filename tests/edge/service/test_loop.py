"""The queue of the loop: doors first, and bounded against a broker that floods."""

from __future__ import annotations

import pytest

from edge.core.model import KeysPressed, Source
from edge.ports import LinkLost, MessageArrived
from edge.service import loop as loops


@pytest.fixture
def handled(rig, monkeypatch):
    """What the loop takes once it runs, by type, in order."""
    taken = []
    handle = rig.loop.handle

    def watched(item):
        taken.append(type(item).__name__)
        handle(item)

    monkeypatch.setattr(rig.loop, "handle", watched)
    return taken


def _flood(rig, count: int, size: int = 100) -> None:
    for _ in range(count):
        rig.loop.put(MessageArrived("kagimori/none", b"x" * size, False, rig.time.mono))


def test_a_pin_is_served_before_a_flood_of_messages_that_came_first(rig, handled):
    (device,) = rig.parts.memory.index.devices
    _flood(rig, 500)
    rig.loop.put(LinkLost(1, "connection_lost", rig.time.mono))
    rig.loop.put(KeysPressed(Source(device), "482915#", rig.time.mono))
    rig.loop.stop()
    rig.loop.run()
    assert rig.unlocked
    assert handled[0] == "KeysPressed"
    assert handled[1:] == ["MessageArrived"] * 500 + ["LinkLost"]


@pytest.mark.parametrize("size", [10, 200_000])
def test_what_may_wait_is_bounded_in_number_and_bytes_and_the_rest_is_counted(rig, handled, size):
    _flood(rig, 5_000, size)
    rig.loop.stop()
    rig.loop.run()
    most = min(loops._MESSAGES_MAX, loops._MESSAGES_BYTES // size)
    assert len(handled) == most
    assert rig.loop._dropped == 5_000 - most
    _flood(rig, 1, size)
    assert rig.loop._dropped == 5_000 - most
