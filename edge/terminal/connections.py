"""Keeps the page's server open to the page: so many connections at once, none of them for long
without a request. Whoever dribbles, or opens one after another, is hung up on first.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

_SECOND_NS: Final = 1_000_000_000


@dataclass(slots=True)
class _Line:
    """One connection; `asked` once its request is here."""

    socket: socket.socket
    since_ns: int
    asked: bool = False


class Connections:
    """Those that are open, oldest first. Called by the thread that listens and by each one's own.

    A request has `request_s` from the moment of connecting, however many bytes come meanwhile. A
    new one is always taken: where `most` are open, the oldest without a request goes, else the
    oldest of all.
    """

    def __init__(self, most: int, request_s: float) -> None:
        self._most = most
        self._request_ns = round(request_s * _SECOND_NS)
        self._lines: list[_Line] = []
        self._lock = threading.Lock()

    def open(self, line: socket.socket, now_ns: int) -> None:
        """Take a new one, hanging up on another if there are too many."""
        with self._lock:
            if len(self._lines) >= self._most:
                waiting = (one for one in self._lines if not one.asked)
                self._hang_up(next(waiting, self._lines[0]))
            self._lines.append(_Line(line, now_ns))

    def asked(self, line: socket.socket) -> None:
        """Its request is here, whole."""
        with self._lock:
            for one in self._lines:
                if one.socket is line:
                    one.asked = True

    def closed(self, line: socket.socket) -> None:
        """It has ended."""
        with self._lock:
            self._lines = [one for one in self._lines if one.socket is not line]

    def sweep(self, now_ns: int) -> None:
        """Hang up on those whose request has not come in time."""
        with self._lock:
            for one in list(self._lines):
                if not one.asked and now_ns - one.since_ns >= self._request_ns:
                    self._hang_up(one)

    def _hang_up(self, one: _Line) -> None:
        self._lines.remove(one)
        with suppress(OSError):  # it may have ended by itself just now
            one.socket.shutdown(socket.SHUT_RDWR)  # its own thread, which waits for it, closes it
