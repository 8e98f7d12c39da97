"""When something is sent: settling, reminders, quiet hours, retries. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DELAYS_S: Final = (60, 120, 300, 900, 1800, 3600)
"""Between tries; the last repeats."""
BUDGET_MOST: Final = timedelta(hours=6)
BUDGET_LEAST: Final = timedelta(minutes=5)
SETTLE_TIMES_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours in which nobody is disturbed; `begins` equal to `ends` means none. What begins
    within `urgent` disturbs all the same."""

    begins: time
    ends: time
    zone: ZoneInfo
    urgent: timedelta

    def holds(self, now: datetime) -> bool:
        """Tell whether an instant lies in them."""
        local = now.astimezone(self.zone).time()
        if self.begins <= self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends

    def end_after(self, now: datetime) -> datetime:
        """Give the next instant at which they end."""
        local = now.astimezone(self.zone)
        day = local.date()
        for ahead in range(3):
            found = datetime.combine(day + timedelta(days=ahead), self.ends, self.zone)
            in_utc = found.astimezone(UTC)
            if in_utc > now:
                return in_utc
        raise AssertionError("an hour comes back within two days")

    def until(self, now: datetime, starts_at: datetime) -> datetime | None:
        """Give until when a message about something that starts then has to wait; None: go on."""
        if starts_at - now <= self.urgent or not self.holds(now):
            return None
        return self.end_after(now)


def settled(first: datetime, latest: datetime, settle: timedelta) -> datetime:
    """Give when a row that was caused first and last then goes out: once nothing came for a while,
    but never held for more than a few of those."""
    return min(first + SETTLE_TIMES_MOST * settle, latest + settle)


def next_try(
    tries: int,
    first_tried_at: datetime,
    starts_at: datetime,
    now: datetime,
    retry_after_s: int | None = None,
) -> datetime | None:
    """Give when to try again after so many tries; None: give this channel up.

    Six hours in all, and less where the window is near: a quarter of what is left until it begins.
    """
    left = (starts_at - first_tried_at) / 4
    budget = min(BUDGET_MOST, max(BUDGET_LEAST, left))
    delay = timedelta(seconds=DELAYS_S[min(tries, len(DELAYS_S)) - 1])
    if retry_after_s is not None:
        delay = max(delay, timedelta(seconds=retry_after_s))
    due = now + delay
    last = first_tried_at + budget
    if due <= last:
        return due
    # One more at the very end of the budget, if there is still a delay's worth of sense in it.
    return last if retry_after_s is None and last - now >= timedelta(seconds=DELAYS_S[0]) else None
