"""When to try a silent peripheral again, and how patiently and with which check character."""

from __future__ import annotations

from typing import Final

from firmware_bridge.osdp.config import MS, SECOND, Timing
from firmware_bridge.osdp.framing import Check

_STABLE_NS: Final = 5 * SECOND
_CHECKSUM_EVERY: Final = 4
_LEEWAY_NS: Final = 20 * MS
# One slow answer of a busy board is half forgotten after eleven quick ones.
_FORGETTING: Final = 16
_PAUSE_NS: Final = 60 * MS
# A spoilt answer is made good by so many that came; at most 480 ms are left to the neighbours.
_TROUBLE_STEP: Final = 4
_MOST_TROUBLE: Final = 4 * _TROUBLE_STEP


class Backoff:
    """Doubling waits with a ceiling; a conversation that lasted starts them anew."""

    __slots__ = ("_probes", "_slowest_ns", "_timing", "_trouble", "_wait_ns", "retry_ns")

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._wait_ns = timing.first_retry_ns
        self._probes = 0
        self._slowest_ns: int | None = None
        self._trouble = 0
        self.retry_ns = 0

    def restart(self, now_ns: int) -> None:
        """Tries at once, with short waits again."""
        self._trouble = 0
        self._wait_ns = self._timing.first_retry_ns
        self._probes = 0
        self.retry_ns = now_ns

    def again(self, now_ns: int) -> None:
        """Tries at once; the waits stay as long as they were."""
        self.retry_ns = now_ns

    def lost(self, now_ns: int, online_ns: int, silent: bool) -> None:
        """Plans the next try; a peripheral that served long and still speaks is tried at once."""
        if online_ns >= _STABLE_NS:
            self._wait_ns = self._timing.first_retry_ns
            self._probes = 0
            if not silent:
                self.retry_ns = now_ns
                return
        self.retry_ns = now_ns + self._wait_ns
        self._wait_ns = min(2 * self._wait_ns, self._timing.longest_retry_ns)

    def probe(self) -> Check:
        """Counts a try; the check character to use in it.

        A peripheral that knows checksums only may stay silent, so every fourth try uses one.
        """
        self._probes += 1
        return Check.CRC16 if self._probes % _CHECKSUM_EVERY else Check.CHECKSUM

    def learn(self, answer_ns: int) -> None:
        """Keeps the longest time that this peripheral lately took for an answer."""
        known_ns = self._slowest_ns or 0
        self._slowest_ns = max(answer_ns, known_ns - known_ns // _FORGETTING)

    def suffer(self) -> None:
        """An answer came spoilt."""
        self._trouble = min(self._trouble + _TROUBLE_STEP, _MOST_TROUBLE)

    def recover(self) -> None:
        """An answer came."""
        self._trouble = max(self._trouble - 1, 0)

    @property
    def pause_ns(self) -> int:
        """How long a peripheral in trouble leaves the wire to its neighbours; 0 without any."""
        steps = -(-self._trouble // _TROUBLE_STEP)
        return _PAUSE_NS << (steps - 1) if steps else 0

    def slowest_ns(self) -> int:
        """The longest time from call to answer so far; the standard's while none came."""
        return self._timing.reply_ns if self._slowest_ns is None else self._slowest_ns

    def patience_ns(self) -> int:
        """How long an answer may take by all that is known of this peripheral."""
        if self._slowest_ns is None:
            return self._timing.reply_ns
        return min(self._slowest_ns + self._timing.answer_leeway_ns, self._timing.reply_ns)

    def window_ns(self) -> int:
        """How long this try waits for an answer: mostly short, to spare the neighbours.

        One that never answered may be slow, so now and then it gets the standard's whole time.
        """
        if self._slowest_ns is not None:
            patient_ns = self._slowest_ns + _LEEWAY_NS
            return min(max(patient_ns, self._timing.probe_ns), self._timing.reply_ns)
        full = self._probes % self._timing.full_probe_every == 1
        return self._timing.reply_ns if full else self._timing.probe_ns
