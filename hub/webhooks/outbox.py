"""Turns what happened into deliveries: one for each endpoint that wants it, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.clock import Clock, Ids
from hub.database.scope import Scope
from hub.happenings.domain import Happening
from hub.webhooks import repository
from hub.webhooks.domain import Delivery, DeliveryState, Endpoint, hears_of
from hub.webhooks.payloads import Message, body_of

READER: Final = "webhooks"
"""The name of its mark among the readers of happenings."""


class Outbox:
    """Puts messages before endpoints. Nothing is sent here."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    def take(self, scope: Scope, happening: Happening) -> None:
        """Take a happening: a `Handle` of `hub.happenings.readers`."""
        about = happening.subject
        message = Message(
            happening.id,
            happening.kind.value,
            happening.at,
            about,
            happening.cause,
            happening.details,
            {} if about.other_id is None else {"other_id": about.other_id},
        )
        self.put(scope, message.kind, about.site_id, lambda: message)

    def put(
        self, scope: Scope, kind: str, site_id: str | None, make: Callable[[], Message]
    ) -> None:
        """Put a message before every endpoint that wants its kind; it is made only if one does."""
        wanting = [
            each for each in repository.all_endpoints(scope) if hears_of(each, kind, site_id)
        ]
        if not wanting:
            return
        message = make()
        for endpoint in wanting:
            self.address(scope, endpoint, message)

    def address(self, scope: Scope, endpoint: Endpoint, message: Message) -> Delivery | None:
        """Put a message before one endpoint; None where it has it already."""
        scope.lock(f"webhook:{endpoint.id}")
        if repository.has_message(scope, endpoint.id, message.id):
            return None
        now = self._clock.now()
        seq = scope.take_numbers(f"webhook:{endpoint.id}")[0]
        body = body_of(scope, message, seq, now, include_contact=endpoint.include_contact)
        made = Delivery(
            id=self._ids.new(),
            endpoint_id=endpoint.id,
            message_id=message.id,
            kind=message.kind,
            seq=seq,
            payload=body,
            state=DeliveryState.PENDING,
            attempts=0,
            tries=0,
            next_at=now,
            created_at=now,
            settled_at=None,
        )
        repository.add_delivery(scope, made)
        return made
