"""SQL of sealed codes: who has which."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.bookings.tables import booking_holders
from hub.database.scope import Scope
from hub.keyboxes.domain import OfflineCode
from hub.keyboxes.tables import offline_codes
from wire.sealed_codes import SealedCode


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


def shown_unended(scope: Scope, lock_id: str, version: int, now: datetime) -> list[OfflineCode]:
    """Give the codes under a lock's secret that somebody has seen and whose window has not ended,
    whether or not they still stand: what was told cannot be called back."""
    t = offline_codes
    rows = scope.all(
        scope.select(t).where(
            t.c.lock_id == lock_id,
            t.c.version == version,
            t.c.effective_until > now,
            t.c.revealed_at.is_not(None),
        )
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
