"""The decision at a reader: pure, and flat in the number of grants.

First the attempt is judged as on a normal day; then the door's fire alarm, mode or hold by schedule
changes what comes of it (`edge.core.overrides`). The order of the questions is docs/policy.md's.
"""

from __future__ import annotations

from dataclasses import replace

from edge.core.attempts import Attempt, CardAttempt, Decision, PinAttempt, UnreadableAttempt
from edge.core.circumstances import Circumstances
from edge.core.decide_cards import counted, decide_card, with_unpunched
from edge.core.decide_pins import decide_pin
from edge.core.overrides import under_fire_or_mode
from edge.core.place import place_of
from wire.events import Factor
from wire.reasons import Reason


def decide(attempt: Attempt, about: Circumstances) -> Decision:
    """Say what follows from an attempt, and why."""
    factor = Factor.PIN if isinstance(attempt, PinAttempt) else Factor.CARD
    place = place_of(attempt.source, about)
    if place is None:
        return Decision(Reason.UNKNOWN_READER, factor)
    door_id = place.access.door_id if place.access is not None else None
    blank = Decision(Reason.NO_DOOR, factor, reader=place.reader_id, door=door_id)
    match attempt:
        case UnreadableAttempt():
            return with_unpunched(replace(blank, reason=Reason.CARD_UNREADABLE), place.reader)
        case PinAttempt():
            normal = decide_pin(attempt, place, blank, about)
        case CardAttempt():
            alone = counted(decide_card(attempt, place, blank, about), attempt, place, about)
            normal = with_unpunched(alone, place.reader)
    if door_id is None or normal.reason is Reason.STALE_PRESENTATION:
        return normal
    scheduled = about.held_by_schedule(door_id)
    return under_fire_or_mode(normal, about.fire(door_id), about.mode(door_id), scheduled)
