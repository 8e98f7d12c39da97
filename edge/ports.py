"""The ports between the agent's loop and its shell, each as small as its use.

Threads of drivers and of the MQTT client only put things on the loop's queue (`Emit`); everything
else happens in the loop's own thread, which alone touches journal and policy store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from edge.core.model import Act, DeviceEvent, Feedback, Presentation, Source
from wire.policy_bodies import DeviceBody

Emit: TypeAlias = Callable[[Presentation | DeviceEvent], None]
"""Hands something to the loop; called from any thread, never blocks, never raises."""


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
