"""New cells that nobody recorded: found on simulated lives, and never where there are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from hub.batteries.domain import ChemistryKind, Profile, Reading
from hub.batteries.replaced import lives_days, replaced_at

NEW = datetime(2025, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PACK = Profile("d", ChemistryKind.ALKALINE, 4, 4300, 86400)


@pytest.mark.parametrize("kind", [ChemistryKind.ALKALINE, ChemistryKind.LITHIUM_CR])
def test_a_life_without_a_change_has_none_and_two_lives_have_one(
    cells: Any, kind: ChemistryKind
) -> None:
    """Through noise, outliers, frost and missing weeks, on 40 packs; in any order."""
    for seed in range(40):
        first, second = cells.live(31_000 + seed, kind), cells.live(32_000 + seed, kind)
        assert replaced_at(first.readings, first.profile) == ()
        moved = first.dead_at + DAY - second.new_at
        later = [replace(each, at=each.at + moved) for each in second.readings]
        both = [*first.readings, *later]
        Random(seed).shuffle(both)
        (found,) = replaced_at(both, first.profile)
        assert later[0].at <= found <= later[3].at


def test_one_high_reading_is_no_change() -> None:
    flat = [Reading(NEW + DAY * n, 4700, 200) for n in range(30)]
    wild = [*flat[:15], replace(flat[15], millivolts=6300), *flat[16:]]
    assert replaced_at(wild, PACK) == ()
    assert replaced_at([], PACK) == ()
    assert replaced_at(flat[:1], PACK) == ()


def test_lives_lie_between_changes() -> None:
    assert lives_days([NEW + DAY * 500, NEW, NEW + DAY * 200]) == (200, 300)
    assert lives_days([NEW]) == ()
