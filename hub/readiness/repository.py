"""SQL of readiness: rules, watches, what came of each door, latencies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from hub.bookings.tables import BookingState, bookings
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.pins.placement import PlacementEvent
from hub.pins.tables import pin_placements, placement_history
from hub.readiness.domain import COUNTED, Watch
from hub.readiness.figures import PlacementStep, Took
from hub.readiness.tables import (
    RuleOf,
    readiness_doors,
    readiness_latencies,
    readiness_rules,
    readiness_watches,
)

_WATCH: Final = tuple(each.name for each in fields(Watch))
_KEY: Final = ("booking_id", "starts_at", "ends_at")
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A deadline of a site's or a facility's own, in minutes."""

    kind: RuleOf
    target: str
    lead_min: int
    grace_min: int


def own_rules(scope: Scope) -> dict[tuple[RuleOf, str], OwnRule]:
    """Give every rule of its own."""
    names = [each.name for each in fields(OwnRule)]
    rows = scope.all(scope.select(*(readiness_rules.c[name] for name in names)))
    found = as_all(OwnRule, rows)
    return {(each.kind, each.target): each for each in found}


def keep_rule(scope: Scope, rule: OwnRule, now: datetime) -> None:
    """Make or change a rule."""
    row = {
        "kind": rule.kind,
        "target": rule.target,
        "lead_min": rule.lead_min,
        "grace_min": rule.grace_min,
        "changed_at": now,
    }
    scope.upsert(readiness_rules, row, key=["kind", "target"])


def drop_rule(scope: Scope, kind: RuleOf, target: str) -> bool:
    """Remove a rule; tell whether there was one."""
    t = readiness_rules
    return bool(scope.delete(t, t.c.kind == kind, t.c.target == target))


# --- watches -------------------------------------------------------------------------------------


def watched_bookings(until: datetime, now: datetime) -> list[sa.ColumnElement[bool]]:
    """The conditions of bookings that have to be looked at: confirmed, begun soon, not over."""
    c = bookings.c
    return [
        c.state == BookingState.CONFIRMED,
        c.effective_until > now,
        c.effective_from <= until,
    ]


def open_watches(scope: Scope) -> list[Watch]:
    """Give the watches that are not closed."""
    return _watches(scope, readiness_watches.c.closed_at.is_(None))


def watches_of(scope: Scope, booking_ids: Collection[str]) -> list[Watch]:
    """Give every watch of some bookings, those that are over included."""
    ids = sorted(booking_ids)
    found: list[Watch] = []
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        found += _watches(scope, readiness_watches.c.booking_id.in_(part))
    return found


def counted(scope: Scope, since: datetime, until: datetime) -> list[Watch]:
    """Give the watches whose deadline lies in a span and counts."""
    c = readiness_watches.c
    return _watches(
        scope, c.deadline >= since, c.deadline < until, c.outcome.in_(sorted(COUNTED)), c.judged
    )


def _watches(scope: Scope, *where: sa.ColumnElement[bool]) -> list[Watch]:
    t = readiness_watches
    rows = scope.all(scope.select(*(t.c[name] for name in _WATCH)).where(*where))
    return list(as_all(Watch, rows))


def keep_watch(scope: Scope, watch: Watch) -> None:
    """Make or change a watch."""
    values = {name: getattr(watch, name) for name in _WATCH}
    scope.upsert(readiness_watches, values, key=_KEY)


@dataclass(frozen=True, slots=True)
class LockResult:
    """How one door or key box stood at the deadline."""

    booking_id: str
    starts_at: datetime
    ends_at: datetime
    lock_id: str
    can_confirm: bool
    met_at: datetime | None
    missed: bool
    wrong: tuple[str, ...]


def keep_results(scope: Scope, results: Sequence[LockResult]) -> None:
    """Keep how the locks of a window stood."""
    rows = [{f.name: getattr(each, f.name) for f in fields(LockResult)} for each in results]
    scope.upsert(
        readiness_doors, [{**r, "wrong": list(r["wrong"])} for r in rows], key=(*_KEY, "lock_id")
    )


def results_of(scope: Scope, watch: Watch) -> list[LockResult]:
    """Give how the locks of a window stood at its deadline."""
    c = readiness_doors.c
    return _results(
        scope,
        c.booking_id == watch.booking_id,
        c.starts_at == watch.starts_at,
        c.ends_at == watch.ends_at,
    )


def counted_results(scope: Scope, since: datetime, until: datetime) -> list[LockResult]:
    """Give the doors of the watches that count (`counted`)."""
    d, w = readiness_doors, readiness_watches
    same = sa.and_(d.c.town_id == w.c.town_id, *(d.c[name] == w.c[name] for name in _KEY))
    names = [each.name for each in fields(LockResult)]
    rows = scope.all(
        scope.select(*(d.c[name] for name in names))
        .select_from(d.join(w, same))
        .where(
            w.c.deadline >= since,
            w.c.deadline < until,
            w.c.outcome.in_(sorted(COUNTED)),
            w.c.judged,
            d.c.can_confirm,
        )
    )
    return [_result(row) for row in rows]


def _results(scope: Scope, *where: sa.ColumnElement[bool]) -> list[LockResult]:
    names = [each.name for each in fields(LockResult)]
    columns = (readiness_doors.c[name] for name in names)
    return [_result(row) for row in scope.all(scope.select(*columns).where(*where))]


def _result(row: sa.Row[tuple[object, ...]]) -> LockResult:
    values = {each.name: getattr(row, each.name) for each in fields(LockResult)}
    return LockResult(**{**values, "wrong": tuple(values["wrong"])})


# --- latencies -----------------------------------------------------------------------------------


def steps_of(scope: Scope, credential_id: str, door_id: str) -> list[PlacementStep]:
    """Give what happened to a placement, in order."""
    t = placement_history
    rows = scope.all(
        scope.select(t.c.at, t.c.event, t.c.state)
        .where(t.c.credential_id == credential_id, t.c.door_id == door_id)
        .order_by(t.c.seq)
    )
    return [PlacementStep(row.at, row.event, row.state) for row in rows]


def sent_at(scope: Scope, credential_ids: Sequence[str], door_id: str) -> datetime | None:
    """Give when one of these PINs went to a door's controller last."""
    t = placement_history
    found: datetime | None = scope.scalar(
        scope.select(sa.func.max(t.c.at)).where(
            t.c.credential_id.in_(list(credential_ids)),
            t.c.door_id == door_id,
            t.c.event == PlacementEvent.SEND,
        )
    )
    return found


def window_start(scope: Scope, credential_id: str, door_id: str) -> datetime | None:
    """Give when a PIN's window at a door begins."""
    t = pin_placements
    found: datetime | None = scope.scalar(
        scope.select(t.c.starts_at).where(
            t.c.credential_id == credential_id, t.c.door_id == door_id
        )
    )
    return found


def keep_latency(scope: Scope, seq: int, took: Took) -> bool:
    """Keep how long something took; tell whether it was new."""
    row = {
        "seq": seq,
        "kind": took.kind,
        "credential_id": took.credential_id,
        "door_id": took.door_id,
        "site_id": took.site_id,
        "began_at": took.began_at,
        "done_at": took.done_at,
        "connected": took.connected,
    }
    return bool(scope.upsert_ignore(readiness_latencies, row))


def latencies(scope: Scope, since: datetime, until: datetime) -> list[Took]:
    """Give what was done in a span of time, in order."""
    t = readiness_latencies
    names = [each.name for each in fields(Took)]
    rows = scope.all(
        scope.select(*(t.c[name] for name in names))
        .where(t.c.done_at >= since, t.c.done_at < until)
        .order_by(t.c.seq)
    )
    return list(as_all(Took, rows))


def watch_of(scope: Scope, booking_id: str, starts_at: datetime, ends_at: datetime) -> Watch | None:
    """Give the watch of one window."""
    t = readiness_watches
    where = (t.c.booking_id == booking_id, t.c.starts_at == starts_at, t.c.ends_at == ends_at)
    return as_one(Watch, scope.one(scope.select(*(t.c[name] for name in _WATCH)).where(*where)))
