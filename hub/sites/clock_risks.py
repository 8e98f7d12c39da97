"""What a door's PINs have to fear of its controller's clock (docs/time.md)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from hub.database.scope import Scope
from hub.sites import repository
from hub.sites.domain import Controller, Door, Reader
from wire.policy_bodies import OnUntrustedClock


class ClockRisk(StrEnum):
    """Shown on the door's page, and told with its state."""

    NO_RTC = "no_rtc"
    """Its controller has no battery clock: after a power cut its PINs open nothing until the
    network is back."""
    FLOOR_IN_WINDOW = "floor_in_window"
    """It takes PINs without knowing the time: one that is over may open again after a power cut."""


def clock_risks(
    door: Door, controller: Controller | None, readers: Sequence[Reader]
) -> tuple[ClockRisk, ...]:
    """Say what a door's PINs have to fear; nothing where no reader of it has a keypad."""
    if not any(reader.keypad for reader in readers):
        return ()
    risks = []
    if controller is not None and not controller.has_rtc:
        risks.append(ClockRisk.NO_RTC)
    if door.on_untrusted_clock is OnUntrustedClock.FLOOR_IN_WINDOW:
        risks.append(ClockRisk.FLOOR_IN_WINDOW)
    return tuple(risks)


def clock_risks_of(scope: Scope, door: Door) -> tuple[ClockRisk, ...]:
    """The same for a door of the database."""
    controller = repository.controller(scope, door.controller_id)
    return clock_risks(door, controller, repository.readers_of_door(scope, door.id))
