"""Chemistries, from `chemistries.toml`: what a cell shows at which share of its charge."""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from hub.batteries.domain import ChemistryKind

FILE: Final = Path(__file__).with_name("chemistries.toml")
STEPS: Final = 1000
"""Steps of the table from new (0) to empty (`STEPS`)."""
BEYOND: Final = 400
"""Steps past empty, where the voltage falls as at the very end."""


@dataclass(frozen=True, slots=True)
class Chemistry:
    """One kind of cell, in millivolts of one cell.

    `table[i]` is the voltage at the depth of discharge `i / STEPS`, falling all the way; it goes
    `BEYOND` steps past empty.
    """

    kind: ChemistryKind
    table: tuple[float, ...]
    sag_mv_per_k: float
    spread_mv: float
    cutoff_mv: int
    life_days: float

    def depth_at(self, millivolts: float) -> float:
        """Give the depth of discharge (0 new, 1 empty) at which a cell shows a voltage."""
        # The table falls: search it by its negative.
        found = bisect_left(self.table, -millivolts, key=lambda each: -each)
        return min(found, len(self.table) - 1) / STEPS


@cache
def chemistries() -> Mapping[ChemistryKind, Chemistry]:
    """Give every chemistry; read once, from the file beside this one. Raises `ValueError` for a
    kind that is missing, and for a curve that does not fall from 1 to 0."""
    with FILE.open("rb") as file:
        found = tomllib.load(file)
    return {kind: _chemistry(kind, found[kind.value]) for kind in ChemistryKind}


def _chemistry(kind: ChemistryKind, table: Mapping[str, object]) -> Chemistry:
    given = table["curve"]
    if not isinstance(given, list):
        raise ValueError(f"{kind}: a curve is a list of [part left, millivolts]")
    points = [(1.0 - float(left), float(shown)) for left, shown in given]
    falls = all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(points))
    if not falls or points[0][0] != 0.0 or points[-1][0] != 1.0:
        raise ValueError(f"{kind}: a curve falls from 1.0 left to 0.0 left")
    return Chemistry(
        kind=kind,
        table=_table(points),
        sag_mv_per_k=_number(table, "sag_mv_per_k"),
        spread_mv=_number(table, "spread_mv"),
        cutoff_mv=int(_number(table, "cutoff_mv")),
        life_days=_number(table, "life_days"),
    )


def _number(table: Mapping[str, object], name: str) -> float:
    value = table[name]
    if not isinstance(value, int | float) or value <= 0:
        raise ValueError(f"{name}: a number above 0")
    return float(value)


def _table(points: list[tuple[float, float]]) -> tuple[float, ...]:
    shown: list[float] = []
    at = 0
    for step in range(STEPS + 1):
        depth = step / STEPS
        while at < len(points) - 2 and depth > points[at + 1][0]:
            at += 1
        (d0, v0), (d1, v1) = points[at], points[at + 1]
        shown.append(v0 + (v1 - v0) * (depth - d0) / (d1 - d0))
    fall = shown[-2] - shown[-1]
    return (*shown, *(shown[-1] - fall * step for step in range(1, BEYOND + 1)))
