"""Edges, from the library's thread to ours."""

from __future__ import annotations

import threading
from typing import Final

import structlog

from edge.drivers.gpio_chip import Pin
from edge.drivers.gpio_pins import TakeEdge
from edge.running_clock import running_ns

_SECOND: Final = 1_000_000_000
_log = structlog.get_logger(__name__)


class PinWatch:
    """Takes a pin's edges from the library's thread. The library holds it weakly."""

    def __init__(self, pin: Pin, take: TakeEdge, changed: threading.Condition) -> None:
        self._pin = pin
        self._take = take
        self._changed = changed
        # The kernel stamps by CLOCK_MONOTONIC. The bits of a card share one offset, so that the
        # gaps between them stay as the kernel saw them.
        self._offset_ns, self._offset_until_ns = 0, 0

    def end(self) -> None:
        """Have the library forget it; on a line that fails, as far as that goes."""
        try:
            self._pin.when_changed = None
        except Exception as error:
            _log.debug("gpio_watch_not_ended", why=str(error))

    def changed(self, ticks: float, state: int) -> None:
        """Take an edge. What were raised here would end the library's thread for all pins."""
        try:
            with self._changed:
                now_ns = running_ns()
                if now_ns >= self._offset_until_ns:
                    self._offset_ns = running_ns.offset_ns()
                    self._offset_until_ns = now_ns + _SECOND
                at_ns = round(ticks * _SECOND) + self._offset_ns
                self._take(bool(state), _at_ns(at_ns, now_ns), now_ns)
                self._changed.notify_all()
        except Exception:
            _log.exception("gpio_edge_lost")


def _at_ns(at_ns: int, now_ns: int) -> int:
    """The kernel's time of an edge; of a kernel that stamps by the wall clock, the time now."""
    return at_ns if 0 <= now_ns - at_ns < _SECOND else now_ns
