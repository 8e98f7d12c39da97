"""What staff do with notices: look, send again, say that they told somebody themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

import sqlalchemy as sa

from hub.audit.service import record
from hub.bookings import repository as booking_rows
from hub.bookings.records import Booking
from hub.bookings.refusals import Refusal, refused
from hub.bookings.tables import BookingState
from hub.database.scope import Scope
from hub.notices import repository
from hub.notices.domain import (
    OPEN,
    Attempt,
    Channel,
    Notice,
    NoticeKind,
    NoticeState,
    address_of,
)
from hub.notices.planner import channels_of, new_row
from hub.notices.tables import notices
from hub.web.core import Core
from hub.web.paging import Page, beyond, page_of
from hub.web.problems import NOT_FOUND, Problem, ProblemKind
from hub.web.rights import Principal

NOT_NOW: Final = ProblemKind("notice_not_now", HTTPStatus.CONFLICT)

K, S = NoticeKind, BookingState
MAY_ASK: Final = {
    S.REQUESTED: (K.REQUESTED,),
    S.CONFIRMED: (K.CONFIRMED, K.REMINDER, K.CHANGED),
    S.CANCELLED: (K.CANCELLED,),
    S.REJECTED: (K.REJECTED,),
}
"""What can be said of a booking by its state, the most usual first."""


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A row with its tries, and whose booking it is."""

    notice: Notice
    attempts: tuple[Attempt, ...]
    booking: Booking | None


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which rows are asked for; None does not limit."""

    state: NoticeState | None = None
    kind: NoticeKind | None = None
    channel: Channel | None = None
    needs_call: bool | None = None
    open: bool | None = None
    """Whether it is not at its end."""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """What the rows must satisfy."""
        n = notices.c
        found: list[sa.ColumnElement[bool]] = []
        if self.state is not None:
            found.append(n.state == self.state)
        if self.kind is not None:
            found.append(n.kind == self.kind)
        if self.channel is not None:
            found.append(n.channel == self.channel)
        if self.needs_call is not None:
            found.append(n.needs_call.is_(self.needs_call))
        if self.open is not None:
            found.append(n.state.in_(OPEN) if self.open else n.state.not_in(OPEN))
        return found


class NoticesService:
    """Reads the outbox, and adds to it what staff ask for."""

    def __init__(self, core: Core, channels: tuple[Channel, ...]) -> None:
        self._core = core
        self.channels = channels

    def page(
        self, who: Principal, wanted: NoticeFilter, cursor: str | None, limit: int
    ) -> Page[NoticeView]:
        """Give rows, the newest first, of the sites that somebody may see."""
        where = [*wanted.conditions(), beyond([notices.c.id], cursor, descending=True)]
        if who.sites is not None:
            where.append(notices.c.site_id.in_(sorted(who.sites)))
        with self._core.db.read() as scope:
            found = repository.search(scope, where, limit + 1)
            shown = self._views(scope, found)
        return page_of(shown, limit, lambda each: [each.notice.id])

    def of_booking(self, who: Principal, reservation_key: str) -> list[NoticeView]:
        """Give the rows of a booking, the oldest first."""
        with self._core.db.read() as scope:
            booking = self._booking(scope, who, reservation_key)
            return self._views(scope, repository.of_booking(scope, booking.id))

    def send_again(
        self,
        who: Principal,
        reservation_key: str,
        kind: NoticeKind | None = None,
        channel: Channel | None = None,
    ) -> NoticeView:
        """Put a message into the outbox that says how a booking stands now: at once, and to those
        too who want no others. Raises `409 notice_not_now` for what is not so or cannot be sent."""

        def write(scope: Scope) -> NoticeView:
            booking = self._booking(scope, who, reservation_key)
            may = MAY_ASK[booking.state]
            chosen = kind or may[0]
            now = self._core.clock.now()
            if chosen not in may or booking.effective.ends_at <= now:
                raise Problem(NOT_NOW, f"the booking is {booking.state.value}")
            has = channels_of(self.channels, booking.contact)
            by = channel or (has[0] if has else Channel.NONE)
            if by not in has:
                raise Problem(NOT_NOW, "the contact has no address for a channel that is set up")
            cause = repository.asked_number(scope)
            made = new_row(self._core.ids.new(), booking, chosen, cause, by, now)
            start = booking.booked.starts_at if chosen is K.REMINDER else None
            made = replace(
                made,
                asked_by=who.actor[:120],
                window_start=start,
                address=address_of(booking.contact, by),
            )
            repository.add(scope, made)
            said = {"kind": chosen.value, "channel": by.value}
            record(scope, now, who, "notice.asked", ("booking", booking.id), said)
            return NoticeView(made, (), booking)

        return self._core.db.write(write)

    def handled(self, who: Principal, notice_id: str) -> NoticeView:
        """Somebody told the contact by telephone."""

        def write(scope: Scope) -> NoticeView:
            found = repository.by_id(scope, notice_id, to_change=True)
            if found is None or not who.reaches(found.site_id):
                raise Problem(NOT_FOUND, "no such notice")
            if found.needs_call:
                now: datetime = self._core.clock.now()
                found = replace(found, needs_call=False, handled_at=now)
                repository.replace_row(scope, found)
                record(scope, now, who, "notice.handled", ("notice", found.id))
            return self._views(scope, [found])[0]

        return self._core.db.write(write)

    # --- inside ------------------------------------------------------------------------------

    def _booking(self, scope: Scope, who: Principal, reservation_key: str) -> Booking:
        found = booking_rows.by_key(scope, reservation_key)
        if found is None or not who.reaches(found.site_id):
            raise refused(Refusal.BOOKING_UNKNOWN, "no such booking")
        return found

    def _views(self, scope: Scope, found: list[Notice]) -> list[NoticeView]:
        tries = repository.attempts(scope, [each.id for each in found])
        known = {
            each: booking_rows.by_id(scope, each)
            for each in dict.fromkeys(each.booking_id for each in found)
        }
        return [NoticeView(each, tuple(tries[each.id]), known[each.booking_id]) for each in found]
