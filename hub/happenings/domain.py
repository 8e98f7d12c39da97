"""The closed list of what is told, and the shape of one happening. Ids, never names or digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class HappeningKind(StrEnum):
    """Everything that is told; the words are those of the webhooks' `type`."""

    BOOKING_REQUESTED = "booking.requested"
    BOOKING_CONFIRMED = "booking.confirmed"
    """Made as confirmed, or approved."""
    BOOKING_CHANGED = "booking.changed"
    """`details.changed` lists what: `window`, `doors`, `key_boxes`, `contact`, `holders`,
    `facility`, `paid`, `purpose`, `released` (its PIN may be shown now, or no longer), and
    `effective`: how much earlier and later than booked the doors open, which a neighbour's coming
    and going changes by itself. Nobody is written to for that."""
    BOOKING_REJECTED = "booking.rejected"
    BOOKING_CANCELLED = "booking.cancelled"
    BOOKING_READY = "booking.ready"
    """Every door has confirmed."""
    BOOKING_LATE = "booking.late"
    """Its deadline passed and some door has not confirmed."""
    BOOKING_USED = "booking.used"
    """Somebody came: the first entry."""
    BOOKING_NO_SHOW = "booking.no_show"
    BOOKING_EARLY = "booking.early"
    BOOKING_OVERSTAYED = "booking.overstayed"
    """Signs of the party after its window, margin included."""
    BOOKING_LEFT_OPEN = "booking.left_open"
    BOOKING_KEY_MISSING = "booking.key_missing"
    """A key box's key was taken and is not back."""
    PIN_CHANGED = "pin.changed"
    """A holder's digits are others now: reissued, or since the new time would have collided."""
    PIN_PLACED = "pin.placed"
    """The door's controller has proven that it holds it."""
    PIN_REVOKED = "pin.revoked"
    """The door's controller has proven that it no longer opens."""
    PIN_FAILED = "pin.failed"
    """The controller left it out of its index and said why."""
    ENTRY_GRANTED = "entry.granted"
    ENTRY_DENIED = "entry.denied"
    ALARM_RAISED = "alarm.raised"
    ALARM_CLEARED = "alarm.cleared"
    APPLICATION_SUBMITTED = "application.submitted"
    """It waits for somebody's approval; `other_id` names it, here and in the following."""
    APPLICATION_APPROVED = "application.approved"
    """By the last step of its chain: what it says counts from now on."""
    APPLICATION_RETURNED = "application.returned"
    APPLICATION_REJECTED = "application.rejected"
    APPLICATION_CANCELLED = "application.cancelled"
    """Its cancellation was approved: what it said counts no longer."""
    FEED_SHRANK = "feed.shrank"
    FEED_FAILING = "feed.failing"
    FEED_RECOVERED = "feed.recovered"
    NOTICE_FAILED = "notice.failed"
    """No channel reached the contact: somebody has to telephone."""
    WEBHOOK_FAILING = "webhook.failing"
    """Another system does not take what it asked to be told, or said that it wants no more."""
    WEBHOOK_RECOVERED = "webhook.recovered"
    ATTENDANCE_MONTH_CLOSED = "attendance.month_closed"
    """A department's month: `details` say which, which round, and how many people."""
    ATTENDANCE_MONTH_REOPENED = "attendance.month_reopened"
    ATTENDANCE_ADJUSTED = "attendance.adjusted"
    """A closed month would come to something else now: an adjustment was written."""
    ATTENDANCE_CAP_ALERT = "attendance.cap_alert"
    """Somebody reached an alert threshold, or will at the present pace."""
    ATTENDANCE_CAP_BREACHED = "attendance.cap_breached"
    ATTENDANCE_DIVERGED = "attendance.diverged"
    """Order, punches and presence of a date do not agree."""
    PAYROLL_HANDED_OUT = "payroll.handed_out"
    """A file of a month went out; `other_id` names the record, `details` the file's hash."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What it happened to; None where that does not apply."""

    site_id: str | None = None
    booking_id: str | None = None
    credential_id: str | None = None
    door_id: str | None = None
    other_id: str | None = None
    """An entry, an alarm, a feed, a notice: as the kind says."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened. `seq` counts without gaps in the order of commits."""

    seq: int
    id: str
    at: datetime
    kind: HappeningKind
    subject: Subject
    cause: str
    details: Mapping[str, object] = field(default_factory=dict)
