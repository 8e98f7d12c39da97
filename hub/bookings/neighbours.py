"""The bookings before and after one: whose margins change when it comes, moves or goes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hub.bookings import parts, repository
from hub.bookings.handover import REACH, Slotted, effective_windows
from hub.bookings.records import Booking
from hub.bookings.tables import bookings
from hub.bookings.windows import BookedWindow
from hub.database.scope import Scope


def lock_sites(scope: Scope, site_ids: Collection[str]) -> None:
    """Let nobody else change bookings of these sites until the transaction ends: what two of them
    leave each other must be seen by both."""
    for site_id in sorted(set(site_ids)):
        scope.lock(f"bookings-at:{site_id}")


def group_of(scope: Scope, facility_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Give the facilities that these exclude, those which those exclude, and so on, each with the
    parts that its bookings take up."""
    found: dict[str, frozenset[str]] = {}
    ahead = set(facility_ids)
    while ahead:
        for facility_id, others in parts.excluded_by(scope, ahead).items():
            found[facility_id] = parts.parts_of(facility_id, others)
            ahead |= set(others)
        ahead -= found.keys()
    return found


def trimmed(scope: Scope, kept: Booking) -> BookedWindow:
    """Give the effective window of a booking as it is to be, beside those that stand."""
    if kept.facility_id is None:
        return kept.widened
    group = group_of(scope, [kept.facility_id])
    others = [each for each in _around(scope, group, [kept.booked]) if each.id != kept.id]
    slotted = [_slotted(each, group) for each in (*others, kept)]
    return effective_windows(slotted)[kept.id]


def resettled(
    scope: Scope, facility_ids: Collection[str], windows: Sequence[BookedWindow], now: datetime
) -> list[tuple[Booking, Booking]]:
    """Give the standing bookings whose effective window is another now that something changed in
    these windows, each as it was and as it is to be. One that is over is left as it was."""
    if not facility_ids:
        return []
    group = group_of(scope, facility_ids)
    around = _around(scope, group, windows)
    found = effective_windows([_slotted(each, group) for each in around])
    near = _span(windows, REACH)
    changed = []
    for each in around:
        if each.effective.ends_at <= now:
            continue
        computed, booked = found[each.id], each.booked
        start = computed.starts_at if _within(booked.starts_at, near) else each.effective.starts_at
        end = computed.ends_at if _within(booked.ends_at, near) else each.effective.ends_at
        window = BookedWindow(start, end)
        if window != each.effective:
            changed.append((each, replace(each, effective=window)))
    return changed


def _around(
    scope: Scope, group: dict[str, frozenset[str]], windows: Sequence[BookedWindow]
) -> list[Booking]:
    """Everything that bears on the margins near these windows."""
    span = _span(windows, 3 * REACH)
    conditions = [
        bookings.c.facility_id.in_(sorted(group)),
        bookings.c.state.in_(repository.STANDING),
        bookings.c.starts_at < span.ends_at,
        bookings.c.ends_at > span.starts_at,
    ]
    return repository.search(scope, conditions, [bookings.c.starts_at, bookings.c.id], None)


def _slotted(each: Booking, group: dict[str, frozenset[str]]) -> Slotted:
    return Slotted(each.id, each.booked, each.margins, group[each.facility_id or ""])


def _span(windows: Sequence[BookedWindow], by: timedelta) -> BookedWindow:
    start = min(window.starts_at for window in windows)
    end = max(window.ends_at for window in windows)
    return BookedWindow(start - by, end + by)


def _within(instant: datetime, span: BookedWindow) -> bool:
    return span.starts_at <= instant <= span.ends_at
