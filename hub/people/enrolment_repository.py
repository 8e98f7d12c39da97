"""SQL of enrolments at readers, and of the cards that were offered to them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.people.enrolment_domain import OPEN, Enrolment, Offered
from hub.people.tables import card_enrolments, card_offers


def enrolment(scope: Scope, enrolment_id: str, *, lock: bool = False) -> Enrolment | None:
    """Give an enrolment."""
    query = sa.select(card_enrolments).where(card_enrolments.c.id == enrolment_id)
    return as_one(Enrolment, scope.one(query.with_for_update() if lock else query))


def open_at(scope: Scope, reader_id: str) -> Enrolment | None:
    """Give the open enrolment at a reader."""
    t = card_enrolments.c
    query = sa.select(card_enrolments).where(t.reader_id == reader_id, t.state.in_(OPEN))
    return as_one(Enrolment, scope.one(query.order_by(t.id).limit(1)))


def open_of_controller(
    scope: Scope, controller_id: str, ids: Collection[str] | None = None
) -> tuple[Enrolment, ...]:
    """Give the open enrolments at a controller's readers, all or those with these ids."""
    t = card_enrolments.c
    query = sa.select(card_enrolments).where(t.controller_id == controller_id, t.state.in_(OPEN))
    if ids is not None:
        query = query.where(t.id.in_(ids))
    return as_all(Enrolment, scope.all(query))


def run_out(scope: Scope, before: datetime) -> tuple[Enrolment, ...]:
    """Give the open enrolments whose time ended before an instant."""
    t = card_enrolments.c
    query = sa.select(card_enrolments).where(t.state.in_(OPEN), t.until <= before)
    return as_all(Enrolment, scope.all(query.order_by(t.id)))


def add(scope: Scope, values: dict[str, Any]) -> None:
    """Keep a new enrolment."""
    scope.insert(card_enrolments, values)


def change(scope: Scope, enrolment_id: str, values: dict[str, Any]) -> None:
    """Set columns of an enrolment."""
    scope.update(card_enrolments, values, card_enrolments.c.id == enrolment_id)


def keep_offer(scope: Scope, offered: Offered) -> None:
    """Keep what a controller told of a card; told twice, it is kept once."""
    values = {name: getattr(offered, name) for name in Offered.__slots__}
    scope.upsert_ignore(card_offers, values)


def any_offer(scope: Scope) -> bool:
    """Tell whether a card waits to be looked at."""
    return scope.scalar(scope.select(card_offers.c.id).limit(1)) is not None


def offers(scope: Scope) -> tuple[Offered, ...]:
    """Give the cards that wait to be looked at, in the order in which they were heard of."""
    t = card_offers
    return as_all(Offered, scope.all(sa.select(t).order_by(t.c.received_at, t.c.id)))


def forget_offer(scope: Scope, offer_id: str) -> None:
    """Forget one."""
    scope.delete(card_offers, card_offers.c.id == offer_id)
