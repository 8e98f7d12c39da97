"""Keeps readings, and reckons with each: what is low, and what a forecast has to be made of."""

from __future__ import annotations

from hub.batteries import repository
from hub.batteries.reckoning import reckon
from hub.database.scope import Scope
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Projector, Retiming
from wire.events import BatteryBody, EventKind


def project(scope: Scope, event: ProjectedEvent) -> None:
    """Write one event. A controller can say nothing of another's devices."""
    if isinstance(event.body, BatteryBody):
        holder = repository.holder(scope, event.body.device)
        if holder is not None and holder.controller_id not in (None, event.controller):
            return
        if repository.keep_reading(scope, event, event.body):
            reckon(scope, event.body.device)


def retime(scope: Scope, known: Retiming) -> None:
    """Reckon anew where the times of readings are known better."""
    for device_id in sorted(repository.retime_readings(scope, known)):
        reckon(scope, device_id)


PROJECTOR = Projector(
    name="batteries",
    kinds=frozenset({EventKind.BATTERY}),
    project=project,
    reset=repository.forget_derived,
    retime=retime,
)
"""After the entry log's, whose reset removes the alarms that this one raises."""
