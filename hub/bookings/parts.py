"""What a booking takes up, so that no two take up the same: its facility, and a part for each pair
of facilities that cannot be used at once (the whole gym and its half).

Two bookings clash exactly where they share a part: those of one facility share the facility, those
of a pair share the pair, and the two halves of a gym share nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from hub.bookings.tables import booking_parts, bookings, facility_excludes
from hub.bookings.windows import BookedWindow
from hub.database.scope import Scope


def pair(one: str, other: str) -> str:
    """Give the part of two facilities that exclude each other."""
    return "|".join(sorted((one, other)))


def parts_of(facility_id: str, excludes: Iterable[str]) -> frozenset[str]:
    """Give the parts that a booking of a facility takes up."""
    return frozenset({facility_id, *(pair(facility_id, other) for other in excludes)})


def excluded_by(scope: Scope, facility_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Give the facilities that exclude each of these, whoever of the two says so."""
    t = facility_excludes.c
    found: dict[str, set[str]] = {each: set() for each in facility_ids}
    wanted = sorted(facility_ids)
    rows = scope.all(
        scope.select(t.facility_id, t.other_id).where(
            sa.or_(t.facility_id.in_(wanted), t.other_id.in_(wanted))
        )
    )
    for row in rows:
        if row.facility_id in found:
            found[row.facility_id].add(row.other_id)
        if row.other_id in found:
            found[row.other_id].add(row.facility_id)
    return {each: tuple(sorted(others)) for each, others in found.items()}


def write_excludes(scope: Scope, facility_id: str, others: Collection[str]) -> None:
    """Make these the facilities that a facility excludes, and that exclude it."""
    t = facility_excludes
    scope.delete(t, sa.or_(t.c.facility_id == facility_id, t.c.other_id == facility_id))
    rows = [{"facility_id": facility_id, "other_id": other} for other in sorted(others)]
    scope.insert(t, rows)


def occupy(scope: Scope, booking_id: str, parts: Collection[str], window: BookedWindow) -> None:
    """Write what a booking takes up, in place of what it did; nothing for no parts. Raises
    `OverlapError` on PostgreSQL where somebody has one of them in that time."""
    t = booking_parts
    scope.delete(t, t.c.booking_id == booking_id)
    rows = [
        {
            "booking_id": booking_id,
            "part_id": part,
            "starts_at": window.starts_at,
            "ends_at": window.ends_at,
        }
        for part in sorted(parts)
    ]
    scope.insert(t, rows)


def vacate(scope: Scope, booking_id: str) -> None:
    """Let a booking take up nothing."""
    scope.delete(booking_parts, booking_parts.c.booking_id == booking_id)


def taken(
    scope: Scope, parts: Collection[str], window: BookedWindow, but_not: str = ""
) -> list[BookedWindow]:
    """Give the windows of other bookings that take up one of these parts within a window."""
    t = booking_parts.c
    rows = scope.all(
        scope.select(t.starts_at, t.ends_at)
        .where(
            t.part_id.in_(sorted(parts)),
            t.starts_at < window.ends_at,
            t.ends_at > window.starts_at,
            t.booking_id != but_not,
        )
        .distinct()
        .order_by(t.starts_at, t.ends_at)
    )
    return [BookedWindow(row.starts_at, row.ends_at) for row in rows]


def standing_clashes(scope: Scope, one: str, other: str, limit: int) -> list[str]:
    """Give the keys of standing bookings of one facility that overlap some of another."""
    a, b = bookings.alias(), bookings.alias()
    stands = ("requested", "confirmed")
    rows = scope.all(
        scope.select(a.c.reservation_key)
        .select_from(a.join(b, a.c.town_id == b.c.town_id))
        .where(
            a.c.facility_id == one,
            b.c.facility_id == other,
            a.c.state.in_(stands),
            b.c.state.in_(stands),
            a.c.starts_at < b.c.ends_at,
            a.c.ends_at > b.c.starts_at,
        )
        .distinct()
        .order_by(a.c.reservation_key)
        .limit(limit)
    )
    return [row.reservation_key for row in rows]


def pair_up(scope: Scope, one: str, other: str) -> None:
    """Let the standing bookings of two facilities take up their pair; the caller knows that none
    overlap."""
    part = pair(one, other)
    rows = scope.all(
        scope.select(bookings.c.id, bookings.c.starts_at, bookings.c.ends_at).where(
            bookings.c.facility_id.in_([one, other]),
            bookings.c.state.in_(("requested", "confirmed")),
        )
    )
    scope.upsert_ignore(
        booking_parts,
        [
            {
                "booking_id": row.id,
                "part_id": part,
                "starts_at": row.starts_at,
                "ends_at": row.ends_at,
            }
            for row in rows
        ],
    )


def part_ways(scope: Scope, one: str, other: str) -> None:
    """Let two facilities be used at the same time again."""
    scope.delete(booking_parts, booking_parts.c.part_id == pair(one, other))
