"""No sliding window: an entry is exactly the digits between two confirm keys. A stream that holds
every PIN there is opens nothing, without confirm keys or with them where no entry ends, and spends
no tries where nothing was confirmed.

The try budget is emptied after every entry here: it must not be what keeps the door shut.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.edge.conftest import DEVICE, made_id
from tests.edge.service.conftest import Rig
from tests.promises.pins_bench import acknowledged, de_bruijn, openings, quick_folder, rig_at
from wire.events import EventKind

LIVE = 40
KEY_S, TIMEOUT_S = 0.2, 10.0


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """A door at which 40 PINs of each length from 4 to 6 are live for ever."""
    chance = random.Random(7)
    with quick_folder() as folder, rig_at(folder / "edge.sqlite3") as rig:
        rig.policy(rig.town.door(min_digits=4))
        for number in range(3 * LIVE):
            length = 4 + number % 3
            digits = f"{chance.randrange(10**length):0{length}d}"
            rig.policy(
                rig.town.pin(digits, made_id(1_000 + number)),
                rig.town.grant(made_id(2_000 + number), credential=made_id(1_000 + number)),
            )
            rig.live = {*getattr(rig, "live", ()), digits}
        yield rig


@pytest.fixture(autouse=True)
def fresh(rig) -> None:
    """Nothing stands on the keypad and nobody has tried."""
    rig.time.go(60)
    _forgive(rig)


def _forgive(rig: Rig) -> None:
    rig.parts.memory.budgets.clear()
    acknowledged(rig)


def _type(rig: Rig, keys: str, at_once: int = 1) -> None:
    for at in range(0, len(keys), at_once):
        rig.time.go(KEY_S)
        rig.site.press(DEVICE, keys[at : at + at_once])
        rig.settle()


def _decided(rig: Rig) -> int:
    return rig.journal.last_seq


@pytest.mark.parametrize(("length", "at_once"), [(4, 1), (6, 97)])
def test_no_sliding_window_over_every_pin_without_a_confirm_key(rig, length, at_once):
    stream = de_bruijn(10, length)
    stream += stream[: length - 1]
    assert len(stream) == 10**length + length - 1
    assert all(digits in stream for digits in rig.live if len(digits) == length)
    before, decided = openings(rig), _decided(rig)
    _type(rig, stream, at_once)
    assert (openings(rig), _decided(rig)) == (before, decided), "nothing was confirmed"
    _type(rig, next(digits for digits in sorted(rig.live) if len(digits) == length) + "#")
    assert openings(rig) == before, "the end of a stream is no entry"


def test_no_sliding_window_with_pauses_in_the_stream(rig):
    """Whoever waits until what stands is forgotten begins anew, and confirms nothing by it."""
    stream, before = de_bruijn(10, 4), openings(rig)
    for at in range(0, 2_000, 5):
        _type(rig, stream[at : at + 5], 5)
        rig.time.go(TIMEOUT_S + 0.1)
        _type(rig, "#")
    assert openings(rig) == before
    assert not rig.parts.memory.budgets


@pytest.mark.parametrize("every", [5, 7, 11, 64])
def test_no_sliding_window_with_confirm_keys_where_no_pin_ends(rig, every):
    """Each entry holds live PINs as beginning, middle or end, and is none."""
    stream, before = de_bruijn(10, 4)[:6_000], openings(rig)
    for at in range(0, len(stream) - every, every):
        entry = stream[at : at + every]
        if entry not in rig.live:
            _type(rig, f"{entry}#", every + 1)
            _forgive(rig)
    for digits in sorted(rig.live):
        for entry in (f"0{digits}", f"{digits}0", f"{digits}{digits}", f"12345678901{digits}"):
            if entry not in rig.live:
                _type(rig, f"{entry}#", 20)
                _forgive(rig)
    assert openings(rig) == before


def _entries(keys: list[tuple[str, bool]]) -> list[str]:
    """What a stream of (key, whether a long pause comes before it) confirms: said once more, as
    the promise has it."""
    confirmed, standing = [], ""
    for key, paused in keys:
        standing = "" if paused else standing
        if key == "#":
            confirmed.append(standing)
            standing = ""
        else:
            standing = "" if key == "*" else standing + key
    return confirmed


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_sliding_window_whatever_is_typed_opens_only_by_an_exact_entry(rig, data):
    """Digits, clears, confirms and pauses in any order, PINs among them."""
    one = data.draw(st.sampled_from(sorted(rig.live)))
    pieces = st.sampled_from([one, one[:-1], one[1:], "#", "#", "*", one[0], "0"])
    keys = [
        (key, data.draw(st.booleans()) and data.draw(st.booleans()) and first == 0)
        for piece in data.draw(st.lists(pieces, min_size=1, max_size=12))
        for first, key in enumerate(piece)
    ]
    rig.time.go(60)
    before = openings(rig)
    for key, paused in keys:
        rig.time.go(TIMEOUT_S + 0.1 if paused else KEY_S)
        rig.site.press(DEVICE, key)
        rig.settle()
        if key == "#":
            _forgive(rig)
    exact = sum(entry in rig.live for entry in _entries(keys))
    assert openings(rig) - before == exact
    assert len(rig.bodies(EventKind.PIN_LOCKOUT)) == 0
