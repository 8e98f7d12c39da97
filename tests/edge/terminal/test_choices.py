"""Whatever is pressed and tapped, in whatever order: every tap is settled once, by a key that was
meant for it or by none."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.core.clock_now import ClockNow
from edge.core.model import Source
from edge.terminal import choices
from edge.terminal.choices import Standing, Step, Tap, Waits
from wire.clock import ClockState
from wire.events import PunchBody, PunchDirection

WAITS = Waits(choice_s=10, ask_s=8)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
DIRECTIONS = st.sampled_from([one for one in PunchDirection if one is not PunchDirection.INFERRED])


class Counter(RuleBasedStateMachine):
    """A counter with one clerk behind it, who notes what everybody said of their own tap."""

    def __init__(self) -> None:
        super().__init__()
        self.standing = Standing()
        self.now_ns = 1_000_000_000
        self.taps: list[Tap] = []
        self.settled: list[choices.Settled] = []
        self.meant: dict[int, PunchDirection | None] = {}
        self.pressed: tuple[PunchDirection, int] | None = None
        """The key that stands for the next tap, and when it was pressed."""
        self.ended_ns: int | None = None

    def follow(self, step: Step) -> None:
        self.standing = step.standing
        self.settled += step.settled

    @property
    def open(self) -> Tap | None:
        """The tap that is not settled yet: one at most, the newest."""
        done = {id(one.tap) for one in self.settled}
        left = [one for one in self.taps if id(one) not in done]
        assert len(left) <= 1
        return left[0] if left else None

    @rule(milliseconds=st.integers(1, 12_000))
    def time_passes(self, milliseconds: int) -> None:
        before = self.open
        for _ in range(0, milliseconds, 250):
            self.now_ns += 250_000_000
            self.follow(choices.tick(self.standing, self.now_ns))
            if before is not None and self.open is None:
                self.ended_ns, before = self.now_ns, None

    @rule(person=st.sampled_from("abc"), ask=st.booleans())
    def somebody_taps(self, person: str, ask: bool) -> None:
        before = self.open
        punch = PunchBody(
            reader="r", person=person, credential=person, direction=PunchDirection.INFERRED
        )
        now = ClockNow("boot", self.now_ns, NOW, ClockState.TRUSTED, 1, NOW)
        new = Tap(punch, Source("d"), now)
        again = before is not None and before.punch.person == person
        if not again:
            self.taps.append(new)
            if ask and self.pressed is not None and self.now_ns - self.pressed[1] < 10_000_000_000:
                self.meant[id(new)], self.pressed = self.pressed[0], None
            if ask:
                self.pressed = None
        self.follow(choices.tap(self.standing, new, self.now_ns, WAITS, ask=ask))
        assert (self.open is before) if again else (self.open in (new, None))

    @rule(direction=DIRECTIONS)
    def a_key_of_the_keypad(self, direction: PunchDirection) -> None:
        asked = self.open
        step = choices.key(self.standing, direction, self.now_ns, WAITS, None)
        if asked is not None:
            self.meant[id(asked)] = direction
        elif step.late:
            assert self.ended_ns is not None
            assert self.now_ns - self.ended_ns < 1_500_000_000
        else:
            self.pressed = direction, self.now_ns
        self.follow(step)

    @precondition(lambda self: self.standing.asked is not None)
    @rule(direction=DIRECTIONS)
    def the_question_is_answered(self, direction: PunchDirection) -> None:
        asked = self.standing.asked
        assert asked is not None
        self.meant[id(asked.tap)] = direction
        self.follow(choices.key(self.standing, direction, self.now_ns, WAITS, asked.number))

    @rule(direction=DIRECTIONS, back=st.integers(1, 5))
    def an_answer_to_an_older_question_comes(self, direction: PunchDirection, back: int) -> None:
        number = self.standing.asked_last - back
        before = self.standing
        step = choices.key(before, direction, self.now_ns, WAITS, number)
        assert step.late
        assert (step.standing, step.settled) == (before, ())

    @rule()
    def a_choice_is_taken_back(self) -> None:
        self.pressed = None
        self.follow(choices.clear(self.standing))

    @invariant()
    def every_tap_is_settled_once_by_what_was_meant_for_it(self) -> None:
        ids = [id(one.tap) for one in self.settled]
        assert len(ids) == len(set(ids))
        assert set(ids) <= {id(one) for one in self.taps}
        for one in self.settled:
            assert one.direction == self.meant.get(id(one.tap))

    @invariant()
    def no_question_and_no_choice_stands_too_long(self) -> None:
        asked, chosen = self.standing.asked, self.standing.chosen
        assert (asked is None) == (self.open is None)
        assert asked is None or chosen is None
        if asked is not None:
            assert self.now_ns - asked.tap.now.mono_ns < 8_250_000_000


Counter.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestCounter = Counter.TestCase
