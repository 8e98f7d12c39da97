"""Who may send bookings in, and what becomes of what they send: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.web.rights import Principal, PrincipalKind, Role
from hub.webhooks.mapping import Profile

RATE_SPAN: Final = timedelta(minutes=1)


class SourceState(StrEnum):
    """Whether anything is taken from a source."""

    ACTIVE = "active"
    PAUSED = "paused"
    """Nothing is taken, and the sender is told to come again."""


class ReceivedResult(StrEnum):
    """What became of a message."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    """Everything was so already."""
    CANCELLED = "cancelled"
    IGNORED = "ignored"
    """Understood, and there was nothing to do: `stale` (older than what is known), `kind` (a kind
    that the profile passes over), `unknown` (a cancellation of what was never booked)."""
    REFUSED = "refused"
    """It could not be understood, or the booking cannot be made so."""


class About(StrEnum):
    """What of a booking a stamp is about: a payment told late must not be lost to a newer change of
    the time, nor undone by an older one."""

    BOOKING = "booking"
    PAID = "paid"


STALE: Final = "stale"
OTHER_KIND: Final = "kind"
UNKNOWN_BOOKING: Final = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A system that tells of bookings. `sites` limits what it may book; None is the whole town."""

    id: str
    name: str
    sites: tuple[str, ...] | None
    profile: Profile
    state: SourceState
    secret: bytes = field(repr=False)
    previous_secret: bytes | None = field(repr=False)
    previous_until: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def principal(self) -> Principal:
        """As whom it books: with the rights of an integration, at its sites."""
        sites = None if self.sites is None else frozenset(self.sites)
        return Principal(
            PrincipalKind.SYSTEM, f"webhook:{self.id}", self.name, Role.INTEGRATION, sites
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that came and was genuine. Of its content only whose booking it was is kept.

    `code` says why it was ignored or refused, `field` where; `times` counts how often it came.
    """

    id: str
    source_id: str
    message_id: str
    body_hash: str
    received_at: datetime
    result: ReceivedResult
    reservation_key: str | None
    booking_id: str | None
    code: str
    field: str
    times: int
