"""A reader that falls silent is named within 8 s by exactly one event; nobody beside it notices,
and once it answers it serves again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.promises.supervision_bench import (
    BOARD_IDS,
    BOARDS,
    DESK_IDS,
    DESK_NAMES,
    LOCK,
    Site,
    until,
    whole_site,
)
from wire.events import EventKind

NOTICED_WITHIN_S = 8.0
DEAD = 3
OTHERS = [number for number in range(BOARDS) if number != DEAD]


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    with whole_site(tmp_path_factory.mktemp("dead-reader")) as made:
        yield made


def _noticed_s(site: Site, device: str, cut) -> float:
    """Cut a device off; how long until its one event is journaled."""
    before = site.offline().count(device)
    began = time.monotonic()
    cut()
    until(lambda: site.offline().count(device) > before, NOTICED_WITHIN_S)
    return time.monotonic() - began


def _median(samples: list[float]) -> float:
    return sorted(samples)[len(samples) // 2]


def test_04_one_dead_reader_of_eight_is_noticed_and_the_seven_serve_as_before(site):
    healthy = [site.present(number) for number in OTHERS]
    offline_before = site.offline()
    took_s = _noticed_s(site, BOARD_IDS[DEAD], lambda: site.line.set_mute(DEAD + 1, True))
    assert took_s < NOTICED_WITHIN_S
    beside_dead = [site.present(number) for number in OTHERS]
    # A poll of the dead board may cost its time-out once in a round, never a second.
    assert _median(beside_dead) < _median(healthy) + 0.25, (healthy, beside_dead)
    assert site.offline() == [*offline_before, BOARD_IDS[DEAD]]
    site.line.set_mute(DEAD + 1, False)
    until(lambda: site.is_online(BOARD_IDS[DEAD]))
    site.present_again(DEAD)
    print(f"noticed in {took_s:.2f} s")


def test_04_a_card_reader_that_is_pulled_out_is_noticed_and_the_other_reads_on(site):
    desk, other = 0, 1
    before = site.offline()
    took_s = _noticed_s(site, DESK_IDS[desk], lambda: site.desks.plug(DESK_NAMES[desk], False))
    assert took_s < NOTICED_WITHIN_S
    punches = len(site.bodies(EventKind.PUNCH))
    site.desks.tap(DESK_NAMES[other])
    until(lambda: len(site.bodies(EventKind.PUNCH)) == punches + 1)
    assert site.offline() == [*before, DESK_IDS[desk]]
    site.desks.plug(DESK_NAMES[desk], True)
    until(lambda: site.is_online(DESK_IDS[desk]))
    site.desks.tap(DESK_NAMES[desk])
    until(lambda: len(site.bodies(EventKind.PUNCH)) == punches + 2)


def test_04_a_card_service_that_no_longer_answers_is_noticed_although_its_thread_hangs(site):
    """Nobody can end a thread inside a call of the service's library: it is told all the same."""
    before = site.offline()
    began = time.monotonic()
    site.desks.hang()
    until(lambda: len(site.offline()) == len(before) + 2, NOTICED_WITHIN_S + 1)
    assert time.monotonic() - began < NOTICED_WITHIN_S
    assert sorted(site.offline()[len(before) :]) == sorted(DESK_IDS)
    (fault,) = site.bodies(EventKind.AGENT_FAULT)
    assert (fault.part, fault.cause) == ("desk: watch", "hangs")
    assert site.present(OTHERS[0]) < NOTICED_WITHIN_S
    site.desks.go_on()
    until(lambda: all(site.is_online(device) for device in DESK_IDS))


def test_04_a_serial_lock_that_falls_silent_is_noticed_and_the_readers_serve_on(site):
    before = site.offline()
    took_s = _noticed_s(site, LOCK, lambda: site.box.set_mute(True))
    assert took_s < NOTICED_WITHIN_S
    assert site.present(OTHERS[0]) < NOTICED_WITHIN_S
    assert site.offline() == [*before, LOCK]
    site.box.set_mute(False)
    until(lambda: site.is_online(LOCK))
