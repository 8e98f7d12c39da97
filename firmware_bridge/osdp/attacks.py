"""What tells an attack on the line from a bad line: kind and rate.

Noise breaks check characters. A frame whose CRC holds and whose MAC does not, a reply in clear
inside of a session, a challenge answered without its key: none of these comes from noise alone.
What a slow or restarting board may do now and then counts only when it comes often, and where
the line is noisy or has checksums of one byte, more is needed of everything.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from firmware_bridge.osdp.config import SECOND
from firmware_bridge.osdp.framing import Check

_NEVER_NS: Final = 1 << 62
_REPORT_EVERY_NS: Final = 10 * SECOND
_NOISY_NS: Final = 10 * SECOND
_ON_NOISY_LINE: Final = 3
_WITH_CHECKSUM: Final = 8
_SHORT_NS: Final = 10 * SECOND
_LONG_NS: Final = 60 * SECOND


class AttackKind(StrEnum):
    """What was refused that no honest device and no noise sends."""

    FORGED_REPLY = "forged_reply"
    CLEAR_REPLY = "clear_reply"
    REPLAYED_REPLY = "replayed_reply"
    UNASKED_REPLY = "unasked_reply"
    SECOND_PANEL = "second_panel"
    FORCED_RECONNECTS = "forced_reconnects"
    # Only of a peripheral that has proved its key before.
    DOWNGRADE = "downgrade"
    DEFAULT_KEY = "default_key"
    IMPOSTOR = "impostor"


# How often within which time each must be seen on a clean line.
_NEEDED: Final[dict[AttackKind, tuple[int, int]]] = {
    AttackKind.FORGED_REPLY: (1, _SHORT_NS),
    AttackKind.CLEAR_REPLY: (1, _SHORT_NS),
    AttackKind.REPLAYED_REPLY: (3, _SHORT_NS),
    AttackKind.UNASKED_REPLY: (3, _SHORT_NS),
    AttackKind.SECOND_PANEL: (3, _SHORT_NS),
    AttackKind.FORCED_RECONNECTS: (3, _LONG_NS),
    AttackKind.DOWNGRADE: (3, _LONG_NS),
    AttackKind.DEFAULT_KEY: (1, _LONG_NS),
    AttackKind.IMPOSTOR: (3, _LONG_NS),
}


@dataclass(slots=True)
class _Suspicion:
    seen_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_WITH_CHECKSUM))
    count: int = 0
    report_ns: int | None = None
    next_ns: int = 0


class AttackLog:
    """Counts suspicions by address and kind; `due` gives those that are attacks, each at once
    and then at most every 10 s."""

    def __init__(self) -> None:
        self._suspicions: dict[tuple[int, AttackKind], _Suspicion] = {}
        self._noise_ns = -_NEVER_NS

    def noise(self, now_ns: int) -> None:
        """A check character did not hold: the line is noisy for a while."""
        self._noise_ns = now_ns

    def note(self, address: int, kind: AttackKind, check: Check | None, now_ns: int) -> None:
        """Something was refused; `check` where a frame's check character held."""
        one = self._suspicions.setdefault((address, kind), _Suspicion())
        one.seen_ns.append(now_ns)
        one.count += 1
        needed, window_ns = _NEEDED[kind]
        if check is Check.CHECKSUM:
            needed = _WITH_CHECKSUM
        elif now_ns - self._noise_ns < _NOISY_NS:
            needed = max(needed, _ON_NOISY_LINE)
        recent = sum(now_ns - seen_ns < window_ns for seen_ns in one.seen_ns)
        if recent >= needed and one.report_ns is None:
            one.report_ns = max(now_ns, one.next_ns)

    @property
    def wake_ns(self) -> int:
        """When the next attack is to be told."""
        times = (one.report_ns for one in self._suspicions.values() if one.report_ns is not None)
        return min(times, default=_NEVER_NS)

    def due(self, now_ns: int) -> list[tuple[int, AttackKind, int]]:
        """The attacks to tell now: address, kind, how often since it was last told."""
        told = []
        for (address, kind), one in self._suspicions.items():
            if one.report_ns is not None and one.report_ns <= now_ns:
                told.append((address, kind, one.count))
                one.count, one.report_ns = 0, None
                one.next_ns = now_ns + _REPORT_EVERY_NS
        return told
