"""Writes punches and refused ones, and gives them better times once a clock can be trusted."""

from __future__ import annotations

from hub.attendance import refused, repository
from hub.database.scope import Scope
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Projector, Retiming
from wire.events import AccessBody, EventKind, PunchBody


def project(scope: Scope, event: ProjectedEvent) -> None:
    """Write one event."""
    if isinstance(event.body, PunchBody):
        repository.keep_punch(scope, event, event.body)
    elif isinstance(event.body, AccessBody) and event.body.unpunched is not None:
        refused.keep(scope, event, event.body, event.body.unpunched)


def _forget(scope: Scope) -> None:
    repository.forget_all(scope)
    refused.forget_all(scope)


def _retime(scope: Scope, known: Retiming) -> None:
    repository.retime_punches(scope, known)
    refused.retime(scope, known)


PROJECTOR = Projector(
    name="attendance",
    kinds=frozenset(
        {
            EventKind.PUNCH,
            EventKind.ACCESS_GRANTED,
            EventKind.ACCESS_DENIED,
            EventKind.ACCESS_DURESS,
        }
    ),
    project=project,
    reset=_forget,
    retime=_retime,
)
