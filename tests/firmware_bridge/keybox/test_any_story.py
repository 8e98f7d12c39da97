"""Any story of a session: whoever sits on the line replays, swallows, changes and delays what he
likes, the power goes, hosts come and go. No release is carried out twice, none that was never asked
for, and what was told as done was done."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.keybox import requests as rq
from firmware_bridge.keybox.codes import Kind, RecordKind, ResetCause
from firmware_bridge.keybox.host_events import MS, Finished, HostTimes, Outcome
from firmware_bridge.keybox.states import HostState

from .conftest import Pair, link_key, make_box, new_pair

TIMES = HostTimes(answer_ns=350 * MS, tries=4, idle_ns=500 * MS)

ACTIONS = st.one_of(
    st.tuples(st.just("release"), st.sampled_from([50, 400, 3_000])),
    st.tuples(st.just("wait"), st.sampled_from([1, 3, 40, 600, 2_500, 11_000])),
    st.tuples(st.just("replay"), st.integers(0, 200)),
    st.tuples(st.just("echo"), st.integers(0, 200)),
    st.tuples(st.just("swallow"), st.sampled_from([1, 2, 5])),
    st.tuples(st.just("delay"), st.just(0)),
    st.tuples(st.just("flip"), st.integers(0, 5_000)),
    st.tuples(st.just("power"), st.just(0)),
    st.tuples(st.just("again"), st.just(0)),
)


class Attacker:
    """Has the line in his hands."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.swallow = 0
        self.flip: int | None = None
        self.delay = False
        self.kept: list[bytes] = []
        pair.spoil = self.spoil

    def spoil(self, data: bytes, to_host: bool) -> bytes:
        if self.swallow:
            self.swallow -= 1
            return b""
        if self.delay and not to_host:
            self.delay = False
            self.kept.append(data)
            return b""
        if self.flip is not None:
            bit, self.flip = self.flip % (len(data) * 8), None
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            return bytes(changed)
        return data

    def replay(self, number: int) -> bytes:
        heard = self.pair.to_device + self.kept
        return heard[number % len(heard)] if heard else b""

    def echo(self, number: int) -> bytes:
        heard = self.pair.to_host
        return heard[number % len(heard)] if heard else b""


def play(actions: list[tuple[str, int]]) -> tuple[Pair, dict[int, rq.Release]]:
    pair = new_pair(link_key(), make_box(Kind.SERIAL_LOCK), TIMES)
    attacker, asked = Attacker(pair), {}
    pair.host.begin(0)
    for action, value in actions:
        if action == "release":
            request = rq.Release(1_000 + len(asked))
            asked[pair.host.submit(request, pair.now_ns + value * MS)] = request
            pair.run(2)
        elif action == "wait":
            pair.run(value)
        elif action in ("replay", "echo"):
            pair.turn(getattr(attacker, action)(value))
        elif action == "swallow":
            attacker.swallow = value
        elif action == "delay":
            attacker.delay = True
        elif action == "flip":
            attacker.flip = value
        elif action == "power":
            pair.device.restart(pair.now_ns)
            pair.box.start(ResetCause.POWER, pair.now_ns)
        if action == "again" or pair.host.state is HostState.CLOSED:
            pair.host.end("again")
            pair.run(1)
            pair.host.begin(pair.now_ns)
    pair.run(8_000)
    return pair, asked


@settings(max_examples=120, deadline=None)
@given(st.lists(ACTIONS, max_size=25))
def test_no_release_is_doubled_invented_or_falsely_told(actions: list[tuple[str, int]]) -> None:
    pair, asked = play(actions)
    records = pair.box.log._records
    driven = Counter(one.number for one in records if one.kind == RecordKind.RELEASED_BY_HOST)
    assert set(driven.values()) <= {1}
    assert set(driven) <= {request.pulse_ms for request in asked.values()}
    finished = {one.id: one for one in pair.of(Finished)}
    assert len(pair.of(Finished)) == len(finished) == len(asked)
    for number, one in finished.items():
        pulse_ms = asked[number].pulse_ms
        if one.outcome is Outcome.DONE:
            assert pulse_ms in driven
        if not one.sent:
            assert pulse_ms not in driven


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTIONS, max_size=12))
def test_after_any_story_an_honest_line_serves_again(actions: list[tuple[str, int]]) -> None:
    pair, _ = play(actions)
    pair.spoil = lambda data, _to_host: data
    pair.host.end("again")
    pair.run(1)
    pair.go(61_000 * MS)
    pair.open()
    assert pair.ask(rq.Release(77)).outcome is Outcome.DONE
