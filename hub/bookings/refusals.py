"""Why a booking is not made: the closed list of codes, each with its HTTP status.

The code stands in the problem document and its sentences, under `problem.<code>`, in the
catalogue.
"""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Final

from hub.web.problems import Problem, ProblemKind


class Refusal(StrEnum):
    """Every way in which a booking, or a change of one, can be refused."""

    WINDOW_MISSING = "window_missing"
    WINDOW_INVERTED = "window_inverted"
    IN_THE_PAST = "in_the_past"
    TOO_LONG = "too_long"
    TOO_FAR_AHEAD = "too_far_ahead"
    OFF_THE_GRID = "off_the_grid"
    CLOSED = "closed"
    FACILITY_UNKNOWN = "facility_unknown"
    DOOR_UNKNOWN = "door_unknown"
    SITE_UNKNOWN = "site_unknown"
    DOORS_MISSING = "doors_missing"
    DOUBLE_BOOKED = "double_booked"
    DIGITS_INCOMPATIBLE = "digits_incompatible"
    GUESS_RISK = "guess_risk"
    NO_PIN_LEFT = "no_pin_left"
    KEY_BOX_UNKNOWN = "key_box_unknown"
    NO_CODE_LEFT = "no_code_left"
    WINDOW_UNCOVERED = "window_uncovered"
    NO_BACKUP_CODES = "no_backup_codes"
    DOORS_CONNECTED = "doors_connected"
    BOOKING_UNKNOWN = "booking_unknown"
    BOOKING_OVER = "booking_over"
    STATE_CHANGE = "state_change"
    NO_PIN = "no_pin"
    PIN_REVOKED = "pin_revoked"
    TOO_MANY = "too_many_bookings"
    PAYMENT_MISSING = "payment_missing"
    EXCLUSION = "exclusion_impossible"
    CALENDAR_UNKNOWN = "calendar_unknown"
    CLOSURE_UNKNOWN = "closure_unknown"
    STEP_LOCK_UNKNOWN = "step_lock_unknown"
    HOLDER_UNKNOWN = "holder_unknown"
    LAST_HOLDER = "last_holder"
    TOO_MANY_HOLDERS = "too_many_holders"
    NUMBER_MISTYPED = "number_mistyped"
    RULE_INVALID = "rule_invalid"
    SERIES_UNKNOWN = "series_unknown"
    SERIES_OVER = "series_over"
    SERIES_CONFLICTS = "series_conflicts"


STATUS: Final[dict[Refusal, HTTPStatus]] = {
    Refusal.BOOKING_UNKNOWN: HTTPStatus.NOT_FOUND,
    Refusal.NO_PIN: HTTPStatus.NOT_FOUND,
    Refusal.CLOSURE_UNKNOWN: HTTPStatus.NOT_FOUND,
    Refusal.HOLDER_UNKNOWN: HTTPStatus.NOT_FOUND,
    Refusal.SERIES_UNKNOWN: HTTPStatus.NOT_FOUND,
    Refusal.PAYMENT_MISSING: HTTPStatus.CONFLICT,
    Refusal.LAST_HOLDER: HTTPStatus.CONFLICT,
    Refusal.SERIES_OVER: HTTPStatus.CONFLICT,
    Refusal.SERIES_CONFLICTS: HTTPStatus.CONFLICT,
    Refusal.DOUBLE_BOOKED: HTTPStatus.CONFLICT,
    Refusal.NO_PIN_LEFT: HTTPStatus.CONFLICT,
    Refusal.NO_CODE_LEFT: HTTPStatus.CONFLICT,
    Refusal.NO_BACKUP_CODES: HTTPStatus.CONFLICT,
    Refusal.DOORS_CONNECTED: HTTPStatus.CONFLICT,
    Refusal.GUESS_RISK: HTTPStatus.CONFLICT,
    Refusal.BOOKING_OVER: HTTPStatus.CONFLICT,
    Refusal.STATE_CHANGE: HTTPStatus.CONFLICT,
    Refusal.PIN_REVOKED: HTTPStatus.GONE,
    Refusal.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS,
}
"""Whatever is not listed is 422: the request itself cannot be carried out."""

KINDS: Final = {
    code: ProblemKind(code.value, STATUS.get(code, HTTPStatus.UNPROCESSABLE_ENTITY))
    for code in Refusal
}


def refused(code: Refusal, detail: str = "", **extra: object) -> Problem:
    """Give the problem to raise; `extra` goes into its document and holds no personal data."""
    return Problem(KINDS[code], detail, extra=extra)
