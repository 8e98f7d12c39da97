"""SQL of happenings."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from hub.database.scope import STORY, Scope
from hub.happenings.domain import Happening, HappeningKind, Subject
from hub.happenings.tables import happening_readers, happenings
from wire.identity import uuid7

KEPT: Final = timedelta(days=60)
_COUNTER: Final = "happenings"
_CAUSE_LENGTH: Final = 120


def tell(
    scope: Scope,
    at: datetime,
    kind: HappeningKind,
    subject: Subject,
    cause: str,
    details: Mapping[str, object] | None = None,
) -> Happening:
    """Write down what happened, in the transaction in which it does.

    `cause` says who or what brought it about, as the audit log and the history of a placement do.
    `details` are JSON and hold no personal data, no digits and no secret.
    """
    return tell_all(scope, at, [(kind, subject, cause)], details)[0]


def tell_all(
    scope: Scope,
    at: datetime,
    news: Sequence[tuple[HappeningKind, Subject, str]],
    details: Mapping[str, object] | None = None,
) -> list[Happening]:
    """The same of several things at once: kind, subject and cause of each."""
    if not news:
        return []
    scope.lock(STORY)
    numbers = scope.take_numbers(_COUNTER, len(news))
    made = [
        Happening(
            seq=seq,
            id=uuid7(int(at.timestamp() * 1000), secrets.token_bytes(10)),
            at=at,
            kind=kind,
            subject=subject,
            cause=cause[:_CAUSE_LENGTH],
            details=dict(details or {}),
        )
        for seq, (kind, subject, cause) in zip(numbers, news, strict=True)
    ]
    scope.insert(happenings, [_row(each) for each in made])
    return made


def _row(made: Happening) -> dict[str, Any]:
    return {
        "seq": made.seq,
        "id": made.id,
        "at": made.at,
        "kind": made.kind,
        "site_id": made.subject.site_id,
        "booking_id": made.subject.booking_id,
        "credential_id": made.subject.credential_id,
        "door_id": made.subject.door_id,
        "other_id": made.subject.other_id,
        "cause": made.cause,
        "details": made.details,
    }


def after(scope: Scope, seq: int, limit: int) -> list[Happening]:
    """Give the next happenings behind a seq, in order."""
    t = happenings
    rows = scope.all(scope.select(t).where(t.c.seq > seq).order_by(t.c.seq).limit(limit))
    return [_happening(row) for row in rows]


def has_any(scope: Scope, seq: int, kinds: Collection[HappeningKind]) -> bool:
    """Tell whether something of these kinds happened behind a seq."""
    t = happenings
    found = scope.select(t.c.seq).where(t.c.seq > seq, t.c.kind.in_(sorted(kinds)))
    return scope.one(found.limit(1)) is not None


def of_booking(scope: Scope, booking_id: str) -> list[Happening]:
    """Give what happened to a booking, in order."""
    t = happenings
    rows = scope.all(scope.select(t).where(t.c.booking_id == booking_id).order_by(t.c.seq))
    return [_happening(row) for row in rows]


def mark(scope: Scope, reader: str) -> int:
    """Give how far a reader has come, without putting a new one anywhere: 0 for one that is new."""
    t = happening_readers
    return int(scope.scalar(scope.select(t.c.through_seq).where(t.c.name == reader)) or 0)


def through(scope: Scope, reader: str) -> int:
    """Give how far a reader has come; one that is new is put at the present, and begins there."""
    t = happening_readers
    found = scope.scalar(scope.select(t.c.through_seq).where(t.c.name == reader))
    if found is not None:
        return int(found)
    last = int(scope.scalar(scope.select(sa.func.max(happenings.c.seq))) or 0)
    scope.upsert_ignore(t, {"name": reader, "through_seq": last})
    return last


def move_on(scope: Scope, reader: str, seq: int) -> None:
    """Write down that a reader is through with everything up to a seq."""
    scope.update(happening_readers, {"through_seq": seq}, happening_readers.c.name == reader)


def forget_before(scope: Scope, at: datetime) -> int:
    """Delete what is older than an instant and behind every reader; give how many rows."""
    slowest = scope.scalar(scope.select(sa.func.min(happening_readers.c.through_seq)))
    conditions = [happenings.c.at < at]
    if slowest is not None:
        conditions.append(happenings.c.seq <= slowest)
    return scope.delete(happenings, *conditions)


def _happening(row: Any) -> Happening:
    return Happening(
        seq=row.seq,
        id=row.id,
        at=row.at,
        kind=row.kind,
        subject=Subject(
            site_id=row.site_id,
            booking_id=row.booking_id,
            credential_id=row.credential_id,
            door_id=row.door_id,
            other_id=row.other_id,
        ),
        cause=row.cause,
        details=row.details,
    )
