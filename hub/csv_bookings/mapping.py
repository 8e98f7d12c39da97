"""What a row wants: a booking, a cancellation, or why it cannot be understood. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from hub.bookings.records import BookingWish, ContactWish
from hub.bookings.tables import BookingState
from hub.csv_bookings.profile import Field, Shape
from hub.csv_bookings.reading import Row
from hub.tabular.dates import (
    BadDateError,
    instant,
    plain,
    read_day,
    read_moment,
    read_range,
    read_time,
)

_KEY: Final = re.compile(r"[A-Za-z0-9._:~-]{1,128}")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_LONGEST: Final = {
    Field.NAME: 120,
    Field.PHONE: 40,
    Field.EMAIL: 254,
    Field.PURPOSE: 480,
    Field.PEOPLE: 10,
}


class RowCode(StrEnum):
    """Why a row is not understood; words stand in the catalogue under `csv_code.<code>`. What the
    bookings themselves refuse has their own codes."""

    NO_KEY = "no_key"
    KEY_TWICE = "key_twice"
    NO_DATE = "no_date"
    BAD_DATE = "bad_date"
    BAD_TIME = "bad_time"
    NO_FACILITY = "no_facility"
    FACILITY_UNMAPPED = "facility_unmapped"
    BAD_EMAIL = "bad_email"
    BAD_PEOPLE = "bad_people"
    TOO_LONG_TEXT = "too_long_text"


class RowError(Exception):
    """A row is not understood: why, and in which field."""

    def __init__(self, code: RowCode, field: Field) -> None:
        self.code, self.field = code, field
        super().__init__(f"{code.value} in {field.value}")


@dataclass(frozen=True, slots=True)
class Line:
    """What a row wants. `digest` names all of it: the same again is unchanged."""

    number: int
    key: str
    cancelled: bool
    wish: BookingWish
    digest: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What rows are understood by: the profile, the zone, and facilities by their names."""

    shape: Shape
    zone: ZoneInfo
    by_name: Mapping[str, str]


def key_of(row: Row, shape: Shape) -> str | None:
    """Give a row's reservation key; None where its cell is empty. A number with other signs than a
    key may have is named by its hash, always the same."""
    given = plain(row.cells.get(Field.KEY, ""))
    if not given:
        return None
    key = f"{shape.key_prefix}{given}"
    if _KEY.fullmatch(key):
        return key
    return f"{shape.key_prefix[:60]}~{sha256(given.encode()).hexdigest()[:32]}"


def understand(row: Row, frame: Frame) -> Line:
    """Give what a row wants; raise `RowError`."""
    key = key_of(row, frame.shape)
    if key is None:
        raise RowError(RowCode.NO_KEY, Field.KEY)
    words = frame.shape.words
    state_text = plain(row.cells.get(Field.STATE, ""))
    cancelled = _is_one(state_text, words.cancelled)
    if cancelled:
        wish = BookingWish(state=BookingState.CANCELLED)
        return Line(row.number, key, True, wish, _digest(key, wish))
    starts_at, ends_at = _window(row, frame)
    state = None
    if _is_one(state_text, words.confirmed):
        state = BookingState.CONFIRMED
    elif _is_one(state_text, words.requested):
        state = BookingState.REQUESTED
    wish = BookingWish(
        facility_id=_facility(row, frame),
        starts_at=starts_at,
        ends_at=ends_at,
        state=state,
        contact=_contact(row, frame.shape),
        purpose=_purpose(row, frame.shape),
        paid=_paid(row, frame.shape),
    )
    return Line(row.number, key, False, wish, _digest(key, wish))


def _is_one(text: str, words: Sequence[str]) -> bool:
    return bool(text) and text.casefold() in {plain(word).casefold() for word in words}


def _window(row: Row, frame: Frame) -> tuple[datetime, datetime]:
    cells = row.cells
    day = _day(cells.get(Field.DATE, ""), Field.DATE)
    if cells.get(Field.SPAN):
        try:
            start_text, end_text = read_range(cells[Field.SPAN])
        except BadDateError as error:
            raise RowError(RowCode.BAD_TIME, Field.SPAN) from error
        fields = (Field.SPAN, Field.SPAN)
    else:
        start_text, end_text = cells.get(Field.START, ""), cells.get(Field.END, "")
        fields = (Field.START, Field.END)
    start_day, start = _moment(start_text, day, fields[0])
    end_day = _day(cells.get(Field.END_DATE, ""), Field.END_DATE) or day or start_day
    last_day, end = _moment(end_text, end_day, fields[1])
    try:
        return instant(start_day, start, frame.zone), instant(last_day, end, frame.zone)
    except BadDateError as error:
        raise RowError(RowCode.BAD_TIME, fields[0]) from error


def _day(text: str, field: Field) -> date | None:
    if not text.strip():
        return None
    try:
        return read_day(text)
    except BadDateError as error:
        raise RowError(RowCode.BAD_DATE, field) from error


def _moment(text: str, day: date | None, field: Field) -> tuple[date, timedelta]:
    """A time of a day that is known, or date and time in one cell."""
    if not text.strip():
        raise RowError(RowCode.BAD_TIME, field)
    try:
        return read_moment(text)
    except BadDateError:
        pass
    if day is None:
        raise RowError(RowCode.NO_DATE, Field.DATE)
    try:
        return day, read_time(text)
    except BadDateError as error:
        raise RowError(RowCode.BAD_TIME, field) from error


def _facility(row: Row, frame: Frame) -> str | None:
    text = plain(row.cells.get(Field.FACILITY, ""))
    if not text:
        if frame.shape.facility is not None:
            return frame.shape.facility
        raise RowError(RowCode.NO_FACILITY, Field.FACILITY)
    mapped = {plain(name): facility for name, facility in frame.shape.facilities.items()}
    found = mapped.get(text) or frame.by_name.get(text)
    if found is None:
        raise RowError(RowCode.FACILITY_UNMAPPED, Field.FACILITY)
    return found


def _text(row: Row, field: Field) -> str:
    """A cell as text for people: characters as they are written, line ends as blanks."""
    text = " ".join(row.cells.get(field, "").split())
    # One character may become eighteen in its ordinary width.
    if max(len(text), len(plain(text))) > _LONGEST[field]:
        raise RowError(RowCode.TOO_LONG_TEXT, field)
    return text


def _contact(row: Row, shape: Shape) -> ContactWish | None:
    """What the file has no column for stays as it is."""
    has = {each for each in (Field.NAME, Field.PHONE, Field.EMAIL) if shape.columns.get(each)}
    if not has:
        return None
    email = plain(_text(row, Field.EMAIL))
    if email and not _MAIL.fullmatch(email):
        raise RowError(RowCode.BAD_EMAIL, Field.EMAIL)
    return ContactWish(
        name=_text(row, Field.NAME) if Field.NAME in has else None,
        email=email if Field.EMAIL in has else None,
        phone=plain(_text(row, Field.PHONE)) if Field.PHONE in has else None,
    )


def _purpose(row: Row, shape: Shape) -> str | None:
    if not any(shape.columns.get(each) for each in (Field.PURPOSE, Field.PEOPLE)):
        return None
    purpose, people = _text(row, Field.PURPOSE), plain(_text(row, Field.PEOPLE))
    if not people:
        return purpose
    count = people.removesuffix("人").removesuffix("名").strip().replace(",", "")
    if not (count.isascii() and count.isdecimal()):
        raise RowError(RowCode.BAD_PEOPLE, Field.PEOPLE)
    return f"{purpose}（{int(count)}人）"


def _paid(row: Row, shape: Shape) -> bool | None:
    text = plain(row.cells.get(Field.PAID, ""))
    if _is_one(text, shape.words.paid):
        return True
    return False if _is_one(text, shape.words.unpaid) else None


def cancelled_digest(key: str) -> str:
    """Give the digest of a line that cancels."""
    return _digest(key, BookingWish(state=BookingState.CANCELLED))


def _digest(key: str, wish: BookingWish) -> str:
    return sha256(msgspec.json.encode((key, wish))).hexdigest()
