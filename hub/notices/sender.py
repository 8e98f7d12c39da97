"""Sends what is due: claims a row, says how things stand at that moment, keeps how it went.

A row is claimed under a lease before it is sent: if this process dies in between, it is due again
when the lease is over, and goes out once more under the same Message-ID or retry key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from hub.bookings import repository as booking_rows
from hub.bookings.holders import HolderPins
from hub.bookings.records import Booking, Revealed
from hub.bookings.tables import Payment
from hub.bookings.views import view
from hub.database.errors import DuplicateError
from hub.database.scope import Scope
from hub.notices import repository
from hub.notices.carrier import Carrier, Outgoing
from hub.notices.composing import Composer
from hub.notices.deciding import (
    LOOK_AGAIN,
    Drop,
    Later,
    Present,
    Send,
    decide,
)
from hub.notices.domain import (
    Attempt,
    Channel,
    Notice,
    NoticeKind,
    NoticeState,
    Outcome,
    Rules,
    Sent,
    Why,
    address_of,
)
from hub.notices.failing import give_up
from hub.notices.meters import NoticeMeters
from hub.notices.planner import channels_of, first_channel
from hub.notices.rules import rules_for
from hub.notices.settings import NoticesSettings
from hub.notices.subscriptions import Subscriptions
from hub.notices.timing import BUDGET_MOST, QuietHours, next_try
from hub.pins import repository as pin_rows
from hub.pins.placement import Readiness
from hub.web.core import Core

K = NoticeKind

LEASE: Final = timedelta(minutes=10)
"""Longer than any channel's timeouts together."""
RUN_MOST: Final = 200
"""So many rows a run; the next run follows at once."""
_PIN_LATER: Final = timedelta(minutes=10)
_NO_CARRIER: Final = Sent(Outcome.DOWN, "not set up")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row on its way, with its message; None where the channel cannot be used at all."""

    notice: Notice
    outgoing: Outgoing | None


class NoticeSender:
    """A job: the one place from which notices leave the hub."""

    name: Final = "notice_sender"
    every_s: Final = 1.0

    def __init__(
        self,
        core: Core,
        channels: Sequence[Channel],
        carriers: Mapping[Channel, Carrier],
        composer: Composer,
        holders: HolderPins,
        subscriptions: Subscriptions,
        meters: NoticeMeters,
    ) -> None:
        self._core = core
        self._settings: NoticesSettings = core.settings.notices
        self._channels = tuple(channels)
        self._carriers = carriers
        self._composer = composer
        self._holders = holders
        self._subscriptions = subscriptions
        self._meters = meters
        self._considered: list[str] = []

    def run(self) -> None:
        """Send everything that is due. A channel that is down is not asked again in this run."""
        down: dict[Channel, Sent] = {}
        try:
            for _ in range(RUN_MOST):
                claimed = self._next()
                if claimed is None:
                    break
                self._pass_on(claimed, down)
        finally:
            for carrier in self._carriers.values():
                carrier.close()
            with self._core.db.read() as scope:
                now = self._core.clock.now()
                self._meters.measure(
                    repository.counts(scope), repository.oldest_due(scope, now), now
                )

    def _pass_on(self, claimed: Claimed, down: dict[Channel, Sent]) -> None:
        channel, outgoing = claimed.notice.channel, claimed.outgoing
        carrier = self._carriers.get(channel)
        if channel in down:
            sent = down[channel]
        elif carrier is None or outgoing is None:
            sent = _NO_CARRIER
        else:
            sent = carrier.send(outgoing)
        if sent.outcome is Outcome.DOWN:
            down[channel] = sent
        self._meters.tried(channel, sent.outcome)
        self._core.db.write(lambda scope: self._note(scope, claimed.notice, sent))

    # --- claiming ----------------------------------------------------------------------------

    def _next(self) -> Claimed | None:
        """Claim a row. One that cannot even be considered is put off, so that it holds up none of
        the others, and what was wrong with it is raised."""
        self._considered.clear()
        try:
            return self._core.db.write(self._claim)
        except Exception:
            for stumbled in self._considered[-1:]:
                self._core.db.write(lambda scope: self._put_off(scope, stumbled))  # noqa: B023
            raise

    def _put_off(self, scope: Scope, notice_id: str) -> None:
        now = self._core.clock.now()
        notice = repository.by_id(scope, notice_id, to_change=True)
        if notice is None:
            return
        first = notice.first_tried_at or now
        tried = replace(notice, tries=notice.tries + 1, first_tried_at=first)
        if now - first > BUDGET_MOST:
            give_up(scope, tried, Why.GAVE_UP, now)
        else:
            self._later(scope, tried, now + _PIN_LATER, Why.RETRYING)

    def _claim(self, scope: Scope) -> Claimed | None:
        """Settle rows that need no sending, and give the first that does."""
        while True:
            notice = repository.claim(scope, self._core.clock.now())
            if notice is None:
                return None
            self._considered.append(notice.id)
            claimed = self._consider(scope, notice)
            if claimed is not None:
                return claimed

    def _consider(self, scope: Scope, notice: Notice) -> Claimed | None:
        now = self._core.clock.now()
        booking = booking_rows.by_id(scope, notice.booking_id)
        rules = rules_for(
            scope, self._settings, notice.site_id, booking.facility_id if booking else None
        )
        verdict = decide(notice, self._present(scope, notice, booking, rules, now))
        match verdict:
            case Drop(why):
                repository.drop(scope, notice, why, now)
                return None
            case Later(at, why):
                self._later(scope, notice, at, why)
                return None
        assert booking is not None  # noqa: S101  # a row without its booking is dropped above
        found = self._reachable(scope, notice, booking, now)
        if found is None:
            return None
        notice, address = found
        return self._compose(scope, notice, booking, address, verdict, rules)

    def _present(
        self,
        scope: Scope,
        notice: Notice,
        booking: Booking | None,
        rules: Rules,
        now: datetime,
    ) -> Present:
        settings = self._settings
        quiet = QuietHours(
            settings.quiet_from,
            settings.quiet_until,
            self._core.settings.town.zone,
            timedelta(hours=settings.urgent_h),
        )
        told = repository.last_with_pin(scope, notice.booking_id)
        return Present(
            now=now,
            booking=booking,
            readiness=view(scope, booking, now).readiness if booking else Readiness.OVER,
            told_before=told is not None and told.id != notice.id,
            rules=rules,
            quiet=quiet,
            last_moment=timedelta(minutes=settings.last_moment_min),
        )

    def _later(self, scope: Scope, notice: Notice, at: datetime, why: Why) -> None:
        """Wait. A row that was claimed before keeps its tries."""
        held = replace(notice, state=NoticeState.WAITING, next_at=at, why=why, lease_until=None)
        repository.replace_row(scope, held)

    def _reachable(
        self, scope: Scope, notice: Notice, booking: Booking, now: datetime
    ) -> tuple[Notice, str] | None:
        """Give the row with a channel that its contact has and wants, and the address there; settle
        the row where there is none."""
        contact = booking.contact
        address = address_of(contact, notice.channel)
        wanted = address and (
            notice.explicit or not self._subscriptions.is_stopped(scope, notice.channel, address)
        )
        if wanted:
            return notice, address
        other = first_channel(
            scope, self._channels, self._subscriptions, contact, but_not=(notice.channel,)
        )
        if other is not Channel.NONE and not notice.explicit:
            moved = replace(notice, channel=other)
            try:
                with scope.savepoint():
                    repository.replace_row(scope, moved)
            except DuplicateError:
                repository.drop(scope, notice, Why.COVERED, now)
                return None
            return moved, address_of(contact, other)
        why = Why.UNSUBSCRIBED if channels_of(self._channels, contact) else Why.NO_ADDRESS
        repository.drop(scope, notice, why, now)
        return None

    def _compose(
        self,
        scope: Scope,
        notice: Notice,
        booking: Booking,
        address: str,
        send: Send,
        rules: Rules,
    ) -> Claimed | None:
        now = self._core.clock.now()
        carrier = self._carriers.get(notice.channel)
        to = carrier.address(address) if carrier else None
        if carrier is not None and to is None:
            refused = replace(notice, address=address, tries=notice.tries + 1)
            self._failed(scope, refused, booking, Why.BAD_ADDRESS)
            return None
        if carrier is None or to is None:
            return Claimed(self._leased(scope, notice, address), None)
        revealed: Sequence[Revealed] = ()
        if send.pin:
            shown = self._composer.revealed(scope, booking)
            if shown is None and send.must:
                until = min(now + _PIN_LATER, max(now + LOOK_AGAIN, booking.booked.starts_at))
                self._later(scope, notice, until, Why.NOT_SHOWN)
                return None
            revealed = shown or ()
        if self._knows_already(scope, notice, booking, to, revealed):
            repository.drop(scope, notice, Why.TOLD_ALREADY, now)
            return None
        made = self._composer.compose(scope, notice, booking, to, send, rules, revealed)
        leased = self._leased(
            scope,
            replace(
                notice,
                # What an earlier try carried may have arrived.
                carried_pin=made.carried_pin or notice.carried_pin,
                truth_hash=made.truth_hash,
                pin_hash=made.pin_hash or notice.pin_hash,
                sequence=made.sequence,
                language=booking.contact.language,
                ends_at=booking.effective.ends_at,
            ),
            to,
        )
        return Claimed(leased, made.outgoing)

    def _leased(self, scope: Scope, notice: Notice, address: str) -> Notice:
        now = self._core.clock.now()
        leased = replace(
            notice,
            state=NoticeState.SENDING,
            why=None,
            address=address,
            tries=notice.tries + 1,
            first_tried_at=notice.first_tried_at or now,
            lease_until=now + LEASE,
        )
        repository.replace_row(scope, leased)
        return leased

    def _knows_already(
        self,
        scope: Scope,
        notice: Notice,
        booking: Booking,
        to: str,
        revealed: Sequence[Revealed],
    ) -> bool:
        """Whether the last message said exactly this: a change that was taken back, or a caller
        that puts the same booking again and again."""
        if notice.kind not in (K.CHANGED, K.PIN_CHANGED) or notice.explicit:
            return False
        last = repository.last_sent(scope, booking.id)
        if last is None or last.truth_hash != self._composer.truth_hash(
            scope, last.id, booking, to
        ):
            return False
        told = repository.last_with_pin(scope, booking.id, sent=True)
        if told is None or not revealed:
            # No digits were ever told, or none may be now: a change of digits alone has to be said.
            return "pin" not in notice.changed and notice.kind is K.CHANGED
        return told.pin_hash == self._composer.pin_hash(told.id, revealed)

    # --- afterwards --------------------------------------------------------------------------

    def _note(self, scope: Scope, claimed: Notice, sent: Sent) -> None:
        """Keep how a try went, and what follows from it."""
        now = self._core.clock.now()
        repository.add_attempt(
            scope, Attempt(claimed.id, claimed.tries, now, sent.outcome, sent.code)
        )
        notice = repository.by_id(scope, claimed.id, to_change=True)
        if notice is None or notice.state is not NoticeState.SENDING:
            return
        booking = booking_rows.by_id(scope, notice.booking_id)
        if sent.outcome is Outcome.SENT:
            self._arrived(scope, notice, booking, now)
            return
        if sent.outcome is Outcome.REFUSED or booking is None:
            self._failed(scope, notice, booking, Why.REFUSED)
            return
        starts_at = booking.booked.starts_at
        first = notice.first_tried_at or now
        again = next_try(notice.tries, first, starts_at, now, sent.retry_after_s)
        if again is None:
            why = Why.NOT_CONFIGURED if sent is _NO_CARRIER else Why.GAVE_UP
            self._failed(scope, notice, booking, why)
            return
        self._later(scope, notice, again, Why.RETRYING)

    def _arrived(
        self, scope: Scope, notice: Notice, booking: Booking | None, now: datetime
    ) -> None:
        done = replace(notice, state=NoticeState.SENT, why=None, ended_at=now, lease_until=None)
        repository.replace_row(scope, done)
        if not notice.carried_pin or booking is None:
            return
        for other in repository.unsent(scope, booking.id):
            if _covers(notice, other, booking):
                repository.drop(scope, other, Why.COVERED, now)
        if self._digits_are_as_told(scope, notice, booking):
            self._holders.told(scope, booking)

    def _digits_are_as_told(self, scope: Scope, notice: Notice, booking: Booking) -> bool:
        """Whether nobody gave the booking other digits while the message was on its way."""
        claimed_at = (notice.lease_until or self._core.clock.now()) - LEASE
        found = pin_rows.of_bookings(scope, [booking.id])[booking.id]
        return all(each.changed_at <= claimed_at for each in found if each.revoked_at is None)

    def _failed(self, scope: Scope, notice: Notice, booking: Booking | None, why: Why) -> None:
        """Go on by the next channel; without one, somebody has to telephone."""
        now = self._core.clock.now()
        tried = {
            each.channel
            for each in repository.of_booking(scope, notice.booking_id)
            if (each.kind, each.cause_seq) == (notice.kind, notice.cause_seq)
        }
        other = Channel.NONE
        if booking is not None:
            other = first_channel(
                scope, self._channels, self._subscriptions, booking.contact, tuple(tried)
            )
        if other is Channel.NONE:
            give_up(scope, notice, why, now)
            return
        failed = replace(notice, state=NoticeState.FAILED, why=why, ended_at=now, lease_until=None)
        repository.replace_row(scope, failed)
        following = replace(
            notice,
            id=self._core.ids.new(),
            channel=other,
            state=NoticeState.WAITING,
            why=None,
            address="",
            tries=0,
            next_at=now,
            first_tried_at=None,
            lease_until=None,
            carried_pin=False,
            truth_hash="",
            pin_hash="",
            sequence=0,
        )
        repository.add(scope, following)


def _covers(sent: Notice, other: Notice, booking: Booking) -> bool:
    """Whether digits that have just been told say what another row would: the reminder of the same
    window or, where nobody is told a PIN before they have paid, that it was paid."""
    if other.explicit:
        return False
    if other.kind is K.REMINDER:
        return other.window_start == booking.booked.starts_at
    says_paid = sent.kind is K.REMINDER and booking.payment is not Payment.NONE
    return says_paid and other.kind is K.PAID and other.tries == 0
