"""How many bookings one address may ask for within an hour: so that no script fills the calendar
under ever new telephone numbers. People behind one address (a school, an office) stay below."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

from hub.bookings.tables import booking_requests
from hub.clock import Clock
from hub.database.scope import Scope
from hub.keys import HubKeys
from hub.web.problems import TOO_MANY_TRIES, Problem

SPAN: Final = timedelta(hours=1)


class AddressThrottle:
    """Counts requests by a keyed hash of the address: the address itself is kept nowhere."""

    def __init__(self, clock: Clock, keys: HubKeys, an_hour: int) -> None:
        self._clock = clock
        self._keys = keys
        self._an_hour = an_hour

    def count(self, scope: Scope, address: str) -> None:
        """Count one request; raise `429 too_many_tries` beyond those of the hour that began with
        the first. An empty address is nobody's, and is not counted."""
        if not address:
            return
        t = booking_requests
        scope.lock("booking_requests")
        now = self._clock.now()
        scope.delete(t, t.c.until <= now)
        subject = self._keys.blind("booking-address", address.encode())
        row = scope.one(scope.select(t.c.requests, t.c.until).where(t.c.subject == subject))
        if row is not None and row.requests >= self._an_hour:
            wait_s = math.ceil((row.until - now).total_seconds())
            raise Problem(
                TOO_MANY_TRIES,
                f"wait {wait_s} s before the next request",
                headers={"Retry-After": str(wait_s)},
            )
        requests, until = (row.requests, row.until) if row else (0, now + SPAN)
        counted = {"subject": subject, "requests": requests + 1, "until": until}
        scope.upsert(t, counted, key=("subject",))
