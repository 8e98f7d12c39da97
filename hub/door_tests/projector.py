"""Keeps what controllers tell of tests, beside what clerks do."""

from __future__ import annotations

from typing import Final

from hub.database.scope import Scope
from hub.door_tests import repository
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Projector
from hub.sites import repository as sites
from wire.events import DoorTestBody, EventKind


def project(scope: Scope, event: ProjectedEvent) -> None:
    """Write one event. A controller can say nothing of another's doors, nor of unknown ones."""
    if isinstance(event.body, DoorTestBody):
        door = sites.door(scope, event.body.door)
        if door is not None and door.controller_id == event.controller:
            repository.keep_told(scope, event, event.body)


PROJECTOR: Final = Projector(
    name="door_tests",
    kinds=frozenset({EventKind.CONTACT_TESTED}),
    project=project,
    reset=repository.forget_told,
    retime=repository.retime,
)
