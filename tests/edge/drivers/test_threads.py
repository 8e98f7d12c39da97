"""The thread that ends pulses is never missed for long: a strike must not stay released with it."""

from __future__ import annotations

import time

import pytest

from edge.agent_log import lost_exceptions_logged
from edge.core.model import Act, ActFinished, DeviceOnline, OutputMode, Source
from edge.drivers.virtual import VirtualDriver
from edge.ports import Threaded
from edge.running_clock import running_ns
from tests.edge.drivers.test_gpio import RELAY, Site
from wire.policy_bodies import DeviceBody, DeviceDriver


class Killed(BaseException):
    """What no thread of ours catches."""


def _die(*_: object, **__: object) -> None:
    raise Killed


@pytest.fixture(autouse=True)
def _logged():
    with lost_exceptions_logged():
        yield


def _until(holds) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_pulse_on_a_pin_is_ended_by_the_thread_that_comes_after_the_dead_one():
    site = Site().begin()
    driver = site.driver
    try:
        assert isinstance(driver, Threaded)
        (well,) = driver.threads()
        assert (well.is_alive, well.devices, well.must_live) == (True, ("door",), True)
        driver._serve = _die
        with driver._changed:
            driver._changed.notify_all()
        _until(lambda: not driver.threads()[0].is_alive)
        del driver._serve
        site.act(OutputMode.PULSE, pulse_ms=50)
        site.wait(ActFinished)
        time.sleep(0.1)
        assert site.chip.pin(RELAY).state == 0, "nobody ends it (the relay is active at 0)"
        driver.revive()
        _until(lambda: site.chip.pin(RELAY).state == 1)
        assert driver.threads()[0].is_alive
        site.wait(DeviceOnline, device="door")  # else it would count as offline for ever
    finally:
        driver.stop()


def test_a_thread_that_lives_is_not_doubled_and_a_stopped_driver_stays_stopped():
    site = Site().begin()
    thread = site.driver._thread
    site.driver.revive()
    assert site.driver._thread is thread
    site.driver.stop()
    site.driver.revive()
    assert not site.driver._thread.is_alive()


def test_a_virtual_pulse_is_ended_by_the_thread_that_comes_after_the_dead_one():
    driver = VirtualDriver()
    assert driver.threads() == ()
    driver.configure({"d": DeviceBody(driver=DeviceDriver.VIRTUAL, port="site")}, {})
    heard: list[object] = []
    driver.start(heard.append)
    driver.advance = _die
    with driver._changed:
        driver._changed.notify_all()
    _until(lambda: not driver.threads()[0].is_alive)
    del driver.advance
    target, deadline_ns = Source("d", 0), running_ns() + 2_000_000_000
    driver.act(Act("a", target, OutputMode.PULSE, deadline_ns, 50))
    before = len([one for one in heard if isinstance(one, DeviceOnline)])
    driver.revive()
    _until(lambda: not driver.outputs().get(target, False))
    assert len([one for one in heard if isinstance(one, DeviceOnline)]) == before + 1
    driver.stop()
