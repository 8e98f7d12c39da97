"""What guessing comes to at a door, as people see it: computed from the same figures as the bound.

`GuessRisks.of_door` is for a door's sheet; `hub.bookings.risks` adds what a booking comes to.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.pins import placements
from hub.pins.guess_risk import (
    DEFAULT_BOUND,
    EARLY_GRACE,
    LivePin,
    digits_needed,
    guess_risk,
    most_tries,
    window_risk,
)
from hub.pins.lengths import DoorRisk, door_risk
from hub.pins.reservations import Reservations
from hub.sites import repository as site_rows
from hub.sites.domain import Door, Reader, SiteState
from hub.web.problems import NOT_FOUND, Problem, invalid
from hub.web.rights import Principal
from wire.pins import MIN_DIGITS

USUAL_SPAN: Final = timedelta(hours=24)
LONGEST_SPAN: Final = timedelta(days=62)
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2199


@dataclass(frozen=True, slots=True)
class WithDigits:
    """What one more PIN of so many digits, live throughout the window, would come to: the chance
    of a hit while it is exposed, and whether that keeps to the bound for every PIN it meets."""

    digits: int
    chance: float
    within_bound: bool


@dataclass(frozen=True, slots=True)
class DoorRiskView:
    """What guessing at a door comes to in a window. `tries`: the most wrong PINs that its keypads
    take in it together. `live`: how many PINs can be found out in it, by their length."""

    door_id: str
    window: tuple[datetime, datetime]
    keypads: tuple[Reader, ...]
    tries: int
    live: dict[int, int]
    chance: float
    bound: float
    min_digits: int
    max_digits: int
    digits_needed: int | None
    options: tuple[WithDigits, ...]


class GuessRisks:
    """Computes risks of doors."""

    def __init__(self, db: Database, clock: Clock, reservations: Reservations) -> None:
        self._db = db
        self._clock = clock
        self._reservations = reservations

    def of_door(
        self,
        who: Principal,
        door_id: str,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> DoorRiskView:
        """Give what guessing at a door comes to from `starts_at` (now) to `ends_at` (a day on)."""
        for name, instant in (("starts_at", starts_at), ("ends_at", ends_at)):
            if instant is not None and not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
                raise invalid(name, "bad_window", f"lies in {_FIRST_YEAR} to {_LAST_YEAR}")
        start = starts_at or self._clock.now()
        window = start, ends_at or start + USUAL_SPAN
        if not timedelta(0) < window[1] - window[0] <= LONGEST_SPAN:
            raise invalid("ends_at", "bad_window", "lies after starts_at, 62 days at most")
        with self._db.read() as scope:
            door = usable_door(scope, who, door_id)
            met = door_risk(scope, door_id)
            live = self.live_at(scope, door_id, window)
        return _door_view(door, met, window, live)

    def live_at(
        self, scope: Scope, door_id: str, window: tuple[datetime, datetime], but_not_of: str = ""
    ) -> list[LivePin]:
        """Give the PINs at a door that can be found out in a window, and those that these meet."""
        return [
            *self._reservations.live_around(scope, door_id, window, but_not_of),
            *placements.still_open(scope, door_id, window, but_not_of),
        ]


def usable_door(scope: Scope, who: Principal, door_id: str) -> Door:
    """Give a door in use that somebody may see; raise `404` otherwise."""
    found = site_rows.door(scope, door_id)
    active = found is not None and found.state is SiteState.ACTIVE
    if found is None or not active or not who.reaches(found.site_id):
        raise Problem(NOT_FOUND, "no such door")
    return found


def _door_view(
    door: Door, met: DoorRisk, window: tuple[datetime, datetime], live: list[LivePin]
) -> DoorRiskView:
    here = [
        each
        for each in live
        if each.starts_at - EARLY_GRACE < window[1] and each.ends_at > window[0]
    ]
    span_s = int((window[1] - window[0]).total_seconds())
    first = min(door.min_digits, MIN_DIGITS)
    return DoorRiskView(
        door_id=door.id,
        window=window,
        keypads=met.keypads,
        tries=most_tries(met.budget, span_s),
        live=dict(sorted(Counter(each.digits for each in here).items())),
        chance=window_risk(met.budget, window, here, met.a_try),
        bound=DEFAULT_BOUND,
        min_digits=door.min_digits,
        max_digits=met.max_digits,
        digits_needed=_fitting(met, window, live, door.min_digits),
        options=tuple(
            WithDigits(
                digits,
                guess_risk(met.budget, LivePin(digits, *window), live, met.a_try),
                _fitting(met, window, live, digits) == digits,
            )
            for digits in range(first, met.max_digits + 1)
        ),
    )


def _fitting(
    met: DoorRisk, window: tuple[datetime, datetime], live: list[LivePin], least: int
) -> int | None:
    found = digits_needed(met.budget, window, live, least, DEFAULT_BOUND, met.a_try)
    return found if found is not None and found <= met.max_digits else None
