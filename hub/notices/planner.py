"""Turns happenings, and the time, into rows of the outbox: in the transaction of the mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hub.bookings import repository as booking_rows
from hub.bookings.records import Booking, Contact
from hub.bookings.residents import RESIDENT
from hub.clock import Clock, Ids
from hub.database.engine import Database
from hub.database.scope import Scope
from hub.happenings.domain import Happening, HappeningKind
from hub.happenings.readers import read_on
from hub.happenings.repository import through
from hub.notices import repository
from hub.notices.coalescing import coalesce
from hub.notices.deciding import reminder_due
from hub.notices.domain import (
    ENDINGS,
    Channel,
    Notice,
    NoticeKind,
    NoticeState,
    Why,
    address_of,
)
from hub.notices.failing import give_up
from hub.notices.rules import longest_reminder_h, rules_for
from hub.notices.settings import NoticesSettings
from hub.notices.subscriptions import Subscriptions
from hub.notices.timing import settled

H, K = HappeningKind, NoticeKind

READER: Final = "notices"
LINE_CAUSE: Final = "line linked"
"""The cause of a change that the hub itself made; its own notice tells it."""
_PLAN_EVERY: Final = timedelta(seconds=30)
_BEHIND: Final = timedelta(seconds=5)
_BATCH: Final = 200
_KINDS: Final = {
    H.BOOKING_REQUESTED: K.REQUESTED,
    H.BOOKING_CONFIRMED: K.CONFIRMED,
    H.BOOKING_CANCELLED: K.CANCELLED,
    H.BOOKING_REJECTED: K.REJECTED,
    H.PIN_CHANGED: K.PIN_CHANGED,
}
_TELLING: Final = ("window", "facility", "doors", "key_boxes", "holders", "contact")
"""What of a change concerns its contact; its purpose does not."""
NARROWED: Final = "effective"
"""A neighbour took some of the time around the booked one, after it was told."""
_HEARD: Final = frozenset({*_KINDS, H.BOOKING_CHANGED})
_CALLED_ABOUT: Final = frozenset({K.CHANGED, K.PIN_CHANGED, K.CANCELLED, K.REJECTED})
"""Of these a contact without any address has to be told by somebody; the rest they saw."""


class NoticePlanner:
    """A job: goes through the happenings, and plans the reminders that are near. It reads and
    writes the database alone, so that a slow mail server holds up nothing here."""

    name: Final = "notice_planner"
    every_s: Final = 1.0

    def __init__(
        self,
        db: Database,
        clock: Clock,
        ids: Ids,
        settings: NoticesSettings,
        channels: Sequence[Channel],
        subscriptions: Subscriptions,
    ) -> None:
        self._db = db
        self._clock = clock
        self._ids = ids
        self._settings = settings
        self._channels = tuple(channels)
        self._subscriptions = subscriptions
        self._settle = timedelta(seconds=settings.settle_s)
        self._plan_at: datetime | None = None

    def begin(self) -> None:
        """Set the reader's mark at the present, where it has none."""
        self._db.write(lambda scope: through(scope, READER))

    def run(self) -> None:
        """Take in what happened, then look for reminders."""
        read_on(self._db, READER, self.handle)
        now = self._clock.now()
        if self._plan_at is None or now >= self._plan_at:
            self._db.write(self.plan_reminders)
            self._plan_at = now + _PLAN_EVERY

    # --- happenings --------------------------------------------------------------------------

    def handle(self, scope: Scope, happening: Happening) -> None:
        """Write what one happening demands."""
        booking_id = happening.subject.booking_id
        if booking_id is None or not self._channels:
            return  # a town that has set up no channel tells nobody, and has nobody called
        if happening.kind in (H.PIN_PLACED, H.BOOKING_READY):
            repository.wake(scope, booking_id, self._clock.now())
            return
        booking = booking_rows.by_id(scope, booking_id) if happening.kind in _HEARD else None
        if booking is None:
            return
        kinds = self._kinds_of(scope, booking, happening)
        if not kinds and "released" not in _words(happening):
            return
        repository.wake(scope, booking_id, self._clock.now())
        for kind in kinds:
            self._tell(scope, booking, kind, happening)
        if not ENDINGS & set(kinds):
            self._remind(scope, booking)

    def _kinds_of(self, scope: Scope, booking: Booking, happening: Happening) -> list[NoticeKind]:
        if happening.kind in _KINDS:
            return [_KINDS[happening.kind]]
        if happening.kind is not H.BOOKING_CHANGED or happening.cause == LINE_CAUSE:
            return []
        changed = _words(happening)
        kinds = []
        told = _retracts(booking, happening) and _told(scope, booking)
        if told or any(each in changed for each in _TELLING):
            kinds.append(K.CHANGED)
        if "paid" in changed:
            kinds.append(K.PAID)
        return kinds

    def _tell(self, scope: Scope, booking: Booking, kind: NoticeKind, happening: Happening) -> None:
        if kind is K.PAID and not booking.paid:
            return
        now = self._clock.now()
        changed = [each for each in _words(happening) if each in (*_TELLING, NARROWED)]
        was = _was(happening) if kind is K.CHANGED else None
        unsent = repository.unsent(scope, booking.id)
        plan = coalesce(kind, changed, was, unsent)
        for each in plan.dropped:
            repository.drop(scope, each, Why.SUPERSEDED, now)
        at = happening.at
        if plan.into is not None:
            due = settled(plan.into.created_at, at, self._settle)
            merged = replace(
                plan.into,
                changed=plan.changed,
                was=plan.was,
                next_at=max(due, plan.into.next_at) if plan.into.kind not in ENDINGS else due,
                ends_at=booking.effective.ends_at,
            )
            repository.replace_row(scope, merged)
            return
        if kind not in self._settings.kinds:
            return
        channel = first_channel(scope, self._channels, self._subscriptions, booking.contact)
        if channel is Channel.NONE and not self._to_be_called(booking, kind, happening):
            return
        made = self._row(booking, kind, happening.seq, channel, at)
        settle = timedelta(0) if kind in ENDINGS else self._settle
        made = replace(made, changed=plan.changed, was=plan.was, next_at=at + settle)
        if repository.add(scope, made) and channel is Channel.NONE:
            give_up(scope, made, Why.NO_ADDRESS, now)

    def _to_be_called(self, booking: Booking, kind: NoticeKind, happening: Happening) -> bool:
        """Whether somebody has to telephone a contact without an address about this."""
        by_themselves = happening.cause.startswith(RESIDENT.actor)
        return bool(booking.contact.phone) and kind in _CALLED_ABOUT and not by_themselves

    # --- reminders ---------------------------------------------------------------------------

    def plan_reminders(self, scope: Scope) -> int:
        """Make the reminders of bookings that have come near; give how many."""
        if not self._channels or K.REMINDER not in self._settings.kinds:
            return 0
        now = self._clock.now()
        scope.lock("notices:reminders")
        near = now + timedelta(hours=longest_reminder_h(scope, self._settings)) + self._settle
        found = repository.without_reminder(scope, now, near, _BATCH)
        for booking_id in found:
            booking = booking_rows.by_id(scope, booking_id)
            if booking is not None:
                self._add_reminder(scope, booking, now)
        return len(found)

    def _remind(self, scope: Scope, booking: Booking) -> None:
        """Make the reminder of a booking that was booked, or moved, late: it is due at once."""
        near = timedelta(hours=longest_reminder_h(scope, self._settings))
        now = self._clock.now()
        if booking.booked.starts_at - now <= near and booking.effective.ends_at > now:
            # Behind the confirmation, which says it all where every door is ready already.
            self._add_reminder(scope, booking, now + self._settle + _BEHIND)

    def _add_reminder(self, scope: Scope, booking: Booking, earliest: datetime) -> None:
        channel = first_channel(scope, self._channels, self._subscriptions, booking.contact)
        if channel is Channel.NONE or K.REMINDER not in self._settings.kinds:
            return
        now = self._clock.now()
        start = booking.booked.starts_at
        rules = rules_for(scope, self._settings, booking.site_id, booking.facility_id)
        made = self._row(booking, K.REMINDER, int(start.timestamp()), channel, now)
        due = max(reminder_due(booking, rules), earliest)
        repository.add(scope, replace(made, window_start=start, next_at=due))

    def _row(
        self, booking: Booking, kind: NoticeKind, cause: int, channel: Channel, at: datetime
    ) -> Notice:
        return new_row(self._ids.new(), booking, kind, cause, channel, at)


def new_row(
    row_id: str, booking: Booking, kind: NoticeKind, cause: int, channel: Channel, at: datetime
) -> Notice:
    """Give a row that waits since `at`."""
    return Notice(
        id=row_id,
        booking_id=booking.id,
        site_id=booking.site_id,
        kind=kind,
        cause_seq=cause,
        channel=channel,
        state=NoticeState.WAITING,
        why=None,
        changed=(),
        was=None,
        window_start=None,
        ends_at=booking.effective.ends_at,
        asked_by="",
        address="",
        language=booking.contact.language,
        tries=0,
        created_at=at,
        next_at=at,
        first_tried_at=None,
        lease_until=None,
        ended_at=None,
        carried_pin=False,
        truth_hash="",
        pin_hash="",
        sequence=0,
        needs_call=False,
        handled_at=None,
    )


def channels_of(channels: Sequence[Channel], contact: Contact) -> list[Channel]:
    """Give those of the town's channels that a contact has an address for, in its order."""
    return [each for each in channels if address_of(contact, each)]


def first_channel(
    scope: Scope,
    channels: Sequence[Channel],
    subscriptions: Subscriptions,
    contact: Contact,
    but_not: Sequence[Channel] = (),
) -> Channel:
    """Give the first channel by which a contact wants to be told; the first of all where they
    want none (that is noted when it is due); `none` without any address."""
    has = [each for each in channels_of(channels, contact) if each not in but_not]
    for each in has:
        if not subscriptions.is_stopped(scope, each, address_of(contact, each)):
            return each
    return has[0] if has and not but_not else Channel.NONE


def _words(happening: Happening) -> list[str]:
    found = happening.details.get("changed", ())
    return [str(each) for each in found] if isinstance(found, list | tuple) else []


def _retracts(booking: Booking, happening: Happening) -> bool:
    """Whether what may have been told opens less than it did: the doors open later or lock earlier
    around the same booked time, or the PIN is held back again. What opens more needs no message."""
    changed = _words(happening)
    if "released" in changed and not booking.released:
        return True
    was = _was(happening, "was_effective")
    if was is None or "window" in changed:
        return False
    return booking.effective.starts_at > was[0] or booking.effective.ends_at < was[1]


def _told(scope: Scope, booking: Booking) -> bool:
    """Whether digits were told: what comes before them says how things stand by itself."""
    return repository.last_with_pin(scope, booking.id) is not None


def _was(happening: Happening, name: str = "was") -> tuple[datetime, datetime] | None:
    found = happening.details.get(name)
    if not isinstance(found, list | tuple) or len(found) != 2:
        return None
    return datetime.fromisoformat(str(found[0])), datetime.fromisoformat(str(found[1]))
