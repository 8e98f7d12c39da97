"""Visits, visitors and the pool of cards, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from hub.people.domain import CardState

_TOWN: Final = ZoneInfo("Asia/Tokyo")


class VisitState(StrEnum):
    """What was said of a visit; whether it is on now, the window tells."""

    PLANNED = "planned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody comes within `[starts_at, ends_at)`: `organisation` theirs, `host_id` the person of
    the town whom they visit. What a lent card opens: `doors`, and every door into `zones`. With
    `escort_required` it does so only within `escort_s` after the host (ids in `escorts` beside
    them, persons or groups). `daily`, for work of several days: on each day from the first to the
    last only between the hours of `starts_at` and `ends_at`. From `forgotten_at` on it holds no
    names."""

    id: str
    site_id: str
    state: VisitState
    organisation: str
    host_id: str | None
    purpose: str
    starts_at: datetime
    ends_at: datetime
    daily: bool
    doors: tuple[str, ...]
    zones: tuple[str, ...]
    escort_required: bool
    escort_s: int
    escorts: tuple[str, ...]
    note: str
    forgotten_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @property
    def leaders(self) -> tuple[str, ...]:
        """Whom the visitors' cards follow; nobody where they may walk alone."""
        if not self.escort_required:
            return ()
        host = (self.host_id,) if self.host_id is not None else ()
        return tuple(dict.fromkeys((*host, *self.escorts)))

    def is_on(self, now: datetime) -> bool:
        """Whether it may be gone in now."""
        start, end = self.window_on(now)
        return self.state is VisitState.PLANNED and start <= now < end

    def window_on(self, now: datetime) -> tuple[datetime, datetime]:
        """Give the window in which it may be gone in: the whole of it, or the hours of today, of
        the first day before it begins, of the last day after it ended."""
        if not self.daily:
            return self.starts_at, self.ends_at
        first, last = self.starts_at.astimezone(_TOWN), self.ends_at.astimezone(_TOWN)
        today = min(max(now.astimezone(_TOWN).date(), first.date()), last.date())
        days = timedelta(days=(today - first.date()).days)
        left = timedelta(days=(last.date() - today).days)
        return self.starts_at + days, self.ends_at - left

    def window_after(self, left_at: datetime) -> tuple[datetime, datetime] | None:
        """Give what is still to come of it for somebody who left: of a daily one what begins on
        the next day; None where nothing is."""
        if not self.daily:
            return None
        first, left = self.starts_at.astimezone(_TOWN), left_at.astimezone(_TOWN)
        start = self.starts_at + timedelta(days=max((left.date() - first.date()).days + 1, 0))
        return (start, self.ends_at) if start < self.ends_at else None


@dataclass(frozen=True, slots=True)
class Visitor:
    """One of a visit's visitors. `card_id` is the card that is lent to them, None once it is back;
    `grants` are those it was given."""

    id: str
    visit_id: str
    name: str
    name_kana: str
    arrived_at: datetime | None
    left_at: datetime | None
    card_id: str | None
    card_given_at: datetime | None
    card_returned_at: datetime | None
    grants: tuple[str, ...]
    created_at: datetime
    updated_at: datetime

    @property
    def is_inside(self) -> bool:
        """Whether they came and did not leave."""
        return self.arrived_at is not None and self.left_at is None


@dataclass(frozen=True, slots=True)
class PoolCard:
    """A card that is lent to visitors. `visitor_id` has it now; `overdue`: they have left, or their
    visit is over. `state` is the card's own."""

    card_id: str
    label: str
    state: CardState
    site_id: str | None
    visitor_id: str | None
    visit_id: str | None
    given_at: datetime | None
    overdue: bool
