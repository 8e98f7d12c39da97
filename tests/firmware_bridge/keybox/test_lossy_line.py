"""Seeded loss, noise, cuts, doubles and bit flips: nothing is carried out twice, no answer is
taken for another, and calm heals."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.keybox import requests as rq
from firmware_bridge.keybox.codes import Kind, RecordKind
from firmware_bridge.keybox.host_events import (
    MS,
    Ended,
    Finished,
    Noticed,
    Outcome,
)
from firmware_bridge.keybox.notices import KeysNotice
from firmware_bridge.keybox.states import HostState

from .conftest import Pair, link_key, make_box, new_pair


def bad_wire(rng: random.Random, rate: float) -> Callable[[bytes, bool], bytes]:
    """Loses, cuts, flips, doubles or surrounds with noise what passes, at `rate`."""

    def spoil(data: bytes, _to_host: bool) -> bytes:
        if not data or rng.random() > rate:
            return data
        at = rng.randrange(len(data))
        return rng.choice(
            [
                b"",
                data[:at],
                data[at:],
                data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :],
                rng.randbytes(rng.randrange(20)) + data,
                data + rng.randbytes(rng.randrange(20)),
                data + data,
            ]
        )

    return spoil


def story(seed: int, rate: float) -> Pair:
    """Releases of pulses that tell them apart, reads of the log, keys; then calm."""
    pair = new_pair(link_key(), make_box(Kind.SERIAL_LOCK), seed=seed)
    pair.open()
    rng = random.Random(seed)
    pair.spoil = bad_wire(rng, rate)
    for number in range(12):
        if pair.host.state is HostState.CLOSED:
            pair.host.begin(pair.now_ns)
        request = rq.Release(1_000 + number) if number % 2 else rq.ReadLog(1, number)
        pair.host.submit(request, pair.now_ns + rng.choice([300, 900, 3_000]) * MS)
        pair.box.press(str(number % 10), pair.now_ns)
        pair.run(700)
    pair.spoil = lambda data, _to_host: data
    pair.run(4_000)
    return pair


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.1, 0.3, 0.6]))
def test_on_a_bad_line_nothing_is_doubled_invented_or_confused(seed: int, rate: float) -> None:
    pair = story(seed, rate)
    finished = pair.of(Finished)
    assert sorted(one.id for one in finished) == list(range(1, 13))
    records = pair.box.log._records
    driven = [one.number for one in records if one.kind == RecordKind.RELEASED_BY_HOST]
    assert len(driven) == len(set(driven)) == pair.box.uses
    done = {one.request.pulse_ms for one in finished if _released(one, Outcome.DONE)}
    never = {
        one.request.pulse_ms
        for one in finished
        if isinstance(one.request, rq.Release) and not one.sent
    }
    assert done <= set(driven)
    assert not never & set(driven)
    for one in finished:
        if isinstance(one.request, rq.ReadLog) and one.answer and one.answer.records:
            assert one.answer.records[0].index == one.request.start
    keys = "".join(n.notice.keys for n in pair.of(Noticed) if isinstance(n.notice, KeysNotice))
    pressed = iter("".join(str(number % 10) for number in range(12)))
    assert all(key in pressed for key in keys), "a key told twice, or out of order"


def _released(one: Finished, outcome: Outcome) -> bool:
    return isinstance(one.request, rq.Release) and one.outcome is outcome


def test_a_calm_line_heals(make_pair) -> None:
    pair = story(7, 0.6)
    if pair.host.state is not HostState.OPEN:
        pair.host.end("again")
        pair.run(2)
        pair.open()
    assert pair.ask(rq.Release(100)).outcome is Outcome.DONE


def test_a_release_whose_answer_is_lost_is_carried_out_once(lock_pair) -> None:
    pair = lock_pair
    until_ns = pair.now_ns + 900 * MS
    pair.spoil = lambda data, to_host: b"" if to_host and pair.now_ns < until_ns else data
    assert pair.ask(rq.Release(500)).outcome is Outcome.DONE
    assert pair.box.uses == 1
    assert pair.host.counts["repeated"] == 2


def test_a_release_is_not_sent_again_after_its_deadline(lock_pair) -> None:
    """Lost on its way at first: by the time of the repeat nobody stands there any more."""
    pair = lock_pair
    pair.spoil = lambda data, to_host: data if to_host else b""
    number = pair.host.submit(rq.Release(500), pair.now_ns + 400 * MS)
    pair.run(5)
    pair.spoil = lambda data, _to_host: data
    pair.until(lambda: pair.result(number))
    assert (pair.result(number).outcome, pair.result(number).sent) == (Outcome.LOST, True)
    assert pair.of(Ended) == [Ended("no_answer")]
    pair.run(1_000)
    assert pair.box.uses == 0


def test_a_release_past_its_deadline_is_never_sent(lock_pair) -> None:
    sent = len(lock_pair.to_device)
    late = lock_pair.ask(rq.Release(500), lock_pair.now_ns)
    assert (late.outcome, late.sent) == (Outcome.EXPIRED, False)
    assert not any(lock_pair.to_device[sent:])


def test_an_urgent_request_passes_those_that_wait(lock_pair) -> None:
    pair = lock_pair
    waiting = [pair.host.submit(rq.ReadLog(1, 0)) for _ in range(5)]
    urgent = pair.host.submit(rq.Release(500), urgent=True)
    pair.until(lambda: pair.result(waiting[-1]))
    order = [one.id for one in pair.of(Finished)]
    assert order.index(urgent) == 0


def test_sessions_open_over_a_line_that_loses_much(make_pair) -> None:
    opened = 0
    for seed in range(20):
        pair = make_pair(seed=seed)
        pair.spoil = bad_wire(random.Random(seed), 0.3)
        pair.host.begin(0)
        pair.run(4_500)
        opened += pair.host.state is HostState.OPEN or pair.device.is_open
    assert opened >= 18


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_session_works_byte_by_byte(make_pair, size: int) -> None:
    pair = make_pair()
    device_step = pair.device.step
    pair.device.step = lambda now_ns, data=b"": b"".join(
        device_step(now_ns, data[at : at + size]) for at in range(0, len(data) or 1, size)
    )
    pair.open()
    assert pair.ask(rq.AskStatus()).outcome is Outcome.DONE
