"""Cards that a file of staff brings: whose they are, and taking them up within its transaction."""

from __future__ import annotations

from collections.abc import Iterable

from hub.audit.rows import AuditedRows
from hub.database.scope import Scope
from hub.people import repository as people_rows
from hub.people.domain import CardState
from hub.people.identities import identity_index, seal_identity
from hub.people.kinds import CARD
from hub.web.core import Core
from hub.web.rights import Principal


def owners(
    scope: Scope, core: Core, namespace: str, identities: Iterable[bytes]
) -> dict[bytes, str | None]:
    """Give whose those of these cards are that are known; None for a card of nobody."""
    found: dict[bytes, str | None] = {}
    for identity in identities:
        index = identity_index(core.keys, namespace, identity)
        card = people_rows.card_by_index(scope, index)
        if card is not None:
            found[identity] = card.person_id
    return found


def take_up(
    scope: Scope,
    core: Core,
    rows: AuditedRows,
    who: Principal,
    card: tuple[str, bytes, str],
    person_id: str,
) -> None:
    """Give somebody a card: its namespace, its number and its label."""
    namespace, identity, label = card
    card_id = core.ids.new()
    values = {
        "id": card_id,
        "person_id": person_id,
        "namespace": namespace,
        "identity": seal_identity(core.keys, card_id, identity),
        "identity_index": identity_index(core.keys, namespace, identity),
        "label": label,
        "profile": None,
        "public_key": None,
        "state": CardState.ACTIVE,
        "state_reason": "",
        "state_changed_at": core.clock.now(),
        "valid_until": None,
        "replaces_id": None,
        "assurance": None,
        "reader_id": None,
        "key_set_id": None,
        "key_version": None,
        "shared_key": None,
    }
    rows.add_in(scope, who, CARD, values)
