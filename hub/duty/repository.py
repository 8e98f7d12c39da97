"""SQL of the duty person's outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from hub.clock import Ids
from hub.database.scope import Scope
from hub.duty.domain import APART, SETTLE, DutyMail, DutyNote
from hub.duty.tables import duty_mails, duty_notes
from hub.happenings.domain import Happening
from hub.notices.domain import OPEN, NoticeState

_COUNTER: Final = "duty_digests"


def add(scope: Scope, happening: Happening) -> None:
    """Keep something that is to be told."""
    subject = happening.subject
    row = {
        "seq": happening.seq,
        "kind": happening.kind,
        "at": happening.at,
        "booking_id": subject.booking_id,
        "other_id": subject.other_id,
    }
    scope.upsert_ignore(duty_notes, row)


def gather(scope: Scope, ids: Ids, addresses: Sequence[str], now: datetime) -> int | None:
    """Put what waits into a new digest, if something does and the last one is long enough ago;
    give its number."""
    n, m = duty_notes.c, duty_mails.c
    oldest = scope.scalar(scope.select(sa.func.min(n.at)).where(n.digest.is_(None)))
    if oldest is None or _utc(oldest, now) > now - SETTLE:
        return None
    last = scope.scalar(scope.select(sa.func.max(m.created_at)))
    if last is not None and _utc(last, now) > now - APART:
        return None
    number = int(scope.take_numbers(_COUNTER)[0])
    scope.update(duty_notes, {"digest": number}, n.digest.is_(None))
    for address in addresses:
        mail = DutyMail(ids.new(), number, address, NoticeState.WAITING, 0, now, now)
        scope.insert(duty_mails, asdict(mail))
    return number


def notes_of(scope: Scope, digest: int) -> list[DutyNote]:
    """Give what is in a digest, in the order it happened."""
    n = duty_notes.c
    rows = scope.all(scope.select(duty_notes).where(n.digest == digest).order_by(n.seq))
    return [DutyNote(r.seq, r.kind, r.at, r.booking_id, r.other_id) for r in rows]


def claim(scope: Scope, now: datetime) -> DutyMail | None:
    """Give one mail that is due, held until the transaction ends; one whose sender died is due
    again when its lease is over."""
    m = duty_mails.c
    due = sa.or_(
        sa.and_(m.state == NoticeState.WAITING, m.next_at <= now),
        sa.and_(m.state == NoticeState.SENDING, m.lease_until <= now),
    )
    statement = scope.select(duty_mails).where(due).order_by(m.next_at, m.id).limit(1)
    row = scope.one(statement.with_for_update(skip_locked=True))
    return None if row is None else _mail(row)


def keep(scope: Scope, mail: DutyMail) -> None:
    """Write a mail as it is now."""
    scope.update(duty_mails, asdict(mail), duty_mails.c.id == mail.id)


def counts(scope: Scope) -> Counter[NoticeState]:
    """Count mails by where they stand."""
    m = duty_mails.c
    statement = scope.select(m.state, sa.func.count().label("many")).group_by(m.state)
    return Counter({row.state: row.many for row in scope.all(statement)})


def mails(scope: Scope) -> list[DutyMail]:
    """Give every mail, the oldest first."""
    return [_mail(row) for row in scope.all(scope.select(duty_mails).order_by(duty_mails.c.id))]


def forget_before(scope: Scope, before: datetime) -> None:
    """Delete what is settled and old."""
    m, n = duty_mails.c, duty_notes.c
    scope.delete(duty_mails, m.created_at < before, m.state.not_in(OPEN))
    scope.delete(duty_notes, n.at < before)


def _mail(row: Any) -> DutyMail:
    return DutyMail(**{name: getattr(row, name) for name in DutyMail.__dataclass_fields__})


def _utc(found: Any, now: datetime) -> datetime:
    """An aggregate of instants comes as the column's type gives it."""
    at: datetime = found
    return at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
