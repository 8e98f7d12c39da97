"""How many digits a PIN must have at its doors, and whether that is enough against guessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from hub.database.scope import Scope
from hub.keyboxes import repository as backup_rows
from hub.pins.draw import DigitsIncompatibleError, PinError, digits_for
from hub.pins.guess_risk import DEFAULT_BOUND, LivePin, TryBudget, digits_needed
from hub.pins.reservations import Reservations
from hub.sites import repository as site_rows
from hub.sites.domain import Door, Reader
from wire.offline_profiles import PROFILES
from wire.pins import MAX_DIGITS


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


def is_guessable(
    scope: Scope,
    door: Door,
    window: tuple[datetime, datetime],
    digits: int,
    credential_id: str,
) -> bool:
    """Tell whether a PIN in use exceeds the bound at a door as keypads and other PINs are now."""
    live = Reservations.live_around(scope, door.id, window, credential_id)
    backup = backup_rows.door_backup(scope, door.id)
    a_try = float(PROFILES[backup.profile].bound) if backup else 0.0
    return _needed(_keypads(scope, door.id), window, live, digits, a_try) != digits


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
