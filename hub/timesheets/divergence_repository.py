"""SQL of divergences, their trails, and when people went through doors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict
from datetime import date, datetime

import sqlalchemy as sa

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.entries.domain import Result
from hub.entries.tables import entries
from hub.sites.tables import readers
from hub.timesheets.divergence_domain import (
    PENDING,
    Act,
    Divergence,
    DivergenceState,
    DivergenceStep,
)
from hub.timesheets.divergence_tables import divergence_steps, divergences
from hub.timesheets.seen import Passed


def add(scope: Scope, made: Divergence, actor: str) -> None:
    """Write a new divergence, and that it was found."""
    scope.insert(divergences, asdict(made))
    step(scope, made, None, actor, "")


def keep(scope: Scope, changed: Divergence) -> None:
    """Write a divergence as it is now."""
    scope.update(divergences, asdict(changed), divergences.c.id == changed.id)


def step(
    scope: Scope,
    about: Divergence,
    act: Act | None,
    actor: str,
    note: str,
    links: tuple[str, ...] = (),
) -> None:
    """Add a step to a trail: what was done, and what became of it."""
    d = divergence_steps.c
    last = scope.scalar(scope.select(sa.func.max(d.number)).where(d.divergence_id == about.id))
    made = DivergenceStep(
        divergence_id=about.id,
        number=int(last or 0) + 1,
        at=about.changed_at,
        actor=actor,
        act=act,
        state=about.state,
        minutes=about.minutes,
        note=note,
        links=links,
    )
    scope.insert(divergence_steps, asdict(made))


def one(scope: Scope, divergence_id: str, *, lock: bool = False) -> Divergence | None:
    """Give a divergence by its id."""
    query = scope.select(divergences).where(divergences.c.id == divergence_id)
    return as_one(Divergence, scope.one(query.with_for_update() if lock else query))


def trail(scope: Scope, divergence_id: str) -> tuple[DivergenceStep, ...]:
    """Give the trail of a divergence, the first step first."""
    t = divergence_steps
    query = scope.select(t).where(t.c.divergence_id == divergence_id).order_by(t.c.number)
    return as_all(DivergenceStep, scope.all(query))


def between(
    scope: Scope,
    first: date,
    last: date,
    person_ids: Collection[str] | None = None,
    states: Collection[DivergenceState] | None = None,
    limit: int | None = None,
) -> tuple[Divergence, ...]:
    """Give divergences of `[first, last]` by date, of all people or of some."""
    d = divergences.c
    where = [d.work_date >= first, d.work_date <= last]
    if person_ids is not None:
        where.append(d.person_id.in_(sorted(person_ids)))
    if states is not None:
        where.append(d.state.in_(sorted(states)))
    query = scope.select(divergences).where(*where).order_by(d.work_date, d.person_id, d.kind)
    return as_all(Divergence, scope.all(query if limit is None else query.limit(limit)))


def pending(
    scope: Scope, first: date, last: date, person_ids: Collection[str]
) -> tuple[Divergence, ...]:
    """Give those that somebody still has to do something about."""
    return between(scope, first, last, person_ids, PENDING)


def door_events(
    scope: Scope, start: datetime, end: datetime, person_ids: Collection[str]
) -> dict[str, list[Passed]]:
    """Give when people were let in at doors within `[start, end)`, by person, oldest first."""
    e = entries.c
    query = (
        scope.select(e.person_id, e.occurred_at, e.door_id, readers.c.side)
        .join_from(
            entries,
            readers,
            sa.and_(readers.c.town_id == e.town_id, readers.c.id == e.reader_id),
            isouter=True,
        )
        .where(
            e.person_id.in_(sorted(person_ids)),
            e.result == Result.GRANTED,
            e.occurred_at >= start,
            e.occurred_at < end,
        )
        .order_by(e.occurred_at, e.id)
    )
    found: dict[str, list[Passed]] = defaultdict(list)
    for row in scope.all(query):
        found[row.person_id].append(Passed(row.occurred_at, row.door_id, row.side))
    return dict(found)
