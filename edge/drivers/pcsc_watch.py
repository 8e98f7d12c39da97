"""Watches all PC/SC readers from one thread with one context: readers that come and go, and taps.

The one long wait costs nothing while nothing happens. Any error ends the context; a new one is
opened after a pause that doubles, so a restarted card service is found again by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from edge.drivers.pcsc_api import PNP, Pcsc, PcscCause, PcscError, ReaderState
from edge.running_clock import running_ns

_log: Final = structlog.get_logger(__name__)
_CANCEL_EVERY_S: Final = 0.05
_RELIST_S: Final = 0.05
_GRACE_S: Final = 1.5


@dataclass(frozen=True, slots=True)
class Tap:
    """A card came to lie on a reader. `stale`: it may have lain there before we looked, so nobody
    has just asked for anything. `mute`: it does not answer its reset."""

    at_ns: int
    stale: bool = False
    mute: bool = False


class WatchListener(Protocol):
    """Whom a watch tells, from its own thread."""

    def readers_seen(self, pcsc: Pcsc, readers: list[str]) -> None:
        """These readers are plugged in now."""

    def tapped(self, reader: str, tap: Tap) -> None:
        """A card came to lie on a reader."""

    def service_lost(self, error: PcscError) -> None:
        """The card service cannot be asked; it will be tried again."""


@dataclass(frozen=True, slots=True)
class PcscTimes:
    """How long the driver waits: between attempts at the service, and for news from it."""

    retry_first_s: float = 0.25
    retry_most_s: float = 5.0
    wait_ms: int = 2_000


class ReaderWatch:
    """The watching thread. `stop` ends it within the 2 s of a driver."""

    def __init__(
        self, listener: WatchListener, times: PcscTimes, opener: Callable[[], Pcsc]
    ) -> None:
        self._listener = listener
        self._times = times
        self._opener = opener
        self._stopping = threading.Event()
        self._open: tuple[Pcsc, int] | None = None
        self._beat_ns = running_ns()
        self._thread = threading.Thread(target=self._run, name="pcsc-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._beat_ns = running_ns()
        self._thread.start()

    def again(self) -> ReaderWatch:
        """A watch like this one, for when its thread is dead."""
        return ReaderWatch(self._listener, self._times, self._opener)

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def beat_ns(self) -> int:
        """When the thread last went round, monotonic."""
        return self._beat_ns

    @property
    def patience_s(self) -> float:
        """Within which it goes round, unless the card service does not let go of it."""
        return self._times.wait_ms / 1_000 + _GRACE_S

    def stop(self, timeout_s: float) -> bool:
        """End the thread and say whether it has ended.

        Cancels again and again: a cancel that comes just before the wait begins is lost.
        """
        self._stopping.set()
        deadline = time.monotonic() + timeout_s
        while self._thread.is_alive() and time.monotonic() < deadline:
            if self._open is not None:
                pcsc, context = self._open
                pcsc.cancel(context)
            self._thread.join(_CANCEL_EVERY_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        pause_s = self._times.retry_first_s
        while not self._stopping.is_set():
            began = time.monotonic()
            self._beat_ns = running_ns()
            try:
                self._watch_one_context()
            except PcscError as error:
                if not self._stopping.is_set():
                    self._listener.service_lost(error)
            except Exception:
                # This thread must outlive whatever a library throws: without it, no card is seen.
                _log.exception("pcsc_watch_failed")
                self._listener.service_lost(PcscError(PcscCause.READER_FAILED, "pyscard"))
            if time.monotonic() - began > self._times.retry_most_s:
                pause_s = self._times.retry_first_s
            self._pause(pause_s)
            pause_s = min(pause_s * 2, self._times.retry_most_s)

    def _pause(self, pause_s: float) -> None:
        until = time.monotonic() + pause_s
        while (left_s := until - time.monotonic()) > 0:
            self._beat_ns = running_ns()
            if self._stopping.wait(min(left_s, 1.0)):
                return

    def _watch_one_context(self) -> None:
        """Watch until told to stop; raises `PcscError` when the service fails."""
        pcsc = self._opener()
        context = pcsc.establish()
        self._open = (pcsc, context)
        try:
            known: dict[str, int] = {}
            notice = 0
            while not self._stopping.is_set():
                self._beat_ns = running_ns()
                readers = pcsc.readers(context)
                known = {name: known.get(name, 0) for name in readers}
                try:
                    notice = self._watch_readers(pcsc, context, known, notice)
                except PcscError as error:
                    if error.cause is not PcscCause.NO_READER:
                        raise
                self._stopping.wait(_RELIST_S)
        finally:
            self._open = None
            pcsc.release(context)

    def _watch_readers(self, pcsc: Pcsc, context: int, known: dict[str, int], notice: int) -> int:
        """Look at each reader, tell of them, and report taps until their set may have changed.

        `notice` is the word that the service last gave for `PNP` (newer ones count the readers in
        it); gives the next one.
        """
        changes = pcsc.wait(context, known, 0) if known else []
        self._listener.readers_seen(pcsc, list(known))
        while not self._stopping.is_set():
            at_ns = self._beat_ns = running_ns()
            plugged = [state for state in changes if state.reader == PNP]
            for state in changes:
                if state.reader != PNP:
                    before = known[state.reader]
                    known[state.reader] = state.word
                    self._report(pcsc, before, state, at_ns)
            if plugged:
                return plugged[-1].word
            changes = pcsc.wait(context, {**known, PNP: notice}, self._times.wait_ms)
            if not changes:
                break
        return notice

    def _report(self, pcsc: Pcsc, before: int, state: ReaderState, at_ns: int) -> None:
        """A tap is a card that is there and either was not before, or came anew in between. ATRs
        say nothing: all cards of a kind share one. Where we did not know whether a card was there
        (first look, a reader that was unavailable), nobody has just laid it down."""
        if not state.flags & pcsc.present:
            return
        if before & pcsc.present and before >> 16 == state.events:
            return
        unseen = not before & (pcsc.present | pcsc.empty)
        tap = Tap(at_ns, stale=unseen, mute=bool(state.flags & pcsc.mute))
        self._listener.tapped(state.reader, tap)
