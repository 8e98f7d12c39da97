"""What a fire alarm or a mode makes of a decision (WIRE.md, Commands and modes).

Highest first: fire alarm; emergency_open or lockdown; blocked credential; hold_open or locked;
a hold by schedule; normal. A door that is driven open by one of these needs no pulse: `release_ms`
becomes None.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from edge.core import passage
from edge.core.attempts import Decision
from wire.events import Factor
from wire.policy_bodies import DoorMode, ModeBody
from wire.reasons import Outcome, Reason

_ABOVE_BLOCKED: Final = {
    DoorMode.EMERGENCY_OPEN: Reason.EMERGENCY_OPEN,
    DoorMode.LOCKDOWN: Reason.LOCKDOWN,
}

# What was asked before a manual lock or hold is: these stand whatever the mode, and a guessed PIN
# costs its try. A grant that is blocked or revoked is no blocked credential.
_STANDS: Final = frozenset(
    {
        Reason.THROTTLED,
        Reason.UNKNOWN_PIN,
        Reason.PIN_TOO_LONG,
        Reason.PIN_TOO_SHORT,
        Reason.UNKNOWN_CARD,
        Reason.CARD_UNREADABLE,
        Reason.CHALLENGE_FAILED,
        Reason.CREDENTIAL_BLOCKED,
        Reason.CREDENTIAL_REVOKED,
        Reason.CODE_RETIRED,
        Reason.PERSON_BLOCKED,
    }
)

_CARD_OVER: Final = frozenset({Reason.EXPIRED, Reason.BELOW_FLOOR})
"""The end of the card itself, where no grant is told; of digits alone, that of a backup code."""

_WITHIN_WINDOW: Final = passage.REASONS | {Reason.BACKUP_NOT_NEEDED}
"""Denials of a code that is good now."""


def under_fire_or_mode(
    normal: Decision, fire: bool, mode: ModeBody | None, scheduled: bool
) -> Decision:
    """Give what comes of a decision while the fire alarm, a mode or, where there is none, a hold by
    schedule (`scheduled`) rules its door."""
    if fire:
        return _instead(normal, Reason.FIRE_ALARM)
    if mode is None:
        return _held_open(normal) if scheduled and not _stands(normal) else normal
    above = _ABOVE_BLOCKED.get(mode.mode)
    if above is not None:
        return _instead(normal, above)
    if _stands(normal):
        return normal
    if mode.mode is DoorMode.LOCKED:
        return replace(_instead(normal, Reason.DOOR_LOCKED), spends_try=normal.spends_try)
    return _held_open(normal)


def _stands(normal: Decision) -> bool:
    if normal.grant is not None:
        return False
    return normal.reason in _STANDS or (
        normal.reason in _CARD_OVER and normal.factor is not Factor.PIN
    )


def _held_open(normal: Decision) -> Decision:
    """Anybody may walk in. Who showed a known card is told so; a PIN is told only within its own
    window, so that a held door teaches nobody which codes are to come."""
    told = normal.granted or normal.factor is Factor.CARD or normal.reason in _WITHIN_WINDOW
    return _instead(normal, Reason.HELD_OPEN) if told else normal


def _instead(normal: Decision, reason: Reason) -> Decision:
    # A duress PIN raises its silent alarm (`duress` stays), whether the door is open all the same
    # or shut whatever is shown; only where it is shut does the reason have to say why.
    duress = normal.duress and reason.outcome is Outcome.GRANT
    return replace(
        normal,
        reason=Reason.DURESS_PIN if duress else reason,
        release_ms=None,
        counts_use=None,
        takes_code=False,
        spends_try=False,
        await_pin=False,
        soft=None,
        partner=None,
        way=None,
        first_person=False,
        joined=None,
    )
