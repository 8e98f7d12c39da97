"""From bytes to the lines of a calendar's events. Pure.

Reads strictly what decides whether a calendar is whole (RFC 5545, 3.4 and 3.6): it begins with
BEGIN:VCALENDAR, ends with END:VCALENDAR, and every component that begins ends. A file cut short, an
error page or text in another charset raises `CalendarError`. Within an event it is lenient: a
line that is none is left out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hub.feeds.domain import CalendarError, FetchResult

MAX_LINE: Final = 20_000
"""Characters of an unfolded line that are read; longer ones are descriptions nobody needs whole."""
MAX_EVENTS: Final = 50_000
_CHARSETS: Final = {
    "utf-8": "utf-8",
    "us-ascii": "utf-8",
    "iso-8859-1": "utf-8",  # what servers say who were never told; tried as UTF-8 first
    "shift_jis": "cp932",
    "windows-31j": "cp932",
    "cp932": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    "utf-16": "utf-16",
}
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"))
_BOMS_MORE: Final = ((codecs.BOM_UTF16_BE, "utf-16"),)
_PROPERTY: Final = re.compile(r"([A-Za-z0-9-]{1,60})[;:]")


@dataclass(frozen=True, slots=True)
class Block:
    """A component's own lines, without those of components within it."""

    lines: tuple[str, ...]

    def value(self, name: str) -> str | None:
        """Give the raw value of its first property of a name, whatever its parameters."""
        for line in self.lines:
            if line[: len(name)].upper() == name and line[len(name) : len(name) + 1] in (":", ";"):
                return split_line(line)[2]
        return None

    def has(self, *names: str) -> bool:
        """Tell whether it has a property of one of these names."""
        return any(property_name(line) in names for line in self.lines)


@dataclass(slots=True)
class CalendarBlocks:
    """The events of a calendar and the zones it defines, as text."""

    events: list[Block] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)


def decoded(content: bytes, charset: str | None) -> str:
    """Give the text of a calendar. A byte order mark tells; then the charset that HTTP named; then
    UTF-8, as RFC 5545 (6) demands. Raises `CalendarError` rather than guess."""
    for mark, codec in (*_BOMS, *_BOMS_MORE):
        if content.startswith(mark):
            return _decoded(content, codec)
    named = (charset or "utf-8").strip("\"' ").lower()
    if named not in _CHARSETS:
        raise CalendarError(FetchResult.UNREADABLE, f"charset {named[:40]} is not known here")
    return _decoded(content, _CHARSETS[named])


def _decoded(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise CalendarError(
            FetchResult.UNREADABLE, f"it is not {codec} at byte {error.start}"
        ) from error


def blocks_of(text: str) -> CalendarBlocks:
    """Give events and zones of a calendar, or of several one after the other.

    Raises `CalendarError`: NOT_A_CALENDAR for something else, PARTIAL for one cut short.
    """
    found = CalendarBlocks()
    path: list[str] = []
    own: list[str] = []
    began = False
    for line in _unfolded(text):
        head = line[:6].upper()
        if head == "BEGIN:":
            name = line[6:].strip().upper()
            if not path and name != "VCALENDAR":
                raise CalendarError(FetchResult.NOT_A_CALENDAR, "it begins with no VCALENDAR")
            began = True
            path.append(name)
            if len(path) > 8:
                raise CalendarError(FetchResult.UNREADABLE, "components lie too deep in each other")
            if path == ["VCALENDAR", name] and name in ("VEVENT", "VTIMEZONE"):
                own = []
        elif head[:4] == "END:":
            _end(found, path, line[4:].strip().upper(), own)
        elif not path:
            what = "text stands after its end" if began else "it begins with no VCALENDAR"
            raise CalendarError(FetchResult.NOT_A_CALENDAR, what)
        if path[1:2] == ["VTIMEZONE"] or (path[1:] == ["VEVENT"] and _is_property(line)):
            own.append(line)
        elif len(path) == 1:
            _check_calendar(line)
    if not began:
        raise CalendarError(FetchResult.NOT_A_CALENDAR, "it is empty")
    if path:
        raise CalendarError(FetchResult.PARTIAL, f"it ends within {path[-1][:40]}")
    return found


def _end(found: CalendarBlocks, path: list[str], name: str, own: list[str]) -> None:
    if not path or path[-1] != name:
        raise CalendarError(FetchResult.PARTIAL, f"END:{name[:40]} ends nothing that began")
    if path == ["VCALENDAR", "VEVENT"]:
        found.events.append(Block(tuple(own)))
        if len(found.events) > MAX_EVENTS:
            raise CalendarError(FetchResult.TOO_LARGE, f"it has more than {MAX_EVENTS} events")
    elif path == ["VCALENDAR", "VTIMEZONE"]:
        found.zones.append("\r\n".join((*own, "END:VTIMEZONE")))
    path.pop()


def _check_calendar(line: str) -> None:
    if line.upper().startswith("CALSCALE:") and line[9:].strip().upper() != "GREGORIAN":
        raise CalendarError(FetchResult.UNREADABLE, "its calendar is not the Gregorian one")


def _is_property(line: str) -> bool:
    return line[:6].upper() != "BEGIN:" and _PROPERTY.match(line) is not None


def _unfolded(text: str) -> Iterator[str]:
    """Join what was folded (RFC 5545, 3.1); CR LF, LF and CR end lines; empty ones are left out."""
    parts: list[str] = []
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if raw[:1] in (" ", "\t") and parts:
            parts.append(raw[1:])
            continue
        if parts:
            yield "".join(parts)[:MAX_LINE]
        parts = [raw.replace("\x00", "")] if raw.strip("\x00 \t") else []
    if parts:
        yield "".join(parts)[:MAX_LINE]


def property_name(line: str) -> str:
    """Give the name of a line's property, in capitals."""
    found = _PROPERTY.match(line)
    return found[1].upper() if found else ""


def split_line(line: str) -> tuple[str, str, str]:
    """Give name, parameters (with their leading `;`) and value of a line; quoted text in a
    parameter may hold a colon."""
    quoted = False
    for at, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == ":" and not quoted:
            head = line[:at]
            name, sep, rest = head.partition(";")
            return name.upper(), sep + rest, line[at + 1 :]
    return property_name(line), "", ""
