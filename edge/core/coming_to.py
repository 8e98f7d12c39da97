"""What a verdict on somebody's grants comes to at a door."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from edge.core.attempts import Decision
from edge.core.circumstances import Circumstances
from edge.core.grants import STATE_REASONS, Verdict
from edge.core.passage import let_through
from edge.core.place import Access
from edge.core.policy_index import count_name
from wire.events import Factor
from wire.policy_bodies import DoorBody, EntryState, PersonFlagsBody
from wire.reasons import Reason

_LONG_UNLOCK: Final = 3
_LONGEST_UNLOCK_MS: Final = 300_000


def against_holder(state: EntryState, flags: PersonFlagsBody | None) -> Verdict | None:
    """Give what speaks against a credential whatever it was granted."""
    refused = STATE_REASONS.get(state)
    if refused is not None:
        return Verdict(refused)
    if flags is not None and flags.state is not EntryState.ACTIVE:
        return Verdict(Reason.PERSON_BLOCKED)
    return None


def come_to(
    verdict: Verdict,
    known: Decision,
    access: Access,
    who: str | None,
    about: Circumstances,
    *,
    duress: bool = False,
) -> Decision:
    """Give what a verdict on somebody's grants comes to at a door. `who` is the person whose
    whereabouts count, if any."""
    grant = verdict.grant
    booking = grant.booking if grant is not None and grant.booking is not None else known.booking
    known = replace(known, grant=verdict.grant_id, booking=booking)
    if not verdict.opens:
        waiting = verdict.reason is Reason.SECOND_FACTOR_MISSING and known.factor is Factor.CARD
        return replace(known, reason=verdict.reason, await_pin=waiting)
    flags = about.index.person(known.person)
    counted = None
    if grant is not None and verdict.grant_id is not None and grant.max_uses is not None:
        counted = count_name(verdict.grant_id, grant)
    granted = replace(
        known,
        reason=Reason.DURESS_PIN if duress else verdict.reason,
        duress=duress,
        release_ms=release_ms(access.door, flags),
        counts_use=counted,
    )
    return let_through(granted, access, who, flags, grant, about)


def release_ms(door: DoorBody, flags: PersonFlagsBody | None) -> int | None:
    """Give how long the strike is driven: three times as long for who needs it; None without."""
    if door.strike is None:
        return None
    long = flags is not None and flags.long_unlock
    return min(door.unlock_ms * (_LONG_UNLOCK if long else 1), _LONGEST_UNLOCK_MS)
