"""How many digits a PIN must have at its doors, and whether that is enough against guessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from hub.database.scope import Scope
from hub.keyboxes import repository as backup_rows
from hub.pins import placements, repository
from hub.pins.draw import DigitsIncompatibleError, PinError, digits_for
from hub.pins.guess_risk import (
    DEFAULT_BOUND,
    LivePin,
    TryBudget,
    digits_needed,
    guess_risk,
    spread_risk,
)
from hub.pins.repository import Credential
from hub.pins.reservations import Reservations
from hub.pins.tables import PinVariant
from hub.sites import repository as site_rows
from hub.sites.domain import Door, Reader
from wire.offline_profiles import PROFILES
from wire.pins import MAX_DIGITS

_SHARE_OF_POOL: Final = 0.1


class GuessRiskError(PinError):
    """At some door the chance of guessing a PIN would exceed the bound, or, where `door_id` is
    None, the chance of guessing one of a booking's own at any of its doors. `digits` would keep it;
    None: no length would, because of PINs that are live there already or of its sealed codes."""

    def __init__(self, door_id: str | None, digits: int | None) -> None:
        self.door_id, self.digits = door_id, digits
        super().__init__(f"guess-risk too high at a door; digits that would do: {digits}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a PIN is to be: its window, how many digits at least, whose it is. `duress`: its holder
    gets a duress PIN as well; `is_duress`: it is one itself."""

    window: tuple[datetime, datetime]
    digits: int | None
    credential_id: str = ""
    booking_id: str | None = None
    visit_id: str | None = None
    duress: bool = False
    is_duress: bool = False

    @classmethod
    def of(cls, credential: Credential, window: tuple[datetime, datetime]) -> Asked:
        """What a credential that exists needs in another window."""
        is_duress = credential.variant is PinVariant.DURESS
        visit_id = credential.guest.visit_id if credential.guest else None
        return cls(
            window,
            credential.digits,
            credential.id,
            credential.booking_id,
            visit_id,
            is_duress=is_duress,
        )

    @property
    def new(self) -> tuple[bool, ...]:
        """Of each PIN that is asked for, whether it is a duress one."""
        return (self.is_duress, True) if self.duress else (self.is_duress,)


@dataclass(frozen=True, slots=True)
class DoorRisk:
    """What a guesser meets at one door: its keypads' budget, how many digits they take, and the
    chance that one blind try hits a sealed code."""

    keypads: tuple[Reader, ...]
    budget: TryBudget
    max_digits: int
    a_try: float


def shared_length(scope: Scope, doors: Sequence[Door]) -> int:
    """Give the PIN length for doors; raise `DigitsIncompatibleError` where they share none."""
    return digits_for((door.min_digits, _most(_keypads(scope, door.id))) for door in doors)


def door_risk(scope: Scope, door_id: str) -> DoorRisk:
    """Give what a guesser meets at a door. One without a keypad counts as having an ordinary one:
    it may be fitted while PINs are live."""
    keypads = _keypads(scope, door_id)
    backup = backup_rows.backups_of(scope, [door_id]).get(door_id)
    a_try = float(PROFILES[backup.profile].bound) if backup else 0.0
    return DoorRisk(tuple(keypads), _budget(keypads), _most(keypads), a_try)


def standing_length(scope: Scope, door: Door, window: tuple[datetime, datetime], codes: int) -> int:
    """Give how many digits the codes of a door's pool are to have, so many of them live through a
    window: as many as leave nine tenths of the bound to bookings, or as the keypads take."""
    met = door_risk(scope, door.id)
    least = shared_length(scope, [door])
    for length in range(least, met.max_digits):
        pool = [LivePin(length, *window)] * codes
        if guess_risk(met.budget, pool[0], pool[1:]) <= DEFAULT_BOUND * _SHARE_OF_POOL:
            return length
    return met.max_digits


def checked_length(
    scope: Scope, reservations: Reservations, doors: Sequence[Door], asked: Asked
) -> int:
    """Give the length of a PIN for doors through a window: the largest minimum or, if asked, more.

    Raises `DigitsIncompatibleError`, or `GuessRiskError` with the length that would do.
    """
    least = shared_length(scope, doors)
    length = max(asked.digits or 0, least)
    met = {door.id: door_risk(scope, door.id) for door in doors}
    for door in doors:
        most = met[door.id].max_digits
        if length > most:
            raise DigitsIncompatibleError(((length, length), (door.min_digits, most)))
        live = [
            *reservations.live_around(scope, door.id, asked.window, asked.credential_id),
            *placements.still_open(scope, door.id, asked.window),
        ]
        needed = digits_needed(
            met[door.id].budget,
            asked.window,
            live,
            length,
            DEFAULT_BOUND,
            met[door.id].a_try,
            new=asked.new,
        )
        if needed != length:
            raise GuessRiskError(door.id, needed)
    _check_spread(scope, [each.budget for each in met.values()], asked, length)
    return length


def _check_spread(scope: Scope, budgets: Sequence[TryBudget], asked: Asked, length: int) -> None:
    """Bound what somebody comes to who tries a booking's or a visit's PINs at every door of it."""
    if len(budgets) < 2:
        return  # at one door the door's own risk is no smaller
    if asked.visit_id is not None:
        theirs = repository.of_visits(scope, [asked.visit_id])
    elif asked.booking_id is not None:
        theirs = repository.of_bookings(scope, [asked.booking_id])[asked.booking_id]
    else:
        return
    others = [
        LivePin(each.digits, *asked.window, duress=each.variant is PinVariant.DURESS)
        for each in theirs
        if each.revoked_at is None and each.id != asked.credential_id
    ]

    def risk(digits: int) -> float:
        new = [LivePin(digits, *asked.window, duress=each) for each in asked.new]
        return spread_risk(budgets, [*new, *others])

    if risk(length) > DEFAULT_BOUND:
        longer = range(length + 1, MAX_DIGITS + 1)
        raise GuessRiskError(None, next((n for n in longer if risk(n) <= DEFAULT_BOUND), None))


def _keypads(scope: Scope, door_id: str) -> list[Reader]:
    return [reader for reader in site_rows.readers_of_door(scope, door_id) if reader.keypad]


def _most(keypads: Sequence[Reader]) -> int:
    return min((reader.max_keys for reader in keypads), default=MAX_DIGITS)


def _budget(keypads: Sequence[Reader]) -> TryBudget:
    """The budgets of a door's keypads, tried together."""
    budgets = [
        TryBudget(reader.tries, reader.lockout_s, reader.lockout_max_s) for reader in keypads
    ] or [TryBudget()]
    return replace(budgets[0], beside=tuple(budgets[1:]))
