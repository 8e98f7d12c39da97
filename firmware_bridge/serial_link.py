"""Byte ports: a serial line through pyserial, the near end of a pseudo-terminal, a wake-up.

Reading never blocks; `wait` sleeps until bytes, a wake-up or a time. Whatever goes wrong
with the line becomes PortError, which names the port and what to look at.
"""

from __future__ import annotations

import os
import select
import threading
import tty
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

import serial
import serial.rs485
import structlog

from firmware_bridge.serial_names import SerialNameError, resolve

_CHUNK: Final = 4096
_WRITE_PATIENCE_S: Final = 1.0
_log = structlog.get_logger(__name__)


class PortError(OSError):
    """A serial port that cannot be opened, or has gone; the text names it and the remedy."""


@dataclass(frozen=True, slots=True)
class SerialSettings:
    """Where a line is: device path or USB name (`firmware_bridge.serial_names`), looked up anew at
    each opening; speed, and whether the kernel switches RS-485 direction."""

    path: str
    baud: int
    rs485: bool = False


class BytePort(Protocol):
    """What a protocol shell needs of a line."""

    def fileno(self) -> int:
        """The descriptor to wait on."""

    def read(self) -> bytes:
        """What has come in; empty when nothing has; PortError when the line is gone."""

    def write(self, data: bytes) -> None:
        """Sends everything; PortError when the line is gone."""

    def close(self) -> None:
        """Gives the line back."""


class Waker:
    """Lets another thread end a `wait`."""

    def __init__(self) -> None:
        self._near, self._far = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._is_closed = False

    def fileno(self) -> int:
        """The descriptor that becomes readable."""
        return self._near

    def wake(self) -> None:
        """Ends the present or the next wait; nothing once closed."""
        # A closed descriptor's number may already be another file's.
        with self._lock:
            if self._is_closed:
                return
            try:
                os.write(self._far, b"\0")
            except BlockingIOError:
                # A full pipe wakes as well as another byte would.
                return

    def clear(self) -> None:
        """Takes the wake-ups back."""
        try:
            while os.read(self._near, _CHUNK):
                continue
        except BlockingIOError:
            return

    def close(self) -> None:
        """Closes both ends."""
        with self._lock:
            if not self._is_closed:
                self._is_closed = True
                os.close(self._near)
                os.close(self._far)


def wait(port: BytePort | None, waker: Waker, timeout_s: float) -> bool:
    """Sleeps until bytes, a wake-up or the time; whether the port is readable."""
    watched: list[BytePort | Waker] = [waker] if port is None else [port, waker]
    try:
        readable, _, _ = select.select(watched, [], [], max(0.0, timeout_s))
    except (OSError, ValueError) as error:
        raise PortError(f"the line cannot be watched: {error}") from error
    if waker in readable:
        waker.clear()
    return port is not None and port in readable


class _FdPort:
    """A non-blocking descriptor as a port."""

    def __init__(self, fd: int, name: str) -> None:
        self._fd = fd
        self.name = name

    def fileno(self) -> int:
        return self._fd

    def read(self) -> bytes:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise PortError(f"{self.name}: lost while reading: {error}") from error
        if not data:
            raise PortError(f"{self.name}: hung up; was the adapter unplugged?")
        return data

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                _, writable, _ = select.select([], [self._fd], [], _WRITE_PATIENCE_S)
                if not writable:
                    raise PortError(f"{self.name}: does not take bytes") from None
            except OSError as error:
                raise PortError(f"{self.name}: lost while writing: {error}") from error

    def close(self) -> None:
        os.close(self._fd)


class SerialPort(_FdPort):
    """A serial device, opened exclusively, with the driver's low-latency mode where it has one."""

    def __init__(self, settings: SerialSettings) -> None:
        try:
            path = resolve(settings.path)
        except SerialNameError as error:
            raise PortError(str(error)) from error
        try:
            self._serial = serial.Serial(
                path, settings.baud, timeout=0, write_timeout=0, exclusive=True
            )
        except (OSError, ValueError, AttributeError) as error:
            raise PortError(
                f"{settings.path}: cannot be opened at {settings.baud} baud: {error}. "
                "Check the path, the adapter, and that the user is in the group dialout"
            ) from error
        super().__init__(self._serial.fileno(), settings.path)
        if settings.rs485:
            self._switch_direction()
        try:
            self._serial.set_low_latency_mode(True)
        except (OSError, ValueError, AttributeError, NotImplementedError):
            _log.debug("serial_port_without_low_latency_mode", port=settings.path)

    def _switch_direction(self) -> None:
        try:
            self._serial.rs485_mode = serial.rs485.RS485Settings()
        except (OSError, ValueError, NotImplementedError) as error:
            self._serial.close()
            raise PortError(
                f"{self.name}: this driver does not switch RS-485 direction ({error}); "
                "set rs485 to false for an adapter that does it by itself"
            ) from error

    def close(self) -> None:
        self._serial.close()


class PtyPort(_FdPort):
    """The near end of a new pseudo-terminal; a `SerialPort` opens `far_path`."""

    def __init__(self) -> None:
        near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(near, False)
        self.far_path = os.ttyname(self._far)
        super().__init__(near, f"near end of {self.far_path}")

    def close(self) -> None:
        os.close(self._far)
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
