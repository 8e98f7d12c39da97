"""A virtual device on a byte port: the thread that plays it, and the hands of who stands there."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import structlog

from firmware_bridge.keybox.box_requests import BoxRequests
from firmware_bridge.keybox.codes import NONCE_LENGTH, Input, Output, ResetCause
from firmware_bridge.keybox.device import DeviceSession
from firmware_bridge.keybox.firmware_slots import VerifyImage
from firmware_bridge.keybox.virtual_box import VirtualBox
from firmware_bridge.serial_link import BytePort, PortError, Waker, wait

_LONGEST_SLEEP_S: Final = 60.0
_SECOND: Final = 1_000_000_000
_log = structlog.get_logger(__name__)


class SimulatedBox:
    """Plays one virtual device on one port; start it, or use it as a context manager."""

    def __init__(self, port: BytePort, box: VirtualBox, verify: VerifyImage | None = None) -> None:
        self._port = port
        self._box = box
        self._session = DeviceSession(
            box, BoxRequests(box, verify), lambda: secrets.token_bytes(NONCE_LENGTH)
        )
        self._is_mute = False
        self._waker = Waker()
        self._stopping = threading.Event()
        self._jobs: deque[Callable[[int], None]] = deque()
        self._thread = threading.Thread(target=self._run, name="key box", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the port stays open."""
        self._stopping.set()
        self._waker.wake()
        self._thread.join()
        self._waker.close()

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

    # --- for any thread --------------------------------------------------------------------------

    @property
    def box(self) -> VirtualBox:
        """The device; look, and touch it in `do` alone."""
        return self._box

    @property
    def outputs(self) -> Output:
        """What the outputs are."""
        return self._box.outputs

    def do(self, job: Callable[[VirtualBox, int], None]) -> None:
        """Do something to the device in its own thread, with the time it is."""
        self._jobs.append(lambda now_ns: job(self._box, now_ns))
        self._waker.wake()

    def press(self, keys: str) -> None:
        """Press keys."""
        self.do(lambda box, now_ns: box.press(keys, now_ns))

    def set_input(self, which: Input, active: bool) -> None:
        """Move an input."""
        self.do(lambda box, now_ns: box.set_input(which, active, now_ns))

    def set_mute(self, mute: bool) -> None:
        """Pull or put in the plug; the device goes on by itself."""

        def job(_now_ns: int) -> None:
            self._is_mute = mute

        self._jobs.append(job)
        self._waker.wake()

    def power_cycle(self) -> None:
        """Take the battery out and put it in again."""

        def job(now_ns: int) -> None:
            self._session.restart(now_ns)
            self._box.start(ResetCause.POWER, now_ns)

        self._jobs.append(job)
        self._waker.wake()

    # --- in the thread of the device -------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._turn()
        except PortError as error:
            _log.warning("keybox_simulator_lost_its_line", detail=str(error))

    def _turn(self) -> None:
        self._exchange(b"")
        wake_ns = self._session.wake_ns()
        now_ns = time.monotonic_ns()
        sleep_s = _LONGEST_SLEEP_S if wake_ns is None else (wake_ns - now_ns) / _SECOND
        if wait(self._port, self._waker, min(max(sleep_s, 0.001), _LONGEST_SLEEP_S)):
            self._exchange(self._port.read())

    def _exchange(self, data: bytes) -> None:
        """What was done to the device before the bytes were read is done before they are heard."""
        while self._jobs:
            self._jobs.popleft()(time.monotonic_ns())
        answer = self._session.step(time.monotonic_ns(), b"" if self._is_mute else data)
        if answer and not self._is_mute:
            self._port.write(answer)
