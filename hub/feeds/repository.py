"""SQL of feeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from hub.bookings.records import Contact
from hub.bookings.tables import BookingState, bookings
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.feeds.domain import EventState, Feed, FeedWish
from hub.feeds.records import BookedNow, FeedCounts, FeedEvent, FeedRun
from hub.feeds.tables import feed_events, feed_runs, feeds

EVENTS_KEPT: Final = timedelta(days=30)
RUNS_KEPT: Final = timedelta(days=14)
_WISH: Final = ("name", "facility_id", "places", "contact", "zone", "every_s", "horizon_days")
_WISH_MORE: Final = ("active", "auth")
_LIGHT: Final = [c for c in feeds.c if c.name not in ("content", "secret", "town_id")]
_SOME: Final = 400


# --- feeds ---------------------------------------------------------------------------------------


def all_feeds(scope: Scope) -> list[Feed]:
    """Give every feed, by name."""
    return [_feed(row) for row in scope.all(scope.select(*_LIGHT).order_by(feeds.c.name))]


def feed(scope: Scope, feed_id: str, *, to_change: bool = False) -> Feed | None:
    """Give a feed; `to_change` holds its row until the transaction ends."""
    statement = scope.select(*_LIGHT).where(feeds.c.id == feed_id)
    row = scope.one(statement.with_for_update() if to_change else statement)
    return None if row is None else _feed(row)


def due_feeds(scope: Scope, now: datetime) -> list[str]:
    """Give the ids of the active feeds whose time has come. One that was asked in the future has
    been asked by a clock that ran ahead: its time has come too."""
    t = feeds.c
    due = sa.or_(t.next_at <= now, t.last_try_at > now)
    rows = scope.all(scope.select(t.id).where(t.active.is_(True), due).order_by(t.next_at))
    return [row.id for row in rows]


def sealed(scope: Scope, feed_id: str) -> tuple[bytes, bytes | None]:
    """Give a feed's sealed secret and sealed content."""
    row = scope.one(scope.select(feeds.c.secret, feeds.c.content).where(feeds.c.id == feed_id))
    assert row is not None  # noqa: S101  # asked of a feed that was just read
    return row.secret, row.content


def add_feed(scope: Scope, made: Feed, secret: bytes) -> None:
    """Add a feed."""
    kept = {**asdict(made), "secret": secret, "content": None}
    kept.pop("wish")
    scope.insert(feeds, {**kept, **wish_columns(made.wish), "unread": made.unread})


def update_feed(scope: Scope, feed_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a feed."""
    scope.update(feeds, values, feeds.c.id == feed_id)


def remove_feed(scope: Scope, feed_id: str) -> None:
    """Remove a feed with its events and fetches; its bookings stay."""
    scope.delete(feeds, feeds.c.id == feed_id)


def wish_columns(wish: FeedWish) -> dict[str, Any]:
    """Give the columns of a wish."""
    return {name: getattr(wish, name) for name in (*_WISH, *_WISH_MORE)}


def _feed(row: Any) -> Feed:
    values = dict(row._mapping)  # noqa: SLF001  # its documented name, in spite of the underscore
    wish = FeedWish(**{name: values.pop(name) for name in (*_WISH, *_WISH_MORE)})
    return Feed(wish=wish, **values)


# --- events --------------------------------------------------------------------------------------


def events(
    scope: Scope, feed_id: str, *where: sa.ColumnElement[bool], limit: int | None = None
) -> tuple[FeedEvent, ...]:
    """Give a feed's events, by their beginning."""
    t = feed_events
    query = scope.select(t).where(t.c.feed_id == feed_id, *where).order_by(t.c.starts_at, t.c.id)
    query = query if limit is None else query.limit(limit)
    return as_all(FeedEvent, scope.all(query))


def event(scope: Scope, event_id: str) -> FeedEvent | None:
    """Give an event."""
    return as_one(
        FeedEvent, scope.one(scope.select(feed_events).where(feed_events.c.id == event_id))
    )


def absent_events(scope: Scope, feed_id: str, now: datetime) -> tuple[FeedEvent, ...]:
    """Give the booked events that have not begun and that the last whole calendar lacks."""
    t = feed_events.c
    return events(
        scope,
        feed_id,
        t.state == EventState.BOOKED,
        t.absent_since.is_not(None),
        t.waits.is_(False),
        t.starts_at > now,
    )


def write_event(scope: Scope, kept: FeedEvent, *, new: bool) -> None:
    """Insert or change an event."""
    values = {name: getattr(kept, name) for name in FeedEvent.__slots__}
    if new:
        scope.insert(feed_events, values)
    else:
        scope.update(feed_events, values, feed_events.c.id == kept.id)


def rename_event(scope: Scope, kept: FeedEvent) -> None:
    """Give an event another name: its RECURRENCE-ID changed. The row of one that is long gone
    under that name makes way."""
    t = feed_events.c
    scope.delete(
        feed_events,
        t.feed_id == kept.feed_id,
        t.uid_hash == kept.uid_hash,
        t.rid == kept.rid,
        t.id != kept.id,
    )
    values = {"uid": kept.uid, "uid_hash": kept.uid_hash, "rid": kept.rid}
    scope.update(feed_events, values, t.id == kept.id)


def mark_events(scope: Scope, event_ids: Iterable[str], **values: Any) -> None:
    """Set the same columns of many events."""
    ids = sorted(event_ids)
    for start in range(0, len(ids), _SOME):
        scope.update(feed_events, values, feed_events.c.id.in_(ids[start : start + _SOME]))


def bookings_of(scope: Scope, feed_id: str, now: datetime) -> dict[str, BookedNow]:
    """Give the bookings of a feed's events that are not over, by their reservation key."""
    b, e = bookings.c, feed_events.c
    columns = (b.reservation_key, b.id, b.state, b.starts_at, b.ends_at, b.facility_id, b.purpose)
    contact = (b.contact_name, b.contact_email, b.contact_phone, b.contact_line, b.contact_language)
    rows = scope.all(
        scope.select(*columns, *contact).where(
            b.reservation_key == e.reservation_key,
            e.feed_id == feed_id,
            sa.or_(e.ends_at > now, b.ends_at > now),
        )
    )
    return {row.reservation_key: _booked(row) for row in rows}


def _booked(row: Any) -> BookedNow:
    contact = Contact(
        row.contact_name,
        row.contact_email,
        row.contact_phone,
        row.contact_line,
        row.contact_language,
    )
    return BookedNow(
        row.id, row.state, row.starts_at, row.ends_at, row.facility_id, contact, row.purpose
    )


def is_restless(scope: Scope, feed_id: str, now: datetime) -> bool:
    """Tell whether the same calendar once more may change something: an event waits, is refused or
    absent, or its booking is not what the calendar says."""
    e, b = feed_events.c, bookings.c
    waits = scope.select(e.id).where(
        e.feed_id == feed_id,
        e.ends_at > now,
        sa.or_(e.problem != "", e.absent_since.is_not(None), e.state == EventState.REFUSED),
    )
    if scope.one(waits.limit(1)) is not None:
        return True
    differs = scope.select(e.id).where(
        e.feed_id == feed_id,
        e.ends_at > now,
        e.state == EventState.BOOKED,
        b.reservation_key == e.reservation_key,
        sa.or_(
            b.starts_at != e.starts_at,
            b.ends_at != e.ends_at,
            b.state.in_([BookingState.CANCELLED, BookingState.REJECTED]),
        ),
    )
    return scope.one(differs.limit(1)) is not None


def counts(scope: Scope, now: datetime) -> dict[str, FeedCounts]:
    """Give how much each feed keeps of the future, by its id."""
    e = feed_events.c
    booked = e.state == EventState.BOOKED
    ahead = sa.and_(booked, e.absent_since.is_not(None), e.starts_at > now)
    counted = {
        "booked": booked,
        "problems": sa.and_(e.problem != "", e.state.in_([EventState.BOOKED, EventState.REFUSED])),
        "absent": sa.and_(ahead, e.waits.is_(False)),
        "waiting": sa.and_(ahead, e.waits.is_(True)),
        "cancelled_here": e.state == EventState.CANCELLED_HERE,
    }
    sums = [
        sa.func.sum(sa.case((condition, 1), else_=0)).label(name)
        for name, condition in counted.items()
    ]
    rows = scope.all(scope.select(e.feed_id, *sums).where(e.ends_at > now).group_by(e.feed_id))
    return {
        row.feed_id: FeedCounts(**{name: int(getattr(row, name)) for name in counted})
        for row in rows
    }


def booking_ids(scope: Scope, keys: Iterable[str]) -> dict[str, str]:
    """Give the ids of bookings by their reservation keys."""
    wanted = sorted(keys)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _SOME):
        some = wanted[start : start + _SOME]
        columns = (bookings.c.reservation_key, bookings.c.id)
        rows = scope.all(scope.select(*columns).where(bookings.c.reservation_key.in_(some)))
        found |= {row.reservation_key: row.id for row in rows}
    return found


def is_key_taken(scope: Scope, key: str, event_id: str, now: datetime) -> bool:
    """Tell whether a key is another event's, or that of a booking which is over or ended."""
    e, b = feed_events.c, bookings.c
    others = scope.select(e.id).where(e.reservation_key == key, e.id != event_id)
    ended = sa.or_(b.state.in_([BookingState.CANCELLED, BookingState.REJECTED]), b.ends_at <= now)
    gone = scope.select(b.id).where(b.reservation_key == key, ended)
    return any(scope.one(each.limit(1)) is not None for each in (others, gone))


# --- fetches -------------------------------------------------------------------------------------


def add_run(scope: Scope, run: FeedRun) -> None:
    """Write down a fetch, and forget what is long past."""
    scope.insert(feed_runs, asdict(run))
    r, e = feed_runs.c, feed_events.c
    scope.delete(feed_runs, r.feed_id == run.feed_id, r.at < run.at - RUNS_KEPT)
    scope.delete(feed_events, e.feed_id == run.feed_id, e.ends_at < run.at - EVENTS_KEPT)


def runs(
    scope: Scope, feed_id: str, limit: int, *where: sa.ColumnElement[bool]
) -> Sequence[FeedRun]:
    """Give a feed's fetches, the newest first."""
    t = feed_runs
    query = scope.select(t).where(t.c.feed_id == feed_id, *where)
    return as_all(FeedRun, scope.all(query.order_by(t.c.at.desc(), t.c.id.desc()).limit(limit)))
