"""Alarms about the link, told at once and then ever less often, each time with their count.

A hostile broker can send faster than a journal may grow: the first of a kind is told at once, the
next not before `FIRST_PAUSE_S`, then twice that, up to `LONGEST_PAUSE_S`. Nothing goes uncounted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.ports import AlarmRaised
from wire.events import Alarm

FIRST_PAUSE_S: Final = 10
LONGEST_PAUSE_S: Final = 3_600
_NS: Final = 1_000_000_000


@dataclass(slots=True)
class _Kind:
    pause_s: int
    quiet_until_ns: int
    untold: int = 0


class AlarmLedger:
    """Counts alarms by kind, channel and cause."""

    __slots__ = ("_kinds", "counts")

    def __init__(self) -> None:
        self._kinds: dict[tuple[Alarm, str, str], _Kind] = {}
        self.counts: dict[str, int] = {}
        """Everything that was refused, by alarm, since the start."""

    def note(self, alarm: Alarm, channel: str, cause: str, now_ns: int) -> list[AlarmRaised]:
        """Count an alarm; give it if it is due to be told."""
        self.counts[alarm.value] = self.counts.get(alarm.value, 0) + 1
        key = (alarm, channel[:32], cause[:64])
        kind = self._kinds.setdefault(key, _Kind(FIRST_PAUSE_S, 0))
        kind.untold += 1
        return self._tell(key, kind, now_ns)

    def due(self, now_ns: int) -> list[AlarmRaised]:
        """Give what was counted since it was last told and whose pause is over."""
        told = [self._tell(key, kind, now_ns) for key, kind in self._kinds.items() if kind.untold]
        return [alarm for some in told for alarm in some]

    def _tell(self, key: tuple[Alarm, str, str], kind: _Kind, now_ns: int) -> list[AlarmRaised]:
        if now_ns < kind.quiet_until_ns:
            return []
        long_quiet = now_ns - kind.quiet_until_ns > LONGEST_PAUSE_S * _NS
        pause_s = FIRST_PAUSE_S if long_quiet else kind.pause_s
        count, kind.untold = kind.untold, 0
        kind.quiet_until_ns = now_ns + pause_s * _NS
        kind.pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        return [AlarmRaised(*key, count=count)]
