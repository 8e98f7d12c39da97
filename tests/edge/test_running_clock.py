"""The monotonic clock: sleep counts, and nobody can slew it."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from edge.machine import Machine
from edge.running_clock import RunningClock, running_ns

SECOND = 1_000_000_000


class Kernel:
    """The kernel's three clocks; every reading takes a microsecond."""

    def __init__(self) -> None:
        self.raw, self.disciplined, self.slept = 0, 0, 0

    def read(self, clock: int) -> int:
        self.run(1_000)
        return {
            time.CLOCK_MONOTONIC_RAW: self.raw,
            time.CLOCK_MONOTONIC: self.disciplined,
            time.CLOCK_BOOTTIME: self.disciplined + self.slept,
        }[clock]

    def run(self, ns: int, slew: float = 0.0) -> None:
        self.raw += ns
        self.disciplined += round(ns * (1 + slew))


def test_sleep_counts():
    kernel = Kernel()
    clock = RunningClock(kernel.read)
    before = clock()
    kernel.slept += 12 * 3_600 * SECOND
    assert 0 <= clock() - before - 12 * 3_600 * SECOND < 10_000


def test_chrony_that_slews_by_a_twelfth_changes_nothing():
    """A false NTP server could otherwise drag along whatever is reckoned on it."""
    kernel = Kernel()
    clock = RunningClock(kernel.read)
    before = clock()
    kernel.run(3_600 * SECOND, slew=1 / 12)
    assert 0 <= clock() - before - 3_600 * SECOND < 10_000


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.floats(-0.09, 0.09), st.integers(0, 10**13))),
)
def test_it_never_goes_back_nor_astray(steps):
    kernel = Kernel()
    clock = RunningClock(kernel.read)
    before = clock()
    for run_ns, slew, slept_ns in steps:
        kernel.run(run_ns, slew)
        kernel.slept += slept_ns
        now = clock()
        assert now >= before
        assert 0 <= kernel.raw + kernel.slept - now < 10_000
        before = now


def test_drivers_and_loop_stamp_with_one_clock():
    machine = Machine()
    first = machine.mono_ns()
    assert first <= running_ns() <= machine.mono_ns()
