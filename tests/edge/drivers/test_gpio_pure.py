"""The pure halves of the GPIO driver: what an output is to be, and what an input has become."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.core.model import OutputMode
from edge.drivers.gpio_input import Debounce
from edge.drivers.gpio_output import Output

MS = 1_000_000
acts = st.tuples(st.sampled_from(list(OutputMode)), st.integers(1, 10_000), st.integers(0, 5_000))


@settings(deadline=None)
@given(st.lists(acts, max_size=30), st.integers(0, 20_000))
def test_an_output_is_on_exactly_while_a_hold_or_a_pulse_since_the_last_off_says_so(walk, later_ms):
    output, now_ms, told = Output(), 0, []
    for mode, pulse_ms, wait_ms in walk:
        now_ms += wait_ms
        output.on(now_ms * MS)
        output.drive(mode, pulse_ms, now_ms * MS)
        told.append((mode, now_ms + pulse_ms))
    now_ms += later_ms
    last = max((n for n, (mode, _) in enumerate(told) if mode is not OutputMode.PULSE), default=-1)
    held = last >= 0 and told[last][0] is OutputMode.ON
    pulses = [end_ms for mode, end_ms in told[last + 1 :] if mode is OutputMode.PULSE]
    assert output.on(now_ms * MS) == (held or any(end_ms > now_ms for end_ms in pulses))


levels = st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=60)


@settings(deadline=None)
@given(st.booleans(), levels, st.integers(0, 50))
def test_a_level_counts_once_it_has_stood_and_each_change_is_told_once(first, walk, debounce_ms):
    """Against the plain rule: the input is the last level that stood for its time."""
    debounce, now_ms, told = Debounce(first, debounce_ms * MS), 0, []

    def settle(at_ms: int) -> None:
        settled = debounce.settle(at_ms * MS)
        if settled is not None:
            told.append((settled.active, settled.at_ns // MS))

    level, since_ms, known, expected = first, 0, first, []
    for active, wait_ms in walk:
        if active != level:
            level, since_ms = active, now_ms
        debounce.level(active, now_ms * MS)
        now_ms += wait_ms
        settle(now_ms)
        if level != known and now_ms - since_ms >= debounce_ms:
            known = level
            expected.append((level, since_ms))
    assert told == expected
    assert debounce.active == known


def test_an_input_that_is_due_says_when():
    debounce = Debounce(False, 20 * MS)
    assert debounce.due_ns is None
    debounce.level(True, 5 * MS)
    assert debounce.due_ns == 25 * MS
    assert debounce.settle(25 * MS - 1) is None
    debounce.level(False, 24 * MS)
    assert debounce.due_ns is None
