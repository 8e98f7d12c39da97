"""SQL of alerts, of work beyond caps, and of how far everybody was looked at."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime

import sqlalchemy as sa

from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.timesheets.alert_domain import AlertLevel, CapAlert, ReplacedText, SpecialWork
from hub.timesheets.alert_tables import cap_alerts, special_work_texts, special_works, swept_days


def raise_once(scope: Scope, made: CapAlert) -> bool:
    """Write an alert; tell whether it was not there yet."""
    return scope.upsert_ignore(cap_alerts, asdict(made)) == 1


def alerts(scope: Scope, *where: sa.ColumnElement[bool]) -> tuple[CapAlert, ...]:
    """Give alerts, the newest first."""
    query = scope.select(cap_alerts).where(*where)
    order = query.order_by(cap_alerts.c.raised_at.desc(), cap_alerts.c.id.desc())
    return as_all(CapAlert, scope.all(order))


def alert(scope: Scope, alert_id: str) -> CapAlert | None:
    """Give an alert, held still until the transaction ends."""
    query = scope.select(cap_alerts).where(cap_alerts.c.id == alert_id)
    return as_one(CapAlert, scope.one(query.with_for_update()))


def breaches(scope: Scope, person_id: str, month: str) -> tuple[CapAlert, ...]:
    """Give the caps that somebody's month broke."""
    c = cap_alerts.c
    return alerts(scope, c.person_id == person_id, c.month == month, c.level == AlertLevel.BREACH)


def keep_seen(scope: Scope, alert_id: str, by: str, at: datetime) -> None:
    """Write that somebody has seen an alert."""
    scope.update(cap_alerts, {"seen_by": by, "seen_at": at}, cap_alerts.c.id == alert_id)


def special_work(scope: Scope, work_id: str) -> SpecialWork | None:
    """Give a record of work beyond a cap, held still until the transaction ends."""
    query = scope.select(special_works).where(special_works.c.id == work_id)
    return as_one(SpecialWork, scope.one(query.with_for_update()))


def special_work_of(scope: Scope, person_id: str, month: str) -> SpecialWork | None:
    """Give that of somebody's month."""
    s = special_works.c
    query = scope.select(special_works).where(s.person_id == person_id, s.month == month)
    return as_one(SpecialWork, scope.one(query))


def special_works_of(scope: Scope, fiscal_year: int) -> tuple[SpecialWork, ...]:
    """Give those of a fiscal year, by month."""
    s = special_works.c
    query = scope.select(special_works).where(s.fiscal_year == fiscal_year)
    return as_all(SpecialWork, scope.all(query.order_by(s.month, s.person_id)))


def add_special_work(scope: Scope, made: SpecialWork) -> None:
    """Write a record."""
    scope.insert(special_works, asdict(made))


def keep_special_work(scope: Scope, made: SpecialWork) -> None:
    """Write a record as it is now."""
    scope.update(special_works, asdict(made), special_works.c.id == made.id)


def add_replaced(scope: Scope, made: ReplacedText) -> None:
    """Keep a text that is replaced."""
    scope.insert(special_work_texts, asdict(made))


def replaced_texts(scope: Scope, work_id: str) -> tuple[ReplacedText, ...]:
    """Give what stood in a record before, the oldest first."""
    t = special_work_texts.c
    query = scope.select(special_work_texts).where(t.special_work_id == work_id)
    return as_all(ReplacedText, scope.all(query.order_by(t.replaced_at, t.id)))


def swept_through(scope: Scope, name: str) -> date | None:
    """Give through which date everybody was looked at."""
    query = scope.select(swept_days.c.through_on).where(swept_days.c.name == name)
    found: date | None = scope.scalar(query)
    return found


def keep_swept(scope: Scope, name: str, through: date) -> None:
    """Write through which date everybody was looked at."""
    scope.upsert(swept_days, {"name": name, "through_on": through}, key=("name",))
