"""Any history of codes typed, restarts, policies and time keeps three promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.core.backup import DoorCodes, KeptCodes, judge_backup
from edge.core.clock_now import ClockNow
from wire import policy_bodies as pb
from wire.clock import ClockState
from wire.offline_profiles import EPOCH, PROFILES
from wire.reasons import Reason
from wire.sealed_codes import CodeKey, SealedCode

QUARTER = PROFILES["quarter"]
KEY = CodeKey(bytes(range(32)))
ONE_TIME = [number for number, shape in enumerate(QUARTER.shapes) if shape.once]
BODY = pb.BackupCodes(profile="quarter", sealed="-", grace_s=3_600)


class AnyHistory(RuleBasedStateMachine):
    """A door, its hub somewhere, and whoever types. The hub raises its generation by one, and the
    policy brings it or not."""

    def __init__(self) -> None:
        super().__init__()
        self.at = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
        self.floor = self.at
        self.hub_generation = 0
        self.policy_generation = 0
        self.seen_generation = 0
        self.away_ns: int | None = 0
        self.taken_once: set[SealedCode] = set()
        self.codes = DoorCodes.of(QUARTER, KEY, BODY, None)

    def _code(self, shape: int, behind: int, variant: int, generation: int) -> SealedCode:
        grid_s = QUARTER.shapes[shape].grid_s
        slot = int((self.at - EPOCH).total_seconds()) // grid_s - behind
        return SealedCode(shape, slot, generation % QUARTER.generations, variant)

    def _type(self, code: SealedCode, absolute: int) -> None:
        now = ClockNow("boot", 0, self.at, ClockState.TRUSTED, 500, self.floor)
        judged = judge_backup(self.codes, 9, lambda _profile, _key: code, now, self.away_ns)
        if judged.reason is not Reason.SEALED_CODE_VALID:
            return
        start, end = code.window(QUARTER)
        assert start <= self.at + timedelta(seconds=1)
        assert self.at - timedelta(seconds=1) < end
        assert self.floor < end
        assert self.away_ns is not None
        assert self.away_ns < 3_600 * 10**9
        assert absolute >= self.seen_generation
        if code.shape in ONE_TIME:
            assert code not in self.taken_once
            self.taken_once.add(code)
        self.seen_generation = absolute
        self.codes = self.codes.taken(code, self.floor)

    @rule(
        shape=st.integers(0, len(QUARTER.shapes) - 1),
        behind=st.integers(-1, 4),
        variant=st.integers(0, 1),
        back=st.integers(0, 3),
    )
    def type_a_code_that_was_issued(self, shape: int, behind: int, variant: int, back: int) -> None:
        generation = max(self.hub_generation - back, 0)
        self._type(self._code(shape, behind, variant, generation), generation)

    @rule(shape=st.sampled_from(ONE_TIME), behind=st.integers(0, 2))
    def type_a_one_time_code_again_and_again(self, shape: int, behind: int) -> None:
        code = self._code(shape, behind, 0, self.hub_generation)
        self._type(code, self.hub_generation)
        self._type(code, self.hub_generation)

    @rule(seconds=st.sampled_from([0, 60, 900, 7_200, 90_000]))
    def time_goes_by(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        self.floor = max(self.floor, self.at - timedelta(seconds=1))
        if self.away_ns:
            self.away_ns += seconds * 10**9

    @rule()
    def the_clock_is_set_back_a_little(self) -> None:
        self.at = max(self.at - timedelta(seconds=1), self.floor - timedelta(seconds=1))

    @rule()
    def the_hub_retires_a_generation(self) -> None:
        if self.hub_generation - self.seen_generation < QUARTER.ahead - 1:
            self.hub_generation += 1

    @rule()
    def the_policy_comes(self) -> None:
        self.policy_generation = self.hub_generation
        self.seen_generation = self.hub_generation
        self._start()

    @rule()
    def the_agent_restarts(self) -> None:
        self._start()

    def _start(self) -> None:
        kept = KeptCodes.load(self.codes.kept.save())
        body = pb.BackupCodes(
            profile="quarter",
            sealed="-",
            generation=self.policy_generation % QUARTER.generations,
            grace_s=3_600,
        )
        self.codes = DoorCodes.of(QUARTER, KEY, body, kept)

    @rule(away=st.sampled_from([0, 1, None]))
    def the_link_changes(self, away: int | None) -> None:
        self.away_ns = away

    @invariant()
    def what_is_held_is_the_newest_generation_that_was_seen(self) -> None:
        assert self.codes.newest == self.seen_generation % QUARTER.generations
        assert replace(self.codes, used={}).kept.used == {}


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
