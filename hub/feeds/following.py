"""What is to be done about one event that the calendar has. Pure.

The feed decides window, state and facility; it takes them back at the next poll should staff have
changed them. Contact and purpose are the feed's only as long as nobody here wrote something else;
holders it never names. A booking that staff cancelled stays cancelled.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import msgspec

from hub.bookings.records import BookingWish, Contact, ContactWish
from hub.bookings.tables import BookingState
from hub.feeds.domain import EventState, EventStatus, Occurrence, SaidContact
from hub.feeds.records import BookedNow, FeedEvent
from hub.feeds.tables import Said


class Step(StrEnum):
    """What is done about an event."""

    NONE = "none"
    MAKE = "make"
    """A booking where there was none."""
    AGAIN = "again"
    """A booking under a new key: that of the old one is over."""
    CHANGE = "change"
    CANCEL = "cancel"
    NOTE_CANCELLED_HERE = "note_cancelled_here"


@dataclass(frozen=True, slots=True)
class Intent:
    """An event of the calendar, what is kept of it, and what is to be done."""

    step: Step
    occurrence: Occurrence
    said: Said
    event: FeedEvent | None = None
    booked: BookedNow | None = None

    @property
    def key(self) -> str:
        """By what it is found again among others of one calendar."""
        return f"{self.occurrence.name.uid_hash}/{self.occurrence.name.rid}"

    @property
    def digest(self) -> str:
        """What an event is told by whether it changed: what it says, without when it was said."""
        return digest_of(self.occurrence, self.said)


def said_of(occurrence: Occurrence, facility_id: str | None) -> Said:
    """Give what an event says besides its window."""
    modified = occurrence.modified_at
    return Said(
        status=occurrence.status,
        sequence=occurrence.sequence,
        modified_at=modified.isoformat() if modified else "",
        is_override=occurrence.is_override,
        summary=occurrence.summary,
        contact=occurrence.contact,
        facility_id=facility_id,
    )


def digest_of(occurrence: Occurrence, said: Said) -> str:
    """Give the digest of an event; SEQUENCE and its kind alone change nothing about a booking."""
    plain = msgspec.structs.replace(said, sequence=0, modified_at="", is_override=False)
    window = f"{occurrence.starts_at.isoformat()}/{occurrence.ends_at.isoformat()}"
    return hashlib.sha256(window.encode() + msgspec.json.encode(plain)).hexdigest()


def decide(
    occurrence: Occurrence,
    facility_id: str | None,
    event: FeedEvent | None,
    booked: BookedNow | None,
    now: datetime,
) -> Intent:
    """Decide about an event that is at a facility of ours (None: at one that nobody named)."""
    said = said_of(occurrence, facility_id)
    intent = Intent(Step.NONE, occurrence, said, event, booked)
    return replace(intent, step=_step(intent, now))


def _step(intent: Intent, now: datetime) -> Step:
    occurrence, event = intent.occurrence, intent.event
    is_cancelled = occurrence.status is EventStatus.CANCELLED
    if event is None:
        return Step.NONE if is_cancelled or occurrence.is_beyond else Step.MAKE
    if is_stale(event, intent.said):
        return Step.NONE
    if event.state in (EventState.CANCELLED, EventState.GONE):
        return Step.NONE if is_cancelled or occurrence.is_beyond else Step.AGAIN
    if event.state is EventState.CANCELLED_HERE:
        return Step.NONE
    if is_cancelled:
        return Step.CANCEL
    if event.state is EventState.REFUSED:
        return Step.NONE if occurrence.is_beyond else Step.MAKE
    if intent.booked is None:
        return Step.AGAIN  # its booking is over, and it was put off
    if intent.booked.state in (BookingState.CANCELLED, BookingState.REJECTED):
        return Step.NOTE_CANCELLED_HERE
    if intent.booked.ends_at <= now:
        return Step.AGAIN
    return Step.CHANGE if _differs(intent, event, intent.booked) else Step.NONE


def is_stale(event: FeedEvent, said: Said) -> bool:
    """Tell whether an event is older than what is kept: a copy that lay about somewhere. Compared
    within its kind alone: an occurrence that goes back to its series has the series' number."""
    kept = event.said
    if kept.is_override is not said.is_override:
        return False
    if said.sequence != kept.sequence:
        return said.sequence < kept.sequence
    return bool(said.modified_at and kept.modified_at) and said.modified_at < kept.modified_at


def _differs(intent: Intent, event: FeedEvent, booked: BookedNow) -> bool:
    occurrence = intent.occurrence
    wanted = (occurrence.starts_at, occurrence.ends_at, intent.said.facility_id)
    stands = (booked.starts_at, booked.ends_at, booked.facility_id)
    confirms = occurrence.status is EventStatus.CONFIRMED and booked.state is BookingState.REQUESTED
    return event.digest != intent.digest or bool(event.problem) or wanted != stands or confirms


def wish_of(intent: Intent) -> BookingWish:
    """Give the wish by which a booking is made or changed."""
    occurrence, said, booked = intent.occurrence, intent.said, intent.booked
    tentative = occurrence.status is EventStatus.TENTATIVE
    state = BookingState.REQUESTED if tentative else BookingState.CONFIRMED
    wish = BookingWish(
        facility_id=said.facility_id,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        state=state,
        contact=_contact(said.contact),
        purpose=said.summary,
    )
    if intent.step is not Step.CHANGE or booked is None or intent.event is None:
        return wish
    before = intent.event.said
    return replace(
        wish,
        # What is confirmed here is not made a mere request again: cancelling is the way back.
        state=None if tentative else state,
        contact=_merged(before.contact, said.contact, booked.contact),
        purpose=said.summary if booked.purpose == before.summary else None,
    )


def _contact(said: SaidContact) -> ContactWish:
    """What the event does not say of a booking that is there already stays as it is."""
    return ContactWish(said.name or None, said.email or None, said.phone or None)


def _merged(before: SaidContact, said: SaidContact, booked: Contact) -> ContactWish | None:
    """Give the contact after a change of the event: of each field the feed's word, unless somebody
    here wrote another than the feed had said. None where nothing changes."""
    if before == said:
        return None
    fields = {
        name: getattr(said, name)
        for name in ("name", "email", "phone")
        if getattr(booked, name) == getattr(before, name)
    }
    wish = ContactWish(**fields)
    return None if wish.over(booked) == booked else wish
