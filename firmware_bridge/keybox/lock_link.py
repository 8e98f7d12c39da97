"""The thread that keeps the link to a lock: opens the port, opens the session, opens both again.

Events are handed to `on_event` in this thread: let it return at once, typically by putting them on
a queue. Whatever goes wrong ends the session, never the thread.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

import structlog

from firmware_bridge.keybox.codes import NONCE_LENGTH
from firmware_bridge.keybox.host import HostSession
from firmware_bridge.keybox.host_events import (
    MS,
    NEVER_NS,
    Credential,
    Ended,
    Event,
    Finished,
    HostTimes,
    Opened,
)
from firmware_bridge.keybox.requests import Request
from firmware_bridge.keybox.states import HostState
from firmware_bridge.serial_link import (
    BytePort,
    PortError,
    SerialPort,
    SerialSettings,
    Waker,
    wait,
)

LOCK_TIMES: Final = HostTimes(answer_ns=350 * MS, tries=4, idle_ns=500 * MS)
"""A dead lock is noticed within two seconds: silence, then four questions without an answer."""
_SUSPICIOUS: Final = ("bad_tag", "bad_body")
_FIRST_WAIT_NS: Final = 250 * MS
_LONGEST_WAIT_NS: Final = 5_000 * MS
_SECOND: Final = 1_000 * MS
_LONGEST_SLEEP_S: Final = 1.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LineFaults:
    """Frames that were dropped since this was last told, by cause."""

    counts: tuple[tuple[str, int], ...]


LinkEvent = Event | LineFaults


class LockLink:
    """One lock on one serial line: `start` it, `submit` requests, `stop` it."""

    def __init__(
        self,
        settings: SerialSettings,
        credential: Credential,
        on_event: Callable[[LinkEvent], None],
        *,
        open_port: Callable[[SerialSettings], BytePort] = SerialPort,
        times: HostTimes = LOCK_TIMES,
    ) -> None:
        self._settings = settings
        self._on_event = on_event
        self._open_port = open_port
        self._session = HostSession(credential, lambda: secrets.token_bytes(NONCE_LENGTH), times)
        self._port: BytePort | None = None
        self._received = b""
        self._jobs: deque[Callable[[], None]] = deque()
        self._futures: dict[int, Future[Finished]] = {}
        self._waker = Waker()
        self._lock = threading.Lock()
        self._has_ended = False
        self._stopping = threading.Event()
        self._wait_ns = _FIRST_WAIT_NS
        self._begin_ns = 0
        self._told: str | None = None
        self._malformed: dict[str, int] = {}
        self._beat_ns = time.monotonic_ns()
        name = f"lock {settings.path}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    # --- for any thread --------------------------------------------------------------------------

    def start(self) -> None:
        """Start the thread; a missing port is no error but an `Ended`, and tried again."""
        self._beat_ns = time.monotonic_ns()
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread of the link runs."""
        return self._thread.is_alive()

    @property
    def beat_ns(self) -> int:
        """When the thread last went round, monotonic; every second at least."""
        return self._beat_ns

    def stop(self) -> None:
        """End the thread; what is under way ends as lost. The lock's outputs stay."""
        self._stopping.set()
        self._waker.wake()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout=2)

    def submit(
        self, request: Request, deadline_ns: int = NEVER_NS, *, urgent: bool = False
    ) -> Future[Finished]:
        """Ask; the future always gets its result. Outside a session it is lost unsent."""
        future: Future[Finished] = Future()
        future.set_running_or_notify_cancel()

        def job() -> None:
            number = self._session.submit(request, deadline_ns, urgent=urgent)
            self._futures[number] = future

        with self._lock:
            if self._has_ended:
                future.set_exception(RuntimeError("the link does not run"))
                return future
            self._jobs.append(job)
        self._waker.wake()
        return future

    # --- in the thread of the link ---------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._guarded_turn()
        finally:
            self._finish()

    def _guarded_turn(self) -> None:
        try:
            self._turn()
        except PortError as error:
            self._lose("port_lost", str(error))
        except Exception:  # a mistake of ours must not leave a dead link that looks alive
            _log.exception("lock_link_failed", port=self._settings.path)
            self._lose("internal_error", "")

    def _turn(self) -> None:
        now_ns = self._beat_ns = time.monotonic_ns()
        self._run_jobs()
        if self._session.state is HostState.CLOSED and now_ns < self._begin_ns:
            self._deliver(self._session.step(now_ns).events)
            sleep_s = min((self._begin_ns - now_ns) / _SECOND, _LONGEST_SLEEP_S)
            wait(None, self._waker, sleep_s)
            return
        if self._port is None:
            self._port = self._open_port(self._settings)
        if self._session.state is HostState.CLOSED:
            while wait(self._port, self._waker, 0):
                self._port.read()  # what came before the session is nobody's word
            self._session.begin(now_ns)
        self._exchange(self._port, now_ns)

    def _exchange(self, port: BytePort, now_ns: int) -> None:
        step = self._session.step(now_ns, self._received)
        self._received = b""
        if step.send:
            port.write(step.send)
        self._deliver(step.events)
        self._tell_faults()
        if self._session.state is HostState.CLOSED or self._jobs or step.events:
            return
        timeout_s = (step.wake_ns - time.monotonic_ns()) / _SECOND
        if wait(port, self._waker, min(timeout_s, _LONGEST_SLEEP_S)):
            self._received = port.read()

    def _run_jobs(self) -> None:
        while self._jobs:
            self._jobs.popleft()()

    def _lose(self, cause: str, detail: str) -> None:
        port, self._port, self._received = self._port, None, b""
        if port is not None:
            port.close()
        was_closed = self._session.state is HostState.CLOSED
        self._session.end(cause)
        self._deliver(self._session.step(time.monotonic_ns()).events)
        if was_closed:
            self._ended(Ended(cause))
        if detail:
            _log.debug("lock_port_lost", port=self._settings.path, detail=detail)

    def _ended(self, event: Ended) -> None:
        """Wait longer each time; tell a cause once."""
        self._begin_ns = time.monotonic_ns() + self._wait_ns
        self._wait_ns = min(2 * self._wait_ns, _LONGEST_WAIT_NS)
        if event.cause != self._told:
            self._told = event.cause
            self._notify(event)

    def _deliver(self, events: tuple[Event, ...]) -> None:
        for event in events:
            match event:
                case Finished():
                    future = self._futures.pop(event.id, None)
                    if future is not None:
                        future.set_result(event)
                case Ended():
                    self._ended(event)
                case Opened():
                    self._wait_ns, self._told = _FIRST_WAIT_NS, None
                    self._notify(event)
                case _:
                    self._notify(event)

    def _tell_faults(self) -> None:
        malformed = dict(self._session.malformed)
        for name in _SUSPICIOUS:
            if self._session.counts[name]:
                malformed[name] = self._session.counts[name]
        new = {
            cause: count - self._malformed.get(cause, 0)
            for cause, count in malformed.items()
            if count != self._malformed.get(cause, 0)
        }
        if new:
            self._malformed = malformed
            self._notify(LineFaults(tuple(new.items())))

    def _notify(self, event: LinkEvent) -> None:
        try:
            self._on_event(event)
        except Exception:  # the owner's mistake must not end the link
            _log.exception("lock_event_handler_failed", event_type=type(event).__name__)

    def _finish(self) -> None:
        with self._lock:
            self._has_ended = True
        self._told = "stopped"  # nobody needs to be told
        self._run_jobs()
        self._lose("stopped", "")
        self._waker.close()
