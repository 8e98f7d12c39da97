"""SQL of the outbox of reminders: one row a person and day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from hub.applications.tables import reminder_digests
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.notices.domain import OPEN, NoticeState


@dataclass(frozen=True, slots=True)
class Digest:
    """One person's mail of a day on its way; what it says is written when it is sent."""

    id: str
    person_id: str
    day: date
    state: NoticeState
    tries: int
    next_at: datetime
    lease_until: datetime | None
    created_at: datetime
    ended_at: datetime | None


def any_of(scope: Scope, day: date) -> bool:
    """Tell whether a day's mails were gathered."""
    query = sa.select(reminder_digests.c.id).where(reminder_digests.c.day == day).limit(1)
    return scope.one(query) is not None


def add(scope: Scope, rows: Sequence[Digest]) -> int:
    """Add a day's mails; nobody gets a second one."""
    return scope.upsert_ignore(reminder_digests, [asdict(each) for each in rows])


def claim(scope: Scope, now: datetime, lease: timedelta) -> Digest | None:
    """Take one that is due; one whose sender died is due again when its lease is over."""
    d = reminder_digests.c
    due = sa.or_(
        sa.and_(d.state == NoticeState.WAITING, d.next_at <= now),
        sa.and_(d.state == NoticeState.SENDING, d.lease_until <= now),
    )
    query = sa.select(reminder_digests).where(due).order_by(d.next_at, d.id).limit(1)
    found = as_one(Digest, scope.one(query.with_for_update(skip_locked=True)))
    if found is None:
        return None
    claimed = replace(
        found, state=NoticeState.SENDING, tries=found.tries + 1, lease_until=now + lease
    )
    keep(scope, claimed)
    return claimed


def keep(scope: Scope, digest: Digest) -> None:
    """Write one as it is now."""
    scope.update(reminder_digests, asdict(digest), reminder_digests.c.id == digest.id)


def listed(scope: Scope) -> tuple[Digest, ...]:
    """Give every row, the oldest first."""
    query = sa.select(reminder_digests).order_by(reminder_digests.c.id)
    return as_all(Digest, scope.all(query))


def forget_before(scope: Scope, before: datetime) -> None:
    """Delete what is settled and old."""
    d = reminder_digests.c
    scope.delete(reminder_digests, d.created_at < before, d.state.not_in(OPEN))
