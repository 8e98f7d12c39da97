"""A line of virtual door boards on a byte port, each behind real peripheral sessions.

The thread plays all boards of one RS-485 line: each sees what the panel sends. With `baud`
the wire's time is kept, with `echoes` the panel hears itself, as on a two-wire line.
"""

from __future__ import annotations

import secrets
import termios
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self

import structlog

from firmware_bridge.osdp.codes import BAUD_RATES
from firmware_bridge.osdp.commands import NONCE_LEN
from firmware_bridge.osdp.config import SECOND, wire_ns
from firmware_bridge.osdp.device import CommunicationSet, DeviceChange, VirtualDevice
from firmware_bridge.osdp.peripheral import PeripheralConfig, PeripheralSession
from firmware_bridge.serial_link import BytePort, PortError, Waker, wait

_LONGEST_SLEEP_S: Final = 60.0
_NEVER_NS: Final = 1 << 62
_SPEEDS: Final = {getattr(termios, f"B{baud}"): baud for baud in BAUD_RATES}
_log = structlog.get_logger(__name__)


class SimulatedDoor:
    """One virtual board at one address of a simulated line."""

    def __init__(self, config: PeripheralConfig, device: VirtualDevice | None = None) -> None:
        self.device = device or VirtualDevice(serial=config.address)
        self.session = PeripheralSession(
            config, self.device, lambda: secrets.token_bytes(NONCE_LEN), self.device.files
        )
        self.is_mute = False
        self.baud: int | None = None
        """The speed that it listens at; every speed where None."""
        self.wake_ns = _NEVER_NS

    @property
    def address(self) -> int:
        """The bus address."""
        return self.session.config.address


class SimulatedLine:
    """The thread that plays the boards of one line; use it as a context manager."""

    def __init__(
        self,
        port: BytePort,
        doors: Sequence[SimulatedDoor],
        on_change: Callable[[int, DeviceChange, int], None] | None = None,
        *,
        baud: int | None = None,
        echoes: bool = False,
    ) -> None:
        """`on_change(address, change, now_ns)` runs in the thread of the line."""
        self._port = port
        self._doors = tuple(doors)
        self._on_change = on_change
        self._baud = baud
        self._echoes = echoes
        self._waker = Waker()
        self._stopping = threading.Event()
        self._actions: deque[Callable[[], None]] = deque()
        self._thread = threading.Thread(target=self._run, name="osdp simulator", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; the port stays open."""
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

    def press(self, address: int, keys: str, reader_no: int = 0) -> None:
        """Presses keys on one board's keypad."""
        self._do(address, lambda device: device.press(keys, reader_no))

    def present_card(self, address: int, bits: int, data: bytes, reader_no: int = 0) -> None:
        """Presents a card to one board's reader."""
        self._do(address, lambda device: device.present_card(bits, data, reader_no))

    def set_input(self, address: int, input_no: int, active: bool) -> None:
        """Switches an input of one board."""
        self._do(address, lambda device: device.set_input(input_no, active))

    def set_local(self, address: int, *, tamper: bool, power_failure: bool = False) -> None:
        """Opens or closes one board's case."""
        self._do(
            address, lambda device: device.set_local(tamper=tamper, power_failure=power_failure)
        )

    def set_mute(self, address: int, mute: bool) -> None:
        """Lets one board fall silent as if unplugged; its keypad goes on collecting."""
        door = self._door(address)

        def action() -> None:
            door.is_mute = mute

        self._actions.append(action)
        self._waker.wake()

    def outputs(self, address: int) -> tuple[bool, ...]:
        """What the outputs of one board show."""
        return self._door(address).device.outputs

    def is_secure(self, address: int) -> bool:
        """Whether one board is in a session under its own key."""
        return self._door(address).session.is_secure

    def _door(self, address: int) -> SimulatedDoor:
        for door in self._doors:
            if door.address == address:
                return door
        raise ValueError(f"no board at address {address} on this line")

    def _do(self, address: int, act: Callable[[VirtualDevice], None]) -> None:
        device = self._door(address).device
        self._actions.append(lambda: act(device))
        self._waker.wake()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._turn()
        except PortError as error:
            _log.warning("osdp_simulator_lost_its_line", detail=str(error))

    def _act(self) -> None:
        while self._actions:
            self._actions.popleft()()

    def _turn(self) -> None:
        self._act()
        now_ns = time.monotonic_ns()
        wake_ns = now_ns + round(_LONGEST_SLEEP_S * SECOND)
        for door in self._doors:
            door.device.run_timers(now_ns)
            self._show_changes(door, now_ns)
            timer_ns = door.device.next_timer_ns()
            if timer_ns is not None:
                wake_ns = min(wake_ns, timer_ns)
            wake_ns = min(wake_ns, door.wake_ns)
        readable = wait(self._port, self._waker, (wake_ns - time.monotonic_ns()) / SECOND)
        self._exchange(time.monotonic_ns(), self._port.read() if readable else b"")

    def _exchange(self, start_ns: int, received: bytes) -> None:
        """Hears the panel and lets the board that was called answer."""
        self._keep_time(start_ns, len(received))
        if self._echoes and received:
            self._port.write(received)
        # What happened at the doors while the call was on its way is in the answer.
        self._act()
        for door in self._doors:
            if door.is_mute or (door.baud is not None and door.baud != self._line_baud()):
                door.wake_ns = _NEVER_NS
                continue
            now_ns = time.monotonic_ns()
            step = door.session.step(now_ns, received)
            door.wake_ns = step.wake_ns
            self._show_changes(door, now_ns)
            if step.send:
                self._keep_time(now_ns, len(step.send))
                self._port.write(step.send)

    def _keep_time(self, start_ns: int, byte_count: int) -> None:
        """Waits until `byte_count` bytes that began at `start_ns` have passed the wire."""
        if self._baud is None:
            return
        end_ns = start_ns + wire_ns(byte_count, self._baud)
        while (left_ns := end_ns - time.monotonic_ns()) > 0:
            time.sleep(left_ns / SECOND)

    def _line_baud(self) -> int:
        """The speed that the panel has set its end of a pseudo-terminal to."""
        return _SPEEDS.get(termios.tcgetattr(self._port.fileno())[5], 0)

    def _show_changes(self, door: SimulatedDoor, now_ns: int) -> None:
        for change in door.device.take_changes():
            if isinstance(change, CommunicationSet) and door.baud is not None:
                door.baud = change.baud
            if self._on_change is not None:
                self._on_change(door.address, change, now_ns)
