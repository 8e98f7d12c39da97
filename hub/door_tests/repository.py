"""SQL of tests of doors."""

from __future__ import annotations

import sqlalchemy as sa

from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.door_tests.domain import DoorTest, TestedBy
from hub.door_tests.tables import door_tests
from hub.projection.domain import ProjectedEvent
from hub.projection.projector import Retiming
from wire.events import DoorTestBody

_FAILED_FIRST = (door_tests.c.passed, door_tests.c.id)
"""Of two of the same moment the one that failed counts."""
_OF_A_TEST = tuple(door_tests.c[name] for name in DoorTest.__slots__)


def add(scope: Scope, test: DoorTest) -> None:
    """Keep a test that a clerk told of."""
    values = {name: getattr(test, name) for name in DoorTest.__slots__}
    scope.insert(door_tests, {**values, "trusted": True})


def keep_told(scope: Scope, event: ProjectedEvent, body: DoorTestBody) -> None:
    """Keep a test that a controller told of; one that is there already stays as it is."""
    scope.upsert_ignore(
        door_tests,
        {
            "id": f"event-{event.raw_id}",
            "door_id": body.door,
            "told_by": TestedBy.PI,
            "passed": body.passed,
            "cause": body.cause,
            "note": "",
            "actor": body.actor,
            "tested_at": event.corrected_at,
            "recorded_at": event.received_at,
            "controller_id": event.controller,
            "boot": event.boot,
            "mono_ns": event.mono_ns,
            "trusted": event.is_time_sure,
        },
    )


def retime(scope: Scope, known: Retiming) -> None:
    """Give tests without a sure time the one that is sure now."""
    c = door_tests.c
    rows = scope.all(
        scope.select(c.id, c.boot, c.mono_ns, c.recorded_at).where(
            c.controller_id == known.controller,
            c.boot.in_(sorted(known.boots)),
            c.trusted.is_(False),
        )
    )
    for row in rows:
        time = known.time_of(row.boot, int(row.mono_ns), row.recorded_at)
        if time is not None and time.is_sure:
            scope.update(door_tests, {"tested_at": time.at, "trusted": True}, c.id == row.id)


def of_door(scope: Scope, door_id: str, limit: int) -> tuple[DoorTest, ...]:
    """Give a door's tests, the newest first."""
    query = (
        scope.select(*_OF_A_TEST)
        .where(door_tests.c.door_id == door_id)
        .order_by(door_tests.c.tested_at.desc(), door_tests.c.recorded_at.desc(), *_FAILED_FIRST)
        .limit(limit)
    )
    return as_all(DoorTest, scope.all(query))


def latest(scope: Scope) -> dict[str, DoorTest]:
    """Give the newest test of every door that has one, by door."""
    newest = (
        scope.select(door_tests.c.door_id, sa.func.max(door_tests.c.tested_at).label("at"))
        .group_by(door_tests.c.door_id)
        .subquery()
    )
    query = (
        scope.select(*_OF_A_TEST)
        .join(
            newest,
            sa.and_(
                newest.c.door_id == door_tests.c.door_id, newest.c.at == door_tests.c.tested_at
            ),
        )
        .order_by(door_tests.c.recorded_at, door_tests.c.passed.desc(), door_tests.c.id.desc())
    )
    return {test.door_id: test for test in as_all(DoorTest, scope.all(query))}


def forget_told(scope: Scope) -> None:
    """Remove what controllers told: the projection writes it again. What clerks told stays."""
    scope.delete(door_tests, door_tests.c.told_by == TestedBy.PI)
