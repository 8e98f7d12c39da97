"""The clock of a virtual device: what time it has, and within what the true time certainly lies.

    the interval grows by 20 ppm to either side, by 5 ppm for 60 days once a rate is known,
    and is narrowed around its middle to twice the profile's drift

Times are seconds since the epoch of sealed codes; running time is monotonic, in nanoseconds.
"""

from __future__ import annotations

from typing import Final

from wire.sealed_codes import LockClock

_NS: Final = 1_000_000_000
_DAY_S: Final = 86_400
PPM: Final = 20
CALIBRATED_PPM: Final = 5
_CALIBRATED_S: Final = 60 * _DAY_S
_RATE_MAX: Final = 2_000
"""200 ppm in tenths."""


class BoxClock:
    """`crystal_ppm` is how much too fast the crystal of this device runs."""

    def __init__(self, drift_s: int, crystal_ppm: float = 0.0) -> None:
        self.drift_s = drift_s
        self.rate: int = 0
        self.known = False
        self.last_set_s: int | None = None
        self._crystal = 1 + crystal_ppm / 1e6
        self._anchor_ns = 0
        self._time_s = self._earliest_s = self._latest_s = 0.0
        self._calibrated_until_s: float | None = None

    def forget(self) -> None:
        """The battery of the clock was gone."""
        self.known = False

    def time_s(self, now_ns: int) -> int | None:
        """What time the device has, None where it does not know."""
        return int(self._time_s + self._elapsed_s(now_ns)) if self.known else None

    def error_s(self, now_ns: int) -> int | None:
        """How far the true time may lie from it at most, rounded up."""
        time_s, interval = self.time_s(now_ns), self.interval(now_ns)
        if time_s is None or interval is None:
            return None
        return max(time_s - interval.earliest_s, interval.latest_s - time_s, 0)

    def interval(self, now_ns: int) -> LockClock | None:
        """Where the true time certainly lies, None where nothing is known."""
        if not self.known:
            return None
        elapsed_s = self._elapsed_s(now_ns)
        until = self._calibrated_until_s
        calibrated = until is not None and self._time_s + elapsed_s < until
        doubt_s = elapsed_s * (CALIBRATED_PPM if calibrated else PPM) / 1e6
        earliest = self._earliest_s + elapsed_s - doubt_s
        latest = self._latest_s + elapsed_s + doubt_s
        excess = (latest - earliest) - 2 * self.drift_s
        if excess > 0:
            earliest, latest = earliest + excess / 2, latest - excess / 2
        return LockClock(int(earliest), int(-(-latest // 1)))

    def narrow(self, start_s: int, end_s: int, now_ns: int) -> None:
        """A code of that window was taken."""
        now = self.interval(now_ns)
        if now is None:
            return
        narrowed = now.narrowed(start_s, end_s)
        self._settle(now_ns)
        self._earliest_s, self._latest_s = narrowed.earliest_s, narrowed.latest_s

    def set(self, time_s: int, error_s: int, now_ns: int) -> int | None:
        """It is that time; give how far this clock was ahead, None where it did not know."""
        before, since = self.time_s(now_ns), self.last_set_s
        offset = None if before is None else before - time_s
        if offset is not None and since is not None and time_s - since >= _DAY_S:
            correction = round(offset / (time_s - since) * 1e7)
            self.rate = max(-_RATE_MAX, min(_RATE_MAX, self.rate + correction))
            self._calibrated_until_s = time_s + _CALIBRATED_S
        self._anchor_ns, self._time_s, self.known = now_ns, time_s, True
        self._earliest_s, self._latest_s = time_s - error_s, time_s + error_s
        self.last_set_s = time_s
        return offset

    def _elapsed_s(self, now_ns: int) -> float:
        crystal_s = (now_ns - self._anchor_ns) / _NS * self._crystal
        return crystal_s * (1 - self.rate / 1e7)

    def _settle(self, now_ns: int) -> None:
        elapsed_s = self._elapsed_s(now_ns)
        self._anchor_ns = now_ns
        self._time_s += elapsed_s
