"""Standing codes: a door's pool of PINs that are placed and proven before anybody needs them.

For a lock whose controller is away and that cannot check sealed codes: what it holds is all it
takes. A code is nobody's until a booking pulls it; then its window is narrowed to the booking's,
which the lock learns only once it is back. Until then it opens through the whole window that the
lock had proven, and that is said wherever the code is shown.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.clock import Clock
from hub.database.scope import Scope
from hub.pins import placements, pools, repository
from hub.pins.draw import PinError
from hub.pins.lengths import GuessRiskError
from hub.pins.pools import Pool, StandingCode
from hub.pins.service import Instants, Issue, Pins
from hub.policy.touch import touch_credential

MAX_SIZE: Final = 20
MAX_LIFE_DAYS: Final = 60
USUAL_LIFE_DAYS: Final = 14
_EVERY: Final = timedelta(minutes=1)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pulled:
    """A holder's standing code for one door. It opens through `opens` until the door has proven
    that it learnt the booking's own window, `effective`."""

    door_id: str
    holder_id: str
    digits: str = field(repr=False)
    effective: Instants
    opens: Instants
    ends_when_confirmed: bool


class StandingCodes:
    """Fills pools, turns them over, and gives their codes to bookings. Every call is part of the
    caller's transaction."""

    def __init__(self, clock: Clock, pins: Pins) -> None:
        self._clock = clock
        self._pins = pins

    # --- the pool ------------------------------------------------------------------------------

    def configure(self, scope: Scope, pool: Pool) -> None:
        """Make a door hold so many codes; at 0 those that nobody pulled are revoked."""
        if pool.size:
            pools.keep(scope, pool, self._clock.now())
        else:
            pools.drop(scope, pool.door_id)
        self.tend(scope, pool)

    def tend(self, scope: Scope, pool: Pool) -> bool:
        """Draw what is missing of a pool, and take away what is too much or has been replaced;
        tell whether anything was done.

        A code is replaced when half its life is over. The old one goes once its successor is
        proven; while the door is away it stays, to its end.
        """
        now = self._clock.now()
        free = [each for each in pools.of_door(scope, pool.door_id, now) if not each.pulled_at]
        half = timedelta(days=pool.life_days) / 2
        fresh = [each for each in free if each.window[1] - now > half]
        stale = [each for each in free if each not in fresh]
        proven = sum(each.is_proven for each in fresh)
        keep = fresh[: pool.size]
        leaves = [*fresh[pool.size :], *stale[: len(stale) - max(0, pool.size - proven)]]
        for code in leaves:
            self._pins.revoke(scope, code.credential_id, "standing code replaced")
        made = 0
        for _ in range(pool.size - len(keep)):
            if not self._draw(scope, pool, now):
                break
            made += 1
        return bool(leaves) or made > 0

    def _draw(self, scope: Scope, pool: Pool, now: datetime) -> bool:
        order = Issue(
            booking_id="",
            holder_id="",
            person_id=None,
            doors=(pool.door_id,),
            window=(now, now + timedelta(days=pool.life_days)),
            digits=None,
            approved=True,
            cause="standing code",
        )
        try:
            try:
                made = self._pins.issue_standing(scope, order, pool.size)
            except GuessRiskError as error:
                if error.digits is None:
                    raise
                made = self._pins.issue_standing(scope, order.with_digits(error.digits), pool.size)
        except PinError as error:
            _log.warning("standing_code_refused", door=pool.door_id, error=type(error).__name__)
            return False
        pools.add(scope, made, pool.door_id, now)
        return True

    # --- pulling ---------------------------------------------------------------------------------

    def pull(
        self,
        scope: Scope,
        pool: Pool,
        booking_id: str,
        holder: tuple[str, str | None],
        window: Instants,
    ) -> Pulled | None:
        """Give a holder `(id, person's id)` their code of a door's pool: the one that they have,
        or one that the door has proven and that opens in the booking's window. None where there is
        none. The caller holds the booking, has checked the right and writes the audit."""
        pools.hold(scope, [pool.door_id])
        now = self._clock.now()
        codes = pools.of_door(scope, pool.door_id, now)
        own = next(
            (c for c in codes if (c.booking_id, c.holder_id) == (booking_id, holder[0])), None
        )
        if own is None:
            own = self._take(scope, codes, booking_id, holder, window)
            if own is None:
                return None
            self.tend(scope, pool)
        digits = self._pins.reveal(scope, own.credential_id)
        return Pulled(
            door_id=pool.door_id,
            holder_id=holder[0],
            digits=digits,
            effective=own.window,
            opens=own.opened or own.window,
            ends_when_confirmed=own.held_until is not None,
        )

    def _take(
        self,
        scope: Scope,
        codes: list[StandingCode],
        booking_id: str,
        holder: tuple[str, str | None],
        window: Instants,
    ) -> StandingCode | None:
        usable = [
            each
            for each in codes
            if not each.pulled_at and each.is_proven and _meet(each.window, window) is not None
        ]
        if not usable:
            return None
        code = max(usable, key=lambda each: (each.window[1], each.credential_id))
        pools.mark_pulled(scope, code.credential_id, self._clock.now(), code.window)
        repository.give_to(scope, code.credential_id, booking_id, *holder)
        self._narrow(scope, code, window)
        return next(
            each
            for each in pools.of_booking(scope, booking_id, self._clock.now())
            if each.credential_id == code.credential_id
        )

    def follow(
        self, scope: Scope, booking_id: str, door_ids: Collection[str], window: Instants
    ) -> None:
        """Let the codes that a booking pulled end with it as it is now. One whose door is not its
        any more, or that never opened in the new window, is revoked."""
        for code in pools.of_booking(scope, booking_id, self._clock.now()):
            fits = code.opened is not None and _meet(code.opened, window) is not None
            if code.door_id not in door_ids or not fits:
                self._pins.revoke(scope, code.credential_id, "booking changed")
            elif _meet(code.opened or window, window) != code.window:
                self._narrow(scope, code, window)

    def _narrow(self, scope: Scope, code: StandingCode, window: Instants) -> None:
        """Let a code open in a booking's window alone, as far as its own reaches. Its digits stay
        taken, and count in the guess-risk, through the whole of it: the door may be away."""
        (placement,) = placements.held(
            scope, lambda: placements.of_credentials(scope, [code.credential_id])
        )
        narrowed = _meet(code.opened or code.window, window)
        assert narrowed is not None  # noqa: S101  # both callers looked
        if narrowed == code.window:
            return
        placements.set_window(scope, placement, *narrowed)
        placements.note(scope, code.credential_id, self._clock.now(), "pulled for a booking")
        touch_credential(scope, code.credential_id)


class TendPools:
    """A chore: once a minute fills every pool and turns it over."""

    def __init__(self, clock: Clock, codes: StandingCodes) -> None:
        self._clock = clock
        self._codes = codes
        self._next: datetime | None = None

    def is_due(self, scope: Scope) -> bool:
        """Tell whether a minute has passed and there is a pool."""
        now = self._clock.now()
        if self._next is not None and now < self._next:
            return False
        self._next = now + _EVERY
        return bool(pools.pools(scope))

    def run(self, scope: Scope) -> int:
        """Tend every pool; give how many changed."""
        pools.hold(scope, (pool.door_id for pool in pools.pools(scope)))
        return sum(self._codes.tend(scope, pool) for pool in pools.pools(scope))


def _meet(one: Instants, other: Instants) -> Instants | None:
    """Give the time that lies in both windows; None where there is none."""
    start, end = max(one[0], other[0]), min(one[1], other[1])
    return (start, end) if start < end else None
