"""Windows of bookings: booked and effective, what a facility admits, and its free slots.

Pure. Opening hours are local to the facility's site; instants are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from hub.bookings.refusals import Refusal, refused
from hub.bookings.tables import Handover

JAPAN: Final = ZoneInfo("Asia/Tokyo")
MIDNIGHT_MIN: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class BookedWindow:
    """Half-open `[starts_at, ends_at)`."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: BookedWindow) -> bool:
        """Tell whether some instant lies in both."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def contains(self, other: BookedWindow) -> bool:
        """Tell whether every instant of the other lies in this one."""
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def widened(self, before_min: int, after_min: int) -> BookedWindow:
        """Give the effective window: so many minutes earlier and later."""
        return BookedWindow(
            self.starts_at.astimezone(UTC) - timedelta(minutes=before_min),
            self.ends_at.astimezone(UTC) + timedelta(minutes=after_min),
        )


@dataclass(frozen=True, slots=True)
class Margins:
    """How much wider than booked a PIN opens, and what becomes of that beside a neighbour."""

    before_min: int = 0
    after_min: int = 0
    handover: Handover = Handover.OVERLAP

    def widen(self, booked: BookedWindow) -> BookedWindow:
        """Give the window with both margins."""
        return booked.widened(self.before_min, self.after_min)


@dataclass(frozen=True, slots=True)
class OpenSpan:
    """Open on a weekday (0 = Monday) over `[start_min, end_min)` minutes since local midnight."""

    weekday: int
    start_min: int
    end_min: int

    def __post_init__(self) -> None:
        if not (0 <= self.weekday <= 6 and 0 <= self.start_min < self.end_min <= MIDNIGHT_MIN):
            raise ValueError("opening hours: weekday 0 to 6, minutes 0 to 1440, end after start")


@dataclass(frozen=True, slots=True)
class BookingRules:
    """What a facility admits. No `opening` means always open."""

    margin_before_min: int = 10
    margin_after_min: int = 10
    slot_min: int = 30
    longest_min: int = 14 * 24 * 60
    ahead_days: int = 400
    opening: tuple[OpenSpan, ...] = ()
    zone: ZoneInfo = JAPAN
    handover: Handover = Handover.OVERLAP

    @property
    def margins(self) -> Margins:
        """What a booking takes over of these rules."""
        return Margins(self.margin_before_min, self.margin_after_min, self.handover)

    def effective(self, booked: BookedWindow) -> BookedWindow:
        """Give the window that doors know, where no neighbour trims it."""
        return self.margins.widen(booked)


def check_window(booked: BookedWindow, rules: BookingRules, now: datetime) -> None:
    """Raise a `Problem` for a window that makes no sense for anybody."""
    if booked.starts_at >= booked.ends_at:
        raise refused(Refusal.WINDOW_INVERTED, "a window ends after it starts")
    if booked.ends_at <= now:
        raise refused(Refusal.IN_THE_PAST, "the window is over")
    if booked.ends_at - booked.starts_at > timedelta(minutes=rules.longest_min):
        raise refused(Refusal.TOO_LONG, longest_minutes=rules.longest_min)
    if booked.starts_at > now + timedelta(days=rules.ahead_days):
        raise refused(Refusal.TOO_FAR_AHEAD, ahead_days=rules.ahead_days)


def check_residents_window(booked: BookedWindow, rules: BookingRules, now: datetime) -> None:
    """Raise a `Problem` for a window that a resident may not book: begun, off the
    facility's grid or outside its opening hours."""
    check_window(booked, rules, now)
    if booked.starts_at < now:
        raise refused(Refusal.IN_THE_PAST, "the window has begun")
    local = [moment.astimezone(rules.zone) for moment in (booked.starts_at, booked.ends_at)]
    for moment in local:
        minute = moment.hour * 60 + moment.minute
        if minute % rules.slot_min or moment.second or moment.microsecond:
            raise refused(Refusal.OFF_THE_GRID, slot_minutes=rules.slot_min)
    hours = _open_windows(rules, local[0].date())
    if rules.opening and not any(span.contains(booked) for span in hours):
        raise refused(Refusal.CLOSED, "outside the opening hours")


class SlotState(StrEnum):
    """Whether a slot can be booked."""

    FREE = "free"
    TAKEN = "taken"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot of a facility's day."""

    window: BookedWindow
    state: SlotState


def slots_of(
    day: date, rules: BookingRules, taken: Sequence[BookedWindow], now: datetime
) -> list[Slot]:
    """Give a facility's slots of a local day, in order."""
    found: list[Slot] = []
    step = timedelta(minutes=rules.slot_min)
    for span in _open_windows(rules, day):
        start = span.starts_at
        while start + step <= span.ends_at:
            window = BookedWindow(start, start + step)
            found.append(Slot(window, _state(window, taken, now)))
            start += step
    return found


def _state(window: BookedWindow, taken: Iterable[BookedWindow], now: datetime) -> SlotState:
    if window.starts_at < now:
        return SlotState.PAST
    if any(window.overlaps(other) for other in taken):
        return SlotState.TAKEN
    return SlotState.FREE


def local_day(day: date, zone: ZoneInfo = JAPAN) -> BookedWindow:
    """Give a local day as a window of instants."""
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    return BookedWindow(start.astimezone(UTC), end.astimezone(UTC))


def _open_windows(rules: BookingRules, day: date) -> list[BookedWindow]:
    """Give the opening hours of a local day, adjoining spans joined."""
    if not rules.opening:
        return [local_day(day, rules.zone)]
    spans = sorted(
        (span.start_min, span.end_min) for span in rules.opening if span.weekday == day.weekday()
    )
    joined: list[tuple[int, int]] = []
    for start_min, end_min in spans:
        if joined and start_min <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_min))
        else:
            joined.append((start_min, end_min))
    return [
        BookedWindow(_at(day, start_min, rules.zone), _at(day, end_min, rules.zone))
        for start_min, end_min in joined
    ]


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    days, rest = divmod(minute, MIDNIGHT_MIN)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    return local.astimezone(UTC)
