"""What codes a door takes, as data: for whoever has codes made for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.database.engine import Database
from hub.keyboxes import repository as backup_rows
from hub.pins import pools
from hub.pins.guess_risk import DEFAULT_BOUND
from hub.pins.lengths import door_risk
from hub.pins.reservations import NO_REUSE
from hub.pins.risk import usable_door
from hub.pins.weak import PATTERNS
from hub.sites import repository as site_rows
from hub.web.rights import Principal
from wire.lock_list import MOST_ENTRIES
from wire.offline_profiles import PROFILES, Profile
from wire.pins import EARLY_GRACE_S, MAX_DIGITS, MIN_DIGITS
from wire.policy_bodies import DeviceDriver, Side

WEAK_RULES: Final = tuple(pattern.name for pattern in PATTERNS)


@dataclass(frozen=True, slots=True)
class KeypadRules:
    """What one keypad of a door takes: so many digits at most, within so much time a key."""

    reader_id: str
    side: Side
    min_digits: int
    max_digits: int
    key_timeout_ms: int
    tries: int
    lockout_s: int
    lockout_max_s: int


@dataclass(frozen=True, slots=True)
class LockListRules:
    """What a lock can hold of itself for when its controller is dead: windows to the second, and
    no schedule, count of uses or second factor."""

    capacity: int
    resolution_s: int
    takes_max_uses: bool


@dataclass(frozen=True, slots=True)
class CodeConstraints:
    """What codes a door takes. `max_digits` is what its every keypad takes; a PIN is known to the
    controller from `horizon_h` before its window, and dead at its end to the millisecond."""

    door_id: str
    min_digits: int
    max_digits: int
    keypads: tuple[KeypadRules, ...]
    weak_rules: tuple[str, ...]
    no_reuse_days: int
    guess_risk_bound: float
    horizon_h: int
    resolution_ms: int
    known_early_s: int
    takes_max_uses: bool
    lock_list: LockListRules | None
    standing_codes: int
    sealed: Profile | None


class CodeRules:
    """Reads what codes doors take."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, who: Principal, door_id: str) -> CodeConstraints:
        """Give what codes a door takes; raise `404` for one that is unknown or out of reach."""
        with self._db.read() as scope:
            door = usable_door(scope, who, door_id)
            met = door_risk(scope, door_id)
            site = site_rows.site(scope, door.site_id)
            strike = site_rows.device(scope, door.strike.device) if door.strike else None
            backup = backup_rows.door_backup(scope, door_id)
            pool = next(iter(pools.pools(scope, [door_id])), None)
        has_list = strike is not None and strike.driver is DeviceDriver.SERIAL_LOCK
        return CodeConstraints(
            door_id=door_id,
            min_digits=max(door.min_digits, MIN_DIGITS),
            max_digits=min(met.max_digits, MAX_DIGITS),
            keypads=tuple(
                KeypadRules(
                    reader_id=each.id,
                    side=each.side,
                    min_digits=max(door.min_digits, MIN_DIGITS),
                    max_digits=each.max_keys,
                    key_timeout_ms=each.key_timeout_ms,
                    tries=each.tries,
                    lockout_s=each.lockout_s,
                    lockout_max_s=each.lockout_max_s,
                )
                for each in met.keypads
            ),
            weak_rules=WEAK_RULES,
            no_reuse_days=NO_REUSE.days,
            guess_risk_bound=DEFAULT_BOUND,
            horizon_h=site.horizon_hours if site else 72,
            resolution_ms=1,
            known_early_s=EARLY_GRACE_S,
            takes_max_uses=True,
            lock_list=LockListRules(MOST_ENTRIES, 1, takes_max_uses=False) if has_list else None,
            standing_codes=pool.size if pool else 0,
            sealed=PROFILES[backup.profile] if backup else None,
        )
