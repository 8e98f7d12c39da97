"""Guessing is throttled at every reader, over power cuts as well: nobody compares more PINs, sealed
codes or copyable cards in any span of time than the computed bound, and hits keep within what the
bound and the live codes make likely. Cards open while PINs are locked out, and the other way round.

A guesser types for as long as he likes, as fast as he is let or at his own pace, cuts the power
when he is locked out, and meets the agent's own loop with its journal file. What is *compared* is
counted where digits become a digest; time is in the test's hand. A hit is no wrong try and costs
none: wrong ones keep to the bound exactly.

Confidence: of `tries` codes drawn as the guesser draws them, at most binomial(tries, live / space)
are live ones. A run fails when it meets more than that allows with probability 1 - 1e-6; the space
is `hub.pins.weak.space_left`, a lower bound.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from math import exp, lgamma, log, log1p
from pathlib import Path

import pytest

from edge.core.budget import most_tries
from edge.service import presentations
from hub.pins.draw import draw_pin
from hub.pins.guess_risk import TryBudget
from hub.pins.guess_risk import most_tries as most_tries_of_door
from hub.pins.weak import space_left, weakness
from tests.edge.conftest import DEVICE, PIN, made_id
from tests.edge.service.conftest import CONTROLLER, Rig
from tests.promises.pins_bench import (
    BESIDE_READER,
    acknowledged,
    de_bruijn,
    last_reason,
    quick_folder,
    rig_at,
    soak_line,
)
from wire.events import EventKind, TryKind
from wire.offline_profiles import PROFILES
from wire.policy import EntryKind
from wire.policy_bodies import Assurance, BackupCodes, ReaderBody
from wire.reasons import Reason
from wire.sealing import seal_context, seal_secret

SHORT, LONG = 1_200, 1_000_000
LIVE, LENGTH = 24, 4
SPACE = space_left(LENGTH)
CONFIDENCE = 1e-6
TYPING_S = 2.0
QUARTER = PROFILES["quarter"]
READER = ReaderBody(device=DEVICE)
SPANS_S = (300, 3_600, 14_400, 86_400)


@dataclass
class Guesser:
    """Stands at one door's keypads. `compared` are the moments (s since the epoch) at which wrong
    digits were compared, or unknown cards looked up, in the order of time."""

    rig: Rig
    chance: random.Random
    compared: list[float] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)
    typed: int = 0
    cuts: int = 0
    served: int = 0
    asked: bool = False

    @property
    def now_s(self) -> float:
        return self.rig.time.wall_now.timestamp()

    def type(self, digits: str, channel: int = 0) -> None:
        """Type a code and confirm it."""
        self.rig.time.go(TYPING_S)
        self.asked = False
        self.rig.press(f"{digits}#", channel=channel)
        self.typed += 1
        if self.rig.unlocked:
            assert self.asked
            self.hits.append(digits)
            self.rest(6)
        elif self.asked:
            self.compared.append(self.now_s)

    def rest(self, seconds: float) -> None:
        self.rig.time.go(seconds)
        self.rig.site.advance(self.rig.time.mono)
        self.rig.settle()
        self.rig.loop.tick()
        self.rig.settle()

    def locked_out_s(self) -> float:
        """How long every keypad still refuses; 0 while one takes digits."""
        now_ns = self.rig.time.mono
        untils = [
            budget.until_ns
            for (_, kind), budget in self.rig.parts.memory.budgets.items()
            if kind is TryKind.PIN
        ]
        keypads = sum(body.keypad for body in self.rig.parts.memory.index.readers.values())
        left = [max(0, until - now_ns) / 1e9 for until in untils]
        return min(left) if len(left) == keypads else 0

    def go_on(self) -> None:
        """Wait as long as he is kept out, or not at all, or cut the power."""
        acknowledged(self.rig)
        left_s = self.locked_out_s()
        if not left_s:
            self.rest(self.chance.choice([0, 0, 0, 5, 70]))
            return
        self.card_opens()
        if self.chance.random() < 0.3:
            self.cuts += 1
            self.rig.restart(crash=True, reboot=True)
            self.rig.hub_time()
        elif self.chance.random() < 0.8:
            self.rest(left_s)

    def card_opens(self) -> None:
        """Somebody else comes by with a card."""
        before = len(self.rig.site.acts())
        self.rig.tap(assurance=Assurance.READER_VERIFIED)
        assert len(self.rig.site.acts()) == before + 1, "a card was kept out by wrong PINs"
        self.served += 1
        self.rest(6)

    def most_within(self, span_s: int) -> int:
        """The most comparisons in any span, both ends included."""
        at = self.compared
        return max(bisect_left(at, first + span_s + 1e-6) - n for n, first in enumerate(at))


@pytest.fixture
def guesser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guesser]:
    with quick_folder() as folder:
        yield from _guesser(folder, monkeypatch)


def _guesser(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Guesser]:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    with rig_at(folder / "edge.sqlite3") as rig:
        guesser = Guesser(rig, chance)
        rig.policy(
            rig.town.door(min_digits=LENGTH),
            rig.town.reader(assurance=Assurance.READER_VERIFIED),
        )
        digest = presentations.pin_digest

        def seen(*of: object) -> str:
            guesser.asked = True
            return digest(*of)

        monkeypatch.setattr(presentations, "pin_digest", seen)
        yield guesser


def _live(guesser: Guesser, count: int) -> set[str]:
    """Draw live codes as the hub does and give them to the door, good for ever."""
    taken: set[str] = set()
    rig, below = guesser.rig, lambda most: guesser.chance.randrange(most)
    for number in range(count):
        digits = draw_pin(LENGTH, below, taken.__contains__)
        taken.add(digits)
        rig.policy(
            rig.town.pin(digits, made_id(1_000 + number)),
            rig.town.grant(made_id(2_000 + number), credential=made_id(1_000 + number)),
        )
    return taken


def _at_random(guesser: Guesser) -> Iterator[str]:
    """Codes of the space that PINs are drawn from, none twice until all were tried."""
    space = [f"{n:0{LENGTH}d}" for n in range(10**LENGTH)]
    while True:
        order = [digits for digits in space if weakness(digits) is None]
        guesser.chance.shuffle(order)
        yield from order


def _in_order(guesser: Guesser) -> Iterator[str]:
    """Every code of a de Bruijn sequence, one digit further each time."""
    stream = de_bruijn(10, LENGTH)
    begin = guesser.chance.randrange(len(stream))
    stream = stream[begin:] + stream[:begin]
    while True:
        for at in range(len(stream) - LENGTH):
            yield stream[at : at + LENGTH]


def _sealed(guesser: Guesser) -> Iterator[str]:
    """Sealed codes of the door's profile."""
    while True:
        yield f"{guesser.chance.randrange(10**QUARTER.digits):0{QUARTER.digits}d}"


def most_hits(tries: int, chance: float) -> int:
    """The hits that so many tries exceed with a probability below `CONFIDENCE`."""
    tail, hits = 1.0, -1
    while tail > CONFIDENCE:
        hits += 1
        ways = lgamma(tries + 1) - lgamma(hits + 1) - lgamma(tries - hits + 1)
        tail -= exp(ways + hits * log(chance) + (tries - hits) * log1p(-chance))
    return hits


def _guess(
    guesser: Guesser, codes: Iterator[str], guesses: int, channels: tuple[int, ...] = (0,)
) -> None:
    while guesser.typed < guesses:
        for _ in range(guesser.chance.randint(1, 12)):
            guesser.type(next(codes), guesser.chance.choice(channels))
        guesser.go_on()


def _check(guesser: Guesser, live: int, space: float, bound: Callable[[int], int]) -> int:
    """Hold what was compared and hit against the bound; give the bound of the whole time."""
    for span_s in SPANS_S:
        assert guesser.most_within(span_s) <= bound(span_s), f"in {span_s} s"
    whole_s = int(guesser.compared[-1] - guesser.compared[0]) + 1
    most = bound(whole_s)
    assert len(guesser.compared) <= most
    tries = most + len(guesser.hits)
    assert len(guesser.hits) <= most_hits(tries, live / space), "more hits than chance allows"
    return most


@pytest.mark.parametrize("strategy", [_at_random, _in_order])
def test_guessing_is_throttled(guesser, strategy):
    _live(guesser, LIVE)
    _guess(guesser, strategy(guesser), SHORT)
    _check(guesser, LIVE, SPACE, lambda span_s: most_tries(READER, span_s))
    assert guesser.cuts > 5 < guesser.served
    lockouts = guesser.rig.bodies(EventKind.PIN_LOCKOUT)
    assert max(body.lockout_s for body in lockouts) >= 3_600


def test_guessing_sealed_codes_is_throttled(guesser):
    _backup_codes(guesser.rig)
    _guess(guesser, _sealed(guesser), SHORT // 2)
    one_in = float(1 / QUARTER.bound)
    _check(guesser, 1, one_in, lambda span_s: most_tries(READER, span_s))


def _backup_codes(rig: Rig) -> None:
    context = seal_context(CONTROLLER, "door", rig.town.door_id)
    sealed = seal_secret(rig.controller_key.public_key(), bytes(range(32)), context)
    rig.policy(
        rig.town.door(min_digits=LENGTH, backup=BackupCodes(profile="quarter", sealed=sealed))
    )


def test_guessing_is_throttled_at_two_keypads_of_one_door_as_the_hub_counts_it(guesser):
    """Whoever goes to and fro has both budgets, no more; the hub's guess-risk counts both."""
    rig = guesser.rig
    rig.policy(
        rig.town.put(
            EntryKind.READER,
            BESIDE_READER,
            ReaderBody(device=DEVICE, channel=1, door=rig.town.door_id, keypad=True, tries=3),
        )
    )
    _live(guesser, LIVE)
    _guess(guesser, _at_random(guesser), SHORT, channels=(0, 1))
    budget = TryBudget(5, 300, 3_600, beside=(TryBudget(3, 300, 3_600),))
    _check(guesser, LIVE, SPACE, lambda span_s: most_tries_of_door(budget, span_s))
    assert guesser.most_within(86_400) > most_tries(READER, 86_400), "one budget alone is not it"


def test_guessing_card_numbers_is_throttled_and_pins_go_on(guesser):
    rig, chance, looked_up = guesser.rig, guesser.chance, []
    rig.policy(
        rig.town.reader(),
        rig.town.pin(PIN, made_id(64)),
        rig.town.grant(made_id(65), credential=made_id(64)),
    )
    for number in range(SHORT):
        rig.time.go(0.4)
        rig.tap(number.to_bytes(7, "big"))
        reason = last_reason(rig)
        if reason is Reason.UNKNOWN_CARD:
            looked_up.append(guesser.now_s)
        else:
            assert reason is Reason.THROTTLED
            rig.time.go(chance.choice([1, 30, 61, 300]))
            if chance.random() < 0.05:
                rig.restart(crash=True, reboot=True)
                rig.hub_time()
        if number % 100 == 99:
            acknowledged(rig)
    guesser.compared = looked_up
    for span_s in (60, 300, 1_200, 3_600):
        assert guesser.most_within(span_s) <= most_tries(READER, span_s, TryKind.CARD)
    for _ in range(40):
        rig.tap(bytes(7))
    assert last_reason(rig) is Reason.THROTTLED
    rig.press(f"{PIN}#")
    assert rig.unlocked


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_a_million_guesses_are_throttled(monkeypatch, capsys):
    """Years at a keypad: PINs at random, in order, and sealed codes in turn."""
    with quick_folder() as folder:
        for guesser in _guesser(folder, monkeypatch):
            _live(guesser, LIVE)
            _backup_codes(guesser.rig)
            kinds = [_at_random(guesser), _in_order(guesser), _sealed(guesser)]
            while guesser.typed < LONG:
                codes = guesser.chance.choice(kinds)
                _guess(guesser, islice(codes, 10_000), min(guesser.typed + 5_000, LONG))
            most = _check(guesser, LIVE, SPACE, lambda span_s: most_tries(READER, span_s))
            line = soak_line(
                "a million guesses",
                guesses=guesser.typed,
                compared=len(guesser.compared),
                most=most,
                hits=len(guesser.hits),
                most_hits=most_hits(most, LIVE / SPACE),
                power_cuts=guesser.cuts,
                cards_served=guesser.served,
                until=datetime.fromtimestamp(guesser.now_s, UTC).date().isoformat(),
            )
    with capsys.disabled():
        print(line)
