"""What a lock is kept ready with for the hours without us: its log read, its clock set, its list.

One errand at a time, one request at a time, each only while a session is open; whatever is left
over is taken up again with the next session. Acts go before all of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from edge.core.clock_now import ClockNow
from edge.core.model import ListPlaced, LogCollected
from edge.ports import Emit
from edge.running_clock import running_ns
from firmware_bridge.keybox.answers import Answer, BoxStatus, ListStanding, LogAnswer
from firmware_bridge.keybox.codes import MAX_ENTRIES, MAX_SET_ERROR_S
from firmware_bridge.keybox.host_events import (
    Finished,
    Outcome,
)
from firmware_bridge.keybox.requests import (
    AskList,
    AskStatus,
    ListBegin,
    ListData,
    ListEnd,
    ReadLog,
    Request,
    SetClock,
)
from wire.keybox_keys import link_seconds
from wire.lock_list import ListEntry, list_digest

_SECOND: Final = 1_000_000_000
_KEEP_NS: Final = 60 * _SECOND
"""How often it is kept how far the log has come while we listened."""
_log = structlog.get_logger(__name__)

Submit = Callable[[Request], Future[Finished]]
Errand = Generator[Request, Answer | None, None]


@dataclass(slots=True)
class _Log:
    """How far the log is journaled. `through` is where it stood when the session was opened: what
    comes after it we hear ourselves."""

    epoch: int
    next: int
    through: int | None = None
    kept_ns: int = 0


class LockUpkeep:
    """The errands of one lock. Called from the loop's thread and from the link's."""

    def __init__(self, device: str, submit: Submit, emit: Emit) -> None:
        self._device = device
        self._submit = submit
        self._emit = emit
        self._lock = threading.Lock()
        self._is_open = False
        self._errand: Errand | None = None
        self._due: dict[str, bool] = dict.fromkeys(("log", "clock", "list"), False)
        self._wanted: tuple[ListEntry, ...] | None = None
        self._time: ClockNow | None = None
        self._log: _Log | None = None

    # --- what there is to do ---------------------------------------------------------------------

    def opened(self) -> None:
        """A session is open."""
        with self._lock:
            self._is_open, self._errand = True, None
            if self._log is not None:
                self._log.through = None
            self._due = dict.fromkeys(self._due, True)
        self._go_on()

    def closed(self) -> None:
        """It is over."""
        with self._lock:
            self._is_open, self._errand = False, None

    def place(self, entries: tuple[ListEntry, ...]) -> None:
        """The list the lock is to hold."""
        with self._lock:
            self._wanted, self._due["list"] = entries, True
        self._go_on()

    def set_time(self, now: ClockNow) -> None:
        """The time it is."""
        with self._lock:
            self._time, self._due["clock"] = now, True
        self._go_on()

    def resume(self, log_epoch: int, following: int) -> None:
        """The log is journaled before that index."""
        with self._lock:
            through = None if self._log is None else self._log.through
            kept_ns = 0 if self._log is None else self._log.kept_ns
            self._log, self._due["log"] = _Log(log_epoch, following, through, kept_ns), True
        self._go_on()

    def logged(self, following: int, at_ns: int) -> None:
        """The log has grown while we listened; a read log goes along with it."""
        with self._lock:
            log = self._log
            if log is None or log.through is None or log.next < log.through:
                return
            first, log.next = log.next, following
            if at_ns - log.kept_ns < _KEEP_NS:
                return
            log.kept_ns = at_ns
        epoch = log.epoch
        self._emit(LogCollected(self._device, epoch, first, following, (), None, at_ns, heard=True))

    @property
    def position(self) -> dict[str, tuple[int, int]]:
        """The device, and before which index of which log all is journaled or was heard."""
        with self._lock:
            log = self._log
            return {} if log is None else {self._device: (log.epoch, log.next)}

    # --- one thing after another -----------------------------------------------------------------

    def _go_on(self) -> None:
        with self._lock:
            if not self._is_open or self._errand is not None:
                return
            errand = self._next_errand()
            if errand is None:
                return
            self._errand = errand
        self._advance(errand, None)

    def _next_errand(self) -> Errand | None:
        errands = {
            "log": (self._log is not None, self._read_log),
            "clock": (self._time is not None, self._set_clock),
            "list": (self._wanted is not None, self._place_list),
        }
        for name, (is_possible, errand) in errands.items():
            if self._due[name] and is_possible:
                self._due[name] = False
                return errand()
        return None

    def _advance(self, errand: Errand, answer: Answer | None) -> None:
        try:
            request = errand.send(answer)
        except StopIteration:
            self._over(errand)
            return
        except Exception:  # upkeep must never end the link that opens the door
            _log.exception("lock_upkeep_failed", device=self._device)
            self._over(errand)
            return
        self._submit(request).add_done_callback(lambda done: self._answered(errand, done))

    def _answered(self, errand: Errand, done: Future[Finished]) -> None:
        finished = None if done.exception() is not None else done.result()
        if finished is None or finished.outcome is not Outcome.DONE:
            cause = None if finished is None else finished.cause
            if cause is not None:
                _log.warning("lock_upkeep_refused", device=self._device, cause=cause)
            errand.close()
            self._over(errand)
            return
        with self._lock:
            if self._errand is not errand:  # of a session that is over
                errand.close()
                return
        self._advance(errand, finished.answer)

    def _over(self, errand: Errand) -> None:
        with self._lock:
            if self._errand is not errand:
                return
            self._errand = None
        self._go_on()

    # --- errands ---------------------------------------------------------------------------------

    def _read_log(self) -> Errand:
        """Read one batch of what was written while nobody listened; the next is read once this one
        is journaled."""
        status = yield AskStatus()
        log = self._log
        if not isinstance(status, BoxStatus) or log is None:
            return
        at_ns = running_ns()
        if log.epoch != status.log_epoch:
            log = self._log = _Log(status.log_epoch, status.receipted)
        if log.through is None:
            log.through = status.next
        if log.next >= log.through:
            return
        answer = yield ReadLog(log.epoch, log.next)
        if not isinstance(answer, LogAnswer) or answer.log_epoch != log.epoch:
            return
        following = answer.records[-1].index + 1 if answer.records else answer.next
        clock_s = status.time_s if status.clock_known else None
        self._emit(
            LogCollected(
                self._device, log.epoch, log.next, following, answer.records, clock_s, at_ns
            )
        )

    def _set_clock(self) -> Errand:
        now = self._time
        if now is None or not now.relied_on or now.error_ms is None:
            return
        error_s = -(-now.error_ms // 1_000) + 1
        if error_s > MAX_SET_ERROR_S:
            return
        since = timedelta(microseconds=(running_ns() - now.mono_ns) // 1_000)
        yield SetClock(link_seconds(now.at + since), error_s)

    def _place_list(self) -> Errand:
        entries = self._wanted
        standing = yield AskList()
        if entries is None or not isinstance(standing, ListStanding):
            return
        digest = list_digest(entries)
        if standing.digest != digest:
            self._tell_list(standing, is_wanted=False)
            yield ListBegin(len(entries), digest)
            for start in range(0, len(entries), MAX_ENTRIES):
                chunk = entries[start : start + MAX_ENTRIES]
                yield ListData(tuple(entry.encode() for entry in chunk))
            placed = yield ListEnd()
            if not isinstance(placed, ListStanding):
                return
            standing = placed
        self._tell_list(standing, is_wanted=standing.digest == digest)

    def _tell_list(self, standing: ListStanding, *, is_wanted: bool) -> None:
        at_ns = running_ns()
        item = ListPlaced(self._device, standing.digest, standing.count, is_wanted, at_ns)
        self._emit(item)
