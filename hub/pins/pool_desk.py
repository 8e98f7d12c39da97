"""Doors' pools as people set them up and look at them."""

from __future__ import annotations

from dataclasses import dataclass

from hub.audit.service import record
from hub.clock import Clock
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.pins import pools
from hub.pins.pools import Pool, StandingCode
from hub.pins.risk import usable_door
from hub.pins.standing import USUAL_LIFE_DAYS, StandingCodes
from hub.web.rights import Principal


@dataclass(frozen=True, slots=True)
class PoolSheet:
    """A door's pool and its living codes, never their digits."""

    pool: Pool
    codes: tuple[StandingCode, ...]

    @property
    def ready(self) -> int:
        """How many the door has proven that nobody has pulled."""
        return sum(each.is_proven and not each.pulled_at for each in self.codes)


class DoorPools:
    """Sets pools up and shows them."""

    def __init__(self, db: Database, clock: Clock, codes: StandingCodes) -> None:
        self._db = db
        self._clock = clock
        self._codes = codes

    def get(self, who: Principal, door_id: str) -> PoolSheet:
        """Give a door's pool; one that was never set up is empty."""
        with self._db.read() as scope:
            usable_door(scope, who, door_id)
            return self._sheet(scope, door_id)

    def set_up(self, who: Principal, door_id: str, size: int, life_days: int) -> PoolSheet:
        """Make a door hold so many standing codes, each good for so many days. Size 0 takes away
        what nobody has pulled."""

        def work(scope: Scope) -> PoolSheet:
            usable_door(scope, who, door_id)
            pools.hold(scope, [door_id])
            self._codes.configure(scope, Pool(door_id, size, life_days))
            told = {"size": size, "life_days": life_days}
            record(
                scope, self._clock.now(), who, "door.standing_codes_set", ("door", door_id), told
            )
            return self._sheet(scope, door_id)

        return self._db.write(work)

    def _sheet(self, scope: Scope, door_id: str) -> PoolSheet:
        pool = next(iter(pools.pools(scope, [door_id])), Pool(door_id, 0, USUAL_LIFE_DAYS))
        return PoolSheet(pool, tuple(pools.of_door(scope, door_id, self._clock.now())))
