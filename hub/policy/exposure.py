"""Which controllers hold the keys of which cards: what somebody has who takes one of them."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from hub.database.scope import Scope
from hub.policy.repository import batches
from hub.policy.tables import policy_entries
from wire.policy import EntryKind, decode_entry
from wire.policy_bodies import CardBody


def holders_of_keys(scope: Scope, card_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Give the cards whose keys each controller is to hold by its newest policy; who holds none is
    left out. A controller that is away may hold more: what it was told before."""
    found: dict[str, set[str]] = {}
    t = policy_entries.c
    for batch in batches(card_ids):
        query = scope.select(t.controller_id, t.entry_id, t.data).where(
            t.kind == EntryKind.CREDENTIAL.value, t.entry_id.in_(batch)
        )
        for row in scope.all(query):
            body = msgspec.json.decode(decode_entry(row.data).body, type=CardBody)
            if body.sealed is not None:
                found.setdefault(row.controller_id, set()).add(row.entry_id)
    return {controller: frozenset(held) for controller, held in found.items()}
