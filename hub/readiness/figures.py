"""Hit rate and latencies: from what was kept to figures that can be published. Pure.

The clock of an issue starts when the change that a door had to learn was committed, or when its
window came within the horizon if that was later; of a revocation, when it was committed. It stops
with the commit of the digest that proves it. Both ends are the hub's own clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.pins.placement import PlacementEvent, PlacementState
from hub.readiness.tables import Latency

BUCKETS_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 86400.0)
"""Upper bounds of the histogram's buckets, seconds; a last one has no bound."""

_ORDERS: Final = frozenset({PlacementEvent.MAKE, PlacementEvent.CHANGE, PlacementEvent.APPROVE})


@dataclass(frozen=True, slots=True)
class PlacementStep:
    """One row of a placement's history."""

    at: datetime
    event: PlacementEvent
    state: PlacementState


@dataclass(frozen=True, slots=True)
class Took:
    """How long one door took to learn, or to forget, one PIN."""

    kind: Latency
    credential_id: str
    door_id: str
    site_id: str
    began_at: datetime
    done_at: datetime
    connected: bool

    @property
    def seconds(self) -> float:
        """How long, in seconds."""
        return max(0.0, (self.done_at - self.began_at).total_seconds())


def issue_began(
    steps: Sequence[PlacementStep], confirmed: datetime, within: datetime
) -> datetime | None:
    """Give when the clock of an issue started that was confirmed at an instant; `within` is when
    its window came within the horizon.

    The change that counts is the last one before the entries went out the last time: earlier ones
    were overtaken by it. None where nobody ordered anything: a controller that is sent the same
    again (other keys, a changed door) is no issue.
    """
    past = [step for step in steps if step.at <= confirmed]
    confirms = [i for i, step in enumerate(past) if step.event is PlacementEvent.CONFIRM]
    if not confirms:
        return None
    last = confirms[-1]
    before = confirms[-2] if len(confirms) > 1 else -1
    sends = [i for i in range(before + 1, last) if past[i].event is PlacementEvent.SEND]
    if not sends:
        return None
    orders = [i for i in range(before + 1, sends[-1]) if past[i].event in _ORDERS]
    if not orders:
        return None
    return min(max(past[orders[-1]].at, within), confirmed)


def revoke_began(steps: Sequence[PlacementStep], confirmed: datetime) -> datetime | None:
    """Give when the clock of a revocation started that was confirmed at an instant."""
    found = [
        step.at for step in steps if step.event is PlacementEvent.REVOKE and step.at <= confirmed
    ]
    return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Distribution:
    """How long something took, in seconds. `buckets` are (upper bound, how many), not added up; the
    bound of the last is None. Without a value all figures are None."""

    count: int
    p50_s: float | None
    p90_s: float | None
    p99_s: float | None
    max_s: float | None
    buckets: tuple[tuple[float | None, int], ...]


def distribution(seconds: Iterable[float]) -> Distribution:
    """Sum up durations. Percentiles are values that occurred (nearest rank), never made between."""
    values = sorted(seconds)
    counts = [0] * (len(BUCKETS_S) + 1)
    for value in values:
        counts[next((i for i, top in enumerate(BUCKETS_S) if value <= top), -1)] += 1
    bounds: tuple[float | None, ...] = (*BUCKETS_S, None)
    return Distribution(
        count=len(values),
        p50_s=_rank(values, 0.50),
        p90_s=_rank(values, 0.90),
        p99_s=_rank(values, 0.99),
        max_s=values[-1] if values else None,
        buckets=tuple(zip(bounds, counts, strict=True)),
    )


def _rank(values: Sequence[float], share: float) -> float | None:
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None


@dataclass(frozen=True, slots=True)
class Rate:
    """How many deadlines were met."""

    met: int
    missed: int

    @property
    def share(self) -> float | None:
        """The share that was met, 0 to 1; None where there was none."""
        total = self.met + self.missed
        return self.met / total if total else None


def rate(met: Iterable[bool]) -> Rate:
    """Count deadlines."""
    listed = list(met)
    return Rate(sum(listed), len(listed) - sum(listed))


def rates(pairs: Iterable[tuple[str, bool]]) -> dict[str, Rate]:
    """Count deadlines by what they belong to."""
    grouped: dict[str, list[bool]] = {}
    for name, met in pairs:
        grouped.setdefault(name, []).append(met)
    return {name: rate(found) for name, found in sorted(grouped.items())}


@dataclass(frozen=True, slots=True)
class LatencyFigures:
    """One kind of latency, all of it and parted by whether the controller had the hub."""

    every: Distribution
    connected: Distribution
    away: Distribution


def latency_figures(took: Sequence[Took], kind: Latency) -> LatencyFigures:
    """Sum up one kind."""
    own = [each for each in took if each.kind is kind]
    return LatencyFigures(
        distribution(each.seconds for each in own),
        distribution(each.seconds for each in own if each.connected),
        distribution(each.seconds for each in own if not each.connected),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """What a town publishes of a span of days: each booking counts once."""

    since: datetime
    until: datetime
    town: Rate
    by_site: Mapping[str, Rate]
    by_door: Mapping[str, Rate]
    issue: LatencyFigures
    revoke: LatencyFigures


LONGEST: Final = timedelta(days=400)
"""The longest span that is summed up at once."""
