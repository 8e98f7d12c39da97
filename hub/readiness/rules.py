"""Which rules hold for a booking: its facility's own, its site's, or the settings'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.bookings.records import Booking
from hub.database.scope import Scope
from hub.readiness import repository
from hub.readiness.domain import Rules
from hub.readiness.repository import OwnRule
from hub.readiness.settings import ReadinessSettings
from hub.readiness.tables import RuleOf
from hub.sites.tables import sites

_LEAST: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Every rule, and how far ahead each site's controllers hold PINs."""

    usual: Rules
    own: Mapping[tuple[RuleOf, str], OwnRule]
    horizons: Mapping[str, timedelta]

    @classmethod
    def read(cls, scope: Scope, settings: ReadinessSettings) -> RuleBook:
        """Read it."""
        rows = scope.all(scope.select(sites.c.id, sites.c.horizon_hours))
        usual = Rules(
            lead=timedelta(minutes=settings.lead_minutes),
            grace=timedelta(minutes=settings.grace_minutes),
            steps=tuple(timedelta(minutes=m) for m in settings.steps_before_start_minutes),
        )
        horizons = {row.id: timedelta(hours=row.horizon_hours) for row in rows}
        return cls(usual, repository.own_rules(scope), horizons)

    @property
    def longest_horizon(self) -> timedelta:
        """How far ahead bookings have to be watched."""
        return max((_LEAST, *self.horizons.values()))

    def of(self, booking: Booking) -> Rules:
        """Give the rules of a booking."""
        found = None
        if booking.facility_id is not None:
            found = self.own.get((RuleOf.FACILITY, booking.facility_id))
        found = found or self.own.get((RuleOf.SITE, booking.site_id))
        rules = self.usual
        if found is not None:
            lead, grace = timedelta(minutes=found.lead_min), timedelta(minutes=found.grace_min)
            rules = Rules(lead, grace, self.usual.steps)
        horizon = self.horizons.get(booking.site_id)
        return rules.within(horizon) if horizon else rules
