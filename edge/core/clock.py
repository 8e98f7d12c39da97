"""The clock: what time it is, and how far it may be believed (WIRE.md, Time).

An anchor is a moment when wall time was known: (monotonic, wall, error). From it the time is
reckoned on the monotonic clock, its error growing by the stated drift:

    error <= trusted_ms     trusted
    error <= holdover_ms    holdover
    beyond, or no anchor    untrusted

Anchors come from a welcome (signed by the hub), from the kernel while NTP disciplines it, and at
boot from a battery RTC. None is taken that contradicts the floor, the newest instant that is
certainly past. NTP and an RTC can be forged: neither is taken against a welcome, nor far beyond the
floor, which a false leap would raise for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from edge.core.clock_now import ClockNow
from edge.core.model import NewEvent
from wire.clock import ClockState, drift_bound_ms
from wire.events import ClockBody, EventKind

_NS_IN_US: Final = 1_000
_SECOND: Final = 1_000_000_000
_EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""No wall time before this is plausible: it is the floor of a store that knows nothing."""


class ClockSource(StrEnum):
    """Where an anchor came from."""

    NTP = "ntp"
    WELCOME = "welcome"
    RTC = "rtc"
    KEPT = "kept"


_RECKONED: Final = frozenset({ClockSource.RTC, ClockSource.KEPT})
_SIGNED: Final = ClockSource.WELCOME


class ClockRefusal(StrEnum):
    """Why a source was not believed."""

    BELOW_FLOOR = "below_floor"
    AGAINST_WELCOME = "against_welcome"
    BEYOND_REACH = "beyond_reach"


@dataclass(frozen=True, slots=True)
class ClockBounds:
    """How far a clock may stray. 100 ppm is twice what a Pi's crystal does in the cold."""

    drift_ppm: int = 100
    trusted_ms: int = 2_000
    holdover_ms: int = 60_000
    anchor_every_s: int = 3_600
    leap_s: int = 30 * 86_400
    """Further beyond the floor only the hub's signature is believed."""


class Anchor(msgspec.Struct, frozen=True):
    """A moment when wall time was known within `error_ms`."""

    boot: str
    mono_ns: int
    at: datetime
    error_ms: int
    source: ClockSource


class Clock:
    """Keeps anchor and floor. It reads no clock: every reading is handed in."""

    def __init__(self, boot: str, floor: datetime | None, bounds: ClockBounds) -> None:
        self.boot = boot
        self.bounds = bounds
        self.floor = max(floor or _EARLIEST, _EARLIEST)
        self._anchor: Anchor | None = None
        self._welcomed: Anchor | None = None
        self._state = ClockState.UNTRUSTED
        self._anchored_ns: int | None = None
        self._refused: ClockRefusal | None = None

    # --- reading ---------------------------------------------------------------------------------

    def now(self, mono_ns: int, wall: datetime) -> ClockNow:
        """Give the time at a monotonic moment; `wall` is what the system says, used as a guess
        where nothing better is known. The floor rises with every reading that is relied on."""
        anchor = self._anchor
        error_ms = None if anchor is None else self._error_ms(anchor, mono_ns)
        state = self._state_for(error_ms)
        if anchor is None or error_ms is None or state is ClockState.UNTRUSTED:
            guess = max(wall, self.floor)
            return ClockNow(self.boot, mono_ns, guess, ClockState.UNTRUSTED, None, floor=self.floor)
        at = _advance(anchor, mono_ns)
        self.floor = max(self.floor, at - timedelta(milliseconds=error_ms))
        return ClockNow(self.boot, mono_ns, at, state, error_ms, floor=self.floor)

    def raise_floor(self, floor: datetime | None) -> None:
        """What is certainly past is known from elsewhere; the floor never goes back."""
        if floor is not None:
            self.floor = max(self.floor, floor)

    # --- sources ---------------------------------------------------------------------------------

    def welcome(self, hub_time: datetime, sent_ns: int, got_ns: int) -> list[NewEvent]:
        """Take the hub's signed time: right within half the round trip."""
        half_ns = max(got_ns - sent_ns, 0) // 2
        at = hub_time + timedelta(microseconds=half_ns // _NS_IN_US)
        error_ms = -(-half_ns // 1_000_000) + 1
        anchor = Anchor(self.boot, got_ns, at, error_ms, ClockSource.WELCOME)
        events = self._take(anchor)
        if self._refused is None:
            self._welcomed = anchor
        return events

    def kernel(
        self, synchronised: bool, error_ms: int, mono_ns: int, wall: datetime
    ) -> list[NewEvent]:
        """Take what the kernel says of NTP: `wall` holds within `error_ms` if synchronised."""
        if not synchronised:
            return []
        anchor = Anchor(self.boot, mono_ns, wall, error_ms, ClockSource.NTP)
        if self._welcomed is not None:
            expected = _advance(self._welcomed, mono_ns)
            allowed_ms = self._error_ms(self._welcomed, mono_ns) + error_ms
            if abs(wall - expected) > timedelta(milliseconds=allowed_ms):
                return self._refuse(ClockRefusal.AGAINST_WELCOME, mono_ns)
        return self._take(anchor)

    def rtc(self, mono_ns: int, wall: datetime) -> list[NewEvent]:
        """Take the system's wall time at boot as that of a battery RTC, which has drifted since
        the floor was known."""
        off_s = max(int((wall - self.floor).total_seconds()), 0)
        error_ms = drift_bound_ms(off_s, self.bounds.drift_ppm, self.bounds.trusted_ms)
        return self._take(Anchor(self.boot, mono_ns, wall, error_ms, ClockSource.RTC))

    def resume(self, data: bytes) -> None:
        """Take up the anchor of an earlier run: its moment is past, and in the same boot the
        monotonic clock went on.

        Raises `ValueError` for bytes that are no anchor.
        """
        kept = msgspec.json.decode(data, type=Anchor)
        self.floor = max(self.floor, kept.at - timedelta(milliseconds=kept.error_ms))
        if kept.boot == self.boot:
            self._anchor = msgspec.structs.replace(kept, source=ClockSource.KEPT)
            self._anchored_ns = kept.mono_ns

    def save(self) -> bytes | None:
        """Give the anchor's bytes to keep, if there is one."""
        return None if self._anchor is None else msgspec.json.encode(self._anchor)

    def watch(self, mono_ns: int, wall: datetime) -> list[NewEvent]:
        """Tell of a change of state that time alone has brought."""
        now = self.now(mono_ns, wall)
        return self._state_event(now.state, now.error_ms)

    # --- inside ----------------------------------------------------------------------------------

    def _take(self, anchor: Anchor) -> list[NewEvent]:
        latest = anchor.at + timedelta(milliseconds=anchor.error_ms)
        if latest < self.floor:
            return self._refuse(ClockRefusal.BELOW_FLOOR, anchor.mono_ns)
        reach = self.floor + timedelta(seconds=self.bounds.leap_s)
        if anchor.source is not _SIGNED and anchor.at > reach:
            return self._refuse(ClockRefusal.BEYOND_REACH, anchor.mono_ns)
        self._refused = None
        before = self._anchor
        if before is not None and self._error_ms(before, anchor.mono_ns) < anchor.error_ms:
            return []  # what is reckoned is better than what is offered
        step_ms: int | None = None
        if before is not None:
            step = anchor.at - _advance(before, anchor.mono_ns)
            step_ms = round(step / timedelta(milliseconds=1))
        self._anchor = anchor
        state = self._state_for(anchor.error_ms)
        events = self._state_event(state, anchor.error_ms, anchor.source)
        if events or self._anchor_due(anchor) or anchor.source is ClockSource.WELCOME:
            self._anchored_ns = anchor.mono_ns
            body = ClockBody(
                state=state,
                source=anchor.source.value,
                error_ms=anchor.error_ms,
                step_ms=step_ms,
            )
            events.append(NewEvent(EventKind.CLOCK_ANCHOR, body))
        return events

    def _refuse(self, refusal: ClockRefusal, mono_ns: int) -> list[NewEvent]:
        """A source was not believed: told once, and what is reckoned stays."""
        if self._refused is refusal:
            return []
        self._refused = refusal
        anchor = self._anchor
        error_ms = None if anchor is None else self._error_ms(anchor, mono_ns)
        body = ClockBody(state=self._state_for(error_ms), source=refusal.value, error_ms=error_ms)
        return [NewEvent(EventKind.CLOCK_STATE, body)]

    def _state_event(
        self, state: ClockState, error_ms: int | None, source: str = "reckoned"
    ) -> list[NewEvent]:
        if state is self._state:
            return []
        self._state = state
        body = ClockBody(state=state, source=str(source), error_ms=error_ms)
        return [NewEvent(EventKind.CLOCK_STATE, body)]

    def _anchor_due(self, anchor: Anchor) -> bool:
        every_ns = self.bounds.anchor_every_s * _SECOND
        return self._anchored_ns is None or anchor.mono_ns - self._anchored_ns >= every_ns

    def _error_ms(self, anchor: Anchor, mono_ns: int) -> int:
        elapsed_s = -(-max(mono_ns - anchor.mono_ns, 0) // _SECOND)
        return drift_bound_ms(elapsed_s, self.bounds.drift_ppm, anchor.error_ms)

    def _state_for(self, error_ms: int | None) -> ClockState:
        if error_ms is None or error_ms > self.bounds.holdover_ms:
            return ClockState.UNTRUSTED
        reckoned = self._anchor is not None and self._anchor.source in _RECKONED
        if error_ms > self.bounds.trusted_ms or reckoned:
            return ClockState.HOLDOVER
        return ClockState.TRUSTED


def _advance(anchor: Anchor, mono_ns: int) -> datetime:
    return anchor.at + timedelta(microseconds=(mono_ns - anchor.mono_ns) // _NS_IN_US)
