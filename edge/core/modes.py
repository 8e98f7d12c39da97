"""Which mode of a door is in force (WIRE.md, Commands and modes).

Highest first: the later of emergency_open and lockdown, by order number; then the later of
hold_open and locked. Without a clock that is relied on, an order that ends stays in force until it
has certainly ended, save a hold_open: that one would leave a door open beyond its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from edge.core.clock_now import ClockNow
from wire.policy_bodies import DoorMode, ModeBody

_EMERGENCY: Final = frozenset({DoorMode.EMERGENCY_OPEN, DoorMode.LOCKDOWN})

OPENING: Final = frozenset({DoorMode.EMERGENCY_OPEN, DoorMode.HOLD_OPEN})
"""The modes that drive the strike for as long as they are in force."""


SHELTER_ORDER: Final = 0
"""The order number of a shelter opened on the spot: lower than any of the hub's."""


def opened_on_the_spot(door: str) -> ModeBody:
    """The mode of a shelter's door that a switch or somebody at the Pi has opened."""
    return ModeBody(door=door, mode=DoorMode.EMERGENCY_OPEN, order=SHELTER_ORDER, reason="shelter")


def in_force(modes: Iterable[ModeBody], now: ClockNow) -> ModeBody | None:
    """Give the one mode that rules a door now, or None for normal."""
    best: ModeBody | None = None
    for mode in modes:
        if _holds(mode, now) and (best is None or _rank(mode) > _rank(best)):
            best = mode
    return best


def _rank(mode: ModeBody) -> tuple[bool, int]:
    return mode.mode in _EMERGENCY, mode.order


def _holds(mode: ModeBody, now: ClockNow) -> bool:
    if mode.expires_at is None:
        return True
    if mode.expires_at <= now.floor:
        return False
    if now.relied_on:
        return now.at < mode.expires_at
    return mode.mode is not DoorMode.HOLD_OPEN
