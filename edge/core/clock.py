"""The clock: what time it is, and how far it may be believed (WIRE.md, Time; docs/time.md).

The time is reckoned on the monotonic clock from an anchor, its error growing by the stated drift:

    error <= trusted_ms     trusted (holdover from an RTC, or after a restart of the agent)
    error <= holdover_ms    holdover
    beyond, or no anchor    untrusted

Anchors come from a welcome (signed by the hub), from the kernel while NTP disciplines it, and at
boot from a battery RTC that was compared with a trusted clock before. Each may be wrong:

    below the floor         refused, whoever says it; where the hub says it of a time that nobody
                            signed, that time is no longer relied on either
    against what hub or NTP said earlier, as reckoned since
                            refused of NTP and RTC; taken of the hub, which signs
    30 days ahead           refused: of NTP and RTC beyond the floor, of the hub beyond a time that
                            is relied on

The floor, the newest instant that is certainly past, never goes back. It rises with every time that
is relied on, with the hub's signed time, and with the monotonic clock alone where nothing is known:
unless the hub says that it lies in the future, so that true time can catch up with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from edge.core.clock_anchors import (
    EARLIEST,
    Anchor,
    ClockBounds,
    ClockSource,
    KeptClock,
    RtcCheck,
    rtc_anchor,
)
from edge.core.clock_now import ClockNow
from edge.core.model import NewEvent
from wire.clock import ClockRefusal, ClockState
from wire.events import ClockBody, EventKind

_NS_IN_US: Final = 1_000
_NS_IN_MS: Final = 1_000_000
_MILLION: Final = 1_000_000
_SECOND: Final = 1_000_000_000


class Clock:
    """Keeps anchor and floor. It reads no clock: every reading is handed in."""

    def __init__(self, boot: str, floor: datetime | None, bounds: ClockBounds) -> None:
        self.boot = boot
        self.bounds = bounds
        self.floor = max(floor or EARLIEST, EARLIEST)
        self._floor_ns: int | None = None
        self._anchor: Anchor | None = None
        self._welcomed: Anchor | None = None
        self._rtc: RtcCheck | None = None
        self._contested = False
        self._state = ClockState.UNTRUSTED
        self._anchored_ns: int | None = None
        self._refused: ClockRefusal | None = None
        self._kept_ns: int | None = None

    # --- reading ---------------------------------------------------------------------------------

    def now(self, mono_ns: int, wall: datetime) -> ClockNow:
        """Give the time at a monotonic moment; `wall` is what the system says, used as a guess
        where nothing better is known. The floor rises with every reading that is relied on."""
        self._raise_with_time(mono_ns)
        reckoned = self._reckoned(mono_ns)
        if reckoned is None:
            guess = max(wall, self.floor)
            return ClockNow(self.boot, mono_ns, guess, ClockState.UNTRUSTED, None, floor=self.floor)
        at, error_ms = reckoned
        self.raise_floor(at - timedelta(milliseconds=error_ms))
        state = self._state_for(error_ms)
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
        error_ms = -(-half_ns // _NS_IN_MS) + 1
        anchor = Anchor(self.boot, got_ns, at, error_ms, ClockSource.WELCOME)
        reckoned = self._reckoned(got_ns)
        if reckoned is not None and at - reckoned[0] > timedelta(seconds=self.bounds.leap_s):
            return self._refuse(ClockRefusal.BEYOND_REACH, got_ns)
        events = self._take(anchor)
        self._contested = self._refused is ClockRefusal.BELOW_FLOOR
        if not self._contested:
            self.raise_floor(hub_time)  # it was that late before it reached us
        elif self._anchor is not None and not self._anchor.is_signed:
            # NTP or RTC put the floor there, and the hub says that they lied.
            self._anchor = None
            events += self._state_event(ClockState.UNTRUSTED, None, ClockRefusal.AGAINST_WELCOME)
        if not self._contested or self._anchor is None:
            self._welcomed = anchor
        return events

    def kernel(
        self, synchronised: bool, error_ms: int, mono_ns: int, wall: datetime
    ) -> list[NewEvent]:
        """Take what the kernel says of NTP: `wall` holds within `error_ms` if synchronised."""
        if not synchronised:
            return []
        error_ms = max(error_ms, self.bounds.ntp_least_ms)
        anchor = Anchor(self.boot, mono_ns, wall, error_ms, ClockSource.NTP)
        return self._take_unsigned(anchor)

    def rtc(self, mono_ns: int, shown: datetime | None) -> list[NewEvent]:
        """Take what a battery RTC shows at boot (whole seconds; None where it cannot be read). It
        is believed if it was compared with a trusted clock before, and has gone on since."""
        if shown is None or shown < EARLIEST:
            return self._refuse(ClockRefusal.RTC_UNSET, mono_ns)
        if self._rtc is None or shown < self._rtc.shown:
            return self._refuse(ClockRefusal.RTC_UNCHECKED, mono_ns)
        return self._take_unsigned(rtc_anchor(self._rtc, self.boot, mono_ns, shown, self.bounds))

    def compare_rtc(self, mono_ns: int, shown: datetime | None) -> bool:
        """Compare the RTC with this clock while that is trusted; tell whether what came of it is
        to be kept at once (`save`)."""
        reckoned = self._reckoned(mono_ns)
        if reckoned is None or shown is None or shown < EARLIEST:
            return False
        at, error_ms = reckoned
        if self._state_for(error_ms) is not ClockState.TRUSTED:
            return False
        check = RtcCheck(shown, at, error_ms + self.bounds.rtc_tick_ms)
        before, self._rtc = self._rtc, check
        return before is None or before.strays_from(check, self.bounds)

    def watch(self, mono_ns: int, wall: datetime) -> list[NewEvent]:
        """Tell of a change of state that time alone has brought."""
        now = self.now(mono_ns, wall)
        return self._state_event(now.state, now.error_ms)

    # --- keeping ---------------------------------------------------------------------------------

    def resume(self, data: bytes) -> None:
        """Take up what an earlier run kept: its moments are past, and in the same boot the
        monotonic clock went on.

        Raises `ValueError` for bytes that are no such thing.
        """
        kept = msgspec.json.decode(data, type=KeptClock)
        self.raise_floor(kept.floor)
        self._rtc = kept.rtc
        if kept.anchor is None:
            return
        self.raise_floor(kept.anchor.at - timedelta(milliseconds=kept.anchor.error_ms))
        if kept.anchor.boot == self.boot:
            self._anchor = msgspec.structs.replace(kept.anchor, kept=True)
            self._anchored_ns = kept.anchor.mono_ns

    def save(self) -> bytes:
        """Give the bytes to keep: anchor, floor, and the last comparison of the RTC."""
        self._kept_ns = self._floor_ns
        return msgspec.json.encode(KeptClock(self._anchor, self.floor, self._rtc))

    def is_due(self, mono_ns: int) -> bool:
        """Whether the clock should be kept again: the floor rises, also without an anchor."""
        every_ns = self.bounds.anchor_every_s * _SECOND
        return self._kept_ns is None or mono_ns - self._kept_ns >= every_ns

    # --- inside ----------------------------------------------------------------------------------

    def _reckoned(self, mono_ns: int) -> tuple[datetime, int] | None:
        """Give time and error bound (ms) where they are relied on."""
        if self._anchor is None:
            return None
        error_ms = self._anchor.error_at(mono_ns, self.bounds.drift_ppm)
        if error_ms > self.bounds.holdover_ms:
            return None
        return self._anchor.at_mono(mono_ns), error_ms

    def _raise_with_time(self, mono_ns: int) -> None:
        """Since the floor was the floor, time has gone by."""
        gone_ns = mono_ns - (mono_ns if self._floor_ns is None else self._floor_ns)
        if gone_ns >= _NS_IN_MS and not self._contested:
            strays_ns = -(-gone_ns * self.bounds.drift_ppm // _MILLION)
            self.floor += timedelta(microseconds=(gone_ns - strays_ns) // _NS_IN_US)
        if self._floor_ns is None or gone_ns >= _NS_IN_MS:
            self._floor_ns = mono_ns

    def _take_unsigned(self, anchor: Anchor) -> list[NewEvent]:
        """Take what NTP or an RTC says, unless it contradicts what is known better."""
        if self._welcomed is not None and self._contradicts(anchor, self._welcomed):
            return self._refuse(ClockRefusal.AGAINST_WELCOME, anchor.mono_ns)
        before = self._anchor
        if before is not None and self._reckoned(anchor.mono_ns) is not None:
            known_better = before.is_disciplined or not anchor.is_disciplined
            if known_better and self._contradicts(anchor, before):
                signed = before.is_signed
                refusal = ClockRefusal.AGAINST_WELCOME if signed else ClockRefusal.AGAINST_RECKONING
                return self._refuse(refusal, anchor.mono_ns)
        if anchor.at > self.floor + timedelta(seconds=self.bounds.leap_s):
            return self._refuse(ClockRefusal.BEYOND_REACH, anchor.mono_ns)
        return self._take(anchor)

    def _take(self, anchor: Anchor) -> list[NewEvent]:
        latest = anchor.at + timedelta(milliseconds=anchor.error_ms + self.bounds.slack_ms)
        if latest < self.floor:
            return self._refuse(ClockRefusal.BELOW_FLOOR, anchor.mono_ns)
        self._refused = None
        before, step_ms = self._anchor, None
        if before is not None:
            reckoned_ms = before.error_at(anchor.mono_ns, self.bounds.drift_ppm)
            if reckoned_ms < anchor.error_ms and not self._contradicts(anchor, before):
                # What is reckoned is better than what is offered; at most it is confirmed.
                return self._confirm(before, reckoned_ms, anchor)
            step = anchor.at - before.at_mono(anchor.mono_ns)
            step_ms = round(step / timedelta(milliseconds=1))
        self._anchor = anchor
        return self._anchored(anchor, anchor.error_ms, step_ms)

    def _confirm(self, before: Anchor, error_ms: int, by: Anchor) -> list[NewEvent]:
        """An earlier run's reckoning is trusted again once hub or NTP agree with it."""
        if not (before.kept and by.is_disciplined):
            return []
        self._anchor = msgspec.structs.replace(before, kept=False)
        return self._anchored(by, error_ms, 0)

    def _anchored(self, by: Anchor, error_ms: int, step_ms: int | None) -> list[NewEvent]:
        """Tell of an anchor: when the state changes by it, hourly, and whenever the hub gave it."""
        state = self._state_for(error_ms)
        events = self._state_event(state, error_ms, by.source)
        if events or self._anchor_due(by) or by.is_signed:
            self._anchored_ns = by.mono_ns
            body = ClockBody(
                state=state, source=by.source.value, error_ms=error_ms, step_ms=step_ms
            )
            events.append(NewEvent(EventKind.CLOCK_ANCHOR, body))
        return events

    def _contradicts(self, said: Anchor, known: Anchor) -> bool:
        """Whether one says what cannot be, if the other is right within its bound."""
        known_ms = known.error_at(said.mono_ns, self.bounds.drift_ppm)
        allowed_ms = said.error_ms + known_ms + self.bounds.slack_ms
        apart = abs(said.at - known.at_mono(said.mono_ns))
        return apart > timedelta(milliseconds=allowed_ms)

    def _refuse(self, refusal: ClockRefusal, mono_ns: int) -> list[NewEvent]:
        """A source was not believed: told once, and what is reckoned stays."""
        if self._refused is refusal:
            return []
        self._refused = refusal
        reckoned = self._reckoned(mono_ns)
        error_ms = None if reckoned is None else reckoned[1]
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

    def _state_for(self, error_ms: int | None) -> ClockState:
        anchor = self._anchor
        if anchor is None or error_ms is None or error_ms > self.bounds.holdover_ms:
            return ClockState.UNTRUSTED
        if error_ms > self.bounds.trusted_ms or anchor.kept or not anchor.is_disciplined:
            return ClockState.HOLDOVER
        return ClockState.TRUSTED
