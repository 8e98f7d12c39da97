"""The thread that drives a `Bus` over a serial port, and the way in for other threads.

Events are handed to `on_event` in this thread: let it return at once, typically by putting
them on a queue. Submitting a command from inside it is fine. A port that is missing or goes
away is named in `PortLost` and tried again; nothing that goes wrong ends the thread.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import structlog

from firmware_bridge.osdp.bus import Bus, PDState
from firmware_bridge.osdp.commands import Command
from firmware_bridge.osdp.config import MS, SECOND, PDConfig
from firmware_bridge.osdp.events import BusEvent, CommandFinished, FileTransferFinished
from firmware_bridge.osdp.line_move import LineMoved
from firmware_bridge.osdp.promises import Promises
from firmware_bridge.serial_link import (
    BytePort,
    PortError,
    SerialPort,
    SerialSettings,
    Waker,
    wait,
)

DEFAULT_LIFE_S: Final = 2.0
DEFAULT_FILE_LIFE_S: Final = 600.0
_FIRST_REOPEN_NS: Final = 250 * MS
_LONGEST_REOPEN_NS: Final = 5 * SECOND
_LONGEST_SLEEP_S: Final = 2.0
"""So often at least the thread shows that it goes round."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PortOpened:
    """The line is there; the peripherals are being called."""

    path: str


@dataclass(frozen=True, slots=True)
class PortLost:
    """The line is missing or failed; `detail` says why, and it is tried again by itself."""

    path: str
    detail: str


SerialBusEvent = BusEvent | PortOpened | PortLost
Job = Callable[[int], None]


class BusStoppedError(RuntimeError):
    """A command for a bus whose thread does not run."""


class SerialBus:
    """One serial line with its peripherals; start it, or use it as a context manager."""

    def __init__(
        self,
        settings: SerialSettings,
        bus: Bus,
        on_event: Callable[[SerialBusEvent], None],
        *,
        open_port: Callable[[SerialSettings], BytePort] = SerialPort,
    ) -> None:
        self._settings = settings
        self._bus = bus
        self._on_event = on_event
        self._open_port = open_port
        self._port: BytePort | None = None
        self._jobs: deque[Job] = deque()
        self._promises = Promises()
        self._waker = Waker()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._has_ended = False
        self._reopen_wait_ns = _FIRST_REOPEN_NS
        self._reopen_ns = 0
        self._last_detail: str | None = None
        self._beat_ns = time.monotonic_ns()
        self._thread = threading.Thread(target=self._run, name=f"osdp {settings.path}", daemon=True)

    # For any thread.

    def start(self) -> None:
        """Starts the thread; a missing port is no error here but a `PortLost` event."""
        self._beat_ns = time.monotonic_ns()
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; commands under way end with `link_lost`."""
        self._stopping.set()
        self._waker.wake()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def is_open(self) -> bool:
        """Whether the serial port is open."""
        return self._port is not None

    @property
    def is_alive(self) -> bool:
        """Whether the thread of the bus runs."""
        return self._thread.is_alive()

    @property
    def beat_ns(self) -> int:
        """When the thread last went round, monotonic; every 2 s at least."""
        return self._beat_ns

    def peripherals(self) -> tuple[PDState, ...]:
        """How every peripheral stands."""
        return self._bus.peripherals()

    def submit(
        self, address: int, command: Command, life_s: float = DEFAULT_LIFE_S
    ) -> Future[CommandFinished]:
        """Sends a command within `life_s` or not at all; the future always gets its result.

        Cancelling helps only until the thread of the bus has taken the command.

        An unknown address or a number that does not fit arrives as the future's exception.
        """
        deadline_ns = time.monotonic_ns() + round(life_s * SECOND)
        future: Future[CommandFinished] = Future()

        def job(now_ns: int) -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                command_id = self._bus.submit(address, command, deadline_ns, now_ns)
            except ValueError as error:
                future.set_exception(error)
            else:
                self._promises.commands[command_id] = future

        if not self._thread.is_alive() or not self._do(job):
            future.set_exception(BusStoppedError(f"{self._settings.path}: the bus does not run"))
        return future

    def send_file(
        self, address: int, file_type: int, content: bytes, life_s: float = DEFAULT_FILE_LIFE_S
    ) -> Future[FileTransferFinished]:
        """Sends a file whole within `life_s` or not at all; `FileProgress` tells how it fares.

        Cancelling the future works only until the thread of the bus has taken the file; then
        `cancel_file` does. An unknown address, type or length is the future's exception.
        """
        deadline_ns = time.monotonic_ns() + round(life_s * SECOND)
        future: Future[FileTransferFinished] = Future()

        def job(now_ns: int) -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                transfer_id = self._bus.send_file(address, file_type, content, deadline_ns, now_ns)
            except ValueError as error:
                future.set_exception(error)
            else:
                self._promises.files[transfer_id] = future

        if not self._thread.is_alive() or not self._do(job):
            future.set_exception(BusStoppedError(f"{self._settings.path}: the bus does not run"))
        return future

    def cancel_file(self, future: Future[FileTransferFinished]) -> None:
        """Ends a file transfer: the peripheral forgets the file, the future says `cancelled`."""

        def job(_now_ns: int) -> None:
            transfer_id = self._promises.file_number(future)
            if transfer_id is not None:
                self._bus.cancel_file(transfer_id)

        if not future.cancel():
            self._do(job)

    def begin_install(self, address: int, duration_s: float) -> None:
        """Lets a peripheral with the default key take its own, for a limited time."""
        _log.warning("osdp_install_mode_began", address=address, duration_s=duration_s)
        length_ns = round(duration_s * SECOND)
        self._do(lambda now_ns: self._bus.begin_install(address, now_ns + length_ns, now_ns))

    def add(self, config: PDConfig) -> None:
        """Takes a peripheral into the rounds."""
        self._do(lambda _: self._bus.add(config))

    def remove(self, address: int) -> None:
        """Takes a peripheral out."""
        self._do(lambda now_ns: self._bus.remove(address, now_ns))

    def rekey(self, config: PDConfig) -> None:
        """Uses another base key with a peripheral, at once."""
        self._do(lambda now_ns: self._bus.rekey(config, now_ns))

    def change_baud(self, baud: int) -> None:
        """Goes on at another speed, after `ComSet` has moved every board to it."""
        self._do(lambda now_ns: self._bus.change_baud(baud, now_ns))

    def move_line(self, baud: int) -> Future[LineMoved]:
        """Moves all boards and the line to another speed, or nobody: bounded to about a minute.

        A board that is offline, or a speed that OSDP does not know, and nothing is touched. The
        settings that name the port's speed are the caller's to change.
        """
        future: Future[LineMoved] = Future()

        def job(now_ns: int) -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                self._bus.move_line(baud, now_ns)
            except ValueError as error:
                future.set_exception(error)
            else:
                self._promises.move = future

        if not self._thread.is_alive() or not self._do(job):
            future.set_exception(BusStoppedError(f"{self._settings.path}: the bus does not run"))
        return future

    def _do(self, job: Job) -> bool:
        """Leaves a job for the thread of the bus; False when that has ended."""
        with self._lock:
            if self._has_ended:
                return False
            self._jobs.append(job)
        self._waker.wake()
        return True

    # In the thread of the bus.

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._guarded_turn()
        finally:
            self._end()

    def _guarded_turn(self) -> None:
        try:
            self._turn()
        except PortError as error:
            self._lose_port(str(error))
        except Exception as error:
            # A mistake of ours must not leave a dead bus that looks alive.
            _log.error("osdp_bus_failed", port=self._settings.path, trace=_trace(error))
            self._lose_port(f"internal error: {error!r}")

    def _end(self) -> None:
        """Leaves nothing open: the port, the commands under way, the jobs that came last."""
        with self._lock:
            self._has_ended = True
        self._lose_port("stopped")
        self._run_jobs(time.monotonic_ns())
        self._deliver(self._bus.take_events())
        self._promises.end(BusStoppedError(f"{self._settings.path}: stopped"))
        self._waker.close()

    def _turn(self) -> None:
        now_ns = self._beat_ns = time.monotonic_ns()
        if self._port is None:
            if now_ns < self._reopen_ns:
                wait(None, self._waker, min((self._reopen_ns - now_ns) / SECOND, _LONGEST_SLEEP_S))
            else:
                self._open(now_ns)
            self._run_jobs(time.monotonic_ns())
            self._deliver(self._bus.take_events())
            return
        self._serve(self._port)

    def _serve(self, port: BytePort) -> None:
        """Drives the line until it is lost or the bus is stopped."""
        received = b""
        while not self._stopping.is_set():
            now_ns = self._beat_ns = time.monotonic_ns()
            if self._jobs:
                self._run_jobs(now_ns)
            step = self._bus.step(now_ns, received)
            if step.send:
                port.write(step.send)
            if step.events:
                self._deliver(step.events)
            if self._bus.baud != self._settings.baud:
                self._retune(port)
                return
            timeout_s = (step.wake_ns - time.monotonic_ns()) / SECOND
            readable = not self._jobs and wait(port, self._waker, min(timeout_s, _LONGEST_SLEEP_S))
            received = port.read() if readable else b""

    def _open(self, now_ns: int) -> None:
        self._settings = SerialSettings(self._settings.path, self._bus.baud, self._settings.rs485)
        self._port = self._open_port(self._settings)
        self._reopen_wait_ns = _FIRST_REOPEN_NS
        self._last_detail = None
        self._bus.port_opened(now_ns)
        _log.info("osdp_port_opened", port=self._settings.path, baud=self._settings.baud)
        self._notify(PortOpened(self._settings.path))

    def _retune(self, port: BytePort) -> None:
        """Closes the port, to be opened at once at the bus's new speed."""
        self._port = None
        port.close()
        now_ns = time.monotonic_ns()
        self._bus.port_lost(now_ns)
        self._deliver(self._bus.take_events())
        self._reopen_ns = now_ns

    def _lose_port(self, detail: str) -> None:
        now_ns = time.monotonic_ns()
        self._reopen_ns = now_ns + self._reopen_wait_ns
        self._reopen_wait_ns = min(2 * self._reopen_wait_ns, _LONGEST_REOPEN_NS)
        port, self._port = self._port, None
        if port is not None:
            port.close()
        self._bus.port_lost(now_ns)
        self._deliver(self._bus.take_events())
        if detail != self._last_detail:
            self._last_detail = detail
            _log.warning("osdp_port_lost", port=self._settings.path, detail=detail)
            self._notify(PortLost(self._settings.path, detail))

    def _run_jobs(self, now_ns: int) -> None:
        while self._jobs:
            job = self._jobs.popleft()
            try:
                job(now_ns)
            except ValueError as error:
                _log.warning("osdp_request_refused", port=self._settings.path, why=str(error))

    def _deliver(self, events: tuple[BusEvent, ...]) -> None:
        for event in events:
            self._notify(event)
            self._promises.keep(event)

    def _notify(self, event: SerialBusEvent) -> None:
        try:
            self._on_event(event)
        except Exception as error:
            # The owner's mistake must not stop the doors on this line.
            name = type(event).__name__
            _log.error("osdp_event_handler_failed", event_type=name, trace=_trace(error))


def _trace(error: Exception) -> str:
    """Where it went wrong, without the values of variables: they may be keys or PINs."""
    return "".join(traceback.format_exception(error))
