"""Better times for events whose clock was not trusted: pure arithmetic (docs/time.md).

An anchor says what the wall time was at one reading of the monotonic clock. Within the same boot
every other reading is then known too, less what a crystal strays. A boot without an anchor is
bounded by its neighbours in the journal: it began after the last event of the boot before, and all
of it came before the one that followed began. Order is that of the journal, never that of a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

DRIFT_PPM: Final = 100
"""How far an edge's monotonic clock may stray; the edge's own bound."""
SURE_MS: Final = 60_000
"""A time that is known within this counts as if its clock had been held over."""

_NS_A_US: Final = 1_000
_MILLION: Final = 1_000_000
_MS: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `mono_ns` of this boot the wall time was `at` (UTC), within `error_ms`."""

    controller: str
    boot: str
    mono_ns: int
    at: datetime
    error_ms: int

    def bounds(self, mono_ns: int) -> tuple[datetime, datetime]:
        """Give the earliest and the latest instant that another reading can have been."""
        gone_ns = mono_ns - self.mono_ns
        strays_us = -(-abs(gone_ns) * DRIFT_PPM // _MILLION) // _NS_A_US + 2
        off = timedelta(milliseconds=self.error_ms) + timedelta(microseconds=strays_us)
        at = self.at + timedelta(microseconds=gone_ns // _NS_A_US)
        return at - off, at + off


@dataclass(frozen=True, slots=True)
class KnownTime:
    """An instant (UTC) and how far off it may be."""

    at: datetime
    error_ms: int

    @classmethod
    def between(cls, earliest: datetime, latest: datetime) -> KnownTime:
        """Give the middle, which is wrong by half of what lies between at most."""
        half = (latest - earliest) / 2
        return cls(earliest + half, -(-half // _MS) + 1)

    @property
    def is_sure(self) -> bool:
        """Whether it may be reckoned with as it stands."""
        return self.error_ms <= SURE_MS


@dataclass(frozen=True, slots=True)
class BootSpan:
    """One boot's share of a journal epoch: the seq it begins with, which alone gives the order of
    boots, since rows may come ahead of a backlog; and the newest reading of its monotonic clock."""

    epoch: int
    boot: str
    first_seq: int
    last_mono_ns: int


Anchors: TypeAlias = Callable[[str, int], Sequence[Anchor]]
"""`(boot, mono_ns)` to the boot's anchors near that reading; empty for a boot without any."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is known of the times of one controller. `spans` are in the journal's order."""

    spans: tuple[BootSpan, ...]
    anchors: Anchors

    def time_of(self, boot: str, mono_ns: int, received_at: datetime) -> KnownTime | None:
        """Give the best time of an event; None where nothing bounds it. The hub received it after
        it happened."""
        try:
            anchored = self._anchored(boot, mono_ns)
            if anchored is not None:
                return KnownTime.between(*anchored)
            earliest, latest = self._between(boot, mono_ns)
        except OverflowError:  # beyond the calendar: a forged reading
            return None
        if earliest is None:
            return None
        if received_at >= earliest:
            latest = received_at if latest is None else min(latest, received_at)
        if latest is None or latest < earliest:
            return None  # clocks contradict each other: the original says as much
        return KnownTime.between(earliest, latest)

    def touched_by(self, boot: str) -> frozenset[str]:
        """Name the boots whose events an anchor of this boot tells of: it, and those right before
        it that have none of their own."""
        found = {boot}
        for epoch, at in self._places(boot):
            for span in reversed(epoch[:at]):
                if self.anchors(span.boot, span.last_mono_ns):
                    break
                found.add(span.boot)
        return frozenset(found)

    def _places(self, boot: str) -> list[tuple[list[BootSpan], int]]:
        """Give the epochs in which a boot stands, and where."""
        epochs: dict[int, list[BootSpan]] = {}
        for span in self.spans:
            epochs.setdefault(span.epoch, []).append(span)
        return [
            (epoch, at)
            for epoch in epochs.values()
            for at, span in enumerate(epoch)
            if span.boot == boot
        ]

    def _anchored(self, boot: str, mono_ns: int) -> tuple[datetime, datetime] | None:
        found = [anchor.bounds(mono_ns) for anchor in self.anchors(boot, mono_ns)]
        return min(found, key=lambda both: both[1] - both[0], default=None)

    def _between(self, boot: str, mono_ns: int) -> tuple[datetime | None, datetime | None]:
        earliest: datetime | None = None
        latest: datetime | None = None
        for epoch, at in self._places(boot):
            after = self._ended(epoch[:at])
            if after is not None:
                after += _at_least(mono_ns)
                earliest = after if earliest is None else max(earliest, after)
            before = self._begins(epoch[at + 1 :])
            if before is not None:
                before -= _at_least(epoch[at].last_mono_ns - mono_ns)
                latest = before if latest is None else min(latest, before)
        return earliest, latest

    def _ended(self, spans: Sequence[BootSpan]) -> datetime | None:
        """Give the earliest instant at which the last of these boots can have ended."""
        gone = timedelta()
        for span in reversed(spans):
            anchored = self._anchored(span.boot, span.last_mono_ns)
            if anchored is not None:
                return anchored[0] + gone
            gone += _at_least(span.last_mono_ns)
        return None

    def _begins(self, spans: Sequence[BootSpan]) -> datetime | None:
        """Give the latest instant at which the first of these boots can have begun."""
        gone = timedelta()
        for span in spans:
            anchored = self._anchored(span.boot, 0)
            if anchored is not None:
                return anchored[1] - gone
            gone += _at_least(span.last_mono_ns)
        return None


def _at_least(gone_ns: int) -> timedelta:
    """Give how much time has certainly gone by while the clock counted so much."""
    certain_ns = gone_ns - -(-gone_ns * DRIFT_PPM // _MILLION)
    return timedelta(microseconds=max(certain_ns, 0) // _NS_A_US)
