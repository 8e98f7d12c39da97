"""SQL of visits, visitors and the pool."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.database.rows import as_all
from hub.database.scope import Scope
from hub.people.tables import cards
from hub.pins.tables import pin_credentials
from hub.sites.domain import SiteState
from hub.sites.tables import doors, readers
from hub.visitors.domain import PoolCard, Visit, Visitor, VisitState
from hub.visitors.tables import visitor_cards, visitors, visits


def visitors_of(scope: Scope, visit_ids: Collection[str]) -> dict[str, tuple[Visitor, ...]]:
    """Give the visitors of some visits, by visit, in the order they were entered."""
    query = sa.select(visitors).where(visitors.c.visit_id.in_(visit_ids)).order_by(visitors.c.id)
    found: dict[str, tuple[Visitor, ...]] = {}
    for each in as_all(Visitor, scope.all(query)):
        found[each.visit_id] = (*found.get(each.visit_id, ()), each)
    return found


def visit_of(scope: Scope, visitor_id: str) -> str | None:
    """Give the visit that a visitor comes for; it is the same for ever."""
    row = scope.one(scope.select(visitors.c.visit_id).where(visitors.c.id == visitor_id))
    return str(row.visit_id) if row is not None else None


def visits_between(
    scope: Scope, first: datetime, last: datetime, site_ids: Collection[str] | None, limit: int
) -> tuple[Visit, ...]:
    """Give the visits that touch `[first, last)`, the earliest first."""
    t = visits.c
    query = sa.select(visits).where(t.starts_at < last, t.ends_at > first)
    if site_ids is not None:
        query = query.where(t.site_id.in_(site_ids))
    return as_all(Visit, scope.all(query.order_by(t.starts_at, t.id).limit(limit)))


def inside(scope: Scope, site_ids: Collection[str] | None) -> tuple[tuple[Visit, Visitor], ...]:
    """Give who came and did not leave, the one who came first first."""
    v, p = visitors.c, visits.c
    query = sa.select(visitors).where(v.arrived_at.is_not(None), v.left_at.is_(None))
    found = as_all(Visitor, scope.all(query.order_by(v.arrived_at, v.id)))
    of = sa.select(visits).where(p.id.in_({each.visit_id for each in found}))
    if site_ids is not None:
        of = of.where(p.site_id.in_(site_ids))
    by_id = {visit.id: visit for visit in as_all(Visit, scope.all(of))}
    return tuple((by_id[each.visit_id], each) for each in found if each.visit_id in by_id)


def pool(scope: Scope, now: datetime, site_ids: Collection[str] | None) -> tuple[PoolCard, ...]:
    """Give the pool's cards by label, and who has each."""
    c, v, p = visitor_cards, visitors, visits
    query = (
        scope.select(
            c.c.card_id,
            cards.c.label,
            cards.c.state.label("card_state"),
            c.c.site_id,
            v.c.id.label("visitor_id"),
            v.c.visit_id,
            v.c.card_given_at,
            v.c.left_at,
            p.c.ends_at,
            p.c.daily,
            p.c.state,
        )
        .select_from(c)
        .join(cards, sa.and_(cards.c.town_id == c.c.town_id, cards.c.id == c.c.card_id))
        .outerjoin(v, sa.and_(v.c.town_id == c.c.town_id, v.c.card_id == c.c.card_id))
        .outerjoin(p, sa.and_(p.c.town_id == v.c.town_id, p.c.id == v.c.visit_id))
        .order_by(cards.c.label, c.c.card_id)
    )
    if site_ids is not None:
        query = query.where(sa.or_(c.c.site_id.is_(None), c.c.site_id.in_(site_ids)))
    return tuple(
        PoolCard(
            card_id=row.card_id,
            label=row.label,
            state=row.card_state,
            site_id=row.site_id,
            visitor_id=row.visitor_id,
            visit_id=row.visit_id,
            given_at=row.card_given_at,
            overdue=row.ends_at is not None and _overdue(row, now),
        )
        for row in scope.all(query)
    )


def _overdue(row: Any, now: datetime) -> bool:
    """Whether a card should be back: who comes again tomorrow may keep theirs."""
    left = row.left_at is not None and not row.daily
    return left or row.ends_at <= now or row.state is VisitState.CANCELLED


def visits_with_pins(scope: Scope, now: datetime) -> tuple[Visit, ...]:
    """Give the visits that are not over and for which a PIN was given that was not taken away."""
    p, v = pin_credentials.c, visits.c
    given = scope.select(p.visit_id).where(p.visit_id.is_not(None), p.revoked_at.is_(None))
    ids = [row.visit_id for row in scope.all(given.distinct())]
    if not ids:
        return ()
    query = sa.select(visits).where(v.id.in_(ids), v.ends_at > now, v.state == VisitState.PLANNED)
    return as_all(Visit, scope.all(query.order_by(v.id)))


def keypad_doors(scope: Scope) -> dict[str, str | None]:
    """Give the doors that have a keypad in use, and the zone into which each leads."""
    d, r = doors.c, readers.c
    query = (
        scope.select(d.id, d.zone_in)
        .join(readers, sa.and_(r.town_id == d.town_id, r.door_id == d.id))
        .where(r.keypad.is_(True), r.state == SiteState.ACTIVE, d.state == SiteState.ACTIVE)
    )
    return {row.id: row.zone_in for row in scope.all(query)}


def add_to_pool(scope: Scope, card_id: str, site_id: str | None, now: datetime) -> None:
    """Put a card into the pool, or say at which desk it lies."""
    values = {"card_id": card_id, "site_id": site_id, "added_at": now}
    scope.upsert(visitor_cards, values, key=("card_id",))


def remove_from_pool(scope: Scope, card_id: str) -> None:
    """Take a card out of the pool."""
    scope.delete(visitor_cards, visitor_cards.c.card_id == card_id)


def forgettable(scope: Scope, before: datetime) -> tuple[str, ...]:
    """Give the visits that ended before an instant and still hold names."""
    t = visits.c
    query = scope.select(t.id).where(t.ends_at < before, t.forgotten_at.is_(None)).limit(200)
    return tuple(row.id for row in scope.all(query))


def forget(scope: Scope, visit_ids: Collection[str], now: datetime) -> None:
    """Forget the names of some visits; that they were, and when, stays."""
    blank = {"organisation": "", "purpose": "", "note": "", "forgotten_at": now}
    scope.update(visits, blank, visits.c.id.in_(visit_ids))
    scope.update(visitors, {"name": "", "name_kana": ""}, visitors.c.visit_id.in_(visit_ids))
