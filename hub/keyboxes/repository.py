"""SQL of key boxes and sealed codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.bookings.tables import booking_holders
from hub.database.rows import as_all, as_one
from hub.database.scope import Scope
from hub.ingest.tables import raw_origins
from hub.keyboxes.domain import BoxState, KeyBox, OfflineCode
from hub.keyboxes.tables import (
    door_backups,
    key_box_gaps,
    key_box_secrets,
    key_box_states,
    key_box_tickets,
    key_box_visits,
    key_boxes,
    offline_codes,
)
from hub.sites.domain import SiteState
from wire.sealed_codes import SealedCode

# --- boxes ---------------------------------------------------------------------------------------


def key_box(scope: Scope, box_id: str) -> KeyBox | None:
    """Give a box, removed or not."""
    return as_one(KeyBox, scope.one(scope.select(key_boxes).where(key_boxes.c.id == box_id)))


def boxes_by_id(scope: Scope, box_ids: Collection[str]) -> dict[str, KeyBox]:
    """Give the boxes of these ids, removed ones included, by id; unknown ids are left out."""
    rows = scope.all(scope.select(key_boxes).where(key_boxes.c.id.in_(list(box_ids))))
    return {each.id: each for each in as_all(KeyBox, rows)}


def active_boxes(scope: Scope, site_ids: Iterable[str] | None = None) -> tuple[KeyBox, ...]:
    """Give the boxes in use, of some sites or of the town, by name."""
    statement = scope.select(key_boxes).where(key_boxes.c.state == SiteState.ACTIVE)
    if site_ids is not None:
        statement = statement.where(key_boxes.c.site_id.in_(sorted(site_ids)))
    return as_all(KeyBox, scope.all(statement.order_by(key_boxes.c.name, key_boxes.c.id)))


def change_box(scope: Scope, box_id: str, **values: Any) -> None:
    """Set columns of a box."""
    scope.update(key_boxes, values, key_boxes.c.id == box_id)


# --- secrets -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BoxSecret:
    """One version of a box's secrets, still sealed."""

    key_box_id: str
    version: int
    code_secret: bytes | None = field(repr=False)
    maintenance: bytes = field(repr=False)
    generation: int
    drawn_at: datetime
    given_at: datetime | None = None
    installed_at: datetime | None = None


def secret(scope: Scope, box_id: str, version: int) -> BoxSecret | None:
    """Give one version of a box's secrets."""
    t = key_box_secrets
    where = (t.c.key_box_id == box_id, t.c.version == version)
    return as_one(BoxSecret, scope.one(scope.select(t).where(*where)))


def newest_version(scope: Scope, box_id: str) -> int:
    """Give the number of the newest secret drawn for a box."""
    t = key_box_secrets
    found = scope.scalar(scope.select(sa.func.max(t.c.version)).where(t.c.key_box_id == box_id))
    return int(found or 0)


def add_secret(scope: Scope, made: BoxSecret) -> None:
    """Keep a new version."""
    names = [each.name for each in fields(BoxSecret)]
    scope.insert(key_box_secrets, {name: getattr(made, name) for name in names})


def mark_secret(scope: Scope, box_id: str, version: int, **values: Any) -> None:
    """Note when a version was given or installed."""
    t = key_box_secrets
    scope.update(t, values, t.c.key_box_id == box_id, t.c.version == version)


def forget_secrets_before(scope: Scope, box_id: str, version: int) -> None:
    """Delete what a box has no more."""
    t = key_box_secrets
    scope.delete(t, t.c.key_box_id == box_id, t.c.version < version)


# --- doors' own codes ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoorBackup:
    """A networked door's own sealed codes."""

    door_id: str
    profile: str
    secret: bytes = field(repr=False)
    version: int
    generation: int
    grace_s: int
    controller_id: str
    sealed: str = field(repr=False)
    changed_at: datetime


def door_backup(scope: Scope, door_id: str) -> DoorBackup | None:
    """Give a door's backup codes, None where it has none."""
    t = door_backups
    return as_one(DoorBackup, scope.one(scope.select(t).where(t.c.door_id == door_id)))


def backups_of(scope: Scope, door_ids: Collection[str]) -> dict[str, DoorBackup]:
    """Give those of several doors, by door."""
    t = door_backups
    rows = scope.all(scope.select(t).where(t.c.door_id.in_(list(door_ids))))
    return {each.door_id: each for each in as_all(DoorBackup, rows)}


def keep_backup(scope: Scope, kept: DoorBackup) -> None:
    """Set a door's backup codes."""
    names = [each.name for each in fields(DoorBackup)]
    scope.upsert(door_backups, {name: getattr(kept, name) for name in names}, key=["door_id"])


def drop_backup(scope: Scope, door_id: str) -> None:
    """Take a door's backup codes away."""
    scope.delete(door_backups, door_backups.c.door_id == door_id)


# --- codes ---------------------------------------------------------------------------------------


def hold(scope: Scope, lock_id: str) -> None:
    """Hold a lock's codes until the transaction ends: nobody else makes, changes or shows any
    meanwhile."""
    scope.lock(f"sealed_codes:{lock_id}")


_STANDS = (offline_codes.c.superseded_at.is_(None), offline_codes.c.withdrawn_at.is_(None))


def codes_of_bookings(scope: Scope, booking_ids: Sequence[str]) -> dict[str, list[OfflineCode]]:
    """Give every code of bookings, those that no longer stand as well, in the order of making."""
    found: dict[str, list[OfflineCode]] = {booking_id: [] for booking_id in booking_ids}
    t = offline_codes
    rows = scope.all(scope.select(t).where(t.c.booking_id.in_(list(booking_ids))).order_by(t.c.id))
    for row in rows:
        found[row.booking_id].append(_code(row))
    return found


def living_codes(scope: Scope, lock_id: str, now: datetime) -> list[OfflineCode]:
    """Give a lock's codes that stand and whose window has not ended, by their window."""
    t = offline_codes
    rows = scope.all(
        scope.select(t)
        .where(t.c.lock_id == lock_id, t.c.effective_until > now, *_STANDS)
        .order_by(t.c.effective_from, t.c.id)
    )
    return [_code(row) for row in rows]


def count_living(scope: Scope, lock_ids: Collection[str], now: datetime) -> dict[str, int]:
    """Count the codes that stand and whose window has not ended, by lock."""
    t = offline_codes
    rows = scope.all(
        scope.select(t.c.lock_id, sa.func.count().label("codes"))
        .where(t.c.lock_id.in_(list(lock_ids)), t.c.effective_until > now, *_STANDS)
        .group_by(t.c.lock_id)
    )
    return {row.lock_id: int(row.codes) for row in rows}


def code_by_tag(scope: Scope, lock_id: str, tag: str) -> OfflineCode | None:
    """Give the code of a lock that a log entry names."""
    t = offline_codes
    row = scope.one(scope.select(t).where(t.c.lock_id == lock_id, t.c.tag == tag))
    return None if row is None else _code(row)


def person_with_code(scope: Scope, code: OfflineCode) -> str | None:
    """Give the person who holds a code, where its holder is somebody the town knows."""
    h = booking_holders.c
    row = scope.one(sa.select(h.person_id).where(h.id == code.holder_id))
    return None if row is None else row.person_id


def taken_variants(scope: Scope, lock_id: str, shape: int, slot: int, generation: int) -> set[int]:
    """Give the variants of one window that are somebody's, or were."""
    t = offline_codes
    prefix = f"{shape}.{slot}.{generation}."
    rows = scope.all(
        scope.select(t.c.tag).where(t.c.lock_id == lock_id, t.c.tag.startswith(prefix))
    )
    return {SealedCode.of_tag(row.tag).variant for row in rows}


def add_code(scope: Scope, made: OfflineCode) -> None:
    """Insert a code."""
    scope.insert(offline_codes, {"id": made.id, **_values(made)})


def replace_code(scope: Scope, kept: OfflineCode) -> None:
    """Write a code anew."""
    scope.update(offline_codes, _values(kept), offline_codes.c.id == kept.id)


def rekey_living(scope: Scope, lock_id: str, version: int, now: datetime) -> None:
    """Let a lock's living codes be those of another secret: the same tags with other digits. Whose
    digits were seen has to be told of the new ones."""
    for code in living_codes(scope, lock_id, now):
        if code.version != version:
            changed = code.pin_changed or code.revealed_at is not None
            replace_code(
                scope, replace(code, version=version, revealed_at=None, pin_changed=changed)
            )


def delete_code(scope: Scope, code_id: str) -> None:
    """Forget a code that nobody has ever seen."""
    scope.delete(offline_codes, offline_codes.c.id == code_id)


def _values(kept: OfflineCode) -> dict[str, Any]:
    return {
        "lock_kind": kept.lock_kind,
        "lock_id": kept.lock_id,
        "booking_id": kept.booking_id,
        "holder_id": kept.holder_id,
        "profile": kept.profile,
        "version": kept.version,
        "tag": kept.code.tag,
        "wanted_from": kept.wanted[0],
        "wanted_until": kept.wanted[1],
        "effective_from": kept.effective[0],
        "effective_until": kept.effective[1],
        "pin_changed": kept.pin_changed,
        "made_at": kept.made_at,
        "revealed_at": kept.revealed_at,
        "superseded_at": kept.superseded_at,
        "withdrawn_at": kept.withdrawn_at,
    }


def _code(row: Any) -> OfflineCode:
    return OfflineCode(
        id=row.id,
        lock_kind=row.lock_kind,
        lock_id=row.lock_id,
        booking_id=row.booking_id,
        holder_id=row.holder_id,
        profile=row.profile,
        version=row.version,
        code=SealedCode.of_tag(row.tag),
        wanted=(row.wanted_from, row.wanted_until),
        effective=(row.effective_from, row.effective_until),
        pin_changed=row.pin_changed,
        made_at=row.made_at,
        revealed_at=row.revealed_at,
        superseded_at=row.superseded_at,
        withdrawn_at=row.withdrawn_at,
    )


# --- what a box told -----------------------------------------------------------------------------

_STATE_FIELDS = tuple(each.name for each in fields(BoxState))


def box_states(scope: Scope, box_ids: Collection[str]) -> dict[str, BoxState]:
    """Give what these boxes told, by id; one that told nothing gives a blank state."""
    t = key_box_states
    rows = scope.all(scope.select(t).where(t.c.key_box_id.in_(list(box_ids))))
    told = {row.key_box_id: BoxState(**{n: getattr(row, n) for n in _STATE_FIELDS}) for row in rows}
    return {box_id: told.get(box_id, BoxState(box_id)) for box_id in box_ids}


def keep_state(scope: Scope, state: BoxState) -> None:
    """Keep what a box told."""
    values = {name: getattr(state, name) for name in _STATE_FIELDS}
    scope.upsert(key_box_states, values, key=["key_box_id"])


@dataclass(frozen=True, slots=True)
class Visit:
    """What came of one controller's visits on one day; `day` as the link counts days. Instants are
    the box's own, `received_at` is when the hub had the last of it."""

    key_box_id: str
    day: int
    collected_by: str
    first_at: datetime
    last_at: datetime
    received_at: datetime
    records: int
    clock_offset_ms: int | None = None
    lost: int = 0


def visit(scope: Scope, box_id: str, day: int, collected_by: str) -> Visit | None:
    """Give a visit."""
    t = key_box_visits
    where = (t.c.key_box_id == box_id, t.c.day == day, t.c.collected_by == collected_by)
    return as_one(Visit, scope.one(scope.select(t).where(*where)))


def visits(scope: Scope, box_id: str, limit: int) -> tuple[Visit, ...]:
    """Give a box's visits, newest first."""
    t = key_box_visits
    statement = scope.select(t).where(t.c.key_box_id == box_id)
    newest = statement.order_by(t.c.day.desc(), t.c.collected_by).limit(limit)
    return as_all(Visit, scope.all(newest))


def keep_visit(scope: Scope, kept: Visit) -> None:
    """Keep a visit."""
    values = {each.name: getattr(kept, each.name) for each in fields(Visit)}
    scope.upsert(key_box_visits, values, key=["key_box_id", "day", "collected_by"])


def keep_gap(scope: Scope, box_id: str, log_epoch: int, first: int, count: int) -> None:
    """Note that records of a box's log are lost."""
    row = {"key_box_id": box_id, "log_epoch": log_epoch, "first_index": first, "count": count}
    scope.upsert(key_box_gaps, row, key=["key_box_id", "log_epoch", "first_index"])


def forget_told(scope: Scope) -> None:
    """Remove everything that follows from events."""
    for table in (key_box_states, key_box_visits, key_box_gaps):
        scope.delete(table, sa.true())


@dataclass(frozen=True, slots=True)
class LogPosition:
    """Everything of a box's log epoch through that index is in the hub, or declared as lost."""

    log_epoch: int
    through: int


_WALK = 2_000


def log_position(scope: Scope, box_id: str) -> LogPosition | None:
    """Give how far a box's present log is in the hub without a hole; None where nothing is."""
    t = raw_origins
    newest = scope.one(
        scope.select(t.c.log_epoch)
        .where(t.c.device_id == box_id)
        .order_by(t.c.raw_id.desc())
        .limit(1)
    )
    if newest is None:
        return None
    epoch = int(newest.log_epoch)
    whole = _whole(scope, box_id, epoch)
    if whole is not None:
        return LogPosition(epoch, whole)
    through, gaps = -1, _gaps(scope, box_id, epoch)
    while True:
        through = _over_gaps(through, gaps)
        rows = scope.all(
            scope.select(t.c.log_index)
            .where(t.c.device_id == box_id, t.c.log_epoch == epoch, t.c.log_index > through)
            .order_by(t.c.log_index)
            .limit(_WALK)
        )
        for row in rows:
            if row.log_index > through + 1:
                through = _over_gaps(through, gaps)
            if row.log_index > through + 1:
                return LogPosition(epoch, through) if through >= 0 else None
            through = max(through, int(row.log_index))
        if len(rows) < _WALK:
            through = _over_gaps(through, gaps)
            return LogPosition(epoch, through) if through >= 0 else None


def _whole(scope: Scope, box_id: str, log_epoch: int) -> int | None:
    """Give the newest index of a log of which nothing is missing: as many records as indexes."""
    t = raw_origins
    row = scope.one(
        scope.select(
            sa.func.count().label("records"), sa.func.max(t.c.log_index).label("newest")
        ).where(t.c.device_id == box_id, t.c.log_epoch == log_epoch)
    )
    if row is None or row.newest is None or row.records != row.newest + 1:
        return None
    return int(row.newest)


def _gaps(scope: Scope, box_id: str, log_epoch: int) -> list[tuple[int, int]]:
    t = key_box_gaps
    rows = scope.all(
        scope.select(t.c.first_index, t.c.count)
        .where(t.c.key_box_id == box_id, t.c.log_epoch == log_epoch)
        .order_by(t.c.first_index)
    )
    return [(int(row.first_index), int(row.first_index + row.count) - 1) for row in rows]


def _over_gaps(through: int, gaps: Sequence[tuple[int, int]]) -> int:
    """Go on over records that are declared as lost."""
    for first, last in gaps:
        if first <= through + 1:
            through = max(through, last)
    return through


# --- tickets -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TicketMade:
    """A ticket that was made, never what is in it."""

    id: str
    key_box_id: str
    day: int
    rights: int
    purpose: str
    made_at: datetime
    actor: str


def add_ticket(scope: Scope, made: TicketMade) -> None:
    """Note that a ticket was made."""
    scope.insert(
        key_box_tickets, {each.name: getattr(made, each.name) for each in fields(TicketMade)}
    )


def tickets(scope: Scope, box_id: str, limit: int) -> tuple[TicketMade, ...]:
    """Give the tickets made for a box, newest first."""
    t = key_box_tickets
    statement = scope.select(t).where(t.c.key_box_id == box_id)
    return as_all(TicketMade, scope.all(statement.order_by(t.c.id.desc()).limit(limit)))
