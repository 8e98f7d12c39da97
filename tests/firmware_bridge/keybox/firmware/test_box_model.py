"""Months of random use, power cuts and guessing, every step held against a model in Python."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from wire.offline_profiles import EARLY_S
from wire.sealed_codes import (
    CodeVerdict,
    LockClock,
    SealedCode,
    is_retired,
    judge_code,
    open_code,
    seal_code,
)

GRACE_S = 7_200
CAPACITY = 64
CALM_MS = 86_400_000


@dataclass
class Model:
    """What the rules of docs/offline-pin.md say of one box, beside its clock."""

    installed: Any
    draw: random.Random
    used: dict[SealedCode, int] = field(default_factory=dict)
    running_ms: int = 0
    wrong_ms: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def digits(self, shown: dict[str, Any]) -> str:
        """Something that somebody might type."""
        profile, draw = self.installed.profile, self.draw
        if draw.random() < 0.12:
            return "".join(draw.choices("0123456789", k=draw.choice((1, 8, 9, 9, 10, 11, 14))))
        if self.used and draw.random() < 0.1:
            return seal_code(profile, self.installed.key, draw.choice(list(self.used)))
        number = draw.choice((0, 2, 10, 11, 12, 12, 12, 13, 14, 18))
        shape = profile.shapes[number]
        at_s = shown["latest_s"] + draw.choice((0, 0, 0, 0, EARLY_S, 3 * EARLY_S, -40 * EARLY_S))
        slot = at_s // shape.grid_s - draw.randrange(0, 2)
        ahead = draw.choice((0, 0, 0, 0, 0, 0, 0, 1, -1, 4))
        generation = (shown["generation"] + ahead) % profile.generations
        code = SealedCode(number, slot, generation, draw.randrange(profile.variants))
        return seal_code(profile, self.installed.key, code)

    def verdict(self, digits: str, shown: dict[str, Any]) -> str:
        """What the rules say of an entry."""
        if shown["lockout_s"]:
            return "throttled"
        profile = self.installed.profile
        code = open_code(profile, self.installed.key, digits)
        clock = LockClock(shown["earliest_s"], shown["latest_s"])
        verdict = judge_code(profile, code, clock, shown["generation"], self.used)
        if verdict is CodeVerdict.VALID and code is not None and profile.shapes[code.shape].once:
            earliest_s = shown["earliest_s"]
            self.used = {k: v for k, v in self.used.items() if earliest_s < v + GRACE_S}
            if len(self.used) == CAPACITY:
                return "full"
            self.used[code] = code.window_s(profile)[1]
        return verdict.value

    def enter(self) -> None:
        """Type something, and hold every number against what follows from the rules."""
        box, before = self.installed.box, self.installed.box.show()
        digits = self.digits(before)
        verdict = self.verdict(digits, before)
        code = open_code(self.installed.profile, self.installed.key, digits)
        told = box.enter(digits)
        after = box.show()
        self.seen[verdict] += 1
        opens = verdict == "valid"
        assert ("feedback granted" in told) == opens, (verdict, digits, before)
        assert after["uses"] == before["uses"] + opens
        expected = dict.fromkeys(("tries_left", "level", "lockout_s", "generation"))
        expected.update({name: before[name] for name in expected})
        if opens and code is not None:
            assert not is_retired(self.installed.profile, code.generation, before["generation"])
            expected["generation"] = code.generation
            start_s, end_s = code.window_s(self.installed.profile)
            assert after["earliest_s"] == max(before["earliest_s"], start_s)
            assert after["latest_s"] == min(before["latest_s"], end_s - 1)
        elif verdict not in ("early", "throttled", "full"):
            self.wrong_ms = self.running_ms
            expected["tries_left"] -= 1
            if not expected["tries_left"]:
                expected["lockout_s"] = min(300 << before["level"], 86_400)
                expected["level"] = min(before["level"] + 1, 9)
        assert {name: after[name] for name in expected} == expected, verdict
        assert after["used"] == len(self.used)

    def advance(self) -> None:
        """Let time pass: seconds, or days."""
        before = self.installed.box.show()
        ms = self.draw.choice((1_000, 6_000, 61_000, 400_000, 3_600_000, 90_000_000))
        self.installed.box.say(f"advance {ms}")
        self.running_ms += ms
        after = self.installed.box.show()
        assert after["lockout_s"] == max(0, before["lockout_s"] - ms // 1000)
        if before["lockout_s"] and not after["lockout_s"]:
            assert after["tries_left"] == 5
        elif self.running_ms - self.wrong_ms < CALM_MS:
            assert (after["tries_left"], after["level"]) == (before["tries_left"], before["level"])

    def cut(self) -> None:
        """The power goes for a while."""
        before = self.installed.box.show()
        self.installed.box.say(f"power-cut {self.draw.choice((0, 5_000, 7_200_000))}")
        after = self.installed.box.show()
        for name in ("uses", "generation", "used", "tries_left", "level", "secret_version"):
            assert after[name] == before[name], name
        assert before["lockout_s"] <= after["lockout_s"] <= before["lockout_s"] + 60
        assert after["boots"] == before["boots"] + 1


def live(workshop: Any, seed: int, steps: int) -> Counter[str]:
    """A random life of one box; gives how often each verdict was met."""
    draw = random.Random(seed)
    model = Model(workshop.installed(name=f"box-{seed}"), draw)
    for _ in range(steps):
        draw.choices((model.enter, model.advance, model.cut), (12, 6, 1))[0]()
    model.installed.box.close()
    return model.seen


@pytest.mark.parametrize("seed", range(4))
def test_every_step_of_a_random_life_is_what_the_rules_say(workshop: Any, seed: int) -> None:
    seen = live(workshop, seed, 1_000)
    assert {"valid", "used", "early", "expired", "not_yet", "retired", "not_a_code"} <= set(seen)
    assert seen["throttled"] > 10


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_hundreds_of_random_lives_are_what_the_rules_say(workshop: Any) -> None:
    seen: Counter[str] = Counter()
    for seed in range(100, 200):
        seen += live(workshop, seed, 2_000)
    print(f"200,000 steps, verdicts: {dict(sorted(seen.items()))}")
    assert seen["valid"] > 10_000
