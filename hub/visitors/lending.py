"""What a lent card opens: grants of the card itself, for the visit's window and no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.audit.rows import AuditedRows
from hub.database.scope import Scope
from hub.people import repository as people
from hub.people.kinds import GRANT
from hub.visitors.domain import Visit, VisitState
from hub.web.rights import SYSTEM
from wire.policy_bodies import EntryState


def grant_in(
    scope: Scope, rows: AuditedRows, visit: Visit, card_id: str, now: datetime
) -> tuple[str, ...]:
    """Give a card what a visit opens, of a daily one within today's hours; give the grants' ids.
    A visit's doors were checked when they were entered, so it is the hub that grants: a desk clerk
    lends cards and grants nothing else."""
    places = [{"door_id": one, "zone_id": None} for one in visit.doors]
    places += [{"door_id": None, "zone_id": one} for one in visit.zones]
    start, end = visit.window_on(now)
    made = []
    for place in places:
        values: dict[str, Any] = {
            **place,
            "person_id": None,
            "group_id": None,
            "card_id": card_id,
            "start_at": start,
            "end_at": end,
            "schedule_id": None,
            "needs_pin": False,
            "first_person": False,
            "max_uses": None,
            "soft": False,
            "escorts": visit.leaders,
            "escort_s": visit.escort_s,
            "state": EntryState.ACTIVE,
            "note": f"visit {visit.id}",
        }
        made.append(rows.add_in(scope, SYSTEM, GRANT, values).id)
    return tuple(made)


def revoke_in(scope: Scope, rows: AuditedRows, grants: tuple[str, ...], now: datetime) -> None:
    """Take it back, before its end where that is still to come."""
    for grant_id in grants:
        grant = people.grant(scope, grant_id)
        if grant is not None and (grant.end_at is None or grant.end_at > now):
            rows.change_in(scope, SYSTEM, GRANT, grant_id, {"state": EntryState.REVOKED})


def opens_any(visit: Visit) -> bool:
    """Whether a card is of any use for a visit."""
    return visit.state is VisitState.PLANNED and bool(visit.doors or visit.zones)
