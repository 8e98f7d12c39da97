"""A booking as an iCalendar file (RFC 5545): for the holder's own calendar. Never with a PIN."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from icalendar import Calendar, Event, vText

from hub.bookings.records import Booking, Facility
from hub.catalogue import Language, Translator

PRODUCT: Final = "-//Kagimori//bookings//EN"
MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
_STANDS: Final = {True: "CONFIRMED", False: "CANCELLED"}


def ics_of(
    booking: Booking,
    facility: Facility | None,
    *,
    place: str = "",
    title: str = "",
    phone: str = "",
    url: str = "",
    organizer_host: str = "kagimori.invalid",
    language: Language = Language.JA,
) -> bytes:
    """Give the calendar file of a booking: what, when, where, and where its page is.

    `place` is an address or the names of its doors, used as the location; `title` is for a booking
    without a facility, and `place` where there is none. `phone` is for a facility that has none of
    its own. `url` is the page that shows the PIN to whoever holds it. The same booking always has
    the same UID, and every change a later stamp and sequence, so that a calendar replaces what it
    had; a cancelled booking says so.
    """
    t = Translator(language)
    name = facility.name_in(language) if facility else title or place
    number = (facility.phone if facility else "") or phone
    event = Event()
    event.add("uid", f"{booking.id}@{organizer_host}")
    event.add("dtstamp", booking.changed_at.astimezone(UTC))
    event.add("last-modified", booking.changed_at.astimezone(UTC))
    event.add("created", booking.created_at.astimezone(UTC))
    event.add("sequence", sequence_of(booking))
    event.add("dtstart", booking.booked.starts_at.astimezone(UTC))
    event.add("dtend", booking.booked.ends_at.astimezone(UTC))
    event["summary"] = _text(name, language)
    if place:
        event["location"] = _text(place, language)
    told = [t("ics.number", number=booking.number)] if booking.number else []
    told.append(t("ics.pin_elsewhere"))
    if number:
        told.append(t("ics.phone", phone=number))
    event["description"] = _text("\n".join(told), language)
    if url:
        event.add("url", url)
    event.add("status", "TENTATIVE" if _waits(booking) else _STANDS[booking.stands])
    event.add("class", "PRIVATE")
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method_of(booking))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def method_of(booking: Booking) -> str:
    """Give the iTIP method (RFC 5546): the town publishes, nobody is asked to attend."""
    return "PUBLISH" if booking.stands else "CANCEL"


def file_name(booking: Booking) -> str:
    """Give a name for the file: ASCII, nothing about who."""
    return f"booking-{booking.number or booking.id}.ics"


def _waits(booking: Booking) -> bool:
    return booking.stands and not booking.released


def sequence_of(booking: Booking) -> int:
    """Seconds since it was made: it grows with every change, as RFC 5545, 3.8.7.4 asks. Every
    calendar entry of a booking has it, or a calendar that took one would ignore another."""
    return max(0, int((booking.changed_at - booking.created_at).total_seconds()))


def _text(text: str, language: Language) -> vText:
    """Control characters other than line ends are none of a TEXT (RFC 5545, 3.3.11)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    value = vText("".join(c for c in lines if c == "\n" or c.isprintable()))
    value.params["LANGUAGE"] = language.html
    return value
