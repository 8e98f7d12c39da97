"""Whether PINs that are in use are still within the bound, as keypads and other PINs are now: for
readiness, which looks at all of tomorrow's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from hub.database.scope import Scope
from hub.pins import placements
from hub.pins.guess_risk import DEFAULT_BOUND, EARLY_GRACE, LivePin, digits_needed
from hub.pins.lengths import DoorRisk, door_risk
from hub.pins.reservations import Reservations

_LONGEST: Final = timedelta(days=60)
"""Windows that end longer ago meet none that is still to come."""
_FOREVER: Final = datetime(2200, 1, 1, tzinfo=UTC)


class RisksInUse:
    """What it reads of a door it reads once; made anew for each transaction."""

    def __init__(self, scope: Scope, now: datetime) -> None:
        self._scope = scope
        self._since = now - _LONGEST
        self._doors: dict[str, tuple[DoorRisk, list[tuple[str, LivePin]]]] = {}

    def exceeds(
        self,
        door_id: str,
        window: tuple[datetime, datetime],
        digits: int,
        credential_id: str,
        *,
        duress: bool = False,
    ) -> bool:
        """Tell whether a credential's PIN exceeds the bound at a door through its window, reckoned
        as `lengths.checked_length` does where one is issued."""
        if door_id not in self._doors:
            pins = Reservations.live_of_door(self._scope, door_id, self._since)
            still = placements.still_open(self._scope, door_id, (self._since, _FOREVER))
            pins += [("", pin) for pin in still]
            self._doors[door_id] = door_risk(self._scope, door_id), pins
        risk, pins = self._doors[door_id]
        still = [pin for owner, pin in pins if not owner and _meets(pin, window)]
        others = [pin for owner, pin in pins if owner and owner != credential_id]
        met = [pin for pin in others if _meets(pin, window)]
        if met:
            starts_at = min(window[0], *(pin.starts_at for pin in met))
            ends_at = max(window[1], *(pin.ends_at for pin in met))
            met = [pin for pin in others if _meets(pin, (starts_at, ends_at))]
        needed = digits_needed(
            risk.budget,
            window,
            [*met, *still],
            digits,
            DEFAULT_BOUND,
            risk.a_try,
            new=(duress,),
        )
        return needed != digits


def _meets(pin: LivePin, window: tuple[datetime, datetime]) -> bool:
    """Whether a PIN may be exposed together with a window, as `Reservations.live_around` looks."""
    return pin.starts_at < window[1] + EARLY_GRACE and pin.ends_at > window[0] - EARLY_GRACE
