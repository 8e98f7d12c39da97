"""Modes of a door: which orders stand beside one another, and which are refused.

A door has at most one manual order (hold open, locked) and one emergency order (lockdown,
emergency open). No mode expires into 'open': whatever locks a door takes away the order that would
hold it open underneath.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wire.policy_bodies import DoorMode

MAX_HOLD: Final = timedelta(days=7)


class Layer(StrEnum):
    """Who overrides whom: emergency before manual."""

    MANUAL = "manual"
    EMERGENCY = "emergency"


LAYER: Final = {
    DoorMode.HOLD_OPEN: Layer.MANUAL,
    DoorMode.LOCKED: Layer.MANUAL,
    DoorMode.LOCKDOWN: Layer.EMERGENCY,
    DoorMode.EMERGENCY_OPEN: Layer.EMERGENCY,
}

OPENING: Final = frozenset({DoorMode.HOLD_OPEN, DoorMode.EMERGENCY_OPEN})


class ModeRefusal(StrEnum):
    """Why a mode is not ordered."""

    EXPIRY_NEEDED = "expiry_needed"
    """What holds a door open ends at a stated time."""
    EXPIRY_PAST = "expiry_past"
    EXPIRY_TOO_FAR = "expiry_too_far"
    EMERGENCY_ACTIVE = "emergency_active"
    """A lockdown is in force: it is ended first."""


@dataclass(frozen=True, slots=True)
class ModeOrder:
    """An order in force at a door."""

    id: str
    mode: DoorMode
    order: int
    expires_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Tell whether it has not expired."""
        return self.expires_at is None or now < self.expires_at


def refusal(
    mode: DoorMode, expires_at: datetime | None, standing: Iterable[ModeOrder], now: datetime
) -> ModeRefusal | None:
    """Say why a mode may not be ordered now; None if it may."""
    if expires_at is None and mode is DoorMode.HOLD_OPEN:
        return ModeRefusal.EXPIRY_NEEDED
    if expires_at is not None and expires_at <= now:
        return ModeRefusal.EXPIRY_PAST
    if expires_at is not None and mode is DoorMode.HOLD_OPEN and expires_at > now + MAX_HOLD:
        return ModeRefusal.EXPIRY_TOO_FAR
    locked_down = any(o.mode is DoorMode.LOCKDOWN and o.in_force(now) for o in standing)
    if mode is DoorMode.HOLD_OPEN and locked_down:
        return ModeRefusal.EMERGENCY_ACTIVE
    return None


def displaced(mode: DoorMode, standing: Iterable[ModeOrder]) -> list[ModeOrder]:
    """Give the orders that a new one takes away: those of its layer and, for a lock of either
    layer, whatever would hold the door open once the lock expires."""
    return [
        order
        for order in standing
        if LAYER[order.mode] is LAYER[mode]
        or (mode not in OPENING and order.mode in OPENING and LAYER[order.mode] is Layer.MANUAL)
    ]


def effective(standing: Iterable[ModeOrder], now: datetime) -> ModeOrder | None:
    """Give the order that governs a door: an emergency before a manual one, then the later."""
    found = [order for order in standing if order.in_force(now)]
    return max(found, key=lambda o: (LAYER[o.mode] is Layer.EMERGENCY, o.order), default=None)
