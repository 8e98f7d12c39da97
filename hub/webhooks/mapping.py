"""From a sender's JSON to a wish for a booking, by a profile of pointers: pure and small.

A profile names by JSON Pointer (RFC 6901) where each of our fields stands in theirs. There is
nothing to compute with: no expressions, no loops but the one over holders. What a message leaves
out, or says null to, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

POINTER: Final = r"^(/([^~/]|~[01])*){0,16}$"
"""What a pointer looks like; an empty one points to nothing here."""
RESERVATION_KEY: Final = re.compile(r"[A-Za-z0-9._:~-]{1,128}")
HOLDERS_MAX: Final = 100
_TEXT_MAX: Final = 1_000
_YEARS: Final = range(2000, 2200)
_STAMP_MAX: Final = 2**62


class Action(StrEnum):
    """What a kind of message asks for."""

    PUT = "put"
    """Make or change the booking."""
    CANCEL = "cancel"
    PAY = "pay"
    """Of a booking that exists, note that it is paid, or is not."""
    IGNORE = "ignore"


class Misfit(StrEnum):
    """Why a message cannot be understood; stands in the problem's `errors`."""

    MISSING = "missing"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_VALUE = "unknown_value"
    NO_TIME = "no_time"
    NO_ZONE = "no_zone"
    """A time without offset, and the profile names no zone."""
    TOO_LONG = "too_long"
    BAD_TEXT = "bad_text"


class MisfitError(Exception):
    """A message does not fit its profile: `field` is ours, what stood there is not repeated. `key`
    is the booking's, where that could be read."""

    def __init__(self, misfit: Misfit, name: str, key: str | None = None) -> None:
        self.misfit = misfit
        self.field = name
        self.key = key
        super().__init__(f"{name}: {misfit.value}")


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where things stand in what a source sends; an empty pointer means: it does not say.

    `kinds`, `facilities` and `states` turn the sender's words into ours; `*` in `kinds` stands for
    all others. `zone` is that of times without an offset. `stamp` points to a number that grows
    with each change, or to the time of the change.
    """

    kind: str = ""
    kinds: dict[str, Action] = {}
    reservation_key: str = "/data/reservation_key"
    key_prefix: str = ""
    facility: str = ""
    facilities: dict[str, str] = {}
    starts_at: str = ""
    ends_at: str = ""
    zone: str = ""
    state: str = ""
    states: dict[str, str] = {}
    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    purpose: str = ""
    paid: str = ""
    paid_values: tuple[str, ...] = ("true", "paid", "1")
    holders: str = ""
    holder_name: str = "/name"
    stamp: str = ""


BOOKING: Final = Profile(
    kind="/type",
    kinds={
        "booking.requested": Action.PUT,
        "booking.created": Action.PUT,
        "booking.confirmed": Action.PUT,
        "booking.changed": Action.PUT,
        "booking.cancelled": Action.CANCEL,
        "booking.paid": Action.PAY,
    },
    reservation_key="/data/reservation_key",
    facility="/data/facility_id",
    starts_at="/data/starts_at",
    ends_at="/data/ends_at",
    state="/data/state",
    name="/data/contact/name",
    email="/data/contact/email",
    phone="/data/contact/phone",
    language="/data/contact/language",
    purpose="/data/purpose",
    paid="/data/paid",
    holders="/data/holders",
    stamp="/data/updated_at",
)
"""Our own shape: `{type, timestamp, data}`, `data` as bookings are written over the API."""

PAYMENT: Final = Profile(
    kinds={"*": Action.PAY}, reservation_key="/reservation_key", paid="/paid", stamp="/paid_at"
)
"""`{"reservation_key": ..., "paid": true}`: from whoever takes the money."""

PRESETS: Final = {"booking": BOOKING, "payment": PAYMENT}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message asks for. `fields` are those of `BookingIn` that it gives, but the contact's
    own and the facility, which may be a name. `stamp` orders the messages of a booking."""

    action: Action
    key: str
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    contact: Mapping[str, str] = field(default_factory=dict, repr=False)
    facility: str | None = None
    stamp: int | None = None


def pointed(document: Any, pointer: str) -> Any:
    """Give what stands where a pointer points; None where nothing does."""
    found = document
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isascii() and name.isdigit() and len(name) < 6:
            found = found[int(name)] if int(name) < len(found) else None
        else:
            return None
    return found


def read(profile: Profile, document: Any) -> Asked:
    """Read a message by its profile; raise `MisfitError` for one that does not fit."""
    reader = _Reader(profile, document)
    action = reader.action()
    if action is Action.IGNORE:
        return Asked(action, "")
    key = reader.key()
    try:
        return _asked(reader, action, key)
    except MisfitError as error:
        raise MisfitError(error.misfit, error.field, key) from error


def _asked(reader: _Reader, action: Action, key: str) -> Asked:
    stamp = reader.stamp()
    if action is Action.PUT and reader.state() == "cancelled":
        action = Action.CANCEL
    if action is Action.CANCEL:
        return Asked(action, key, stamp=stamp)
    if action is Action.PAY:
        paid = reader.paid()
        return Asked(action, key, {"paid": True if paid is None else paid}, stamp=stamp)
    given = {
        "starts_at": reader.time("starts_at"),
        "ends_at": reader.time("ends_at"),
        "state": reader.state(),
        "purpose": reader.text("purpose"),
        "paid": reader.paid(),
        "holders": reader.holders(),
    }
    contact = {name: reader.text(name) for name in ("name", "email", "phone", "language")}
    return Asked(
        action,
        key,
        {name: value for name, value in given.items() if value is not None},
        {name: value for name, value in contact.items() if value is not None},
        reader.facility(),
        stamp,
    )


class _Reader:
    """A message beside its profile."""

    def __init__(self, profile: Profile, document: Any) -> None:
        self._profile = profile
        self._document = document

    def _raw(self, name: str) -> Any:
        pointer = getattr(self._profile, name)
        return pointed(self._document, pointer) if pointer else None

    def text(self, name: str) -> str | None:
        """A text; numbers are taken for one, since many systems number their bookings."""
        found = self._raw(name)
        return None if found is None else _text(found, name)

    def action(self) -> Action:
        """What the message asks for, by its kind."""
        kinds = self._profile.kinds
        said = self.text("kind")
        if said is None and self._profile.kind:
            raise MisfitError(Misfit.MISSING, "kind")
        found = kinds.get(said or "", kinds.get("*", None if kinds else Action.PUT))
        if found is None:
            raise MisfitError(Misfit.UNKNOWN_VALUE, "kind")
        return found

    def key(self) -> str:
        """The reservation key, behind the prefix of its source."""
        found = self.text("reservation_key")
        if not found:
            raise MisfitError(Misfit.MISSING, "reservation_key")
        key = self._profile.key_prefix + found
        if not RESERVATION_KEY.fullmatch(key):
            raise MisfitError(Misfit.BAD_TEXT, "reservation_key")
        return key

    def facility(self) -> str | None:
        """The facility: as the profile translates it, or as it stands there."""
        found = self.text("facility")
        return None if found is None else self._profile.facilities.get(found, found)

    def state(self) -> str | None:
        """One of our states."""
        found = self.text("state")
        if found is None:
            return None
        ours = self._profile.states.get(found, found)
        if ours not in ("requested", "confirmed", "cancelled"):
            raise MisfitError(Misfit.UNKNOWN_VALUE, "state")
        return ours

    def paid(self) -> bool | None:
        """Whether it is paid."""
        found = self._raw("paid")
        if found is None or isinstance(found, bool):
            return found
        text = _text(found, "paid").lower()
        return text in {value.lower() for value in self._profile.paid_values}

    def time(self, name: str) -> datetime | None:
        """An instant: RFC 3339, or local time in the profile's zone."""
        found = self._raw(name)
        return None if found is None else _instant(found, name, self._profile.zone)

    def stamp(self) -> int | None:
        """A number that orders the messages of a booking: as it is, or microseconds since 1970."""
        found = self._raw("stamp")
        if found is None:
            return None
        if isinstance(found, str) and not _is_whole(found):
            at = _instant(found, "stamp", self._profile.zone)
            return int((at - _EPOCH).total_seconds() * 1_000_000)
        if isinstance(found, bool) or not isinstance(found, int | str):
            raise MisfitError(Misfit.WRONG_TYPE, "stamp")
        number = int(found)
        if not -_STAMP_MAX < number < _STAMP_MAX:
            raise MisfitError(Misfit.TOO_LONG, "stamp")
        return number

    def holders(self) -> list[dict[str, str]] | None:
        """Who is to have a PIN."""
        found = self._raw("holders")
        if found is None:
            return None
        if not isinstance(found, list):
            raise MisfitError(Misfit.WRONG_TYPE, "holders")
        if len(found) > HOLDERS_MAX:
            raise MisfitError(Misfit.TOO_LONG, "holders")
        names = [
            each if isinstance(each, str) else pointed(each, self._profile.holder_name)
            for each in found
        ]
        if any(name is None for name in names):
            raise MisfitError(Misfit.MISSING, "holders")
        # A list of nobody says nothing: a booking has one holder at least.
        return [{"name": _text(name, "holders")} for name in names] or None


_HAS_TIME: Final = re.compile(r"[0-9][T ][0-9]")
"""A date alone is no time: it would be midnight, which nobody said."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _is_whole(text: str) -> bool:
    return len(text) < 20 and re.fullmatch(r"-?[0-9]+", text) is not None


def _text(found: Any, name: str) -> str:
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) < _STAMP_MAX:
        return str(found)
    if isinstance(found, bool) or not isinstance(found, str):
        raise MisfitError(Misfit.WRONG_TYPE, name)
    if len(found) > _TEXT_MAX:
        raise MisfitError(Misfit.TOO_LONG, name)
    if "\x00" in found or any("\ud800" <= each <= "\udfff" for each in found):
        raise MisfitError(Misfit.BAD_TEXT, name)
    return found.strip()


def _instant(found: Any, name: str, zone: str) -> datetime:
    """Local times follow RFC 5545, 3.3.5: one that comes twice is the first of the two, one that
    a clock leaps over has the offset of before."""
    if not isinstance(found, str):
        raise MisfitError(Misfit.WRONG_TYPE, name)
    try:
        at = datetime.fromisoformat(found.strip().replace("/", "-"))
    except ValueError as error:
        raise MisfitError(Misfit.NO_TIME, name) from error
    if at.year not in _YEARS or not _HAS_TIME.search(found):
        raise MisfitError(Misfit.NO_TIME, name)
    if at.tzinfo is None:
        if not zone:
            raise MisfitError(Misfit.NO_ZONE, name)
        at = at.replace(tzinfo=ZoneInfo(zone), fold=0)
    return at.astimezone(UTC)
