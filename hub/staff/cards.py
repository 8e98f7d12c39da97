"""Cards that a file of staff brings: whose they are, and taking them up within its transaction."""

from __future__ import annotations

from collections.abc import Iterable

from hub.audit.rows import AuditedRows
from hub.database.scope import Scope
from hub.people import repository as people_rows
from hub.people.identities import identity_index
from hub.people.kinds import CARD
from hub.people.new_card import NewCard, columns_of
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
    given = NewCard(namespace, identity, person_id=person_id, label=label)
    values = columns_of(core.keys, core.ids.new(), given, core.clock.now())
    rows.add_in(scope, who, CARD, values)
