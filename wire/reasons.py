"""The closed list of decision reasons: why a door opened, or why it did not.

Each reason belongs to exactly one outcome. The words that people read stand in the catalogues of
hub and edge, under the reason's value.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What a decision comes to."""

    GRANT = "grant"
    DENY = "deny"


class Reason(StrEnum):
    """Why. In which order the rules are asked is told in docs/policy.md."""

    # an opening
    FIRE_ALARM = "fire_alarm"
    EGRESS = "egress"
    EMERGENCY_OPEN = "emergency_open"
    HELD_OPEN = "held_open"
    PIN_VALID = "pin_valid"
    CARD_VALID = "card_valid"
    CARD_AND_PIN_VALID = "card_and_pin_valid"
    DURESS_PIN = "duress_pin"
    REMOTE_UNLOCK = "remote_unlock"
    FLOOR_IN_WINDOW = "floor_in_window"
    SEALED_CODE_VALID = "sealed_code_valid"

    # a denial
    LOCKDOWN = "lockdown"
    DOOR_LOCKED = "door_locked"
    STALE_PRESENTATION = "stale_presentation"
    UNKNOWN_READER = "unknown_reader"
    NO_DOOR = "no_door"
    THROTTLED = "throttled"
    UNKNOWN_PIN = "unknown_pin"
    PIN_TOO_LONG = "pin_too_long"
    PIN_TOO_SHORT = "pin_too_short"
    UNKNOWN_CARD = "unknown_card"
    CARD_UNREADABLE = "card_unreadable"
    CHALLENGE_FAILED = "challenge_failed"
    ASSURANCE_TOO_LOW = "assurance_too_low"
    CREDENTIAL_BLOCKED = "credential_blocked"
    CREDENTIAL_REVOKED = "credential_revoked"
    PERSON_BLOCKED = "person_blocked"
    NO_GRANT = "no_grant"
    CLOCK_UNTRUSTED = "clock_untrusted"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    BELOW_FLOOR = "below_floor"
    OUTSIDE_SCHEDULE = "outside_schedule"
    USED_UP = "used_up"
    CODE_RETIRED = "code_retired"
    BACKUP_NOT_NEEDED = "backup_not_needed"
    ESCORT_MISSING = "escort_missing"
    SECOND_FACTOR_MISSING = "second_factor_missing"
    ANTI_PASSBACK = "anti_passback"
    ZONE_FULL = "zone_full"
    FIRST_PERSON_MISSING = "first_person_missing"
    SECOND_PERSON_MISSING = "second_person_missing"
    INTERLOCKED = "interlocked"
    COMMAND_EXPIRED = "command_expired"
    COMMAND_SESSION = "command_session"
    COMMAND_REPEATED = "command_repeated"
    UNKNOWN_DOOR = "unknown_door"
    JOURNAL_FAILED = "journal_failed"
    INTERNAL_ERROR = "internal_error"

    @property
    def outcome(self) -> Outcome:
        """The one outcome this reason belongs to."""
        return Outcome.GRANT if self in GRANTING else Outcome.DENY


GRANTING: Final = frozenset(
    {
        Reason.FIRE_ALARM,
        Reason.EGRESS,
        Reason.EMERGENCY_OPEN,
        Reason.HELD_OPEN,
        Reason.PIN_VALID,
        Reason.CARD_VALID,
        Reason.CARD_AND_PIN_VALID,
        Reason.DURESS_PIN,
        Reason.REMOTE_UNLOCK,
        Reason.FLOOR_IN_WINDOW,
        Reason.SEALED_CODE_VALID,
    }
)
"""The reasons that open; whatever is not listed here denies."""
