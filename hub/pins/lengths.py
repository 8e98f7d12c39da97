"""How many digits a PIN must have at its doors, and whether that is enough against guessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hub.database.scope import Scope
from hub.keyboxes import repository as backup_rows
from hub.pins.draw import DigitsIncompatibleError, PinError, digits_for
from hub.pins.guess_risk import DEFAULT_BOUND, EARLY_GRACE, LivePin, TryBudget, digits_needed
from hub.pins.reservations import Reservations
from hub.sites import repository as site_rows
from hub.sites.domain import Door, Reader
from wire.offline_profiles import PROFILES
from wire.pins import MAX_DIGITS

_LONGEST: Final = timedelta(days=60)
"""Windows that end longer ago meet none that is still to come."""


class GuessRiskError(PinError):
    """At some door the chance of guessing a PIN would exceed the bound. `digits` would keep it;
    None: no length would, because of PINs that are live there already or of its sealed codes."""

    def __init__(self, door_id: str, digits: int | None) -> None:
        self.door_id, self.digits = door_id, digits
        super().__init__(f"guess-risk too high at a door; digits that would do: {digits}")


def shared_length(scope: Scope, doors: Sequence[Door]) -> int:
    """Give the PIN length for doors; raise `DigitsIncompatibleError` where they share none."""
    return digits_for((door.min_digits, _most(_keypads(scope, door.id))) for door in doors)


def checked_length(
    scope: Scope,
    reservations: Reservations,
    doors: Sequence[Door],
    window: tuple[datetime, datetime],
    asked: int | None,
    but_not_by: str = "",
) -> int:
    """Give the length of a PIN for doors through a window: the largest minimum or, if asked, more.

    Raises `DigitsIncompatibleError`, or `GuessRiskError` with the length that would do.
    """
    least = shared_length(scope, doors)
    length = max(asked or 0, least)
    backups = backup_rows.backups_of(scope, [door.id for door in doors])
    for door in doors:
        keypads = _keypads(scope, door.id)
        if length > _most(keypads):
            raise DigitsIncompatibleError(((length, length), (door.min_digits, _most(keypads))))
        live = reservations.live_around(scope, door.id, window, but_not_by)
        backup = backups.get(door.id)
        a_try = float(PROFILES[backup.profile].bound) if backup else 0.0
        needed = _needed(keypads, window, live, length, a_try)
        if needed != length:
            raise GuessRiskError(door.id, needed)
    return length


class GuessRisks:
    """Tells of PINs in use whether their risk is within the bound, as keypads and other PINs are
    now. What it reads of a door it reads once; made anew for each transaction."""

    def __init__(self, scope: Scope, now: datetime) -> None:
        self._scope = scope
        self._since = now - _LONGEST
        self._doors: dict[str, tuple[list[Reader], float, list[tuple[str, LivePin]]]] = {}

    def exceeds(
        self, door_id: str, window: tuple[datetime, datetime], digits: int, credential_id: str
    ) -> bool:
        """Tell whether a credential's PIN exceeds the bound at a door through its window."""
        if door_id not in self._doors:
            self._doors[door_id] = self._read(door_id)
        keypads, a_try, pins = self._doors[door_id]
        others = [pin for owner, pin in pins if owner != credential_id]
        met = [pin for pin in others if _meets(pin, window)]
        if met:
            starts_at = min(window[0], *(pin.starts_at for pin in met))
            ends_at = max(window[1], *(pin.ends_at for pin in met))
            met = [pin for pin in others if _meets(pin, (starts_at, ends_at))]
        return _needed(keypads, window, met, digits, a_try) != digits

    def _read(self, door_id: str) -> tuple[list[Reader], float, list[tuple[str, LivePin]]]:
        backup = backup_rows.door_backup(self._scope, door_id)
        a_try = float(PROFILES[backup.profile].bound) if backup else 0.0
        pins = Reservations.live_of_door(self._scope, door_id, self._since)
        return _keypads(self._scope, door_id), a_try, pins


def _meets(pin: LivePin, window: tuple[datetime, datetime]) -> bool:
    """Whether a PIN may be exposed together with a window, as `Reservations.live_around` looks."""
    return pin.starts_at < window[1] + EARLY_GRACE and pin.ends_at > window[0] - EARLY_GRACE


def _keypads(scope: Scope, door_id: str) -> list[Reader]:
    return [reader for reader in site_rows.readers_of_door(scope, door_id) if reader.keypad]


def _most(keypads: Sequence[Reader]) -> int:
    return min((reader.max_keys for reader in keypads), default=MAX_DIGITS)


def _needed(
    keypads: Sequence[Reader],
    window: tuple[datetime, datetime],
    live: Sequence[LivePin],
    least: int,
    a_try: float,
) -> int | None:
    """The length that keeps the risk within bounds at a door with these keypads, tried together."""
    budgets = [
        TryBudget(reader.tries, reader.lockout_s, reader.lockout_max_s) for reader in keypads
    ] or [TryBudget()]
    budget = replace(budgets[0], beside=tuple(budgets[1:]))
    return digits_needed(budget, window, live, least, DEFAULT_BOUND, a_try)
