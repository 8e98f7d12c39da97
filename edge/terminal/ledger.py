"""What was punched here lately, by person: to explain a second tap, and to show who tapped their
own punches of the day. Filled from the journal at a start, so that it is the same after one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from edge.core.clock_now import ClockNow
from wire.clock import ClockState, utc
from wire.events import Event, PunchBody, PunchDirection, decode_event_body

JAPAN: Final = ZoneInfo("Asia/Tokyo")
KEPT: Final = timedelta(hours=36)
_SHIFT: Final = timedelta(hours=16)
_OPEN: Final = frozenset({PunchDirection.IN, PunchDirection.BREAK_START, PunchDirection.BREAK_END})
_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Noted:
    """A punch: `at` as the clock stood, `relied_on` whether that clock was."""

    direction: PunchDirection
    at: datetime
    boot: str
    mono_ns: int
    relied_on: bool

    @property
    def day(self) -> date:
        """The date in Japan."""
        return self.at.astimezone(JAPAN).date()


class Ledger:
    """The punches of the last day and a half."""

    def __init__(self) -> None:
        self._by_person: dict[str, list[Noted]] = {}
        self._swept: date | None = None

    def take_up(self, events: Iterable[Event]) -> None:
        """Note what the journal holds, in whatever order."""
        for event in events:
            body = decode_event_body(event)
            if isinstance(body, PunchBody):
                relied_on = event.clock is not ClockState.UNTRUSTED
                noted = Noted(body.direction, utc(event.at), event.boot, event.mono_ns, relied_on)
                self._by_person.setdefault(body.person, []).append(noted)

    def note(self, person: str, direction: PunchDirection, now: ClockNow) -> None:
        """Note a punch that was made at a moment."""
        noted = Noted(direction, now.at, now.boot, now.mono_ns, now.relied_on)
        self._by_person.setdefault(person, []).append(noted)
        self._sweep(now.at)

    def today(self, person: str, now: ClockNow) -> tuple[Noted, ...]:
        """A person's punches of today, oldest first; after a night shift also the newest of
        yesterday, which it began with."""
        day = now.at.astimezone(JAPAN).date()
        found = sorted(self._by_person.get(person, ()), key=lambda one: one.at)
        todays = tuple(one for one in found if one.day == day)
        before = [one for one in found if one.day < day]
        if before and before[-1].direction in _OPEN and now.at - before[-1].at <= _SHIFT:
            return (before[-1], *todays)
        return todays

    def repeated(
        self, person: str, direction: PunchDirection | None, now: ClockNow, within_s: int
    ) -> Noted | None:
        """The newest punch that this one repeats: the same direction (None: any), not longer ago
        than `within_s` by the clock that no setting moves, if it is the same run of it."""
        for one in reversed(self._by_person.get(person, [])):
            if direction not in (None, PunchDirection.INFERRED, one.direction):
                continue
            if _seconds_since(one, now) < within_s:
                return one
        return None

    def _sweep(self, at: datetime) -> None:
        """Once a day, forget what is old."""
        day = at.astimezone(JAPAN).date()
        if day == self._swept:
            return
        self._swept = day
        for person, noted in list(self._by_person.items()):
            kept = [one for one in noted if at - one.at < KEPT]
            if kept:
                self._by_person[person] = kept
            else:
                del self._by_person[person]


def _seconds_since(one: Noted, now: ClockNow) -> float:
    if one.boot == now.boot:
        return abs(now.mono_ns - one.mono_ns) / _SECOND_NS
    return abs((now.at - one.at).total_seconds())
