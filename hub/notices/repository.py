"""SQL of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from hub.bookings.tables import BookingState, bookings
from hub.database.scope import Scope
from hub.notices.domain import (
    OPEN,
    Attempt,
    Channel,
    Notice,
    NoticeKind,
    NoticeState,
    Why,
)
from hub.notices.tables import notice_attempts, notices

_COUNTER: Final = "notices_asked"


def add(scope: Scope, made: Notice) -> bool:
    """Insert a row; False where that cause has one on that channel already."""
    return scope.upsert_ignore(notices, _values(made) | {"id": made.id}) > 0


def replace_row(scope: Scope, kept: Notice) -> None:
    """Write a row as it is now."""
    scope.update(notices, _values(kept), notices.c.id == kept.id)


def drop(scope: Scope, notice: Notice, why: Why, now: datetime) -> None:
    """Say that nobody needs a row any more."""
    dropped = replace(notice, state=NoticeState.DROPPED, why=why, ended_at=now, lease_until=None)
    replace_row(scope, dropped)


def asked_number(scope: Scope) -> int:
    """Give a cause of its own, below zero, for what somebody asked for."""
    return -scope.take_numbers(_COUNTER)[0]


def by_id(scope: Scope, notice_id: str, *, to_change: bool = False) -> Notice | None:
    """Give a row; `to_change` holds it until the transaction ends."""
    statement = scope.select(notices).where(notices.c.id == notice_id)
    row = scope.one(statement.with_for_update() if to_change else statement)
    return None if row is None else _notice(row)


def unsent(scope: Scope, booking_id: str) -> list[Notice]:
    """Give the rows of a booking that are not at their end, the oldest first; held."""
    n = notices.c
    statement = scope.select(notices).where(n.booking_id == booking_id, n.state.in_(OPEN))
    rows = scope.all(statement.order_by(n.id).with_for_update())
    return [_notice(row) for row in rows]


def of_booking(scope: Scope, booking_id: str) -> list[Notice]:
    """Give every row of a booking, the oldest first."""
    statement = scope.select(notices).where(notices.c.booking_id == booking_id)
    return [_notice(row) for row in scope.all(statement.order_by(notices.c.id))]


def claim(scope: Scope, now: datetime) -> Notice | None:
    """Give one row that is due, held until the transaction ends; rows that another process holds
    are passed over. One whose sender died is due again when its lease is over."""
    n = notices.c
    due = sa.or_(
        sa.and_(n.state == NoticeState.WAITING, n.next_at <= now),
        sa.and_(n.state == NoticeState.SENDING, n.lease_until <= now),
    )
    statement = scope.select(notices).where(due).order_by(n.next_at, n.id).limit(1)
    row = scope.one(statement.with_for_update(skip_locked=True))
    return None if row is None else _notice(row)


def search(
    scope: Scope,
    conditions: Sequence[sa.ColumnElement[bool]],
    limit: int,
) -> list[Notice]:
    """Give rows that satisfy all conditions, the newest first."""
    statement = scope.select(notices).where(*conditions).order_by(notices.c.id.desc())
    return [_notice(row) for row in scope.all(statement.limit(limit))]


def last_sent(scope: Scope, booking_id: str) -> Notice | None:
    """Give the last row of a booking that was sent and says how the booking stands."""
    n = notices.c
    row = scope.one(
        scope.select(notices)
        .where(n.booking_id == booking_id, n.state == NoticeState.SENT, n.kind != NoticeKind.LINKED)
        .order_by(n.sequence.desc(), n.id.desc())
        .limit(1)
    )
    return None if row is None else _notice(row)


def last_with_pin(scope: Scope, booking_id: str, *, sent: bool = False) -> Notice | None:
    """Give the last row of a booking that carried digits and may have been, or was, `sent`."""
    n = notices.c
    surely = n.state == NoticeState.SENT if sent else n.tries > 0
    row = scope.one(
        scope.select(notices)
        .where(n.booking_id == booking_id, n.carried_pin.is_(True), surely)
        .order_by(n.sequence.desc(), n.id.desc())
        .limit(1)
    )
    return None if row is None else _notice(row)


def next_sequence(scope: Scope, booking_id: str) -> int:
    """Give the number of the next message of a booking, from 1."""
    n = notices.c
    last = scope.scalar(scope.select(sa.func.max(n.sequence)).where(n.booking_id == booking_id))
    return int(last or 0) + 1


def without_reminder(scope: Scope, now: datetime, until: datetime, limit: int) -> list[str]:
    """Give confirmed bookings that begin between two instants, have an address, and no reminder
    for the window they have now."""
    b, n = bookings.c, notices.c
    has_one = sa.exists().where(
        n.town_id == b.town_id,
        n.booking_id == b.id,
        n.kind == NoticeKind.REMINDER,
        n.window_start == b.starts_at,
    )
    rows = scope.all(
        scope.select(b.id)
        .where(
            b.state == BookingState.CONFIRMED,
            b.ends_at > now,
            b.starts_at <= until,
            sa.or_(b.contact_email != "", b.contact_line != ""),
            ~has_one,
        )
        .order_by(b.starts_at)
        .limit(limit)
    )
    return [row.id for row in rows]


def wake(scope: Scope, booking_id: str, now: datetime) -> None:
    """Let what waits for a door's confirmation look again now."""
    n = notices.c
    waiting = (n.booking_id == booking_id, n.state == NoticeState.WAITING)
    held = n.why.in_((Why.NOT_PLACED, Why.NOT_SHOWN))
    scope.update(notices, {"next_at": now}, *waiting, held, n.next_at > now)


def add_attempt(scope: Scope, made: Attempt) -> None:
    """Keep how a try went."""
    scope.upsert(
        notice_attempts,
        {
            "notice_id": made.notice_id,
            "number": made.number,
            "at": made.at,
            "outcome": made.outcome,
            "code": made.code[:40],
        },
        key=("notice_id", "number"),
    )


def attempts(scope: Scope, notice_ids: Sequence[str]) -> dict[str, list[Attempt]]:
    """Give the tries of rows, in order."""
    found: dict[str, list[Attempt]] = {each: [] for each in notice_ids}
    a = notice_attempts.c
    statement = scope.select(notice_attempts).where(a.notice_id.in_(notice_ids))
    for row in scope.all(statement.order_by(a.notice_id, a.number)):
        made = Attempt(row.notice_id, row.number, row.at, row.outcome, row.code)
        found[row.notice_id].append(made)
    return found


def counts(scope: Scope) -> dict[tuple[NoticeState, Channel], int]:
    """Count rows by state and channel."""
    n = notices.c
    statement = scope.select(n.state, n.channel, sa.func.count().label("many"))
    rows = scope.all(statement.group_by(n.state, n.channel))
    return {(row.state, row.channel): row.many for row in rows}


def oldest_due(scope: Scope, now: datetime) -> datetime | None:
    """Give since when the row that is due longest has been due."""
    n = notices.c
    found: datetime | None = scope.scalar(
        scope.select(sa.func.min(n.next_at)).where(n.state.in_(OPEN), n.next_at <= now)
    )
    return found


def forget_addresses(scope: Scope, ended_before: datetime) -> int:
    """Delete the addresses of rows whose booking ended before an instant; give how many."""
    return scope.update(notices, {"address": ""}, *_forgettable(ended_before))


def has_addresses(scope: Scope, ended_before: datetime) -> bool:
    """Tell whether there are such rows."""
    statement = scope.select(notices.c.id).where(*_forgettable(ended_before)).limit(1)
    return scope.one(statement) is not None


def _forgettable(ended_before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    n = notices.c
    return (n.ends_at < ended_before, n.address != "", n.state.not_in(OPEN))


def _values(row: Notice) -> dict[str, Any]:
    return {
        "booking_id": row.booking_id,
        "site_id": row.site_id,
        "kind": row.kind,
        "cause_seq": row.cause_seq,
        "channel": row.channel,
        "state": row.state,
        "why": row.why,
        "changed": list(row.changed),
        "was_starts_at": row.was[0] if row.was else None,
        "was_ends_at": row.was[1] if row.was else None,
        "window_start": row.window_start,
        "ends_at": row.ends_at,
        "asked_by": row.asked_by,
        "address": row.address,
        "language": row.language,
        "tries": row.tries,
        "created_at": row.created_at,
        "next_at": row.next_at,
        "first_tried_at": row.first_tried_at,
        "lease_until": row.lease_until,
        "ended_at": row.ended_at,
        "carried_pin": row.carried_pin,
        "truth_hash": row.truth_hash,
        "pin_hash": row.pin_hash,
        "sequence": row.sequence,
        "needs_call": row.needs_call,
        "handled_at": row.handled_at,
    }


def _notice(row: Any) -> Notice:
    was = (row.was_starts_at, row.was_ends_at) if row.was_starts_at and row.was_ends_at else None
    return Notice(
        id=row.id,
        booking_id=row.booking_id,
        site_id=row.site_id,
        kind=row.kind,
        cause_seq=row.cause_seq,
        channel=row.channel,
        state=row.state,
        why=row.why,
        changed=tuple(row.changed),
        was=was,
        window_start=row.window_start,
        ends_at=row.ends_at,
        asked_by=row.asked_by,
        address=row.address,
        language=row.language,
        tries=row.tries,
        created_at=row.created_at,
        next_at=row.next_at,
        first_tried_at=row.first_tried_at,
        lease_until=row.lease_until,
        ended_at=row.ended_at,
        carried_pin=row.carried_pin,
        truth_hash=row.truth_hash,
        pin_hash=row.pin_hash,
        sequence=row.sequence,
        needs_call=row.needs_call,
        handled_at=row.handled_at,
    )
