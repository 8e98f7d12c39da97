"""Small messages that wait to be served, their envelopes checked.

Every hello draws a session of its own, and the edge takes no welcome of an earlier one. So where a
later hello of the same controller waits as well, the earlier is not answered: when a whole fleet
comes back and is greeted slower than it asks again, the hub would else answer nothing but questions
that nobody asks any more.
"""

from __future__ import annotations

from collections import deque

from hub.link.inbound import Arrival, Opened
from wire.topics import Channel


class Waiting:
    """A queue of one thread."""

    def __init__(self) -> None:
        self._queue: deque[tuple[Arrival, Opened | None]] = deque()
        self._last_hello: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, arrival: Arrival, opened: Opened | None) -> None:
        """Let a message wait; one that was refused (None) waits for its acknowledgement."""
        self._queue.append((arrival, opened))
        if opened is not None and opened.channel is Channel.HELLO:
            self._last_hello[opened.controller] = arrival.number

    def take(self, at_most: int) -> tuple[list[Arrival], list[tuple[Opened, int]]]:
        """Give the next arrivals, to be acknowledged, and what of them is to be served, with the
        numbers of its arrivals."""
        arrivals: list[Arrival] = []
        opened: list[tuple[Opened, int]] = []
        while self._queue and len(opened) < at_most:
            arrival, found = self._queue.popleft()
            arrivals.append(arrival)
            if found is not None and not self._is_passed_over(found, arrival.number):
                opened.append((found, arrival.number))
        return arrivals, opened

    def _is_passed_over(self, opened: Opened, number: int) -> bool:
        if opened.channel is not Channel.HELLO:
            return False
        if self._last_hello[opened.controller] != number:
            return True
        del self._last_hello[opened.controller]
        return False
