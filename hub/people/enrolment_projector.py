"""Keeps the cards that controllers offer to enrolments until they are looked at.

A projector has no keys: `enrolment_chore` opens what is kept here, a moment later.
"""

from __future__ import annotations

from typing import Final

from hub.database.scope import Scope
from hub.people import enrolment_repository as rows
from hub.people.enrolment_domain import Offered
from hub.policy.bell import ring_all
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Projector
from wire.events import CardOfferBody, EventKind


def project(scope: Scope, event: ProjectedEvent) -> None:
    """Keep an offer, if it is for an open enrolment at that controller: a replay of old events
    enrols nothing."""
    body = event.body
    if not isinstance(body, CardOfferBody):
        return
    found = rows.enrolment(scope, body.enrolment)
    if found is None or not found.is_open:
        return
    if found.controller_id != event.controller or found.reader_id != body.reader:
        return
    rows.keep_offer(
        scope,
        Offered(
            id=f"{event.controller}-{event.epoch}-{event.seq}",
            enrolment_id=body.enrolment,
            controller_id=event.controller,
            sealed=body.sealed,
            assurance=body.assurance,
            received_at=event.received_at,
        ),
    )
    scope.after_commit(ring_all)


PROJECTOR: Final = Projector(
    name="card_offers", kinds=frozenset({EventKind.CARD_OFFERED}), project=project
)
