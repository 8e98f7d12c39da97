"""What a message says: `{type, timestamp, seq, data}`. Never a PIN, a code or a secret.

Who it is about (names, contacts, purposes) stands in it only for an endpoint that asks for it.
A booking is told as it is when the message is made; a later message has a higher `seq`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from hub.bookings import repository as bookings
from hub.bookings.records import Booking
from hub.bookings.schemas import BookingOut
from hub.bookings.views import view
from hub.database.scope import Scope
from hub.happenings.domain import Subject

PAYLOAD_MAX: Final = 32 * 1024
"""Bytes of a body: beyond it a booking is named only, to be read over the API."""
_PERSONAL: Final = ("contact", "purpose", "decision_reason")


@dataclass(frozen=True, slots=True)
class Message:
    """Something to be told: the same id to every endpoint and over all attempts.

    `data` is more than follows from the subject; `personal` is added only where it is asked for.
    """

    id: str
    kind: str
    at: datetime
    subject: Subject
    cause: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    data: Mapping[str, object] = field(default_factory=dict)
    personal: Mapping[str, object] = field(default_factory=dict, repr=False)


def body_of(
    scope: Scope, message: Message, seq: int, now: datetime, *, include_contact: bool
) -> str:
    """Give the body of a message for an endpoint."""
    data = _data(scope, message, now, include_contact=include_contact)
    text = _encoded(message, seq, data)
    if len(text.encode()) > PAYLOAD_MAX and isinstance(told := data.get("booking"), dict):
        short = {name: told[name] for name in ("id", "reservation_key", "state", "booked")}
        text = _encoded(message, seq, data | {"booking": short | {"truncated": True}})
    return text


def _encoded(message: Message, seq: int, data: Mapping[str, object]) -> str:
    told = {
        "type": message.kind,
        "timestamp": message.at.isoformat(),
        "seq": seq,
        "data": data,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _data(
    scope: Scope, message: Message, now: datetime, *, include_contact: bool
) -> dict[str, object]:
    about = message.subject
    data: dict[str, object] = {
        "site_id": about.site_id,
        "booking_id": about.booking_id,
        "reservation_key": None,
        "credential_id": about.credential_id,
        "door_id": about.door_id,
        "cause": message.cause,
        "details": dict(message.details),
        **message.data,
    }
    if include_contact:
        data |= message.personal
    booking = bookings.by_id(scope, about.booking_id) if about.booking_id else None
    if booking is not None:
        data["reservation_key"] = booking.reservation_key
        if message.kind.startswith(("booking.", "pin.")):
            data["booking"] = _booking(scope, booking, now, include_contact=include_contact)
    return data


def _booking(
    scope: Scope, booking: Booking, now: datetime, *, include_contact: bool
) -> dict[str, Any]:
    told = BookingOut.of(view(scope, booking, now)).model_dump(mode="json")
    if not include_contact:
        for name in _PERSONAL:
            del told[name]
        for holding in (*told["credentials"], *told["codes"]):
            del holding["holder"]
    return told
