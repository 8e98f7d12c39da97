"""What a driver is to the loop."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from edge.core.clock_now import ClockNow
from edge.core.model import Act, Feedback, Source
from edge.ports.incoming import Emit
from wire.lock_list import ListEntry
from wire.policy_bodies import DeviceBody


class Driver(Protocol):
    """Serves all devices of one kind on one port (a bus, the card service, a virtual site).

    `start` returns at once even where the port is missing: the driver names it, retries with
    back-off and tells by `DeviceOnline` and `DeviceOffline`.
    """

    def start(self, emit: Emit) -> None:
        """Begin; everything that happens is handed to `emit`."""

    def configure(self, devices: dict[str, DeviceBody], secrets: dict[str, bytes]) -> None:
        """Take the policy's devices on this port, by id, and their opened secrets. Called again at
        each change; devices that did not change are not disturbed."""

    def act(self, act: Act) -> None:
        """Drive an output; exactly one `ActFinished` follows, whatever happens."""

    def show(self, source: Source, feedback: Feedback) -> None:
        """Let a reader show and sound something. Best effort: never delays an act."""

    def stop(self) -> None:
        """End all threads within 2 s; moves no output."""


class InstallError(ValueError):
    """A device that cannot be installed or moved to another key; the text says why."""


@runtime_checkable
class Installer(Protocol):
    """What a driver offers beside `Driver` whose devices are given their keys over the line."""

    def begin_install(self, device: str, duration_s: float) -> None:
        """Let a device take its key under the key that everybody knows, for that long. Raises
        `InstallError`; `InstallBegan` and `InstallEnded` tell how it goes."""

    def change_key(self, device: str, new_key: bytes) -> None:
        """Move a device to another key, now or when it is back. Raises `InstallError`;
        `DeviceKeyChanged` tells when it is done."""

    def remember_keys(self, formers: dict[str, tuple[bytes, ...]]) -> None:
        """Take the keys that devices may still have, by id, before `configure`."""


@runtime_checkable
class DecidesAlone(Protocol):
    """What a driver has on top whose devices decide by themselves while nobody reaches them."""

    def place(self, device: str, entries: tuple[ListEntry, ...]) -> None:
        """The list a device is to hold; `ListPlaced` tells what it proves to hold."""

    def set_time(self, device: str, now: ClockNow) -> None:
        """The time, relied on, that a device's clock is to be set to."""

    def resume(self, device: str, log_epoch: int, following: int) -> None:
        """The device's log is journaled before that index: `LogCollected` goes on from there. Told
        before each batch that is wanted; none comes before it is told for the first time."""
