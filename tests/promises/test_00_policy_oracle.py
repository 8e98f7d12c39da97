"""Whatever people present, in whatever order, the door does what docs/policy.md says: an oracle
written from the page alone lives the same days as the agent's real loop, and never disagrees."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.promises.policy_towns import Day

TOWNS, PRESENTATIONS = 10, 52
SOAK_TOWNS, SOAK_PRESENTATIONS = 100, 100
SEED = 20261126


def live(seeds: range, presentations: int, folder: Path) -> Counter[str]:
    """Live a few days in each of several towns; give how often each reason was told."""
    told: Counter[str] = Counter()
    for seed in seeds:
        day = Day(seed, folder / f"town-{seed}.sqlite3")
        try:
            day.run(presentations)
        except Exception as error:
            raise AssertionError(day.told(repr(error))) from error
        finally:
            day.close()
        told.update(day.compared)
        told["presented"] += day.presented
    return told


def test_five_hundred_presentations_are_answered_as_the_page_says(tmp_path: Path):
    told = live(range(SEED, SEED + TOWNS), PRESENTATIONS, tmp_path)
    assert told["presented"] >= 500
    wanted = ("card_valid", "pin_valid", "anti_passback", "second_person_missing", "pair", "led")
    for reason in (*wanted, "escort_missing", "expired", "by_zone"):
        assert told[reason] > 0, f"{reason} was never told: the towns are too tame"


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_ten_thousand_presentations_are_answered_as_the_page_says(tmp_path: Path, capsys):
    first = time.time_ns() % 10**9
    told = live(range(first, first + SOAK_TOWNS), SOAK_PRESENTATIONS, tmp_path)
    assert told["presented"] >= SOAK_TOWNS * SOAK_PRESENTATIONS
    with capsys.disabled():
        counts = dict(sorted(told.items()))
        print(json.dumps({"soak": "policy_oracle", "seed": first, "differences": 0, **counts}))
