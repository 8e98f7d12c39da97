"""The texts of an event: its name, its place, whom it is for. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from hub.feeds.domain import ContactRule, ContactSource, PlaceProperty, PlaceRule, SaidContact
from hub.feeds.reading import Block, property_name, split_line

SUMMARY_LENGTH: Final = 500
_PLACES: Final = {on.value: on for on in PlaceProperty}
_CN: Final = re.compile(r';CN=("[^"]*"|[^;:"]*)', re.IGNORECASE)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_LENGTHS: Final = {"name": 120, "email": 254, "phone": 40}


def text_of(block: Block, name: str, limit: int = SUMMARY_LENGTH) -> str:
    """Give the text of a property, unescaped (RFC 5545, 3.3.11), without control characters."""
    return _clean(block.value(name) or "")[:limit].strip()


def places_of(block: Block) -> tuple[tuple[PlaceProperty, str], ...]:
    """Give what an event says of its place; lists give each of their texts."""
    found: list[tuple[PlaceProperty, str]] = []
    for line in block.lines:
        name = property_name(line)
        on = _PLACES.get(name)
        if on is not None:
            value = split_line(line)[2]
            texts = [value] if on is PlaceProperty.LOCATION else _listed(value)
            found += [(on, _clean(text)[:200].strip()) for text in texts]
    return tuple(dict.fromkeys(each for each in found if each[1]))[:20]


def facility_of(
    places: tuple[tuple[PlaceProperty, str], ...],
    rules: tuple[PlaceRule, ...],
    otherwise: str | None,
) -> tuple[str | None, bool]:
    """Give the facility of an event and whether it is ours at all: by the first rule that holds,
    else the feed's own facility. Letters are compared by what they are, not by their width."""
    plain = [(on, _folded(text)) for on, text in places]
    for rule in rules:
        wanted = _folded(rule.text)
        for on, text in plain:
            if on is rule.on and (text == wanted or (rule.contains and wanted in text)):
                return rule.facility_id, rule.facility_id is not None
    return otherwise, True


def contact_of(block: Block, rule: ContactRule) -> SaidContact:
    """Give whom an event is for, as far as it says."""
    match rule.source:
        case ContactSource.ATTENDEE | ContactSource.ORGANIZER:
            return _calendar_user(block, rule.source.value.upper())
        case ContactSource.DESCRIPTION:
            lines = _clean(block.value("DESCRIPTION") or "").split("\n")
            found = {key: _labelled(lines, getattr(rule, key)) for key in _LENGTHS}
        case ContactSource.PROPERTIES:
            found = {key: text_of(block, getattr(rule, key).upper() or "-") for key in _LENGTHS}
        case ContactSource.NONE:
            return SaidContact()
    return _contact(found["name"], found["email"], found["phone"])


def _calendar_user(block: Block, name: str) -> SaidContact:
    for line in block.lines:
        if property_name(line) == name:
            _, parameters, value = split_line(line)
            cn = _CN.search(parameters)
            scheme, _, address = value.strip().partition(":")
            email, phone = "", ""
            if scheme.lower() == "mailto":
                email = address
            elif scheme.lower() == "tel":
                phone = address
            return _contact(_clean(cn[1].strip('"')) if cn else "", email, phone)
    return SaidContact()


def _contact(name: str, email: str, phone: str) -> SaidContact:
    """Cut to what a booking takes; an address that is none is left out."""
    email = email.strip()
    return SaidContact(
        name=name.strip()[: _LENGTHS["name"]],
        email=email if len(email) <= _LENGTHS["email"] and _EMAIL.fullmatch(email) else "",
        phone=phone.strip()[: _LENGTHS["phone"]],
    )


def _labelled(lines: list[str], label: str) -> str:
    """Give what follows a label at the beginning of a line, behind a colon or blanks."""
    wanted = _folded(label)
    if not wanted:
        return ""
    for line in lines:
        plain = unicodedata.normalize("NFKC", line).strip()
        if plain.casefold().startswith(wanted):
            return plain[len(wanted) :].lstrip(" :\t=").strip()
    return ""


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _listed(value: str) -> Iterator[str]:
    """Split at commas that are not escaped."""
    start = 0
    for at, character in enumerate(value):
        if character == "," and (at == 0 or value[at - 1] != "\\"):
            yield value[start:at]
            start = at + 1
    yield value[start:]


def _clean(text: str) -> str:
    plain = _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], text)
    return "".join(c for c in plain if c == "\n" or c.isprintable() or c == "\u3000")
