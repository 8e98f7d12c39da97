"""A card in the place of another, with everything the other had."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.audit.rows import AuditedRows
from hub.audit.service import record
from hub.database.scope import Scope
from hub.people import repository
from hub.people.domain import Card, CardState
from hub.people.kinds import CARD, GRANT
from hub.policy.horizon import Phase, Window
from hub.web.problems import CONFLICT, Problem
from hub.web.rights import Principal


def reissue_in(
    scope: Scope,
    rows: AuditedRows,
    who: Principal,
    old_id: str,
    given: Mapping[str, Any],
    now: datetime,
    reason: str,
) -> Card:
    """Take up a card (`given` are its columns) in the place of `old_id`, in one transaction: the
    old one is withdrawn, its grants are the new one's, its holder stays who they are: attendance
    and the log go by the person. An end that is over is not taken along.

    Raises `404 not_found`, and `409 conflict` for a card that was withdrawn already.
    """
    old = rows.change_in(scope, who, CARD, old_id, {})
    if old.state is CardState.WITHDRAWN:
        raise Problem(CONFLICT, "this card was withdrawn already: issue a new one")
    end = given.get("valid_until") or old.valid_until
    values = {
        **given,
        "person_id": old.person_id,
        "label": given.get("label") or old.label,
        "valid_until": end if end is not None and end > now else None,
        "replaces_id": old.id,
    }
    made = rows.add_in(scope, who, CARD, values)
    for grant in repository.grants_of_card(scope, old.id):
        if Window(grant.start_at, grant.end_at).phase(now) is not Phase.OVER:
            rows.change_in(scope, who, GRANT, grant.id, {"card_id": made.id})
    gone = {"state": CardState.WITHDRAWN, "state_reason": reason, "state_changed_at": now}
    rows.change_in(scope, who, CARD, old.id, gone)
    said = {"replaces": old.id, "reason": reason}
    record(scope, now, who, "card.reissued", ("card", made.id), said)
    return made
