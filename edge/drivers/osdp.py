"""OSDP readers, keypads and door I/O on one RS-485 line.

What the bus tells in its own thread is put into the loop's words (`osdp_words.py`) and handed on.
Every peripheral is spoken to in the secure channel alone, under its own key from the policy; one
without a key is not served.
"""

from __future__ import annotations

import secrets as random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from edge.cards.faces import ReaderFace
from edge.core.model import Act, ActFinished, DeviceOffline, Feedback, Source
from edge.drivers.osdp_words import (
    BusWords,
    command_for,
    feedback_for,
    finished_act,
)
from edge.ports import Emit, InstallError, ThreadSign
from edge.running_clock import in_running_ns, running_ns
from firmware_bridge.osdp import (
    Bus,
    CommandFinished,
    ConfigError,
    PDConfig,
    SerialBus,
    SerialBusEvent,
)
from firmware_bridge.osdp.commands import NONCE_LEN
from firmware_bridge.osdp.secure_channel import is_weak
from firmware_bridge.serial_link import BytePort, SerialPort, SerialSettings
from wire.events import ActOutcome
from wire.policy_bodies import DeviceBody

_SECOND: Final = 1_000_000_000
_FEEDBACK_LIFE_S: Final = 0.5
_PATIENCE_S: Final = 6.0


class OsdpDriver:
    """Fulfils `ports.Driver` and `ports.Installer` for the peripherals of one line. `face` says how
    its readers send card numbers; without one a card is its bits, in the namespace
    `wiegand<bits>`."""

    def __init__(
        self,
        settings: SerialSettings,
        face: ReaderFace | None = None,
        *,
        open_port: Callable[[SerialSettings], BytePort] = SerialPort,
    ) -> None:
        self._settings = settings
        self._open_port = open_port
        self._bus = self._new_bus(())
        self._lock = threading.Lock()
        self._words = BusWords(face)
        self._configs: dict[str, PDConfig] = {}
        self._emit: Emit | None = None
        self._unserved: dict[str, str] = {}
        self._formers: dict[str, tuple[bytes, ...]] = {}

    def start(self, emit: Emit) -> None:
        """Begin to serve the line, there or not."""
        with self._lock:
            self._emit = emit
            unserved = dict(self._unserved)
        for device, cause in unserved.items():
            self._tell_offline(device, cause)
        self._bus.start()

    def configure(self, devices: dict[str, DeviceBody], secrets: dict[str, bytes]) -> None:
        """Follow the policy: peripherals that did not change are not disturbed."""
        wanted, unserved = _configs(devices, secrets, self._formers)
        with self._lock:
            before, self._configs = self._configs, wanted
            self._words.follow({config.address: device for device, config in wanted.items()})
            self._unserved = unserved
            started = self._emit is not None
        stays = {device for device, config in wanted.items() if _same_place(before, device, config)}
        for device, config in before.items():
            if device not in stays:
                self._bus.remove(config.address)
        for device, config in wanted.items():
            if device not in stays:
                self._bus.add(config)
            elif before[device].scbk != config.scbk:
                self._bus.rekey(config)
        if started:
            for device, cause in unserved.items():
                self._tell_offline(device, cause)

    def act(self, act: Act) -> None:
        """Send an OUT command within the act's deadline, or not at all."""
        config = self._configs.get(act.target.device)
        now_ns = running_ns()
        if config is None:
            self._tell(ActFinished(act.act, ActOutcome.FAILED, now_ns, detail="not on this line"))
            return
        if now_ns >= act.deadline_ns:
            self._tell(ActFinished(act.act, ActOutcome.EXPIRED, now_ns))
            return
        life_s = (act.deadline_ns - now_ns) / _SECOND
        future = self._bus.submit(config.address, command_for(act), life_s)
        future.add_done_callback(lambda done: self._finished(act, done))

    def show(self, source: Source, feedback: Feedback) -> None:
        """Light and tone; dropped when the line is too busy for half a second."""
        config = self._configs.get(source.device)
        if config is not None:
            for command in feedback_for(source.channel, feedback):
                self._bus.submit(config.address, command, _FEEDBACK_LIFE_S)

    def remember_keys(self, formers: dict[str, tuple[bytes, ...]]) -> None:
        """Take the keys that peripherals may still have."""
        self._formers = formers

    def begin_install(self, device: str, duration_s: float) -> None:
        """Let a peripheral in installation mode take its key, for that long."""
        self._bus.begin_install(self._served(device).address, duration_s)

    def change_key(self, device: str, new_key: bytes) -> None:
        """Move a peripheral to another key over its secure channel, now or when it is back."""
        try:
            config = PDConfig(self._served(device).address, new_key)
        except ConfigError as error:
            raise InstallError(f"{device}: {error}") from error
        self._bus.rekey(config)

    def threads(self) -> tuple[ThreadSign, ...]:
        """The thread of the bus."""
        bus, devices = self._bus, tuple(self._configs)
        sign = ThreadSign(
            "bus", bus.is_alive, in_running_ns(bus.beat_ns), _PATIENCE_S, devices=devices
        )
        return (sign,) if self._emit is not None else ()

    def revive(self) -> None:
        """Begin a new bus with the same peripherals, if the old one is dead."""
        if self._bus.is_alive:
            return
        with self._lock:
            self._bus = self._new_bus(tuple(self._configs.values()))
        self._bus.start()

    def stop(self) -> None:
        """End the bus; outputs stay as they are."""
        self._bus.stop()

    def _new_bus(self, configs: tuple[PDConfig, ...]) -> SerialBus:
        settings = self._settings
        bus = Bus(configs, baud=settings.baud, nonce=lambda: random.token_bytes(NONCE_LEN))
        return SerialBus(settings, bus, self._heard, open_port=self._open_port)

    def _served(self, device: str) -> PDConfig:
        with self._lock:
            config, cause = self._configs.get(device), self._unserved.get(device)
        if config is None:
            raise InstallError(f"{device}: not served on this line ({cause or 'unknown'})")
        return config

    # --- in the thread of the bus ----------------------------------------------------------------

    def _heard(self, event: SerialBusEvent) -> None:
        at_ns = running_ns()
        with self._lock:
            items = self._words.hear(event, at_ns)
            emit = self._emit
        if emit is not None:
            for item in items:
                emit(item)

    def _finished(self, act: Act, done: Future[CommandFinished]) -> None:
        at_ns = running_ns()
        error = done.exception()
        if error is not None:
            self._tell(ActFinished(act.act, ActOutcome.FAILED, at_ns, detail=str(error)))
        else:
            self._tell(finished_act(act, done.result(), at_ns))

    def _tell(self, finished: ActFinished) -> None:
        if self._emit is not None:
            self._emit(finished)

    def _tell_offline(self, device: str, cause: str) -> None:
        if self._emit is not None:
            self._emit(DeviceOffline(device, cause, running_ns()))


def _same_place(before: dict[str, PDConfig], device: str, config: PDConfig) -> bool:
    """Whether a peripheral stays at its address: a key alone is changed over the line."""
    known = before.get(device)
    return known is not None and known.address == config.address


def _configs(
    devices: dict[str, DeviceBody],
    secrets: dict[str, bytes],
    formers: dict[str, tuple[bytes, ...]],
) -> tuple[dict[str, PDConfig], dict[str, str]]:
    """Sort devices into those that can be served and those that cannot, with the cause."""
    wanted: dict[str, PDConfig] = {}
    unserved: dict[str, str] = {}
    taken: set[int] = set()
    for device, body in sorted(devices.items()):
        key = secrets.get(device)
        if key is None:
            unserved[device] = "no_key"
        elif body.address in taken:
            unserved[device] = "address_taken"
        else:
            try:
                may_have = tuple(one for one in formers.get(device, ()) if not is_weak(one))
                wanted[device] = PDConfig(body.address, key, may_have)
                taken.add(body.address)
            except ConfigError:
                unserved[device] = "bad_key_or_address"
    return wanted, unserved
