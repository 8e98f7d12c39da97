"""One JSON line a case, and whether its goal was met.

A goal is text: `ratio <= 0.5`, `value <= 150`, several joined by ` and `.
`ok` is computed from it here and nowhere else.
"""

from __future__ import annotations

import json
import operator
import re
import sys
from collections.abc import Callable, Sequence
from typing import Final, TextIO

_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
}
_TERM: Final = re.compile(r"(value|ratio|peer_value)\s*(<=|>=|==|<|>)\s*(-?\d+(?:\.\d+)?)")


class GoalError(ValueError):
    """The text of a goal cannot be read, or names a figure that was not measured."""


def goal_met(goal: str, value: float, peer_value: float | None, ratio: float | None) -> bool:
    """Whether the figures satisfy every term of `goal`; GoalError when a term is unreadable."""
    figures = {"value": value, "peer_value": peer_value, "ratio": ratio}
    return all(_term_met(term.strip(), figures) for term in goal.split(" and "))


def _term_met(term: str, figures: dict[str, float | None]) -> bool:
    match = _TERM.fullmatch(term)
    if match is None:
        raise GoalError(f"goal term {term!r}: write '<value|ratio|peer_value> <= <number>'")
    figure = figures[match[1]]
    if figure is None:
        raise GoalError(f"goal term {term!r}: there is no {match[1]} without a peer")
    return _COMPARE[match[2]](figure, float(match[3]))


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that `percent` of all samples do not exceed (nearest rank)."""
    if not samples:
        raise ValueError("a percentile needs at least one sample")
    ordered = sorted(samples)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[min(len(ordered), int(rank)) - 1]


class Report:
    """Prints the lines of one benchmark and remembers whether all goals were met."""

    def __init__(self, bench: str, out: TextIO | None = None) -> None:
        self.bench = bench
        self.failed = 0
        self._out = out if out is not None else sys.stdout

    def line(
        self,
        case: str,
        value: float,
        unit: str,
        goal: str,
        peer: str | None = None,
        peer_value: float | None = None,
    ) -> bool:
        """Prints one case and returns whether its goal was met; ratio is value / peer_value."""
        ratio = value / peer_value if peer_value else None
        met = goal_met(goal, value, peer_value, ratio)
        self.failed += not met
        record = {
            "bench": self.bench,
            "case": case,
            "value": round(value, 4),
            "unit": unit,
            "peer": peer,
            "peer_value": None if peer_value is None else round(peer_value, 4),
            "ratio": None if ratio is None else round(ratio, 4),
            "goal": goal,
            "ok": met,
        }
        print(json.dumps(record, ensure_ascii=False), file=self._out, flush=True)
        return met

    @property
    def exit_code(self) -> int:
        """0 when every goal so far was met, else 1."""
        return 1 if self.failed else 0


def report(
    bench: str,
    case: str,
    value: float,
    unit: str,
    peer: str | None,
    peer_value: float | None,
    goal: str,
) -> bool:
    """One line without keeping a `Report`; the caller turns False into exit code 1."""
    return Report(bench).line(case, value, unit, goal, peer, peer_value)
