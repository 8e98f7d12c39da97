"""Links a LINE account to a booking: the resident sends the town's account a code that the page of
the booking shows. The code works once, for a short time, and is stored hashed."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hub.audit.service import record
from hub.bookings import happened
from hub.bookings import repository as booking_rows
from hub.bookings.holding import hold
from hub.bookings.records import Booking
from hub.bookings.residents import RESIDENT
from hub.database.scope import Scope
from hub.happenings.domain import HappeningKind
from hub.notices import repository
from hub.notices.domain import Channel, NoticeKind, line_user
from hub.notices.planner import LINE_CAUSE, new_row
from hub.notices.subscriptions import Subscriptions
from hub.notices.tables import line_link_codes, line_link_tries
from hub.pins.links import PinLinks
from hub.web.core import Core

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What cannot be misread; 32 signs."""
CODE_CHARS: Final = 8
LIFE: Final = timedelta(minutes=15)
TRIES: Final = 5
TRIES_IN: Final = timedelta(minutes=10)
"""So many wrong codes of one account: 40 bits are not to be guessed, and this keeps it so."""


class Linking(StrEnum):
    """What came of a text that somebody sent; the last word of its sentence in the catalogue."""

    LINKED = "linked"
    UNKNOWN = "unknown"
    TOO_MANY = "too_many"
    NO_CODE = "hello"
    """It looks like no code at all."""


@dataclass(frozen=True, slots=True)
class LinkCode:
    """A code to be shown, in two groups, and until when it works."""

    code: str = field(repr=False)
    expires_at: datetime

    @property
    def shown(self) -> str:
        """`ABCD-2345`."""
        return f"{self.code[:4]}-{self.code[4:]}"


def code_in(text: str) -> str | None:
    """Give the code that a message consists of, however it was typed; None for another text."""
    if len(text) > 64:
        return None
    plain = unicodedata.normalize("NFKC", text).upper()
    plain = "".join(c for c in plain if not c.isspace() and c not in "-‐‑–ー−")
    if len(plain) != CODE_CHARS or any(c not in ALPHABET for c in plain):
        return None
    return plain


class LineLinks:
    """Makes codes, and takes them."""

    def __init__(self, core: Core, links: PinLinks, subscriptions: Subscriptions) -> None:
        self._core = core
        self._links = links
        self._subscriptions = subscriptions

    def make(self, cookie: str) -> LinkCode | None:
        """Give a new code for the booking that a resident's cookie shows; None where there is none
        that still lies ahead. One made before works no more."""

        def write(scope: Scope) -> LinkCode | None:
            now = self._core.clock.now()
            booking_id = self._links.booking_of(scope, cookie)
            booking = booking_rows.by_id(scope, booking_id) if booking_id else None
            if booking is None or not _lies_ahead(booking, now):
                return None
            code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))
            scope.delete(line_link_codes, line_link_codes.c.booking_id == booking.id)
            row = {
                "code_hash": self._hash(code),
                "booking_id": booking.id,
                "expires_at": now + LIFE,
            }
            scope.insert(line_link_codes, row)
            return LinkCode(code, now + LIFE)

        return self._core.db.write(write)

    def take(self, user: str, text: str) -> Linking:
        """Link a LINE account to the booking of the code it sent. What it wrote is not kept."""
        code = code_in(text)
        if code is None or line_user(user) is None:
            return Linking.NO_CODE
        return self._core.db.write(lambda scope: self._take(scope, user, code))

    def followed(self, user: str, *, follows: bool) -> None:
        """Somebody added the town's account, or blocked it: LINE is their channel, or is not."""
        if line_user(user) is None:
            return

        def write(scope: Scope) -> None:
            self._subscriptions.set_of(scope, Channel.LINE, user, stopped=not follows)

        self._core.db.write(write)

    # --- inside ------------------------------------------------------------------------------

    def _take(self, scope: Scope, user: str, code: str) -> Linking:
        now, t = self._core.clock.now(), line_link_tries
        subject = self._core.keys.blind("line-tries", user.encode())
        scope.lock(f"line-tries:{subject}")
        row = scope.one(scope.select(t).where(t.c.subject == subject, t.c.until > now))
        if row is not None and row.tries >= TRIES:
            return Linking.TOO_MANY
        c = line_link_codes.c
        asked = scope.select(c.booking_id).where(
            c.code_hash == self._hash(code), c.expires_at > now
        )
        booking_id = scope.scalar(asked)
        booking = booking_rows.by_id(scope, booking_id) if booking_id else None
        gone = not scope.delete(line_link_codes, c.code_hash == self._hash(code))
        if booking is None or gone or not _lies_ahead(booking, now):
            tries = {"tries": row.tries + 1 if row else 1}
            until = {"until": row.until if row else now + TRIES_IN}
            scope.upsert(t, {"subject": subject, **tries, **until}, key=("subject",))
            return Linking.UNKNOWN
        self._link(scope, booking, user, now)
        return Linking.LINKED

    def _link(self, scope: Scope, booking: Booking, user: str, now: datetime) -> None:
        booking = hold(scope, booking.reservation_key) or booking
        contact = replace(booking.contact, line=user)
        kept = replace(booking, contact=contact, changed_at=now)
        booking_rows.write(scope, kept, new=False)
        self._subscriptions.set_of(scope, Channel.LINE, user, stopped=False)
        record(scope, now, RESIDENT, "booking.line_linked", ("booking", booking.id))
        changed = {"changed": ["contact"]}
        happened.tell_of(scope, now, HappeningKind.BOOKING_CHANGED, kept, LINE_CAUSE, changed)
        cause = repository.asked_number(scope)
        made = new_row(self._core.ids.new(), kept, NoticeKind.LINKED, cause, Channel.LINE, now)
        repository.add(scope, made)

    def _hash(self, code: str) -> str:
        return self._core.keys.token_hash("line-link", code)


def _lies_ahead(booking: Booking, now: datetime) -> bool:
    return booking.stands and booking.effective.ends_at > now
