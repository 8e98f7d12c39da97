"""Writes punches, and gives them better times when a clock can be trusted again."""

from __future__ import annotations

from hub.attendance import repository
from hub.database.scope import Scope
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Projector
from wire.events import EventKind, PunchBody


def project(scope: Scope, event: ProjectedEvent) -> None:
    """Write one event."""
    if isinstance(event.body, PunchBody):
        repository.keep_punch(scope, event, event.body)


PROJECTOR = Projector(
    name="attendance",
    kinds=frozenset({EventKind.PUNCH}),
    project=project,
    reset=repository.forget_all,
    retime=repository.retime_punches,
)
