"""What became of a booking: who came, when, and how it was left. Pure.

A booking is called a no-show only where everything was heard: while a controller is away, or has
rows that it did not deliver yet, or lost some, the answer is `unknown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hub.bookings.tables import Attendance

if TYPE_CHECKING:
    from hub.bookings.windows import BookedWindow

WATCHED_FOR: Final = timedelta(hours=1)
"""So long after its window a booking's doors are looked at, unless the next party comes sooner."""
CLOSED_WITHIN: Final = timedelta(minutes=2)
"""A door that closes so soon after the window was closed by those who left."""
ASKED_FOR: Final = timedelta(days=30)
"""So long rows are waited for. What is not known by then stays unknown."""


class SeenKind(StrEnum):
    """What can be seen at a lock, as far as it matters here."""

    CAME = "came"
    """Let in by a credential of the booking."""
    TOO_EARLY = "too_early"
    """A credential of the booking, denied since its window was still to come."""
    TOO_LATE = "too_late"
    OTHERS = "others"
    """Somebody else was let in, or the lock was released from afar."""
    OPENED = "opened"
    """The leaf opened, or was found open."""
    CLOSED = "closed"
    KEY_TAKEN = "key_taken"
    KEY_RETURNED = "key_returned"


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing seen at a door or key box. `explained`: an opening that followed from a release, so
    that it says nothing new."""

    at: datetime
    kind: SeenKind
    lock_id: str
    explained: bool = False


@dataclass(frozen=True, slots=True)
class Watched:
    """Everything known of a booking's locks: `seen` in order of time, `heard` how far each lock is
    heard without a gap (None: not at all), `lost` the locks some of whose rows are lost, `unlocked`
    the doors whose bolt stayed back since the window's end or before, `ordered_open` those that
    staff hold open, `watch_until` the end of the time after the window that is still this party's.
    """

    booked: BookedWindow
    effective: BookedWindow
    doors: tuple[str, ...]
    key_boxes: tuple[str, ...]
    returns_to: frozenset[str]
    watch_until: datetime
    seen: tuple[Seen, ...]
    heard: Mapping[str, datetime | None]
    lost: frozenset[str] = frozenset()
    unlocked: frozenset[str] = frozenset()
    ordered_open: frozenset[str] = frozenset()

    @property
    def locks(self) -> tuple[str, ...]:
        """Doors and key boxes."""
        return (*self.doors, *self.key_boxes)

    def unheard(self, until: datetime) -> tuple[str, ...]:
        """Give the locks that are not heard through an instant."""
        return tuple(
            lock
            for lock in self.locks
            if (through := self.heard.get(lock)) is None or through < until
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a booking. `unheard` are the locks whose word is still waited for;
    `settled_at` is set once nothing more will be asked."""

    attendance: Attendance = Attendance.EXPECTED
    first_entry_at: datetime | None = None
    last_entry_at: datetime | None = None
    entries: int = 0
    early_at: datetime | None = None
    early_denied: int = 0
    late_denied: int = 0
    overstayed_at: datetime | None = None
    left_open: tuple[str, ...] = ()
    keys_missing: tuple[str, ...] = ()
    unheard: tuple[str, ...] = ()
    settled_at: datetime | None = None


def outcome_of(watched: Watched, now: datetime) -> Outcome:
    """Say what became of a booking, as far as is known now."""
    came = [seen for seen in watched.seen if seen.kind is SeenKind.CAME]
    over = now >= watched.effective.ends_at
    unheard = watched.unheard(watched.effective.ends_at) if over else ()
    used = bool(came)
    given_up = now >= watched.effective.ends_at + ASKED_FOR
    complete = now >= watched.watch_until and not watched.unheard(watched.watch_until)
    return Outcome(
        attendance=_attendance(watched, used=used, over=over, heard=not unheard),
        first_entry_at=came[0].at if came else None,
        last_entry_at=came[-1].at if came else None,
        entries=len(came),
        early_at=next((seen.at for seen in came if seen.at < watched.booked.starts_at), None),
        early_denied=_count(watched, SeenKind.TOO_EARLY),
        late_denied=_count(watched, SeenKind.TOO_LATE),
        overstayed_at=_overstayed(watched, came[-1].at) if came else None,
        left_open=_left_open(watched, came[-1].at, now) if came else (),
        keys_missing=_keys_missing(watched) if over else (),
        unheard=unheard,
        settled_at=now if over and (complete or given_up) else None,
    )


def _attendance(watched: Watched, *, used: bool, over: bool, heard: bool) -> Attendance:
    if used:
        return Attendance.USED
    if not over:
        return Attendance.EXPECTED
    sure = heard and not watched.lost and not watched.ordered_open and not _somebody(watched)
    return Attendance.NO_SHOW if sure else Attendance.UNKNOWN


def _somebody(watched: Watched) -> bool:
    """Whether a door was opened in the window that no release explains: somebody may have come in
    without a PIN, with somebody else or by a key."""
    return any(
        seen.kind is SeenKind.OPENED
        and not seen.explained
        and watched.effective.starts_at <= seen.at < watched.effective.ends_at
        for seen in watched.seen
    )


def _count(watched: Watched, kind: SeenKind) -> int:
    return sum(seen.kind is kind for seen in watched.seen)


def _others_between(watched: Watched, lock_id: str, since: datetime, until: datetime) -> bool:
    return any(
        seen.kind is SeenKind.OTHERS and seen.lock_id == lock_id and since <= seen.at <= until
        for seen in watched.seen
    )


def _overstayed(watched: Watched, last_came: datetime) -> datetime | None:
    """The first sign of the party after its window, margin included: a door opened from within, or
    a PIN that was denied as expired. Once others were let in at the door it is no longer theirs."""
    for seen in watched.seen:
        if not watched.effective.ends_at <= seen.at < watched.watch_until:
            continue
        from_within = seen.kind is SeenKind.OPENED and not seen.explained
        if from_within and not _others_between(watched, seen.lock_id, last_came, seen.at):
            return seen.at
        if seen.kind is SeenKind.TOO_LATE:
            return seen.at
    return None


def _left_open(watched: Watched, last_came: datetime, now: datetime) -> tuple[str, ...]:
    """The doors that stood open, or unlocked, when the window ended and shortly after."""
    until = min(watched.effective.ends_at + CLOSED_WITHIN, watched.watch_until)
    if now < until:
        return ()
    found = []
    for door in watched.doors:
        through = watched.heard.get(door)
        if through is None or through < until or door in watched.ordered_open:
            continue
        if _others_between(watched, door, last_came, until):
            continue
        leaf = [
            seen.kind
            for seen in watched.seen
            if seen.lock_id == door
            and seen.kind in (SeenKind.OPENED, SeenKind.CLOSED)
            and seen.at <= until
        ]
        if (leaf and leaf[-1] is SeenKind.OPENED) or door in watched.unlocked:
            found.append(door)
    return tuple(found)


def _keys_missing(watched: Watched) -> tuple[str, ...]:
    """The key boxes whose key was taken within the window and is not back, as far as the box's own
    log has come in: of a box that nobody has visited since nothing is said."""
    found = []
    for box in sorted(watched.returns_to.intersection(watched.key_boxes)):
        through = watched.heard.get(box)
        if through is None or through < watched.effective.ends_at:
            continue
        keys = [
            seen
            for seen in watched.seen
            if seen.lock_id == box and seen.kind in (SeenKind.KEY_TAKEN, SeenKind.KEY_RETURNED)
        ]
        taken = [
            seen
            for seen in keys
            if seen.kind is SeenKind.KEY_TAKEN
            and watched.effective.starts_at <= seen.at < watched.effective.ends_at
        ]
        if taken and keys[-1].kind is SeenKind.KEY_TAKEN and keys[-1] is taken[-1]:
            found.append(box)
    return tuple(found)
