"""Wakes the streams of this process when something was projected. Holds no state of the log: each
stream reads the database from where its own reader stands."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self


class Live:
    """Rings every listener; from any thread. `stop` ends their waiting for good."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal may interrupt the loop that holds it
        self._listeners: set[Listener] = set()
        self.closed = False

    def ring(self) -> None:
        """Say that something was projected."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.wake()

    def start(self) -> None:
        """Streams may begin. It is a worker so that the hub ends them when it stops."""

    def stop(self) -> None:
        """End every stream: the hub stops."""
        self.closed = True
        self.ring()

    def listen(self) -> Listener:
        """Give a listener of the running event loop: `async with live.listen() as listener`."""
        return Listener(self, asyncio.get_running_loop())

    def _add(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.add(listener)

    def _drop(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)

    @property
    def listeners(self) -> int:
        """How many listen now."""
        with self._lock:
            return len(self._listeners)


class Listener:
    """One stream's ear. Rings do not add up."""

    def __init__(self, live: Live, loop: asyncio.AbstractEventLoop) -> None:
        self._live = live
        self._loop = loop
        self._event = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._live._add(self)  # noqa: SLF001  # the two are one thing in two classes
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live._drop(self)  # noqa: SLF001  # as above

    def wake(self) -> None:
        """Wake the stream, from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a ring; tell whether one came in time."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return False
        self._event.clear()
        return True
