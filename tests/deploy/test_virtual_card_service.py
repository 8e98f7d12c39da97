"""The production PC/SC driver on the demo's card service: taps, removal, a challenge."""

from __future__ import annotations

import queue
import time

import pytest

from deploy.demo.hand import Hand
from deploy.demo.virtual_card_service import VirtualCardService, VirtualReader, virtual_pcsc
from edge.cards.profile_files import DEFAULT_PROFILES, choose_profiles, load_profiles
from edge.cards.virtual_card import EcdsaCard, StorageKind, UidCard
from edge.core.model import CardPresented, DeviceOnline
from edge.drivers.pcsc import PcscDriver
from edge.drivers.pcsc_worker import CardReading
from wire.policy_bodies import DeviceBody, DeviceDriver

DEVICE = "01900000-0000-7000-8000-00000000000a"


@pytest.fixture
def terminal():
    reader = VirtualReader("Kagimori Demo Reader")
    service = VirtualCardService(reader)
    driver = PcscDriver(
        CardReading(choose_profiles(load_profiles(), DEFAULT_PROFILES)),
        opener=lambda: virtual_pcsc(service),
    )
    seen: queue.Queue = queue.Queue()
    driver.start(seen.put)
    body = DeviceBody(driver=DeviceDriver.PCSC, port="cards", reader_name="Kagimori Demo Reader")
    driver.configure({DEVICE: body}, {})
    hand = Hand(reader.port)
    yield hand, seen, reader
    hand.take()
    driver.stop()


def next_of(seen: queue.Queue, kind: type, deadline_s: float = 5.0):
    end = time.monotonic() + deadline_s
    while True:
        found = seen.get(timeout=max(0.01, end - time.monotonic()))
        if isinstance(found, kind):
            return found


def test_a_card_laid_on_is_presented_once_and_answers_the_challenge(terminal):
    hand, seen, reader = terminal
    next_of(seen, DeviceOnline)
    hand.lay(EcdsaCard.with_scalar(b"12345678", 7))
    shown = next_of(seen, CardPresented)
    assert shown.identity == b"12345678"
    assert shown.proof is not None
    hand.take()
    with reader.changed:
        assert reader.changed.wait_for(lambda: not reader.word & 0x20, 5)
    assert seen.empty()


def test_the_same_card_again_is_another_tap_and_a_card_that_stays_is_not(terminal):
    hand, seen, reader = terminal
    next_of(seen, DeviceOnline)
    for _ in range(3):
        hand.lay(UidCard.storage(StorageKind.FELICA, b"\x01\x14" * 4))
        assert next_of(seen, CardPresented).identity == b"\x01\x14" * 4
        hand.take()
        with reader.changed:
            assert reader.changed.wait_for(lambda: not reader.word & 0x20, 5)
    assert seen.empty()
