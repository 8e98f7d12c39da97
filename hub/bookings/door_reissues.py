"""Other digits for every PIN that a door knew: after a leak there, or a stolen controller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.audit.service import record
from hub.bookings import repository
from hub.bookings.service import named_refusals
from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.keyboxes import repository as backup_rows
from hub.pins import placements
from hub.pins import repository as pin_rows
from hub.pins.placement import AT_DOOR, LIVE, PlacementState
from hub.pins.repository import Credential
from hub.pins.risk import usable_door
from hub.pins.service import Pins
from hub.pins.tables import PinVariant, pin_placements
from hub.web.rights import Principal

_KNOWN: Final = LIVE & AT_DOOR
_HELD_BACK: Final = frozenset({PlacementState.REVOKING, PlacementState.REVOKED})
"""Of a PIN that is not revoked itself: it was at the door and is held back until it is paid again,
and would come back with the digits that the door knew."""


@dataclass(frozen=True, slots=True)
class ToTell:
    """A holder whose digits are others now. `old_open_at`: the doors that have not proven the new
    ones, at which the old ones may open."""

    booking_id: str
    reservation_key: str
    holder_id: str
    credential_id: str
    variant: PinVariant
    old_open_at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoorReissue:
    """What came of it. `revoked`: standing codes, in whose place others are drawn. `sealed`: the
    door takes sealed codes as well, whose secret only a new set-up replaces."""

    door_id: str
    reissued: tuple[ToTell, ...]
    revoked: int
    sealed: bool


class DoorReissues:
    """Gives other digits by door."""

    def __init__(self, db: Database, clock: Clock, pins: Pins) -> None:
        self._db = db
        self._clock = clock
        self._pins = pins

    def reissue(
        self, who: Principal, door_id: str, reason: str, *, ahead: bool = False
    ) -> DoorReissue:
        """Give other digits to every PIN that a door's controller may hold, or `ahead` to those as
        well that it was never sent. Each changed one is told as `pin.changed`, its holder is to be
        told, and its old digits are nobody's for 30 days."""

        def work(scope: Scope) -> DoorReissue:
            usable_door(scope, who, door_id)
            t = pin_placements
            states = (LIVE - {PlacementState.DRAFT} if ahead else _KNOWN) | _HELD_BACK
            found = placements.where(
                scope,
                t.c.door_id == door_id,
                t.c.state.in_(list(states)),
                t.c.ends_at > self._clock.now(),
            )
            told, revoked = [], 0
            for placement in found:
                credential = pin_rows.credential(scope, placement.credential_id)
                if credential is None or credential.revoked_at is not None:
                    continue
                if credential.variant is PinVariant.STANDING:
                    self._pins.revoke(scope, credential.id, reason)
                    revoked += 1
                    continue
                self._pins.reissue(scope, credential.id, reason, tell=True)
                told.append(self._to_tell(scope, credential))
            details = {"reason": reason, "reissued": len(told), "revoked": revoked}
            record(scope, self._clock.now(), who, "door.pins_reissued", ("door", door_id), details)
            sealed = backup_rows.door_backup(scope, door_id) is not None
            return DoorReissue(door_id, tuple(told), revoked, sealed)

        with named_refusals():
            return self._db.write(work)

    def _to_tell(self, scope: Scope, credential: Credential) -> ToTell:
        booking = repository.by_id(scope, credential.booking_id or "")
        standing = placements.of_credentials(scope, [credential.id])
        return ToTell(
            booking_id=credential.booking_id or "",
            reservation_key=booking.reservation_key if booking else "",
            holder_id=credential.holder_id or "",
            credential_id=credential.id,
            variant=credential.variant,
            old_open_at=tuple(
                each.door_id for each in standing if each.old_digits_since is not None
            ),
        )
