"""Why a booking is not made: the closed list of codes, each with its HTTP status."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final


class Refusal(StrEnum):
    """Stands as `code` in the problem document; the sentences stand in the catalogues."""

    WINDOW_MISSING = "window_missing"
    WINDOW_INVERTED = "window_inverted"
    IN_THE_PAST = "in_the_past"
    TOO_LONG = "too_long"
    TOO_FAR_AHEAD = "too_far_ahead"
    OFF_THE_GRID = "off_the_grid"
    CLOSED = "closed"
    FACILITY_UNKNOWN = "facility_unknown"
    DOOR_UNKNOWN = "door_unknown"
    DOORS_MISSING = "doors_missing"
    DOUBLE_BOOKED = "double_booked"
    DIGITS_INCOMPATIBLE = "digits_incompatible"
    GUESS_RISK = "guess_risk"
    NO_PIN_LEFT = "no_pin_left"
    BOOKING_UNKNOWN = "booking_unknown"
    BOOKING_OVER = "booking_over"
    STATE_CHANGE = "state_change"
    NO_PIN = "no_pin"
    PIN_REVOKED = "pin_revoked"


STATUS: Final[dict[Refusal, int]] = {
    Refusal.FACILITY_UNKNOWN: 404,
    Refusal.DOOR_UNKNOWN: 404,
    Refusal.BOOKING_UNKNOWN: 404,
    Refusal.NO_PIN: 404,
    Refusal.DOUBLE_BOOKED: 409,
    Refusal.NO_PIN_LEFT: 409,
    Refusal.GUESS_RISK: 409,
    Refusal.BOOKING_OVER: 409,
    Refusal.STATE_CHANGE: 409,
    Refusal.PIN_REVOKED: 410,
}
"""Whatever is not listed is 422: the request itself cannot be carried out."""


class BookingRefusedError(Exception):
    """A booking, or a change of one, that is refused; `extra` goes into the problem document and
    holds no personal data."""

    def __init__(self, code: Refusal, detail: str = "", **extra: Any) -> None:
        self.code = code
        self.detail = detail
        self.extra = extra
        super().__init__(f"{code.value}: {detail}" if detail else code.value)

    @property
    def status(self) -> int:
        """The HTTP status it goes out with."""
        return STATUS.get(self.code, 422)
