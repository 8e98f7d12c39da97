"""Writes what key boxes told: their state, visits, lost records, and that they took new secrets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Final

from hub.database.scope import Scope
from hub.keyboxes import code_repository as code_rows
from hub.keyboxes import log_repository as log_rows
from hub.keyboxes import repository, told
from hub.keyboxes.domain import BoxState, KeyBox
from hub.keyboxes.log_repository import Visit
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Projector
from wire.events import DeviceClockBody, EventKind
from wire.keybox_keys import day_number

_JAPAN: Final = timezone(timedelta(hours=9))
"""A visit's day is a day in Japan, as tickets have it."""


def project(scope: Scope, event: ProjectedEvent) -> None:
    """Write one event; those of no key box are left alone."""
    box_id = told.box_of(event)
    box = None if box_id is None else repository.key_box(scope, box_id)
    if box is None:
        return
    state = log_rows.box_states(scope, [box.id])[box.id]
    state = told.apply(state, event, box.its_profile)
    _note_visit(scope, box, state, event)
    if lost := told.lost(event):
        log_rows.keep_gap(scope, box.id, lost.log_epoch, lost.first, lost.count)
    version = told.new_version(event)
    if version is not None:
        state = _take_secrets(scope, box, state, version, event)
    log_rows.keep_state(scope, state)


def _note_visit(scope: Scope, box: KeyBox, state: BoxState, event: ProjectedEvent) -> None:
    """Count an event to the visit that brought it."""
    at = event.corrected_at
    visited = at if event.origin is None else event.received_at
    if event.origin is not None and state.collected_by == event.controller:
        visited = state.last_visit_at or visited
    day = day_number(visited.astimezone(_JAPAN).date())
    kept = log_rows.visit(scope, box.id, day, event.controller)
    if kept is None:
        kept = Visit(box.id, day, event.controller, at, at, event.received_at, 0)
    body = event.body
    offset_ms = body.offset_ms if isinstance(body, DeviceClockBody) else kept.clock_offset_ms
    log_rows.keep_visit(
        scope,
        replace(
            kept,
            first_at=min(kept.first_at, at),
            last_at=max(kept.last_at, at),
            received_at=max(kept.received_at, event.received_at),
            records=kept.records + (event.origin is not None),
            lost=kept.lost + told.lost_count(event),
            clock_offset_ms=offset_ms,
        ),
    )


def _take_secrets(
    scope: Scope, box: KeyBox, state: BoxState, version: int, event: ProjectedEvent
) -> BoxState:
    """The box has new secrets: believed of a version that went out with a ticket. Whoever brought
    them tells so first, and codes become others at once; the box's own log tells it at the next
    visit, and only then are the old secrets deleted."""
    kept = repository.secret(scope, box.id, version)
    if kept is None or kept.given_at is None or version < max(box.device_version, 1):
        return state
    if version > box.device_version:
        code_rows.hold(scope, box.id)
        repository.change_box(scope, box.id, device_version=version, code_version=version)
        code_rows.rekey_living(scope, box.id, version, event.received_at)
        state = replace(state, seen_generation=kept.generation)
    if event.origin is not None and kept.installed_at is None:
        repository.mark_secret(scope, box.id, version, installed_at=event.corrected_at)
        repository.forget_secrets_before(scope, box.id, version)
    return state


PROJECTOR = Projector(
    name="keyboxes",
    kinds=frozenset(EventKind),
    project=project,
    reset=log_rows.forget_told,
)
