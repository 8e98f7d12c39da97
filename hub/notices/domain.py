"""Notices as services hand them round, and the closed lists they are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.bookings.records import Contact
from hub.catalogue import Language


class NoticeKind(StrEnum):
    """What a notice is about."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    REMINDER = "reminder"
    """The PIN, a set time before."""
    CHANGED = "changed"
    PIN_CHANGED = "pin_changed"
    PAID = "paid"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    LINKED = "linked"
    """Their LINE account is told that it is the booking's from now on."""


ENDINGS: Final = frozenset({NoticeKind.CANCELLED, NoticeKind.REJECTED})


class Channel(StrEnum):
    """By what a contact is reached."""

    LINE = "line"
    EMAIL = "email"
    NONE = "none"
    """There is no address at all: somebody has to call."""


class NoticeState(StrEnum):
    """Where a row of the outbox stands."""

    WAITING = "waiting"
    SENDING = "sending"
    """Claimed: goes back to waiting by itself when its lease is over."""
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"
    """Nobody needs it any more; `why` says for what reason."""


OPEN: Final = (NoticeState.WAITING, NoticeState.SENDING)


class Why(StrEnum):
    """Why a notice was dropped, failed or waits: closed, so that no address gets in."""

    SUPERSEDED = "superseded"
    OVER = "over"
    COVERED = "covered"
    """Another message carried what it would have said."""
    TOLD_ALREADY = "told_already"
    UNSUBSCRIBED = "unsubscribed"
    GONE = "gone"
    NO_ADDRESS = "no_address"
    BAD_ADDRESS = "bad_address"
    REFUSED = "refused"
    """The other side said no for good."""
    GAVE_UP = "gave_up"
    TOO_EARLY = "too_early"
    QUIET = "quiet_hours"
    NOT_PLACED = "not_placed"
    NOT_SHOWN = "not_shown"
    """The PIN may not be shown yet: not confirmed, or not paid."""
    RETRYING = "retrying"
    NOT_CONFIGURED = "not_configured"


class PinInNotice(StrEnum):
    """Whether a message may carry digits."""

    REMINDER = "reminder"
    """The reminder, and what replaces digits once they were told."""
    NEVER = "never"
    """Only the link to the page that shows them."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A row of the outbox: what, about which booking, by which channel; never what it says."""

    id: str
    booking_id: str
    site_id: str
    kind: NoticeKind
    cause_seq: int
    """The happening that caused it; of a reminder the start of the window in seconds since 1970;
    of what a clerk asked for a negative number of its own."""
    channel: Channel
    state: NoticeState
    why: Why | None
    changed: tuple[str, ...]
    was: tuple[datetime, datetime] | None
    window_start: datetime | None
    ends_at: datetime
    asked_by: str
    address: str = field(repr=False)
    language: Language
    tries: int
    created_at: datetime
    next_at: datetime
    first_tried_at: datetime | None
    lease_until: datetime | None
    ended_at: datetime | None
    carried_pin: bool
    truth_hash: str = field(repr=False)
    pin_hash: str = field(repr=False)
    sequence: int
    """Counts the messages sent of a booking: SEQUENCE of its calendar entry."""
    needs_call: bool
    handled_at: datetime | None

    @property
    def explicit(self) -> bool:
        """Whether a clerk asked for it: then neither quiet hours nor unsubscribing hold it."""
        return self.asked_by != ""


class Outcome(StrEnum):
    """How an attempt went."""

    SENT = "sent"
    DEFERRED = "deferred"
    """Perhaps later."""
    REFUSED = "refused"
    """Never by this channel."""
    DOWN = "down"
    """The channel itself does not work now, whoever is written to."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send. `code` is what the other side answered, without its text."""

    notice_id: str
    number: int
    at: datetime
    outcome: Outcome
    code: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What a channel says of a message handed to it."""

    outcome: Outcome
    code: str = ""
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a facility: its own rule, else its site's, else the town's."""

    reminder_h: int
    pin_in_notice: PinInNotice
    closing: tuple[str, str, str] = ("", "", "")
    """The town's own sentence at the end: 日本語, やさしい日本語, English."""

    def closing_in(self, language: Language) -> str:
        """Give the closing sentence in a language; 日本語 where that one is missing."""
        ja, easy, en = self.closing
        return {Language.EASY: easy, Language.EN: en}.get(language) or ja


_EMAIL: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
)
_LINE_USER: Final = re.compile(r"U[0-9a-f]{32}")
_EMAIL_MAX: Final = 254


def email_address(text: str) -> str | None:
    """Give an address as SMTP takes it, its domain in ASCII (IDNA); None for what is none."""
    local, at, domain = text.strip().rpartition("@")
    if not at or len(text) > _EMAIL_MAX:
        return None
    try:
        ascii_domain = domain.encode("idna").decode() if domain else ""
    except UnicodeError:
        return None
    found = f"{local}@{ascii_domain}"
    return found if _EMAIL.fullmatch(found) else None


def line_user(text: str) -> str | None:
    """Give a LINE user id; None for what is none."""
    return text if _LINE_USER.fullmatch(text) else None


def address_of(contact: Contact, channel: Channel) -> str:
    """Give what a contact has for a channel, as it was entered; empty where there is nothing."""
    return {Channel.LINE: contact.line, Channel.EMAIL: contact.email.strip()}.get(channel, "")


def masked(channel: Channel, address: str) -> str:
    """Give an address so that its owner knows it again and nobody else learns it."""
    if not address:
        return ""
    if channel is Channel.LINE:
        return f"LINE ***{address[-4:]}"
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
