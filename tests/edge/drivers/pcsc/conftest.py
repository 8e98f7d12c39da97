"""The real card service, and what a driver emits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from deploy.dev.card_service import CardService
from edge.cards.keyring import CardKeys
from edge.cards.profile_files import DEFAULT_PROFILES, choose_profiles, load_profiles
from edge.core.model import DeviceOffline, DeviceOnline
from edge.drivers.pcsc import PcscDriver
from edge.drivers.pcsc_watch import PcscTimes
from edge.drivers.pcsc_worker import CardReading
from wire.policy_bodies import DeviceBody, DeviceDriver

T = TypeVar("T")


class Inbox:
    """What a driver emitted, in order; `expect` waits for it."""

    def __init__(self) -> None:
        self.items: list[object] = []
        self._news = threading.Condition()

    def __call__(self, item: object) -> None:
        with self._news:
            self.items.append(item)
            self._news.notify_all()

    def expect(self, kind: type[T], nth: int = 1) -> T:
        """The nth thing of a kind, waiting for it."""
        self.until(lambda: self.count(kind) >= nth)
        return [one for one in self.items if isinstance(one, kind)][nth - 1]

    def until(self, holds: Callable[[], bool], timeout_s: float = 8.0) -> None:
        """Wait until something holds of what was emitted."""
        with self._news:
            if not self._news.wait_for(holds, timeout_s):
                pytest.fail(f"not within {timeout_s} s; emitted so far: {self.items}")

    def states(self) -> dict[str, str]:
        """Whether each device is online, or else why not, by what was last told of it."""
        states = {}
        for item in self.items:
            if isinstance(item, DeviceOnline):
                states[item.device] = "online"
            elif isinstance(item, DeviceOffline):
                states[item.device] = item.cause
        return states

    def count(self, kind: type) -> int:
        return sum(isinstance(one, kind) for one in self.items)


@pytest.fixture(scope="session")
def running_service() -> Iterator[CardService]:
    with CardService() as service:
        yield service


@pytest.fixture
def service(running_service: CardService) -> Iterator[CardService]:
    """A running card service with two empty readers."""
    running_service.clear()
    yield running_service
    running_service.clear()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def terminal(name: str | None = None) -> DeviceBody:
    return DeviceBody(driver=DeviceDriver.PCSC, port="cards", reader_name=name)


@pytest.fixture
def make_driver() -> Iterator[Callable[..., PcscDriver]]:
    """Builds drivers whose devices are `front` (first reader) and `back` (second)."""
    drivers: list[PcscDriver] = []

    def make(
        inbox: Inbox,
        profiles: tuple[str, ...] = DEFAULT_PROFILES,
        narrow_to: str | None = None,
        tap_timeout_s: float = 3.0,
        keys: CardKeys | None = None,
    ) -> PcscDriver:
        chosen = choose_profiles(load_profiles(), profiles)
        reading = CardReading(chosen, narrow_to, tap_timeout_s, keys)
        driver = PcscDriver(reading, PcscTimes(retry_first_s=0.05, retry_most_s=0.2))
        driver.configure({"front": terminal("*00 00"), "back": terminal("00 01")}, {})
        driver.start(inbox)
        drivers.append(driver)
        return driver

    yield make
    for driver in drivers:
        driver.stop()
