"""One way in by a door: by what, whose, when, and what may still refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.commands.access_times import Span
from hub.commands.conditions import Condition
from hub.pins.placement import PlacementState
from wire.policy_bodies import Side


class AccessBy(StrEnum):
    """By what somebody could open."""

    CARD = "card"
    PIN = "pin"
    SCHEDULE = "schedule"
    """The door stands open to everybody."""


@dataclass(frozen=True, slots=True)
class Access:
    """One way in. `via_group` and `schedule_id` say why; `placement` how far a PIN is confirmed;
    `conditions` what may still refuse it. A door held open by schedule has neither grant nor
    credential. `uses` of `max_uses` are taken, as far as the log tells. `zone_id`: granted by
    that zone. `side`: at that side alone; None: at every side with a reader. `spans` says when,
    where it was asked over a time."""

    by: AccessBy
    door_id: str
    zone_id: str | None = None
    grant_id: str | None = None
    credential_id: str | None = None
    person_id: str | None = None
    via_group: str | None = None
    schedule_id: str | None = None
    needs_pin: bool = False
    booking_id: str | None = None
    placement: PlacementState | None = None
    first_person: bool = False
    max_uses: int | None = None
    uses: int | None = None
    side: Side | None = None
    visit_id: str | None = None
    conditions: tuple[Condition, ...] = ()
    spans: tuple[Span, ...] | None = None
