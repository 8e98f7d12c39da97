"""A booking as a calendar entry (RFC 5545), for a mail's attachment. Never with digits or links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

METHOD_PUBLISH: Final = "PUBLISH"
METHOD_CANCEL: Final = "CANCEL"
_LINE_OCTETS: Final = 75


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """What stands in the calendar. `sequence` goes up with each change of the booking."""

    uid: str
    sequence: int
    stamp: datetime
    window: tuple[datetime, datetime]
    summary: str
    location: str
    description: str
    tentative: bool = False
    cancelled: bool = False

    @property
    def method(self) -> str:
        """The iTIP method (RFC 5546): the town publishes, nobody is asked to attend."""
        return METHOD_CANCEL if self.cancelled else METHOD_PUBLISH


def ics(entry: CalendarEntry) -> bytes:
    """Give the iCalendar object of an entry, UTF-8, lines folded at 75 octets."""
    status = "CANCELLED" if entry.cancelled else "TENTATIVE" if entry.tentative else "CONFIRMED"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Kagimori//Hub//EN",
        "CALSCALE:GREGORIAN",
        f"METHOD:{entry.method}",
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"SEQUENCE:{entry.sequence}",
        f"DTSTAMP:{_instant(entry.stamp)}",
        f"DTSTART:{_instant(entry.window[0])}",
        f"DTEND:{_instant(entry.window[1])}",
        f"SUMMARY:{_text(entry.summary)}",
        f"LOCATION:{_text(entry.location)}",
        f"DESCRIPTION:{_text(entry.description)}",
        f"STATUS:{status}",
        "TRANSP:OPAQUE",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(value: str) -> str:
    """Escape (3.3.11); control characters other than line breaks are none of a TEXT."""
    plain = value.replace("\r\n", "\n").replace("\r", "\n")
    plain = "".join(c for c in plain if c == "\n" or c.isprintable())
    for found, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        plain = plain.replace(found, escaped)
    return plain


def _folded(line: str) -> bytes:
    """Fold a line (3.1) without cutting a character in two."""
    pieces: list[bytes] = []
    current = b""
    for character in line:
        encoded = character.encode()
        if len(current) + len(encoded) > _LINE_OCTETS - (1 if pieces else 0):
            pieces.append(current)
            current = b""
        current += encoded
    pieces.append(current)
    return b"\r\n ".join(pieces) + b"\r\n"
